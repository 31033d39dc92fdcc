//! The prose in which tests ask for faults:
//! `sandbox.on("POST /v1/executions/payout").nth(1).after_effect().drop_reply()`.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::{Action, Chance, Faults, Gate, Place, Rule, millis};

/// The calls a fault is meant for.
#[derive(Clone, Debug)]
#[must_use = "no fault is set before it is said where and what"]
pub struct Call {
    faults: Faults,
    rule: Rule,
}

/// The calls a fault is meant for and the point at which it strikes.
///
/// # Panics
/// Every method does when the fault cannot happen at that point, such as another status once the reply has begun.
#[derive(Clone, Debug)]
#[must_use = "no fault is set before it is said what happens"]
pub struct Spot {
    faults: Faults,
    rule: Rule,
}

/// A fault that is set. Dropping the handle leaves it set.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    faults: Faults,
    id: u64,
}

/// A fault that holds requests until it is told to let go.
#[derive(Clone, Debug)]
#[must_use = "a held request waits until it is released"]
pub struct Held {
    gate: Arc<Gate>,
}

impl Call {
    pub(crate) fn to(faults: Faults, operation: &str) -> Self {
        let rule = Rule {
            operation: operation.to_owned(),
            reference_id: None,
            nth: None,
            times: None,
            chance: None,
            place: Place::BeforeEffect,
            action: Action::DropReply,
        };
        Self { faults, rule }
    }

    /// Only the nth matching call; the first is 1. With [`times`](Self::times), that many from the nth on.
    pub fn nth(mut self, nth: u64) -> Self {
        self.rule.nth = Some(nth);
        self
    }

    /// At most this many calls. Without `nth` and `times` a fault strikes every matching call.
    pub fn times(mut self, times: u64) -> Self {
        self.rule.times = Some(times);
        self
    }

    /// Only calls that carry this reference id, in the body or the path.
    pub fn reference_id(mut self, reference_id: Uuid) -> Self {
        self.rule.reference_id = Some(reference_id);
        self
    }

    /// Only some of the calls: `probability` from 0 to 1, drawn from `seed`.
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        self.rule.chance = Some(Chance { probability, seed });
        self
    }

    /// Before the provider has done anything.
    pub fn before_effect(self) -> Spot {
        self.at(Place::BeforeEffect)
    }

    /// After the provider has acted, before a byte of the reply is sent.
    pub fn after_effect(self) -> Spot {
        self.at(Place::AfterEffect)
    }

    /// After the head of the reply and half of its body were sent.
    pub fn in_reply(self) -> Spot {
        self.at(Place::InReply)
    }

    fn at(mut self, place: Place) -> Spot {
        self.rule.place = place;
        Spot { faults: self.faults, rule: self.rule }
    }
}

impl Spot {
    /// Closes the connection without (the rest of) a reply.
    #[track_caller]
    pub fn drop_reply(self) -> FaultHandle {
        self.set(Action::DropReply)
    }

    /// Resets the connection.
    #[track_caller]
    pub fn reset(self) -> FaultHandle {
        self.set(Action::Reset)
    }

    /// Waits, in real time. The request goes on even if the client gives up.
    #[track_caller]
    pub fn delay(self, duration: Duration) -> FaultHandle {
        self.set(Action::Delay { millis: millis(duration) })
    }

    /// Waits until released. The request goes on then, even if the client has given up.
    #[track_caller]
    pub fn hold(self) -> Held {
        Held { gate: self.put(Action::Hold).1 }
    }

    /// Answers this status instead of the reply.
    #[track_caller]
    pub fn status(self, code: u16) -> FaultHandle {
        self.set(Action::Status { code })
    }

    /// Answers 429, with `Retry-After` in seconds when given.
    #[track_caller]
    pub fn too_many_requests(self, retry_after: Option<u64>) -> FaultHandle {
        self.set(Action::TooManyRequests { retry_after })
    }

    /// Ends the body in the middle of its JSON, as a complete HTTP message.
    #[track_caller]
    pub fn truncate_body(self) -> FaultHandle {
        self.set(Action::TruncateBody)
    }

    /// Answers a body that is not JSON.
    #[track_caller]
    pub fn garbage_body(self) -> FaultHandle {
        self.set(Action::GarbageBody)
    }

    /// Processes the request twice, one after the other; the client gets the first reply.
    #[track_caller]
    pub fn duplicate_delivery(self) -> FaultHandle {
        self.set(Action::DuplicateDelivery)
    }

    /// Closes the connection now and lets the request take effect later, by the virtual clock.
    #[track_caller]
    pub fn deliver_late(self, after: Duration) -> FaultHandle {
        self.set(Action::DeliverLate { after_millis: millis(after) })
    }

    /// Answers a status read from a view this much older, by the virtual clock: what is newer is unknown to it.
    #[track_caller]
    pub fn stale_status(self, age: Duration) -> FaultHandle {
        self.set(Action::StaleStatus { age_millis: millis(age) })
    }

    /// Makes the request's bearer token worthless at this point.
    #[track_caller]
    pub fn revoke_token(self) -> FaultHandle {
        self.set(Action::RevokeToken)
    }

    /// Leaves the body away.
    #[track_caller]
    pub fn empty_body(self) -> FaultHandle {
        self.set(Action::EmptyBody)
    }

    /// Fills the body up with spaces until it is this long.
    #[track_caller]
    pub fn oversized_body(self, bytes: u64) -> FaultHandle {
        self.set(Action::OversizedBody { bytes })
    }

    /// Lets the body arrive byte by byte, with this pause before each, in real time.
    #[track_caller]
    pub fn slow_drip(self, pause: Duration) -> FaultHandle {
        self.set(Action::SlowDrip { millis: millis(pause) })
    }

    /// Says that the JSON of the body is HTML.
    #[track_caller]
    pub fn wrong_content_type(self) -> FaultHandle {
        self.set(Action::WrongContentType)
    }

    /// Answers values of enums that no document knows.
    #[track_caller]
    pub fn unknown_enum(self) -> FaultHandle {
        self.set(Action::UnknownEnum)
    }

    /// Answers members that no document knows.
    #[track_caller]
    pub fn extra_fields(self) -> FaultHandle {
        self.set(Action::ExtraFields)
    }

    /// Leaves every other member of each object away.
    #[track_caller]
    pub fn missing_fields(self) -> FaultHandle {
        self.set(Action::MissingFields)
    }

    #[track_caller]
    fn set(self, action: Action) -> FaultHandle {
        let faults = self.faults.clone();
        FaultHandle { faults, id: self.put(action).0 }
    }

    #[track_caller]
    fn put(mut self, action: Action) -> (u64, Arc<Gate>) {
        self.rule.action = action;
        match self.faults.set(self.rule) {
            Ok(set) => set,
            Err(nonsense) => panic!("this fault cannot happen: {nonsense}"),
        }
    }
}

impl FaultHandle {
    /// How many calls it has struck.
    pub fn fired(&self) -> u64 {
        self.faults.list().iter().find(|fault| fault.id == self.id).map_or(0, |fault| fault.fired)
    }

    /// Takes the fault away.
    pub fn remove(self) {
        self.faults.remove(self.id);
    }
}

impl Held {
    /// Returns when a request is held.
    pub async fn wait_until_held(&self) {
        self.gate.reached().await;
    }

    /// Lets every held request go on; later ones are not held any more.
    pub fn release(&self) {
        self.gate.release();
    }
}
