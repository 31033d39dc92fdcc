//! Payments driven by one worker, two and four, each a process of its own, out of one PostgreSQL: by `payonce work`, by the same
//! table written by hand, and as workflows of DBOS, which keeps the outcome of each step as durably.
//!
//! All make the same two calls a payment, so many at a time in each worker, to a sandbox that completes a payout as it is
//! executed. The next call is made when the outcome of the one before is durable. The sandbox's ledger is asked after each run.

pub(crate) mod by_hand;
mod running;
mod way;

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use test_postgres::Postgres;
use tokio::runtime::Runtime;

use crate::report::{self, Machine, Table, median};
use running::{Setup, Taken};
use way::Way;

/// How long the provider takes for each call, and how often each run is made at least.
const LATENCIES: [(u64, u32); 2] = [(0, 3), (50, 1)];

const WORKERS: [u32; 3] = [1, 2, 4];

/// How many payments are in the middle of a call in each worker.
const AT_ONCE: usize = 32;

/// The payments a second, as many times those of DBOS.
const GOAL_TO_DBOS: f64 = 3.0;

#[derive(Serialize)]
struct Figures {
    machine: Machine,
    postgres: String,
    payments: u32,
    at_once: usize,
    goal_to_dbos: f64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    way: Way,
    workers: u32,
    latency_ms: u64,
    per_s: f64,
    /// Those of `payonce work`, as many times these.
    payonce_to: f64,
    /// Of processor time, for each payment.
    worker_us: f64,
    postgres_us: f64,
    sandbox_us: f64,
    transactions: f64,
    syncs: f64,
    requests: f64,
}

/// Measures, prints the tables and saves the figures.
pub(crate) fn run(rounds: Option<u32>, payments: u32) -> Result<()> {
    let runtime = Runtime::new()?;
    // On the disk of the build: what /tmp is may be memory.
    let server = Postgres::start_in(&report::directory()?).context("a PostgreSQL to measure")?;
    let ways = ways()?;
    let mut lines = Vec::new();
    for (latency_ms, usual) in LATENCIES {
        for workers in WORKERS {
            let mut samples: Vec<Vec<Taken>> = ways.iter().map(|_| Vec::new()).collect();
            for round in 0..rounds.unwrap_or(usual) as usize {
                for turn in 0..ways.len() {
                    // Each round begins with another one.
                    let at = (round + turn) % ways.len();
                    let latency = Duration::from_millis(latency_ms);
                    let setup = Setup { way: ways[at], workers, latency, payments, at_once: AT_ONCE };
                    samples[at].push(runtime.block_on(running::run(&server, setup))?);
                }
            }
            lines.extend(compare(&ways, &samples, workers, latency_ms));
        }
    }
    let postgres = server.sql("postgres", "SHOW server_version")?;
    let (machine, at_once, goal_to_dbos) = (Machine::here(), AT_ONCE, GOAL_TO_DBOS);
    let figures = Figures { machine, postgres, payments, at_once, goal_to_dbos, lines };
    print(&figures);
    report::save("fleet", &figures)
}

/// What can be measured here; what cannot, the terminal is told.
fn ways() -> Result<Vec<Way>> {
    let jobs = way::jobs_program()?;
    let there = |way: &Way| *way != Way::Dbos || jobs.is_file();
    if !there(&Way::Dbos) {
        println!("DBOS is not measured: there is no {}, which `cargo xtask bench` builds.\n", jobs.display());
    }
    Ok(Way::ALL.into_iter().filter(there).collect())
}

/// The medians, each way's beside those of the first.
fn compare(ways: &[Way], samples: &[Vec<Taken>], workers: u32, latency_ms: u64) -> Vec<Line> {
    let middle = |of: fn(&Taken) -> f64, at: usize| median(&samples[at].iter().map(of).collect::<Vec<_>>());
    let line = |(at, &way): (usize, &Way)| Line {
        way,
        workers,
        latency_ms,
        per_s: middle(|taken| taken.per_s, at),
        payonce_to: middle(|taken| taken.per_s, 0) / middle(|taken| taken.per_s, at),
        worker_us: middle(|taken| taken.workers_us, at),
        postgres_us: middle(|taken| taken.postgres_us, at),
        sandbox_us: middle(|taken| taken.sandbox_us, at),
        transactions: middle(|taken| taken.transactions, at),
        syncs: middle(|taken| taken.syncs, at),
        requests: middle(|taken| taken.requests, at),
    };
    ways.iter().enumerate().map(line).collect()
}

fn print(figures: &Figures) {
    let Figures { payments, at_once, lines, .. } = figures;
    for (latency_ms, _) in LATENCIES {
        let mut table = Table::new(&[
            "who drives",
            "workers",
            "payments/s",
            "payonce to it",
            "worker us",
            "PostgreSQL us",
            "sandbox us",
            "transactions",
            "syncs",
            "requests",
        ]);
        for line in lines.iter().filter(|line| line.latency_ms == latency_ms) {
            table.row([
                line.way.label().to_owned(),
                line.workers.to_string(),
                format!("{:.0}", line.per_s),
                format!("{:.2}x", line.payonce_to),
                format!("{:.0}", line.worker_us),
                format!("{:.0}", line.postgres_us),
                format!("{:.0}", line.sandbox_us),
                format!("{:.2}", line.transactions),
                format!("{:.2}", line.syncs),
                format!("{:.2}", line.requests),
            ]);
        }
        table.print(&format!(
            "{payments} payments, {at_once} at a time in each worker, {latency_ms} ms a call; the last six for each payment"
        ));
    }
    for line in lines.iter().filter(|line| line.way == Way::Dbos && line.latency_ms == 0) {
        let met = if line.payonce_to >= GOAL_TO_DBOS { "met" } else { "not met" };
        let Line { workers, payonce_to, .. } = line;
        println!(
            "Goal of {GOAL_TO_DBOS}x the payments of DBOS, with {workers} workers: {met}, {payonce_to:.2}x"
        );
    }
    println!();
}
