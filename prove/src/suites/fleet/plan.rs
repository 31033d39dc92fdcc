//! What befalls a fleet, and when: drawn from the seed before it begins.

use std::time::Duration;

use crate::suite::Scale;

/// How many workers there are at any time, besides those that stand still or are cut off.
pub(super) const WORKERS: usize = 5;

/// Whose payments the workers make, slot by slot. Neither is to see anything of the other.
pub(super) const MERCHANTS: [&str; 2] = ["default", "corner-shop"];

/// Whose worker is in that slot.
pub(super) fn merchant_of_slot(slot: usize) -> &'static str {
    MERCHANTS[usize::from(slot >= 3)]
}

/// How long a worker's lease lasts, by the database's clock. It is no setting: what it protects from is the longest time for
/// which a worker that lives may not be heard of, and a shorter one would turn each restart of a database into a take-over.
pub(super) const LEASE: Duration = Duration::from_secs(30);

/// How soon after a lease has run out its payments are in other hands.
pub(super) const SOON: Duration = Duration::from_secs(5);

/// One thing that befalls the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    /// A worker is killed, and a new one started.
    Kill(usize),
    /// A worker stands still for a while that its lease outlasts.
    Pause(usize, Duration),
    /// A worker stands still until its payments are in other hands, and goes on.
    Sleep(usize),
    /// The same, and it falls asleep with a note unanswered, after which it would have sent.
    SleepBeforeSend(usize),
    /// A worker is cut off from the database, and not from the providers, until its payments are in other hands.
    Part(usize),
    /// A worker's connections to the database are reset.
    Cut(usize),
    /// They carry nothing for a while.
    Stall(usize, Duration),
    /// The database's administrator ends half of all connections.
    Terminate,
    /// The database crashes, and is away for so long.
    Crash(Duration),
}

/// A storm, and the calm after it, in which all that was recorded has to end.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// When each blow falls, in order.
    pub(super) blows: Vec<(Duration, Blow)>,
    /// How long payments are recorded.
    pub(super) length: Duration,
    /// How many are recorded in a second.
    pub(super) rate: u32,
}

/// How many of each, and within which time.
struct Measure {
    length: Duration,
    /// What takes a lease to mend falls before this.
    early: Duration,
    kills: usize,
    pauses: usize,
    sleeps: usize,
    parts: usize,
    cuts: usize,
    stalls: usize,
    terminations: usize,
    crashes: usize,
}

/// One storm, short enough for every change: what takes a lease to mend comes first, so that it is mended at the end.
const BRIEF: Measure = Measure {
    length: Duration::from_secs(18),
    early: Duration::from_secs(3),
    kills: 8,
    pauses: 8,
    sleeps: 3,
    parts: 1,
    cuts: 10,
    stalls: 3,
    terminations: 4,
    crashes: 3,
};

/// A part of a longer run: 500 kills and stops, 50 crashes of the database.
const LONG: Measure = Measure {
    length: Duration::from_secs(150),
    early: Duration::from_secs(150),
    kills: 325,
    pauses: 160,
    sleeps: 15,
    parts: 8,
    cuts: 100,
    stalls: 25,
    terminations: 50,
    crashes: 50,
};

impl Plan {
    /// The storms of a run.
    pub(super) fn of(scale: Scale, seed: u64) -> Vec<Self> {
        let storms = scale.pick(1, 10, 40);
        let measure = scale.pick(&BRIEF, &LONG, &LONG);
        (0..storms).map(|number| measure.draw(seed.wrapping_mul(1000) + number)).collect()
    }
}

impl Measure {
    fn draw(&self, seed: u64) -> Plan {
        let mut draw = fastrand::Rng::with_seed(seed);
        let (early, length) = (self.early.as_millis() as u64, self.length.as_millis() as u64);
        let mut blows = Vec::new();
        let mut fall =
            |times: usize, before: u64, blow: &mut dyn FnMut(&mut fastrand::Rng, usize) -> Blow| {
                for n in 0..times {
                    // Work must be under way.
                    let at = Duration::from_millis(draw.u64(1_000..before));
                    let what = blow(&mut draw, n);
                    blows.push((at, what));
                }
            };
        let whom = |draw: &mut fastrand::Rng| draw.usize(..WORKERS);
        let millis = |draw: &mut fastrand::Rng, range| Duration::from_millis(draw.u64(range));
        fall(self.kills, early, &mut |draw, _| Blow::Kill(whom(draw)));
        fall(self.sleeps, early, &mut |draw, n| match n % 2 {
            0 => Blow::SleepBeforeSend(whom(draw)),
            _ => Blow::Sleep(whom(draw)),
        });
        fall(self.parts, early, &mut |draw, _| Blow::Part(whom(draw)));
        fall(self.pauses, length, &mut |draw, _| Blow::Pause(whom(draw), millis(draw, 10..4_000)));
        fall(self.cuts, length, &mut |draw, _| Blow::Cut(whom(draw)));
        fall(self.stalls, length, &mut |draw, _| Blow::Stall(whom(draw), millis(draw, 100..12_000)));
        fall(self.terminations, length, &mut |_, _| Blow::Terminate);
        fall(self.crashes, length, &mut |draw, _| Blow::Crash(millis(draw, 0..400)));
        blows.sort_by_key(|(at, _)| *at);
        Plan { blows, length: self.length, rate: 25 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_run_is_as_large_as_is_said_of_it() {
        let storms = Plan::of(Scale::Full, 3);
        let count = |which: fn(&Blow) -> bool| {
            storms.iter().flat_map(|storm| &storm.blows).filter(|(_, blow)| which(blow)).count()
        };
        let struck = count(|blow| {
            matches!(blow, Blow::Kill(_) | Blow::Pause(..) | Blow::Sleep(_) | Blow::SleepBeforeSend(_))
        });
        assert_eq!((struck, count(|blow| matches!(blow, Blow::Crash(_)))), (5_000, 500));
    }
}
