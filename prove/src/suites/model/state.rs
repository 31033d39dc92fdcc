//! One state of the protocol: the journal, the drivers, the provider's books and the wire.

use payonce::step::{self, Entry, Event, Expect, Failure, Receipt, State, Step, Terms};
use payonce::{Currency, Money, Name, Namespace, Operation, ReferenceId, Timestamp};

/// What a driver is in the middle of.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) enum Doing {
    Nothing,
    /// The journal has it; the request is not on the wire yet.
    AboutToSend(u8),
    Awaiting(u8),
}

#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq)]
pub(super) enum Fate {
    Completes,
    Pends,
    Declines,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) key: ReferenceId,
    pub(super) expires_at: i64,
    pub(super) used: bool,
    pub(super) sent: bool,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) key: ReferenceId,
    pub(super) fate: Fate,
    pub(super) since: i64,
}

/// One state of everything.
#[derive(Clone, Debug, Hash, PartialEq, Eq)]
pub(super) struct All {
    pub(super) now: i64,
    pub(super) journal: State,
    /// Who has the lease, and what it knows beyond the journal.
    pub(super) holder: Option<usize>,
    pub(super) known: State,
    pub(super) doing: [Doing; 2],
    pub(super) sessions: Vec<Session>,
    pub(super) records: Vec<Record>,
    /// Copies of requests under way, by their session.
    pub(super) wire: Vec<u8>,
    pub(super) moved: u8,
    pub(super) mishaps: u8,
    pub(super) two_executable: bool,
}

pub(super) fn key(attempt: u32) -> ReferenceId {
    let name = Name::new("a").expect("that is a name");
    let operation = Operation::new("payout").expect("that is an operation");
    ReferenceId::derive(&Namespace::new("m").expect("that is a namespace"), &operation, &name, attempt)
}

pub(super) fn money() -> Money {
    Money::new("1.00", Currency::USD).expect("that is money")
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + seconds, 0).expect("a modelled moment is within chrono's range")
}

/// What a driver's clock shows.
pub(super) fn clock(driver: usize, now: i64) -> Timestamp {
    at(now + if driver == 0 { 0 } else { 3600 })
}

impl All {
    pub(super) fn intended() -> Self {
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
    pub(super) fn learn(&mut self, driver: usize, event: Event) {
        if self.holder == Some(driver) {
            let entry = Entry { at: clock(driver, self.now), event };
            if self.known.apply(&entry).is_ok() {
                self.journal = self.known.clone();
            } else {
                self.let_go();
            }
        }
    }

    pub(super) fn let_go(&mut self) {
        self.holder = None;
        self.known = self.journal.clone();
    }

    pub(super) fn record(&self, key: ReferenceId) -> Option<&Record> {
        self.records.iter().find(|record| record.key == key)
    }

    /// What a driver is told of a record.
    pub(super) fn report(&self, fate: Fate) -> Event {
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

    pub(super) fn look_up(&mut self, driver: usize, stale: bool, terms: &Terms) {
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
    pub(super) fn send(&mut self, index: u8, sessions: bool) {
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
