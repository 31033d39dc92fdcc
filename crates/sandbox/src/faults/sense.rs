//! Which faults can happen at all. One that cannot is refused when it is set, because a fault that never strikes, or
//! strikes elsewhere than it says, makes a test pass for nothing.

use std::fmt;

use super::bodies::is_about_the_body;
use super::{Action, Place, Rule};

/// The largest body that is made up.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Why a fault cannot be set: the member of the rule that is at fault, and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nonsense {
    pub(crate) member: &'static str,
    pub(crate) because: &'static str,
}

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.member, self.because)
    }
}

/// Says why a rule cannot be meant, if so.
pub(super) fn check(rule: &Rule, status_reads: &[&str]) -> Result<(), Nonsense> {
    let refuse = |member, because| Err(Nonsense { member, because });
    if rule.nth == Some(0) {
        return refuse("nth", "the first call is 1");
    }
    if rule.times == Some(0) {
        return refuse("times", "a fault strikes at least once");
    }
    if rule.chance.is_some_and(|chance| !(0.0..=1.0).contains(&chance.probability)) {
        return refuse("chance", "a probability is between 0 and 1");
    }
    if let Some(because) = misplaced(rule.place, rule.action) {
        return refuse("place", because);
    }
    match rule.action {
        Action::Status { code } if !(200..=599).contains(&code) => {
            refuse("code", "a reply has a status from 200 to 599")
        }
        Action::OversizedBody { bytes } if !(1..=LARGEST).contains(&bytes) => {
            refuse("bytes", "an oversized body has 1 byte to 64 MiB")
        }
        Action::StaleStatus { .. } if !may_read_a_status(&rule.operation, status_reads) => {
            refuse("operation", "only the read of a status can be stale")
        }
        _ => Ok(()),
    }
}

fn misplaced(place: Place, action: Action) -> Option<&'static str> {
    match (place, action) {
        (Place::BeforeEffect, Action::GarbageBody | Action::EmptyBody) => None,
        (Place::BeforeEffect, action) if is_about_the_body(action) => {
            Some("before the effect there is no reply whose body could be changed")
        }
        (Place::AfterEffect, Action::SlowDrip { .. }) => Some("a body drips in the reply"),
        (Place::InReply, Action::Status { .. } | Action::TooManyRequests { .. }) => {
            Some("in the reply the status has been sent already")
        }
        (Place::InReply, Action::DuplicateDelivery) => {
            Some("a request is delivered again before or after the effect, not in the reply")
        }
        (Place::AfterEffect | Place::InReply, Action::DeliverLate { .. }) => {
            Some("a request that has taken effect cannot arrive late")
        }
        _ => None,
    }
}

fn may_read_a_status(operation: &str, status_reads: &[&str]) -> bool {
    status_reads.iter().any(|read| match operation.strip_suffix('*') {
        Some(start) => read.starts_with(start) || start.starts_with(read),
        None if read.ends_with('/') => operation.starts_with(read),
        None => operation == *read,
    })
}
