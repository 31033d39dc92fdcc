//! The client: what a caller holds, and everything it can ask for.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use payonce::journal::{Filter, Listed};
use payonce::reconcile::Reconciliation;
use payonce::{Engine, Error, IntoName, Limits, Money, Name, Namespace, ReferenceId, Timestamp, Vitals};

use crate::config::Builder;
use crate::ids::FundingSourceId;
use crate::orders::{self, Destination, Order};
use crate::rail::DwollaRail;
use crate::raw;

/// A payment: its name, and the way to hear how it ends.
pub type Payment = payonce::Payment<DwollaRail>;

/// A client of Dwolla that never pays twice.
///
/// It is cheap to clone, and all clones are one client. Nothing is sent, and no task is started, before the first
/// payment or question.
#[derive(Clone)]
pub struct Dwolla {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine<DwollaRail>,
    raw: raw::Client,
}

impl fmt::Debug for Dwolla {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dwolla").field("engine", &self.inner.engine).finish_non_exhaustive()
    }
}

impl Dwolla {
    pub(crate) fn new(engine: Engine<DwollaRail>) -> Self {
        let raw = engine.rail().wire().raw();
        Self { inner: Arc::new(Inner { engine, raw }) }
    }

    /// A client configured by the environment; [`Builder::from_env`] says by which variables.
    ///
    /// # Errors
    /// `Configuration`, naming the variable and never its value, when one is missing or malformed; `Journal` when the
    /// journal cannot be opened.
    pub fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build()
    }

    /// A client configured piece by piece.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Moves money from a bank account or a balance to another, to a customer, to an account, or to whoever reads mail
    /// at an address.
    ///
    /// The name is the payment's for life: the same name is the same payment in every process and every run.
    pub fn transfer(
        &self,
        name: impl IntoName,
        source: FundingSourceId,
        destination: impl Into<Destination>,
        amount: Money,
    ) -> Order {
        Order::new(self, name, source, destination.into(), amount)
    }

    /// Takes up every payment in the journal that has not ended, and returns how many there are. They are driven in
    /// the background; those that another living process drives are left to it.
    ///
    /// Safe at every start, and at any other time.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read; `Configuration` when it belongs to another namespace.
    pub async fn resume(&self) -> Result<usize, Error> {
        self.engine().resume().await
    }

    /// Waits until this process drives no payment any more: each has ended, or the engine has stopped with it.
    pub async fn idle(&self) {
        self.engine().idle().await;
    }

    /// Begins no further call, and returns when those in flight have ended and what they brought is in the journal; then
    /// nothing is driven here any more, and other processes can take the payments up at once. For a program that is told to
    /// end; one that just ends does no harm either.
    pub async fn stop(&self) {
        self.engine().stop().await;
    }

    /// The same, but waits no longer than that for the calls in flight, and says whether they have ended. One that has not
    /// is as after a crash.
    pub async fn stop_within(&self, grace: Duration) -> bool {
        self.engine().stop_within(grace).await
    }

    /// Works on the journal as one of a fleet: takes up every payment that no living process holds, as it comes, and drives
    /// it, until [`stop`](Self::stop) or [`stop_within`](Self::stop_within). Any number of processes may do so on one journal,
    /// and share what there is; at most [`concurrency`](Builder::concurrency) payments wait for their first call here.
    ///
    /// A journal that cannot be reached is waited for, which the log says. Dropping the future stops nothing that was taken
    /// up.
    ///
    /// ```no_run
    /// # async fn example(dwolla: dwolla::Dwolla) -> Result<(), dwolla::Error> {
    /// let working = tokio::spawn({
    ///     let dwolla = dwolla.clone();
    ///     async move { dwolla.work(dwolla::Limits::default()).await }
    /// });
    /// // When the process is told to end:
    /// dwolla.stop_within(std::time::Duration::from_secs(30)).await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Configuration` when the journal belongs to another namespace.
    pub async fn work(&self, limits: Limits) -> Result<(), Error> {
        self.engine().work(limits).await
    }

    /// How this worker is, for a health check and for gauges. Asks nothing of anybody.
    pub fn vitals(&self) -> Vitals {
        self.engine().vitals()
    }

    /// Finds a payment by its name, in the journal, without driving it.
    ///
    /// # Errors
    /// `Invalid` when the text is no name; `Record` when it is there and cannot be read; `Journal` when the journal cannot be.
    pub async fn find(&self, name: impl IntoName) -> Result<Option<Payment>, Error> {
        let name = name.into_name()?;
        self.engine().find(&name).await
    }

    /// Finds a payment by the key of any of its attempts, in the journal, without driving it.
    ///
    /// # Errors
    /// `Record` when it is there and cannot be read; `Journal` when the journal cannot be.
    pub async fn find_by_reference(&self, reference_id: ReferenceId) -> Result<Option<Payment>, Error> {
        self.engine().find_by_reference(reference_id).await
    }

    /// The key of the first attempt at a transfer of that name, whether it was made or not. It is the provider's
    /// `Idempotency-Key`, and the transfer's `correlationId`.
    pub fn reference_id(&self, name: &Name) -> ReferenceId {
        self.engine().reference_id(&orders::operation(), name)
    }

    /// Lists the journal's payments in the order in which they were recorded; one whose row cannot be read is listed as
    /// such.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Listed>, Error> {
        self.engine().list(filter).await
    }

    /// Compares the journal with the provider, for the payments recorded in that period: each attempt is looked up. A bank
    /// that returned the money after the payment was completed shows as completed here only. Reads only, here and there.
    ///
    /// ```no_run
    /// # async fn example(dwolla: dwolla::Dwolla) -> Result<(), Box<dyn std::error::Error>> {
    /// let (from, to) = ("2026-11-01T00:00:00Z".parse()?, "2026-12-01T00:00:00Z".parse()?);
    /// println!("{}", dwolla.reconcile(from..to).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A transfer that the journal does not know is not found: the provider lists transfers by their owner, and the
    /// journal says which owners to ask about. Sending an order again looks for its transfer before anything is sent.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read. What the provider could not be asked is a difference.
    pub async fn reconcile(&self, period: Range<Timestamp>) -> Result<Reconciliation, Error> {
        self.engine().reconcile(period).await
    }

    /// The merchant's identity in the derivation of keys.
    pub fn namespace(&self) -> &Namespace {
        self.engine().namespace()
    }

    /// Fetches an access token, unless there is one, and tells how far the provider's clock is ahead of this machine's, to
    /// the second, if a reply told. A way to try the credentials: it moves nothing.
    ///
    /// # Errors
    /// `Unauthorized` when the provider refuses the credentials; otherwise what kept it from granting a token.
    pub async fn sign_in(&self) -> Result<Option<TimeDelta>, Error> {
        self.rail().wire().sign_in().await
    }

    /// The raw client, for what this crate does not offer, with the token, the limits and the one further try after
    /// a 401 behind it.
    ///
    /// It knows nothing of names and journals: money that it is told to move is moved as often as it is told. Do not
    /// show or log its errors, which may hold a reply's body. A reply over 2 MiB arrives without its body; a call
    /// that found no token gets a reply that was made up here, with the [`Error`] among its extensions.
    pub fn raw(&self) -> &raw::Client {
        &self.inner.raw
    }

    pub(crate) fn engine(&self) -> &Engine<DwollaRail> {
        &self.inner.engine
    }

    /// Dwolla as the engine sees it: single requests, each judged by what it means for a payment, and none repeated.
    pub fn rail(&self) -> &DwollaRail {
        self.inner.engine.rail()
    }
}
