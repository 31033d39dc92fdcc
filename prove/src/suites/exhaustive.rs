//! The decision, the drive loop and every combination of mishaps that can befall a payment.
//!
//! The walk itself is shared with the tests of `payonce`, which take it less deep.

use std::thread;

use payonce::step::Terms;

use crate::suite::{Figures, Run, Stop, Suite};

#[allow(clippy::unwrap_used, reason = "it is shared with tests, where what cannot go on has failed")]
#[path = "../../../crates/payonce/tests/model/mod.rs"]
mod model;

use model::{Guards, Walk, every_life};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "exhaustive",
    claim: "Under every combination of mishaps, with either guard of the provider switched off, at most one key and one \
            session can be executed at a time, no payment is made twice or called failed after its money moved, and \
            each ends.",
    run,
};

/// What the provider guarantees, with either guard taken away.
const PROVIDERS: [(&str, Guards); 3] = [
    ("with both guards", Guards { key_once: true, session_once: true }),
    ("without G2", Guards { key_once: true, session_once: false }),
    ("without G1", Guards { key_once: false, session_once: true }),
];

/// A rail and its terms.
type Rail = (&'static str, fn() -> Terms);

const RAILS: [Rail; 1] = [("dollr", Terms::default)];

fn run(run: &Run) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    let most = run.scale.pick(4, 5, 6);
    figures.count("mishaps in one life, at most", most, "");
    for (rail, terms) in RAILS {
        let walks: Vec<Walk> = thread::scope(|scope| {
            let walk = |guards| scope.spawn(move || every_life(most, guards, terms()));
            let walks: Vec<_> = PROVIDERS.iter().map(|(_, guards)| walk(*guards)).collect();
            walks.into_iter().map(|walk| walk.join().expect("a walk does not panic")).collect()
        });
        for ((provider, _), walk) in PROVIDERS.iter().zip(walks) {
            if let Some(violation) = walk.violation {
                return Err(run.violation(format!("{rail} {provider}: {violation}")).into());
            }
            figures.count(&format!("{rail} {provider}"), walk.states, "distinct states");
            figures.count(&format!("{rail} {provider}, behind them"), walk.turns, "turns of the drive loop");
            figures.text(&format!("{rail} {provider}, in all"), format!("{} payment lives", walk.lives));
        }
    }
    let walk = every_life(2, Guards { key_once: false, session_once: false }, Terms::default());
    if !walk.violation.is_some_and(|violation| violation.contains("payments were made")) {
        let what = "without any guard the walk finds no double payment, so it can find none";
        return Err(run.violation(what).into());
    }
    Ok(figures)
}
