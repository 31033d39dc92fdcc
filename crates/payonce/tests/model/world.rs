//! The provider, the network and the clocks, as far as they matter to one payment.
//!
//! What a request or a reply may meet on its way is a choice each. Time stands still within a turn of the drive loop,
//! and passes between two turns in few, round steps, so that lives which differ only by seconds meet again.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use payonce::rail::{LookUp, Order, Preparation, Prepared, Refusal, Report, Setback, Submission, Then};
use payonce::step::{Entry, Event, Refused, Terms};
use payonce::{
    BoxFuture, Clock, Currency, Error, ErrorKind, Failure, Money, Rail, Receipt, ReferenceId, Timestamp,
};

use super::{Choices, pending};

/// How long a status read may be stale.
const STALE: i64 = 10;

/// The provider's guards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards {
    /// One reference id is executed at most once.
    pub(crate) key_once: bool,
    /// One session is executed at most once, and never after its expiry.
    pub(crate) session_once: bool,
}

/// A provider, as far as payments differ by it. Times are in the model's seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provider {
    pub(crate) guards: Guards,
    pub(crate) terms: Terms,
    /// How long what was made ready can be executed.
    pub(crate) lifetime: i64,
    /// How long after its use a key is remembered; for good unless it is told.
    pub(crate) remembers: Option<i64>,
    /// Whether a person may, at any rest, lose patience, call the payment not paid, rightly or wrongly, and try it again.
    pub(crate) impatient: bool,
}

impl Provider {
    /// One that opens sessions, and knows its keys for good.
    pub(crate) fn with_sessions(guards: Guards, terms: Terms) -> Self {
        Self { guards, terms, lifetime: 900, remembers: None, impatient: false }
    }

    /// One that has nothing but keys, each for a day.
    pub(crate) fn with_keys_for_a_day(key_once: bool, terms: Terms) -> Self {
        let guards = Guards { key_once, session_once: false };
        Self { guards, terms, lifetime: 23 * 3600, remembers: Some(24 * 3600), impatient: false }
    }

    /// The same, with a person who decides once, at whichever rest, and may be wrong.
    pub(crate) fn with_an_impatient_person(self) -> Self {
        Self { impatient: true, ..self }
    }
}

#[derive(Clone, Debug, Hash)]
struct Session {
    key: ReferenceId,
    expires_at: i64,
    used: bool,
    sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fate {
    Completes,
    CompletesAt(i64),
    Declined,
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) choices: Choices,
    pub(super) provider: Provider,
    /// The first thing that must not happen, if it did.
    pub(super) wrong: Option<String>,
    /// True time, in seconds; also the provider's clock.
    pub(super) now: i64,
    /// By how much our own clock is off.
    pub(super) skew: i64,
    sessions: Vec<Session>,
    records: Vec<(ReferenceId, Fate, i64)>,
    /// Copies of requests that are still under way: when, under which session, and whether the request was refused.
    late: Vec<(i64, usize, bool)>,
    /// Money moved by a copy that came after the refusal of its request: of that the terms promise nothing, and only
    /// that it moves once is asked.
    beyond_terms: bool,
    pub(super) moved: usize,
    /// Whether the engine knows that the provider has it: then a status read may be stale for however long.
    told_pending: bool,
    /// How many sends the journal licenses.
    licences: i64,
    /// The key that was sent, perhaps acted upon, and not looked up since.
    unlooked: Option<ReferenceId>,
}

/// What the provider answers to a request that reached it.
enum Answer {
    Recorded(Fate),
    SessionGone,
}

/// All that what may still happen depends on, but the choices and the provider, which one walk shares.
impl Hash for World {
    fn hash<H: Hasher>(&self, hash: &mut H) {
        (self.now, self.skew, self.moved, self.told_pending, self.licences, self.unlooked).hash(hash);
        (&self.sessions, &self.records, &self.late, self.beyond_terms).hash(hash);
    }
}

impl World {
    pub(super) fn new(provider: Provider) -> Self {
        Self {
            choices: Choices::new(0),
            provider,
            wrong: None,
            now: 0,
            skew: 0,
            sessions: Vec::new(),
            records: Vec::new(),
            late: Vec::new(),
            beyond_terms: false,
            moved: 0,
            told_pending: false,
            licences: 0,
            unlooked: None,
        }
    }

    /// The journal has it: sends are licensed, and no payment is failed whose money moved.
    pub(super) fn written(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.licences += i64::from(entry.event == Event::Sending);
            self.told_pending |= entry.event == Event::Pending;
            if matches!(entry.event, Event::Failed { .. }) && self.moved > 0 && !self.beyond_terms {
                self.wrong.get_or_insert("called failed after its money had moved".to_owned());
            }
        }
    }

    /// The journal is lost: of what was sent before, nothing is known any more, and only the key guard is left.
    pub(super) fn forget(&mut self) {
        self.unlooked = None;
        self.sessions.iter_mut().for_each(|session| session.sent = false);
    }

    /// When a payment that rests is looked at again: soon at first, a minute apart in the end.
    pub(super) fn rest(&self) -> i64 {
        let step = if self.now < 60 { 10 } else { 60 };
        (self.now / step + 1) * step
    }

    /// Lets time pass; the process may sleep over the expiry of the session, over the fence, and until its key is
    /// forgotten.
    pub(super) fn pass_until(&mut self, pause: i64) {
        self.licences = 0;
        let expiry = self.sessions.last().map_or(self.now, |session| session.expires_at);
        let forgotten = self.provider.remembers.map(|span| self.now + span + 3600);
        let slept = match self.choices.of(3 + usize::from(forgotten.is_some())) {
            3 => forgotten.unwrap_or(pause),
            1 => expiry + 1,
            2 => expiry + self.provider.terms.margin.as_secs() as i64 + 60,
            _ => pause,
        };
        self.deliver_late(slept.max(pause));
    }

    /// What is promised of every send: the key and the session it is under are the only ones that can be executed.
    fn watch(&mut self, index: usize, key: ReferenceId) {
        self.licences -= 1;
        let declined = |world: &Self, key| world.record(key).is_some_and(|(fate, _)| fate == Fate::Declined);
        let wrong = if self.licences < 0 {
            Some("a send of which the journal says nothing")
        } else if self.unlooked.replace(key) == Some(key) {
            Some("a blind send: nothing was looked up since the last one")
        } else if self.sessions[index].key != key {
            Some("a session was sent under another key")
        } else if self
            .sessions
            .iter()
            .any(|session| session.sent && session.key != key && !declined(self, session.key))
        {
            Some("two keys could be executed at once")
        } else if self.provider.remembers.is_none()
            && self.sessions.iter().enumerate().any(|(other, session)| {
                other != index && session.sent && session.key == key && self.now < session.expires_at
            })
        {
            Some("two sessions could be executed at once")
        } else {
            None
        };
        self.wrong = self.wrong.take().or(wrong.map(str::to_owned));
        self.sessions[index].sent = true;
    }

    fn record(&self, key: ReferenceId) -> Option<(Fate, i64)> {
        self.records.iter().find(|(known, ..)| *known == key).map(|(_, fate, at)| (*fate, *at))
    }

    fn deliver(&mut self, session: usize, fate: Fate) -> Answer {
        let key = self.sessions[session].key;
        if let Some((fate, since)) = self.record(key)
            && self.provider.guards.key_once
            && self.provider.remembers.is_none_or(|span| self.now < since + span)
        {
            return Answer::Recorded(fate);
        }
        let Session { expires_at, used, .. } = self.sessions[session];
        if self.provider.guards.session_once && (used || self.now >= expires_at) {
            return Answer::SessionGone;
        }
        self.sessions[session].used = true;
        self.moved += usize::from(fate != Fate::Declined);
        self.records.push((key, fate, self.now));
        Answer::Recorded(fate)
    }

    pub(super) fn deliver_late(&mut self, until: i64) {
        self.late.sort_unstable();
        while self.late.first().is_some_and(|(at, ..)| *at <= until) {
            let (at, session, refused) = self.late.remove(0);
            self.now = self.now.max(at);
            let moved = self.moved;
            self.deliver(session, Fate::Completes);
            self.beyond_terms |= refused && self.moved > moved;
        }
        self.now = self.now.max(until);
    }

    fn report(&self, key: ReferenceId, fate: Fate) -> Report {
        let money = money();
        match fate {
            Fate::CompletesAt(at) if self.now < at => Report::Pending { action: None },
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

pub(super) fn money() -> Money {
    Money::new("250.00", Currency::USD).unwrap()
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

pub(super) fn seconds(at: Timestamp) -> i64 {
    at.timestamp() - 1_795_000_000
}

fn setback(then: Then) -> Setback {
    Setback { error: Error::new(ErrorKind::Interrupted, "the connection broke"), then }
}

#[derive(Clone, Debug)]
pub(super) struct Model(pub(super) Arc<Mutex<World>>);

impl Model {
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
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

    fn terms(&self) -> Terms {
        self.lock().provider.terms
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        let choice = self.lock().choices.of(6);
        match choice {
            1 => return Preparation::Refused(self.lock().refusal()),
            2 => return Preparation::Setback(setback(Then::Retry)),
            3 => pending().await,
            4 => self.lock().skew += 3600,
            5 => self.lock().skew -= 3600,
            _ => {}
        }
        let mut world = self.lock();
        let expires_at = world.now + world.provider.lifetime;
        world.sessions.push(Session { key: order.reference_id, expires_at, used: false, sent: false });
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
        self.lock().unlooked = None;
        let choice = self.lock().choices.of(6);
        match choice {
            1 => return LookUp::Setback(setback(Then::Retry)),
            2 => pending().await,
            3 => self.lock().skew += 3600,
            4 => self.lock().skew -= 3600,
            _ => {}
        }
        let world = self.lock();
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
        world.watch(session, order.reference_id);
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
                world.late.push((arrives, session, false));
                unknown()
            }
            10 => {
                world.unlooked = None;
                (Submission::NotSent(setback(Then::Retry)), false)
            }
            11 => (Submission::Refused(Refused::Payment, world.refusal()), false),
            // Refused, but a second copy is under way, and will be taken.
            12 => {
                world.late.push((now + 20, session, true));
                (Submission::Refused(Refused::Payment, world.refusal()), false)
            }
            // Without sessions, the first is still being worked on.
            13 if world.provider.remembers.is_some() => unknown(),
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
                world.late.push((expires_at + 300, session, false));
                (deliver(&mut world, Fate::Completes), false)
            }
            _ => (deliver(&mut world, Fate::Completes), false),
        }
    }
}
