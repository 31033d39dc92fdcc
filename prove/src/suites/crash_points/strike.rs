//! The boundaries of the drive loop and the journal, and the wrappers that strike there: the process stops for ever, a
//! write fails, a reply is lost. The product has no hooks for this; a journal and a rail are what anyone may bring.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dollr::{Entry, Listed, Namespace, Record, Standing, Timestamp};
use payonce::journal::{Claim, Filter, Intent, Journal, Key, Lease, PaymentId};
use payonce::rail::{LookUp, Order, Preparation, Rail, Submission};
use payonce::step::Terms;
use payonce::{BoxFuture, Effect, Error, ErrorKind};
use tokio::sync::Notify;

use super::provider::{Client, Provider};

/// What the loop reaches outside itself for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Call {
    Bind,
    Intend,
    Claim,
    Append,
    Release,
    Reopen,
    Prepare,
    Submit,
    LookUp,
}

impl Call {
    pub(crate) const ALL: [Self; 9] = [
        Self::Bind,
        Self::Intend,
        Self::Claim,
        Self::Append,
        Self::Release,
        Self::Reopen,
        Self::Prepare,
        Self::Submit,
        Self::LookUp,
    ];

    /// What can happen there.
    pub(crate) fn moments(self) -> &'static [Moment] {
        use Moment::{
            After, Before, InReply, LateAfterNextSend, LateAtTheEnd, LateBeforeNextSend, ReplyLost, Unsure,
            WriteFails,
        };
        match self {
            Self::Bind | Self::Intend | Self::Claim | Self::Append | Self::Release | Self::Reopen => {
                &[Before, After, WriteFails, Unsure]
            }
            Self::Submit => {
                &[Before, LateBeforeNextSend, LateAfterNextSend, LateAtTheEnd, InReply, After, ReplyLost]
            }
            Self::Prepare | Self::LookUp => &[Before, InReply, After, ReplyLost],
        }
    }
}

/// What happens at a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Moment {
    /// The process dies first: nothing was written, nothing was sent.
    Before,
    /// The process dies with the request on the wire, which arrives just before the next send.
    LateBeforeNextSend,
    /// The same, and it arrives right behind the next send.
    LateAfterNextSend,
    /// The same, and it arrives when all is over.
    LateAtTheEnd,
    /// The process dies when it has read half of the reply.
    InReply,
    /// It was done, and the process dies before it hears so.
    After,
    /// The process lives, and the reply breaks off.
    ReplyLost,
    /// The process lives, and nothing was written.
    WriteFails,
    /// The process lives and is told that the write failed, but it was done.
    Unsure,
}

/// The moments at which a request is left on the wire.
pub(crate) const LATE: [Moment; 3] =
    [Moment::LateBeforeNextSend, Moment::LateAfterNextSend, Moment::LateAtTheEnd];

/// At the how-manieth call what happens.
pub(crate) type Strike = (usize, Moment);

/// What was reached, and what is struck. It is shared by all lives of a payment.
#[derive(Debug)]
pub(crate) struct Strikes {
    state: Mutex<State>,
    /// The process has died.
    pub(crate) died: Notify,
}

#[derive(Debug, Default)]
struct State {
    plan: Vec<Strike>,
    reached: Vec<Call>,
    struck: Vec<(Call, Moment)>,
    /// Requests that are still on the wire.
    late: Vec<(Moment, Order, String)>,
}

impl Strikes {
    pub(crate) fn new(plan: Vec<Strike>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(State { plan, ..State::default() }), died: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every call so far, in order.
    pub(crate) fn reached(&self) -> Vec<Call> {
        self.state().reached.clone()
    }

    /// Where was struck, in order.
    pub(crate) fn struck(&self) -> Vec<(Call, Moment)> {
        self.state().struck.clone()
    }

    /// What happens at this call, if anything does.
    fn at(&self, call: Call) -> Option<Moment> {
        let mut state = self.state();
        let number = state.reached.len();
        state.reached.push(call);
        let (_, moment) = *state.plan.iter().find(|(at, _)| *at == number)?;
        state.struck.push((call, moment));
        Some(moment)
    }

    /// Keeps the request that is about to be made, if it is going to arrive late.
    fn keep_if_late(&self, order: &Order, body: &str) {
        let mut state = self.state();
        let next = state.reached.len();
        let moment = state.plan.iter().find(|(at, _)| *at == next).map(|(_, moment)| *moment);
        if let Some(moment) = moment.filter(|moment| LATE.contains(moment)) {
            state.late.push((moment, order.clone(), body.to_owned()));
        }
    }

    /// The process dies: whatever calls this never hears of anything again.
    async fn die<T>(&self) -> T {
        self.died.notify_one();
        pending().await
    }

    /// Delivers the requests that arrive now.
    pub(super) async fn deliver(&self, client: &Client, now: &[Moment]) {
        let due: Vec<_> = {
            let late = &mut self.state().late;
            let (due, later) = std::mem::take(late).into_iter().partition(|(when, _, _)| now.contains(when));
            *late = later;
            due
        };
        for (_, order, body) in due {
            // Nobody is there any more to hear the answer.
            let _ = client.submit(&order, &body).await;
        }
    }
}

/// A journal that is struck at each of its writes.
#[derive(Debug)]
pub(crate) struct StruckJournal {
    inner: Arc<dyn Journal>,
    strikes: Arc<Strikes>,
}

impl StruckJournal {
    pub(crate) fn new(inner: Arc<dyn Journal>, strikes: Arc<Strikes>) -> Self {
        Self { inner, strikes }
    }

    async fn write<T>(&self, call: Call, write: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let failed = |effect| {
            Err(Error::new(ErrorKind::Journal, "the disk of the journal is full").with_effect(effect))
        };
        match self.strikes.at(call) {
            None => write.await,
            Some(Moment::WriteFails) => failed(Effect::None),
            Some(Moment::Unsure) => {
                write.await?;
                failed(Effect::Unknown)
            }
            Some(Moment::After) => {
                let _ = write.await;
                self.strikes.die().await
            }
            Some(_) => self.strikes.die().await,
        }
    }
}

impl Journal for StruckJournal {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.write(Call::Bind, self.inner.bind(rail, namespace)))
    }

    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>), Error>> {
        Box::pin(self.write(Call::Intend, self.inner.intend(intent, at)))
    }

    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim, Error>> {
        Box::pin(self.write(Call::Claim, self.inner.claim(id)))
    }

    fn claim_free<'a>(
        &'a self,
        rail: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<(Lease, Record)>, Error>> {
        Box::pin(self.write(Call::Claim, self.inner.claim_free(rail, limit)))
    }

    fn append(
        &self,
        lease: Lease,
        entries: Vec<Entry>,
        standing: Standing,
    ) -> BoxFuture<'_, Result<Lease, Error>> {
        Box::pin(self.write(Call::Append, self.inner.append(lease, entries, standing)))
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.write(Call::Release, self.inner.release(lease)))
    }

    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease, Error>> {
        Box::pin(self.write(Call::Reopen, self.inner.reopen(record, again)))
    }

    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<(), Error>> {
        self.inner.resolve(record, resolved, standing)
    }

    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        self.inner.find(rail, key)
    }

    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>, Error>> {
        self.inner.list(rail, filter)
    }
}

/// A provider's rail, struck at each of its requests.
#[derive(Debug)]
pub(crate) struct StruckRail {
    client: Client,
    provider: Arc<Provider>,
    strikes: Arc<Strikes>,
}

impl StruckRail {
    pub(super) fn new(client: Client, provider: Arc<Provider>, strikes: Arc<Strikes>) -> Self {
        Self { client, provider, strikes }
    }

    /// Makes the request, with what happens there.
    async fn request<T>(&self, call: Call, order: &Order, request: impl Future<Output = T>) -> T {
        match self.strikes.at(call) {
            None => request.await,
            Some(Moment::After) => {
                request.await;
                self.strikes.die().await
            }
            Some(moment @ (Moment::InReply | Moment::ReplyLost)) => {
                let fault = self.provider.on(call, order).times(1).in_reply().drop_reply();
                let broken = request.await;
                fault.remove();
                if moment == Moment::ReplyLost { broken } else { self.strikes.die().await }
            }
            Some(_) => self.strikes.die().await,
        }
    }
}

impl Rail for StruckRail {
    fn name(&self) -> &'static str {
        self.client.name()
    }

    fn terms(&self) -> Terms {
        self.client.terms()
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        self.request(Call::Prepare, order, self.client.prepare(order)).await
    }

    async fn submit(&self, order: &Order, body: &str) -> Submission {
        self.strikes.deliver(&self.client, &[Moment::LateBeforeNextSend]).await;
        self.strikes.keep_if_late(order, body);
        let sending = async {
            let submission = self.client.submit(order, body).await;
            self.strikes.deliver(&self.client, &[Moment::LateAfterNextSend]).await;
            submission
        };
        self.request(Call::Submit, order, sending).await
    }

    async fn look_up(&self, order: &Order) -> LookUp {
        self.provider.settle();
        self.request(Call::LookUp, order, self.client.look_up(order)).await
    }
}
