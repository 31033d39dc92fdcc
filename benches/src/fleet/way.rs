//! The ways that payments are driven: what each needs in its database, who works, how they are given something to do, and how it
//! is known that all has ended.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use dollr::journal::PostgresJournal;
use dollr::journal::tokio_postgres::Client;
use dollr::{AccountId, Dollr, Secret, usd};
use serde::Serialize;
use uuid::Uuid;

use super::by_hand;
use crate::batch::payonce;
use crate::postgres::client;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    Payonce,
    ByHand,
    Dbos,
}

/// Payments that are recorded together: those from the first on, so many.
#[derive(Clone, Copy)]
pub(super) struct Lot {
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Lot {
    fn each(self) -> impl Iterator<Item = u32> {
        self.first..self.first + self.count
    }
}

/// What the payment of that number pays.
pub(super) fn amount(number: u32) -> String {
    format!("{}.{:02}", 100 + number % 400, number % 100)
}

fn name(number: u32) -> String {
    format!("salary/2026-11/{number:06}")
}

/// Who is paid, in every sandbox.
const ACCOUNT: i64 = payonce_sandbox::PAYOUT_ACCOUNT;

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Payonce, Self::ByHand, Self::Dbos];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Payonce => "payonce work",
            Self::ByHand => "one table, by hand",
            Self::Dbos => "dbos",
        }
    }

    /// How long after its start a worker has come to its pace. One of DBOS polls once a second at first, and comes to the
    /// interval of its queue by a tenth with each poll.
    pub(super) fn settles_in(self) -> Duration {
        match self {
            Self::Payonce | Self::ByHand => Duration::ZERO,
            Self::Dbos => Duration::from_secs(12),
        }
    }

    /// Makes the tables, and what else the workers need, each of which has so many at once.
    pub(super) async fn prepare(self, database: &str, at_once: usize) -> Result<()> {
        match self {
            Self::Payonce => {
                PostgresJournal::open(database).await?;
            }
            Self::ByHand => client(database).await?.batch_execute(by_hand::TABLE).await?,
            Self::Dbos => run(jobs()?.args(["prepare", database, &at_once.to_string()]))?,
        }
        Ok(())
    }

    /// The process of a worker. It writes a line when it has begun.
    pub(super) fn worker(self, database: &str, url: &str, at_once: usize) -> Result<Command> {
        let at_once = at_once.to_string();
        let mut command = match self {
            Self::Payonce => payonce(url)?,
            Self::ByHand => Command::new(std::env::current_exe()?),
            Self::Dbos => jobs()?,
        };
        match self {
            Self::Payonce => {
                let journal = ["--journal", database];
                command.args(["work", "--rail", "dollr", "--concurrency", &at_once]).args(journal)
            }
            Self::ByHand => command.args(["work-by-hand", database, url, &at_once]),
            Self::Dbos => command.args(["work", database, url]),
        };
        Ok(command)
    }

    /// Records payments and lets the workers see all of them at the same moment. What was to be done right before that has been
    /// done, and its outcome is returned.
    pub(super) async fn record<T>(
        self,
        database: &str,
        lot: Lot,
        before: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let mut client = client(database).await?;
        match self {
            Self::Payonce => enqueue(&mut client, database, lot, before).await,
            Self::ByHand => insert(&mut client, lot, before).await,
            Self::Dbos => {
                let numbers = [lot.first, lot.count].map(|number| number.to_string());
                run(jobs()?.args(["enqueue", database]).args(numbers))?;
                let outcome = before()?;
                // Where they were recorded, nobody looks.
                let moved =
                    "UPDATE dbos.workflow_status SET queue_name = 'payouts' WHERE queue_name = 'held'";
                client.execute(moved, &[]).await?;
                Ok(outcome)
            }
        }
    }

    /// Asks whether any payment has not ended.
    pub(super) fn is_left(self) -> &'static str {
        match self {
            Self::Payonce => "SELECT EXISTS (SELECT FROM payonce.unfinished)",
            Self::ByHand => {
                "SELECT EXISTS (SELECT FROM payments WHERE status IN ('free', 'held', 'sending'))"
            }
            Self::Dbos => {
                "SELECT EXISTS (SELECT FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING'))"
            }
        }
    }
}

async fn enqueue<T>(
    client: &mut Client,
    database: &str,
    lot: Lot,
    before: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let journal = Arc::new(PostgresJournal::open(database).await?);
    // It only records, so any secret does.
    let dollr = Dollr::builder().client_id("sandbox-client").client_secret(Secret::new("unused"));
    let dollr = dollr.base_url("http://127.0.0.1:1").journal_with(journal.clone()).build()?;
    let transaction = client.transaction().await?;
    for number in lot.each() {
        let order = dollr.payout(name(number), AccountId::from(ACCOUNT), usd(&amount(number))?);
        order.enqueue_in(&journal, &transaction).await?;
    }
    let outcome = before()?;
    transaction.commit().await?;
    Ok(outcome)
}

async fn insert<T>(client: &mut Client, lot: Lot, before: impl FnOnce() -> Result<T>) -> Result<T> {
    let transaction = client.transaction().await?;
    let statement = transaction.prepare(by_hand::INSERT).await?;
    for number in lot.each() {
        let key = Uuid::new_v4();
        transaction.execute(&statement, &[&name(number), &key, &ACCOUNT, &amount(number), &"USD"]).await?;
    }
    let outcome = before()?;
    transaction.commit().await?;
    Ok(outcome)
}

/// Where `cargo xtask bench` builds the payments of DBOS, beside this program.
pub(super) fn jobs_program() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program does not lie in a build directory")?;
    Ok(target.join("jobs/release/jobs"))
}

fn jobs() -> Result<Command> {
    Ok(Command::new(jobs_program()?))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status()?;
    ensure!(status.success(), "{}: {status}", command.get_program().to_string_lossy());
    Ok(())
}
