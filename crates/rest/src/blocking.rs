//! What every facade's client for plain threads is made of: one thread in the background that drives the payments, calls
//! that wait, and payments whose every question waits.
//!
//! What must stay true: inside a Tokio runtime every call is an error that says so, and never a panic; and nothing waits
//! for the thread in the background when the last handle is dropped, because that would be a panic, too.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use payonce::journal::Record;
use payonce::rail::Report;
use payonce::{Error, ErrorKind, Name, Operation, Rail, Receipt, ReferenceId, Settlement, Status};
use tokio::runtime::{Handle, Runtime};

/// The thread in the background. All clones are one; it is told to end when the last is dropped.
#[derive(Clone, Debug)]
pub struct Background(Arc<Thread>);

#[derive(Debug)]
struct Thread {
    facade: &'static str,
    runtime: Option<Runtime>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Background {
    /// Starts the thread, under the facade's name.
    ///
    /// # Errors
    /// `Invalid` inside a Tokio runtime; `Configuration` when no thread can be started.
    pub fn start(facade: &'static str) -> Result<Self, Error> {
        outside(facade)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name(facade)
            .enable_all()
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::Configuration, "the background thread could not be started")
                    .with_source(error)
            })?;
        Ok(Self(Arc::new(Thread { facade, runtime: Some(runtime) })))
    }

    /// Waits for anything that the client for async code can do.
    ///
    /// # Errors
    /// `Invalid` inside a Tokio runtime. What the future itself says is inside.
    pub fn wait<F: IntoFuture>(&self, future: F) -> Result<F::Output, Error> {
        outside(self.0.facade)?;
        let runtime = self.0.runtime.as_ref().expect("the runtime is taken only by drop");
        Ok(runtime.block_on(async move { future.into_future().await }))
    }
}

/// Refuses to block a thread that others' tasks run on.
fn outside(facade: &str) -> Result<(), Error> {
    match Handle::try_current() {
        Err(_) => Ok(()),
        Ok(_) => Err(Error::new(
            ErrorKind::Invalid,
            format!(
                "{facade}::blocking was called inside a Tokio runtime, which it would bring to a halt; use the client \
                 for async code there"
            ),
        )),
    }
}

/// A payment: its name, and the way to hear how it ends.
#[derive(Debug)]
pub struct Payment<R: Rail> {
    payment: payonce::Payment<R>,
    background: Background,
}

impl<R: Rail> Clone for Payment<R> {
    fn clone(&self) -> Self {
        Self { payment: self.payment.clone(), background: self.background.clone() }
    }
}

impl<R: Rail> Payment<R> {
    /// The payment, for plain threads.
    pub fn new(payment: payonce::Payment<R>, background: &Background) -> Self {
        Self { payment, background: background.clone() }
    }

    /// The payment, for async code.
    pub fn payment(&self) -> &payonce::Payment<R> {
        &self.payment
    }

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
    pub fn watch(&self) -> impl Iterator<Item = Result<Status, Error>> + use<R> {
        let (mut states, background) = (self.payment.watch(), self.background.clone());
        let mut refused = false;
        std::iter::from_fn(move || match background.wait(states.next()) {
            Ok(state) => state,
            Err(error) => (!std::mem::replace(&mut refused, true)).then_some(Err(error)),
        })
    }

    /// As [`payonce::Payment::look_up`]: asks the provider for its present word.
    ///
    /// # Errors
    /// As [`payonce::Payment::look_up`], and `Invalid` inside a Tokio runtime.
    pub fn look_up(&self) -> Result<Option<Report>, Error> {
        self.background.wait(self.payment.look_up())?
    }

    /// As [`payonce::Payment::resolve_as_paid`]: a person's decision on a parked payment.
    ///
    /// # Errors
    /// As [`payonce::Payment::resolve_as_paid`], and `Invalid` inside a Tokio runtime.
    pub fn resolve_as_paid(&self, receipt: Receipt, by: &str, reason: &str) -> Result<Self, Error> {
        let payment = self.background.wait(self.payment.resolve_as_paid(receipt, by, reason))??;
        Ok(Self::new(payment, &self.background))
    }

    /// As [`payonce::Payment::resolve_as_not_paid`]: a person's decision on a parked payment.
    ///
    /// # Errors
    /// As [`payonce::Payment::resolve_as_not_paid`], and `Invalid` inside a Tokio runtime.
    pub fn resolve_as_not_paid(&self, by: &str, reason: &str) -> Result<Self, Error> {
        let payment = self.background.wait(self.payment.resolve_as_not_paid(by, reason))??;
        Ok(Self::new(payment, &self.background))
    }

    /// As [`payonce::Payment::again`]: tries a failed payment again, under the same name.
    ///
    /// # Errors
    /// As [`payonce::Payment::again`], and `Invalid` inside a Tokio runtime.
    pub fn again(&self) -> Result<Self, Error> {
        let payment = self.background.wait(self.payment.again())??;
        Ok(Self::new(payment, &self.background))
    }
}

/// Writes a facade's client for plain threads, its `Order` and its `Payment`: `blocking_client!(Dollr, DollrRail,
/// "dollr")`, in a module below the root. What only that provider has is added by hand.
///
/// The facade depends on `payonce`.
#[macro_export]
macro_rules! blocking_client {
    ($client:ident, $rail:ident, $facade:literal) => {
        /// A client that never pays twice, for plain threads.
        #[derive(Clone, Debug)]
        pub struct $client {
            client: super::$client,
            background: $crate::blocking::Background,
        }

        /// A payment: its name, and the way to hear how it ends.
        pub type Payment = $crate::blocking::Payment<super::$rail>;

        impl $client {
            /// A client configured by the environment; [`Builder::from_env`](super::Builder::from_env) says by which
            /// variables.
            ///
            /// # Errors
            /// As for async code, and `Invalid` inside a Tokio runtime.
            pub fn from_env() -> Result<Self, payonce::Error> {
                Self::new(super::$client::from_env()?)
            }

            /// The client, for plain threads. Starts the thread in the background.
            ///
            /// # Errors
            /// `Invalid` inside a Tokio runtime; `Configuration` when no thread can be started.
            pub fn new(client: super::$client) -> Result<Self, payonce::Error> {
                Ok(Self { client, background: $crate::blocking::Background::start($facade)? })
            }

            /// The client for async code that this one is made of.
            pub fn client(&self) -> &super::$client {
                &self.client
            }

            /// Waits for anything that the client for async code can do.
            ///
            /// # Errors
            /// `Invalid` inside a Tokio runtime. What the future itself says is inside.
            pub fn wait<F: std::future::IntoFuture>(&self, future: F) -> Result<F::Output, payonce::Error> {
                self.background.wait(future)
            }

            fn order(&self, order: super::Order) -> Order {
                Order { order, background: self.background.clone() }
            }

            /// Drives whatever has not ended, in the background, and returns how many payments that are.
            ///
            /// # Errors
            /// As for async code, and `Invalid` inside a Tokio runtime.
            pub fn resume(&self) -> Result<usize, payonce::Error> {
                self.wait(self.client.resume())?
            }

            /// Waits until no payment is driven any more.
            ///
            /// # Errors
            /// `Invalid` inside a Tokio runtime.
            pub fn idle(&self) -> Result<(), payonce::Error> {
                self.wait(self.client.idle())
            }

            /// Finds a payment by its name, in the journal, without driving it.
            ///
            /// # Errors
            /// As for async code, and `Invalid` inside a Tokio runtime.
            pub fn find(&self, name: impl payonce::IntoName) -> Result<Option<Payment>, payonce::Error> {
                let found = self.wait(self.client.find(name))??;
                Ok(found.map(|payment| Payment::new(payment, &self.background)))
            }

            /// Finds a payment by the key of any of its attempts, in the journal, without driving it.
            ///
            /// # Errors
            /// As for async code, and `Invalid` inside a Tokio runtime.
            pub fn find_by_reference(
                &self,
                reference_id: payonce::ReferenceId,
            ) -> Result<Option<Payment>, payonce::Error> {
                let found = self.wait(self.client.find_by_reference(reference_id))??;
                Ok(found.map(|payment| Payment::new(payment, &self.background)))
            }

            /// Lists the journal's payments in the order in which they were recorded; one whose row cannot be read is
            /// listed as such.
            ///
            /// # Errors
            /// As for async code, and `Invalid` inside a Tokio runtime.
            pub fn list(
                &self,
                filter: payonce::journal::Filter,
            ) -> Result<Vec<payonce::journal::Listed>, payonce::Error> {
                self.wait(self.client.list(filter))?
            }
        }

        /// A payment that is asked for and not yet made.
        #[derive(Clone, Debug)]
        #[must_use = "an order does nothing before it is sent"]
        pub struct Order {
            order: super::Order,
            background: $crate::blocking::Background,
        }

        impl Order {
            /// Makes the payment, or takes up the one of that name.
            ///
            /// # Errors
            /// As for async code, and `Invalid` inside a Tokio runtime, where nothing was sent.
            pub fn send(self) -> Result<Payment, payonce::Error> {
                let payment = self.background.wait(self.order.send())??;
                Ok(Payment::new(payment, &self.background))
            }
        }
    };
}
