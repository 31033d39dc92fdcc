//! The command as its users run it: the real binary, a real sandbox, and the sandbox's ledger as the judge.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod batch;
mod batch_check;
mod demo;
mod dist;
mod doctor;
mod evidence;
mod explain;
mod fleet;
mod golden;
mod history;
mod journal;
mod orders;
mod payonce;
mod probe;
mod profiles;
mod rails;
mod reconcile;
mod resolve;
mod resume;
mod sandbox;
mod settings;
mod terminal;
mod transfers;
