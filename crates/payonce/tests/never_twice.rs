//! Every combination of up to three mishaps, with either of the provider's two guards switched off: no payment is ever
//! made twice, none is called failed after its money moved, and each ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod model;

use model::{Guards, every_life};

fn holds(guards: Guards) {
    let (lives, violation) = every_life(3, guards);
    assert_eq!(violation, None, "after {lives} lives");
    assert!(lives > 10_000, "only {lives} lives were lived; the tree has lost its branches");
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
    let (_, violation) = every_life(2, Guards { key_once: false, session_once: false });
    assert!(violation.is_some_and(|violation| violation.contains("payments were made")));
}
