//! Five processes of the real command on one real PostgreSQL server, with both providers, and a storm of faults over all of
//! them: workers are killed, stand still and are cut off, and the server crashes, while a service records payments in
//! transactions of its own.
//!
//! The lease of a fleet is thirty seconds and no setting, so the shortest run takes a little longer than that: whatever
//! takes a lease to mend comes first in it, and is mended at its end.

mod base;
mod plan;
mod providers;
mod service;
mod storm;
mod verdict;
mod wire;
mod worker;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use dollr::Standing;
use payonce::journal::{Filter, Journal as _, PostgresJournal};
use test_postgres::Postgres;
use uuid::Uuid;

use self::base::Base;
use self::plan::{MERCHANTS, Plan};
use self::providers::Providers;
use self::service::Service;
use self::storm::{Storm, Tally};
use self::verdict::{Facts, Verdict};
use self::worker::{Ground, Worker};
use crate::command::Rail;
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "fleet",
    claim: "However the workers of a fleet are killed, stopped and cut off, and however often their database crashes, what \
            a committed transaction recorded is paid once, nothing else is paid, and what a worker held that is gone is in \
            other hands five seconds after its lease.",
    run,
};

fn run(run: &Run) -> Result<Figures, Stop> {
    let faketime = worker::faketime();
    if faketime.is_none() && std::env::var("CI").is_ok_and(|value| value == "true") {
        let missing = "libfaketime is not installed (Debian: apt-get install libfaketime)";
        return Err(Stop::NotRun(missing.to_owned()));
    }
    let server = match Postgres::start_in(room()) {
        Ok(server) => Arc::new(server),
        Err(missing) if missing.kind() == ErrorKind::NotFound => {
            return Err(Stop::NotRun(missing.to_string()));
        }
        Err(error) => return Err(Stop::Failed(error.into())),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("starting a runtime")?;
    runtime.block_on(Box::pin(fight(run, &server, faketime)))
}

/// Where the server is. What the kernel has is there after it crashed, in memory as well, and there it is sooner back: it
/// syncs every file that it has.
fn room() -> &'static Path {
    const ENOUGH: u64 = 3 << 30;
    let memory = Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |room| room.f_bavail.saturating_mul(room.f_frsize));
    if free >= ENOUGH { memory } else { Path::new("/tmp") }
}

async fn fight(run: &Run, server: &Arc<Postgres>, faketime: Option<PathBuf>) -> Result<Figures, Stop> {
    let providers = Arc::new(Providers::open(true).await?);
    let ground = ground(run, server, providers, faketime).await?;
    // A payment that waits by one clock is due by another as much later as the two are apart.
    let skew = run.scale.pick(3, 30, 30);
    let mut service = Service::open(&ground.base, &ground.providers, run.seed).await?;
    let mut storm = Storm::begin(&ground, run.seed, skew).await?;
    let began = Instant::now();
    for (number, plan) in Plan::of(run.scale, run.seed).iter().enumerate() {
        ground.providers.weather(run.seed + number as u64);
        let recording = service.record(plan.rate, tokio::time::Instant::now() + plan.length);
        let (raged, recorded) = tokio::join!(storm.rage(plan), recording);
        raged.and(recorded)?;
        ground.providers.calm();
        if number == 0 {
            let (subsided, hopeless) = tokio::join!(storm.subside(), hopeless(run, server));
            subsided?;
            hopeless?;
        } else {
            storm.subside().await?;
        }
        if storm.wrong.is_some() {
            break;
        }
    }
    let took = began.elapsed();
    storm.end().await?;
    let recorded = service.recorded();
    let facts = Facts {
        due: ground.base.due().await?,
        committed: recorded.committed.clone(),
        abandoned: recorded.abandoned.clone(),
        journal: journal(&ground.base).await?,
        paid: ground.providers.paid(),
        histories: ground.base.histories().await?,
        lives: storm.lives,
        calms: storm.calms,
    };
    let mut verdict = facts.verdict();
    verdict.wrong.splice(0..0, storm.wrong);
    if !ground.providers.are_balanced() {
        verdict.wrong.push("the providers' books do not balance".to_owned());
    }
    if let Some(wrong) = verdict.wrong.first() {
        let many = verdict.wrong.len();
        let mut violation = run.violation(format!("{wrong} ({many} of such)"));
        let trace = run.scratch.join("wrong.txt");
        std::fs::write(&trace, verdict.wrong.join("\n")).context("writing down what is wrong")?;
        violation.trace = Some(trace);
        return Err(violation.into());
    }
    let mut figures = Figures::default();
    blows(&mut figures, &storm.tally);
    match &ground.faketime {
        Some(_) => figures.count("clocks of workers apart by up to", 2 * skew.unsigned_abs(), "s"),
        None => figures.text("clocks of workers apart", "no: libfaketime is not installed"),
    }
    figures.count("merchants", MERCHANTS.len(), "");
    figures.count("payments recorded", facts.due.len(), "");
    figures.count("transactions that did not commit", recorded.abandoned.len(), "");
    figures.count("transactions whose end nobody was told", recorded.unknown, "");
    outcome(&mut figures, &verdict);
    figures.measure(
        "recorded and paid, waits for leases included",
        facts.due.len() as f64 / took.as_secs_f64(),
        "payments/s",
    );
    Ok(figures)
}

fn blows(figures: &mut Figures, tally: &Tally) {
    figures.count("workers", tally.workers, "");
    figures.count("kills", tally.kills, "");
    figures.count("stops shorter than a lease", tally.pauses, "");
    figures.count("stops longer than a lease", tally.sleeps, "");
    figures.count("of which with a note unanswered and a request to make", tally.caught, "");
    figures.count("workers cut off from the database and not from the providers", tally.parts, "");
    figures.count("connections of a worker reset", tally.cuts, "times");
    figures.count("connections of a worker stalled", tally.stalls, "times");
    figures.count("half of all connections ended by the database", tally.terminations, "times");
    figures.count("crashes of the database", tally.crashes, "");
    figures.count("workers that ended when asked", tally.drained, "");
}

fn outcome(figures: &mut Figures, verdict: &Verdict) {
    let mut taken_over = verdict.taken_over.clone();
    taken_over.sort();
    let place = |share: usize| taken_over.get((taken_over.len() * share).div_ceil(100).saturating_sub(1));
    let seconds = |share| place(share).copied().unwrap_or_default().as_secs_f64();
    let calm = verdict.taken_over_in_calm.iter().max().copied().unwrap_or_default();
    figures.count("paid twice", 0_u64, "");
    figures.count("lost", 0_u64, "");
    figures.count("paid without a committed transaction", 0_u64, "");
    figures.count("requests that move money", verdict.requests, "");
    figures.count("of which after a stop in mid-request", verdict.late, "");
    figures.count("payments taken over from workers that were gone", taken_over.len(), "");
    figures.count("taken from workers whose lease ran out otherwise", verdict.taken_from_the_living, "");
    figures.measure("taken over, at the median", seconds(50), "s after the worker was gone");
    figures.measure("taken over, of 99 in 100", seconds(99), "s");
    figures.measure("taken over, at the latest", seconds(100), "s");
    figures.measure("taken over in a calm, at the latest", calm.as_secs_f64(), "s");
}

/// Two fleets that do not know of each other, and providers without any guard: the same payments are made twice, and the
/// same judge has to find it.
async fn hopeless(run: &Run, server: &Arc<Postgres>) -> Result<(), Stop> {
    let providers = Arc::new(Providers::open(false).await?);
    let mut due = Vec::new();
    let mut fleets = Vec::new();
    for number in 0..2 {
        let ground = ground(run, server, Arc::clone(&providers), None).await?;
        let mut service = Service::open(&ground.base, &providers, run.seed).await?;
        service.record_all(0..8).await?;
        due = ground.base.due().await?;
        fleets.push((Worker::start(&ground, MERCHANTS[0], 1_000_000 + number, 0.0).await?, ground.base));
    }
    let began = Instant::now();
    for (worker, base) in fleets {
        while base.unfinished().await? > 0 {
            if began.elapsed() > Duration::from_secs(60) {
                return Err(anyhow::anyhow!("two fleets in peace did not end what they had").into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        worker.kill()?;
    }
    let verdict = Facts { due, paid: providers.paid(), ..Facts::default() }.verdict();
    if !verdict.wrong.iter().any(|wrong| wrong.contains("was paid 2 times")) {
        let what = "two fleets with a journal each, and providers without a guard, did not pay twice";
        return Err(run.violation(what).into());
    }
    Ok(())
}

async fn ground(
    run: &Run,
    server: &Arc<Postgres>,
    providers: Arc<Providers>,
    faketime: Option<PathBuf>,
) -> Result<Ground> {
    let base = Base::new(server).await?;
    Ok(Ground { payonce: run.payonce.clone(), base, providers, scratch: run.scratch.clone(), faketime })
}

/// How the journal says that payments stand, by their keys.
async fn journal(base: &Base) -> Result<HashMap<Uuid, Standing>> {
    let shared = PostgresJournal::open(&base.url).await?;
    let mut standings = HashMap::new();
    let each = MERCHANTS.iter().flat_map(|merchant| [(merchant, Rail::Dollr), (merchant, Rail::Dwolla)]);
    for (merchant, rail) in each {
        let journal = shared.merchant(merchant)?;
        let mut filter = Filter { limit: 1000, ..Filter::default() };
        loop {
            let page = journal.list(rail.name(), filter.clone()).await?;
            if !filter.turn(&page) {
                break;
            }
            for one in page {
                let one = one?;
                if standings.insert(one.reference_id.as_uuid(), one.standing).is_some() {
                    bail!("the journal holds two payments of one key");
                }
            }
        }
    }
    Ok(standings)
}
