//! Move money through Dollr without ever paying twice.
//!
//! ```no_run
//! use dollr::{AccountId, Dollr, Settlement, usd};
//!
//! # async fn pay() -> Result<(), dollr::Error> {
//! let dollr = Dollr::from_env()?;
//! dollr.resume().await?;
//!
//! let ama = AccountId::from(18);
//! let payout = dollr.payout("salary/2026-11/ama", ama, usd("250.00")?).send().await?;
//!
//! match payout.settled().await? {
//!     Settlement::Completed(receipt) => println!("paid {}", receipt.payee_amount),
//!     Settlement::Failed(failure) => println!("declined: {failure}"),
//! }
//! # Ok(())
//! # }
//! ```

mod classify;
mod client;
mod config;
mod ids;
mod orders;
mod rail;
mod redact;
mod status;
mod token;
mod transport;

pub use client::{Dollr, Payment};
pub use config::{Builder, Device, Passcode};
pub use dollr_raw as raw;
pub use ids::{AccountId, CounterpartyId, InvoiceId, OrderId, PaymentIntentId, SessionId, WalletId};
pub use orders::{IntoName, Order, RefundOrder, Source};
pub use payonce::journal::{self, Filter, Journal, PaymentId, Record, Standing, Summary};
pub use payonce::step::{Entry, Event, Expect};
pub use payonce::{
    Clock, Currency, Effect, Error, ErrorKind, Failure, Money, Name, Namespace, Operation, Pace, ParkReason,
    Receipt, ReferenceId, Secret, Settlement, Status, SystemClock, Timestamp,
};
pub use rail::DollrRail;
pub use status::{Execution, ExecutionStatus, SourceState, SourceStatus};

/// An amount of United States dollars.
///
/// # Errors
/// `Invalid` when the text is no positive amount with at most two decimal places.
pub fn usd(amount: &str) -> Result<Money, Error> {
    Money::new(amount, Currency::USD)
}

/// An amount of Liberian dollars.
///
/// # Errors
/// `Invalid` when the text is no positive amount with at most two decimal places.
pub fn lrd(amount: &str) -> Result<Money, Error> {
    Money::new(amount, Currency::LRD)
}

/// An amount of Rwandan francs, which have no smaller unit.
///
/// # Errors
/// `Invalid` when the text is no positive whole amount.
pub fn rwf(amount: &str) -> Result<Money, Error> {
    Money::new(amount, Currency::RWF)
}
