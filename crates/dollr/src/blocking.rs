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

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use payonce::journal::{Filter, Record, Summary};
use payonce::{
    Currency, Error, ErrorKind, IntoName, Money, Name, Operation, ReferenceId, Settlement, Status,
};
use tokio::runtime::{Handle, Runtime};

use crate::ids::{AccountId, CounterpartyId, PaymentIntentId, WalletId};
use crate::orders::Source;

/// The thread in the background. It is told to end, not waited for: that would be a panic inside another runtime.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Background {
    fn start() -> Result<Arc<Self>, Error> {
        outside()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("dollr")
            .enable_all()
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Configuration, "the background thread could not be started")
                    .with_source(error)
            })?;
        Ok(Arc::new(Self(Some(runtime))))
    }

    fn wait<F: IntoFuture>(&self, future: F) -> Result<F::Output, Error> {
        outside()?;
        let runtime = self.0.as_ref().expect("the runtime is taken only by drop");
        Ok(runtime.block_on(async move { future.into_future().await }))
    }
}

/// Refuses to block a thread that others' tasks run on.
fn outside() -> Result<(), Error> {
    match Handle::try_current() {
        Err(_) => Ok(()),
        Ok(_) => Err(Error::new(
            ErrorKind::Invalid,
            "dollr::blocking was called inside a Tokio runtime, which it would bring to a halt; use dollr::Dollr there",
        )),
    }
}

/// A client of Dollr that never pays twice, for plain threads.
#[derive(Clone, Debug)]
pub struct Dollr {
    client: crate::Dollr,
    background: Arc<Background>,
}

impl Dollr {
    /// A client configured by the environment; [`Builder::from_env`](crate::Builder::from_env) says by which variables.
    ///
    /// # Errors
    /// As [`crate::Dollr::from_env`], and `Invalid` inside a Tokio runtime.
    pub fn from_env() -> Result<Self, Error> {
        Self::new(crate::Dollr::from_env()?)
    }

    /// The client, for plain threads. Starts the thread in the background.
    ///
    /// # Errors
    /// `Invalid` inside a Tokio runtime; `Configuration` when no thread can be started.
    pub fn new(client: crate::Dollr) -> Result<Self, Error> {
        Ok(Self { client, background: Background::start()? })
    }

    /// The client for async code that this one is made of.
    pub fn client(&self) -> &crate::Dollr {
        &self.client
    }

    /// Waits for anything that the client for async code can do.
    ///
    /// # Errors
    /// `Invalid` inside a Tokio runtime. What the future itself says is inside.
    pub fn wait<F: IntoFuture>(&self, future: F) -> Result<F::Output, Error> {
        self.background.wait(future)
    }

    fn order(&self, order: crate::Order) -> Order {
        Order { order, background: Arc::clone(&self.background) }
    }

    fn payment(&self, payment: crate::Payment) -> Payment {
        Payment { payment, background: Arc::clone(&self.background) }
    }

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
        RefundOrder { order, background: Arc::clone(&self.background) }
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

    /// As [`crate::Dollr::resume`]: drives whatever has not ended, in the background.
    ///
    /// # Errors
    /// As [`crate::Dollr::resume`], and `Invalid` inside a Tokio runtime.
    pub fn resume(&self) -> Result<usize, Error> {
        self.wait(self.client.resume())?
    }

    /// Waits until no payment is driven any more.
    ///
    /// # Errors
    /// `Invalid` inside a Tokio runtime.
    pub fn idle(&self) -> Result<(), Error> {
        self.wait(self.client.idle())
    }

    /// As [`crate::Dollr::find`].
    ///
    /// # Errors
    /// As [`crate::Dollr::find`], and `Invalid` inside a Tokio runtime.
    pub fn find(&self, name: impl IntoName) -> Result<Option<Payment>, Error> {
        let found = self.wait(self.client.find(name))??;
        Ok(found.map(|payment| self.payment(payment)))
    }

    /// As [`crate::Dollr::find_by_reference`].
    ///
    /// # Errors
    /// As [`crate::Dollr::find_by_reference`], and `Invalid` inside a Tokio runtime.
    pub fn find_by_reference(&self, reference_id: ReferenceId) -> Result<Option<Payment>, Error> {
        let found = self.wait(self.client.find_by_reference(reference_id))??;
        Ok(found.map(|payment| self.payment(payment)))
    }

    /// As [`crate::Dollr::list`].
    ///
    /// # Errors
    /// As [`crate::Dollr::list`], and `Invalid` inside a Tokio runtime.
    pub fn list(&self, filter: Filter) -> Result<Vec<Summary>, Error> {
        self.wait(self.client.list(filter))?
    }
}

/// A payment that is asked for and not yet made.
#[derive(Clone, Debug)]
#[must_use = "an order does nothing before it is sent"]
pub struct Order {
    order: crate::Order,
    background: Arc<Background>,
}

impl Order {
    /// As [`crate::Order::send`]: makes the payment, or takes up the one of that name.
    ///
    /// # Errors
    /// As [`crate::Order::send`], and `Invalid` inside a Tokio runtime, where nothing was sent.
    pub fn send(self) -> Result<Payment, Error> {
        let payment = self.background.wait(self.order.send())??;
        Ok(Payment { payment, background: self.background })
    }
}

/// A refund that is asked for and not yet made.
#[derive(Clone, Debug)]
#[must_use = "a refund does nothing before it is sent"]
pub struct RefundOrder {
    order: crate::RefundOrder,
    background: Arc<Background>,
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
        Ok(Payment { payment, background: self.background })
    }
}

/// A payment: its name, and the way to hear how it ends.
#[derive(Clone, Debug)]
pub struct Payment {
    payment: crate::Payment,
    background: Arc<Background>,
}

impl Payment {
    /// Its permanent name.
    pub fn name(&self) -> &Name {
        self.payment.name()
    }

    /// Which movement it is.
    pub fn operation(&self) -> &Operation {
        self.payment.operation()
    }

    /// The key of its present attempt.
    pub fn reference_id(&self) -> ReferenceId {
        self.payment.reference_id()
    }

    /// The payment as the journal had it when this handle was made.
    pub fn record(&self) -> &Record {
        self.payment.record()
    }

    /// As [`payonce::Payment::status`]: how it stands, by the journal.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read; `Invalid` inside a Tokio runtime.
    pub fn status(&self) -> Result<Status, Error> {
        self.background.wait(self.payment.status())?
    }

    /// As [`payonce::Payment::settled`]: waits for the end, however long it takes.
    ///
    /// # Errors
    /// As [`payonce::Payment::settled`], and `Invalid` inside a Tokio runtime.
    pub fn settled(&self) -> Result<Settlement, Error> {
        self.background.wait(self.payment.settled())?
    }

    /// As [`payonce::Payment::settled_within`]: waits for the end, but no longer than `limit`.
    ///
    /// # Errors
    /// As [`payonce::Payment::settled_within`], and `Invalid` inside a Tokio runtime.
    pub fn settled_within(&self, limit: Duration) -> Result<Settlement, Error> {
        self.background.wait(self.payment.settled_within(limit))?
    }

    /// As [`payonce::Payment::watch`]: its states as they come. The iterator waits for each, and ends with the payment.
    pub fn watch(&self) -> impl Iterator<Item = Result<Status, Error>> + use<> {
        let (mut states, background) = (self.payment.watch(), Arc::clone(&self.background));
        let mut refused = false;
        std::iter::from_fn(move || match background.wait(states.next()) {
            Ok(state) => state,
            Err(error) => (!std::mem::replace(&mut refused, true)).then_some(Err(error)),
        })
    }

    /// As [`payonce::Payment::again`]: tries a failed payment again, under the same name.
    ///
    /// # Errors
    /// As [`payonce::Payment::again`], and `Invalid` inside a Tokio runtime.
    pub fn again(&self) -> Result<Self, Error> {
        let payment = self.background.wait(self.payment.again())??;
        Ok(Self { payment, background: Arc::clone(&self.background) })
    }
}
