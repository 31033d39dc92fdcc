//! The client for plain threads: every call waits, and one thread in the background drives the payments.
//!
//! ```no_run
//! use dwolla::{CustomerId, FundingSourceId, Settlement, blocking::Dwolla, usd};
//!
//! # fn main() -> Result<(), dwolla::Error> {
//! let dwolla = Dwolla::from_env()?;
//! dwolla.resume()?;
//! let bank = FundingSourceId::new("707177c3-bf15-4e7e-b37c-55c3898d9bf4");
//! let jane = CustomerId::new("07d59716-ef22-4fe6-98e8-f3190233dfb8");
//! let transfer = dwolla.transfer("invoice/4711", bank, jane, usd("225.00")?).metadata("note", "work").send()?;
//! if let Settlement::Completed(receipt) = transfer.settled()? {
//!     println!("paid {}", receipt.payee_amount);
//! }
//! // Everything else the client can do is a `wait` away.
//! let returned = dwolla.wait(dwolla.client().returned(transfer.payment()))??;
//! # Ok(())
//! # }
//! ```
//!
//! Inside a Tokio runtime every call is an error that says so, and never a panic: there [`crate::Dwolla`] is the client.
//! When the last handle is dropped the background thread ends with whatever it was doing, which the journal survives as
//! it survives a crash; [`idle`](Dwolla::idle) waits for the payments first.

use payonce::{IntoName, Money};

use crate::ids::FundingSourceId;
use crate::links::Owner;
use crate::orders::Destination;

payonce_rest::blocking_client!(Dwolla, DwollaRail, "dwolla");

impl Dwolla {
    /// As [`crate::Dwolla::transfer`].
    pub fn transfer(
        &self,
        name: impl IntoName,
        source: FundingSourceId,
        destination: impl Into<Destination>,
        amount: Money,
    ) -> Order {
        self.order(self.client.transfer(name, source, destination, amount))
    }
}

impl Order {
    /// As [`crate::Order::metadata`].
    pub fn metadata(self, key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { order: self.order.metadata(key, value), ..self }
    }

    /// As [`crate::Order::fee`].
    pub fn fee(self, charge_to: impl Into<Owner>, amount: Money) -> Self {
        Self { order: self.order.fee(charge_to, amount), ..self }
    }

    /// As [`crate::Order::clearing_next_available`].
    pub fn clearing_next_available(self) -> Self {
        Self { order: self.order.clearing_next_available(), ..self }
    }

    /// As [`crate::Order::source_clearing_next_available`].
    pub fn source_clearing_next_available(self) -> Self {
        Self { order: self.order.source_clearing_next_available(), ..self }
    }

    /// As [`crate::Order::source_clearing_standard`].
    pub fn source_clearing_standard(self) -> Self {
        Self { order: self.order.source_clearing_standard(), ..self }
    }
}
