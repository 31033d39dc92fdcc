//! The time of the sandbox. Sessions, tokens and settlements know no other clock, so a test can let an hour
//! pass in an instant or stop time altogether. It never runs backwards, and with a database file it
//! goes on after a restart as if the machine had never stopped.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A handle on the sandbox's virtual clock; all clones are one clock.
#[derive(Clone, Debug)]
pub struct Clock {
    anchor: Arc<Mutex<Anchor>>,
    turned: Arc<watch::Sender<u64>>,
}

/// Virtual time is `at` plus the real time since `since`, multiplied by `speed`.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    at: DateTime<Utc>,
    since: Instant,
    speed: u32,
    frozen: bool,
}

/// What a database file keeps of the clock: a virtual instant and the wall-clock instant it belongs to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Saved {
    at: DateTime<Utc>,
    wall: DateTime<Utc>,
    speed: u32,
    frozen: bool,
}

impl Anchor {
    fn now(&self) -> DateTime<Utc> {
        if self.frozen { self.at } else { later(self.at, self.since.elapsed().saturating_mul(self.speed)) }
    }
}

impl Clock {
    /// A clock of its own that shows this time and goes on from there as the machine's does: for a client in another
    /// process than the sandbox, which is told when time is let pass there.
    pub fn starting_at(at: DateTime<Utc>) -> Self {
        Self::from_anchor(Anchor { at, since: Instant::now(), speed: 1, frozen: false })
    }

    /// Continues a saved clock: the real time that passed since it was saved counts, unless it was frozen.
    pub(crate) fn resumed(saved: Saved) -> Self {
        let away = (Utc::now() - saved.wall).to_std().unwrap_or_default();
        let at = if saved.frozen { saved.at } else { later(saved.at, away.saturating_mul(saved.speed)) };
        Self::from_anchor(Anchor { at, since: Instant::now(), speed: saved.speed, frozen: saved.frozen })
    }

    fn from_anchor(anchor: Anchor) -> Self {
        Self { anchor: Arc::new(Mutex::new(anchor)), turned: Arc::new(watch::channel(0).0) }
    }

    pub(crate) fn save(&self) -> Saved {
        let anchor = *self.lock();
        Saved { at: anchor.now(), wall: Utc::now(), speed: anchor.speed, frozen: anchor.frozen }
    }

    /// How often the clock has been advanced, frozen or changed in speed; differs when it should be saved again.
    pub(crate) fn turns(&self) -> u64 {
        *self.turned.borrow()
    }

    /// The current virtual time.
    pub fn now(&self) -> DateTime<Utc> {
        self.lock().now()
    }

    /// How many virtual seconds pass in one real second (while not frozen).
    pub fn speed(&self) -> u32 {
        self.lock().speed
    }

    /// Whether time stands still.
    pub fn is_frozen(&self) -> bool {
        self.lock().frozen
    }

    /// Moves time forward at once. Whatever fell due in between has happened for everyone who looks afterwards.
    pub fn advance(&self, by: Duration) {
        self.turn(|anchor| anchor.at = later(anchor.at, by));
    }

    /// Stops time. [`advance`](Self::advance) still moves it.
    pub fn freeze(&self) {
        self.turn(|anchor| anchor.frozen = true);
    }

    /// Lets time run again from where it stands.
    pub fn unfreeze(&self) {
        self.turn(|anchor| anchor.frozen = false);
    }

    /// Sets how many virtual seconds pass in one real second; 0 is taken as 1.
    pub fn set_speed(&self, speed: u32) {
        self.turn(|anchor| anchor.speed = speed.max(1));
    }

    /// Returns when the given virtual duration has passed, however it passed.
    pub async fn sleep(&self, virtually: Duration) {
        self.sleep_until(later(self.now(), virtually)).await;
    }

    /// Returns when virtual time has reached this instant.
    pub(crate) async fn sleep_until(&self, until: DateTime<Utc>) {
        let mut turned = self.turned.subscribe();
        loop {
            let (left, frozen, speed) = {
                let anchor = self.lock();
                ((until - anchor.now()).to_std().unwrap_or_default(), anchor.frozen, anchor.speed)
            };
            if left.is_zero() {
                return;
            }
            // The sender lives in `self`, so a change is the only thing the wait can end with.
            if frozen {
                let _ = turned.changed().await;
            } else {
                let really = (left / speed).max(Duration::from_micros(100));
                let _ = tokio::time::timeout(really, turned.changed()).await;
            }
        }
    }

    fn turn(&self, change: impl FnOnce(&mut Anchor)) {
        {
            let mut anchor = self.lock();
            anchor.at = anchor.now();
            anchor.since = Instant::now();
            change(&mut anchor);
        }
        self.turned.send_modify(|turns| *turns += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Anchor> {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a duration, staying at the end of time instead of overflowing.
pub(crate) fn later(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    TimeDelta::from_std(by).ok().and_then(|by| at.checked_add_signed(by)).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A client that is given this clock lives in the sandbox's time.
#[cfg(feature = "clock")]
impl payonce::Clock for Clock {
    fn now(&self) -> DateTime<Utc> {
        Self::now(self)
    }

    fn sleep(&self, duration: Duration) -> payonce::BoxFuture<'_, ()> {
        Box::pin(Self::sleep(self, duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_advanced() {
        let clock = Clock::starting_at(Utc::now());
        clock.freeze();
        let before = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.now() - before, TimeDelta::hours(1));
        assert_eq!(clock.now() - before, TimeDelta::hours(1));
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_is_advanced_past_its_hour() {
        let clock = Clock::starting_at(Utc::now());
        clock.freeze();
        let sleeper = clock.clone();
        let waiting = tokio::spawn(async move { sleeper.sleep(Duration::from_secs(3600)).await });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1800));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1800));
        waiting.await.unwrap();
    }

    #[test]
    fn a_resumed_clock_is_never_behind_the_saved_one() {
        let clock = Clock::starting_at(Utc::now());
        clock.set_speed(60);
        clock.advance(Duration::from_secs(86_400));
        let saved = clock.save();
        let resumed = Clock::resumed(saved);
        assert!(resumed.now() >= saved.at);
        assert_eq!(resumed.speed(), 60);
    }
}
