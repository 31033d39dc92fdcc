//! The sandbox seen from outside, over real sockets. What a test says about money it asks the ledger.

#![allow(clippy::unwrap_used, reason = "a test stops where something it needs is missing")]

mod accounts;
mod books;
mod browser;
mod checkouts;
mod conformance;
mod contract;
mod documents;
mod durable;
mod dwolla;
mod fault_table;
mod faults;
mod fees;
mod fixtures;
mod killed;
mod merchant;
mod money;
mod pages;
mod realtime;
mod refusals;
mod security;
mod sources;
mod time;

/// Says past the test runner, which keeps what passing tests print to itself, that a test was skipped and why. On the
/// build machine that is a failure.
#[allow(clippy::explicit_write, reason = "the test runner keeps what passing tests print to itself")]
fn skipped(why: &str) {
    use std::io::Write;
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    writeln!(std::io::stderr(), "SKIPPED: {why}").unwrap();
}
