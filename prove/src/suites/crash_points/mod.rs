//! Every boundary of the drive loop and the journal, struck once and twice, with the real journal and the real sandbox.
//!
//! What a strike is counted from is the call that the loop makes, so a boundary that the code gains is walked without
//! a change here. Nothing is waited for: the provider's clock stands still until a client wants to sleep, and is moved
//! on by as much.

pub(crate) mod lives;
mod provider;
mod strike;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use chrono::TimeDelta;

use self::lives::{Fate, Operation, Story, World};
use self::provider::unsafe_ones;
pub(crate) use self::provider::{Terrain, safe};
use self::strike::{Call, Moment, Strike};
use crate::bed;
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "crash-points",
    claim: "Whatever happens at any one boundary of the drive loop and the journal, and at any two in a row, the \
            payment is made exactly once, by the provider's ledger and by the journal.",
    run,
};

const SAME_CLOCK: &[TimeDelta] = &[TimeDelta::zero()];

/// How many payments were lived through, and where they were struck.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) payments: usize,
    pub(crate) lives: usize,
    pub(crate) singles: usize,
    pub(crate) doubles: usize,
    pub(crate) boundaries: BTreeSet<(Call, Moment)>,
    pub(crate) violation: Option<String>,
}

impl Walked {
    fn add(&mut self, other: Self) {
        self.payments += other.payments;
        self.lives += other.lives;
        self.singles += other.singles;
        self.doubles += other.doubles;
        self.boundaries.extend(other.boundaries);
        self.violation = self.violation.take().or(other.violation);
    }

    fn note(&mut self, fate: &Fate, story: Story) -> Vec<Call> {
        self.payments += 1;
        self.lives += story.lives;
        match story.struck.len() {
            0 => {}
            1 => self.singles += 1,
            _ => self.doubles += 1,
        }
        if let Some(wrong) = story.wrong {
            self.violation = Some(format!("{:?} struck at {:?}: {wrong}", fate.operation, story.struck));
        }
        self.boundaries.extend(story.struck);
        story.reached
    }
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub(crate) terrain: Terrain,
    pub(crate) skews: &'static [TimeDelta],
    /// Of the ordered pairs of strikes, one in so many; none at all if it is 0.
    pub(crate) pairs: usize,
    pub(crate) seed: u64,
}

impl Walk {
    /// Lives through every fate of one operation, or ends with the first violation.
    fn operation(&self, world: &mut World, operation: Operation) -> Result<Walked> {
        let mut walked = Walked::default();
        let mut draw = fastrand::Rng::with_seed(self.seed);
        let mut live = |walked: &mut Walked, plan: Vec<Strike>| {
            let fate = Fate { operation, plan, skews: self.skews };
            let story = world.live(&fate).with_context(|| format!("{fate:?}"))?;
            anyhow::Ok(walked.note(&fate, story))
        };
        let undisturbed = live(&mut walked, Vec::new())?;
        for (first, strike) in strikes(&undisturbed, 0) {
            let reached = live(&mut walked, vec![(first, strike)])?;
            if self.pairs > 0 {
                for second in strikes(&reached, first + 1) {
                    let is_new = !walked.boundaries.contains(&(reached[second.0], second.1));
                    if (is_new || draw.usize(..self.pairs) == 0) && walked.violation.is_none() {
                        live(&mut walked, vec![(first, strike), second])?;
                    }
                }
            }
            if walked.violation.is_some() {
                break;
            }
        }
        let movements = world.movements();
        if walked.violation.is_none() && !world.is_balanced() {
            walked.violation = Some("the ledger does not balance".to_owned());
        }
        if walked.violation.is_none() && movements != walked.payments {
            walked.violation =
                Some(format!("{movements} movements of {} payments ({operation:?})", walked.payments));
        }
        Ok(walked)
    }

    /// Walks all operations, on two threads, each operation with a provider of its own.
    pub(crate) fn all(&self, directory: &Path) -> Result<Walked> {
        let next = AtomicUsize::new(0);
        let work = || {
            let mut walked = Walked::default();
            while let Some(&operation) = self.terrain.operations().get(next.fetch_add(1, Ordering::Relaxed)) {
                let place = directory.join(format!("{operation:?}"));
                walked.add(self.operation(&mut World::new(&place, self.terrain)?, operation)?);
            }
            anyhow::Ok(walked)
        };
        thread::scope(|scope| {
            let threads = [scope.spawn(work), scope.spawn(work)];
            let mut walked = Walked::default();
            for thread in threads {
                walked.add(thread.join().map_err(|_| anyhow!("a walk panicked"))??);
            }
            Ok(walked)
        })
    }
}

/// Every strike at the calls from that one on.
fn strikes(reached: &[Call], from: usize) -> impl Iterator<Item = Strike> {
    let calls = reached.iter().enumerate().skip(from);
    calls.flat_map(|(number, call)| call.moments().iter().map(move |moment| (number, *moment)))
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let directory = bed::in_memory(run)?;
    let walked = walk_all(run, &directory);
    let _ = std::fs::remove_dir_all(&directory);
    walked
}

fn walk_all(run: &Run, directory: &Path) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    let began = Instant::now();
    let mut total = Walked::default();
    for (number, (name, terrain)) in safe().into_iter().enumerate() {
        let pairs = run.scale.pick(40, 1, 1);
        let walk = Walk { terrain, skews: SAME_CLOCK, pairs, seed: run.seed };
        let walked = walk.all(&directory.join(number.to_string()))?;
        if let Some(violation) = &walked.violation {
            return Err(run.violation(format!("{name}: {violation}")).into());
        }
        figures.count(&format!("payments, {name}"), walked.payments, "");
        total.add(walked);
    }
    figures.count("single strikes", total.singles, "");
    figures.count("ordered double strikes", total.doubles, "");
    figures.count("lives", total.lives, "");
    let named: usize = Call::ALL.iter().map(|call| call.moments().len()).sum();
    let missed: Vec<_> = Call::ALL
        .iter()
        .flat_map(|call| call.moments().iter().map(|moment| (*call, *moment)))
        .filter(|boundary| !total.boundaries.contains(boundary))
        .collect();
    if !missed.is_empty() {
        return Err(anyhow!("these boundaries were never struck: {missed:?}").into());
    }
    figures.count("boundaries struck", named, &format!("of {named}"));
    sanity(run, directory)?;
    let rate = total.payments as f64 / began.elapsed().max(Duration::from_millis(1)).as_secs_f64();
    figures.measure("rate", rate, "payments/s");
    Ok(figures)
}

/// Without any guard, a request that arrives late pays a second time, and the walk must see it.
fn sanity(run: &Run, directory: &Path) -> Result<(), Stop> {
    for (number, (name, terrain)) in unsafe_ones().into_iter().enumerate() {
        let walk = Walk { terrain, skews: SAME_CLOCK, pairs: 0, seed: run.seed };
        let walked = walk.all(&directory.join(format!("unsafe-{number}")))?;
        if !walked.violation.as_ref().is_some_and(|violation| violation.contains("paid 2 times")) {
            let what = format!("{name}, no double payment was found, but {:?}", walked.violation);
            return Err(run.violation(what).into());
        }
    }
    Ok(())
}
