//! The protocol as a model, every reachable state of it: two drivers, one journal, one provider, and a network that
//! loses, doubles, reorders and delays.
//!
//! The drivers decide by the real `step::next` and learn by the real `State::apply`, so the model cannot drift from the
//! code; only what the drive loop does around them is modelled: it writes before it sends, and what it learned it writes
//! before it goes on. A driver whose lease was taken over can write nothing, but what it was about to send it may
//! still send, however late. The drivers' clocks differ by an hour.

use payonce::step::{self, Entry, Event, Expect, Failure, Outcome, Receipt, Refused, State, Step, Terms};
use payonce::{Currency, Money, Name, Namespace, Operation, ReferenceId, Timestamp};
use stateright::{Checker, Model, Property};

use super::exhaustive::forgetful;
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "model",
    claim: "In every reachable state of two drivers that take each other's lease, with messages lost, doubled, reordered \
            and late, no payment moves twice, none is failed after it moved, and no second key or session can be executed.",
    run,
};

/// A provider, as far as the protocol differs by it. Times are in seconds.
#[derive(Clone, Copy, Debug)]
struct Provider {
    terms: fn() -> Terms,
    /// How long what was made ready can be executed.
    lifetime: i64,
    /// How long a key is remembered; for good unless it is told.
    remembers: Option<i64>,
    /// The steps in which time passes: beyond the staleness, and up to the expiry, the fence and the end of a key.
    steps: &'static [i64],
}

const DOLLR: Provider =
    Provider { terms: Terms::default, lifetime: 900, remembers: None, steps: &[11, 450, 1021] };
const DWOLLA: Provider = Provider {
    terms: forgetful,
    lifetime: 23 * 3600,
    remembers: Some(24 * 3600),
    steps: &[11, 23 * 3600, 601, 25 * 3600],
};

/// What is wrong with the engine, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    None,
    /// Prepares again as soon as the key is unknown, before the fence.
    PreparesEarly,
    /// Takes a new key when it does not know what became of the old one.
    NewKey,
}

/// What is modelled, and how much of it.
#[derive(Clone, Debug)]
struct Protocol {
    provider: Provider,
    key_once: bool,
    session_once: bool,
    mutant: Mutant,
    /// How far time goes, in seconds.
    until: i64,
    /// How many crashes, copies, takeovers and refusals there are at most, in all.
    mishaps: u8,
}

/// What a driver is in the middle of.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Doing {
    Nothing,
    /// The journal has it; the request is not on the wire yet.
    AboutToSend(u8),
    Awaiting(u8),
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
enum Fate {
    Completes,
    Pends,
    Declines,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Session {
    key: ReferenceId,
    expires_at: i64,
    used: bool,
    sent: bool,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct Record {
    key: ReferenceId,
    fate: Fate,
    since: i64,
}

/// One state of everything.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
struct All {
    now: i64,
    journal: State,
    /// Who has the lease, and what it knows beyond the journal.
    holder: Option<usize>,
    known: State,
    doing: [Doing; 2],
    sessions: Vec<Session>,
    records: Vec<Record>,
    /// Copies of requests under way, by their session.
    wire: Vec<u8>,
    moved: u8,
    mishaps: u8,
    two_executable: bool,
}

/// Something that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happens {
    Claims(usize),
    Acts(usize),
    /// A session is refused, or a look-up is stale.
    ActsInVain(usize),
    Sends(usize),
    /// A request arrives; a copy of it may stay under way; the reply may reach a driver.
    Arrives {
        message: usize,
        copy: bool,
        reply_to: Option<usize>,
        fate: Fate,
    },
    IsRefused(usize),
    TimesOut(usize),
    Crashes(usize),
    Settles(usize),
    TimePasses(i64),
    IsTriedAgain,
}

fn key(attempt: u32) -> ReferenceId {
    let name = Name::new("a").expect("that is a name");
    let operation = Operation::new("payout").expect("that is an operation");
    ReferenceId::derive(&Namespace::new("m").expect("that is a namespace"), &operation, &name, attempt)
}

fn money() -> Money {
    Money::new("1.00", Currency::USD).expect("that is money")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + seconds, 0).expect("a modelled moment is within chrono's range")
}

/// What a driver's clock shows.
fn clock(driver: usize, now: i64) -> Timestamp {
    at(now + if driver == 0 { 0 } else { 3600 })
}

impl All {
    fn intended() -> Self {
        let state = State::intended(Expect::Amount(money()), key(1), at(0));
        Self {
            now: 0,
            journal: state.clone(),
            holder: None,
            known: state,
            doing: [Doing::Nothing; 2],
            sessions: Vec::new(),
            records: Vec::new(),
            wire: Vec::new(),
            moved: 0,
            mishaps: 0,
            two_executable: false,
        }
    }

    /// The holder of the lease learns something, and writes it down. What cannot follow what it knows stops it.
    fn learn(&mut self, driver: usize, event: Event) {
        if self.holder == Some(driver) {
            let entry = Entry { at: clock(driver, self.now), event };
            if self.known.apply(&entry).is_ok() {
                self.journal = self.known.clone();
            } else {
                self.let_go();
            }
        }
    }

    fn let_go(&mut self) {
        self.holder = None;
        self.known = self.journal.clone();
    }

    fn record(&self, key: ReferenceId) -> Option<&Record> {
        self.records.iter().find(|record| record.key == key)
    }

    /// What a driver is told of a record.
    fn report(&self, fate: Fate) -> Event {
        match fate {
            Fate::Completes => Event::Completed {
                receipt: Receipt {
                    reference_id: self.known.reference_id(),
                    payer_amount: money(),
                    payee_amount: money(),
                    provider_transaction_id: None,
                },
            },
            Fate::Pends => Event::Pending,
            Fate::Declines => Event::Failed { failure: Failure { reason: "no".to_owned(), recorded: true } },
        }
    }

    fn look_up(&mut self, driver: usize, stale: bool, terms: &Terms) {
        let found = self.record(self.known.reference_id()).filter(|_| !stale).map(|record| record.fate);
        let event = match found {
            Some(fate) => self.report(fate),
            None => Event::NotFound { provider_at: Some(at(self.now)) },
        };
        if event == Event::Pending && self.known.is_seen() {
            return;
        }
        let (now, mut after) = (clock(driver, self.now), self.known.clone());
        let unknown = found.is_none();
        let learned = after.apply(&Entry { at: now, event: event.clone() }).is_ok();
        // An answer that only leads to the same question is not written down.
        if !(unknown && learned && step::next(&after, now, terms) == Step::LookUp) {
            self.learn(driver, event);
        }
    }

    /// Puts a request on the wire, and looks whether another could be executed beside it.
    fn send(&mut self, index: u8, sessions: bool) {
        let (this, now) = (usize::from(index), self.now);
        let Session { key, expires_at, .. } = self.sessions[this];
        let declined = |key| self.record(key).is_some_and(|record| record.fate == Fate::Declines);
        let other = |(other, session): (usize, &Session)| {
            other != this
                && session.sent
                && if session.key == key {
                    // Without sessions, the key alone tells two requests from one.
                    sessions && now < expires_at.min(session.expires_at)
                } else {
                    !declined(session.key)
                }
        };
        self.two_executable |= self.sessions.iter().enumerate().any(other);
        self.sessions[this].sent = true;
        self.wire.push(index);
        self.wire.sort_unstable();
    }
}

impl Protocol {
    /// The provider takes a request in. Returns what it says.
    fn execute(&self, all: &mut All, index: u8, fate: Fate) -> Event {
        let session = all.sessions[usize::from(index)].clone();
        if self.key_once
            && let Some(record) = all.record(session.key)
            && self.provider.remembers.is_none_or(|span| all.now < record.since + span)
        {
            return all.report(record.fate);
        }
        if self.session_once && (session.used || all.now >= session.expires_at) {
            return refused(Refused::Session, all.now);
        }
        all.sessions[usize::from(index)].used = true;
        all.moved += u8::from(fate != Fate::Declines);
        all.records.push(Record { key: session.key, fate, since: all.now });
        all.report(fate)
    }

    fn act(&self, all: &mut All, driver: usize, in_vain: bool) {
        let (now, terms) = (clock(driver, all.now), (self.provider.terms)());
        match self.decide(&all.known, now, &terms) {
            Step::Prepare if in_vain => all.learn(driver, refused(Refused::Payment, all.now)),
            Step::Prepare => {
                let expires_at = all.now + self.provider.lifetime;
                let key = all.known.reference_id();
                all.sessions.push(Session { key, expires_at, used: false, sent: false });
                let body = (all.sessions.len() - 1).to_string();
                let provider_at = Some(at(all.now));
                let event = Event::Prepared { body, expires_at: at(expires_at), provider_at };
                // Not written before it is sent.
                let _ = all.known.apply(&Entry { at: now, event });
            }
            Step::Submit => {
                let body = all.known.body().and_then(|body| body.parse().ok());
                let session = body.expect("what is submitted was prepared here");
                all.learn(driver, Event::Sending);
                if all.holder == Some(driver) {
                    all.doing[driver] = Doing::AboutToSend(session);
                }
            }
            Step::LookUp => all.look_up(driver, in_vain, &terms),
            Step::Fail(failure) => all.learn(driver, Event::Failed { failure }),
            Step::Park(reason) => all.learn(driver, Event::Parked { reason }),
            Step::Wait(_) | Step::Done(_) => {}
        }
    }

    /// What the engine decides, or what a mutant of it would.
    fn decide(&self, state: &State, now: Timestamp, terms: &Terms) -> Step {
        let step = step::next(state, now, terms);
        match (self.mutant, &step) {
            (Mutant::PreparesEarly, Step::Wait(_)) if state.in_doubt() && !state.is_seen() => Step::Prepare,
            _ => step,
        }
    }

    fn reply(&self, all: &mut All, driver: usize, event: Event) {
        all.doing[driver] = Doing::Nothing;
        all.learn(driver, event);
    }

    fn time_out(&self, all: &mut All, driver: usize) {
        self.reply(all, driver, Event::Unknown { reason: String::new() });
        if self.mutant == Mutant::NewKey && all.holder == Some(driver) && all.known.reference_id() == key(1) {
            all.known = State::intended(Expect::Amount(money()), key(2), clock(driver, all.now));
            all.journal = all.known.clone();
        }
    }

    /// What may come of the arrival of each request that is under way.
    fn arrivals(&self, all: &All, left: bool, actions: &mut Vec<Happens>) {
        for (message, index) in all.wire.iter().enumerate() {
            if message > 0 && all.wire[message - 1] == *index {
                continue;
            }
            // Without the session guard, the terms promise that nothing is under way behind the fence.
            let session = &all.sessions[usize::from(*index)];
            let margin = (self.provider.terms)().margin.as_secs() as i64;
            if !self.session_once && all.now > session.expires_at + margin - 10 {
                continue;
            }
            let awaiting = (0..2).filter(|driver| all.doing[*driver] == Doing::Awaiting(*index));
            for reply_to in awaiting.map(Some).chain([None]) {
                for fate in [Fate::Completes, Fate::Pends, Fate::Declines] {
                    actions.push(Happens::Arrives { message, copy: false, reply_to, fate });
                    if left && all.wire.len() < 3 {
                        actions.push(Happens::Arrives { message, copy: true, reply_to, fate });
                    }
                }
            }
        }
    }

    fn of_driver(&self, all: &All, driver: usize, left: bool, actions: &mut Vec<Happens>) {
        match all.doing[driver] {
            Doing::AboutToSend(_) => actions.push(Happens::Sends(driver)),
            Doing::Awaiting(session) => {
                actions.push(Happens::TimesOut(driver));
                if left && all.wire.contains(&session) {
                    actions.push(Happens::IsRefused(driver));
                }
            }
            Doing::Nothing if all.holder == Some(driver) => {
                let now = clock(driver, all.now);
                match self.decide(&all.known, now, &(self.provider.terms)()) {
                    Step::Wait(_) | Step::Done(_) => {}
                    Step::Prepare if all.sessions.len() == 3 => {}
                    step => {
                        actions.push(Happens::Acts(driver));
                        let record = all.record(all.known.reference_id());
                        let stale = record.is_some_and(|record| all.now < record.since + 10);
                        if left && (step == Step::Prepare || step == Step::LookUp && stale) {
                            actions.push(Happens::ActsInVain(driver));
                        }
                    }
                }
            }
            Doing::Nothing => {
                if all.journal.outcome().is_none() && (all.holder.is_none() || left) {
                    actions.push(Happens::Claims(driver));
                }
            }
        }
        if left && (all.holder == Some(driver) || all.doing[driver] != Doing::Nothing) {
            actions.push(Happens::Crashes(driver));
        }
    }
}

fn refused(about: Refused, now: i64) -> Event {
    Event::Refused { about, reason: "no".to_owned(), provider_at: Some(at(now)) }
}

impl Model for Protocol {
    type State = All;
    type Action = Happens;

    fn init_states(&self) -> Vec<All> {
        vec![All::intended()]
    }

    fn actions(&self, all: &All, actions: &mut Vec<Happens>) {
        let left = all.mishaps < self.mishaps;
        for driver in 0..2 {
            self.of_driver(all, driver, left, actions);
        }
        self.arrivals(all, left, actions);
        for (index, record) in all.records.iter().enumerate() {
            if record.fate == Fate::Pends {
                actions.push(Happens::Settles(index));
            }
        }
        for &step in self.provider.steps {
            if all.now + step <= self.until {
                actions.push(Happens::TimePasses(step));
            }
        }
        if matches!(all.journal.outcome(), Some(Outcome::Failed(_))) && all.journal.attempt() == 1 {
            actions.push(Happens::IsTriedAgain);
        }
    }

    fn next_state(&self, last: &All, action: Happens) -> Option<All> {
        let mut all = last.clone();
        match action {
            Happens::Claims(driver) => {
                all.mishaps += u8::from(all.holder.is_some());
                all.let_go();
                all.holder = Some(driver);
            }
            Happens::Acts(driver) => self.act(&mut all, driver, false),
            Happens::ActsInVain(driver) => {
                all.mishaps += 1;
                self.act(&mut all, driver, true);
            }
            Happens::Sends(driver) => {
                let Doing::AboutToSend(session) = all.doing[driver] else { return None };
                all.send(session, self.provider.remembers.is_none());
                all.doing[driver] = Doing::Awaiting(session);
            }
            Happens::Arrives { message, copy, reply_to, fate } => {
                let index = if copy { all.wire[message] } else { all.wire.remove(message) };
                all.mishaps += u8::from(copy);
                let event = self.execute(&mut all, index, fate);
                if let Some(driver) = reply_to {
                    self.reply(&mut all, driver, event);
                }
            }
            Happens::IsRefused(driver) => {
                let Doing::Awaiting(session) = all.doing[driver] else { return None };
                let message = all.wire.iter().position(|other| *other == session)?;
                all.wire.remove(message);
                all.mishaps += 1;
                self.reply(&mut all, driver, refused(Refused::Payment, last.now));
            }
            Happens::TimesOut(driver) => self.time_out(&mut all, driver),
            Happens::Crashes(driver) => {
                all.mishaps += 1;
                all.doing[driver] = Doing::Nothing;
                if all.holder == Some(driver) {
                    all.let_go();
                }
            }
            Happens::Settles(index) => all.records[index].fate = Fate::Completes,
            Happens::TimePasses(step) => all.now += step,
            Happens::IsTriedAgain => {
                let Some(Outcome::Failed(failure)) = all.journal.outcome() else { return None };
                let attempt = 1 + u32::from(failure.recorded);
                let event = Event::Again { attempt, reference_id: key(attempt) };
                all.journal.apply(&Entry { at: at(all.now), event }).ok()?;
                all.let_go();
            }
        }
        (all != *last).then_some(all)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("moves at most once", |_, all: &All| all.moved <= 1),
            Property::always("is not failed after it moved", |_, all: &All| {
                let failed = matches!(all.journal.outcome(), Some(Outcome::Failed(_)));
                // A copy that is older than the refusal by more than the terms allow is none of this property's.
                !failed || all.moved == 0 || all.journal.attempt() > 1
            }),
            Property::always("one key and one session can be executed", |_, all: &All| !all.two_executable),
            Property::sometimes("completes", |_, all: &All| {
                matches!(all.journal.outcome(), Some(Outcome::Completed(_)))
            }),
        ]
    }
}

/// What an exhausted model came to: its distinct states, and the properties that do not hold, each with a way there.
struct Checked {
    states: usize,
    whole: bool,
    broken: Vec<(&'static str, String)>,
}

fn check(protocol: Protocol, most: usize) -> Checked {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = protocol.checker().threads(threads).target_state_count(most).spawn_bfs().join();
    let broken = checker.discoveries().into_iter().filter(|(name, _)| *name != "completes");
    let broken = broken.map(|(name, path)| (name, format!("{:?}", path.into_actions()))).collect();
    let states = checker.unique_state_count();
    Checked { states, whole: checker.state_count() < most, broken }
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    let protocol = |case: &Case| {
        let Case { provider, key_once, session_once, mutant, .. } = *case;
        let expiries = run.scale.pick(1, 2, 2);
        let until = provider.lifetime * expiries + run.scale.pick(600, 800, 800);
        Protocol { provider, key_once, session_once, mutant, until, mishaps: run.scale.pick(2, 2, 3) }
    };
    let most = run.scale.pick(6_000_000, 200_000_000, 2_000_000_000);
    for case in CASES {
        let checked = check(protocol(&case), most);
        if case.mutant == Mutant::None {
            if let Some((property, path)) = checked.broken.first() {
                return Err(run.violation(format!("{}, it {property}: not after {path}", case.name)).into());
            }
            let whole =
                if checked.whole { "distinct states, which are all there are" } else { "distinct states" };
            figures.count(case.name, checked.states, whole);
        } else {
            if !checked.broken.iter().any(|(property, _)| *property == "moves at most once") {
                let what = format!("{} is not found to pay twice, so the model can find nothing", case.name);
                return Err(run.violation(what).into());
            }
            let name = format!("{}: pays twice, found after", case.name);
            figures.count(&name, checked.states, "distinct states");
        }
    }
    Ok(figures)
}

/// One model to look through, whole.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    provider: Provider,
    key_once: bool,
    session_once: bool,
    mutant: Mutant,
}

impl Case {
    const fn of(name: &'static str, provider: Provider, (key_once, session_once): (bool, bool)) -> Self {
        Self { name, provider, key_once, session_once, mutant: Mutant::None }
    }

    const fn broken(self, mutant: Mutant) -> Self {
        Self { mutant, ..self }
    }
}

const ONLY_KEYS: (bool, bool) = (true, false);
const ONLY_SESSIONS: (bool, bool) = (false, true);

const CASES: [Case; 6] = [
    Case::of("dollr without G1", DOLLR, ONLY_SESSIONS),
    Case::of("dollr without G2", DOLLR, ONLY_KEYS),
    Case::of("dwolla", DWOLLA, ONLY_KEYS),
    Case::of("dollr without G1, prepared again before the fence", DOLLR, ONLY_SESSIONS)
        .broken(Mutant::PreparesEarly),
    Case::of("dollr without G2, under a new key after an unknown outcome", DOLLR, ONLY_KEYS)
        .broken(Mutant::NewKey),
    Case::of("dwolla under a new key after an unknown outcome", DWOLLA, ONLY_KEYS).broken(Mutant::NewKey),
];
