//! This process's right to hold payments: one row, that says until when by the database's clock, extended while the
//! process lives.
//!
//! What must stay true: an owner that was called dead, or that ran out, never comes back; and this process believes in its
//! own no longer than the database does.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::Result;
use super::address::{Link, Value};
use crate::journal::{Lease, PaymentId};

/// How long an owner lives, and how often its life is extended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) lease: Duration,
    pub(super) beat: Duration,
    /// How much earlier than the database this process gives up: for clocks that run unlike, and for what it does
    /// between the question and the send.
    pub(super) margin: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), beat: Duration::from_secs(8), margin: Duration::from_secs(5) }
    }
}

/// How often what could not be undone at once is tried again. A statement whose answer was lost has long ended by then.
const TRIES: u8 = 4;

/// Those that died long ago and left nothing. By then no statement is under way that began while they lived.
const FORGET: &str =
    "DELETE FROM payonce.owners o WHERE dead AND until < clock_timestamp() - interval '1 hour'
                      AND NOT EXISTS (SELECT FROM payonce.unfinished u WHERE u.owner = o.id)";

/// The owner row of this process, whenever it has one.
#[derive(Debug)]
pub(super) struct Owner {
    link: Link,
    terms: Terms,
    /// Each taking of a payment has a number of its own; it begins anywhere.
    epoch: AtomicI64,
    held: Mutex<Option<Held>>,
    registering: tokio::sync::Mutex<()>,
    doubts: Mutex<Vec<Doubt>>,
    hurry: Notify,
}

/// A taking that nobody knows the outcome of, or of which one payment is not wanted any more. Payments that were taken
/// together share an epoch, and the others of them may be driven.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    epoch: i64,
    payment: Option<PaymentId>,
    tries: u8,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    id: Uuid,
    /// The first epoch that was given under it.
    first: i64,
    /// When the last extension that came through was sent.
    confirmed: Duration,
}

impl Owner {
    pub(super) fn new(link: Link, terms: Terms) -> Self {
        let begin = i64::from_be_bytes(*Uuid::new_v4().as_bytes().first_chunk().expect("16 bytes hold 8"));
        Self {
            link,
            terms,
            epoch: AtomicI64::new(begin.unsigned_abs() as i64 >> 2),
            held: Mutex::default(),
            registering: tokio::sync::Mutex::default(),
            doubts: Mutex::default(),
            hurry: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The owner's id, if it has one.
    pub(super) fn known(&self) -> Option<Uuid> {
        self.lock().map(|held| held.id)
    }

    /// The owner's id, and numbers for that many takings under it, of which the first is told. Registers an owner if
    /// there is none.
    pub(super) async fn begin(&self, takings: usize) -> Result<(Uuid, i64)> {
        let _one = self.registering.lock().await;
        if let Some(begun) = self.draw(takings) {
            return Ok(begun);
        }
        let (id, sent) = (Uuid::new_v4(), awake());
        let insert = "INSERT INTO payonce.owners (id, until)
                      VALUES ($1, clock_timestamp() + $2 * interval '1 millisecond')";
        let lease = self.lease();
        self.link.run_for_lease(insert, &[(&id, Type::UUID), (&lease, Type::INT8)]).await?;
        let mut held = self.lock();
        let first = self.epoch.fetch_add(takings as i64, Ordering::Relaxed);
        *held = Some(Held { id, first, confirmed: sent });
        Ok((id, first))
    }

    /// Under the lock, so that no number that was drawn under one owner is taken for a later one's.
    fn draw(&self, takings: usize) -> Option<(Uuid, i64)> {
        let held = self.lock();
        held.map(|held| (held.id, self.epoch.fetch_add(takings as i64, Ordering::Relaxed)))
    }

    fn lease(&self) -> i64 {
        i64::try_from(self.terms.lease.as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether a lease of that epoch still keeps others away. The clock goes on while the machine is suspended, and the
    /// time is measured from before the extension was sent, so the database's lasts longer.
    pub(super) fn holds(&self, epoch: i64) -> bool {
        self.holds_at(epoch, awake())
    }

    /// How long this process may go on without a further extension.
    pub(super) fn left(&self) -> Duration {
        let certain = self.terms.lease.saturating_sub(self.terms.margin);
        let since = |held: Held| awake().saturating_sub(held.confirmed);
        self.lock().map_or(Duration::ZERO, |held| certain.saturating_sub(since(held)))
    }

    fn holds_at(&self, epoch: i64, now: Duration) -> bool {
        let certain = self.terms.lease.saturating_sub(self.terms.margin);
        self.lock().is_some_and(|held| epoch >= held.first && now.saturating_sub(held.confirmed) < certain)
    }

    /// Forgets an owner that the database does not know as a living one any more. What it held is lost to this process.
    pub(super) fn lost(&self, id: Uuid) {
        let mut held = self.lock();
        if held.is_some_and(|held| held.id == id) {
            tracing::warn!("this process's lease in the journal ran out; what it held is free for others");
            *held = None;
        }
    }

    /// A taking whose outcome nobody knows, or wants any more, is undone, so that the payments do not stay with a
    /// process that does not drive them.
    pub(super) fn doubt(&self, epoch: i64) {
        self.doubts().push(Doubt { epoch, payment: None, tries: TRIES });
        self.hurry.notify_one();
    }

    /// Payments that could not be let go of are let go of later.
    pub(super) fn let_go_later(&self, leases: &[Lease]) {
        let doubts =
            leases.iter().map(|lease| Doubt { epoch: lease.epoch, payment: Some(lease.id), tries: TRIES });
        self.doubts().extend(doubts);
        self.hurry.notify_one();
    }

    fn doubts(&self) -> MutexGuard<'_, Vec<Doubt>> {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Extends the owner's life, and undoes what is in doubt.
    pub(super) async fn beat(&self) -> Result<()> {
        let Some(id) = self.known() else { return Ok(()) };
        let (sent, lease) = (awake(), self.lease());
        let extend = "UPDATE payonce.owners SET until = clock_timestamp() + $2 * interval '1 millisecond'
                      WHERE id = $1 AND NOT dead AND until > clock_timestamp() RETURNING 1";
        let extended = self.link.run_for_lease(extend, &[(&id, Type::UUID), (&lease, Type::INT8)]).await?;
        if extended.is_empty() {
            self.lost(id);
            return Ok(());
        }
        if let Some(held) = self.lock().as_mut().filter(|held| held.id == id) {
            held.confirmed = sent;
        }
        self.undo(id).await?;
        // A role that may not leaves them to one that may.
        if let Err(error) = self.link.run_for_lease(FORGET, &[]).await {
            tracing::debug!(%error, "the owners of the past were not forgotten");
        }
        Ok(())
    }

    async fn undo(&self, id: Uuid) -> Result<()> {
        let (epochs, payments): (Vec<i64>, Vec<Option<i64>>) = {
            let mut doubts = self.doubts();
            doubts.retain(|doubt| doubt.tries > 0);
            doubts.iter_mut().for_each(|doubt| doubt.tries -= 1);
            doubts.iter().map(|doubt| (doubt.epoch, doubt.payment.map(|id| id.0))).unzip()
        };
        if epochs.is_empty() {
            return Ok(());
        }
        let undo = "UPDATE payonce.unfinished u SET owner = NULL
                    FROM unnest($2::bigint[], $3::bigint[]) AS d (epoch, payment)
                    WHERE u.owner = $1 AND u.epoch = d.epoch AND u.payment = coalesce(d.payment, u.payment)";
        let values: &[Value<'_>] =
            &[(&id, Type::UUID), (&epochs, Type::INT8_ARRAY), (&payments, Type::INT8_ARRAY)];
        self.link.run_for_lease(undo, values).await.map(drop)
    }

    /// Lives until the journal is dropped, and frees then at once what is left.
    pub(super) async fn live(self: Arc<Self>, mut dropped: oneshot::Receiver<()>) {
        let mut pause = self.terms.beat;
        loop {
            tokio::select! {
                _ = &mut dropped => break,
                () = tokio::time::sleep(pause) => {}
                () = self.hurry.notified() => {}
            }
            pause = match self.beat().await {
                Ok(()) => self.terms.beat,
                Err(error) => {
                    tracing::warn!(%error, "this process's lease in the journal could not be extended");
                    (self.terms.beat / 8).max(Duration::from_millis(50))
                }
            };
        }
        if let Some(id) = self.known() {
            let end = "UPDATE payonce.owners SET dead = true WHERE id = $1";
            // Best effort: without it, the payments are free when the lease has run out.
            let _ = self.link.run_for_lease(end, &[(&id, Type::UUID)]).await;
        }
    }
}

/// Undoes a taking unless it is told that it went well: for an error, and for a future that is dropped.
#[derive(Debug)]
pub(super) struct Taking<'a> {
    owner: &'a Owner,
    pub(super) id: Uuid,
    pub(super) epoch: i64,
    pub(super) kept: bool,
}

impl<'a> Taking<'a> {
    pub(super) async fn begin(owner: &'a Owner) -> Result<Self> {
        let (id, epoch) = owner.begin(1).await?;
        Ok(Self { owner, id, epoch, kept: false })
    }

    /// The statement says that the owner is no more.
    pub(super) fn lost(self) {
        self.owner.lost(self.id);
    }
}

impl Drop for Taking<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.owner.doubt(self.epoch);
        }
    }
}

/// How long this machine has run, asleep or awake.
#[cfg(unix)]
fn awake() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = rustix::time::ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    let clock = rustix::time::ClockId::Monotonic;
    let now = rustix::time::clock_gettime(clock);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
}

/// How long it has run. Whether that counts its sleep is the system's affair.
#[cfg(not(unix))]
fn awake() -> Duration {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::postgres::address::Address;

    #[tokio::test]
    async fn a_process_believes_in_its_lease_for_less_than_the_database_does() {
        let link = Link::new(Address::parse("postgres://nobody@127.0.0.1/none").unwrap()).unwrap();
        let owner = Owner::new(link, Terms::default());
        let (old, sent) = (owner.epoch.load(Ordering::Relaxed), Duration::from_secs(1_000));
        assert!(!owner.holds_at(old, sent), "it has none yet");
        let first = old + 1;
        *owner.lock() = Some(Held { id: Uuid::new_v4(), first, confirmed: sent });
        let after = |seconds| sent + Duration::from_secs(seconds);
        assert!(owner.holds_at(first, after(24)));
        assert!(!owner.holds_at(first, after(25)));
        assert!(!owner.holds_at(old, after(1)), "it was given under another owner");
    }
}
