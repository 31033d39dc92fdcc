//! One run: workers that are processes of their own, payments that they drive, and what that took. The sandbox's ledger says
//! whether each was paid, and once.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dollr::journal::tokio_postgres::Client;
use rust_decimal::Decimal;
use serde::Deserialize;
use test_postgres::Postgres;
use uuid::Uuid;

use super::way::{Lot, Way, amount};
use crate::postgres::client;
use crate::processor;
use crate::sandbox::server::Server;

/// How many payments each worker has driven on average before any is counted.
const WARM: u32 = 100;

/// How often it is asked whether all has ended.
const LOOK: Duration = Duration::from_millis(10);

/// How long the payments may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is run.
#[derive(Clone, Copy)]
pub(super) struct Setup {
    pub(super) way: Way,
    pub(super) workers: u32,
    pub(super) latency: Duration,
    pub(super) payments: u32,
    /// In each worker.
    pub(super) at_once: usize,
}

/// What it took. All but the first for each payment.
pub(super) struct Taken {
    pub(super) per_s: f64,
    pub(super) workers_us: f64,
    pub(super) postgres_us: f64,
    pub(super) sandbox_us: f64,
    /// Each is a round trip to the database at least.
    pub(super) transactions: f64,
    pub(super) syncs: f64,
    pub(super) requests: f64,
}

struct Worker {
    process: Child,
    /// Held open, because it may say more.
    _said: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts it, and returns when it has begun.
    fn start(mut command: Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(process.stdout.take().context("its standard output is a pipe")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        let worker = Self { process, _said: said };
        ensure!(line.contains("working"), "a worker began with {line:?}");
        Ok(worker)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Everything has ended, or nobody needs it any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What has been used up so far.
struct Reading {
    at: Instant,
    workers_us: f64,
    postgres_us: f64,
    sandbox_us: f64,
}

struct Fleet<'s> {
    way: Way,
    database: String,
    sandbox: Server,
    server: &'s Postgres,
    workers: Vec<Worker>,
    /// Transactions that asked whether all has ended.
    asked: u32,
}

/// Runs it on a database of its own, with a sandbox of its own.
pub(super) async fn run(server: &Postgres, setup: Setup) -> Result<Taken> {
    let Setup { way, workers, latency, payments, at_once } = setup;
    let sandbox = Server::sandbox(None, latency).await?;
    let url = format!("http://{}", sandbox.addr);
    let database = server.database()?;
    way.prepare(&database, at_once).await?;
    server.sql("postgres", "CHECKPOINT")?;
    let written = written(server, &database)?;
    let mut fleet = Fleet { way, database, sandbox, server, workers: Vec::new(), asked: 0 };
    for _ in 0..workers {
        fleet.workers.push(Worker::start(way.worker(&fleet.database, &url, at_once)?)?);
    }
    let warm = Lot { first: 0, count: WARM * workers };
    let begun = Instant::now();
    fleet.drive(warm).await?;
    tokio::time::sleep(way.settles_in().saturating_sub(begun.elapsed())).await;
    let (before, after) = fleet.drive(Lot { first: warm.count, count: payments }).await?;
    fleet.workers.clear();
    let all = warm.count + payments;
    let requests = judge(&url, all).await?;
    let (transactions, syncs) = fleet.written_since(written)?;
    let each = |of: fn(&Reading) -> f64| (of(&after) - of(&before)) / f64::from(payments);
    Ok(Taken {
        per_s: f64::from(payments) / (after.at - before.at).as_secs_f64(),
        workers_us: each(|reading| reading.workers_us),
        postgres_us: each(|reading| reading.postgres_us),
        sandbox_us: each(|reading| reading.sandbox_us),
        transactions: transactions / f64::from(all),
        syncs: syncs / f64::from(all),
        requests,
    })
}

impl Fleet<'_> {
    /// Has these payments driven to their end.
    async fn drive(&mut self, lot: Lot) -> Result<(Reading, Reading)> {
        let watch = client(&self.database).await?;
        let before = self.way.record(&self.database, lot, || self.read()).await?;
        while self.is_left(&watch).await? {
            for worker in &mut self.workers {
                let ended = worker.process.try_wait()?;
                ensure!(ended.is_none(), "a worker ended: {}", self.way.label());
            }
            ensure!(before.at.elapsed() < PATIENCE, "not within {PATIENCE:?}: {}", self.way.label());
            tokio::time::sleep(LOOK).await;
        }
        Ok((before, self.read()?))
    }

    async fn is_left(&mut self, watch: &Client) -> Result<bool> {
        self.asked += 1;
        Ok(watch.query_one(self.way.is_left(), &[]).await?.get(0))
    }

    fn read(&self) -> Result<Reading> {
        let at = Instant::now();
        let pid = std::fs::read_to_string(self.server.directory().join("data/postmaster.pid"))?;
        let pid = pid.lines().next().context("the server has no process")?.parse()?;
        let mut workers_us = 0.0;
        for worker in &self.workers {
            workers_us += processor::time_us(worker.process.id())?;
        }
        let (postgres_us, sandbox_us) = (processor::family_time_us(pid)?, self.sandbox.cpu_us()?);
        Ok(Reading { at, workers_us, postgres_us, sandbox_us })
    }

    /// Transactions and syncs of the database since then, but for those that only watched.
    fn written_since(&self, (transactions, syncs): (f64, f64)) -> Result<(f64, f64)> {
        let name = self.database.rsplit('/').next().context("the URL names a database")?;
        let began = Instant::now();
        let there = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
        // Each tells what it did when it ends.
        while self.server.sql("postgres", &there)? != "0" {
            ensure!(began.elapsed() < PATIENCE, "somebody is connected still");
            std::thread::sleep(LOOK);
        }
        let now = written(self.server, &self.database)?;
        Ok((now.0 - transactions - f64::from(self.asked), now.1 - syncs))
    }
}

/// How many transactions the database has committed, and how often the server has synced its log.
fn written(server: &Postgres, database: &str) -> Result<(f64, f64)> {
    let name = database.rsplit('/').next().context("the URL names a database")?;
    let query = format!(
        "SELECT coalesce(sum(xact_commit), 0) || ' ' || (SELECT wal_sync FROM pg_stat_wal)
         FROM pg_stat_database WHERE datname = '{name}'"
    );
    let said = server.sql("postgres", &query)?;
    let (transactions, syncs) = said.split_once(' ').context("two numbers")?;
    Ok((transactions.parse()?, syncs.parse()?))
}

#[derive(Deserialize)]
struct Books {
    balanced: bool,
    paid_twice: Vec<Uuid>,
}

#[derive(Deserialize)]
struct Movement {
    amount: Decimal,
}

#[derive(Deserialize)]
struct Requests {
    count: u64,
}

/// Fails unless the first so many payments were paid, each once and as it was asked. Says how many requests each took.
async fn judge(url: &str, payments: u32) -> Result<f64> {
    let http = crate::http();
    let asked = |of: &str| http.get(format!("{url}/_sandbox/{of}")).send();
    let books: Books = asked("ledger").await?.error_for_status()?.json().await?;
    let movements: Vec<Movement> = asked("ledger/movements").await?.error_for_status()?.json().await?;
    let Requests { count } = asked("requests?limit=0").await?.error_for_status()?.json().await?;
    ensure!(books.balanced && books.paid_twice.is_empty(), "paid twice: {:?}", books.paid_twice);
    ensure!(movements.len() == payments as usize, "{} of {payments} were paid", movements.len());
    let paid: Decimal = movements.iter().map(|movement| movement.amount).sum();
    let asked_for = (0..payments).map(|number| amount(number).parse::<Decimal>());
    let asked_for: Decimal = asked_for.sum::<Result<_, _>>()?;
    ensure!(paid == asked_for, "{paid} was paid of {asked_for}");
    Ok(count as f64 / f64::from(payments))
}

#[cfg(test)]
mod tests {
    use dollr::journal::PostgresJournal;
    use dollr::{Dollr, Limits, Passcode, Secret};
    use payonce_sandbox::Sandbox;
    use test_postgres::TestPostgres;
    use tokio::task::JoinHandle;

    use super::super::by_hand;
    use super::*;

    /// A worker in this process.
    async fn worker(way: Way, database: &str, url: &str) -> JoinHandle<()> {
        if way == Way::ByHand {
            let load = by_hand::Load { database: database.to_owned(), url: url.to_owned(), at_once: 4 };
            return tokio::spawn(async move { by_hand::work(load, || ()).await.unwrap() });
        }
        let journal = PostgresJournal::open(database).await.unwrap();
        let dollr = Dollr::builder().client_id("sandbox-client").client_secret(Secret::new("sandbox-secret"));
        let passcode = Passcode::of_phone(Secret::new("sandbox-passcode"), "231770000000");
        let dollr = dollr.base_url(url).passcode(passcode).journal_with(std::sync::Arc::new(journal));
        let dollr = dollr.build().unwrap();
        tokio::spawn(async move { dollr.work(Limits::default()).await.unwrap() })
    }

    #[tokio::test]
    async fn whoever_drives_them_pays_each_payment_once() {
        let Some(server) = TestPostgres::shared() else { return };
        for way in [Way::Payonce, Way::ByHand] {
            let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
            let database = server.database();
            way.prepare(&database, 4).await.unwrap();
            let workers =
                [worker(way, &database, sandbox.url()).await, worker(way, &database, sandbox.url()).await];
            way.record(&database, Lot { first: 0, count: 40 }, || Ok(())).await.unwrap();
            let watch = client(&database).await.unwrap();
            while watch.query_one(way.is_left(), &[]).await.unwrap().get(0) {
                assert!(workers.iter().all(|worker| !worker.is_finished()), "{way:?}");
                tokio::time::sleep(LOOK).await;
            }
            let requests = judge(sandbox.url(), 40).await.unwrap();
            assert!((2.0..2.2).contains(&requests), "{way:?} made {requests} a payment");
            assert!(judge(sandbox.url(), 41).await.is_err(), "one more was not paid");
        }
    }
}
