//! The decision, the drive loop and every combination of mishaps that can befall a payment.
//!
//! The walk itself is shared with the tests of `payonce`, which take it less deep.

use std::thread;

use dwolla::DwollaRail;
use payonce::step::Terms;

use crate::suite::{Figures, Run, Stop, Suite};

#[allow(clippy::unwrap_used, reason = "it is shared with tests, where what cannot go on has failed")]
#[path = "../../../crates/payonce/tests/model/mod.rs"]
mod model;

use model::{Guards, Provider, Walk, every_life};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "exhaustive",
    claim: "Under every combination of mishaps, with either guard of the provider switched off, at most one key and one \
            session can be executed at a time, no payment is made twice or called failed after its money moved, and \
            each ends.",
    run,
};

/// Which of its guards a provider has, and what it is then called.
const DOLLR: [(&str, Guards); 3] = [
    ("dollr with both guards", Guards { key_once: true, session_once: true }),
    ("dollr without G2", Guards { key_once: true, session_once: false }),
    ("dollr without G1", Guards { key_once: false, session_once: true }),
];

/// Every provider that must be safe to pay through. Dwolla has no sessions, so there is only one guard to rely on.
fn providers() -> Vec<(&'static str, Provider)> {
    let dollr = DOLLR.map(|(name, guards)| (name, Provider::with_sessions(guards, Terms::default())));
    let dwolla = ("dwolla with its keys for a day", Provider::with_keys_for_a_day(true, DwollaRail::TERMS));
    dollr.into_iter().chain([dwolla]).collect()
}

/// How deep the walks go in which a person may, at any rest, call the payment not paid, be wrong, and try it again.
const MOST_WITH_A_PERSON: usize = 3;

/// Engines and providers that must be found to pay twice.
fn hopeless() -> [(&'static str, Provider); 3] {
    let none = Guards { key_once: false, session_once: false };
    let trusting = Terms { forgets_keys: false, ..DwollaRail::TERMS };
    [
        ("dollr without any guard", Provider::with_sessions(none, Terms::default())),
        ("dwolla without its keys", Provider::with_keys_for_a_day(false, DwollaRail::TERMS)),
        ("dwolla taken to know its keys for good", Provider::with_keys_for_a_day(true, trusting)),
    ]
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    let most = run.scale.pick(4, 5, 6);
    figures.count("mishaps in one life, at most", most, "");
    let providers = providers();
    let walks: Vec<Walk> = thread::scope(|scope| {
        let walk = |provider| scope.spawn(move || every_life(most, provider));
        let walks: Vec<_> = providers.iter().map(|(_, provider)| walk(*provider)).collect();
        walks.into_iter().map(|walk| walk.join().expect("a walk does not panic")).collect()
    });
    for ((name, _), walk) in providers.iter().zip(walks) {
        if let Some(violation) = walk.violation {
            return Err(run.violation(format!("{name}: {violation}")).into());
        }
        figures.count(name, walk.states, "distinct states");
        figures.count(&format!("{name}, behind them"), walk.turns, "turns of the drive loop");
        figures.text(&format!("{name}, in all"), format!("{} payment lives", walk.lives));
    }
    for (name, provider) in providers {
        let walk = every_life(MOST_WITH_A_PERSON, provider.with_an_impatient_person());
        if let Some(violation) = walk.violation {
            return Err(run.violation(format!("{name}, and a person who may be wrong: {violation}")).into());
        }
        figures.count(&format!("{name}, with a person who may be wrong"), walk.states, "distinct states");
    }
    for (name, provider) in hopeless() {
        let walk = every_life(3, provider);
        if !walk.violation.is_some_and(|violation| violation.contains("payments were made")) {
            let what = format!("{name}, the walk finds no double payment, so it can find none");
            return Err(run.violation(what).into());
        }
    }
    Ok(figures)
}
