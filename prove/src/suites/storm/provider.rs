//! A provider that takes every payment and ends none, and that is gone for a while.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dollr::{Clock, Error, ErrorKind, ReferenceId, Timestamp};
use payonce::Rail;
use payonce::rail::{LookUp, Order, Preparation, Prepared, Report, Setback, Submission, Then};
use payonce::step::Terms;

use crate::virtual_time::Virtual;

/// How long an answer takes.
const ANSWERS_AFTER: Duration = Duration::from_millis(50);

/// What callers meet while it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// No connection.
    Unreachable,
    /// A connection that breaks off.
    Interrupted,
    /// Something that is no sign of an outage.
    Unrecognised,
}

/// When it is gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) silence: Silence,
}

/// The provider; all clones are one.
#[derive(Clone, Debug)]
pub(super) struct Provider {
    terms: Terms,
    time: Virtual,
    outage: Option<Outage>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: usize,
    taken: HashSet<ReferenceId>,
    /// When each payment first had an answer after the outage.
    answered: HashMap<ReferenceId, Timestamp>,
}

impl Provider {
    pub(super) fn new(terms: Terms, time: Virtual, outage: Option<Outage>) -> Self {
        Self { terms, time, outage, seen: Arc::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn requests(&self) -> usize {
        self.seen().requests
    }

    /// When each payment that was looked at since had its first answer.
    pub(super) fn looked_at_since(&self, since: Timestamp) -> Vec<Timestamp> {
        self.seen().answered.values().copied().filter(|at| *at >= since).collect()
    }

    /// Takes a request, and says what keeps it from being answered.
    async fn take(&self, order: &Order) -> Result<(), Setback> {
        self.seen().requests += 1;
        self.time.sleep(ANSWERS_AFTER).await;
        let now = self.time.now();
        if let Some(outage) = self.outage {
            if (outage.from..outage.until).contains(&now) {
                let kind = match outage.silence {
                    Silence::Unreachable => ErrorKind::Unreachable,
                    Silence::Interrupted => ErrorKind::Interrupted,
                    Silence::Unrecognised => ErrorKind::Unreadable,
                };
                let error = Error::new(kind, "the provider is gone");
                return Err(Setback { error, then: Then::Retry });
            }
            if now >= outage.until {
                self.seen().answered.entry(order.reference_id).or_insert(now);
            }
        }
        Ok(())
    }
}

impl Rail for Provider {
    fn name(&self) -> &'static str {
        "storm"
    }

    fn terms(&self) -> Terms {
        self.terms
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        match self.take(order).await {
            Ok(()) => {
                let now = self.time.now();
                let expires_at = now + Duration::from_secs(900);
                Preparation::Ready(Prepared { body: "{}".to_owned(), expires_at, provider_at: Some(now) })
            }
            Err(setback) => Preparation::Setback(setback),
        }
    }

    async fn submit(&self, order: &Order, _: &str) -> Submission {
        match self.take(order).await {
            Ok(()) => {
                self.seen().taken.insert(order.reference_id);
                Submission::Accepted(Report::Pending { action: None })
            }
            Err(setback) if setback.error.kind() == ErrorKind::Unreachable => Submission::NotSent(setback),
            Err(setback) => Submission::Unknown(setback),
        }
    }

    async fn look_up(&self, order: &Order) -> LookUp {
        match self.take(order).await {
            Ok(()) if self.seen().taken.contains(&order.reference_id) => {
                LookUp::Found(Report::Pending { action: None })
            }
            Ok(()) => LookUp::NotFound(Some(self.time.now())),
            Err(setback) => LookUp::Setback(setback),
        }
    }
}
