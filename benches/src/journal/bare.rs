//! What the journal is measured against: plain `rusqlite` on the same table, with the same settings and the same row
//! contents, and nothing around it.
//!
//! What must stay true: the connection is set up as the journal sets up its own, so that the difference is the
//! journal's own work and nothing else.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};
use dollr::journal::Intent;
use rusqlite::{Connection, params};
use tokio::sync::oneshot;

/// The journal's own schema, so that constraints and indexes are the same for ever.
const SCHEMA: &str = include_str!("../../../crates/payonce/src/journal/schema.sql");

/// The most rows of one transaction, as in the journal.
const BATCH: usize = 4096;

/// A payment as the journal would write it, with nothing left to work out.
pub(super) struct Row {
    rail: String,
    operation: String,
    name: String,
    reference_id: [u8; 16],
    contents: String,
    expect: String,
    digest: [u8; 32],
    at: i64,
    owner: [u8; 16],
}

impl Row {
    pub(super) fn new(intent: &Intent, at: i64, owner: [u8; 16]) -> Result<Self> {
        Ok(Self {
            rail: intent.rail.clone(),
            operation: intent.operation.as_str().to_owned(),
            name: intent.name.as_str().to_owned(),
            reference_id: intent.reference_id.as_uuid().into_bytes(),
            contents: intent.contents.clone(),
            expect: serde_json::to_string(&intent.expect)?,
            digest: intent.digest(),
            at,
            owner,
        })
    }
}

/// Opens a fresh file with the journal's settings and schema.
pub(super) fn open(path: &Path) -> Result<Connection> {
    OpenOptions::new().write(true).create_new(true).open(path)?;
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch(SCHEMA)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    Ok(connection)
}

/// Inserts one row. Outside of a transaction it is a commit of its own.
pub(super) fn insert(connection: &Connection, row: &Row) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO payments (rail, operation, name, reference_id, contents, expect, digest, created_at, standing,
                                   updated_at, owner, epoch)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'intended', ?8, ?9, 1)",
        )?
        .execute(params![
            row.rail,
            row.operation,
            row.name,
            row.reference_id,
            row.contents,
            row.expect,
            row.digest,
            row.at,
            row.owner
        ])?;
    Ok(connection.last_insert_rowid())
}

type Waiting = (Row, oneshot::Sender<i64>);

/// One thread that commits everything that waits in one transaction.
pub(super) struct Writer {
    rows: mpsc::Sender<Waiting>,
    thread: JoinHandle<rusqlite::Result<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (rows, queue) = mpsc::channel();
        Self { rows, thread: thread::spawn(move || write(&connection, &queue)) }
    }

    /// A handle for the callers.
    pub(super) fn callers(&self) -> mpsc::Sender<Waiting> {
        self.rows.clone()
    }

    /// Waits until the file is closed. The callers' handles must be gone.
    pub(super) fn end(self) -> Result<()> {
        drop(self.rows);
        self.thread.join().map_err(|_| anyhow!("the bare writer panicked"))??;
        Ok(())
    }
}

fn write(connection: &Connection, queue: &mpsc::Receiver<Waiting>) -> rusqlite::Result<()> {
    let mut answers = Vec::with_capacity(BATCH);
    while let Ok(first) = queue.recv() {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for (row, answer) in std::iter::once(first).chain(queue.try_iter().take(BATCH - 1)) {
            answers.push((insert(connection, &row)?, answer));
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        for (id, answer) in answers.drain(..) {
            // A caller that went away has failed by itself.
            let _ = answer.send(id);
        }
    }
    Ok(())
}
