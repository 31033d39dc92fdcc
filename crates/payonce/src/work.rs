//! A worker: it takes up whatever is free in the journal, for as long as it is left to.
//!
//! What must stay true: no more wait for their first call than are called for at a time, so that several workers share what
//! there is and one that dies leaves little behind; what is taken up is driven by the engine's one loop like any payment; and
//! a journal that cannot be reached is waited for.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::BoxFuture;
use crate::drive::Work;
use crate::engine::{Engine, Inner};
use crate::error::{Error, ErrorKind};
use crate::journal::{Lease, Record};
use crate::name::ReferenceId;
use crate::rail::Rail;
use crate::schedule::{share, spread};

/// How long a worker with nothing to do waits before it looks again, when it hears of nothing: drawn from this range.
const LOOK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(4));

/// How long it waits for a journal that failed: up to the first, then up to twice as long each time, and no longer than the
/// second.
const FAILED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// How much a worker takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Limits {
    /// So many payments in hand at any time, and never more: those that wait for the provider's word included, which cost
    /// little.
    pub hold: usize,
}

impl Default for Limits {
    /// 100 000 payments in hand.
    fn default() -> Self {
        Self { hold: 100_000 }
    }
}

impl<R: Rail> Engine<R> {
    /// Takes up every payment of the rail that no living process holds, as it comes, and drives it; until
    /// [`stop`](Self::stop) or [`stop_within`](Self::stop_within). Any number of processes may do so on one journal, and share
    /// what there is. At most as many as are called for at a time (`Settings::concurrency`) wait for their first call.
    ///
    /// A journal that cannot be reached is waited for, which the log says. A payment that the engine has to stop with is
    /// tried again later, unless this process may not use the provider at all: then it is left to others, and nothing is taken
    /// up for a minute. Dropping the future stops nothing that was taken up.
    ///
    /// # Errors
    /// `Configuration` when the journal belongs to another namespace, or cannot be one.
    pub async fn work(&self, limits: Limits) -> Result<(), Error> {
        let inner = &self.inner;
        let mut waits = Waits { inner, me: Uuid::new_v4().into(), drawn: 0, stirred: None };
        let mut failures = 0;
        while !inner.is_stopping() {
            if inner.is_bound() {
                // What comes from here on is heard of, even while this looks.
                waits.listen().await;
            }
            let room = inner.lock().room(inner.settings.concurrency.max(1), limits.hold, inner.clock.now());
            if room == 0 {
                waits.for_room().await;
                continue;
            }
            match inner.take_free(room).await {
                Ok(taken) => {
                    if failures > 0 {
                        tracing::warn!("the journal answers again");
                    }
                    failures = 0;
                    if taken < room {
                        waits.for_news().await;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Configuration => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the journal gives no payments; it is asked again until it does");
                    failures += 1;
                    waits.after_failure(failures).await;
                }
            }
        }
        Ok(())
    }
}

impl<R: Rail> Inner<R> {
    /// Takes up to so many free payments up, and says how many there were.
    async fn take_free(self: &Arc<Self>, room: usize) -> Result<usize, Error> {
        self.bind().await?;
        let free = self.journal.claim_free(self.rail.name(), room).await?;
        let taken = free.len();
        let (mut left, stopping) = (Vec::new(), self.is_stopping());
        for (lease, record) in free {
            if stopping || !self.take_in(lease, &record) {
                left.push(lease);
            }
        }
        if !left.is_empty() {
            self.journal.release_all(left).await?;
        }
        Ok(taken)
    }

    /// Drives a payment that was taken; not if a call is in flight for it under a lease that this one has replaced.
    fn take_in(self: &Arc<Self>, lease: Lease, record: &Record) -> bool {
        let key = record.intent.reference_id;
        {
            let mut schedule = self.lock();
            if schedule.is_looked_at(key) {
                return false;
            }
            let (slot, made) = schedule.slot(key, record.id);
            slot.lease = Some(lease);
            if !made {
                return true;
            }
            slot.kept = true;
            // If it cannot be made here, that is told when it is looked at.
            slot.work = Work::new(lease, record).ok().map(Box::new);
        }
        self.put(key, Duration::ZERO);
        true
    }
}

/// What a worker waits for.
struct Waits<'i, R: Rail> {
    inner: &'i Arc<Inner<R>>,
    /// Draws the jitter.
    me: ReferenceId,
    drawn: u32,
    /// Completes when there is news of free payments.
    stirred: Option<BoxFuture<'i, ()>>,
}

impl<R: Rail> Waits<'_, R> {
    /// Begins to listen, unless it does.
    async fn listen(&mut self) {
        let inner = self.inner;
        let stirred = self.stirred.get_or_insert_with(|| inner.journal.stirred());
        if poll_fn(|context| Poll::Ready(stirred.as_mut().poll(context).is_ready())).await {
            self.stirred = None;
        }
    }

    fn draw(&mut self, (least, most): (Duration, Duration)) -> Duration {
        self.drawn = self.drawn.wrapping_add(1);
        least + share(most.saturating_sub(least), spread(self.me, self.drawn))
    }

    async fn for_news(&mut self) {
        let wait = self.draw(LOOK);
        let inner = self.inner;
        let stirred = self.stirred.get_or_insert_with(|| inner.journal.stirred());
        let mut stopping = inner.stopping.subscribe();
        tokio::select! {
            () = stirred => self.stirred = None,
            () = inner.clock.sleep(wait) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }

    async fn for_room(&mut self) {
        let wait = self.draw(LOOK);
        let mut stopping = self.inner.stopping.subscribe();
        tokio::select! {
            () = self.inner.room.notified() => {}
            () = self.inner.clock.sleep(wait) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }

    async fn after_failure(&mut self, failures: u32) {
        let most = FAILED.0.saturating_mul(1 << failures.min(8)).min(FAILED.1);
        let wait = self.draw((most / 4, most));
        self.stirred = None;
        let mut stopping = self.inner.stopping.subscribe();
        tokio::select! {
            () = self.inner.clock.sleep(wait) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
    }
}
