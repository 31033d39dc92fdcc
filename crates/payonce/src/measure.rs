//! What is counted and timed, through the `metrics` facade, when the feature `metrics` is on; nothing otherwise.
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `payonce_payments_total` | counter | `rail`; `operation`; `outcome`: `completed`, `failed`, `parked`, or `stopped` when the engine stopped and the payment can be resumed |
//! | `payonce_sends_total` | counter | `operation` |
//! | `payonce_look_ups_total` | counter | `operation`; `answer`: `found`, `not_found`, `none` |
//! | `payonce_set_backs_total` | counter | `operation`; `kind`: the error's |
//! | `payonce_journal_write_seconds` | histogram | |
//! | `payonce_taken_up_total` | counter | `rail`: by a worker, from the journal |
//! | `payonce_journal_failures_total` | counter | `rail`: a worker's looks that failed |
//! | `payonce_rate_waits_total` | counter | `rail`: a worker had room, and the rate allowed nothing more |
//!
//! No label holds a name, a key or an amount.

use std::time::Instant;

use crate::error::Error;
use crate::name::Operation;
use crate::rail::LookUp;
use crate::step::Outcome;

macro_rules! count {
    ($name:literal, $($label:literal => $value:expr),+) => {
        count!($name, 1, $($label => $value),+);
    };
    ($name:literal, $many:expr, $($label:literal => $value:expr),+) => {
        #[cfg(feature = "metrics")]
        metrics::counter!($name, $($label => $value),+).increment($many as u64);
        #[cfg(not(feature = "metrics"))]
        let _ = ($many, $(|| $value,)+);
    };
}

/// A payment that this process drove has ended, or the engine has stopped with it.
pub(crate) fn payment(rail: &'static str, operation: &Operation, ended: Result<&Outcome, &Error>) {
    let outcome = match ended {
        Ok(Outcome::Completed(_)) => "completed",
        Ok(Outcome::Failed(_)) => "failed",
        Ok(Outcome::Parked(_)) => "parked",
        Err(_) => "stopped",
    };
    tracing::debug!(outcome, "ended");
    count!("payonce_payments_total", "rail" => rail, "operation" => operation.to_string(), "outcome" => outcome);
}

/// A request that moves money is about to go on the wire.
pub(crate) fn send(operation: &Operation) {
    count!("payonce_sends_total", "operation" => operation.to_string());
}

/// The provider was asked about a payment.
pub(crate) fn look_up(operation: &Operation, answer: &LookUp) {
    let answer = match answer {
        LookUp::Found(_) => "found",
        LookUp::NotFound(_) => "not_found",
        LookUp::Setback(_) => "none",
    };
    count!("payonce_look_ups_total", "operation" => operation.to_string(), "answer" => answer);
}

/// A call brought nothing.
pub(crate) fn set_back(operation: &Operation, error: &Error) {
    count!("payonce_set_backs_total", "operation" => operation.to_string(), "kind" => error.kind().as_str());
}

/// A write to the journal came back, for better or worse.
pub(crate) fn journal_write(began: Instant) {
    #[cfg(feature = "metrics")]
    metrics::histogram!("payonce_journal_write_seconds").record(began.elapsed());
    #[cfg(not(feature = "metrics"))]
    let _ = began;
}

/// A worker has taken so many payments up.
pub(crate) fn taken_up(rail: &'static str, payments: usize) {
    count!("payonce_taken_up_total", payments, "rail" => rail);
}

/// A worker's look at the journal failed.
pub(crate) fn journal_failure(rail: &'static str) {
    count!("payonce_journal_failures_total", "rail" => rail);
}

/// A worker had room, and the rate allowed nothing more.
pub(crate) fn rate_wait(rail: &'static str) {
    count!("payonce_rate_waits_total", "rail" => rail);
}
