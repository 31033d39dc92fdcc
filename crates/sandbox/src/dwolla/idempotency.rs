//! `Idempotency-Key`: the same request under the same key is carried out once. What the documents leave open about it is
//! a switch each.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::books::Books;
use super::hal::Answer;
use super::problem::Refusal;
use super::switches::{
    After500, ConflictBody, InProgress, KeyScope, LateReplay, OtherBody, Refusals, SameBody, Switches,
};
use super::table::Row;

/// How long a key lives, and how long it stays locked after a 500.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A request that has a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: String,
}

/// What is remembered of a keyed request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Keyed {
    number: u64,
    path: String,
    key: String,
    body: String,
    at: DateTime<Utc>,
    answer: Option<Answer>,
    locked_until: Option<DateTime<Utc>>,
}

impl Row for Keyed {
    const KIND: &'static str = "keyed";
    type Key = u64;

    fn key(&self) -> u64 {
        self.number
    }
}

impl Keyed {
    /// The name that requests with the same key share.
    pub(crate) fn name(&self) -> &str {
        &self.key
    }

    fn is_locked(&self, now: DateTime<Utc>) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    fn is_alive(&self, now: DateTime<Utc>) -> bool {
        now < self.at + LIFETIME || self.is_locked(now)
    }

    fn stands_for(&self, call: &Call, switches: &Switches) -> bool {
        let same_body = match switches.same_body {
            SameBody::Bytes => self.body == call.body,
            SameBody::Json => {
                self.body == call.body || json(&self.body).is_some_and(|own| Some(own) == json(&call.body))
            }
        };
        same_body && self.path == call.path
    }
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

impl Books {
    /// Does the work of a keyed request, unless it was done before.
    pub(crate) fn once(
        &mut self,
        call: &Call,
        work: impl FnOnce(&mut Self) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        if let Some(known) = self.recall(call) {
            return known;
        }
        let outcome = work(self);
        let remembered = match &outcome {
            Ok(answer) => Some(answer.clone()),
            Err(refusal) if refusal.status.is_client_error() && self.switches.refusals == Refusals::Kept => {
                Some(Answer::from(refusal.clone()))
            }
            Err(_) => None,
        };
        if remembered.is_some() {
            self.remember(call, remembered, None);
        }
        outcome
    }

    /// Locks the key of a request over which the provider failed.
    pub(crate) fn lock_key(&mut self, call: &Call) {
        if self.switches.after_500 == After500::Open {
            return;
        }
        let until = self.now + LIFETIME;
        let (now, switches) = (self.now, self.switches);
        let known = self.keyed(call).find(|known| known.stands_for(call, &switches) && known.is_alive(now));
        match known.map(Row::key) {
            Some(number) => self.keys.change(&number, |known| known.locked_until = Some(until)),
            None => self.remember(call, None, Some(until)),
        }
    }

    /// What a request is answered that is not to be carried out (again).
    fn recall(&self, call: &Call) -> Option<Result<Answer, Refusal>> {
        let (now, switches) = (self.now, self.switches);
        // The latest first: an older one may be left from a key that has expired.
        let known: Vec<&Keyed> = self.keyed(call).collect();
        let same = known.iter().rev().find(|known| known.stands_for(call, &switches));
        let alive = known.iter().rev().find(|known| known.is_alive(now));
        let answer = |known: &Keyed| match &known.answer {
            _ if known.is_locked(now) => Some(Err(conflict(&switches))),
            Some(answer) => Some(Ok(answer.clone())),
            None => None,
        };
        match (same, alive) {
            (Some(same), _) if same.is_alive(now) || switches.late_replay == LateReplay::Replay => {
                answer(same)
            }
            (_, Some(other)) => match switches.other_body {
                OtherBody::CreateNew => None,
                OtherBody::Conflict => Some(Err(conflict(&switches))),
                OtherBody::Replay => answer(other),
            },
            _ => None,
        }
    }

    /// What is remembered under the key of a request, oldest first.
    fn keyed(&self, call: &Call) -> impl Iterator<Item = &Keyed> {
        let known = self.keyed_under(&call.key).iter().filter_map(|number| self.keys.find(number));
        let everywhere = self.switches.key_scope == KeyScope::Application;
        known.filter(move |known| everywhere || known.path == call.path)
    }

    fn remember(&mut self, call: &Call, answer: Option<Answer>, locked_until: Option<DateTime<Utc>>) {
        let number = self.keys.last().map_or(1, |last| last + 1);
        let Call { path, key, body } = call.clone();
        self.add_key(Keyed { number, path, key, body, at: self.now, answer, locked_until });
    }
}

fn conflict(switches: &Switches) -> Refusal {
    match switches.conflict_body {
        ConflictBody::Code => Refusal::coded(
            StatusCode::CONFLICT,
            "Conflict",
            "A request with this Idempotency-Key is in progress or has failed.",
        ),
        ConflictBody::Empty => Refusal { status: StatusCode::CONFLICT, body: None },
    }
}

/// The keyed requests that are being carried out: from their arrival until they are answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Underway {
    calls: Arc<Mutex<HashSet<Call>>>,
}

/// Keeps a request among those that are carried out.
#[derive(Debug)]
pub(crate) struct Turn {
    calls: Arc<Mutex<HashSet<Call>>>,
    call: Call,
}

impl Underway {
    /// Lets a request in, unless it has to be refused for one that is still being carried out.
    pub(crate) fn enter(&self, call: &Call, switches: &Switches) -> Result<Option<Turn>, Refusal> {
        if switches.in_progress == InProgress::Wait {
            return Ok(None);
        }
        let mut call = call.clone();
        if switches.key_scope == KeyScope::Application {
            call.path.clear();
        }
        match switches.other_body {
            OtherBody::CreateNew if switches.same_body == SameBody::Json => {
                call.body = json(&call.body).map_or(call.body, |body| body.to_string());
            }
            OtherBody::CreateNew => {}
            OtherBody::Conflict | OtherBody::Replay => call.body.clear(),
        }
        let new = self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(call.clone());
        if new { Ok(Some(Turn { calls: Arc::clone(&self.calls), call })) } else { Err(conflict(switches)) }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.call);
    }
}
