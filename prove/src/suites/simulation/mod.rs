//! Whole payment lives under one seeded scheduler: the real engine and facade, a simulated provider, network, disk and
//! time.
//!
//! What is real: the facade from its orders to its raw requests and replies, with tokens and classification, and the
//! engine with its scheduler and drive loop. What is simulated: what lies under the facade's transport, the journal's
//! disk, processes (a runtime of their own, which is dropped when they crash), and every clock. Each await of the drive
//! loop ends in one of the simulated parts, so a crash between any two of their events is a crash at any await.

mod callers;
mod clients;
mod dollr_model;
mod dwolla_model;
mod journal;
mod life;
mod network;
mod provider;
mod world;

use std::fs;
use std::panic;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::suite::{Figures, Run, Stop, Suite, Violation};
use dollr_model::Guards;
use life::{Lived, PAYMENTS, Tally, live};
use provider::Terrain;

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "simulation",
    claim: "Through crashes at any await, lost, late, doubled and garbled messages, failing disks, wrong clocks and a \
            provider without either guard, no payment moves twice, and callers and journal say what the ledger says.",
    run,
};

/// How many worlds are lived twice, to see that the same seed gives the same trace.
const TWICE: u64 = 50;

/// A rail, and the worlds that are lived on it.
struct Rail {
    name: &'static str,
    /// The world of a seed. Of the guards that its provider could have, at least one is there.
    terrain: fn(u64) -> Terrain,
    /// Where no guard is.
    hopeless: Terrain,
    /// How many payment lives, and how long they may take where time is short.
    lives: [u64; 3],
    quick: Duration,
}

const RAILS: [Rail; 2] = [
    Rail {
        name: "dollr",
        // Each seed in three has both, or lacks one.
        terrain: |seed| {
            let (key_once, session_once) = ((seed / 3) % 3 != 1, (seed / 3) % 3 != 2);
            Terrain::Dollr(Guards { key_once, session_once })
        },
        hopeless: Terrain::Dollr(Guards { key_once: false, session_once: false }),
        lives: [12_000, 9_000_000, 20_000_000],
        quick: Duration::from_secs(25),
    },
    Rail {
        name: "dwolla",
        terrain: |_| Terrain::Dwolla { key_once: true },
        hopeless: Terrain::Dwolla { key_once: false },
        lives: [4_000, 1_000_000, 4_000_000],
        quick: Duration::from_secs(20),
    },
];

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
    let mut figures = Figures::default();
    for rail in &RAILS {
        let live = |seed| live(seed, (rail.terrain)(seed), false);
        for seed in run.seed..run.seed + TWICE {
            if live(seed).trace != live(seed).trace {
                let what = format!("{}: seed {seed} gives more than one trace", rail.name);
                return Err(run.violation(what).into());
            }
        }
        without_any_guard(run, rail)?;
        let (worlds, threads, took, tally) = many(run, rail)?;
        report(&mut figures, rail.name, worlds, threads, took, &tally);
    }
    Ok(figures)
}

/// Lives through as many worlds of a rail as are asked for: how many, on how many threads, how long it took, and what
/// happened.
fn many(run: &Run, rail: &Rail) -> Result<(u64, u64, Duration, Tally), Stop> {
    let [quick, full, release] = rail.lives;
    let lives = run.scale.pick(quick, full, release);
    // A slow machine lives the first of the same worlds.
    let limit = run.scale.pick(rail.quick, Duration::MAX, Duration::MAX);
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let (began, found) = (Instant::now(), AtomicBool::new(false));
    let share = |first: u64| {
        let mut tally = Tally::default();
        let mut worlds = 0;
        let more = |worlds| worlds * threads * (PAYMENTS as u64) < lives;
        while began.elapsed() < limit && more(worlds) && !found.load(Ordering::Relaxed) {
            let seed = run.seed + first + worlds * threads;
            let lived = live(seed, (rail.terrain)(seed), false);
            if lived.violation.is_some() || PANICS.load(Ordering::Relaxed) > 0 {
                found.store(true, Ordering::Relaxed);
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
        let (lived, more) = share.map_err(|seed| Stop::Violated(told(run, rail, seed)))?;
        tally.add(&more);
        worlds += lived;
    }
    Ok((worlds, threads, began.elapsed(), tally))
}

/// Lives a world again, and writes down what happens in it.
fn told(run: &Run, rail: &Rail, seed: u64) -> Violation {
    let terrain = (rail.terrain)(seed);
    let Lived { violation, words, .. } = live(seed, terrain, true);
    let what = violation.unwrap_or_else(|| "a task panicked".to_owned());
    // The first world of a run is that of its seed.
    let mut found = Run { seed, ..run.clone() }.violation(format!("{what} ({terrain:?})"));
    let path = run.scratch.join(format!("{}-{seed}.trace", rail.name));
    if fs::write(&path, words.unwrap_or_default()).is_ok() {
        found.trace = Some(path);
    }
    found
}

/// The suite must be able to fail: where no guard holds, some payment moves twice.
fn without_any_guard(run: &Run, rail: &Rail) -> Result<(), Stop> {
    let twice =
        |seed| live(seed, rail.hopeless, false).violation.is_some_and(|what| what.contains("moved 2 times"));
    if (run.seed..run.seed + 2000).any(twice) {
        return Ok(());
    }
    let what =
        format!("{}: without any guard no payment moves twice, so this can find none that does", rail.name);
    Err(run.violation(what).into())
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

fn report(figures: &mut Figures, rail: &str, worlds: u64, threads: u64, took: Duration, tally: &Tally) {
    let lives = worlds * PAYMENTS as u64;
    let mut count = |name: &str, value: u64| figures.count(&format!("{rail}: {name}"), value, "");
    count("payment lives", lives);
    count("worlds", worlds);
    count("completed", tally.completed);
    count("failed", tally.failed);
    count("parked", tally.parked);
    count("tried again", tally.again);
    count("crashes", tally.crashes);
    count("processes frozen and overtaken", tally.freezes);
    count("journals lost", tally.lost_journals);
    count("requests", tally.requests);
    count("events", tally.events);
    count("lives with copies later than the terms allow", tally.beyond_terms);
    let rate = lives as f64 / took.as_secs_f64() / threads as f64 * 3600.0;
    figures.measure(&format!("{rail}: rate"), rate, "lives an hour and core");
}
