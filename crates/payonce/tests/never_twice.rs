//! Every combination of up to three mishaps, with either of the provider's two guards switched off, or with keys alone
//! that are soon forgotten: no payment is ever made twice, none is called failed after its money moved, and each ends.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod model;

use std::time::Duration;

use model::{Guards, Provider, every_life};
use payonce::step::Terms;

fn holds(provider: Provider) {
    let walk = every_life(3, provider);
    assert_eq!(walk.violation, None, "after {} states and {} turns", walk.states, walk.turns);
    assert!(walk.lives > 10_000, "only {} lives were lived; the tree has lost its branches", walk.lives);
}

fn with_sessions(key_once: bool, session_once: bool) -> Provider {
    Provider::with_sessions(Guards { key_once, session_once }, Terms::default())
}

fn forgetful() -> Terms {
    Terms { margin: Duration::from_secs(600), forgets_keys: true, ..Terms::default() }
}

#[test]
fn both_guards() {
    holds(with_sessions(true, true));
}

#[test]
fn the_key_guard_alone_suffices() {
    holds(with_sessions(true, false));
}

#[test]
fn the_session_guard_alone_suffices() {
    holds(with_sessions(false, true));
}

#[test]
fn keys_that_are_forgotten_after_a_day_suffice_without_sessions() {
    holds(Provider::with_keys_for_a_day(true, forgetful()));
}

/// A person may at any moment call a payment not paid, be wrong, and try it again.
#[test]
fn a_person_who_is_wrong_pays_nobody_twice() {
    for provider in [
        with_sessions(true, false),
        with_sessions(false, true),
        Provider::with_keys_for_a_day(true, forgetful()),
    ] {
        holds(provider.with_an_impatient_person());
    }
}

/// The walk must be able to fail: without any guard, a single late copy pays twice.
#[test]
fn without_any_guard_the_walk_finds_a_double_payment() {
    let unguarded = [with_sessions(false, false), Provider::with_keys_for_a_day(false, forgetful())];
    for provider in unguarded {
        let walk = every_life(2, provider);
        assert!(walk.violation.is_some_and(|violation| violation.contains("payments were made")));
    }
}

/// To treat such keys as if they were for good is a mistake, and the walk finds it.
#[test]
fn keys_that_are_forgotten_are_not_relied_on_for_good() {
    let trusting = Terms { forgets_keys: false, ..forgetful() };
    let walk = every_life(3, Provider::with_keys_for_a_day(true, trusting));
    assert!(walk.violation.is_some());
}
