//! Payments recorded a second: by the journal, by the same statement written by hand in batches as large as there are callers,
//! and by connections that commit one after another.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use dollr::journal::tokio_postgres::types::ToSql;
use dollr::journal::tokio_postgres::{Client, Statement};
use dollr::journal::{Intent, PostgresJournal};
use serde::Serialize;
use test_postgres::Postgres;
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::client;
use crate::report::{Table, median};
use crate::work::{intents, moment, recorded};

/// How many callers there are, and how many rows they insert together.
const INSERTS: [(usize, usize); 3] = [(16, 4_000), (256, 20_000), (2048, 40_000)];

/// How many connections commit a row at a time.
const CONNECTIONS: usize = 16;

/// The journal's rows, as many times those of batches by hand.
pub(super) const GOAL_TO_BATCHES: f64 = 0.75;

/// The journal's rows, as many times those of the connections, where at least as many callers wait.
pub(super) const GOAL_TO_CONNECTIONS: f64 = 2.0;

#[derive(Serialize)]
pub(super) struct Line {
    callers: usize,
    rows: usize,
    journal_per_s: f64,
    batches_per_s: f64,
    connections_per_s: f64,
    journal_to_batches: f64,
    journal_to_connections: f64,
}

pub(super) fn measure(runtime: &Runtime, server: &Postgres, rounds: u32) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (callers, rows) in INSERTS {
        let (mut journal, mut batches, mut connections) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..rounds {
            // None is always the one that comes after the others.
            for turn in 0..3 {
                let url = &server.database()?;
                let opened = Arc::new(runtime.block_on(PostgresJournal::open(url))?);
                match (turn + round) % 3 {
                    0 => journal.push(recorded(runtime, opened, callers, rows)?),
                    1 => batches.push(runtime.block_on(by_batches(url, callers, rows))?),
                    _ => connections.push(runtime.block_on(by_connections(url, rows / 4))?),
                }
            }
        }
        let [journal_per_s, batches_per_s, connections_per_s] =
            [&journal, &batches, &connections].map(|rates| median(rates));
        lines.push(Line {
            callers,
            rows,
            journal_per_s,
            batches_per_s,
            connections_per_s,
            journal_to_batches: journal_per_s / batches_per_s,
            journal_to_connections: journal_per_s / connections_per_s,
        });
    }
    Ok(lines)
}

pub(super) fn print(lines: &[Line], rounds: u32) {
    let connections = format!("{CONNECTIONS} connections/s");
    let mut table = Table::new(&[
        "callers",
        "journal/s",
        "batches/s",
        &connections,
        "journal/batches",
        "journal/connections",
    ]);
    for line in lines {
        table.row([
            line.callers.to_string(),
            format!("{:.0}", line.journal_per_s),
            format!("{:.0}", line.batches_per_s),
            format!("{:.0}", line.connections_per_s),
            format!("{:.2}x", line.journal_to_batches),
            format!("{:.1}x", line.journal_to_connections),
        ]);
    }
    table.print(&format!(
        "Payments recorded a second on PostgreSQL, medians of {rounds} rounds (goals: {GOAL_TO_BATCHES}x, \
         {GOAL_TO_CONNECTIONS}x)"
    ));
}

/// What anyone would write who records payments in batches: both tables, in one statement.
const INSERT: &str = "
    WITH made AS (
        INSERT INTO payonce.payments (merchant, rail, operation, name, reference_id, contents, expect, digest,
                                      created_at, updated_at)
        SELECT 'default', rail, operation, name, reference_id, contents, expect, digest, at, at
        FROM unnest($1::text[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::bytea[], $8::bigint[])
        AS i (rail, operation, name, reference_id, contents, expect, digest, at)
        RETURNING id, merchant, rail, created_at
    )
    INSERT INTO payonce.unfinished (payment, merchant, rail, owner, epoch, standing, updated_at)
    SELECT id, merchant, rail, $9, 1, 'intended', created_at FROM made";

async fn insert(client: &Client, statement: &Statement, intents: &[Intent], owner: Uuid) -> Result<()> {
    let text = |of: fn(&Intent) -> &str| intents.iter().map(of).collect::<Vec<_>>();
    let expects =
        intents.iter().map(|intent| serde_json::to_string(&intent.expect)).collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<_> = intents.iter().map(|intent| intent.reference_id.as_uuid()).collect();
    let digests: Vec<_> = intents.iter().map(|intent| intent.digest().to_vec()).collect();
    let moments = vec![moment().timestamp_millis(); intents.len()];
    let (rails, operations) = (text(|intent| &intent.rail), text(|intent| intent.operation.as_str()));
    let (names, contents) = (text(|intent| intent.name.as_str()), text(|intent| &intent.contents));
    let values: [&(dyn ToSql + Sync); 9] =
        [&rails, &operations, &names, &keys, &contents, &expects, &digests, &moments, &owner];
    client.execute(statement, &values).await?;
    Ok(())
}

async fn by_batches(url: &str, callers: usize, rows: usize) -> Result<f64> {
    let (client, owner, intents) = (client(url).await?, Uuid::new_v4(), intents("salary", rows)?);
    let statement = client.prepare(INSERT).await?;
    let began = Instant::now();
    for batch in intents.chunks(callers) {
        insert(&client, &statement, batch, owner).await?;
    }
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}

async fn by_connections(url: &str, rows: usize) -> Result<f64> {
    let (owner, intents) = (Uuid::new_v4(), intents("salary", rows)?);
    let mut hands = Vec::new();
    for hand in intents.chunks(rows.div_ceil(CONNECTIONS)) {
        let client = client(url).await?;
        let statement = client.prepare(INSERT).await?;
        hands.push((client, statement, hand.to_vec()));
    }
    let began = Instant::now();
    let tasks = hands.into_iter().map(|(client, statement, hand)| {
        tokio::spawn(async move {
            for intent in &hand {
                insert(&client, &statement, std::slice::from_ref(intent), owner).await?;
            }
            anyhow::Ok(())
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await??;
    }
    Ok(rows as f64 / began.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use test_postgres::TestPostgres;

    use super::*;

    #[test]
    fn each_way_of_writing_leaves_the_same_rows() {
        let Some(server) = TestPostgres::shared() else { return };
        let runtime = Runtime::new().unwrap();
        for way in 0..3 {
            let url = server.database();
            let journal = Arc::new(runtime.block_on(PostgresJournal::open(&url)).unwrap());
            let rate = match way {
                0 => recorded(&runtime, journal, 16, 64),
                1 => runtime.block_on(by_batches(&url, 16, 64)),
                _ => runtime.block_on(by_connections(&url, 64)),
            };
            assert!(rate.unwrap() > 0.0);
            let rows = "SELECT count(*), max(name), min(encode(digest, 'hex'))
                        FROM payonce.payments JOIN payonce.unfinished ON payment = id";
            let digest = intents("salary", 64).unwrap().iter().map(Intent::digest).min().unwrap();
            let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            let seen = server.sql(url.rsplit('/').next().unwrap(), rows);
            assert_eq!(seen, format!("64|salary/2026-11/000063|{digest}"), "way {way}");
        }
    }
}
