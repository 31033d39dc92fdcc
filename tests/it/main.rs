//! The facades against the sandboxes, over real sockets, with a real journal file.
//!
//! Every test ends with a question to the sandbox's ledger: how much money really moved? Time is the sandbox's own,
//! many times faster than the wall's, for client and provider alike, so that a fence of a quarter of an hour passes
//! in a second or two.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod checkouts;
mod collect;
mod coverage;
mod crash;
mod documents;
mod faults;
mod fleet;
mod flows;
mod manners;
mod manners_on_dwolla;
mod mistakes;
mod pages;
mod payees;
mod people;
mod pooler;
mod prices;
mod rails;
mod realtime;
mod reconcile;
mod storm;
mod switches;
mod world;
