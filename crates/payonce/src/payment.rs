//! A payment as its caller holds it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::engine::Inner;
use crate::error::{Effect, Error, ErrorKind};
use crate::journal::{Key, Record};
use crate::name::{Name, Operation, ReferenceId};
use crate::rail::Rail;
use crate::secret::Secret;
use crate::step::{Failure, Outcome, ParkReason, Receipt, State};
use crate::watch::Watch;

/// How a payment ended. Both are answers, not errors: nothing more will happen under this attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "callers must treat both")]
pub enum Settlement {
    /// The money moved.
    Completed(Receipt),
    /// The money did not move.
    Failed(Failure),
}

impl fmt::Display for Settlement {
    /// One line, in the words of [`Status`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed(receipt) => {
                write!(f, "completed: {} charged, {} received", receipt.payer_amount, receipt.payee_amount)
            }
            Self::Failed(failure) => write!(f, "failed: {failure}"),
        }
    }
}

/// How a payment stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// The engine has it; the provider is not known to.
    Working,
    /// The provider has it and has not ended it.
    Pending,
    /// The customer must authorise it, with this secret, in the browser.
    NeedsAction {
        /// What the card form needs to begin 3-D Secure. It is not serialised: hand it on knowingly.
        #[serde(skip_serializing)]
        client_secret: Secret,
    },
    /// The money moved.
    Completed(Receipt),
    /// The money did not move.
    Failed(Failure),
    /// A person must decide.
    Parked(ParkReason),
}

impl Status {
    /// Whether nothing more will happen before somebody acts: it is completed, failed or parked.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed(_) | Self::Failed(_) | Self::Parked(_))
    }

    fn of(state: &State) -> Self {
        match state.outcome() {
            Some(outcome) => outcome.clone().into(),
            None if state.is_seen() => Self::Pending,
            None => Self::Working,
        }
    }
}

impl From<Outcome> for Status {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed(receipt) => Self::Completed(receipt),
            Outcome::Failed(failure) => Self::Failed(failure),
            Outcome::Parked(reason) => Self::Parked(reason),
        }
    }
}

impl fmt::Display for Status {
    /// One line, without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Working => f.write_str("working"),
            Self::Pending => f.write_str("pending"),
            Self::NeedsAction { .. } => f.write_str("the customer must authorise it"),
            Self::Completed(receipt) => Settlement::Completed(receipt.clone()).fmt(f),
            Self::Failed(failure) => Settlement::Failed(failure.clone()).fmt(f),
            Self::Parked(reason) => write!(f, "parked: {reason}"),
        }
    }
}

/// What the engine last said of a payment to those who wait for it.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// The provider is not known to have it; and why the last call brought nothing.
    Working(Option<Error>),
    Pending(Option<Secret>),
    Ended(Outcome),
    Stopped(Error),
}

impl Progress {
    /// Whether more is to come.
    fn is_live(&self) -> bool {
        matches!(self, Self::Working(_) | Self::Pending(_))
    }
}

/// A payment: its name, and the way to hear how it ends.
///
/// Dropping it stops nothing: the engine goes on with the payment as long as the process lives, and whoever resumes
/// the journal after that.
#[derive(Debug)]
pub struct Payment<R: Rail> {
    inner: Arc<Inner<R>>,
    record: Record,
    reference_id: ReferenceId,
    pub(crate) progress: Option<watch::Receiver<Progress>>,
}

impl<R: Rail> Clone for Payment<R> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            record: self.record.clone(),
            reference_id: self.reference_id,
            progress: self.progress.clone(),
        }
    }
}

impl<R: Rail> Payment<R> {
    pub(crate) fn new(
        inner: Arc<Inner<R>>,
        record: Record,
        reference_id: ReferenceId,
        progress: Option<watch::Receiver<Progress>>,
    ) -> Self {
        Self { inner, record, reference_id, progress }
    }

    pub(crate) fn inner(&self) -> &Inner<R> {
        &self.inner
    }

    /// The payment as it is after something was written, without anybody who drives it.
    pub(crate) fn at(&self, record: Record, reference_id: ReferenceId) -> Self {
        Self::new(Arc::clone(&self.inner), record, reference_id, None)
    }

    /// Its permanent name.
    pub fn name(&self) -> &Name {
        &self.record.intent.name
    }

    /// Which movement it is.
    pub fn operation(&self) -> &Operation {
        &self.record.intent.operation
    }

    /// The key of its present attempt, by which the provider's support can find it.
    pub fn reference_id(&self) -> ReferenceId {
        self.reference_id
    }

    /// The payment as the journal had it when this handle was made.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// How it stands, by the journal. Asks nothing of the provider.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    pub async fn status(&self) -> Result<Status, Error> {
        let record =
            self.inner.find(Key::Name(self.name().clone())).await?.unwrap_or_else(|| self.record.clone());
        let status = Status::of(&record.state()?);
        let action = match self.progress.as_ref().map(|progress| progress.borrow().clone()) {
            Some(Progress::Pending(action)) => action,
            _ => None,
        };
        Ok(match (status, action) {
            (Status::Pending, Some(client_secret)) => Status::NeedsAction { client_secret },
            (status, _) => status,
        })
    }

    /// Waits for the end, however long it takes, and drives the payment meanwhile if nobody does.
    ///
    /// # Errors
    /// An error never means that the payment failed; it means that we stopped watching. `Parked` when a person must
    /// decide; otherwise whatever stopped the engine.
    pub async fn settled(&self) -> Result<Settlement, Error> {
        let mut progress = match &self.progress {
            Some(progress) if !matches!(*progress.borrow(), Progress::Stopped(_)) => progress.clone(),
            _ => self.inner.attach(&self.record, None).await,
        };
        loop {
            let now = progress.borrow_and_update().clone();
            match now {
                Progress::Ended(Outcome::Completed(receipt)) => return Ok(Settlement::Completed(receipt)),
                Progress::Ended(Outcome::Failed(failure)) => return Ok(Settlement::Failed(failure)),
                Progress::Ended(Outcome::Parked(reason)) => return Err(self.parked(&reason)),
                Progress::Stopped(error) => return Err(error),
                Progress::Working(_) | Progress::Pending(_) => {}
            }
            progress.changed().await.map_err(|_| self.gone())?;
        }
    }

    /// Its states as they come: how it stands, then each change, until it has ended. Drives the payment meanwhile if
    /// nobody does; asks nothing of the provider itself.
    ///
    /// ```no_run
    /// # async fn watch<R: payonce::Rail>(payment: payonce::Payment<R>) -> Result<(), payonce::Error> {
    /// let mut states = payment.watch();
    /// while let Some(state) = states.next().await {
    ///     println!("{}", state?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self) -> Watch<R> {
        Watch::new(self.clone())
    }

    /// Listens to the engine about a payment that has not ended, and has it driven if nobody does.
    pub(crate) async fn listen(&self) -> watch::Receiver<Progress> {
        match &self.progress {
            Some(progress) if progress.borrow().is_live() => progress.clone(),
            _ => self.inner.attach(&self.record, None).await,
        }
    }

    /// Waits for the end, but no longer than `limit`. The limit is the waiter's; the payment goes on.
    ///
    /// # Errors
    /// As [`settled`](Self::settled), and `Deadline` when the limit passes first.
    pub async fn settled_within(&self, limit: Duration) -> Result<Settlement, Error> {
        tokio::select! {
            biased;
            settlement = self.settled() => settlement,
            () = self.inner.clock.sleep(limit) => Err(self.late(limit)),
        }
    }

    /// Tries a failed payment again, under the same name. This is a decision, never made by the engine.
    ///
    /// The new attempt has a new key if the provider recorded the failure, and keeps the key if the provider refused
    /// outright. When it returns `Ok`, the attempt is in the journal and the provider has answered. A crash in the
    /// middle leaves an attempt that `resume` takes up.
    ///
    /// # Errors
    /// `NotFailed` when the payment has not failed; otherwise as sending a payment.
    pub async fn again(&self) -> Result<Self, Error> {
        self.inner.again(self.name()).await
    }

    /// Waits until the provider has answered for the first time, or the engine has stopped.
    pub(crate) async fn taken(self, limit: Duration) -> Result<Self, Error> {
        let Some(mut progress) = self.progress.clone() else { return Ok(self) };
        let clock = Arc::clone(&self.inner.clock);
        let mut deadline = clock.sleep(limit);
        loop {
            let now = progress.borrow_and_update().clone();
            match now {
                Progress::Ended(Outcome::Parked(reason)) => return Err(self.parked(&reason)),
                Progress::Ended(_) | Progress::Pending(_) => return Ok(self),
                Progress::Stopped(error) => return Err(error),
                Progress::Working(_) => {}
            }
            tokio::select! {
                biased;
                changed = progress.changed() => changed.map_err(|_| self.gone())?,
                () = &mut deadline => return Err(self.late(limit)),
            }
        }
    }

    fn blame(&self, error: Error) -> Error {
        error.with_effect(Effect::Unknown).with_payment(self.operation().clone(), self.reference_id)
    }

    fn parked(&self, reason: &ParkReason) -> Error {
        self.blame(Error::new(ErrorKind::Parked, reason.to_string()))
    }

    pub(crate) fn gone(&self) -> Error {
        self.blame(Error::new(ErrorKind::Stopped, "the engine stopped before the payment had ended"))
    }

    fn late(&self, limit: Duration) -> Error {
        let trouble = match self.progress.as_ref().map(|progress| progress.borrow().clone()) {
            Some(Progress::Working(trouble)) => trouble,
            _ => None,
        };
        let why = trouble.as_ref().map(|error| format!(" ({})", error.message())).unwrap_or_default();
        let limit = limit.as_secs();
        let message =
            format!("no answer within {limit} s{why}; the payment goes on while this process lives");
        let late = self.blame(Error::new(ErrorKind::Deadline, message));
        match trouble {
            Some(error) => late.with_source(error),
            None => late,
        }
    }
}
