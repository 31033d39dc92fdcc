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
    pub fn drop_reply(self) -> FaultHandle {
        self.set(Action::DropReply)
    }

    /// Resets the connection.
    pub fn reset(self) -> FaultHandle {
        self.set(Action::Reset)
    }

    /// Waits, in real time. The request goes on even if the client gives up.
    pub fn delay(self, duration: Duration) -> FaultHandle {
        self.set(Action::Delay { millis: millis(duration) })
    }

    /// Waits until released. The request goes on then, even if the client has given up.
    pub fn hold(mut self) -> Held {
        self.rule.action = Action::Hold;
        Held { gate: self.faults.set(self.rule).1 }
    }

    /// Answers this status instead of the reply.
    pub fn status(self, code: u16) -> FaultHandle {
        self.set(Action::Status { code })
    }

    /// Answers 429, with `Retry-After` in seconds when given.
    pub fn too_many_requests(self, retry_after: Option<u64>) -> FaultHandle {
        self.set(Action::TooManyRequests { retry_after })
    }

    /// Ends the body in the middle of its JSON, as a complete HTTP message.
    pub fn truncate_body(self) -> FaultHandle {
        self.set(Action::TruncateBody)
    }

    /// Answers a body that is not JSON.
    pub fn garbage_body(self) -> FaultHandle {
        self.set(Action::GarbageBody)
    }

    /// Processes the request twice, one after the other; the client gets the first reply.
    pub fn duplicate_delivery(self) -> FaultHandle {
        self.set(Action::DuplicateDelivery)
    }

    /// Closes the connection now and lets the request take effect later, by the virtual clock.
    pub fn deliver_late(self, after: Duration) -> FaultHandle {
        self.set(Action::DeliverLate { after_millis: millis(after) })
    }

    /// Answers a status read from a view this much older, by the virtual clock: what is newer is unknown to it.
    pub fn stale_status(self, age: Duration) -> FaultHandle {
        self.set(Action::StaleStatus { age_millis: millis(age) })
    }

    /// Makes the request's bearer token worthless at this point.
    pub fn revoke_token(self) -> FaultHandle {
        self.set(Action::RevokeToken)
    }

    fn set(mut self, action: Action) -> FaultHandle {
        self.rule.action = action;
        let (id, _) = self.faults.set(self.rule);
        FaultHandle { faults: self.faults, id }
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
