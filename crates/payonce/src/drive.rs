//! The only loop in the workspace that sends money.
//!
//! It asks [`step::next`] what to do, does it, and notes what came of it. What must stay true:
//!
//! - nothing is put on the wire before the journal has, durably, both the body and the fact that it is being sent;
//! - a future of this file that is dropped at any await leaves what a crash would leave, and no more is needed;
//! - what is noted but not yet written may be lost without harm: each such event only says less than the crash does.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::error::{Effect, Error, ErrorKind};
use crate::journal::{Journal, Lease, Record, Standing};
use crate::measure;
use crate::name::Operation;
use crate::rail::{LookUp, Order, Preparation, Prepared, Rail, Refusal, Report, Setback, Submission, Then};
use crate::secret::Secret;
use crate::step::{self, Entry, Event, Outcome, Refused, State, Step, Terms, Timestamp};

/// Where the loop came to rest.
#[derive(Debug)]
pub enum Turn {
    /// Nothing more to do before then.
    Pause(Pause),
    /// The payment has ended, and the journal says so.
    Ended(Outcome),
}

/// How long to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Until the next poll: the provider has the payment.
    Poll,
    /// Until the next try, after a call that brought nothing.
    Retry,
    /// As the provider asked, for all its payments.
    RetryAfter(Duration),
    /// Until that moment: nothing may be done before it.
    Until(Timestamp),
}

/// A payment in the hand of the process that holds its lease.
#[derive(Debug)]
pub struct Work {
    order: Order,
    state: State,
    lease: Lease,
    /// Noted, and to be written before the next send or at the next rest.
    unwritten: Vec<Entry>,
    /// What the customer must authorise with; never written.
    action: Option<Secret>,
    /// Why the last call brought nothing, if it did not.
    trouble: Option<Error>,
}

impl Work {
    /// Takes up a payment as the journal has it.
    ///
    /// # Errors
    /// `Journal` when its events cannot have happened in that order.
    pub fn new(lease: Lease, record: &Record) -> Result<Self, Error> {
        let state = record.state()?;
        let order = Order::of(&record.intent, state.reference_id());
        Ok(Self { order, state, lease, unwritten: Vec::new(), action: None, trouble: None })
    }

    /// Which movement.
    pub(crate) fn operation(&self) -> &Operation {
        &self.order.operation
    }

    /// The lease as it stands after the writes so far.
    pub fn lease(&self) -> Lease {
        self.lease
    }

    /// Everything known of the payment.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the customer must authorise with, if the provider just asked for it.
    pub fn action(&self) -> Option<&Secret> {
        self.action.as_ref()
    }

    /// Why the last call brought nothing, if it did not.
    pub fn trouble(&self) -> Option<&Error> {
        self.trouble.as_ref()
    }

    /// Folds an event in, to be written later.
    fn note(&mut self, now: Timestamp, event: Event) -> Result<(), Error> {
        // The journal keeps milliseconds; what is decided now must be decided again after a crash.
        let at = Timestamp::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now);
        let entry = Entry { at, event };
        self.state.apply(&entry).map_err(|source| {
            let message = "the provider's answers contradict each other; the payment is not driven on";
            self.blame(Error::new(ErrorKind::Stopped, message).with_source(source))
        })?;
        self.unwritten.push(entry);
        Ok(())
    }

    /// Writes what was noted; durable when it returns.
    async fn flush(&mut self, journal: &dyn Journal) -> Result<(), Error> {
        self.write(journal, self.effect()).await
    }

    /// Writes what was noted. If that fails, the money may have moved as `effect` says, and no more is known than that.
    async fn write(&mut self, journal: &dyn Journal, effect: Effect) -> Result<(), Error> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        let entries = std::mem::take(&mut self.unwritten);
        let standing = Standing::of(&self.state);
        let began = Instant::now();
        let written = journal.append(self.lease, entries, standing).await;
        measure::journal_write(began);
        self.lease = written.map_err(|error| {
            // Whoever took the payment over may have sent it since.
            let overtaken = error.kind() == ErrorKind::Stopped;
            self.blame(error).with_effect(if overtaken { Effect::Unknown } else { effect })
        })?;
        Ok(())
    }

    /// Writes what was noted, or nothing: who says that no money moved must still hold the payment, because whoever took
    /// it over may have moved it.
    async fn confirm(&mut self, journal: &dyn Journal) -> Result<(), Error> {
        if !self.unwritten.is_empty() || self.state.in_doubt() {
            return self.flush(journal).await;
        }
        let standing = Standing::of(&self.state);
        let held = journal.append(self.lease, Vec::new(), standing).await;
        self.lease = held.map_err(|error| self.blame(error).with_effect(Effect::Unknown))?;
        Ok(())
    }

    fn effect(&self) -> Effect {
        if self.state.in_doubt() { Effect::Unknown } else { Effect::None }
    }

    /// Says of an error which payment it is about and whether money may have moved.
    fn blame(&self, error: Error) -> Error {
        error.with_effect(self.effect()).with_payment(self.order.operation.clone(), self.order.reference_id)
    }

    /// Says the same of what a rail saw, who may know more: that money moved before this journal began.
    fn blame_seen(&self, error: Error) -> Error {
        let effect = error.effect();
        let error = self.blame(error);
        if effect == Effect::Unknown { error.with_effect(effect) } else { error }
    }

    /// Takes in the provider's word on the payment.
    fn report(&mut self, now: Timestamp, report: Report) -> Result<(), Error> {
        match report {
            Report::Pending { action } => {
                self.action = action;
                if self.state.is_seen() { Ok(()) } else { self.note(now, Event::Pending) }
            }
            Report::Completed(receipt) => {
                let event = self.state.completed(receipt);
                self.note(now, event)
            }
            Report::Failed(failure) => self.note(now, Event::Failed { failure }),
        }
    }

    /// Rests after a call that brought nothing, or parks when the rail's patience is over.
    async fn rest(
        &mut self,
        journal: &dyn Journal,
        now: Timestamp,
        terms: &Terms,
        pause: Pause,
    ) -> Result<Turn, Error> {
        let given_up = step::give_up(&self.state, now, terms);
        if let Some(reason) = given_up {
            self.note(now, Event::Parked { reason })?;
        }
        self.flush(journal).await?;
        Ok(match self.state.outcome() {
            Some(outcome) => Turn::Ended(outcome.clone()),
            None => Turn::Pause(pause),
        })
    }

    /// Rests as a setback demands, or stops where only a person can help.
    async fn set_back(
        &mut self,
        journal: &dyn Journal,
        now: Timestamp,
        terms: &Terms,
        setback: Setback,
    ) -> Result<Turn, Error> {
        tracing::debug!(reference_id = %self.order.reference_id, error = %setback.error, "set back");
        measure::set_back(&self.order.operation, &setback.error);
        self.trouble = Some(setback.error.clone());
        match setback.then {
            Then::Retry => self.rest(journal, now, terms, Pause::Retry).await,
            Then::RetryAfter(wait) => self.rest(journal, now, terms, Pause::RetryAfter(wait)).await,
            Then::Stop => {
                self.confirm(journal).await?;
                Err(self.blame_seen(setback.error))
            }
        }
    }
}

/// Drives a payment until it ends or has to rest.
///
/// When it returns `Ok`, everything that was learned is in the journal. When it returns `Err`, the loop has stopped:
/// the error's effect says whether the provider may have acted, and the payment can be taken up again from the
/// journal at any time. A crash in the middle is taken up in the same way.
pub async fn advance<R: Rail>(
    rail: &R,
    journal: &dyn Journal,
    clock: &dyn Clock,
    work: &mut Work,
) -> Result<Turn, Error> {
    let terms = rail.terms();
    loop {
        let now = clock.now();
        match step::next(&work.state, now, &terms) {
            Step::Done(outcome) => {
                work.flush(journal).await?;
                return Ok(Turn::Ended(outcome));
            }
            Step::Wait(moment) => return work.rest(journal, now, &terms, Pause::Until(moment)).await,
            Step::Fail(failure) => work.note(now, Event::Failed { failure })?,
            Step::Park(reason) => work.note(now, Event::Parked { reason })?,
            Step::Prepare => match rail.prepare(&work.order).await {
                Preparation::Ready(ready) => {
                    let Prepared { body, expires_at, provider_at } = ready;
                    work.note(clock.now(), Event::Prepared { body, expires_at, provider_at })?;
                }
                Preparation::Refused(refusal) => {
                    work.note(clock.now(), refused(Refused::Payment, refusal))?;
                }
                Preparation::Setback(setback) => {
                    return work.set_back(journal, clock.now(), &terms, setback).await;
                }
            },
            Step::Submit => {
                let effect = work.effect();
                work.note(now, Event::Sending)?;
                // Until the journal has it, nothing more than before can have happened.
                work.write(journal, effect).await?;
                // A process that stood still meanwhile decided by what no longer holds; and a clock that was set back
                // does not tell how long it was.
                let at_once = (clock.now() - now).to_std().is_ok_and(|passed| passed <= terms.margin);
                if !at_once {
                    let reason = "the process stood still before it was sent".to_owned();
                    work.note(clock.now(), Event::NotSent { reason })?;
                    continue;
                }
                // Nor does one send whose lease may have run out: another may be driving the payment.
                if !journal.holds(work.lease) {
                    let reason = "the lease may have run out before it was sent".to_owned();
                    work.note(clock.now(), Event::NotSent { reason })?;
                    return work.rest(journal, clock.now(), &terms, Pause::Retry).await;
                }
                if let Some(turn) = submit(rail, journal, clock, work, &terms).await? {
                    return Ok(turn);
                }
            }
            Step::LookUp => {
                if let Some(turn) = look_up(rail, journal, clock, work, &terms).await? {
                    return Ok(turn);
                }
            }
        }
    }
}

fn refused(about: Refused, refusal: Refusal) -> Event {
    Event::Refused { about, reason: refusal.reason, provider_at: refusal.provider_at }
}

/// Sends once, and notes what came of it. `None` means: decide again at once.
async fn submit<R: Rail>(
    rail: &R,
    journal: &dyn Journal,
    clock: &dyn Clock,
    work: &mut Work,
    terms: &Terms,
) -> Result<Option<Turn>, Error> {
    let body = work.state.body().expect("only a prepared payment is submitted").to_owned();
    measure::send(&work.order.operation);
    let submission = rail.submit(&work.order, &body).await;
    let now = clock.now();
    match submission {
        Submission::Accepted(report) => {
            work.report(now, report)?;
            if work.state.outcome().is_none() {
                return work.rest(journal, now, terms, Pause::Poll).await.map(Some);
            }
        }
        Submission::Known => work.note(now, Event::Pending)?,
        Submission::Refused(about, refusal) => work.note(now, refused(about, refusal))?,
        Submission::NotSent(setback) => {
            work.note(now, Event::NotSent { reason: setback.error.message().to_owned() })?;
            return work.set_back(journal, now, terms, setback).await.map(Some);
        }
        // The look-up comes first, and at once, unless the provider asked for rest.
        Submission::Unknown(setback) => {
            work.note(now, Event::Unknown { reason: setback.error.message().to_owned() })?;
            if setback.then != Then::Retry {
                return work.set_back(journal, now, terms, setback).await.map(Some);
            }
        }
    }
    Ok(None)
}

/// Asks once, and notes what came of it. `None` means: decide again at once.
async fn look_up<R: Rail>(
    rail: &R,
    journal: &dyn Journal,
    clock: &dyn Clock,
    work: &mut Work,
    terms: &Terms,
) -> Result<Option<Turn>, Error> {
    let asked = clock.now();
    let answer = rail.look_up(&work.order).await;
    measure::look_up(&work.order.operation, &answer);
    let now = clock.now();
    match answer {
        LookUp::Found(report) => {
            work.report(now, report)?;
            if work.state.outcome().is_some() {
                return Ok(None);
            }
            work.rest(journal, now, terms, Pause::Poll).await.map(Some)
        }
        LookUp::NotFound(provider_at) => {
            let pause = if work.state.is_seen() { Pause::Poll } else { Pause::Retry };
            let (state, noted) = (work.state.clone(), work.unwritten.len());
            // An answer that was long on its way, or long unread, is as old as the question.
            work.note(asked, Event::NotFound { provider_at })?;
            match step::next(&work.state, now, terms) {
                // It only leads to the same question (after `Pending` it is a stale replica): not worth a line.
                Step::LookUp => {
                    work.state = state;
                    work.unwritten.truncate(noted);
                    work.rest(journal, now, terms, pause).await.map(Some)
                }
                // To send again takes a rest; any other decision does not.
                Step::Submit => work.rest(journal, now, terms, pause).await.map(Some),
                _ => Ok(None),
            }
        }
        LookUp::Setback(setback) => work.set_back(journal, now, terms, setback).await.map(Some),
    }
}
