//! How many requests the provider takes. Its documents name no number: only that too many of one kind are answered 429,
//! for five minutes and without `Retry-After`. So the number is a [switch](super::Switches::most_a_minute).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

const MINUTE: TimeDelta = TimeDelta::minutes(1);
const BLOCKED: TimeDelta = TimeDelta::minutes(5);

/// The requests of the present minute, by operation.
#[derive(Debug, Default)]
pub(crate) struct Volume {
    counted: Mutex<HashMap<String, Counted>>,
}

#[derive(Clone, Copy, Debug)]
struct Counted {
    since: DateTime<Utc>,
    requests: u32,
    blocked_until: Option<DateTime<Utc>>,
}

impl Volume {
    /// Counts a request, and says whether it is one too many.
    pub(crate) fn is_too_much(&self, operation: String, most_a_minute: u32, now: DateTime<Utc>) -> bool {
        let mut all = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = Counted { since: now, requests: 0, blocked_until: None };
        let counted = all.entry(operation).or_insert(fresh);
        if let Some(until) = counted.blocked_until {
            if now < until {
                return true;
            }
            *counted = fresh;
        }
        if now - counted.since >= MINUTE {
            *counted = fresh;
        }
        counted.requests = counted.requests.saturating_add(1);
        let too_much = counted.requests > most_a_minute;
        counted.blocked_until = too_much.then(|| now + BLOCKED);
        too_much
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_too_many_in_a_minute_blocks_its_operation_for_five() {
        let (volume, start) = (Volume::default(), DateTime::UNIX_EPOCH);
        let at = |operation: &str, seconds: i64| {
            volume.is_too_much(operation.to_owned(), 2, start + TimeDelta::seconds(seconds))
        };
        assert_eq!([at("a", 0), at("a", 59), at("a", 60), at("a", 61)], [false; 4]);
        assert_eq!([at("a", 62), at("b", 62), at("a", 200), at("a", 361)], [true, false, true, true]);
        assert_eq!([at("a", 362), at("a", 363), at("a", 364)], [false, false, true]);
    }
}
