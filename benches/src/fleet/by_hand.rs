//! The floor: one table, what a worker takes with `FOR UPDATE SKIP LOCKED`, a note before the provider is asked to execute and one
//! after it. Each note is a statement, and a commit, of its own.
//!
//! It is as durable as what it is compared with as long as no worker dies: what a dead one held, nobody takes over.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use dollr::journal::tokio_postgres::{Client, Row, Statement};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::postgres::client;
use crate::provider::{Payout, Provider};

/// As many connections as the journal makes for payments.
const CONNECTIONS: usize = 8;

/// How long a worker waits that found nothing.
pub(super) const LOOK: Duration = Duration::from_millis(10);

pub(super) const TABLE: &str = "
    CREATE TABLE payments (
        id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name         text   NOT NULL UNIQUE,
        reference_id uuid   NOT NULL UNIQUE,
        account      bigint NOT NULL,
        amount       text   NOT NULL,
        currency     text   NOT NULL,
        status       text   NOT NULL DEFAULT 'free',
        body         text
    ) WITH (fillfactor = 70);
    CREATE INDEX payments_free ON payments (id) WHERE status = 'free'";

pub(super) const INSERT: &str =
    "INSERT INTO payments (name, reference_id, account, amount, currency) VALUES ($1, $2, $3, $4, $5)";

const CLAIM: &str = "
    UPDATE payments SET status = 'held' WHERE id IN (
        SELECT id FROM payments WHERE status = 'free' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING id, reference_id, account, amount, currency";

const SENDING: &str = "UPDATE payments SET status = 'sending', body = $2 WHERE id = $1";

const ENDED: &str = "UPDATE payments SET status = lower($2) WHERE id = $1";

/// What a worker by hand works on.
#[derive(Clone, clap::Args)]
pub(crate) struct Load {
    /// The database.
    pub(super) database: String,
    /// Where the provider is.
    pub(super) url: String,
    /// How many at a time.
    pub(super) at_once: usize,
}

/// Works until it is killed, and says when it begins.
pub(crate) fn run(load: Load) -> Result<()> {
    let begun = || println!("working");
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work(load, begun))
}

struct Connection {
    client: Client,
    sending: Statement,
    ended: Statement,
}

pub(super) async fn work(load: Load, begun: impl FnOnce()) -> Result<()> {
    let provider = Arc::new(Provider::sign_in(crate::http(), load.url).await?);
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = client(&load.database).await?;
        let (sending, ended) = (client.prepare(SENDING).await?, client.prepare(ENDED).await?);
        connections.push(Arc::new(Connection { client, sending, ended }));
    }
    let looker = client(&load.database).await?;
    let claim = looker.prepare(CLAIM).await?;
    let permits = Arc::new(Semaphore::new(load.at_once));
    let mut payments = JoinSet::new();
    let most = i64::try_from(load.at_once)?;
    begun();
    loop {
        // So many are on their way, and no more wait for their turn.
        let rows = looker.query(&claim, &[&most]).await?;
        if rows.is_empty() {
            tokio::time::sleep(LOOK).await;
        }
        for (turn, row) in rows.into_iter().enumerate() {
            let permit = Arc::clone(&permits).acquire_owned().await?;
            let connection = Arc::clone(&connections[turn % CONNECTIONS]);
            let provider = Arc::clone(&provider);
            payments.spawn(async move {
                let paid = pay(&provider, &connection, &row).await;
                drop(permit);
                paid
            });
        }
        while let Some(ended) = payments.try_join_next() {
            ended?.context("a payment of the worker by hand")?;
        }
    }
}

async fn pay(provider: &Provider, connection: &Connection, row: &Row) -> Result<()> {
    let Connection { client, sending, ended } = connection;
    let id: i64 = row.get(0);
    let payout = Payout {
        reference_id: row.get(1),
        account: row.get(2),
        amount: RawValue::from_string(row.get(3))?,
        currency: row.get(4),
    };
    let body = provider.open(&payout).await?;
    client.execute(sending, &[&id, &serde_json::to_string(&body)?]).await?;
    let status = provider.execute(&body).await?;
    client.execute(ended, &[&id, &status]).await?;
    Ok(())
}
