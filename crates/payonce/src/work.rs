//! A worker: it takes up whatever is free in the journal, for as long as it is left to.
//!
//! What must stay true: no more wait for their first call than are called for at a time, so that several workers share what
//! there is and one that dies leaves little behind; what is taken up is driven by the engine's one loop like any payment; and
//! a journal that cannot be reached is waited for.

use std::future::poll_fn;
use std::num::NonZeroU32;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use uuid::Uuid;

use crate::clock::BoxFuture;
use crate::drive::Work;
use crate::engine::{Engine, Inner};
use crate::error::{Error, ErrorKind};
use crate::journal::{Granted, Journal, Lease, Record};
use crate::measure;
use crate::name::ReferenceId;
use crate::rail::Rail;
use crate::schedule::{share, spread};
use crate::step::Timestamp;

/// How long a worker with nothing to do waits before it looks again, when it hears of nothing: drawn from this range.
const LOOK: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(4));

/// How long a leave to take payments up is kept that was not used, and the longest pause between two payments.
const KEPT: Duration = Duration::from_secs(1);

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
    /// So many payments taken up in a second by all the workers of a merchant on a rail together, by the database's clock;
    /// on a journal in a file by each worker. As many as it likes without one. Taken up is what begins or is gone on with
    /// after another worker; what the provider already has is polled at its own pace.
    pub per_second: Option<NonZeroU32>,
}

impl Default for Limits {
    /// 100 000 payments in hand, taken up as fast as may be.
    fn default() -> Self {
        Self { hold: 100_000, per_second: None }
    }
}

/// How a worker is.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs, reason = "the engine builds it")]
pub struct Vitals {
    /// How many payments it has in hand.
    pub in_hand: usize,
    /// How many of them wait for their first call.
    pub waiting: usize,
    /// How many are in the middle of a call.
    pub in_flight: usize,
    /// When the journal last answered its look for payments, or it had no room for more.
    pub looked_at: Option<Timestamp>,
    /// Why its last look failed, if it did.
    pub trouble: Option<Error>,
    /// How long it may go on with what it holds if it does not reach the journal again; None where that has no end.
    pub lease_left: Option<Duration>,
    /// Whether it was told to stop.
    pub stopping: bool,
}

/// What came of a worker's looks.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    at: Option<Timestamp>,
    trouble: Option<Error>,
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
        let mut pace = limits.per_second.map(PaceOfAll::new);
        let mut failures = 0;
        while !inner.is_stopping() {
            if inner.is_bound() {
                // What comes from here on is heard of, even while this looks.
                waits.listen().await;
            }
            let room = inner.lock().room(inner.settings.concurrency.max(1), limits.hold, inner.clock.now());
            if room == 0 {
                inner.looked(None);
                waits.for_room().await;
                continue;
            }
            match inner.take_free(room, pace.as_mut()).await {
                Ok(taken) => {
                    if failures > 0 {
                        tracing::warn!("the journal answers again");
                    }
                    failures = 0;
                    inner.looked(None);
                    match taken {
                        Taken::All => {}
                        Taken::Fewer => waits.for_news().await,
                        Taken::TooFast(wait) => waits.pause(wait).await,
                    }
                }
                Err(error) if error.kind() == ErrorKind::Configuration => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the journal gives no payments; it is asked again until it does");
                    measure::journal_failure(inner.rail.name());
                    inner.looked(Some(error));
                    failures += 1;
                    waits.after_failure(failures).await;
                }
            }
        }
        Ok(())
    }

    /// How the worker is, for a health check and for gauges. Asks nothing of anybody.
    pub fn vitals(&self) -> Vitals {
        let inner = &self.inner;
        let (in_hand, waiting) = inner.lock().counts();
        let looked = inner.lock_looked();
        Vitals {
            in_hand,
            waiting,
            in_flight: inner.settings.concurrency.max(1).saturating_sub(inner.free_permits()),
            looked_at: looked.at,
            trouble: looked.trouble.clone(),
            lease_left: inner.journal.lease_left(),
            stopping: inner.is_stopping(),
        }
    }
}

impl<R: Rail> Inner<R> {
    fn lock_looked(&self) -> MutexGuard<'_, Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn looked(&self, trouble: Option<Error>) {
        let mut looked = self.lock_looked();
        if trouble.is_none() {
            looked.at = Some(self.clock.now());
        }
        looked.trouble = trouble;
    }

    /// Takes up to so many free payments up, and no more than the pace allows.
    async fn take_free(self: &Arc<Self>, room: usize, pace: Option<&mut PaceOfAll>) -> Result<Taken, Error> {
        self.bind().await?;
        let (allowed, mut pace) = match pace {
            None => (room, None),
            Some(pace) => {
                let granted = pace.grant(&*self.journal, self.rail.name(), self.clock.now(), room).await?;
                if granted.payments == 0 {
                    measure::rate_wait(self.rail.name());
                    return Ok(Taken::TooFast(granted.wait));
                }
                (granted.payments, Some(pace))
            }
        };
        let free = self.journal.claim_free(self.rail.name(), allowed).await?;
        let taken = free.len();
        measure::taken_up(self.rail.name(), taken);
        if let Some(pace) = &mut pace {
            pace.left -= taken.min(pace.left);
        }
        let (mut left, stopping) = (Vec::new(), self.is_stopping());
        for (lease, record) in free {
            if stopping || !self.take_in(lease, &record) {
                left.push(lease);
            }
        }
        if !left.is_empty() {
            self.journal.release_all(left).await?;
        }
        Ok(if taken < allowed { Taken::Fewer } else { Taken::All })
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

/// What came of a look at the journal.
enum Taken {
    /// As many as there was room for, so there may be more.
    All,
    /// All that there were.
    Fewer,
    /// The rate allows nothing more for so long.
    TooFast(Duration),
}

/// The pace that all workers keep together, as far as this one has to know it.
struct PaceOfAll {
    per_second: NonZeroU32,
    /// What was granted and not used, and until when it is good for anything: kept longer, the leave of many workers would
    /// come to a burst.
    left: usize,
    good_until: Timestamp,
    /// Where every process keeps the pace by itself: until when what it took lasts.
    until: Timestamp,
}

impl PaceOfAll {
    fn new(per_second: NonZeroU32) -> Self {
        Self { per_second, left: 0, good_until: Timestamp::MIN_UTC, until: Timestamp::MIN_UTC }
    }

    async fn grant(
        &mut self,
        journal: &dyn Journal,
        rail: &str,
        now: Timestamp,
        wanted: usize,
    ) -> Result<Granted, Error> {
        if self.left == 0 || now >= self.good_until {
            let granted = match journal.grant(rail, self.per_second, wanted).await? {
                Some(granted) => granted,
                None => self.grant_here(now, wanted),
            };
            if granted.payments == 0 {
                return Ok(granted);
            }
            (self.left, self.good_until) = (granted.payments, now + KEPT);
        }
        Ok(Granted { payments: self.left.min(wanted), wait: Duration::ZERO })
    }

    fn grant_here(&mut self, now: Timestamp, wanted: usize) -> Granted {
        if let Ok(wait) = (self.until - now).to_std()
            && !wait.is_zero()
            // A clock that was set back keeps nobody waiting.
            && wait <= KEPT
        {
            return Granted { payments: 0, wait };
        }
        let payments = Granted::lot(self.per_second).min(wanted);
        let takes =
            u32::try_from(payments).unwrap_or(u32::MAX) * (Duration::from_secs(1) / self.per_second.get());
        self.until = now + takes;
        Granted { payments, wait: Duration::ZERO }
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

    async fn pause(&mut self, wait: Duration) {
        let mut stopping = self.inner.stopping.subscribe();
        tokio::select! {
            () = self.inner.clock.sleep(wait) => {}
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
        self.pause(wait).await;
    }
}
