//! The client for plain threads: every call waits, and one thread in the background drives the payments.
//!
//! ```no_run
//! use dollr::{Settlement, blocking::Dollr, usd};
//!
//! # fn main() -> Result<(), dollr::Error> {
//! let dollr = Dollr::from_env()?;
//! dollr.resume()?;
//! let payout = dollr.payout("salary/2026-11/ama", 18.into(), usd("250.00")?).send()?;
//! if let Settlement::Completed(receipt) = payout.settled()? {
//!     println!("paid {}", receipt.payee_amount);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Everything else the client can do is a [`wait`](Dollr::wait) away:
//!
//! ```no_run
//! # fn example(dollr: dollr::blocking::Dollr) -> Result<(), dollr::Error> {
//! let state = dollr.wait(dollr.client().source_status(dollr::Source::Invoice(101.into())))??;
//! # Ok(())
//! # }
//! ```
//!
//! Inside a Tokio runtime every call is an error that says so, and never a panic: there [`crate::Dollr`] is the client.
//! When the last handle is dropped the background thread ends with whatever it was doing, which the journal survives as
//! it survives a crash; [`idle`](Dollr::idle) waits for the payments first.

use payonce::{Currency, Error, IntoName, Money};
use payonce_rest::blocking::Background;

use crate::ids::{AccountId, CounterpartyId, PaymentIntentId, WalletId};
use crate::orders::Source;

payonce_rest::blocking_client!(Dollr, DollrRail, "dollr");

impl Dollr {
    /// As [`crate::Dollr::payout`].
    pub fn payout(&self, name: impl IntoName, account: AccountId, amount: Money) -> Order {
        self.order(self.client.payout(name, account, amount))
    }

    /// As [`crate::Dollr::transfer`].
    pub fn transfer(
        &self,
        name: impl IntoName,
        wallet: WalletId,
        counterparty: CounterpartyId,
        amount: Money,
    ) -> Order {
        self.order(self.client.transfer(name, wallet, counterparty, amount))
    }

    /// As [`crate::Dollr::refund`].
    pub fn refund(&self, name: impl IntoName, payment_intent: PaymentIntentId, amount: Money) -> RefundOrder {
        let order = self.client.refund(name, payment_intent, amount);
        RefundOrder { order, background: self.background.clone() }
    }

    /// As [`crate::Dollr::collection`].
    pub fn collection(
        &self,
        name: impl IntoName,
        source: impl Into<Source>,
        account: impl Into<AccountId>,
        currency: Currency,
    ) -> Order {
        self.order(self.client.collection(name, source, account, currency))
    }
}

/// A refund that is asked for and not yet made.
#[derive(Clone, Debug)]
#[must_use = "a refund does nothing before it is sent"]
pub struct RefundOrder {
    order: crate::RefundOrder,
    background: Background,
}

impl RefundOrder {
    /// As [`crate::RefundOrder::reason`].
    pub fn reason(self, why: impl Into<String>) -> Self {
        Self { order: self.order.reason(why), ..self }
    }

    /// As [`crate::RefundOrder::send`].
    ///
    /// # Errors
    /// As [`Order::send`].
    pub fn send(self) -> Result<Payment, Error> {
        let payment = self.background.wait(self.order.send())??;
        Ok(Payment::new(payment, &self.background))
    }
}
