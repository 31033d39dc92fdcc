//! What may happen in a state, and what comes of it.

use payonce::Timestamp;
use payonce::step::{self, Entry, Event, Expect, Outcome, Refused, State, Step, Terms};
use stateright::{Model, Property};

use super::Provider;
use super::state::{All, Doing, Fate, Record, Session, at, clock, key, money};

/// What is wrong with the engine, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    None,
    /// Prepares again as soon as the key is unknown, before the fence.
    PreparesEarly,
    /// Takes a new key when it does not know what became of the old one.
    NewKey,
}

/// What is modelled, and how much of it.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    pub(super) provider: Provider,
    pub(super) key_once: bool,
    pub(super) session_once: bool,
    pub(super) mutant: Mutant,
    /// How far time goes, in seconds.
    pub(super) until: i64,
    /// How many crashes, copies, takeovers and refusals there are at most, in all.
    pub(super) mishaps: u8,
}

/// Something that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happens {
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
