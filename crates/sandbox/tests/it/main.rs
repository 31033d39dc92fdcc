//! The sandbox seen from outside, over real sockets. What a test says about money it asks the ledger.

mod books;
mod contract;
mod durable;
mod faults;
mod merchant;
mod money;
mod refusals;
mod time;
