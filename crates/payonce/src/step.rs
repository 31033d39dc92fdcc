//! The decision: what to do next with a payment, given everything that is known to have happened to it.
//!
//! [`next`] is pure: no clock, no input or output, no randomness. It is the only place in the workspace that decides
//! whether a request that moves money may be sent. What must stay true, with either of the provider's two guards
//! (one execution a key, one execution a session and none after its expiry) switched off:
//!
//! - the key never changes while it could still be executed;
//! - a second session is opened only when the first cannot be executed any more (**the fence**);
//! - a payment is never called failed while its money may have moved.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money};
use crate::name::ReferenceId;

/// A moment, by the wall clock, in UTC.
pub type Timestamp = DateTime<Utc>;

/// What the provider must have moved for the payment to be the one that was intended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "every rail must say which of the two it is")]
pub enum Expect {
    /// One side of the movement is exactly this amount.
    Amount(Money),
    /// The payer is charged in this currency; the amount is the provider's to know (a collection for an invoice).
    PayerCurrency(Currency),
}

impl Expect {
    fn is_met_by(&self, receipt: &Receipt) -> bool {
        match self {
            Self::Amount(money) => receipt.payer_amount == *money || receipt.payee_amount == *money,
            Self::PayerCurrency(currency) => receipt.payer_amount.currency() == *currency,
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(money) => write!(f, "{money}"),
            Self::PayerCurrency(currency) => write!(f, "an amount in {currency}"),
        }
    }
}

/// What the provider says it moved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[allow(clippy::exhaustive_structs, reason = "rails build it")]
pub struct Receipt {
    /// The key under which it moved.
    pub reference_id: ReferenceId,
    /// What the payer was charged, fees included where the payer bears them.
    pub payer_amount: Money,
    /// What the payee received.
    pub payee_amount: Money,
    /// The gateway's own id of the movement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_transaction_id: Option<String>,
}

/// Why a payment failed. No money moved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[allow(clippy::exhaustive_structs, reason = "rails build it")]
pub struct Failure {
    /// The provider's words, without anything secret.
    pub reason: String,
    /// Whether the provider holds a record of the attempt. When it does, its key is used up, and trying again takes
    /// a new one; a request that was refused outright leaves the key unused, and trying again keeps it.
    pub recorded: bool,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// What a refusal was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "every rail must say which of the two it is")]
pub enum Refused {
    /// The payment as such: the account, the amount, the passcode.
    Payment,
    /// Only the session: expired, used or unknown. The payment may be made under another.
    Session,
}

/// Why the engine stopped and a person must decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ParkReason {
    /// The provider completed the payment with another amount or currency than intended.
    AmountDiffers {
        /// What was intended.
        intended: Expect,
        /// What was moved.
        receipt: Receipt,
    },
    /// The provider has had the payment for longer than the rail's patience and still gives no end.
    StillPending,
    /// For longer than the rail's patience it could not be found out what became of the payment.
    NoAnswer,
    /// For longer than the rail's patience the provider did not take the payment. No money moved.
    NeverTaken,
    /// The provider refused one session after another.
    SessionsUsedUp,
    /// It was sent, the provider was asked twice and does not know it, and it would no longer know a repeat for one.
    WindowClosed,
}

impl fmt::Display for ParkReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmountDiffers { intended, receipt } => write!(
                f,
                "{intended} was intended, but the provider charged {} and paid out {}",
                receipt.payer_amount, receipt.payee_amount
            ),
            Self::StillPending => f.write_str("the provider took the payment but gives no end"),
            Self::NoAnswer => f.write_str("it could not be found out what became of the payment"),
            Self::NeverTaken => f.write_str("the provider never took the payment"),
            Self::SessionsUsedUp => f.write_str("the provider refused one session after another"),
            Self::WindowClosed => f.write_str(
                "the provider does not know the payment, and would no longer tell a repeat from a second one",
            ),
        }
    }
}

/// What a person decided about a parked payment, by evidence that the engine does not have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "there is no third answer to whether the money moved")]
pub enum Decision {
    /// The money moved.
    Paid {
        /// What moved.
        receipt: Receipt,
    },
    /// The money did not move.
    NotPaid {
        /// Whether the provider itself says so, of an attempt that it holds a record of; a person's word alone never
        /// uses a key up, because the person may be wrong.
        recorded: bool,
    },
}

/// One thing that happened to a payment. That it was intended is the payment's own row in the journal; everything
/// after that is a list of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Event {
    /// A session was opened, or the rail otherwise made ready. No money can move by this alone.
    Prepared {
        /// The exact body that every send under this session carries. It holds no secret.
        body: String,
        /// From when on the provider refuses to execute the session, by its clock.
        expires_at: Timestamp,
        /// When it was opened, by the provider's clock, if it said.
        provider_at: Option<Timestamp>,
    },
    /// The request is about to be put on the wire.
    Sending,
    /// The provider certainly did not act on the last send.
    NotSent {
        /// Why.
        reason: String,
    },
    /// Nobody knows what became of the last send. (A crash leaves the same knowledge without the event.)
    Unknown {
        /// What was seen.
        reason: String,
    },
    /// The provider said no, to the last send or to the opening of a session.
    Refused {
        /// What it was about.
        about: Refused,
        /// The provider's words, without anything secret.
        reason: String,
        /// When, by the provider's clock, if it said.
        provider_at: Option<Timestamp>,
    },
    /// A look-up said that the key is unknown.
    NotFound {
        /// When, by the provider's clock, if it said.
        provider_at: Option<Timestamp>,
    },
    /// The provider has taken the payment and not ended it yet.
    Pending,
    /// The money moved, as intended.
    Completed {
        /// What moved.
        receipt: Receipt,
    },
    /// The money did not move, and will not under this attempt.
    Failed {
        /// Why.
        failure: Failure,
    },
    /// The engine stopped; a person must decide.
    Parked {
        /// Why.
        reason: ParkReason,
    },
    /// A person or program decided to try the failed payment again.
    Again {
        /// The number of the attempt from here on.
        attempt: u32,
        /// Its key: a new one only when the old one is used up.
        reference_id: ReferenceId,
    },
    /// A person decided how the parked payment ended.
    Resolved {
        /// How.
        decision: Decision,
        /// Who decided.
        by: String,
        /// Why, in the person's own words.
        reason: String,
    },
}

/// An [`Event`] and when it came to be known, by our clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "a pair")]
pub struct Entry {
    /// When, by the clock of the process that noted it. An answer that nothing was found is as old as its question.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// How a payment stands at its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "there is no fourth end")]
pub enum Outcome {
    /// The money moved.
    Completed(Receipt),
    /// The money did not move.
    Failed(Failure),
    /// A person must decide.
    Parked(ParkReason),
}

/// What holds for every payment of a rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "rails and tests build it")]
pub struct Terms {
    /// How long after a session's expiry a status read is certain to know whether it was executed: by then no request
    /// under it is under way any more, and no replica is that stale.
    pub margin: Duration,
    /// How long after a refusal a status read is certain to know of an execution that came before it.
    pub stale: Duration,
    /// How long the engine goes on asking before it parks the payment.
    pub patience: Duration,
    /// How many sessions one attempt may use.
    pub sessions: u32,
    /// Whether the provider forgets a key after a while, and takes its next use for a new payment. Then the key is
    /// looked for before its first use; what was made ready goes again only while it lasts; and a payment that may have
    /// been acted upon and is not found after that is parked.
    pub forgets_keys: bool,
}

impl Default for Terms {
    /// 120 s margin, 10 s staleness, 7 days of patience, 10 sessions; keys are for good.
    fn default() -> Self {
        Self {
            margin: Duration::from_secs(120),
            stale: Duration::from_secs(10),
            patience: Duration::from_secs(7 * 24 * 3600),
            sessions: 10,
            forgets_keys: false,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the drive loop must treat each")]
pub enum Step {
    /// Open a session.
    Prepare,
    /// Send the prepared body.
    Submit,
    /// Ask the provider what it knows of the key.
    LookUp,
    /// Nothing before this moment; then decide again.
    Wait(Timestamp),
    /// Note that the provider's refusal is final.
    Fail(Failure),
    /// Note that a person must decide.
    Park(ParkReason),
    /// It is over.
    Done(Outcome),
}

/// A list of events that cannot have happened in that order. Such a payment is not driven.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal says {event} where that cannot have happened")]
pub struct Impossible {
    event: String,
}

/// When the provider said something, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Moment {
    ours: Timestamp,
    theirs: Option<Timestamp>,
}

impl Moment {
    /// Whether that much time has passed since `other` by both clocks, each compared with itself: clocks that
    /// differ do no harm then, and one that jumps ahead does not open the fence.
    fn is_after(self, other: Self, span: TimeDelta) -> bool {
        let theirs = self.theirs.zip(other.theirs).is_none_or(|(this, that)| this - that >= span);
        theirs && self.ours - other.ours >= span
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Refusal {
    about: Refused,
    reason: String,
    at: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    body: String,
    opened: Moment,
    /// How long after its opening the provider refuses to execute it.
    lifetime: TimeDelta,
    /// Whether any request was ever put on the wire under it, acted upon or not.
    used: bool,
    /// How many of those the provider may have acted upon.
    in_doubt: u32,
}

/// Everything the events say, folded. [`next`] reads nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    expect: Expect,
    attempt: u32,
    reference_id: ReferenceId,
    /// When this attempt began.
    since: Timestamp,
    session: Option<Session>,
    sessions: u32,
    /// Whether the last event is a send without an outcome.
    sending: bool,
    refused: Option<Refusal>,
    /// The look-up that counts: made after the last send and after the last refusal.
    not_found: Option<Moment>,
    /// The first of those that was made when the session could be executed no more.
    gone: Option<Moment>,
    seen: bool,
    outcome: Option<Outcome>,
}

impl State {
    /// A payment of which nothing is known but that it was intended.
    pub fn intended(expect: Expect, reference_id: ReferenceId, at: Timestamp) -> Self {
        Self {
            expect,
            attempt: 1,
            reference_id,
            since: at,
            session: None,
            sessions: 0,
            sending: false,
            refused: None,
            not_found: None,
            gone: None,
            seen: false,
            outcome: None,
        }
    }

    /// Folds the next event in.
    ///
    /// # Errors
    /// [`Impossible`] when it cannot follow what is known: the journal is damaged, and driving it would be guessing.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Impossible> {
        let impossible = || Impossible { event: format!("{:?}", entry.event) };
        let after_the_end = matches!(entry.event, Event::Again { .. } | Event::Resolved { .. });
        if self.outcome.is_some() != after_the_end {
            return Err(impossible());
        }
        match &entry.event {
            Event::Prepared { body, expires_at, provider_at } => {
                let replaces_unresolved =
                    self.session.as_ref().is_some_and(|s| s.used) && self.not_found.is_none();
                if self.seen || replaces_unresolved {
                    return Err(impossible());
                }
                self.session = Some(Session {
                    body: body.clone(),
                    opened: Moment { ours: entry.at, theirs: *provider_at },
                    lifetime: (*expires_at - provider_at.unwrap_or(entry.at)).max(TimeDelta::zero()),
                    used: false,
                    in_doubt: 0,
                });
                self.sessions += 1;
                self.refused = None;
                self.forget_look_ups();
            }
            Event::Sending => {
                let blind = self.seen || self.in_doubt() && self.not_found.is_none();
                let refused = self
                    .refused
                    .as_ref()
                    .is_some_and(|refusal| refusal.about == Refused::Payment || self.not_found.is_none());
                let Some(session) = self.session.as_mut().filter(|_| !blind && !refused) else {
                    return Err(impossible());
                };
                session.used = true;
                session.in_doubt += 1;
                self.sending = true;
                self.refused = None;
                self.forget_look_ups();
            }
            Event::NotSent { .. } => {
                let Some(session) = self.session.as_mut().filter(|_| self.sending) else {
                    return Err(impossible());
                };
                session.in_doubt -= 1;
                self.sending = false;
            }
            Event::Unknown { .. } => {
                if !self.sending {
                    return Err(impossible());
                }
                self.sending = false;
            }
            Event::Refused { about, reason, provider_at } => {
                if self.seen {
                    return Err(impossible());
                }
                self.sending = false;
                let at = Moment { ours: entry.at, theirs: *provider_at };
                self.refused = Some(Refusal { about: *about, reason: reason.clone(), at });
                self.forget_look_ups();
            }
            Event::NotFound { provider_at } => {
                self.sending = false;
                let at = Moment { ours: entry.at, theirs: *provider_at };
                self.not_found = Some(at);
                if self.session.as_ref().is_some_and(|session| at.is_after(session.opened, session.lifetime))
                {
                    self.gone.get_or_insert(at);
                }
            }
            Event::Pending => {
                self.sending = false;
                self.seen = true;
            }
            Event::Completed { receipt } => self.end(Outcome::Completed(receipt.clone())),
            Event::Failed { failure } => self.end(Outcome::Failed(failure.clone())),
            Event::Parked { reason } => self.end(Outcome::Parked(reason.clone())),
            Event::Again { attempt, reference_id } => return self.again(*attempt, *reference_id, entry.at),
            Event::Resolved { decision, by, reason } => return self.resolve(decision, by, reason),
        }
        Ok(())
    }

    /// What was asked before says nothing of what comes now.
    fn forget_look_ups(&mut self) {
        (self.not_found, self.gone) = (None, None);
    }

    fn end(&mut self, outcome: Outcome) {
        self.sending = false;
        self.outcome = Some(outcome);
    }

    /// A used-up key begins afresh; an unused one keeps its last session in mind, because a copy of the refused
    /// request may still be under way: the fence must pass before another session is opened.
    fn again(&mut self, attempt: u32, reference_id: ReferenceId, at: Timestamp) -> Result<(), Impossible> {
        let Some(Outcome::Failed(failure)) = self.outcome.take() else {
            return Err(Impossible { event: "a further attempt".to_owned() });
        };
        let key_is_used_up = failure.recorded;
        if (attempt, reference_id == self.reference_id)
            != (self.attempt + u32::from(key_is_used_up), !key_is_used_up)
        {
            return Err(Impossible { event: format!("attempt {attempt}") });
        }
        let fenced = if key_is_used_up { None } else { self.session.take().filter(|session| session.used) };
        let mut fresh = Self::intended(self.expect, reference_id, at);
        fresh.attempt = attempt;
        fresh.refused = fenced.is_some().then_some(Refusal {
            about: Refused::Session,
            reason: failure.reason,
            at: Moment { ours: at, theirs: None },
        });
        fresh.session = fenced;
        // What the provider had under a key that is kept, it still has, whatever a person decided meanwhile.
        fresh.seen = self.seen && !key_is_used_up;
        *self = fresh;
        Ok(())
    }

    /// Only a parked payment waits for a person. That money moved which the provider says has moved is not for a person
    /// to deny.
    fn resolve(&mut self, decision: &Decision, by: &str, reason: &str) -> Result<(), Impossible> {
        let outcome = match (&self.outcome, decision) {
            (Some(Outcome::Parked(_)), Decision::Paid { receipt })
                if receipt.reference_id == self.reference_id =>
            {
                Outcome::Completed(receipt.clone())
            }
            (Some(Outcome::Parked(parked)), Decision::NotPaid { recorded })
                if !matches!(parked, ParkReason::AmountDiffers { .. }) =>
            {
                let reason = format!("decided by {by} that it was not paid: {reason}");
                Outcome::Failed(Failure { reason, recorded: *recorded })
            }
            _ => return Err(Impossible { event: "a person's decision".to_owned() }),
        };
        self.end(outcome);
        Ok(())
    }

    /// The number of the attempt; the first is 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The key of the attempt.
    pub fn reference_id(&self) -> ReferenceId {
        self.reference_id
    }

    /// The body that every send under the present session carries.
    pub fn body(&self) -> Option<&str> {
        self.session.as_ref().map(|session| session.body.as_str())
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the provider is known to have the payment.
    pub fn is_seen(&self) -> bool {
        self.seen
    }

    /// Whether the provider may have acted under the present attempt.
    pub fn in_doubt(&self) -> bool {
        self.seen || self.session.as_ref().is_some_and(|session| session.in_doubt > 0)
    }

    /// The event for what the provider reports as the end.
    pub(crate) fn completed(&self, receipt: Receipt) -> Event {
        if self.expect.is_met_by(&receipt) {
            Event::Completed { receipt }
        } else {
            Event::Parked { reason: ParkReason::AmountDiffers { intended: self.expect, receipt } }
        }
    }
}

/// Decides what to do next. `now` is our own clock; a wrong clock can delay a payment, never double it, because
/// what opens the fence is a look-up that is late enough by our clock and the provider's.
pub fn next(state: &State, now: Timestamp, terms: &Terms) -> Step {
    if let Some(outcome) = &state.outcome {
        return Step::Done(outcome.clone());
    }
    // After one `Pending` the provider has it for good; a later "not found" is a stale replica.
    if state.seen {
        return Step::LookUp;
    }
    match (&state.refused, &state.session) {
        (Some(refusal), _) => after_refusal(state, refusal, now, terms),
        // A journal that was lost may have known that the key was used, longer ago than the provider remembers.
        (None, None) if terms.forgets_keys && state.not_found.is_none() => Step::LookUp,
        (None, None) => Step::Prepare,
        (None, Some(session)) if !session.used => Step::Submit,
        (None, Some(session)) => after_send(state, session, now, terms),
    }
}

/// The payment was sent, and no answer is known that decides anything.
fn after_send(state: &State, session: &Session, now: Timestamp, terms: &Terms) -> Step {
    let alive = is_alive(state, session, now);
    match state.not_found {
        // Nothing that was sent can have been acted upon.
        _ if alive && session.in_doubt == 0 => Step::Submit,
        // "Not found" is not "not landed": the same key and session may go again, nothing else.
        Some(_) if alive => Step::Submit,
        _ => behind_the_fence(state, session, now, terms),
    }
}

/// Whether what was made ready can still be executed, by our clock, and by the provider's as far as the last look-up
/// told it: where the provider has no sessions, this is all that keeps a repeat from coming too late.
fn is_alive(state: &State, session: &Session, now: Timestamp) -> bool {
    let told = state.not_found.and_then(|at| at.theirs).zip(session.opened.theirs);
    now - session.opened.ours < session.lifetime
        && told.is_none_or(|(now, opened)| now - opened < session.lifetime)
}

/// The provider said no. It may have said it to a repeat of a success, so a look-up must confirm it.
fn after_refusal(state: &State, refusal: &Refusal, now: Timestamp, terms: &Terms) -> Step {
    let fail = || Step::Fail(Failure { reason: refusal.reason.clone(), recorded: false });
    match state.session.as_ref().filter(|session| session.used) {
        // There is no other session, and this one is not used up by a refusal.
        Some(session)
            if refusal.about == Refused::Session && terms.forgets_keys && is_alive(state, session, now) =>
        {
            if state.not_found.is_some() {
                Step::Submit
            } else {
                Step::LookUp
            }
        }
        Some(session) if refusal.about == Refused::Session => behind_the_fence(state, session, now, terms),
        // Sent more than once, it may answer any of the copies: only the fence settles what became of the others.
        Some(session) if session.in_doubt > 1 => {
            confirmed(state, session.opened, fence(session, terms), now, terms, fail)
        }
        _ => confirmed(state, refusal.at, later_than(terms.stale), now, terms, fail),
    }
}

/// The session cannot be executed any more once its lifetime and the margin have passed; a look-up made after that
/// says whether it ever was.
fn behind_the_fence(state: &State, session: &Session, now: Timestamp, terms: &Terms) -> Step {
    confirmed(state, session.opened, fence(session, terms), now, terms, || {
        if terms.forgets_keys && state.refused.is_none() && session.in_doubt > 0 {
            let gone = state.gone.unwrap_or(session.opened);
            let park = || Step::Park(ParkReason::WindowClosed);
            return confirmed(state, gone, delta(terms.margin), now, terms, park);
        }
        if state.sessions >= terms.sessions { Step::Park(ParkReason::SessionsUsedUp) } else { Step::Prepare }
    })
}

/// `then`, once a look-up made so long after `since` has said that the key is unknown. A first look-up is made at
/// once: it may find the payment, and nothing need be waited for.
fn confirmed(
    state: &State,
    since: Moment,
    span: TimeDelta,
    now: Timestamp,
    terms: &Terms,
    then: impl FnOnce() -> Step,
) -> Step {
    match state.not_found {
        Some(unknown) if unknown.is_after(since, span) => then(),
        // Not past the end of the patience: a provider may name an expiry thousands of years away.
        Some(_) if now - since.ours < span => {
            Step::Wait(later(since.ours, span).min(later(state.since, delta(terms.patience))))
        }
        _ => Step::LookUp,
    }
}

/// How long after its opening a session cannot be executed any more.
fn fence(session: &Session, terms: &Terms) -> TimeDelta {
    session.lifetime.checked_add(&delta(terms.margin)).unwrap_or(TimeDelta::MAX)
}

/// The least span between two dates that are both cut to the second, when that much time lies between them for certain.
fn later_than(span: Duration) -> TimeDelta {
    delta(span.saturating_add(Duration::from_secs(1)))
}

/// The moment so much later, or the last there is.
fn later(moment: Timestamp, span: TimeDelta) -> Timestamp {
    moment.checked_add_signed(span).unwrap_or(Timestamp::MAX_UTC)
}

/// A span of the terms, which are short.
fn delta(span: Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}

/// Whether to stop trying, after a call that brought nothing new.
pub fn give_up(state: &State, now: Timestamp, terms: &Terms) -> Option<ParkReason> {
    (now >= later(state.since, delta(terms.patience))).then(|| match (state.seen, state.in_doubt()) {
        (true, _) => ParkReason::StillPending,
        (false, true) => ParkReason::NoAnswer,
        (false, false) => ParkReason::NeverTaken,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Name, Namespace, Operation};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
    }

    fn key(attempt: u32) -> ReferenceId {
        let (operation, name) = (Operation::new("payout").unwrap(), Name::new("a").unwrap());
        ReferenceId::derive(&Namespace::new("m").unwrap(), &operation, &name, attempt)
    }

    fn prepared() -> Event {
        Event::Prepared { body: "{}".to_owned(), expires_at: at(900), provider_at: None }
    }

    fn refused() -> Event {
        Event::Refused { about: Refused::Payment, reason: "no".to_owned(), provider_at: None }
    }

    fn failed(recorded: bool) -> Event {
        Event::Failed { failure: Failure { reason: "no".to_owned(), recorded } }
    }

    fn again(attempt: u32) -> Event {
        Event::Again { attempt, reference_id: key(attempt) }
    }

    fn not_sent() -> Event {
        Event::NotSent { reason: "no route".to_owned() }
    }

    fn unknown() -> Event {
        Event::Unknown { reason: "broken".to_owned() }
    }

    fn resolved(decision: Decision) -> Event {
        Event::Resolved { decision, by: "ama".to_owned(), reason: "support said so".to_owned() }
    }

    fn not_paid() -> Event {
        resolved(Decision::NotPaid { recorded: false })
    }

    fn paid(attempt: u32) -> Event {
        resolved(Decision::Paid { receipt: receipt(attempt) })
    }

    fn receipt(attempt: u32) -> Receipt {
        let money = Money::new("9.00", Currency::USD).unwrap();
        Receipt {
            reference_id: key(attempt),
            payer_amount: money,
            payee_amount: money,
            provider_transaction_id: Some("tx-1".to_owned()),
        }
    }

    fn other_amount() -> Event {
        let intended = Expect::Amount(Money::new("1.00", Currency::USD).unwrap());
        Event::Parked { reason: ParkReason::AmountDiffers { intended, receipt: receipt(1) } }
    }

    const NOT_FOUND: Event = Event::NotFound { provider_at: None };
    const PARKED: Event = Event::Parked { reason: ParkReason::NoAnswer };

    fn fold(events: impl IntoIterator<Item = Event>) -> Result<State, Impossible> {
        let money = Money::new("1.00", Currency::USD).unwrap();
        let mut state = State::intended(Expect::Amount(money), key(1), at(0));
        for event in events {
            state.apply(&Entry { at: at(0), event })?;
        }
        Ok(state)
    }

    #[test]
    fn a_history_that_cannot_have_happened_is_refused() {
        use Event::{Pending, Sending};
        let impossible: Vec<Vec<Event>> = vec![
            // Nothing is sent that was not prepared, and nothing blindly.
            vec![Sending],
            vec![prepared(), Sending, Sending],
            vec![prepared(), Sending, unknown(), Sending],
            vec![prepared(), Sending, Pending, Sending],
            vec![prepared(), Sending, Pending, NOT_FOUND, Sending],
            vec![prepared(), Sending, Pending, NOT_FOUND, prepared()],
            vec![prepared(), Sending, refused(), NOT_FOUND, Sending],
            // A session that was used is not replaced before a look-up.
            vec![prepared(), Sending, prepared()],
            vec![prepared(), Sending, unknown(), prepared()],
            vec![prepared(), Sending, refused(), prepared()],
            // An outcome belongs to a send.
            vec![not_sent()],
            vec![prepared(), not_sent()],
            vec![prepared(), Sending, not_sent(), not_sent()],
            vec![prepared(), unknown()],
            vec![prepared(), Sending, Pending, refused()],
            // After the end comes nothing but a further attempt, and that only after a failure, with its own number.
            vec![failed(true), prepared()],
            vec![PARKED, again(2)],
            vec![again(2)],
            vec![prepared(), again(2)],
            vec![failed(true), again(1)],
            vec![failed(true), again(3)],
            vec![failed(false), again(2)],
            // Only a parked payment is a person's to decide, once, under its own key, and not against the provider's word.
            vec![not_paid()],
            vec![paid(1)],
            vec![prepared(), Sending, not_paid()],
            vec![failed(true), not_paid()],
            vec![failed(true), paid(1)],
            vec![Event::Completed { receipt: receipt(1) }, not_paid()],
            vec![PARKED, paid(2)],
            vec![PARKED, paid(1), paid(1)],
            vec![PARKED, paid(1), again(1)],
            vec![PARKED, paid(1), again(2)],
            vec![PARKED, not_paid(), not_paid()],
            vec![PARKED, not_paid(), again(2)],
            vec![PARKED, not_paid(), prepared()],
            vec![other_amount(), not_paid()],
            // What the provider had, it still has: such a payment is only asked about.
            vec![prepared(), Sending, Pending, PARKED, not_paid(), again(1), NOT_FOUND, prepared()],
            vec![prepared(), Sending, unknown(), PARKED, not_paid(), again(1), Sending],
            vec![prepared(), Sending, unknown(), PARKED, not_paid(), again(1), prepared()],
        ];
        for history in impossible {
            assert!(fold(history.clone()).is_err(), "{history:?}");
        }
    }

    #[test]
    fn a_history_that_can_have_happened_is_folded() {
        use Event::{Pending, Sending};
        let possible: Vec<Vec<Event>> = vec![
            vec![
                prepared(),
                Sending,
                not_sent(),
                Sending,
                Pending,
                NOT_FOUND,
                failed(true),
                again(2),
                prepared(),
            ],
            vec![prepared(), Sending, unknown(), NOT_FOUND, Sending, NOT_FOUND, prepared(), Sending, PARKED],
            vec![refused(), NOT_FOUND, failed(false), again(1), prepared()],
            vec![prepared(), prepared()],
            vec![PARKED, paid(1)],
            vec![other_amount(), paid(1)],
            vec![
                prepared(),
                Sending,
                Pending,
                PARKED,
                not_paid(),
                again(1),
                NOT_FOUND,
                failed(true),
                again(2),
                prepared(),
            ],
            vec![PARKED, resolved(Decision::NotPaid { recorded: true }), again(2), prepared()],
        ];
        for history in possible {
            assert!(fold(history.clone()).is_ok(), "{history:?}");
        }
    }

    #[test]
    fn a_persons_decision_is_the_end_that_it_says() {
        let completed = fold([PARKED, paid(1)]).unwrap();
        assert_eq!(completed.outcome(), Some(&Outcome::Completed(receipt(1))));
        for recorded in [true, false] {
            let failed = fold([PARKED, resolved(Decision::NotPaid { recorded })]).unwrap();
            let reason = "decided by ama that it was not paid: support said so".to_owned();
            assert_eq!(failed.outcome(), Some(&Outcome::Failed(Failure { reason, recorded })));
        }
    }

    /// The person may be wrong: the key is kept, and nothing is sent before the fence and a look-up.
    #[test]
    fn what_a_person_called_not_paid_is_tried_again_behind_the_fence_under_the_same_key() {
        let doubted = [prepared(), Event::Sending, unknown(), PARKED, not_paid(), again(1)];
        let mut state = fold(doubted).unwrap();
        let terms = Terms::default();
        assert_eq!((state.reference_id(), state.attempt()), (key(1), 1));
        assert!(state.in_doubt());
        assert_eq!(next(&state, at(5000), &terms), Step::LookUp);
        for (seconds, then) in [(900, Step::Wait(at(1020))), (1020, Step::Prepare)] {
            state.apply(&Entry { at: at(seconds), event: NOT_FOUND }).unwrap();
            assert_eq!(next(&state, at(seconds), &terms), then);
        }
    }

    #[test]
    fn what_the_provider_had_is_only_asked_about_after_a_person_called_it_not_paid() {
        let taken = [prepared(), Event::Sending, Event::Pending, PARKED, not_paid(), again(1), NOT_FOUND];
        let state = fold(taken).unwrap();
        assert_eq!(next(&state, at(1_000_000_000), &Terms::default()), Step::LookUp);
        let declined = fold([
            prepared(),
            Event::Sending,
            Event::Pending,
            PARKED,
            resolved(Decision::NotPaid { recorded: true }),
            again(2),
        ]);
        assert_eq!(next(&declined.unwrap(), at(0), &Terms::default()), Step::Prepare);
    }

    #[test]
    fn a_session_that_outlives_the_calendar_is_waited_for_until_the_patience_is_over() {
        let prepared = Event::Prepared {
            body: "{}".to_owned(),
            expires_at: Timestamp::MAX_UTC,
            provider_at: Some(at(-1_000_000_000)),
        };
        // Sent twice and then refused: only the end of the session would tell what became of the first request.
        let state =
            fold([prepared, Event::Sending, unknown(), NOT_FOUND, Event::Sending, refused(), NOT_FOUND])
                .unwrap();
        let terms = Terms::default();
        let over = at(0) + terms.patience;
        assert_eq!(next(&state, at(1), &terms), Step::Wait(over));
        assert_eq!(give_up(&state, at(1), &terms), None);
        assert_eq!(give_up(&state, over, &terms), Some(ParkReason::NoAnswer));
    }

    #[test]
    fn a_payment_from_the_end_of_time_is_never_given_up() {
        let money = Money::new("1.00", Currency::USD).unwrap();
        let state = State::intended(Expect::Amount(money), key(1), Timestamp::MAX_UTC);
        assert_eq!(give_up(&state, at(0), &Terms::default()), None);
    }

    #[test]
    fn a_failure_reads_as_the_providers_words() {
        assert_eq!(Failure { reason: "declined".to_owned(), recorded: true }.to_string(), "declined");
    }
}
