//! Dwolla, played: its transfers and what they need, with books of their own.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # fn your_client(_: &str, _: &str, _: &str) {}
//! use payonce_sandbox::DwollaSandbox;
//! use payonce_sandbox::dwolla::{KEY, SECRET};
//!
//! let sandbox = DwollaSandbox::start().await?;
//! let client = your_client(sandbox.url(), KEY, SECRET); // or sandbox.env(), for a child process
//! assert!(sandbox.ledger().paid_twice().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # What it serves
//!
//! The token (HTTP Basic or form), the root, the application's account, customers, funding sources, on-demand
//! authorisations, transfers with their fees, failures and cancellation, lists of transfers, and the simulations of the
//! provider's own sandbox; and `/_sandbox/*` for the clock, the faults, the switches, the ledger, the request log and a
//! reset. Links lead to the sandbox itself. It listens on this machine only.
//!
//! A transfer between balances is processed at once. One that touches a bank stays `pending` until it is simulated, a
//! call for each bank (or, by a switch, until the [banks' days](switches::Settlement) have passed), and can be cancelled
//! until 16:00 in Chicago on a banking day, unless a bank has heard of it. From a terminal, `payonce simulate` tells the
//! banks.
//!
//! There are no events and no webhooks. They would tell sooner what a look tells, and the engine looks.
//!
//! # What it begins with
//!
//! | what | constants |
//! |---|---|
//! | the application's account | [`ACCOUNT`], with [`BALANCE`] and [`BANK`], a billion dollars in each |
//! | customers not verified | [`CUSTOMER`] with [`CUSTOMER_BANK`]; [`CUSTOMER_WITHOUT_BANK`]; [`SUSPENDED_CUSTOMER`] |
//! | verified customers | [`VERIFIED_CUSTOMER`] with [`VERIFIED_BANK`] and [`VERIFIED_BALANCE`]; [`BUSINESS`], whose [`BUSINESS_BALANCE`] holds 1.00 |
//! | banks that fail | [`SHORT_BANK`] and [`LATE_SHORT_BANK`] of the account, [`RETURNING_BANK`] and [`LATE_RETURNING_BANK`] of [`CUSTOMER`]; [`UNVERIFIED_BANK`] |
//! | somebody else's | [`FOREIGN_ACCOUNT`], [`FOREIGN_CUSTOMER`]: 403 |
//!
//! # Outcomes by magic values
//!
#![doc = include_str!("magic.md")]
//!
//! What a return does to the bank and its customer is in the table of the provider's return codes; which codes remove
//! the bank is a [switch](switches::BankRemoval).
//!
//! # What the documents leave open
//!
//! Is a [switch](Switches) each, set with [`Builder::switches`], [`DwollaSandbox::switches`](crate::DwollaSandbox::switches)
//! or `/_sandbox/switches`. With [`Output::SeedExact`](switches::Output) when it starts, the sandbox answers as the
//! provider's document of 2018 shows, and holds the transfers of its examples.

mod app;
mod banking;
mod books;
mod disk;
mod hal;
mod idempotency;
mod ledger;
mod problem;
mod returns;
mod routes;
pub(crate) mod sandbox;
mod seed;
mod store;
pub mod switches;
mod table;
mod things;
mod transfers;
mod volume;

/// The magic values and what each does, as a table in Markdown: for a help text.
pub fn magic_values() -> &'static str {
    include_str!("magic.md")
}

pub use ledger::{Entry, Ledger, Movement};
pub use sandbox::Builder;
pub use seed::{
    ACCOUNT, BALANCE, BANK, BUSINESS, BUSINESS_BALANCE, CUSTOMER, CUSTOMER_BANK, CUSTOMER_WITHOUT_BANK,
    FOREIGN_ACCOUNT, FOREIGN_CUSTOMER, KEY, LATE_RETURNING_BANK, LATE_SHORT_BANK, RETURNING_BANK, SECRET,
    SHORT_BANK, SUSPENDED_CUSTOMER, UNVERIFIED_BANK, VERIFIED_BALANCE, VERIFIED_BANK, VERIFIED_CUSTOMER,
};
pub use switches::Switches;
