//! The journal on PostgreSQL, on a server of its own: durable writes a second beside the same rows written by hand, and what a
//! claim and a payment cost while ended payments pile up.

mod claims;
mod writes;

use anyhow::{Context, Result};
use dollr::journal::tokio_postgres::{Client, NoTls, connect};
use serde::Serialize;
use test_postgres::Postgres;
use tokio::runtime::Runtime;

use crate::report::{self, Machine};

#[derive(Serialize)]
struct Figures {
    machine: Machine,
    postgres: String,
    rounds: u32,
    inserts: Vec<writes::Line>,
    goal_to_batches: f64,
    goal_to_connections: f64,
    claims: Vec<claims::Line>,
}

/// Measures, prints the tables, and saves the figures and the plot.
pub(crate) fn run(rounds: u32, ended: u32) -> Result<()> {
    let runtime = Runtime::new()?;
    // On the disk of the build: what /tmp is may be memory.
    let server = Postgres::start_in(&report::directory()?).context("a PostgreSQL to measure")?;
    let inserts = writes::measure(&runtime, &server, rounds)?;
    writes::print(&inserts, rounds);
    let claims = claims::measure(&runtime, &server, ended)?;
    claims::print(&claims)?;
    let postgres = server.sql("postgres", "SHOW server_version")?;
    let (goal_to_batches, goal_to_connections) = (writes::GOAL_TO_BATCHES, writes::GOAL_TO_CONNECTIONS);
    let machine = Machine::here();
    report::save(
        "postgres",
        &Figures { machine, postgres, rounds, inserts, goal_to_batches, goal_to_connections, claims },
    )
}

/// A connection, without the journal.
pub(crate) async fn client(url: &str) -> Result<Client> {
    let (client, connection) = connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}
