//! What an order will come to, before it is sent: the provider is asked with the very contents that would be sent.

use payonce::{Currency, Error};

use crate::orders::{Contents, Order, payable};
use crate::refunds::RefundOrder;
use crate::resources::methods::{Means, OperationType};
use crate::resources::predictions::Preview;

impl Order {
    /// What it will come to: the amounts and fees that settle, unless the provider changes its rates in between. Reads
    /// only; the order can be sent after it.
    ///
    /// `by` is how the account is reached: a [`PaymentMethod`](crate::PaymentMethod), or the account itself as
    /// [`PaymentAccount`](crate::PaymentAccount). The provider does not tell it by an account's id. A transfer is by
    /// [`Wallet`](crate::PaymentMethod::Wallet).
    ///
    /// ```no_run
    /// use dollr::{AccountId, Dollr, PaymentMethod, usd};
    ///
    /// # async fn ask(dollr: Dollr) -> Result<(), dollr::Error> {
    /// let payout = dollr.payout("salary/2026-11/ama", AccountId::new(18), usd("250.00")?);
    /// let preview = payout.preview(PaymentMethod::MtnMomoLbr).await?;
    /// println!("the wallet pays {}", preview.payer_amount);
    /// payout.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Invalid` when the order itself is not in order; `Refused` when it cannot be paid by that; otherwise what kept
    /// the provider's word from being read.
    pub async fn preview(&self, by: impl Into<Means>) -> Result<Preview, Error> {
        let by = by.into();
        let ask = self.client.predictions();
        match self.contents.clone().checked()? {
            Contents::Payout { amount, .. } => ask.amount(OperationType::Payout, by, amount).await,
            Contents::Transfer { amount, .. } => ask.amount(OperationType::Transfer, by, amount).await,
            Contents::Refund { amount, .. } => ask.amount(OperationType::Refund, by, amount).await,
            Contents::Collection { source, currency, .. } => ask.source(source, by, currency).await,
        }
    }
}

impl RefundOrder {
    /// What it will come to, as [`Order::preview`], when the customer had paid by that means and in that currency. Reads
    /// only, and does not look at the collection.
    ///
    /// # Errors
    /// As [`Order::preview`].
    pub async fn preview(&self, by: impl Into<Means>, paid_in: Currency) -> Result<Preview, Error> {
        let by = by.into();
        let ask = self.order.client.predictions();
        match &self.order.contents {
            Contents::Refund { amount, .. } => {
                ask.amount(OperationType::Refund, by, payable(*amount)?).target(paid_in).await
            }
            _ => self.order.preview(by).await,
        }
    }
}
