//! The protocol as a model, every reachable state of it: two drivers, one journal, one provider, and a network that
//! loses, doubles, reorders and delays.
//!
//! The drivers decide by the real `step::next` and learn by the real `State::apply`, so the model cannot drift from the
//! code; only what the drive loop does around them is modelled: it writes before it sends, and what it learned it writes
//! before it goes on. A driver whose lease was taken over can write nothing, but what it was about to send it may
//! still send, however late. The drivers' clocks differ by an hour.

mod protocol;
mod state;

use dwolla::DwollaRail;
use payonce::step::Terms;
use stateright::{Checker, Model};

use crate::suite::{Figures, Run, Stop, Suite};
use protocol::{Mutant, Protocol};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "model",
    claim: "In every reachable state of two drivers that take each other's lease, with messages lost, doubled, reordered \
            and late, no payment moves twice, none is failed after it moved, and no second key or session can be executed.",
    run,
};

/// A provider, as far as the protocol differs by it. Times are in seconds.
#[derive(Clone, Copy, Debug)]
struct Provider {
    terms: fn() -> Terms,
    /// How long what was made ready can be executed.
    lifetime: i64,
    /// How long a key is remembered; for good unless it is told.
    remembers: Option<i64>,
    /// The steps in which time passes: beyond the staleness, and up to the expiry, the fence and the end of a key.
    steps: &'static [i64],
}

const DOLLR: Provider =
    Provider { terms: Terms::default, lifetime: 900, remembers: None, steps: &[11, 450, 1021] };
const DWOLLA: Provider = Provider {
    terms: || DwollaRail::TERMS,
    lifetime: 23 * 3600,
    remembers: Some(24 * 3600),
    steps: &[11, 23 * 3600, 601, 25 * 3600],
};

/// What an exhausted model came to: its distinct states, and the properties that do not hold, each with a way there.
struct Checked {
    states: usize,
    whole: bool,
    broken: Vec<(&'static str, String)>,
}

fn check(protocol: Protocol, most: usize) -> Checked {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = protocol.checker().threads(threads).target_state_count(most).spawn_bfs().join();
    let broken = checker.discoveries().into_iter().filter(|(name, _)| *name != "completes");
    let broken = broken.map(|(name, path)| (name, format!("{:?}", path.into_actions()))).collect();
    let states = checker.unique_state_count();
    Checked { states, whole: checker.state_count() < most, broken }
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    let protocol = |case: &Case| {
        let Case { provider, key_once, session_once, mutant, .. } = *case;
        let expiries = run.scale.pick(1, 2, 2);
        let until = provider.lifetime * expiries + run.scale.pick(600, 800, 800);
        Protocol { provider, key_once, session_once, mutant, until, mishaps: run.scale.pick(2, 2, 3) }
    };
    // A state that waits to be looked at takes a kilobyte: the first two fit into eight gigabytes, the last needs a large
    // machine.
    let most = run.scale.pick(6_000_000, 20_000_000, 2_000_000_000);
    for case in CASES {
        let checked = check(protocol(&case), most);
        if case.mutant == Mutant::None {
            if let Some((property, path)) = checked.broken.first() {
                return Err(run.violation(format!("{}, it {property}: not after {path}", case.name)).into());
            }
            let whole =
                if checked.whole { "distinct states, which are all there are" } else { "distinct states" };
            figures.count(case.name, checked.states, whole);
        } else {
            if !checked.broken.iter().any(|(property, _)| *property == "moves at most once") {
                let what = format!("{} is not found to pay twice, so the model can find nothing", case.name);
                return Err(run.violation(what).into());
            }
            let name = format!("{}: pays twice, found after", case.name);
            figures.count(&name, checked.states, "distinct states");
        }
    }
    Ok(figures)
}

/// One model to look through, whole.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    provider: Provider,
    key_once: bool,
    session_once: bool,
    mutant: Mutant,
}

impl Case {
    const fn of(name: &'static str, provider: Provider, (key_once, session_once): (bool, bool)) -> Self {
        Self { name, provider, key_once, session_once, mutant: Mutant::None }
    }

    const fn broken(self, mutant: Mutant) -> Self {
        Self { mutant, ..self }
    }
}

const ONLY_KEYS: (bool, bool) = (true, false);
const ONLY_SESSIONS: (bool, bool) = (false, true);

const CASES: [Case; 6] = [
    Case::of("dollr without G1", DOLLR, ONLY_SESSIONS),
    Case::of("dollr without G2", DOLLR, ONLY_KEYS),
    Case::of("dwolla", DWOLLA, ONLY_KEYS),
    Case::of("dollr without G1, prepared again before the fence", DOLLR, ONLY_SESSIONS)
        .broken(Mutant::PreparesEarly),
    Case::of("dollr without G2, under a new key after an unknown outcome", DOLLR, ONLY_KEYS)
        .broken(Mutant::NewKey),
    Case::of("dwolla under a new key after an unknown outcome", DWOLLA, ONLY_KEYS).broken(Mutant::NewKey),
];
