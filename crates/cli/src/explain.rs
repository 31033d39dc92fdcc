//! Why the engine did what it did: each event of a payment with the rule that led to it.
//!
//! What must stay true: nothing is told from a table of what usually follows what. The events are folded one by one, and
//! before each [`step::next`] is asked what it would do then; a rule is told only for what the engine itself decided.

use payonce::Timestamp;
use payonce::journal::Record;
use payonce::step::{self, Decision, Entry, Event, ParkReason, Refused, State, Step, Terms};
use serde::Serialize;

use crate::rail::Rail;
use crate::words;

/// A rule of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    JournalFirst,
    OneKeyOneBody,
    LookFirst,
    LookBeforeFirstUse,
    SameSessionAgain,
    Fence,
    NotFoundIsNoLicence,
    StaleAfterPending,
    RefusalIsChecked,
    RefusalBelieved,
    AmountChecked,
    Patience,
    KeyForgotten,
    ProvidersWord,
    Again,
    CrashLooksFirst,
    OneRetryLoop,
    Person,
}

impl Rule {
    /// Its number among the rules that every change must keep, if it has one.
    pub(crate) fn number(self) -> Option<u8> {
        Some(match self {
            Self::JournalFirst => 1,
            Self::OneKeyOneBody => 2,
            Self::LookFirst => 3,
            Self::SameSessionAgain | Self::Fence | Self::NotFoundIsNoLicence => 4,
            Self::StaleAfterPending => 5,
            Self::RefusalIsChecked | Self::RefusalBelieved => 6,
            Self::AmountChecked => 7,
            Self::Again => 9,
            Self::CrashLooksFirst => 10,
            Self::OneRetryLoop => 11,
            Self::LookBeforeFirstUse
            | Self::Patience
            | Self::KeyForgotten
            | Self::ProvidersWord
            | Self::Person => return None,
        })
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::JournalFirst => {
                "the journal is written before the wire, so that a crash cannot hide a send"
            }
            Self::OneKeyOneBody => "one attempt keeps one key for life, and one body for each session",
            Self::LookFirst => {
                "after a send of which nobody knows what became, it is looked up before anything is sent"
            }
            Self::LookBeforeFirstUse => {
                "the provider forgets its keys, so one is looked for before its first use: a lost journal may have used it"
            }
            Self::SameSessionAgain => {
                "\"not found\" is not \"not landed\": while the session lives, only the same key and session may go again"
            }
            Self::Fence => {
                "the old session can be executed no more, and a look-up after that knew no such key: a new session under the \
                 same key"
            }
            Self::NotFoundIsNoLicence => "\"not found\" is not \"not landed\": it may still be on its way",
            Self::StaleAfterPending => {
                "the provider has said that it has it: a later \"not found\" is a stale answer"
            }
            Self::RefusalIsChecked => {
                "a refusal may answer a repeat of a success, so a look-up must confirm it"
            }
            Self::RefusalBelieved => {
                "a look-up, late enough after the refusal, knew no such key: the refusal stands"
            }
            Self::AmountChecked => "what the provider moved is compared with what was intended",
            Self::Patience => "nothing new was learned for as long as the rail waits: a person must decide",
            Self::KeyForgotten => {
                "the provider would no longer tell a repeat from a second payment, so nothing is sent any more"
            }
            Self::ProvidersWord => "the provider's own word, which is believed",
            Self::Again => "a failed payment keeps its name, and only a decision tries it again",
            Self::CrashLooksFirst => {
                "the process that sent it stopped before it heard an answer: whoever follows looks first"
            }
            Self::OneRetryLoop => {
                "the provider certainly did not act: the engine, and nothing else, sends it again"
            }
            Self::Person => "only a person may decide what the provider's answers leave open",
        }
    }
}

/// One thing that happened, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Explained {
    pub(crate) at: Timestamp,
    pub(crate) what: String,
    /// The rule by which it came to that; nothing of an answer that the provider gave as it pleased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<u8>,
    pub(crate) why: &'static str,
    /// What the engine decided to do then.
    pub(crate) then: String,
}

/// Explains every event.
///
/// # Errors
/// `Journal` when the events cannot have happened in that order.
pub(crate) fn explain(rail: Rail, record: &Record, terms: &Terms) -> Result<Vec<Explained>, payonce::Error> {
    let mut state = State::intended(record.intent.expect, record.intent.reference_id, record.created_at);
    // Damage is told by the journal's own words.
    record.state()?;
    let mut explained = Vec::new();
    let mut last: Option<&Event> = None;
    for entry in &record.entries {
        let decided = step::next(&state, entry.at, terms);
        let rule = rule(&state, &decided, last, &entry.event);
        state.apply(entry).expect("the whole was just folded without a fault");
        let Entry { at, event } = entry;
        explained.push(Explained {
            at: *at,
            what: words::happened(rail, event),
            rule: rule.number(),
            why: rule.words(),
            then: words::next(&step::next(&state, *at, terms)),
        });
        last = Some(event);
    }
    Ok(explained)
}

/// The rule that led to an event, by what was known and decided before it.
fn rule(before: &State, decided: &Step, last: Option<&Event>, event: &Event) -> Rule {
    match event {
        Event::Prepared { .. } if before.body().is_some() => Rule::Fence,
        Event::Prepared { .. } => Rule::OneKeyOneBody,
        Event::Sending if before.in_doubt() => Rule::SameSessionAgain,
        Event::Sending => Rule::JournalFirst,
        Event::NotSent { .. } => Rule::OneRetryLoop,
        Event::Unknown { .. } => Rule::LookFirst,
        Event::Refused { about: Refused::Payment | Refused::Session, .. } => Rule::RefusalIsChecked,
        Event::NotFound { .. } if last.is_none() && *decided == Step::LookUp => Rule::LookBeforeFirstUse,
        Event::NotFound { .. } if before.is_seen() => Rule::StaleAfterPending,
        Event::NotFound { .. } if matches!(last, Some(Event::Sending)) => Rule::CrashLooksFirst,
        Event::NotFound { .. } => Rule::NotFoundIsNoLicence,
        Event::Completed { .. } => Rule::AmountChecked,
        Event::Failed { .. } if matches!(decided, Step::Fail(_)) => Rule::RefusalBelieved,
        Event::Parked { reason: ParkReason::AmountDiffers { .. } } => Rule::AmountChecked,
        Event::Parked { reason: ParkReason::WindowClosed } => Rule::KeyForgotten,
        Event::Parked { reason: ParkReason::SessionsUsedUp } => Rule::Fence,
        Event::Parked { .. } => Rule::Patience,
        Event::Again { .. } => Rule::Again,
        Event::Resolved { decision: Decision::Paid { .. } | Decision::NotPaid { .. }, .. } => Rule::Person,
        _ => Rule::ProvidersWord,
    }
}

#[cfg(test)]
mod tests {
    use payonce::journal::{Intent, Journal, MemoryJournal};
    use payonce::step::{Expect, Refused};
    use payonce::{Currency, Failure, Money, Name, Namespace, Operation, Receipt, ReferenceId};

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
    }

    fn key(attempt: u32) -> ReferenceId {
        let (operation, name) = (Operation::new("payout").unwrap(), Name::new("a").unwrap());
        ReferenceId::derive(&Namespace::new("m").unwrap(), &operation, &name, attempt)
    }

    fn money() -> Money {
        Money::new("1.00", Currency::USD).unwrap()
    }

    async fn record(events: Vec<(i64, Event)>) -> Record {
        let intent = Intent {
            rail: "dollr".to_owned(),
            operation: Operation::new("payout").unwrap(),
            name: Name::new("a").unwrap(),
            reference_id: key(1),
            contents: "{}".to_owned(),
            expect: Expect::Amount(money()),
        };
        let (mut record, _) = MemoryJournal::new().intend(intent, at(0)).await.unwrap();
        record.entries =
            events.into_iter().map(|(seconds, event)| Entry { at: at(seconds), event }).collect();
        record
    }

    fn prepared(opened: i64) -> Event {
        Event::Prepared { body: "{}".to_owned(), expires_at: at(opened + 900), provider_at: None }
    }

    fn unknown() -> Event {
        Event::Unknown { reason: "the connection broke".to_owned() }
    }

    const NOT_FOUND: Event = Event::NotFound { provider_at: None };

    /// What the engine decided before each event is what the event then was; the rule follows from it.
    #[tokio::test]
    async fn each_event_is_told_with_the_rule_that_led_to_it() {
        let receipt = Receipt {
            reference_id: key(1),
            payer_amount: money(),
            payee_amount: money(),
            provider_transaction_id: None,
        };
        let failure = Failure { reason: "no".to_owned(), recorded: false };
        let refused = Event::Refused { about: Refused::Payment, reason: "no".to_owned(), provider_at: None };
        let forgetful = Terms { forgets_keys: true, ..Terms::default() };
        let first = record(vec![(0, NOT_FOUND), (1, prepared(1))]).await;
        let told = explain(Rail::Dwolla, &first, &forgetful).unwrap();
        assert_eq!(told[0].why, Rule::LookBeforeFirstUse.words());
        for (events, rules) in [
            (
                vec![
                    (0, prepared(0)),
                    (1, Event::Sending),
                    (31, unknown()),
                    (32, NOT_FOUND),
                    (40, Event::Sending),
                    (41, Event::NotSent { reason: "no route".to_owned() }),
                    (50, NOT_FOUND),
                    (1030, NOT_FOUND),
                    (1031, prepared(1031)),
                    (1032, Event::Sending),
                    (1100, NOT_FOUND),
                    (1101, Event::Sending),
                    (1102, Event::Pending),
                    (1110, Event::Completed { receipt }),
                ],
                vec![
                    Rule::OneKeyOneBody,
                    Rule::JournalFirst,
                    Rule::LookFirst,
                    Rule::NotFoundIsNoLicence,
                    Rule::SameSessionAgain,
                    Rule::OneRetryLoop,
                    Rule::NotFoundIsNoLicence,
                    Rule::NotFoundIsNoLicence,
                    Rule::Fence,
                    Rule::JournalFirst,
                    Rule::CrashLooksFirst,
                    Rule::SameSessionAgain,
                    Rule::ProvidersWord,
                    Rule::AmountChecked,
                ],
            ),
            (
                vec![
                    (0, prepared(0)),
                    (1, Event::Sending),
                    (2, refused),
                    (20, NOT_FOUND),
                    (20, Event::Failed { failure }),
                    (30, Event::Again { attempt: 1, reference_id: key(1) }),
                    (40, Event::Parked { reason: ParkReason::NoAnswer }),
                    (
                        50,
                        Event::Resolved {
                            decision: Decision::NotPaid { recorded: false },
                            by: "ama".to_owned(),
                            reason: "seen".to_owned(),
                        },
                    ),
                ],
                vec![
                    Rule::OneKeyOneBody,
                    Rule::JournalFirst,
                    Rule::RefusalIsChecked,
                    Rule::NotFoundIsNoLicence,
                    Rule::RefusalBelieved,
                    Rule::Again,
                    Rule::Patience,
                    Rule::Person,
                ],
            ),
        ] {
            let record = record(events).await;
            let terms = Terms::default();
            let told = explain(Rail::Dollr, &record, &terms).unwrap();
            let expected: Vec<_> = rules.iter().map(|rule| rule.words()).collect();
            assert_eq!(told.iter().map(|told| told.why).collect::<Vec<_>>(), expected);
            for (one, next) in told.iter().zip(record.entries.iter().skip(1)) {
                let sends = matches!(next.event, Event::Sending);
                assert!(!sends || one.then == words::next(&Step::Submit), "{one:?} {next:?}");
            }
        }
    }
}
