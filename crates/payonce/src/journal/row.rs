//! What a row of either database holds, and how it is told from one that a failing disk made of it.

use sha2::{Digest as _, Sha256};

use super::{Intent, PaymentId, Result, damaged};
use crate::step::{Entry, Event, Timestamp};

/// The digest of an event's row.
pub(super) type EventDigest = [u8; 16];

/// What tells an event that was written from one that a failing disk made of it: a body with one bit turned could still
/// be a body, for somebody else's account.
pub(super) fn event_digest(id: PaymentId, place: usize, at: i64, event: &str) -> EventDigest {
    let mut hash = Sha256::new();
    hash.update(id.0.to_be_bytes());
    hash.update((place as u64).to_be_bytes());
    hash.update(at.to_be_bytes());
    hash.update(event);
    let whole: [u8; 32] = hash.finalize().into();
    *whole.first_chunk().expect("16 bytes are the first half of 32")
}

/// An event as it is written.
pub(super) struct EventRow {
    pub(super) at: i64,
    pub(super) event: String,
    pub(super) digest: EventDigest,
}

impl EventRow {
    /// The row of an entry, at a place among the payment's events.
    pub(super) fn of(id: PaymentId, place: usize, entry: &Entry) -> Self {
        let event = serde_json::to_string(&entry.event).expect("an event is plain data");
        let at = entry.at.timestamp_millis();
        Self { at, digest: event_digest(id, place, at, &event), event }
    }
}

/// Reads one event's row, which has to be the one that was written at that place.
pub(super) fn entry(
    (id, intent): (PaymentId, &Intent),
    (expected, place): (usize, usize),
    at: i64,
    event: &str,
    digest: &[u8],
) -> Result<Entry> {
    if place != expected {
        return Err(damaged(&intent.name, "lacks an event"));
    }
    if digest != event_digest(id, place, at, event) {
        return Err(damaged(&intent.name, "holds an event that is not the one that was written"));
    }
    let at = Timestamp::from_timestamp_millis(at);
    match (serde_json::from_str::<Event>(event), at) {
        (Ok(event), Some(at)) => Ok(Entry { at, event }),
        _ => Err(damaged(&intent.name, "holds an event that this version does not know")),
    }
}
