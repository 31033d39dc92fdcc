//! Whole payment lives under one seeded scheduler: the real engine and facade, a simulated provider, network, disk and
//! time.
//!
//! What is real: the facade from its orders to its raw requests and replies, with tokens and classification, and the
//! engine with its scheduler and drive loop. What is simulated: what lies under the facade's transport, the journal's
//! disk, processes (a runtime of their own, which is dropped when they crash), and every clock. Each await of the drive
//! loop ends in one of the simulated parts, so a crash between any two of their events is a crash at any await.

mod callers;
mod journal;
mod life;
mod network;
mod provider;
mod world;

use std::fs;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::suite::{Figures, Run, Stop, Suite, Violation};
use life::{Lived, PAYMENTS, Tally, live};
use provider::Guards;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "simulation",
    claim: "Through crashes at any await, lost, late, doubled and garbled messages, failing disks, wrong clocks and a \
            provider without either guard, no payment moves twice, and callers and journal say what the ledger says.",
    run,
};

/// How many worlds are lived twice, to see that the same seed gives the same trace.
const TWICE: u64 = 50;

/// The guards of a world: each seed in three has both, or lacks one.
fn guards(seed: u64) -> Guards {
    Guards { key_once: (seed / 3) % 3 != 1, session_once: (seed / 3) % 3 != 2 }
}

fn run(run: &Run) -> Result<Figures, Stop> {
    panic::set_hook(Box::new(|told| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        eprintln!("{told}");
    }));
    let found = all(run);
    let _ = panic::take_hook();
    found
}

/// A task that panics is caught by its runtime, so it is counted here.
static PANICS: AtomicU64 = AtomicU64::new(0);

fn all(run: &Run) -> Result<Figures, Stop> {
    for seed in run.seed..run.seed + TWICE {
        let traces = [live(seed, guards(seed), false).trace, live(seed, guards(seed), false).trace];
        if traces[0] != traces[1] {
            return Err(run.violation(format!("seed {seed} gives more than one trace")).into());
        }
    }
    without_any_guard(run)?;
    let lives: u64 = run.scale.pick(20_000, 3_000_000, 10_000_000);
    // A slow machine lives the first of the same worlds.
    let limit = run.scale.pick(Duration::from_secs(45), Duration::MAX, Duration::MAX);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let began = Instant::now();
    let share = |first: u64| {
        let mut tally = Tally::default();
        let mut worlds = 0;
        while began.elapsed() < limit && worlds * threads * (PAYMENTS as u64) < lives {
            let seed = run.seed + first + worlds * threads;
            let lived = live(seed, guards(seed), false);
            if lived.violation.is_some() || PANICS.load(Ordering::Relaxed) > 0 {
                return Err(seed);
            }
            tally.add(&lived.tally);
            worlds += 1;
        }
        Ok((worlds, tally))
    };
    let shares: Vec<_> = std::thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> = (0..threads).map(|first| scope.spawn(move || share(first))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("worlds do not panic outside their tasks"))
            .collect()
    });
    let mut tally = Tally::default();
    let mut worlds = 0;
    for share in shares {
        let (lived, more) = share.map_err(|seed| Stop::Violated(told(run, seed)))?;
        tally.add(&more);
        worlds += lived;
    }
    Ok(figures(worlds, threads, began.elapsed(), &tally))
}

/// Lives a world again, and writes down what happens in it.
fn told(run: &Run, seed: u64) -> Violation {
    let Lived { violation, words, .. } = live(seed, guards(seed), true);
    let what = violation.unwrap_or_else(|| "a task panicked".to_owned());
    // The first world of a run is that of its seed.
    let mut found = Run { seed, ..run.clone() }.violation(format!("{what} ({:?})", guards(seed)));
    let path = run.scratch.join(format!("{seed}.trace"));
    if fs::write(&path, words.unwrap_or_default()).is_ok() {
        found.trace = Some(path);
    }
    found
}

/// The suite must be able to fail: where neither guard holds, some payment moves twice.
fn without_any_guard(run: &Run) -> Result<(), Stop> {
    let none = Guards { key_once: false, session_once: false };
    let twice = |seed| live(seed, none, false).violation.is_some_and(|what| what.contains("moved 2 times"));
    if (run.seed..run.seed + 2000).any(twice) {
        return Ok(());
    }
    Err(run.violation("without any guard no payment moves twice, so this can find none that does").into())
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.completed += other.completed;
        self.failed += other.failed;
        self.parked += other.parked;
        self.again += other.again;
        self.crashes += other.crashes;
        self.freezes += other.freezes;
        self.lost_journals += other.lost_journals;
        self.requests += other.requests;
        self.events += other.events;
        self.beyond_terms += other.beyond_terms;
    }
}

fn figures(worlds: u64, threads: u64, took: Duration, tally: &Tally) -> Figures {
    let lives = worlds * PAYMENTS as u64;
    let mut figures = Figures::default();
    figures.count("payment lives", lives, "");
    let rate = lives as f64 / took.as_secs_f64() / threads as f64 * 3600.0;
    figures.measure("rate", rate, "lives an hour and core");
    figures.count("worlds", worlds, "");
    figures.count("completed", tally.completed, "");
    figures.count("failed", tally.failed, "");
    figures.count("parked", tally.parked, "");
    figures.count("tried again", tally.again, "times");
    figures.count("crashes", tally.crashes, "");
    figures.count("processes frozen and overtaken", tally.freezes, "");
    figures.count("journals lost", tally.lost_journals, "");
    figures.count("requests", tally.requests, "");
    figures.count("events", tally.events, "");
    figures.count("lives with copies later than the terms allow", tally.beyond_terms, "");
    figures
}
