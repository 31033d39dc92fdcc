//! The engine: takes payments in, drives them, and finds them again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OnceCell, OwnedSemaphorePermit, Semaphore, watch};
use tracing::Instrument;

use crate::clock::{Clock, SystemClock};
use crate::drive::{self, Pause, Turn, Work};
use crate::error::{Effect, Error, ErrorKind};
use crate::journal::{Claim, Filter, Intent, Journal, Key, Lease, Listed, PaymentId, Record};
use crate::measure;
use crate::name::{Name, Namespace, Operation, ReferenceId};
use crate::payment::{Payment, Progress};
use crate::rail::Rail;
use crate::schedule::{Pace, Schedule};
use crate::step::{Entry, Event, Expect, Outcome, State};
use crate::work::Looked;

/// How long a worker takes nothing up that cannot use the provider.
const BARRED: Duration = Duration::from_secs(60);

/// How the engine behaves, apart from what the rail lays down.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Settings {
    /// How fast it polls and retries.
    pub pace: Pace,
    /// How many payments are in the middle of a call at any time.
    pub concurrency: usize,
    /// How long sending waits for the provider's first answer.
    pub first_answer: Duration,
    /// Where it takes the time from.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    /// 32 payments at a time, 60 s for the first answer, the machine's clock.
    fn default() -> Self {
        Self {
            pace: Pace::default(),
            concurrency: 32,
            first_answer: Duration::from_secs(60),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Drives the payments of one rail, one namespace and one journal.
#[derive(Debug)]
pub struct Engine<R: Rail> {
    pub(crate) inner: Arc<Inner<R>>,
}

impl<R: Rail> Clone for Engine<R> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

pub(crate) struct Inner<R: Rail> {
    pub(crate) rail: R,
    pub(crate) journal: Arc<dyn Journal>,
    namespace: Namespace,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    bound: OnceCell<()>,
    schedule: Mutex<Schedule>,
    /// Something became due earlier than expected.
    wake: Notify,
    /// The last payment left the schedule.
    idle: Notify,
    permits: Arc<Semaphore>,
    /// Nothing more is taken up.
    pub(crate) stopping: watch::Sender<bool>,
    /// When a worker last had the journal's answer, or no room to ask for more; and why it has none since.
    pub(crate) looked: Mutex<Looked>,
    /// A payment that was taken up is looked at for the first time, so another may be taken.
    pub(crate) room: Notify,
}

impl<R: Rail> fmt::Debug for Inner<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("rail", &self.rail.name())
            .field("journal", &self.journal)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl<R: Rail> Engine<R> {
    /// An engine. Nothing is read or written, and no task is started, before the first payment.
    pub fn new(rail: R, journal: Arc<dyn Journal>, namespace: Namespace, settings: Settings) -> Self {
        let permits = Arc::new(Semaphore::new(settings.concurrency.max(1)));
        let clock = Arc::clone(&settings.clock);
        Self {
            inner: Arc::new(Inner {
                rail,
                journal,
                namespace,
                settings,
                clock,
                bound: OnceCell::new(),
                schedule: Mutex::default(),
                wake: Notify::new(),
                idle: Notify::new(),
                permits,
                stopping: watch::Sender::new(false),
                looked: Mutex::default(),
                room: Notify::new(),
            }),
        }
    }

    /// The rail.
    pub fn rail(&self) -> &R {
        &self.inner.rail
    }

    /// The namespace its keys are derived in.
    pub fn namespace(&self) -> &Namespace {
        &self.inner.namespace
    }

    /// The key of a payment's first attempt, which follows from its name: for asking the provider about a payment that
    /// the journal does not know.
    pub fn reference_id(&self, operation: &Operation, name: &Name) -> ReferenceId {
        ReferenceId::derive(&self.inner.namespace, operation, name, 1)
    }

    /// A payment as the journal records it. Nothing is written.
    pub fn intent(&self, operation: Operation, name: Name, contents: String, expect: Expect) -> Intent {
        let (rail, reference_id) = (self.inner.rail.name().to_owned(), self.reference_id(&operation, &name));
        Intent { rail, operation, name, reference_id, contents, expect }
    }

    /// Records a payment of this engine's in a transaction of the caller's, in a journal that need not be the engine's. It is
    /// driven, by whoever works on that journal, if and only if the transaction commits.
    ///
    /// # Errors
    /// `NameTaken` when the name belongs to a payment with other contents; `Configuration` when the journal belongs to
    /// another namespace; `Journal` when a statement fails, which spoils the transaction.
    #[cfg(feature = "postgres")]
    pub async fn enqueue_in(
        &self,
        journal: &crate::journal::PostgresJournal,
        transaction: &crate::journal::tokio_postgres::Transaction<'_>,
        intent: Intent,
    ) -> Result<crate::journal::Enqueued, Error> {
        journal.bind(self.inner.rail.name(), &self.inner.namespace).await?;
        journal.enqueue_in(transaction, &intent, self.inner.clock.now()).await
    }

    /// Records a payment, or takes up the one of that name, and drives it.
    ///
    /// When it returns `Ok`, the payment is in the journal and the provider has it or has ended it; the engine goes
    /// on with it. After a crash at any point, sending the same name again, or [`resume`](Self::resume), goes on
    /// where it was. Dropping the future is such a crash, for this caller.
    ///
    /// # Errors
    /// `NameTaken` when the name belongs to a payment with other contents; `Deadline` when the provider gave no
    /// first answer in time (the engine goes on); whatever stopped the engine otherwise. The error's effect says
    /// whether the provider may have acted.
    pub async fn send(
        &self,
        operation: Operation,
        name: Name,
        contents: String,
        expect: Expect,
    ) -> Result<Payment<R>, Error> {
        let inner = &self.inner;
        if let Err(error) = inner.bind().await {
            return Err(inner.doubted(Key::Name(name), error).await);
        }
        let intent = self.intent(operation, name.clone(), contents, expect);
        let digest = intent.digest();
        let began = Instant::now();
        let intended = inner.journal.intend(intent, inner.clock.now()).await;
        measure::journal_write(began);
        let (record, lease) = match intended {
            Ok(found) => found,
            Err(error) => return Err(inner.doubted(Key::Name(name), error).await),
        };
        if record.intent.digest() != digest {
            return Err(taken(&record));
        }
        let progress = inner.attach(&record, lease).await;
        let state = record.state().map_err(unread)?;
        let reference_id = state.reference_id();
        let payment = Payment::new(Arc::clone(inner), record, reference_id, Some(progress));
        payment.taken(inner.settings.first_answer).await
    }

    /// Takes up every payment that has not ended, and returns how many there are. They are driven in the background;
    /// those that another living process drives are left to it. One whose record cannot be read is left out, and the log
    /// says so.
    ///
    /// Safe at every start, and at any other time.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read; `Configuration` when it belongs to another namespace.
    pub async fn resume(&self) -> Result<usize, Error> {
        let inner = &self.inner;
        inner.bind().await?;
        let mut filter = Filter { standing: None, unfinished: true, after: None, limit: 1000 };
        let mut count = 0;
        loop {
            let page = inner.list(filter.clone()).await?;
            if !filter.turn(&page) {
                return Ok(count);
            }
            for listed in page {
                match listed {
                    Ok(payment) => {
                        count += 1;
                        inner.take_up(payment.reference_id, payment.id);
                    }
                    Err(unread) => tracing::error!(%unread, "an unfinished payment is left out"),
                }
            }
        }
    }

    /// Takes a hint, from whatever source, that there is news of the payment with that key: if it rests until its next
    /// status read, the status is read soon, at most once a second. The status read decides; a hint that is false
    /// costs one request and changes nothing else. Says whether this process drives the payment.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    pub async fn nudge(&self, reference_id: ReferenceId) -> Result<bool, Error> {
        if self.inner.hint(reference_id) {
            return Ok(true);
        }
        // A later attempt is driven under the payment's first key.
        let record = self.inner.find(Key::ReferenceId(reference_id)).await?;
        Ok(record.is_some_and(|record| self.inner.hint(record.intent.reference_id)))
    }

    /// Waits until this process drives no payment any more: each has ended, or the engine has stopped with it.
    pub async fn idle(&self) {
        loop {
            let idle = self.inner.idle.notified();
            if self.inner.lock().is_empty() {
                return;
            }
            idle.await;
        }
    }

    /// Begins no further call, and returns when those in flight have ended and what they brought is in the journal. From then
    /// on nothing is driven here, other processes can take the payments up at once, and whoever waits for one is told
    /// `Stopped`. For a program that is told to end; one that just ends does no harm either.
    pub async fn stop(&self) {
        self.inner.stop(std::future::pending()).await;
    }

    /// The same, but waits no longer than that for the calls in flight, and says whether they have ended. One that has not
    /// is as after a crash: whoever takes its payment up looks first, once this process's lease has run out or its end is
    /// known.
    pub async fn stop_within(&self, grace: Duration) -> bool {
        self.inner.stop(self.inner.clock.sleep(grace)).await
    }

    /// Finds a payment by its name, without driving it.
    ///
    /// # Errors
    /// `Record` when it is there and cannot be read; `Journal` when the journal cannot be.
    pub async fn find(&self, name: &Name) -> Result<Option<Payment<R>>, Error> {
        self.found(Key::Name(name.clone())).await
    }

    /// Finds a payment by the key of any of its attempts, without driving it.
    ///
    /// # Errors
    /// `Record` when it is there and cannot be read; `Journal` when the journal cannot be.
    pub async fn find_by_reference(&self, reference_id: ReferenceId) -> Result<Option<Payment<R>>, Error> {
        self.found(Key::ReferenceId(reference_id)).await
    }

    /// Lists payments in the order in which they were recorded; one whose row cannot be read is listed as such.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Listed>, Error> {
        self.inner.bind().await?;
        self.inner.list(filter).await
    }

    async fn found(&self, key: Key) -> Result<Option<Payment<R>>, Error> {
        self.inner.bind().await?;
        let Some(record) = self.inner.find(key).await? else { return Ok(None) };
        let reference_id = record.state()?.reference_id();
        Ok(Some(Payment::new(Arc::clone(&self.inner), record, reference_id, None)))
    }
}

fn taken(record: &Record) -> Error {
    let intent = &record.intent;
    let message = format!(
        "the name {:?} already belongs to a {} of {} with other contents",
        intent.name.as_str(),
        intent.operation,
        intent.expect
    );
    Error::new(ErrorKind::NameTaken, message).with_payment(intent.operation.clone(), intent.reference_id)
}

/// Of a payment that cannot be read, an earlier send is not ruled out.
fn unread(error: Error) -> Error {
    error.with_effect(Effect::Unknown)
}

/// What those are told who wait for a payment that is not driven any more.
fn stopped() -> Error {
    Error::new(ErrorKind::Stopped, "the engine was told to stop before the payment had ended")
        .with_effect(Effect::Unknown)
}

/// Whether that is no answer at all, which says something of the provider and nothing of the payment.
fn is_silence(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unreachable | ErrorKind::Interrupted | ErrorKind::Unavailable)
}

/// Whether that keeps this process from using the provider at all, where another may well.
fn is_barred(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Configuration)
}

/// Sees to it that nobody waits for a task that is no more: one that panicked, or whose runtime was shut down. The
/// payment itself does not need it; to the journal it is a crash.
struct Watch<'a, R: Rail> {
    inner: &'a Inner<R>,
    key: ReferenceId,
    over: bool,
}

impl<R: Rail> Drop for Watch<'_, R> {
    fn drop(&mut self) {
        if !self.over {
            let ended =
                Error::new(ErrorKind::Stopped, "the engine's task ended in the middle of the payment");
            self.inner.leave(self.key, Progress::Stopped(ended.with_effect(Effect::Unknown)));
        }
    }
}

impl<R: Rail> Inner<R> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn free_permits(&self) -> usize {
        self.permits.available_permits()
    }

    pub(crate) fn is_bound(&self) -> bool {
        self.bound.initialized()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Stops when the calls in flight have ended, or the patience; says whether they have.
    async fn stop(&self, patience: impl Future<Output = ()>) -> bool {
        self.stopping.send_replace(true);
        let all = u32::try_from(self.settings.concurrency.max(1)).unwrap_or(u32::MAX);
        // The queue is fair: whoever asks later waits behind this, and is turned away when it is closed.
        let held = tokio::select! {
            biased;
            held = self.permits.acquire_many(all) => Some(held),
            () = patience => None,
        };
        self.permits.close();
        let ended = held.is_some();
        drop(held);
        let left = self.lock().drain();
        let leases: Vec<Lease> = left.iter().filter_map(|(_, lease)| *lease).collect();
        if !leases.is_empty() {
            tracing::info!(payments = leases.len(), "given back");
            // Best effort: the payments of a process that ends are free in any case.
            let _ = self.journal.release_all(leases).await;
        }
        for (slot, _) in left {
            if let Some(watchers) = slot.watchers {
                watchers.send_replace(Progress::Stopped(stopped()));
            }
        }
        self.idle.notify_waiters();
        ended
    }

    pub(crate) async fn bind(&self) -> Result<(), Error> {
        self.bound.get_or_try_init(|| self.journal.bind(self.rail.name(), &self.namespace)).await.copied()
    }

    /// An error of the journal that kept a payment from being taken in hand. It is no proof that no money moved: an
    /// earlier process may have made the payment, and the journal that would say so may not be readable.
    async fn doubted(&self, key: Key, error: Error) -> Error {
        let known = self.find(key).await;
        match known.and_then(|record| record.map(|record| record.state()).transpose()) {
            Ok(state) if !state.as_ref().is_some_and(State::in_doubt) => error,
            _ => error.with_effect(Effect::Unknown),
        }
    }

    pub(crate) async fn find(&self, key: Key) -> Result<Option<Record>, Error> {
        self.journal.find(self.rail.name(), key).await
    }

    async fn list(&self, filter: Filter) -> Result<Vec<Listed>, Error> {
        self.journal.list(self.rail.name(), filter).await
    }

    pub(crate) async fn again(self: &Arc<Self>, name: &Name) -> Result<Payment<R>, Error> {
        let unknown =
            || Error::new(ErrorKind::UnknownPayment, format!("no payment is named {:?}", name.as_str()));
        let record = self.find(Key::Name(name.clone())).await?.ok_or_else(unknown)?;
        let intent = &record.intent;
        let state = record.state()?;
        let Some(Outcome::Failed(failure)) = state.outcome() else {
            return Err(Error::new(ErrorKind::NotFailed, "only a failed payment can be tried again")
                .with_payment(intent.operation.clone(), state.reference_id()));
        };
        let attempt = state.attempt() + u32::from(failure.recorded);
        let reference_id = ReferenceId::derive(&self.namespace, &intent.operation, &intent.name, attempt);
        let entry = Entry { at: self.clock.now(), event: Event::Again { attempt, reference_id } };
        let lease = self.journal.reopen(&record, entry).await?;
        let progress = self.attach(&record, Some(lease)).await;
        Payment::new(Arc::clone(self), record, reference_id, Some(progress))
            .taken(self.settings.first_answer)
            .await
    }

    /// Joins those who wait for a payment, and drives it if nobody in this process does.
    pub(crate) async fn attach(
        self: &Arc<Self>,
        record: &Record,
        lease: Option<Lease>,
    ) -> watch::Receiver<Progress> {
        let key = record.intent.reference_id;
        // If it cannot be made here, that is told when it is looked at.
        let current = lease.filter(|lease| lease.next == record.entries.len());
        let work = current.and_then(|lease| Work::new(lease, record).ok()).map(Box::new);
        let (progress, made) = {
            let mut schedule = self.lock();
            let (slot, made) = schedule.slot(key, record.id);
            if made {
                (slot.lease, slot.work) = (lease, work);
            }
            let watchers = slot.watchers.get_or_insert_with(|| watch::channel(Progress::Working(None)).0);
            (watchers.subscribe(), made)
        };
        if made {
            self.put(key, Duration::ZERO);
        }
        progress
    }

    fn take_up(self: &Arc<Self>, key: ReferenceId, id: PaymentId) {
        let made = self.lock().slot(key, id).1;
        if made {
            self.put(key, Duration::ZERO);
        }
    }

    /// Has the payment looked at after that time, and starts the task that does so if it does not run.
    pub(crate) fn put(self: &Arc<Self>, key: ReferenceId, after: Duration) {
        if self.permits.is_closed() {
            return self.leave(key, Progress::Stopped(stopped()));
        }
        let at = self.clock.now() + after;
        let start = {
            let mut schedule = self.lock();
            schedule.put(key, at);
            !std::mem::replace(&mut schedule.running, true)
        };
        if start {
            tokio::spawn(Arc::clone(self).run());
        } else {
            self.wake.notify_one();
        }
    }

    fn hint(&self, key: ReferenceId) -> bool {
        let known = self.lock().hint(key, self.clock.now());
        if known {
            self.wake.notify_one();
        }
        known
    }

    /// Looks at each payment when it is due. Ends when none waits.
    async fn run(self: Arc<Self>) {
        loop {
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { return };
            let now = self.clock.now();
            let (ready, next) = {
                let mut schedule = self.lock();
                let ready = schedule.pop(now);
                let next = schedule.next_due();
                // Whoever puts a payment in after this starts the task anew.
                schedule.running = ready.is_some() || next.is_some();
                (ready, next)
            };
            match (ready, next) {
                (Some(key), _) => {
                    self.room.notify_one();
                    tokio::spawn(Arc::clone(&self).look_at(key, permit));
                }
                (None, Some(at)) => {
                    drop(permit);
                    let wait = (at - now).to_std().unwrap_or_default();
                    tokio::select! {
                        biased;
                        () = self.clock.sleep(wait) => {}
                        () = self.wake.notified() => {}
                    }
                }
                (None, None) => return,
            }
        }
    }

    /// Drives one payment until it rests again.
    async fn look_at(self: Arc<Self>, key: ReferenceId, permit: OwnedSemaphorePermit) {
        let Some((id, lease, work)) =
            self.lock().get(key).map(|slot| (slot.id, slot.lease, slot.work.take()))
        else {
            return;
        };
        let mut watch = Watch { inner: &self, key, over: false };
        let span = tracing::debug_span!("payment", reference_id = %key, operation = tracing::field::Empty);
        match self.turn(key, (id, lease), work).instrument(span).await {
            Ok((Turn::Ended(outcome), work)) => {
                if work.is_some() && !matches!(outcome, Outcome::Parked(_)) {
                    self.lock().answered(self.clock.now());
                    self.wake.notify_one();
                }
                self.leave(key, Progress::Ended(outcome));
            }
            // Another process has it, and nobody here waits for it.
            Ok((Turn::Pause(_), None)) if self.keeps(key) => self.forget(key),
            Ok((Turn::Pause(pause), work)) => {
                let mut schedule = self.lock();
                match (pause, work.as_ref().map(Work::trouble)) {
                    (Pause::Retry, Some(Some(error))) if is_silence(error.kind()) => {
                        schedule.unanswered(self.clock.now());
                    }
                    (Pause::Retry | Pause::Poll, Some(None)) => schedule.answered(self.clock.now()),
                    _ => {}
                }
                let delay = schedule.rest_of(key, pause, &self.settings.pace, self.clock.now());
                if let Some(slot) = schedule.get(key) {
                    slot.lease = work.as_ref().map(Work::lease);
                    if let (Some(watchers), Some(work)) = (&slot.watchers, work) {
                        watchers.send_replace(if work.state().is_seen() {
                            Progress::Pending(work.action().cloned())
                        } else {
                            Progress::Working(work.trouble().cloned())
                        });
                    }
                }
                drop(schedule);
                self.put(key, delay);
            }
            Err(error) if self.keeps(key) && !is_barred(error.kind()) => self.put_off(key, &error),
            Err(error) => {
                if self.keeps(key) {
                    self.lock().bar(self.clock.now() + BARRED);
                }
                self.leave(key, Progress::Stopped(error));
            }
        }
        watch.over = true;
        drop(permit);
    }

    /// Drives the payment until it ends or rests; takes it in hand first, unless it is. Without a work it is in another's.
    async fn turn(
        &self,
        key: ReferenceId,
        (id, lease): (PaymentId, Option<Lease>),
        work: Option<Box<Work>>,
    ) -> Result<(Turn, Option<Work>), Error> {
        let mut work = match work {
            Some(work) => *work,
            None => match self.take_in_hand(key, id, lease).await? {
                Ok(work) => work,
                Err(turn) => return Ok((turn, None)),
            },
        };
        tracing::Span::current().record("operation", tracing::field::display(work.operation()));
        match drive::advance(&self.rail, &*self.journal, &*self.clock, &mut work).await {
            Ok(turn) => {
                if let Turn::Ended(outcome) = &turn {
                    measure::payment(self.rail.name(), work.operation(), Ok(outcome));
                }
                Ok((turn, Some(work)))
            }
            Err(error) => {
                measure::payment(self.rail.name(), work.operation(), Err(&error));
                if !self.keeps(key) || is_barred(error.kind()) {
                    // Best effort: if it cannot be let go of, this process will claim it again.
                    let _ = self.journal.release(work.lease()).await;
                }
                Err(error)
            }
        }
    }

    /// Takes the payment in hand as the journal has it, or says why there is nothing to do.
    async fn take_in_hand(
        &self,
        key: ReferenceId,
        id: PaymentId,
        lease: Option<Lease>,
    ) -> Result<Result<Work, Turn>, Error> {
        let claim = match self.take(key, id, lease).await {
            Ok(claim) => claim,
            Err(error) => return Err(self.doubted(Key::ReferenceId(key), error).await),
        };
        match claim {
            Claim::Ours(lease, record) => Work::new(lease, &record).map(Ok).map_err(unread),
            Claim::Elsewhere => Ok(Err(Turn::Pause(Pause::Poll))),
            Claim::Ended(record) => {
                let state = record.state()?;
                let outcome = state.outcome().cloned().ok_or_else(|| {
                    Error::new(ErrorKind::Journal, "the journal says that the payment has ended, but not how")
                })?;
                Ok(Err(Turn::Ended(outcome)))
            }
        }
    }

    /// Reads the payment, under the lease we have if nobody wrote since, and under a new one otherwise.
    async fn take(&self, key: ReferenceId, id: PaymentId, lease: Option<Lease>) -> Result<Claim, Error> {
        if let Some(lease) = lease
            && let Some(record) = self.find(Key::ReferenceId(key)).await?
            && record.entries.len() == lease.next
        {
            return Ok(Claim::Ours(lease, record));
        }
        self.journal.claim(id).await
    }

    /// Whether a worker has the payment, and nobody waits for it here who would have to be told.
    fn keeps(&self, key: ReferenceId) -> bool {
        self.lock().get(key).is_some_and(|slot| slot.kept && slot.watchers.is_none())
    }

    /// Tries a payment again later that the engine has stopped with: let go of, it would come back at once.
    fn put_off(self: &Arc<Self>, key: ReferenceId, error: &Error) {
        let delay = {
            let mut schedule = self.lock();
            if let Some(slot) = schedule.get(key).filter(|_| error.kind() == ErrorKind::Stopped) {
                // It may be another's by now.
                slot.lease = None;
            }
            schedule.rest_of(key, Pause::Retry, &self.settings.pace, self.clock.now())
        };
        tracing::warn!(reference_id = %key, %error, seconds = delay.as_secs(), "stopped with a payment, and tries again");
        self.put(key, delay);
    }

    fn forget(&self, key: ReferenceId) {
        let mut schedule = self.lock();
        schedule.remove(key);
        if schedule.is_empty() {
            self.idle.notify_waiters();
        }
    }

    /// Tells those who wait how it ended, and forgets the payment.
    fn leave(&self, key: ReferenceId, last: Progress) {
        if let Progress::Stopped(error) = &last {
            tracing::warn!(reference_id = %key, %error, "stopped driving a payment");
        }
        let mut schedule = self.lock();
        if let Some(watchers) = schedule.remove(key).and_then(|slot| slot.watchers) {
            watchers.send_replace(last);
        }
        if schedule.is_empty() {
            self.idle.notify_waiters();
        }
    }
}
