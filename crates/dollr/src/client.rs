//! The client: what a caller holds, and everything it can ask for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use payonce::journal::{Filter, Listed};
use payonce::{Currency, Engine, Error, IntoName, Limits, Money, Name, Operation, ReferenceId, Vitals};

use crate::collect::Drafting;
use crate::config::Builder;
use crate::ids::{AccountId, CounterpartyId, WalletId};
use crate::orders::{Contents, Movement, Order, Source};
use crate::payees::Payees;
use crate::rail::DollrRail;
use crate::raw;
use crate::status::{Execution, SourceState};
use crate::transport::ask;

/// A payment: its name, and the way to hear how it ends.
pub type Payment = payonce::Payment<DollrRail>;

/// A client of Dollr that never pays twice.
///
/// It is cheap to clone, and all clones are one client. Nothing is sent, and no task is started, before the first
/// payment or question.
#[derive(Clone)]
pub struct Dollr {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine<DollrRail>,
    raw: raw::Client,
    payees: Payees,
    drafting: Drafting,
}

#[cfg(feature = "realtime")]
impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(live) = self.engine.rail().live() {
            live.stop();
        }
    }
}

impl fmt::Debug for Dollr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dollr").field("engine", &self.inner.engine).finish_non_exhaustive()
    }
}

impl Dollr {
    pub(crate) fn new(engine: Engine<DollrRail>) -> Self {
        let raw = engine.rail().wire().raw();
        let (payees, drafting) = (Payees::default(), Drafting::default());
        let inner = Arc::new(Inner { engine, raw, payees, drafting });
        #[cfg(feature = "realtime")]
        if let Some(live) = inner.engine.rail().live() {
            live.serve(&inner);
        }
        Self { inner }
    }

    /// A client configured by the environment; [`Builder::from_env`] says by which variables.
    ///
    /// # Errors
    /// `Configuration`, naming the variable and never its value, when one is missing, malformed or contradicts
    /// another; `Journal` when the journal cannot be opened.
    pub fn from_env() -> Result<Self, Error> {
        Builder::from_env()?.build()
    }

    /// A client configured piece by piece.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Pays out of the merchant's wallet to a payment account.
    ///
    /// The name is the payment's for life: the same name is the same payment in every process and every run.
    pub fn payout(&self, name: impl IntoName, account: AccountId, amount: Money) -> Order {
        Order::new(self, name, Contents::Payout { account, amount, payee: None })
    }

    /// Moves money from a wallet of the merchant to a counterparty's.
    pub fn transfer(
        &self,
        name: impl IntoName,
        wallet: WalletId,
        counterparty: CounterpartyId,
        amount: Money,
    ) -> Order {
        Order::new(self, name, Contents::Transfer { wallet, counterparty, amount })
    }

    /// Collects what an invoice or order comes to from a payment account, charging it in that currency.
    ///
    /// The source is what was [published](crate::Published), a [`Checkout`](crate::Checkout), or an id from your own
    /// records as a [`Source`]. One that is no more than a draft is refused by the provider: the payment ends failed, and
    /// can be tried [again](Payment::again) once it is published.
    ///
    /// The account is an [`AccountId`], or a [`CardAccount`](crate::CardAccount), which is used up by it. A card may ask
    /// for the customer: then the payment's status is [`NeedsAction`](payonce::Status::NeedsAction).
    pub fn collection(
        &self,
        name: impl IntoName,
        source: impl Into<Source>,
        account: impl Into<AccountId>,
        currency: Currency,
    ) -> Order {
        let (source, account) = (source.into(), account.into());
        Order::new(self, name, Contents::Collection { source, account, currency, document: None })
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
    /// # async fn example(dollr: dollr::Dollr) -> Result<(), dollr::Error> {
    /// let working = tokio::spawn({
    ///     let dollr = dollr.clone();
    ///     async move { dollr.work(dollr::Limits::default()).await }
    /// });
    /// // When the process is told to end:
    /// dollr.stop_within(std::time::Duration::from_secs(30)).await;
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

    /// The key of the first attempt at a payment of that name, whether it was made or not.
    pub fn reference_id(&self, operation: &Operation, name: &Name) -> ReferenceId {
        self.engine().reference_id(operation, name)
    }

    /// Lists the journal's payments in the order in which they were recorded; one whose row cannot be read is listed as
    /// such.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Listed>, Error> {
        self.engine().list(filter).await
    }

    /// Asks the provider for its present word on one execution. Reads only, and changes nothing here.
    ///
    /// # Errors
    /// `NotFound` when the provider knows no such key under that operation, which for a payment on its way is no
    /// proof that it will not; otherwise what kept the provider's word from being read.
    pub async fn execution(
        &self,
        operation: &Operation,
        reference_id: ReferenceId,
    ) -> Result<Execution, Error> {
        let movement = Movement::of(operation)?;
        let rail = self.rail();
        let reply = rail.read_status(movement, reference_id).await.success();
        tracing::debug!(%operation, %reference_id, answered = reply.is_ok(), "asked about an execution");
        let clean = |text: &str, secret: Option<&raw::Secret>| rail.wire().clean(text, secret);
        reply
            .and_then(|reply| Execution::read(movement, reference_id, reply, &clean))
            .map_err(|error| error.with_payment(operation.clone(), reference_id))
    }

    /// Asks the provider for its present word on an invoice or order. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when the provider knows no such source; otherwise what kept
    /// the provider's word from being read.
    pub async fn source_status(&self, source: impl Into<Source>) -> Result<SourceState, Error> {
        let source = source.into().checked()?;
        let (kind, id) = source.on_the_wire();
        let wire = self.rail().wire();
        let seen = ask!(wire, |raw| raw.get_payment_source_status(id, &kind));
        let clean = |text: &str, secret: Option<&raw::Secret>| wire.clean(text, secret);
        SourceState::read(source, seen.success()?, &clean)
    }

    /// Fetches an access token, unless there is one, and tells how far the provider's clock is ahead of this machine's, to
    /// the second, if a reply told. A way to try the credentials: it moves nothing.
    ///
    /// # Errors
    /// `Unauthorized` when the provider refuses the credentials; otherwise what kept it from granting a token.
    pub async fn sign_in(&self) -> Result<Option<TimeDelta>, Error> {
        self.rail().wire().sign_in().await
    }

    /// The description of the API as the provider publishes it now, OpenAPI in JSON, to be held against
    /// [`raw::DOCUMENT`](crate::raw::DOCUMENT). Reads only, and needs no credentials.
    ///
    /// # Errors
    /// What kept it from being read.
    pub async fn published_document(&self) -> Result<String, Error> {
        self.rail().wire().published("/openapi.json").await
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

    pub(crate) fn payees(&self) -> &Payees {
        &self.inner.payees
    }

    pub(crate) fn drafting(&self) -> &Drafting {
        &self.inner.drafting
    }

    pub(crate) fn engine(&self) -> &Engine<DollrRail> {
        &self.inner.engine
    }

    /// Dollr as the engine sees it: single requests, each judged by what it means for a payment, and none repeated.
    pub fn rail(&self) -> &DollrRail {
        self.inner.engine.rail()
    }
}
