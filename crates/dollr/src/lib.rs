//! Move money through Dollr without ever paying twice.
//!
//! ```no_run
//! use dollr::{AccountId, Dollr, Settlement, usd};
//!
//! # async fn pay() -> Result<(), dollr::Error> {
//! // DOLLR_CLIENT_ID, DOLLR_CLIENT_SECRET, DOLLR_PASSCODE, DOLLR_PASSCODE_PHONE, PAYONCE_JOURNAL
//! let dollr = Dollr::from_env()?;
//!
//! // After a crash: drive whatever is unfinished. Safe at every start.
//! dollr.resume().await?;
//!
//! // Pay. The name is yours and permanent.
//! let ama = AccountId::from(18);
//! let payout = dollr.payout("salary/2026-11/ama", ama, usd("250.00")?).send().await?;
//!
//! // Wait. An error never means "the payment failed"; it means that we stopped watching.
//! match payout.settled().await? {
//!     Settlement::Completed(receipt) => println!("paid {}", receipt.payee_amount),
//!     Settlement::Failed(failure) => println!("declined: {failure}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Tasks
//!
//! Each example is a program; `cargo run -p dollr --example NAME` runs it, against a sandbox that it starts itself.
//!
//! | I want to … | with | example |
//! |---|---|---|
//! | collect an invoice, in one expression | [`Dollr::collect`] | `collect_invoice` |
//! | collect for an order, with each step my own | [`Dollr::orders`], [`Dollr::collection`] | `collect_order` |
//! | have customer and invoice made by one call | [`Dollr::checkout`], [`direct`](CreateCheckout::direct) | `checkout_shortcut` |
//! | send a customer to a page to pay | [`Dollr::checkout`], [`Checkout::verify`] | `hosted_checkout` |
//! | collect from a card with 3-D Secure | [`Accounts::card`], [`Status::NeedsAction`] | `card` |
//! | pay an account | [`Dollr::payout`] | `payout` |
//! | pay a person, by phone number | [`Dollr::payout_to`] | `payout_to_phone` |
//! | move money to a counterparty's wallet | [`Dollr::transfer`] | `transfer` |
//! | pay a part of a collection back | [`Dollr::refund_of`] | `refund` |
//! | know beforehand what it will cost | [`Order::preview`] | `payout` |
//! | watch a payment | [`Payment::watch`] | `transfer` |
//! | hear of a settlement sooner than by polling | the feature `realtime` | `realtime` |
//! | hold the journal against the provider | [`Dollr::reconcile`] | `reconcile` |
//! | know what an error means for the money | [`Error::effect`] | `error_handling` |
//! | pay from a web server, and stop it | [`Dollr::idle`], [`Dollr::resume`] | `axum_server` |
//!
//! Coming from the provider's own guide for Rust? [Here are its steps](from_the_rust_guide), side by side with this crate's;
//! and [what you no longer have to know](what_you_no_longer_have_to_know).
//!
//! # What holds
//!
//! A payment is known by a permanent name. Its key with the provider is derived from the name, it is written to a
//! journal before anything is sent, and it is driven to its end across lost replies, restarts and `kill -9`. Sending
//! the same name again, in any process, goes on with the same payment. The promise and what it assumes of the
//! provider are in the engine's crate, `payonce`.
//!
//! # Errors
//!
//! Every error says whether money may have moved, and that is all a program need ask:
//!
//! ```no_run
//! # use dollr::{Effect, Order};
//! # async fn pay(order: Order) {
//! match order.send().await {
//!     Ok(payment) => println!("{} is on its way", payment.name()),
//!     Err(error) if error.effect() == Effect::None => println!("nothing was sent: {error}"),
//!     Err(error) => println!("resume later, do not pay in another way: {error}"),
//! }
//! # }
//! ```
//!
//! # The other movements
//!
//! ```no_run
//! use dollr::{AccountId, Currency, Dollr, Source, Status, usd};
//!
//! # async fn more(dollr: Dollr) -> Result<(), dollr::Error> {
//! dollr.transfer("float/2026-11-20", 3.into(), 15.into(), usd("900.00")?).send().await?;
//!
//! // An invoice, its publication and the payment in one; safe to run again after a crash at any point.
//! let (amara, her_phone) = (15.into(), AccountId::new(18));
//! let collect = dollr.collect("INV-7", amara, her_phone, Currency::USD).item("Consulting", 2, usd("125.00")?);
//! collect.send().await?.settled().await?;
//! dollr.refund_of("refund/INV-7/1", "INV-7", usd("10.00")?).reason("damaged").send().await?;
//!
//! // For an invoice that is there already, by card.
//! let invoice = Source::Invoice(101.into());
//! let collection = dollr.collection("INV-8", invoice, AccountId::new(31), Currency::USD).send().await?;
//! if let Status::NeedsAction { client_secret } = collection.status().await? {
//!     // Hand it to the card form in the customer's browser, which begins 3-D Secure with it.
//!     let _ = client_secret.expose();
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Secrets
//!
//! The client secret, the passcode and the access token live in memory only: no error, `Debug`, log or journal shows
//! them, and what the provider says is searched for them before it is kept. Requests go over HTTPS (or plain HTTP to
//! this machine), no redirect is followed, no reply over 2 MiB is read, and every request has a time limit. Each
//! request is one `tracing` event at debug level with its operation, status, request id and duration.
//!
#![doc = include_str!("manners.md")]

#[cfg(feature = "blocking")]
pub mod blocking;
mod classify;
mod client;
mod collect;
mod config;
mod ids;
mod instruction;
mod orders;
mod payees;
mod phone;
mod preview;
mod rail;
#[cfg(feature = "realtime")]
mod realtime;
mod reconcile;
mod refunds;
mod resources;
mod status;
mod transport;

pub use client::{Dollr, Payment};
pub use collect::Collect;
pub use config::{Builder, Config, Device, Passcode};
pub use dollr_raw as raw;
pub use ids::{
    AccountId, CounterpartyId, InvoiceId, ItemId, MerchantId, OrderId, PartyId, PaymentIntentId, SessionId,
    WalletId,
};
pub use instruction::Instruction;
pub use orders::{Order, Source};
pub use payonce::journal::{self, Filter, Journal, Listed, PaymentId, Record, Standing, Summary, Unread};
/// The states of a payment as they come: [`Payment::watch`].
pub type Watch = payonce::Watch<DollrRail>;
pub use payees::{Payee, PayoutTo};
pub use payonce::rail::Report;
pub use payonce::reconcile::{Compared, Moved, There};
pub use payonce::step::{Decision, Entry, Event, Expect};
pub use payonce::{
    Clock, Currency, Effect, Error, ErrorKind, Failure, IntoName, Limits, Money, Name, Namespace, Operation,
    Pace, ParkReason, Receipt, ReferenceId, Secret, Settlement, Status, SystemClock, Timestamp, Vitals,
};
pub use phone::Phone;
pub use rail::DollrRail;
#[cfg(feature = "realtime")]
pub use realtime::Realtime;
pub use reconcile::{Difference, Reconcile, Reconciliation};
pub use refunds::RefundOrder;
/// The HTTP client, for [`Builder::http`].
pub use reqwest;
pub use resources::accounts::{Accounts, CardAccount, CreateAccount, CreateCardAccount, PaymentAccount};
pub use resources::checkouts::{Checkout, CreateCheckout, Sale};
pub use resources::counterparties::{Counterparties, Counterparty, ListCounterparties, UpdateCounterparty};
pub use resources::documents::{
    CreateDocument, Document, DocumentId, Documents, Draft, Exchange, Invoice, Invoices, Item, ListDocuments,
    Published, PurchaseOrder, PurchaseOrders, SourceReceipt, Unfinished, UpdateDocument, UpdateItem,
};
pub use resources::fees::{FeeTier, Fees, GatewayFee, MerchantTier, PlatformFee};
pub use resources::links::{Links, SourceNumber};
pub use resources::merchant::{Merchant, MerchantType, Merchants, OwnerType};
pub use resources::methods::{Means, OperationType};
pub use resources::parties::{CreateParty, ListParties, Parties, Party};
pub use resources::predictions::{Card, MobileMoney, PredictAmount, Predictions, Preview};
pub use resources::words::{FeeBearer, PaymentMethod, PaymentProvider, Relationship};
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

#[doc = include_str!("from_the_rust_guide.md")]
pub mod from_the_rust_guide {}

#[doc = include_str!("what_you_no_longer_have_to_know.md")]
pub mod what_you_no_longer_have_to_know {}

/// The example of a fleet compiles.
#[cfg(all(doctest, feature = "postgres"))]
#[doc = include_str!("../../../docs/fleet.md")]
mod fleet {}

/// The example in the project's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
