//! Every combination of up to so many mishaps, at every point of a payment's life: what must hold in each is that no
//! payment is ever made twice, none is called failed after its money moved, and each ends.
//!
//! The real drive loop runs against a model of a provider and a network. Each point where something can go wrong is
//! a choice; the walk takes the whole tree of choices. A crash is a future that is never polled again.
//!
//! The tests of this crate walk it as deep as takes seconds, and the `prove` crate deeper.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use payonce::drive::{self, Pause, Turn, Work};
use payonce::journal::{
    Claim, Filter, Intent, Journal, Key, Lease, MemoryJournal, PaymentId, Record, Standing, Summary,
};
use payonce::rail::{LookUp, Order, Preparation, Prepared, Refusal, Report, Setback, Submission, Then};
use payonce::step::{Entry, Event, Expect, Outcome, Refused};
use payonce::{
    BoxFuture, Clock, Currency, Error, ErrorKind, Failure, Money, Name, Namespace, Operation, Rail, Receipt,
    ReferenceId, Timestamp,
};

/// How long a session lives, in the model's seconds.
const LIFETIME: i64 = 900;
/// How long a status read may be stale.
const STALE: i64 = 10;

/// Walks a tree of choices: each run takes one path, and `next_path` moves on to the next one.
#[derive(Debug)]
struct Choices {
    path: Vec<(usize, usize)>,
    taken: usize,
    mishaps: usize,
    most: usize,
}

impl Choices {
    fn new(most: usize) -> Self {
        Self { path: Vec::new(), taken: 0, mishaps: 0, most }
    }

    /// One of `options`; 0 is what happens on a good day, and every other one is a mishap.
    fn of(&mut self, options: usize) -> usize {
        if self.mishaps == self.most {
            return 0;
        }
        if self.taken == self.path.len() {
            self.path.push((0, options));
        }
        let choice = self.path[self.taken].0;
        self.taken += 1;
        self.mishaps += usize::from(choice > 0);
        choice
    }

    fn next_path(&mut self) -> bool {
        (self.taken, self.mishaps) = (0, 0);
        while let Some((choice, options)) = self.path.pop() {
            if choice + 1 < options {
                self.path.push((choice + 1, options));
                return true;
            }
        }
        false
    }
}

/// The provider's guards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards {
    /// One reference id is executed at most once.
    pub(crate) key_once: bool,
    /// One session is executed at most once, and never after its expiry.
    pub(crate) session_once: bool,
}

#[derive(Debug)]
struct Session {
    key: ReferenceId,
    expires_at: i64,
    used: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Completes,
    CompletesAt(i64),
    Declined,
}

#[derive(Debug)]
struct World {
    choices: Choices,
    guards: Guards,
    /// True time, in seconds; also the provider's clock.
    now: i64,
    /// By how much our own clock is off.
    skew: i64,
    sessions: Vec<Session>,
    records: Vec<(ReferenceId, Fate, i64)>,
    /// Copies of requests that are still under way: when, and under which session.
    late: Vec<(i64, usize)>,
    moved: usize,
    told_pending: bool,
}

/// What the provider answers to a request that reached it.
enum Answer {
    Recorded(Fate),
    SessionGone,
}

impl World {
    fn record(&self, key: ReferenceId) -> Option<(Fate, i64)> {
        self.records.iter().find(|(known, ..)| *known == key).map(|(_, fate, at)| (*fate, *at))
    }

    fn deliver(&mut self, session: usize, fate: Fate) -> Answer {
        let key = self.sessions[session].key;
        if let Some((fate, _)) = self.record(key)
            && self.guards.key_once
        {
            return Answer::Recorded(fate);
        }
        let Session { expires_at, used, .. } = self.sessions[session];
        if self.guards.session_once && (used || self.now >= expires_at) {
            return Answer::SessionGone;
        }
        self.sessions[session].used = true;
        self.moved += usize::from(fate != Fate::Declined);
        self.records.push((key, fate, self.now));
        Answer::Recorded(fate)
    }

    fn deliver_late(&mut self, until: i64) {
        self.late.sort_unstable();
        while self.late.first().is_some_and(|(at, _)| *at <= until) {
            let (at, session) = self.late.remove(0);
            self.now = self.now.max(at);
            self.deliver(session, Fate::Completes);
        }
        self.now = self.now.max(until);
    }

    fn report(&mut self, key: ReferenceId, fate: Fate) -> Report {
        let money = money();
        match fate {
            Fate::CompletesAt(at) if self.now < at => {
                self.told_pending = true;
                Report::Pending { action: None }
            }
            Fate::Declined => Report::Failed(Failure { reason: "declined".to_owned(), recorded: true }),
            _ => Report::Completed(Receipt {
                reference_id: key,
                payer_amount: money,
                payee_amount: money,
                provider_transaction_id: None,
            }),
        }
    }

    fn refusal(&self) -> Refusal {
        Refusal { reason: "no".to_owned(), provider_at: Some(at(self.now)) }
    }
}

fn money() -> Money {
    Money::new("250.00", Currency::USD).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

fn seconds(at: Timestamp) -> i64 {
    at.timestamp() - 1_795_000_000
}

fn setback(then: Then) -> Setback {
    Setback { error: Error::new(ErrorKind::Interrupted, "the connection broke"), then }
}

#[derive(Clone, Debug)]
struct Model(Arc<Mutex<World>>);

impl Model {
    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }
}

impl Clock for Model {
    fn now(&self) -> Timestamp {
        let world = self.lock();
        at(world.now + world.skew)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        unreachable!("the drive loop never sleeps")
    }
}

impl Rail for Model {
    fn name(&self) -> &'static str {
        "model"
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        let choice = self.lock().choices.of(4);
        match choice {
            1 => return Preparation::Refused(self.lock().refusal()),
            2 => return Preparation::Setback(setback(Then::Retry)),
            3 => pending().await,
            _ => {}
        }
        let mut world = self.lock();
        let expires_at = world.now + LIFETIME;
        world.sessions.push(Session { key: order.reference_id, expires_at, used: false });
        let body = format!("{}", world.sessions.len() - 1);
        Preparation::Ready(Prepared { body, expires_at: at(expires_at), provider_at: Some(at(world.now)) })
    }

    async fn submit(&self, order: &Order, body: &str) -> Submission {
        let (submission, crash) = self.send(order, body);
        if crash {
            pending().await
        }
        submission
    }

    async fn look_up(&self, order: &Order) -> LookUp {
        let choice = self.lock().choices.of(6);
        match choice {
            1 => return LookUp::Setback(setback(Then::Retry)),
            2 => pending().await,
            3 => self.lock().skew += 3600,
            4 => self.lock().skew -= 3600,
            _ => {}
        }
        let mut world = self.lock();
        let found = world.record(order.reference_id);
        let may_be_stale = |since: i64, world: &World| world.told_pending || world.now < since + STALE;
        match found {
            Some((_, since)) if choice == 5 && may_be_stale(since, &world) => {
                LookUp::NotFound(Some(at(world.now)))
            }
            Some((fate, _)) => LookUp::Found(world.report(order.reference_id, fate)),
            None => LookUp::NotFound(Some(at(world.now))),
        }
    }
}

impl Model {
    /// One request, and whether we crash before we see the answer.
    fn send(&self, order: &Order, body: &str) -> (Submission, bool) {
        let mut world = self.lock();
        let session: usize = body.parse().unwrap();
        assert_eq!(world.sessions[session].key, order.reference_id, "a session was sent under another key");
        let (now, expires_at) = (world.now, world.sessions[session].expires_at);
        let choice = world.choices.of(18);
        let unknown = || (Submission::Unknown(setback(Then::Retry)), false);
        let deliver = |world: &mut World, fate| match world.deliver(session, fate) {
            Answer::Recorded(fate) => Submission::Accepted(world.report(order.reference_id, fate)),
            Answer::SessionGone => Submission::Refused(Refused::Session, world.refusal()),
        };
        match choice {
            1 => (deliver(&mut world, Fate::CompletesAt(now + 60)), false),
            2 => (deliver(&mut world, Fate::Declined), false),
            // The request is lost.
            3 => unknown(),
            // The reply is lost.
            4 => {
                deliver(&mut world, Fate::Completes);
                unknown()
            }
            // A duplicate on the way; the second copy's reply arrives.
            5 => {
                deliver(&mut world, Fate::Completes);
                (deliver(&mut world, Fate::Completes), false)
            }
            // A late request: soon, just before the expiry, after it, and behind the fence.
            6..=9 => {
                let arrives = [now + 30, expires_at - 1, expires_at + 60, expires_at + 300][choice - 6];
                world.late.push((arrives, session));
                unknown()
            }
            10 => (Submission::NotSent(setback(Then::Retry)), false),
            11 => (Submission::Refused(Refused::Payment, world.refusal()), false),
            // Refused, but a second copy is under way, and will be taken.
            12 => {
                world.late.push((now + 20, session));
                (Submission::Refused(Refused::Payment, world.refusal()), false)
            }
            13 => (Submission::Refused(Refused::Session, world.refusal()), false),
            // We crash before or after the provider acted.
            14 => (Submission::Known, true),
            15 => (deliver(&mut world, Fate::Completes), true),
            // A duplicate on the way; the second copy is refused, and that is the reply.
            16 => {
                deliver(&mut world, Fate::Completes);
                (Submission::Refused(Refused::Payment, world.refusal()), false)
            }
            // Answered, and a second copy arrives when everything is long over.
            17 => {
                world.late.push((expires_at + 300, session));
                (deliver(&mut world, Fate::Completes), false)
            }
            _ => (deliver(&mut world, Fate::Completes), false),
        }
    }
}

/// A journal that may lose its process before or after a write, or refuse the write.
#[derive(Debug)]
struct Crashing(MemoryJournal, Model);

impl Journal for Crashing {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<(), Error>> {
        self.0.bind(rail, namespace)
    }
    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>), Error>> {
        self.0.intend(intent, at)
    }
    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim, Error>> {
        self.0.claim(id)
    }
    fn append(
        &self,
        lease: Lease,
        entries: Vec<Entry>,
        standing: Standing,
    ) -> BoxFuture<'_, Result<Lease, Error>> {
        let choice = self.1.lock().choices.of(4);
        Box::pin(async move {
            match choice {
                1 => pending().await,
                2 => {
                    self.0.append(lease, entries, standing).await?;
                    pending().await
                }
                3 => Err(Error::new(ErrorKind::Journal, "the disk is full")),
                _ => self.0.append(lease, entries, standing).await,
            }
        })
    }
    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), Error>> {
        self.0.release(lease)
    }
    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease, Error>> {
        self.0.reopen(record, again)
    }
    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        self.0.find(rail, key)
    }
    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Summary>, Error>> {
        self.0.list(rail, filter)
    }
}

/// Polls once. Nothing in the model ever waits, so what is not ready has crashed.
fn poll<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn now_or_never<T>(future: impl Future<Output = T>) -> T {
    poll(future).expect("the memory journal answers at once")
}

fn key(attempt: u32) -> ReferenceId {
    let name = Name::new("salary/2026-11/ama").unwrap();
    ReferenceId::derive(&Namespace::new("m").unwrap(), &Operation::new("payout").unwrap(), &name, attempt)
}

fn intent() -> Intent {
    Intent {
        rail: "model".to_owned(),
        operation: Operation::new("payout").unwrap(),
        name: Name::new("salary/2026-11/ama").unwrap(),
        reference_id: key(1),
        contents: "{}".to_owned(),
        expect: Expect::Amount(money()),
    }
}

/// Drives a payment to its end through whatever happens. Returns the outcome.
fn live(model: &Model, journal: &mut Crashing, first_attempt: bool) -> Outcome {
    for round in 0..200 {
        // As the pace does: soon at first, a minute apart in the end.
        let rest = if round < 20 { 2 } else { 60 };
        let (record, _) = now_or_never(journal.intend(intent(), model.now())).unwrap();
        let (lease, record) = match now_or_never(journal.claim(record.id)).unwrap() {
            Claim::Ours(lease, record) => (lease, record),
            Claim::Ended(record) => return record.state().unwrap().outcome().cloned().unwrap(),
            Claim::Elsewhere => panic!("there is only one process"),
        };
        let mut work = Work::new(lease, &record).unwrap();
        let turn = poll(drive::advance(model, &*journal, model, &mut work));
        let mut world = model.lock();
        let pause = match turn {
            Some(Ok(Turn::Pause(Pause::Until(moment)))) => seconds(moment) - world.skew,
            Some(Ok(Turn::Pause(_))) => world.now + rest,
            Some(Ok(Turn::Ended(outcome))) => return outcome,
            Some(Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::Journal, "{error}");
                world.now + rest
            }
            None => {
                // A crash, which may take the journal with it: then only the key guard is left to help. (Of a
                // payment that was tried again, a new journal knows only that the first attempt failed.)
                if world.guards.key_once && first_attempt && world.choices.of(2) == 1 {
                    journal.0 = MemoryJournal::new();
                }
                world.now + rest
            }
        };
        world.deliver_late(pause);
        drop(world);
    }
    panic!("the payment does not end: {:?}", model.lock());
}

/// One path through the tree. Returns what went wrong, if anything did.
fn one_life(model: &Model) -> Result<(), String> {
    let mut journal = Crashing(MemoryJournal::new(), model.clone());
    let mut outcome = live(model, &mut journal, true);
    if let Outcome::Failed(failure) = &outcome {
        let world = model.lock();
        if world.moved > 0 {
            return Err("called failed after its money had moved".to_owned());
        }
        let attempt = 1 + u32::from(failure.recorded);
        drop(world);
        let record = now_or_never(journal.find("model", Key::Name(intent().name))).unwrap().unwrap();
        let again = Event::Again { attempt, reference_id: key(attempt) };
        now_or_never(journal.reopen(&record, Entry { at: model.now(), event: again })).unwrap();
        outcome = live(model, &mut journal, false);
    }
    let mut world = model.lock();
    let moved = world.moved;
    match &outcome {
        Outcome::Completed(_) if moved == 1 => {}
        Outcome::Failed(_) if moved == 0 => {}
        outcome => return Err(format!("{outcome:?} although {moved} payments were made")),
    }
    let end_of_days = world.now + 100_000;
    world.deliver_late(end_of_days);
    if world.moved > 1 { Err(format!("{} payments were made", world.moved)) } else { Ok(()) }
}

/// Walks the tree. Returns how many lives were lived, and the first violation.
pub(crate) fn every_life(most: usize, guards: Guards) -> (usize, Option<String>) {
    let mut choices = Choices::new(most);
    let mut lives = 0;
    loop {
        let model = Model(Arc::new(Mutex::new(World {
            choices,
            guards,
            now: 0,
            skew: 0,
            sessions: Vec::new(),
            records: Vec::new(),
            late: Vec::new(),
            moved: 0,
            told_pending: false,
        })));
        let result = one_life(&model);
        lives += 1;
        let world = Arc::try_unwrap(model.0).unwrap().into_inner().unwrap();
        if let Err(violation) = result {
            let path: Vec<_> = world.choices.path.iter().map(|(choice, _)| choice).collect();
            return (lives, Some(format!("{violation}; path {path:?}")));
        }
        choices = world.choices;
        if !choices.next_path() {
            return (lives, None);
        }
    }
}
