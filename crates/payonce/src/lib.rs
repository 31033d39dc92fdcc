//! Durable, exactly-once execution of payments over any provider.
//!
//! This is the engine under the `dollr` crate. It knows no provider and no HTTP: a [`Rail`] does. What it gives:
//!
//! - a journal, written *before* the wire, so that a payment survives lost replies, retries, restarts and `kill -9`;
//! - keys derived from the payment's permanent name, so that even a lost journal meets the provider's own record;
//! - one pure decision function, [`step::next`], and one loop that sends money.
//!
//! # The promise
//!
//! 1. At any time a payment has at most one reference id, and at most one session, that can still be executed.
//! 2. Every payment ends `Completed`, `Failed` or `Parked` (a human must decide, with the evidence at hand). None is
//!    lost, none hangs.
//! 3. A payment's name is for life: the same name is the same payment in every process and every run, even with the
//!    journal deleted (the derived key meets the provider's own record).
//!
//! It assumes of the provider two guards, of which either one alone suffices while the journal lives: that it
//! executes one reference id at most once, and that it executes one session at most once and never after its expiry.
//! It also assumes that a status read eventually tells the truth.

mod clock;
pub mod drive;
mod engine;
mod error;
pub mod journal;
mod measure;
mod money;
mod name;
mod payment;
pub mod rail;
pub mod reconcile;
mod resolve;
mod schedule;
#[cfg(feature = "schemars")]
mod schema;
mod secret;
pub mod step;
mod watch;
mod work;

pub use clock::{BoxFuture, Clock, SystemClock};
pub use engine::{Engine, Settings};
pub use error::{Effect, Error, ErrorKind};
pub use money::{Currency, Money};
pub use name::{IntoName, MAX_LENGTH, Name, Namespace, Operation, ReferenceId};
pub use payment::{Payment, Settlement, Status};
pub use rail::Rail;
pub use schedule::Pace;
pub use secret::Secret;
pub use step::{Failure, ParkReason, Receipt, Timestamp};
pub use watch::Watch;
pub use work::{Limits, Vitals};
