//! What the sandbox was asked lately, for tests and for whoever debugs an integration. Bodies, headers and query
//! strings are not kept, so no secret is.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::faults::Action;
use crate::feed::{Change, Feed};

/// How many requests are remembered.
const REMEMBERED: usize = 10_000;

/// One request.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Request {
    /// Counts from 1; the reply carries it as `x-request-id`.
    pub number: u64,
    /// When it arrived, by the virtual clock.
    pub at: DateTime<Utc>,
    /// `METHOD /v1/path` as in the API document.
    pub operation: String,
    /// The reference id in its body or path.
    pub reference_id: Option<Uuid>,
    /// What was answered; nothing while it is being handled or when the connection was cut.
    pub status: Option<u16>,
    /// The faults that struck it.
    pub faults: Vec<Action>,
    /// How the provider heard of it in the end, where a fault kept it for so long that its client was cut off first.
    pub late: Option<Late>,
}

/// A request that was delivered late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Late {
    /// When the provider had dealt with it, by the virtual clock.
    pub at: DateTime<Utc>,
    /// What it was answered, which nobody heard.
    pub status: u16,
}

/// The log.
#[derive(Debug)]
pub(crate) struct Requests {
    log: Mutex<Log>,
    feed: Feed,
}

#[derive(Debug, Default)]
struct Log {
    count: u64,
    latest: VecDeque<Request>,
}

impl Requests {
    /// A log that tells the feed of each request.
    pub(crate) fn telling(feed: Feed) -> Self {
        Self { log: Mutex::default(), feed }
    }

    /// Notes a request and gives it its number.
    pub(crate) fn arrived(
        &self,
        at: DateTime<Utc>,
        operation: &str,
        reference_id: Option<Uuid>,
        faults: Vec<Action>,
    ) -> u64 {
        let mut log = self.lock();
        log.count += 1;
        let number = log.count;
        if log.latest.len() == REMEMBERED {
            log.latest.pop_front();
        }
        let request = Request {
            number,
            at,
            operation: operation.to_owned(),
            reference_id,
            status: None,
            faults,
            late: None,
        };
        self.tell(&request);
        log.latest.push_back(request);
        number
    }

    pub(crate) fn answered(&self, number: u64, status: u16) {
        self.change(number, |request| request.status = Some(status));
    }

    pub(crate) fn delivered_late(&self, number: u64, at: DateTime<Utc>, status: u16) {
        self.change(number, |request| request.late = Some(Late { at, status }));
    }

    /// Changes what is remembered of a request, if it still is.
    fn change(&self, number: u64, change: impl FnOnce(&mut Request)) {
        let mut log = self.lock();
        let first = log.latest.front().map_or(0, |request| request.number);
        let index = number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        if let Some(request) = index.and_then(|index| log.latest.get_mut(index)) {
            change(request);
            self.tell(request);
        }
    }

    fn tell(&self, request: &Request) {
        if self.feed.is_heard() {
            self.feed.tell(Change::Request(request.clone()));
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.lock().count
    }

    pub(crate) fn latest(&self) -> Vec<Request> {
        self.lock().latest.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.lock().latest.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
