//! What the fuzzers call: one function for each thing that reads what others wrote.
//!
//! Each takes any bytes, returns, and panics if something is wrong: the code under it panicked, or what it read does
//! not hold together. They run under `cargo fuzz`, guided by coverage, and in the suite `fuzz`, which replays the
//! corpus and a little more on any machine.

#![allow(missing_docs, reason = "one function for each target, named in the list")]

mod hal;
#[path = "../../../xtask/src/generate/lower.rs"]
#[allow(dead_code, reason = "the generator uses the rest")]
mod lower;
mod replies;
mod scripts;

use std::time::Duration;

use dollr::raw::{Amount, AmountText};
use dollr::{
    Currency, Entry, Event, Expect, Money, Name, Namespace, Operation, Phone, ReferenceId, Timestamp,
};
use payonce::step::{self, State, Terms};

pub use hal::hal;
pub use replies::{replies, retry_after};
pub use scripts::scripts;

/// Takes any bytes, and panics if something is wrong.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("replies", replies),
    ("hal", hal),
    ("retry_after", retry_after),
    ("money", money),
    ("names", names),
    ("events", events),
    ("lowering", lowering),
    ("scripts", scripts),
];

/// Amounts as people write them and as they travel: what is read is written back as the same amount.
pub fn money(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for currency in [Currency::USD, Currency::RWF] {
        if let Ok(money) = Money::new(&text, currency) {
            let again = Money::new(&money.amount().to_string(), currency);
            assert_eq!(again.ok(), Some(money), "{text:?} is not read as it is written");
            assert!(money.amount().is_sign_positive() && !money.amount().is_zero(), "{text:?} is no payment");
            let json = serde_json::to_string(&money).expect("money can be written");
            assert_eq!(serde_json::from_str::<Money>(&json).ok(), Some(money), "{json}");
        }
    }
    if let Ok(amount) = serde_json::from_slice::<Amount>(data) {
        let json = serde_json::to_string(&amount).expect("an amount can be written");
        assert_eq!(serde_json::from_str::<Amount>(&json).ok(), Some(amount), "{json}");
        let same: AmountText = serde_json::from_slice(data).expect("the two read the same");
        assert_eq!(same.decimal(), amount.decimal(), "{text:?}");
    }
    // Whatever else it is, it is read or refused.
    let _ = (text.parse::<Currency>(), text.parse::<Amount>(), serde_json::from_slice::<Money>(data));
}

/// Names, keys, moments and phone numbers: what is taken is written as it was, and leads to the same key.
pub fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(name) = Name::new(&*text) {
        assert_eq!(name.as_str(), text);
        assert!(name.as_str().len() <= payonce::MAX_LENGTH);
        if let (Ok(namespace), Ok(operation)) = (Namespace::new(&*text), Operation::new("payout")) {
            let key = ReferenceId::derive(&namespace, &operation, &name, 1);
            assert_eq!(key.to_string().parse::<ReferenceId>().ok(), Some(key));
            assert_eq!(key, ReferenceId::derive(&namespace, &operation, &name, 1));
            assert_ne!(key, ReferenceId::derive(&namespace, &operation, &name, 2));
        }
    }
    if let Ok(moment) = text.parse::<dollr::raw::Timestamp>() {
        assert_eq!(moment.to_string().parse::<dollr::raw::Timestamp>().ok(), Some(moment), "{text:?}");
    }
    let _ = (Operation::new(&*text), text.parse::<ReferenceId>(), Phone::new(&text));
}

/// The events of a payment as the journal keeps them, one a line: any list is folded or refused, and what is decided
/// of it is decided at any time.
pub fn events(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok());
    let one = Money::new("1.00", Currency::USD).expect("one dollar is an amount");
    let key = "550e8400-e29b-41d4-a716-446655440000".parse().expect("this is a key");
    // The first bytes say when it all began.
    let millis = data.first_chunk::<8>().map_or(0, |bytes| i64::from_le_bytes(*bytes));
    let begin = Timestamp::from_timestamp_millis(millis).unwrap_or_default();
    let mut state = State::intended(Expect::Amount(one), key, begin);
    let terms = |span, sessions| Terms {
        margin: span,
        stale: span,
        patience: span,
        sessions,
        forgets_keys: sessions == 0,
    };
    let terms = [
        Terms::default(),
        terms(Duration::MAX, u32::MAX),
        terms(Duration::ZERO, 0),
        Terms { forgets_keys: true, ..Terms::default() },
    ];
    for event in lines {
        let json = serde_json::to_string(&event).expect("an event can be written");
        assert_eq!(serde_json::from_str::<Event>(&json).ok().as_ref(), Some(&event), "{json}");
        if state.apply(&Entry { at: begin, event }).is_err() {
            break;
        }
        for terms in &terms {
            for now in [begin, Timestamp::UNIX_EPOCH, Timestamp::MAX_UTC, Timestamp::MIN_UTC] {
                let _ = (step::next(&state, now, terms), step::give_up(&state, now, terms));
            }
        }
    }
}

/// The lowering of a published document: it is lowered or refused.
pub fn lowering(data: &[u8]) {
    if let Ok(document) = serde_json::from_slice(data)
        && let Ok(lowered) = lower::lower(&document)
    {
        assert!(serde_json::to_vec(&lowered).is_ok(), "what was lowered cannot be written");
    }
}
