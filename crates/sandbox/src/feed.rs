//! What happens, told to whoever listens: the realtime channel and the dashboard's server-sent events.
//!
//! A change is told after it is committed and never when it is undone. Nobody is told what happened before they
//! subscribed, and a listener that falls [`CAPACITY`] changes behind loses the oldest ones and hears that it did
//! (`RecvError::Lagged`): it should then read the state anew. Without listeners the feed costs nothing.
//!
//! While anyone listens, a settlement happens when the virtual clock reaches it and not only when somebody looks.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

use crate::ledger::instant;
use crate::requests::Request;
use crate::store::Books;

/// How many changes a listener may fall behind.
const CAPACITY: usize = 4096;

/// One thing that happened. As JSON: an object whose `kind` is `execution`, `source`, `request` or `reset`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Change {
    /// An execution began or went on.
    Execution(ExecutionChange),
    /// An invoice or order was created or went on.
    Source(SourceChange),
    /// A request arrived (`status` is null), or was answered (told again, with its `status`).
    Request(Request),
    /// Everything was put back to the beginning.
    Reset,
}

/// The state an execution has reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ExecutionChange {
    /// The payment intent.
    pub(crate) id: i64,
    /// Whether it began with this change.
    pub(crate) new: bool,
    pub(crate) reference_id: Uuid,
    /// `COLLECTION`, `PAYOUT`, `TRANSFER` or `REFUND`.
    pub(crate) operation: String,
    pub(crate) session_id: i64,
    /// `PROCESSING`, `COMPLETED` or `FAILED`.
    pub(crate) status: String,
    /// When, by the virtual clock: the instant it settled, or that of the change.
    pub(crate) at: DateTime<Utc>,
}

/// The state an invoice or order has reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SourceChange {
    /// `INVOICE` or `ORDER`.
    pub(crate) source_type: String,
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) new: bool,
    pub(crate) status: String,
    pub(crate) at: DateTime<Utc>,
}

/// A row that the database says was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Touched {
    pub(crate) table: Table,
    pub(crate) row: i64,
    pub(crate) new: bool,
}

/// The tables whose rows are told about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Table {
    Executions,
    Sources,
}

impl Table {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "executions" => Some(Self::Executions),
            "sources" => Some(Self::Sources),
            _ => None,
        }
    }
}

/// The feed; all clones are one feed.
#[derive(Clone, Debug)]
pub(crate) struct Feed {
    changes: broadcast::Sender<Change>,
    joined: Arc<Notify>,
}

impl Default for Feed {
    fn default() -> Self {
        Self { changes: broadcast::Sender::new(CAPACITY), joined: Arc::default() }
    }
}

impl Feed {
    /// Everything that happens from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        let receiver = self.changes.subscribe();
        self.joined.notify_waiters();
        receiver
    }

    /// Whether anyone listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.changes.receiver_count() > 0
    }

    /// Tells everyone who listens.
    pub(crate) fn tell(&self, change: Change) {
        // An error says that nobody listens.
        let _ = self.changes.send(change);
    }

    /// Returns when somebody listens.
    pub(crate) async fn heard(&self) {
        loop {
            let joined = self.joined.notified();
            if self.is_heard() {
                return;
            }
            joined.await;
        }
    }
}

/// What the rows that were touched say now, in the order in which they were touched, each row once.
pub(crate) fn read(books: &Books<'_>, touched: &[Touched]) -> Result<Vec<Change>, rusqlite::Error> {
    let mut changes = Vec::new();
    for (index, touch) in touched.iter().enumerate() {
        let same = |other: &Touched| other.table == touch.table && other.row == touch.row;
        if touched[..index].iter().any(same) {
            continue;
        }
        let new = touched.iter().any(|other| same(other) && other.new);
        let sql = match touch.table {
            Table::Executions => {
                "SELECT id, reference_id, operation, session_id, status, settled_at FROM executions
                 WHERE rowid = ?1"
            }
            Table::Sources => "SELECT id, kind, number, status, updated_at FROM sources WHERE rowid = ?1",
        };
        let change = books.db.prepare_cached(sql)?.query_row([touch.row], |row| match touch.table {
            Table::Executions => execution(row, new, books.now),
            Table::Sources => source(row, new),
        });
        changes.extend(change.optional()?);
    }
    Ok(changes)
}

fn execution(row: &Row<'_>, new: bool, now: DateTime<Utc>) -> Result<Change, rusqlite::Error> {
    Ok(Change::Execution(ExecutionChange {
        id: row.get(0)?,
        new,
        reference_id: Uuid::from_bytes(row.get(1)?),
        operation: row.get(2)?,
        session_id: row.get(3)?,
        status: row.get(4)?,
        at: row.get::<_, Option<i64>>(5)?.map_or(now, instant),
    }))
}

fn source(row: &Row<'_>, new: bool) -> Result<Change, rusqlite::Error> {
    Ok(Change::Source(SourceChange {
        id: row.get(0)?,
        source_type: row.get(1)?,
        number: row.get(2)?,
        new,
        status: row.get(3)?,
        at: instant(row.get(4)?),
    }))
}
