//! A process that pays for hours: it must not grow. It is a process of its own, and so is the provider, so that neither
//! what this program holds nor the provider's books are counted. Each rail has one, and they run beside each other.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use dollr::{AccountId, Clock, Dollr, Passcode, Secret, Settlement, Timestamp, usd};
use dwolla::{CustomerId, Dwolla, FundingSourceId, Simulations};
use payonce::BoxFuture;
use payonce_sandbox::dwolla::{BANK, KEY, SECRET, VERIFIED_CUSTOMER};
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PASSCODE, PASSCODE_PHONE};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::command::{Provider, Rail};
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "soak",
    claim: "A process that pays at full load for three days of virtual time grows neither in memory nor in files nor \
            in tasks, and pays each payment once.",
    run,
};

/// The word with which this program starts itself.
pub(crate) const CHILD: &str = "soak-child";

/// Three days pass in twenty minutes.
const SPEED: u32 = 216;

/// The rails. Each has a process of its own, and they share the machine.
const RAILS: [Rail; 2] = [Rail::Dollr, Rail::Dwolla];

/// How many payments are under way at a time.
const WORKERS: u64 = 32;

/// What the paying process says of itself, once a second.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sample {
    memory_kib: u64,
    files: u64,
    threads: u64,
    tasks: u64,
    payments: u64,
}

/// How the paying process is started.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Work {
    rail: Rail,
    url: String,
    journal: PathBuf,
    seconds: u64,
    /// Bytes that are lost each second, to see whether that is seen.
    leak: usize,
}

fn run(run: &Run) -> Result<Figures, Stop> {
    if !Path::new("/proc/self/status").exists() {
        return Err(Stop::NotRun("there is no /proc to read a process's memory from".to_owned()));
    }
    let seconds = run.scale.pick(12, 20 * 60, 60 * 60);
    // In seconds the allocator has not come to rest.
    let most = run.scale.pick(20.0, 5.0, 5.0);
    let mut figures = Figures::default();
    let virtual_hours = seconds as f64 * f64::from(SPEED) / 3600.0;
    figures.measure("virtual time", virtual_hours, "h");
    figures.measure("real time", seconds as f64 / 60.0, "min");
    for (rail, soaked) in soak_each(run, seconds, 0)? {
        let of = |what: &str| format!("{}: {what}", rail.name());
        figures.count(&of("payments"), soaked.payments, "");
        figures.measure(&of("memory after warming up"), soaked.warm.memory_kib as f64 / 1024.0, "MiB");
        figures.measure(&of("memory at the end"), soaked.end.memory_kib as f64 / 1024.0, "MiB");
        figures.measure(&of("growth"), soaked.growth(), "%");
        let Sample { files, threads, tasks, .. } = soaked.end;
        figures.text(&of("files, threads, tasks at the end"), format!("{files}, {threads}, {tasks}"));
        if let Some(wrong) = soaked.wrong(most) {
            return Err(run.violation(of(&wrong)).into());
        }
    }
    for (rail, leaking) in soak_each(run, run.scale.pick(8, 30, 30), 4 << 20)? {
        if leaking.wrong(most).is_none() {
            let (rail, growth) = (rail.name(), leaking.growth());
            let what = format!("{rail}: a process that loses memory grew by {growth:.1} % only");
            return Err(run.violation(what).into());
        }
    }
    Ok(figures)
}

/// Runs a paying process for each rail, all at once.
fn soak_each(run: &Run, seconds: u64, leak: usize) -> Result<Vec<(Rail, Soaked)>, Stop> {
    thread::scope(|scope| {
        let running = RAILS.map(|rail| (rail, scope.spawn(move || soak(run, rail, seconds, leak))));
        let ended = running.into_iter().map(|(rail, thread)| {
            Ok((rail, thread.join().map_err(|_| anyhow!("the watch over {} panicked", rail.name()))??))
        });
        ended.collect()
    })
}

/// What was seen of a process after it had warmed up and at its end.
struct Soaked {
    warm: Sample,
    end: Sample,
    payments: u64,
}

impl Soaked {
    fn growth(&self) -> f64 {
        (self.end.memory_kib as f64 / self.warm.memory_kib as f64 - 1.0) * 100.0
    }

    fn wrong(&self, most: f64) -> Option<String> {
        let growth = self.growth();
        if growth > most {
            return Some(format!("memory grew by {growth:.1} %"));
        }
        let grown = |name, warm: u64, end: u64| {
            (end > warm + warm / 4 + 16).then(|| format!("{name} grew from {warm} to {end}"))
        };
        grown("the number of open files", self.warm.files, self.end.files)
            .or_else(|| grown("the number of threads", self.warm.threads, self.end.threads))
            .or_else(|| grown("the number of tasks", self.warm.tasks, self.end.tasks))
    }
}

/// Runs the paying process and a provider for it, and asks the books.
fn soak(run: &Run, rail: Rail, seconds: u64, leak: usize) -> Result<Soaked, Stop> {
    let mut provider = Provider::start(&run.payonce, rail, None)?;
    provider.control("clock", Some(&json!({ "speed": SPEED })))?;
    let journal = run.scratch.join(format!("{}-{leak}.db", rail.name()));
    let work = Work { rail, url: provider.url(), journal, seconds, leak };
    let program = std::env::current_exe().context("finding this program")?;
    let mut child = Command::new(program)
        .arg(CHILD)
        .arg(serde_json::to_string(&work).context("telling the paying process what to do")?)
        .stdout(Stdio::piped())
        .spawn()
        .context("starting the paying process")?;
    let said = child.stdout.take().context("the paying process has a standard output")?;
    let mut samples = Vec::new();
    for line in BufReader::new(said).lines() {
        let line = line.context("listening to the paying process")?;
        samples.push(serde_json::from_str::<Sample>(&line).context("understanding the paying process")?);
    }
    let status = child.wait().context("waiting for the paying process")?;
    if !status.success() {
        return Err(anyhow!("the paying process ended with {status}").into());
    }
    let payments = samples.last().map_or(0, |last| last.payments);
    let books = provider.control("ledger", None)?;
    provider.kill()?;
    let right = books["balanced"] == true
        && books["paid_twice"].as_array().is_some_and(Vec::is_empty)
        && books["movements"] == payments;
    if !right {
        return Err(run
            .violation(format!("{}: {payments} payments were made, and the books say {books}", rail.name()))
            .into());
    }
    let many = samples.len();
    // The last sample is of a process that is done; the first quarter is of one that still fills its caches.
    let of = |from: usize, to: usize| mean(&samples[from.min(many - 1)..to.clamp(1, many)]);
    Ok(Soaked {
        warm: of(many / 4, many / 4 + many / 10 + 1),
        end: of(many - 1 - many / 10 - 1, many - 1),
        payments,
    })
}

fn mean(samples: &[Sample]) -> Sample {
    let of = |field: fn(&Sample) -> u64| samples.iter().map(field).sum::<u64>() / samples.len().max(1) as u64;
    Sample {
        memory_kib: of(|sample| sample.memory_kib),
        files: of(|sample| sample.files),
        threads: of(|sample| sample.threads),
        tasks: of(|sample| sample.tasks),
        payments: of(|sample| sample.payments),
    }
}

/// The paying process.
pub(crate) fn child(mut arguments: impl Iterator<Item = String>) -> ExitCode {
    let work = arguments.next().context("nothing to do").and_then(|work| Ok(serde_json::from_str(&work)?));
    match work.and_then(|work: Work| pay(&work)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn pay(work: &Work) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match work.rail {
        Rail::Dollr => runtime.block_on(pay_on_dollr(work)),
        Rail::Dwolla => runtime.block_on(pay_on_dwolla(work)),
    }
}

/// Longer than any payment takes.
const FIRST_ANSWER: Duration = Duration::from_secs(24 * 3600);

async fn pay_on_dollr(work: &Work) -> Result<()> {
    let dollr = Dollr::builder()
        .client_id(CLIENT_ID)
        .client_secret(Secret::new(CLIENT_SECRET))
        .base_url(&work.url)
        .passcode(Passcode::of_phone(Secret::new(PASSCODE), PASSCODE_PHONE))
        .clock(Arc::new(Fast::now()))
        .first_answer(FIRST_ANSWER)
        .journal(&work.journal)
        .build()?;
    let pay = move |name| {
        let dollr = dollr.clone();
        async move {
            let order = dollr.payout(name, AccountId::new(18), usd("1.00")?);
            Ok(order.send().await?.settled().await?)
        }
    };
    pay_all(work, pay).await
}

/// From a bank to a balance, so that each payment is pending until the banks have dealt with it.
async fn pay_on_dwolla(work: &Work) -> Result<()> {
    let dwolla = Dwolla::builder()
        .key(KEY)
        .secret(Secret::new(SECRET))
        .base_url(&work.url)
        .clock(Arc::new(Fast::now()))
        .first_answer(FIRST_ANSWER)
        .journal(&work.journal)
        .build()?;
    let banks = dwolla.simulations();
    let pay = move |name| {
        let dwolla = dwolla.clone();
        async move {
            let payee = CustomerId::new(VERIFIED_CUSTOMER.to_string());
            let order = dwolla.transfer(name, FundingSourceId::new(BANK.to_string()), payee, usd("1.00")?);
            Ok(order.send().await?.settled().await?)
        }
    };
    tokio::select! {
        paid = pay_all(work, pay) => paid,
        failed = settle(banks) => failed,
    }
}

/// Has the banks deal with what waits for them, until they fail to.
async fn settle(banks: Simulations) -> Result<()> {
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        banks.run().await?;
    }
}

/// Pays one after the other in each of the workers, and says each second what the process holds.
async fn pay_all<P, F>(work: &Work, pay: P) -> Result<()>
where
    P: Fn(String) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Settlement>> + Send,
{
    let paid = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + Duration::from_secs(work.seconds);
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..WORKERS {
        let (pay, paid) = (pay.clone(), Arc::clone(&paid));
        workers.spawn(async move {
            let mut number = 0;
            while Instant::now() < until {
                number += 1;
                let settlement = pay(format!("soak/{worker}/{number}")).await?;
                ensure!(matches!(settlement, Settlement::Completed(_)), "{settlement:?}");
                paid.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while Instant::now() < until {
        tokio::time::sleep(Duration::from_secs(1)).await;
        std::mem::forget(vec![1_u8; work.leak]);
        say(&paid)?;
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    say(&paid)
}

fn say(paid: &AtomicU64) -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default()
    };
    let sample = Sample {
        memory_kib: field("VmRSS:"),
        threads: field("Threads:"),
        files: std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
        tasks: tokio::runtime::Handle::current().metrics().num_alive_tasks() as u64,
        payments: paid.load(Ordering::Relaxed),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(&sample)?)?;
    Ok(out.flush()?)
}

/// A clock that goes as fast as the provider's.
#[derive(Debug)]
struct Fast {
    began: Instant,
    at: Timestamp,
}

impl Fast {
    fn now() -> Self {
        Self { began: Instant::now(), at: std::time::SystemTime::now().into() }
    }
}

impl Clock for Fast {
    fn now(&self) -> Timestamp {
        self.at + self.began.elapsed() * SPEED
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration / SPEED))
    }
}
