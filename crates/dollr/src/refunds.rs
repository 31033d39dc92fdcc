//! Refunds: by the payment intent of a collection, or by the collection's name.

use payonce::{Error, ErrorKind, IntoName, Money, Name, ReferenceId};

use crate::client::{Dollr, Payment};
use crate::ids::PaymentIntentId;
use crate::orders::{Contents, Movement, Order};
use crate::status::ExecutionStatus;

impl Dollr {
    /// Pays back a completed collection, or a part of it.
    ///
    /// Several refunds of one collection are several payments, each with a name of its own. More than is left of it is
    /// refused by the provider: such a refund ends failed, with the provider's words.
    pub fn refund(&self, name: impl IntoName, payment_intent: PaymentIntentId, amount: Money) -> RefundOrder {
        let contents = Contents::Refund { payment_intent, amount, reason: None };
        RefundOrder { order: Order::new(self, name, contents), collection: None }
    }

    /// Pays back the completed collection of that name, or a part of it, as [`refund`](Self::refund).
    ///
    /// ```no_run
    /// # async fn refund(dollr: dollr::Dollr) -> Result<(), dollr::Error> {
    /// use dollr::usd;
    ///
    /// let refund = dollr.refund_of("refund/INV-7/1", "INV-7", usd("10.00")?).reason("damaged");
    /// refund.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn refund_of(&self, name: impl IntoName, collection: impl IntoName, amount: Money) -> RefundOrder {
        // Found out when it is sent.
        let payment_intent = PaymentIntentId::new(0);
        let contents = Contents::Refund { payment_intent, amount, reason: None };
        let order = Order::new(self, name, contents);
        RefundOrder { order, collection: Some(collection.into_name()) }
    }

    /// The payment intent of the completed collection of that name, which a refund of it names. Reads only; it finds the
    /// collection by its key, so it works without the journal, too (for a first attempt).
    ///
    /// # Errors
    /// `Invalid` when the collection is not completed, or the name is another payment's; `NotFound` when the provider
    /// knows no such collection, or does not say its payment intent (the merchant portal shows it); otherwise what kept
    /// the provider's word from being read.
    pub async fn payment_intent(&self, collection: impl IntoName) -> Result<PaymentIntentId, Error> {
        let (name, operation) = (collection.into_name()?, Movement::Collection.operation());
        let key = match self.engine().find(&name).await? {
            Some(payment) if *payment.operation() == operation => payment.reference_id(),
            Some(payment) => {
                let message = format!("{:?} is a {}, no collection", name.as_str(), payment.operation());
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            None => ReferenceId::derive(self.engine().namespace(), &operation, &name, 1),
        };
        let execution = self.execution(&operation, key).await?;
        if execution.status != ExecutionStatus::Completed {
            let message =
                format!("the collection {:?} is {}, not completed", name.as_str(), execution.status);
            return Err(Error::new(ErrorKind::Invalid, message).with_payment(operation, key));
        }
        execution.payment_intent.ok_or_else(|| {
            let message =
                "the provider does not say the collection's payment intent; the merchant portal shows it";
            Error::new(ErrorKind::NotFound, message).with_payment(operation, key)
        })
    }
}

/// A refund that is asked for and not yet made. Nothing happens before [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "a refund does nothing before it is sent"]
pub struct RefundOrder {
    pub(crate) order: Order,
    /// Whose payment intent it is for, where that has to be found out.
    collection: Option<Result<Name, Error>>,
}

impl RefundOrder {
    /// Says why, on one line. It is a part of the order: the same name with another reason is refused.
    pub fn reason(mut self, why: impl Into<String>) -> Self {
        if let Contents::Refund { reason, .. } = &mut self.order.contents {
            *reason = Some(why.into());
        }
        self
    }

    /// What the journal will hold of it, as [`Order::contents`]. Of a refund of a named collection that is not known before
    /// it is sent.
    ///
    /// # Errors
    /// `Invalid` when the order is not in order, or its payment intent is still to be found out.
    pub fn contents(&self) -> Result<String, Error> {
        self.order.contents()
    }

    /// Makes the refund, or takes up the one of that name, exactly as [`Order::send`].
    ///
    /// # Errors
    /// As [`Order::send`], and as [`Dollr::payment_intent`] for a refund of a named collection.
    pub async fn send(self) -> Result<Payment, Error> {
        self.whole().await?.send().await
    }

    /// Records the refund in a transaction of the caller's, exactly as [`Order::enqueue_in`]. For a refund of a named
    /// collection the provider is asked first, while the transaction is open.
    ///
    /// # Errors
    /// As [`Order::enqueue_in`], and as [`Dollr::payment_intent`] for a refund of a named collection.
    #[cfg(feature = "postgres")]
    pub async fn enqueue_in(
        self,
        journal: &payonce::journal::PostgresJournal,
        transaction: &payonce::journal::tokio_postgres::Transaction<'_>,
    ) -> Result<payonce::journal::Enqueued, Error> {
        self.whole().await?.enqueue_in(journal, transaction).await
    }

    /// The order, with the payment intent of a named collection found out.
    async fn whole(mut self) -> Result<Order, Error> {
        if let Some(collection) = self.collection {
            let found = self.order.client.payment_intent(collection?).await?;
            if let Contents::Refund { payment_intent, .. } = &mut self.order.contents {
                *payment_intent = found;
            }
        }
        Ok(self.order)
    }
}
