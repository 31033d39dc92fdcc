//! A provider as the engine sees it. The engine knows nothing else of one: no HTTP, no sessions by name, no bodies.

use std::future::Future;
use std::time::Duration;

use crate::error::Error;
use crate::journal::Intent;
use crate::name::{Name, Operation, ReferenceId};
use crate::secret::Secret;
use crate::step::{Expect, Failure, Receipt, Refused, Terms, Timestamp};

/// One attempt at one payment, as a rail is asked to carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "the engine builds it, rails and tests read it")]
pub struct Order {
    /// Which movement.
    pub operation: Operation,
    /// The payment's permanent name.
    pub name: Name,
    /// The key of this attempt.
    pub reference_id: ReferenceId,
    /// What the caller asked for, as the rail itself wrote it down: JSON without secrets.
    pub contents: String,
    /// What the provider must move for it to be this payment.
    pub expect: Expect,
}

impl Order {
    /// What was intended, under the key of an attempt.
    pub(crate) fn of(intent: &Intent, reference_id: ReferenceId) -> Self {
        let Intent { operation, name, contents, expect, .. } = intent.clone();
        Self { operation, name, reference_id, contents, expect }
    }
}

/// What a rail made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "rails build it")]
pub struct Prepared {
    /// The exact body of the request that moves the money, without secrets. It is journaled, and every send under
    /// this session carries it.
    pub body: String,
    /// From when on the provider refuses it, by its clock.
    pub expires_at: Timestamp,
    /// When it was made ready, by the provider's clock, if it said.
    pub provider_at: Option<Timestamp>,
}

/// A provider's no, and when it was said by the provider's own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "rails build it")]
pub struct Refusal {
    /// The provider's words, without anything secret.
    pub reason: String,
    /// The provider's clock, if it said.
    pub provider_at: Option<Timestamp>,
}

/// Why a call brought nothing, and when to try again.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "rails build it")]
pub struct Setback {
    /// What was seen. Which variant it arrives in says whether the call had an effect; the error's own is `Unknown` only
    /// when money may have moved before, and is read when the engine stops.
    pub error: Error,
    /// What to do about it.
    pub then: Then,
}

/// What to do about a [`Setback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the drive loop must treat each")]
pub enum Then {
    /// Try again after the engine's own back-off.
    Retry,
    /// Try again no earlier than after this time, and let the rail's other calls wait too: the provider asked for it.
    RetryAfter(Duration),
    /// Stop: nothing will change before a person acts. The payment stays resumable by name.
    Stop,
}

/// The provider's present word on a payment.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "rails build it")]
pub enum Report {
    /// It has it and has not ended it. The secret, when there is one, is what the customer's browser needs to
    /// authorise the payment; it is shown to waiters and never journaled.
    Pending {
        /// What the customer must authorise with.
        action: Option<Secret>,
    },
    /// The money moved.
    Completed(Receipt),
    /// The money did not move and will not.
    Failed(Failure),
}

/// What came of making ready.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "rails build it")]
pub enum Preparation {
    /// Ready to send.
    Ready(Prepared),
    /// The provider will not have this payment.
    Refused(Refusal),
    /// No answer to go by.
    Setback(Setback),
}

/// What came of a send.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "rails build it")]
pub enum Submission {
    /// A success that could be read.
    Accepted(Report),
    /// The provider knows the key already; what it has under it is for a look-up to say.
    Known,
    /// The provider certainly did not act: the request never left, or was turned away before anything was done.
    NotSent(Setback),
    /// The provider said no.
    Refused(Refused, Refusal),
    /// Nobody knows: a time-out, a broken connection, a fault of the provider, an answer that cannot be read.
    Unknown(Setback),
}

/// What came of a look-up.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "rails build it")]
pub enum LookUp {
    /// The provider has it.
    Found(Report),
    /// The provider says that it does not know the key, at this time by its own clock.
    NotFound(Option<Timestamp>),
    /// No answer to go by.
    Setback(Setback),
}

/// A provider.
///
/// Each call makes at most one attempt on the wire at whatever moves money, and returns instead of retrying: the
/// engine's drive loop is the only retry loop. (Refreshing a token after a 401, which moves nothing, is the rail's.)
/// A future that is dropped in the middle must leave nothing behind but what the provider saw.
pub trait Rail: Send + Sync + 'static {
    /// The provider's name in the journal: `dollr`.
    fn name(&self) -> &'static str;

    /// What holds for the rail's payments.
    fn terms(&self) -> Terms {
        Terms::default()
    }

    /// Opens a session or otherwise makes the order ready. Moves no money.
    fn prepare(&self, order: &Order) -> impl Future<Output = Preparation> + Send;

    /// Sends the prepared body, once.
    fn submit(&self, order: &Order, body: &str) -> impl Future<Output = Submission> + Send;

    /// Asks what the provider knows of the order's key.
    fn look_up(&self, order: &Order) -> impl Future<Output = LookUp> + Send;
}
