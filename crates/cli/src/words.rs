//! What happened to a payment, what comes next, and where its money is, in plain words.
//!
//! What must stay true: nothing here says more about money than the events do.

use payonce::Timestamp;
use payonce::journal::Standing;
use payonce::rail::Report;
use payonce::step::{Decision, Event, Outcome, ParkReason, Refused, State, Step};
use serde::Serialize;

use crate::rail::Rail;

/// A moment as people read it, in UTC.
pub(crate) fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3fZ").to_string()
}

/// What happened. Nothing in an event is secret: the journal holds no secrets.
pub(crate) fn happened(rail: Rail, event: &Event) -> String {
    match event {
        Event::Prepared { body, expires_at, .. } => {
            let until = moment(*expires_at);
            match rail {
                Rail::Dollr => format!("a session was opened, good until {until}; to be sent: {body}"),
                Rail::Dwolla => format!("made ready, to be sent before {until} or not at all: {body}"),
            }
        }
        Event::Sending => "being sent; from here on the provider may act".to_owned(),
        Event::NotSent { reason } => format!("the provider did not act: {reason}"),
        Event::Unknown { reason } => format!("nobody knows what became of it: {reason}"),
        Event::Refused { about: Refused::Payment, reason, .. } => format!("the provider said no: {reason}"),
        Event::Refused { about: Refused::Session, reason, .. } => {
            format!("the provider refused the session: {reason}")
        }
        Event::NotFound { .. } => "looked up: the provider does not know the reference id (yet)".to_owned(),
        Event::Pending => "the provider has taken it".to_owned(),
        Event::Completed { receipt } => {
            format!("completed: charged {}, paid out {}", receipt.payer_amount, receipt.payee_amount)
        }
        Event::Failed { failure } => format!("failed, no money moved: {failure}"),
        Event::Parked { reason } => format!("parked for a person to decide: {reason}"),
        Event::Again { attempt, reference_id } => {
            format!("to be tried again, attempt {attempt} with reference id {reference_id}")
        }
        Event::Resolved { decision, by, reason } => {
            let what = match decision {
                Decision::Paid { receipt } => format!("that it was paid ({})", receipt.payee_amount),
                Decision::NotPaid { .. } => "that it was not paid".to_owned(),
            };
            format!("{by} decided {what}: {reason}")
        }
        other => format!("{other:?}"),
    }
}

/// The provider's present word.
pub(crate) fn said(report: Option<&Report>) -> String {
    match report {
        None => "it knows no such reference id (which is no proof that it never will)".to_owned(),
        Some(Report::Pending { .. }) => "it has the payment and has not ended it".to_owned(),
        Some(Report::Completed(receipt)) => {
            let id = receipt.provider_transaction_id.as_deref().unwrap_or("none given");
            let (payer, payee) = (receipt.payer_amount, receipt.payee_amount);
            format!("completed: charged {payer}, paid out {payee}, transaction id {id}")
        }
        Some(Report::Failed(failure)) => format!("failed, no money moved: {failure}"),
    }
}

/// Where the money is, as far as the journal can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MoneyIs {
    /// It moved, once.
    Moved,
    /// It did not move, and nothing that could move it is under way.
    NotMoved,
    /// A person decided that it did not move; nothing is sent unless somebody tries again.
    DecidedNotMoved,
    /// It may have moved, or may yet.
    Unknown,
}

impl MoneyIs {
    /// Where it is, by everything the events say, and by the last of them.
    pub(crate) fn of(state: &State, last: Option<&Event>) -> Self {
        match state.outcome() {
            _ if matches!(
                last,
                Some(Event::Resolved { decision: Decision::NotPaid { recorded: false }, .. })
            ) =>
            {
                Self::DecidedNotMoved
            }
            Some(Outcome::Completed(_) | Outcome::Parked(ParkReason::AmountDiffers { .. })) => Self::Moved,
            Some(Outcome::Failed(_)) => Self::NotMoved,
            Some(Outcome::Parked(_)) | None if state.in_doubt() => Self::Unknown,
            Some(Outcome::Parked(_)) | None => Self::NotMoved,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Moved => "it moved, once",
            Self::NotMoved => "it did not move",
            Self::DecidedNotMoved => {
                "it did not move, as a person decided; trying again looks first, and keeps the reference id"
            }
            Self::Unknown => "it may have moved, or may yet: do not pay by another name or in another way",
        }
    }
}

/// What the engine does next.
pub(crate) fn next(step: &Step) -> String {
    match step {
        Step::Prepare => "make it ready".to_owned(),
        Step::Submit => "send what was made ready".to_owned(),
        Step::LookUp => "ask the provider what it knows of the reference id".to_owned(),
        Step::Wait(until) => format!("wait until {}, then decide again", moment(*until)),
        Step::Fail(failure) => format!("call it failed: {failure}"),
        Step::Park(reason) => format!("park it: {reason}"),
        Step::Done(_) => "nothing".to_owned(),
    }
}

/// What a person does now.
pub(crate) fn advice(rail: Rail, name: &str, standing: Standing) -> String {
    let name = quoted(name);
    match standing {
        Standing::Completed if rail == Rail::Dwolla => {
            format!("nothing; whether a bank sent it back since, `payonce returned {name}` asks")
        }
        Standing::Completed => "nothing".to_owned(),
        Standing::Failed => format!("nothing, or `payonce again {name}`, which tries it once more"),
        Standing::Parked => {
            format!(
                "look at the provider's records (`payonce evidence {name}`), then `payonce resolve {name}`"
            )
        }
        _ => "`payonce resume`, unless a program drives it; give no other command under another name"
            .to_owned(),
    }
}

/// So many of something.
pub(crate) fn count(number: u64, one: &str) -> String {
    format!("{number} {one}{}", if number == 1 { "" } else { "s" })
}

/// A name as a shell reads it.
pub(crate) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.:,@+=%".contains(c);
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_where_a_shell_would_read_more_into_it() {
        assert_eq!(quoted("salary/2026-11/ama"), "salary/2026-11/ama");
        assert_eq!(quoted("pay $HOME"), "'pay $HOME'");
        assert_eq!(quoted("ama's"), r"'ama'\''s'");
    }
}
