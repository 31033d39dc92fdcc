//! Faults as data: *where* in the handling of a request, *what* happens there, and *to which* calls. A fault is decided
//! when its call arrives, from counters and seeds alone, so a run can be repeated.
//!
//! Faults live in memory, not in the database file: they belong to a test, not to the provider.

mod bodies;
pub(crate) mod layer;
mod script;
mod sense;
mod storm;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use uuid::Uuid;

pub use script::{Call, FaultHandle, Held, Spot};
pub(crate) use sense::Nonsense;
pub use storm::Storm;

/// Where in the handling of a request a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before the provider has done anything.
    BeforeEffect,
    /// After the provider has acted, before a byte of the reply is sent.
    AfterEffect,
    /// After the head of the reply and half of its body were sent.
    InReply,
}

/// What happens there. Durations are in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
#[non_exhaustive]
pub enum Action {
    /// The connection is closed without (the rest of) a reply.
    DropReply,
    /// The connection is reset.
    Reset,
    /// Everything waits for this long, in real time.
    Delay {
        /// How long.
        millis: u64,
    },
    /// Everything waits until the fault is released.
    Hold,
    /// This status is answered instead.
    Status {
        /// The status code.
        code: u16,
    },
    /// 429 is answered instead, with `Retry-After` when given.
    TooManyRequests {
        /// Seconds for the `Retry-After` header.
        retry_after: Option<u64>,
    },
    /// The body ends in the middle of its JSON, as a complete HTTP message.
    TruncateBody,
    /// The body is not JSON at all. Before the effect someone on the way answers it and the provider hears nothing.
    GarbageBody,
    /// There is no body. Before the effect someone on the way answers so and the provider hears nothing.
    EmptyBody,
    /// The body is followed by so many spaces that it is this long. It is still the same JSON.
    OversizedBody {
        /// How long, in bytes; at most 64 MiB.
        bytes: u64,
    },
    /// The body arrives byte by byte, each this much after the one before, in real time.
    SlowDrip {
        /// The pause before each byte.
        millis: u64,
    },
    /// The body says that it is HTML, although it is the JSON it would have been.
    WrongContentType,
    /// Every value of an enum in the body is one that no document knows.
    UnknownEnum,
    /// Every object in the body has members that no document knows.
    ExtraFields,
    /// Every object in the body lacks every other of its members, in the order of their names from the second on.
    MissingFields,
    /// The request is processed twice, one after the other; the client gets the first reply.
    DuplicateDelivery,
    /// The client's connection is closed now; the request takes effect this much later, by the virtual clock.
    DeliverLate {
        /// How much later.
        after_millis: u64,
    },
    /// A status read answers from a view that is this much older, by the virtual clock.
    StaleStatus {
        /// How much older.
        age_millis: u64,
    },
    /// The bearer token of the request stops being valid at this point.
    RevokeToken,
}

/// Which calls a fault strikes, where, and with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// `METHOD /path` as in the API document; a trailing `*` matches any rest.
    pub operation: String,
    /// Only calls that carry this reference id.
    #[serde(default)]
    pub reference_id: Option<Uuid>,
    /// Only from the nth matching call on (the first is 1).
    #[serde(default)]
    pub nth: Option<u64>,
    /// This many times; once when `nth` is given, otherwise for good.
    #[serde(default)]
    pub times: Option<u64>,
    /// Only some of the calls, by chance.
    #[serde(default)]
    pub chance: Option<Chance>,
    /// Where.
    pub place: Place,
    /// What.
    #[serde(flatten)]
    pub action: Action,
}

/// A repeatable chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chance {
    /// From 0 (never) to 1 (always).
    pub probability: f64,
    /// The same seed draws the same calls.
    pub seed: u64,
}

/// A fault that is set, and what it has done so far.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// Names it when it is removed or released.
    pub id: u64,
    /// What was asked for.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many calls it applied to, whether it struck them or not.
    pub matched: u64,
    /// How many calls it struck.
    pub fired: u64,
    /// How many requests it holds right now.
    pub holding: u64,
}

/// What a call is known by when faults are decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'r> {
    pub(crate) operation: &'r str,
    pub(crate) reference_id: Option<Uuid>,
    /// Tells this request from others of the same operation when it has no reference id.
    pub(crate) uri: &'r str,
    pub(crate) body: &'r [u8],
}

/// One fault that strikes one call.
#[derive(Clone, Debug)]
pub(crate) struct Blow {
    pub(crate) place: Place,
    pub(crate) action: Action,
    pub(crate) gate: Arc<Gate>,
}

/// All faults of one sandbox.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    state: Arc<Mutex<State>>,
    armed: Arc<AtomicBool>,
    /// The operations that read a status, each written out or, up to its last slash, as the start of many.
    status_reads: &'static [&'static str],
}

#[derive(Debug, Default)]
struct State {
    set: Vec<(Fault, Arc<Gate>)>,
    storm: Option<storm::Raging>,
    last_id: u64,
    fired: u64,
}

impl Faults {
    /// No faults, of a provider whose status is read with these operations.
    pub(crate) fn of(status_reads: &'static [&'static str]) -> Self {
        Self { status_reads, ..Self::default() }
    }

    /// Sets a fault, unless it cannot happen.
    pub(crate) fn set(&self, rule: Rule) -> Result<(u64, Arc<Gate>), Nonsense> {
        sense::check(&rule, self.status_reads)?;
        let gate = Arc::new(Gate::default());
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        state.set.push((Fault { id, rule, matched: 0, fired: 0, holding: 0 }, Arc::clone(&gate)));
        self.armed.store(true, Ordering::Release);
        Ok((id, gate))
    }

    pub(crate) fn storm(&self, storm: Option<Storm>) {
        let mut state = self.lock();
        state.storm = storm.map(storm::Raging::new);
        self.armed.store(state.storm.is_some() || !state.set.is_empty(), Ordering::Release);
    }

    /// Takes a fault away and lets go whatever it holds. Says whether there was such a fault.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut state = self.lock();
        let before = state.set.len();
        state.set.retain(|(fault, gate)| {
            if fault.id == id {
                gate.release();
            }
            fault.id != id
        });
        self.armed.store(state.storm.is_some() || !state.set.is_empty(), Ordering::Release);
        state.set.len() < before
    }

    /// Takes all faults and the storm away.
    pub(crate) fn clear(&self) {
        let ids: Vec<u64> = self.lock().set.iter().map(|(fault, _)| fault.id).collect();
        self.storm(None);
        for id in ids {
            self.remove(id);
        }
    }

    /// Lets go whatever a fault holds, now and later. Says whether there is such a fault.
    pub(crate) fn release(&self, id: u64) -> bool {
        let state = self.lock();
        let gate = state.set.iter().find(|(fault, _)| fault.id == id).map(|(_, gate)| gate);
        gate.map(|gate| gate.release()).is_some()
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        let listed = |(fault, gate): &(Fault, Arc<Gate>)| Fault { holding: gate.holding(), ..fault.clone() };
        self.lock().set.iter().map(listed).collect()
    }

    pub(crate) fn fired(&self) -> u64 {
        self.lock().fired
    }

    /// What strikes this call. Counts it, so it is asked once for each call that arrives.
    pub(crate) fn strike(&self, arrival: Arrival<'_>) -> Vec<Blow> {
        if !self.armed.load(Ordering::Acquire) {
            return Vec::new();
        }
        let mut state = self.lock();
        let mut blows = Vec::new();
        for (fault, gate) in &mut state.set {
            if fault.rule.matches(arrival) {
                fault.matched += 1;
                if fault.is_due() {
                    fault.fired += 1;
                    let Rule { place, action, .. } = fault.rule;
                    blows.push(Blow { place, action, gate: Arc::clone(gate) });
                }
            }
        }
        if let Some((place, action)) = state.storm.as_mut().and_then(|storm| storm.draw(arrival)) {
            blows.push(Blow { place, action, gate: Arc::default() });
        }
        state.fired += blows.len() as u64;
        blows
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn matches(&self, arrival: Arrival<'_>) -> bool {
        let operation = match self.operation.strip_suffix('*') {
            Some(start) => arrival.operation.starts_with(start),
            None => arrival.operation == self.operation,
        };
        operation && self.reference_id.is_none_or(|wanted| arrival.reference_id == Some(wanted))
    }
}

impl Fault {
    fn is_due(&self) -> bool {
        let counted = match (self.rule.nth, self.rule.times) {
            (Some(nth), times) => (nth..nth.saturating_add(times.unwrap_or(1))).contains(&self.matched),
            (None, Some(times)) => self.fired < times,
            (None, None) => true,
        };
        counted
            && self.rule.chance.is_none_or(|chance| {
                storm::hits(chance.probability, storm::mix(&[chance.seed, self.id, self.matched]))
            })
    }
}

/// Where held requests wait. Once released it stays open.
#[derive(Debug)]
pub(crate) struct Gate {
    state: watch::Sender<GateState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct GateState {
    holding: u64,
    released: bool,
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: watch::Sender::new(GateState::default()) }
    }
}

impl Gate {
    fn holding(&self) -> u64 {
        self.state.borrow().holding
    }

    pub(crate) fn release(&self) {
        self.state.send_modify(|state| state.released = true);
    }

    /// Waits until at least one request waits here, or the gate was opened.
    pub(crate) async fn reached(&self) {
        let mut state = self.state.subscribe();
        // The sender lives in `self`, so the wait cannot fail.
        let _ = state.wait_for(|state| state.holding > 0 || state.released).await;
    }

    pub(crate) async fn pass(&self) {
        self.state.send_modify(|state| state.holding += 1);
        let _ = self.state.subscribe().wait_for(|state| state.released).await;
        self.state.send_modify(|state| state.holding -= 1);
    }
}

/// A duration as the wire form of a fault counts it.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYOUT: Arrival<'static> =
        Arrival { operation: "POST /v1/executions/payout", reference_id: None, uri: "", body: b"" };

    fn rule(operation: &str) -> Rule {
        Rule {
            operation: operation.to_owned(),
            reference_id: None,
            nth: None,
            times: None,
            chance: None,
            place: Place::AfterEffect,
            action: Action::DropReply,
        }
    }

    fn struck(rule: Rule, calls: usize) -> Vec<usize> {
        let faults = Faults::default();
        faults.set(rule).unwrap();
        (1..=calls).filter(|_| !faults.strike(PAYOUT).is_empty()).collect()
    }

    #[test]
    fn nth_strikes_that_call_alone() {
        assert_eq!(struck(Rule { nth: Some(2), ..rule(PAYOUT.operation) }, 5), [2]);
        assert_eq!(struck(Rule { nth: Some(2), times: Some(2), ..rule(PAYOUT.operation) }, 5), [2, 3]);
        assert_eq!(struck(Rule { times: Some(2), ..rule(PAYOUT.operation) }, 5), [1, 2]);
        assert_eq!(struck(rule("POST /v1/*"), 3), [1, 2, 3]);
        assert_eq!(struck(rule("GET /v1/status/source"), 3), [0; 0]);
    }

    #[test]
    fn the_same_seed_strikes_the_same_calls() {
        let half = |seed| Rule { chance: Some(Chance { probability: 0.5, seed }), ..rule("*") };
        assert_eq!(struck(half(7), 200), struck(half(7), 200));
        assert_ne!(struck(half(7), 200), struck(half(8), 200));
        assert!((60..140).contains(&struck(half(7), 200).len()));
    }

    #[test]
    fn a_fault_that_cannot_happen_is_refused() {
        let faults = Faults::default();
        let chance = |probability| Some(Chance { probability, seed: 1 });
        let status = |code| Action::Status { code };
        for (rule, member) in [
            (Rule { nth: Some(0), ..rule("*") }, "nth"),
            (Rule { times: Some(0), ..rule("*") }, "times"),
            (Rule { chance: chance(1.1), ..rule("*") }, "chance"),
            (Rule { chance: chance(f64::NAN), ..rule("*") }, "chance"),
            (Rule { action: status(199), ..rule("*") }, "code"),
            (Rule { action: status(600), ..rule("*") }, "code"),
            (Rule { action: Action::OversizedBody { bytes: 0 }, ..rule("*") }, "bytes"),
            (Rule { action: Action::OversizedBody { bytes: 1 << 40 }, ..rule("*") }, "bytes"),
            (Rule { action: Action::StaleStatus { age_millis: 1 }, ..rule("POST /v1/*") }, "operation"),
        ] {
            assert_eq!(faults.set(rule).unwrap_err().member, member);
        }
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_rule_reads_the_same_from_json() {
        let json =
            r#"{"operation":"POST /v1/executions/payout","place":"after_effect","what":"delay","millis":5}"#;
        let read: Rule = serde_json::from_str(json).unwrap();
        assert_eq!(read, Rule { action: Action::Delay { millis: 5 }, ..rule(PAYOUT.operation) });
    }
}
