//! The decision, the drive loop and every combination of mishaps that can befall a payment.
//!
//! The walk itself is shared with the tests of `payonce`, which take it less deep.

use crate::suite::{Figures, Run, Stop, Suite};

#[path = "../../../crates/payonce/tests/model/mod.rs"]
mod model;

use model::{Guards, every_life};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "exhaustive",
    claim: "Under every combination of mishaps, with either guard of the provider switched off, no payment is made \
            twice, none is called failed after its money moved, and each ends.",
    run,
};

fn run(run: &Run) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    let most = run.scale.pick(3, 3, 3);
    figures.count("mishaps in one life, at most", most, "");
    for (name, key_once, session_once) in
        [("with both guards", true, true), ("without G2", true, false), ("without G1", false, true)]
    {
        let (lives, violation) = every_life(most, Guards { key_once, session_once });
        if let Some(violation) = violation {
            return Err(run.violation(format!("{name}: {violation}")).into());
        }
        figures.count(name, lives, "lives");
    }
    let (_, violation) = every_life(2, Guards { key_once: false, session_once: false });
    if !violation.is_some_and(|violation| violation.contains("payments were made")) {
        return Err(run
            .violation("without any guard the walk finds no double payment, so it can find none")
            .into());
    }
    Ok(figures)
}
