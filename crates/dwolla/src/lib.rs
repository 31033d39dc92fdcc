//! Move money through Dwolla without ever paying twice.
//!
//! ```no_run
//! use dwolla::{CustomerId, Dwolla, FundingSourceId, Settlement, usd};
//!
//! # async fn pay() -> Result<(), dwolla::Error> {
//! // DWOLLA_KEY, DWOLLA_SECRET, PAYONCE_JOURNAL
//! let dwolla = Dwolla::from_env()?;
//!
//! // After a crash: drive whatever is unfinished. Safe at every start.
//! dwolla.resume().await?;
//!
//! // Pay. The name is yours and permanent.
//! let bank = FundingSourceId::new("707177c3-bf15-4e7e-b37c-55c3898d9bf4");
//! let jane = CustomerId::new("07d59716-ef22-4fe6-98e8-f3190233dfb8");
//! let transfer = dwolla
//!     .transfer("invoice/4711", bank, jane.clone(), usd("225.00")?)
//!     .metadata("note", "completed work")
//!     .fee(jane, usd("4.00")?)
//!     .clearing_next_available()
//!     .send()
//!     .await?;
//!
//! // Wait. An error never means "the payment failed"; it means that we stopped watching.
//! match transfer.settled().await? {
//!     Settlement::Completed(receipt) => println!("paid {}", receipt.payee_amount),
//!     Settlement::Failed(failure) => println!("it came back: {failure}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Tasks
//!
//! Each example is a program; `cargo run -p dwolla --example NAME` runs it, against a sandbox that it starts itself.
//!
//! | I want to … | with | example |
//! |---|---|---|
//! | move money, and watch it go | [`Dwolla::transfer`], [`Payment::watch`] | `bank_transfer` |
//! | take a fee, and note what it is for | [`Order::fee`], [`Order::metadata`], [`Transfers::fees`] | `fees` |
//! | stop a transfer in time | [`Dwolla::transfer_of`], [`Transfers::cancel`] | `cancel` |
//! | know why a bank sent money back, be it weeks later | [`Dwolla::returned`], [`ReturnCode`] | `failure` |
//! | go on after a crash | [`Dwolla::resume`], [`Dwolla::find`] | `resume` |
//! | hold the journal against the provider | [`Dwolla::reconcile`] | |
//!
//! # What holds
//!
//! A payment is known by a permanent name. Its key with the provider is derived from the name, it is written to a
//! journal before anything is sent, and it is driven to its end across lost replies, restarts and `kill -9`. Sending
//! the same name again, in any process, goes on with the same payment. The promise and what it assumes of the
//! provider are in the engine's crate, `payonce`.
//!
//! The provider forgets a key after a day, and takes its next use for another transfer. So a transfer is looked for
//! before it is first sent; it is sent again, byte for byte, for 23 hours; and one that may have been made and is not
//! found after that is parked for a person, never sent again. It carries its key as `correlationId`, too, by which it is
//! found for ever.
//!
//! A payment is completed when its transfer is `processed`. A bank may return the money weeks later all the same. The
//! payment stays completed then, its transfer, retrieved again, is `failed`, and [`Dwolla::returned`] says why.
//!
//! # Errors
//!
//! Every error says whether money may have moved, and that is all a program need ask:
//!
//! ```no_run
//! # use dwolla::{Effect, Order};
//! # async fn pay(order: Order) {
//! match order.send().await {
//!     Ok(payment) => println!("{} is on its way", payment.name()),
//!     Err(error) if error.effect() == Effect::None => println!("nothing was sent: {error}"),
//!     Err(error) => println!("resume later, do not pay in another way: {error}"),
//! }
//! # }
//! ```
//!
//! # Secrets
//!
//! The application's secret and the access token live in memory only: no error, `Debug`, log or journal shows them,
//! and what the provider says is searched for them before it is kept. Requests go over HTTPS (or plain HTTP to this
//! machine), no redirect and no link is followed, no reply over 2 MiB is read, and every request has a time limit. Each
//! request is one `tracing` event at debug level with its operation, status, request id and duration.
//!
//! # Features
//!
//! None is on by default, and none changes what is safe.
//!
//! | feature | what it brings |
//! |---|---|
//! | `blocking` | `dwolla::blocking`: the client for plain threads |
//! | `metrics` | counters and histograms through the `metrics` facade |
//! | `schemars` | JSON schemas of what can be written down: settings, orders, money, names, records |

#[cfg(feature = "blocking")]
pub mod blocking;
mod classify;
mod client;
mod config;
mod contents;
mod ids;
mod instruction;
mod links;
mod orders;
mod rail;
mod reader;
mod resources;
mod returns;
mod status;
mod transport;

pub use client::{Dwolla, Payment};
pub use config::{Builder, Config};
pub use contents::Fee;
pub use dwolla_raw as raw;
pub use ids::{AccountId, CustomerId, FundingSourceId, OnDemandAuthorizationId, TransferId};
pub use instruction::Instruction;
pub use links::{Link, Owner};
pub use orders::{Destination, Order};
pub use payonce::journal::{self, Filter, Journal, Listed, PaymentId, Record, Standing, Summary, Unread};
pub use payonce::rail::Report;
pub use payonce::reconcile::{Compared, Difference, Moved, Reconciliation, There};
pub use payonce::step::{Decision, Entry, Event, Expect};
pub use payonce::{
    Clock, Currency, Effect, Error, ErrorKind, Failure, IntoName, Limits, Money, Name, Namespace, Operation,
    Pace, ParkReason, Receipt, ReferenceId, Secret, Settlement, Status, SystemClock, Timestamp, Vitals,
};
pub use rail::DwollaRail;
/// The HTTP client, for [`Builder::http`].
pub use reqwest;
pub use resources::accounts::{Account, Accounts};
pub use resources::banks::AddBank;
pub use resources::customers::{CreateCustomer, Customer, CustomerStatus, CustomerType, Customers};
pub use resources::funding_sources::{
    Balance, BankAccountType, Channel, FundingSource, FundingSourceStatus, FundingSourceType, FundingSources,
};
pub use resources::on_demand_authorizations::{OnDemandAuthorization, OnDemandAuthorizations};
pub use resources::search::{ListTransfers, NaiveDate};
pub use resources::simulations::Simulations;
pub use resources::transfers::{Cancellation, Returned, Transfers};
pub use returns::{BankAfterReturn, RemovalRule, ReturnCode, ReturnWindow};
pub use status::{ClearingSpeed, Transfer, TransferFailure, TransferStatus};
/// The states of a payment as they come: [`Payment::watch`].
pub type Watch = payonce::Watch<DwollaRail>;

/// An amount of United States dollars, the only currency there is here.
///
/// # Errors
/// `Invalid` when the text is no positive amount with at most two decimal places.
pub fn usd(amount: &str) -> Result<Money, Error> {
    Money::new(amount, Currency::USD)
}
