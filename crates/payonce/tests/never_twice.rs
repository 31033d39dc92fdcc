//! Every combination of up to three mishaps, with either of the provider's two guards switched off: no payment is ever
//! made twice, none is called failed after its money moved, and each ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod model;

use model::{Guards, every_life};
use payonce::step::Terms;

fn holds(guards: Guards) {
    let walk = every_life(3, guards, Terms::default());
    assert_eq!(walk.violation, None, "after {} states and {} turns", walk.states, walk.turns);
    assert!(walk.lives > 10_000, "only {} lives were lived; the tree has lost its branches", walk.lives);
}

#[test]
fn both_guards() {
    holds(Guards { key_once: true, session_once: true });
}

#[test]
fn the_key_guard_alone_suffices() {
    holds(Guards { key_once: true, session_once: false });
}

#[test]
fn the_session_guard_alone_suffices() {
    holds(Guards { key_once: false, session_once: true });
}

/// The walk must be able to fail: without any guard, a single late copy pays twice.
#[test]
fn without_any_guard_the_walk_finds_a_double_payment() {
    let walk = every_life(2, Guards { key_once: false, session_once: false }, Terms::default());
    assert!(walk.violation.is_some_and(|violation| violation.contains("payments were made")));
}
