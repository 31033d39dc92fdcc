//! When each waiting payment is next looked at: one heap for all of them, and the pace of polls and retries.
//!
//! A waiting payment costs a place in a map and one in a heap, not a task. Jitter is drawn from the payment's key, so
//! that payments spread out, a run can be repeated exactly, and no source of randomness need be passed about.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::drive::{Pause, Work};
use crate::journal::{Lease, PaymentId};
use crate::name::ReferenceId;
use crate::payment::Progress;
use crate::step::Timestamp;

/// However many hints come, a payment is looked at no more often than this because of them.
const HINTS_APART: Duration = Duration::from_secs(1);

/// The longest `Retry-After` that is obeyed to the letter.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// So many calls in a row without an answer, and the provider is taken to be down: it is no matter of one payment.
const SILENCE: u32 = 16;

/// While the provider is down, one payment after another asks whether it is back, this far apart.
const PROBES_APART: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// How long the answer to such a question is waited for before another payment asks.
const PROBE_TAKES: Duration = Duration::from_secs(60);

/// When the provider is back, whatever waited for it is looked at within this time, or within as long as it was down.
const RECOVERY: Duration = Duration::from_secs(20);

/// How fast the engine polls and retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Pace {
    /// The first poll after the provider took the payment comes within this range, drawn evenly.
    pub first_poll: (Duration, Duration),
    /// Each further poll waits half as long again, up to this.
    pub slowest_poll: Duration,
    /// The first retry waits up to this; each further one up to twice as long.
    pub first_retry: Duration,
    /// No retry waits longer.
    pub slowest_retry: Duration,
}

impl Default for Pace {
    /// First polls after 2 to 5 s as the provider advises (dollr-api §7.16), then up to 30 s apart; retries within
    /// 1, 2, 4 s and so on, up to 60 s apart.
    fn default() -> Self {
        Self {
            first_poll: (Duration::from_secs(2), Duration::from_secs(5)),
            slowest_poll: Duration::from_secs(30),
            first_retry: Duration::from_secs(1),
            slowest_retry: Duration::from_secs(60),
        }
    }
}

/// A number spread evenly over 0..=65535, the same for the same key and try.
pub(crate) fn spread(key: ReferenceId, tries: u32) -> u32 {
    let mut hash = DefaultHasher::new();
    (key.as_uuid(), tries).hash(&mut hash);
    (hash.finish() >> 48) as u32
}

/// That share of the duration, of 65536.
pub(crate) fn share(whole: Duration, of_65536: u32) -> Duration {
    whole / 65536 * of_65536
}

impl Pace {
    /// How long to wait before the next look at a payment, after so many looks without news.
    pub(crate) fn delay(&self, pause: Pause, tries: u32, key: ReferenceId, now: Timestamp) -> Duration {
        let draw = spread(key, tries);
        match pause {
            Pause::Poll => {
                let (soonest, latest) = self.first_poll;
                let first = soonest + share(latest.saturating_sub(soonest), draw);
                let slower = (0..tries.min(16)).fold(first, |wait, _| wait + wait / 2);
                slower.min(self.slowest_poll)
            }
            Pause::Retry => {
                let most = self.first_retry.saturating_mul(1 << tries.min(16)).min(self.slowest_retry);
                share(most, draw)
            }
            Pause::RetryAfter(wait) => wait.min(LONGEST_RETRY_AFTER) + share(self.first_retry, draw),
            Pause::Until(moment) => (moment - now).to_std().unwrap_or_default(),
        }
    }
}

/// What is kept of a payment that this process drives, while nothing happens to it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) id: PaymentId,
    /// The lease as of the last rest, if we have one.
    pub(crate) lease: Option<Lease>,
    /// The payment as it was recorded under that lease, until it is first looked at.
    pub(crate) work: Option<Box<Work>>,
    /// Looks without news, since the payment began to be polled or was last not.
    pub(crate) tries: u32,
    /// Whether it rested as a payment that the provider has.
    pub(crate) polling: bool,
    /// Whether it rests because its last call brought nothing.
    backing_off: bool,
    /// A worker took it: it is kept and tried again whatever stops it, as long as nobody waits for it.
    pub(crate) kept: bool,
    /// Whoever waits for it in this process.
    pub(crate) watchers: Option<watch::Sender<Progress>>,
    /// When it is next looked at; None while somebody does.
    due: Option<Timestamp>,
    /// When it was last looked at.
    looked_at: Option<Timestamp>,
    /// A hint came while it was being looked at.
    hinted: bool,
}

impl Slot {
    fn new(id: PaymentId) -> Self {
        Self {
            id,
            lease: None,
            work: None,
            tries: 0,
            polling: false,
            backing_off: false,
            kept: false,
            watchers: None,
            due: None,
            looked_at: None,
            hinted: false,
        }
    }
}

/// The provider does not answer anybody.
#[derive(Clone, Copy, Debug)]
struct Down {
    since: Timestamp,
    /// When the next payment asks whether it is back.
    probe_at: Timestamp,
}

type Heap = BinaryHeap<Reverse<(Timestamp, ReferenceId)>>;

/// Every payment that this process drives, and when each is next looked at.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    slots: HashMap<ReferenceId, Slot>,
    /// An entry counts only if its slot says the same; the others were overtaken.
    due: Heap,
    /// The same for payments that were never looked at: each may ask once, whatever became of the others.
    fresh: Heap,
    /// The provider asked for rest until then.
    quiet_until: Option<Timestamp>,
    /// How many calls in a row brought no answer, of whichever payments.
    silence: u32,
    down: Option<Down>,
    /// Nothing more is taken up until then: this process cannot use the provider.
    barred_until: Option<Timestamp>,
    /// Whether the task that looks at what is due runs.
    pub(crate) running: bool,
}

impl Schedule {
    /// The slot of a payment, made if there is none. Says whether it was made.
    pub(crate) fn slot(&mut self, key: ReferenceId, id: PaymentId) -> (&mut Slot, bool) {
        let mut made = false;
        let slot = self.slots.entry(key).or_insert_with(|| {
            made = true;
            Slot::new(id)
        });
        (slot, made)
    }

    /// Forgets every payment that is driven here. With each comes the lease it is held by, unless a call is in flight for
    /// it.
    pub(crate) fn drain(&mut self) -> Vec<(Slot, Option<Lease>)> {
        let slots = self.slots.drain().map(|(_, slot)| slot);
        slots
            .map(|slot| {
                let lease = slot.lease.filter(|_| slot.due.is_some());
                (slot, lease)
            })
            .collect()
    }

    /// How many more payments a worker may take up: so many may wait for their first call, and so many be in hand in all.
    /// While the provider is down there is no use in more, as long as one is here to ask whether it is back.
    pub(crate) fn room(&self, first: usize, hold: usize, now: Timestamp) -> usize {
        let is_down = self.down.is_some() && !self.slots.is_empty();
        if is_down || self.barred_until.is_some_and(|until| now < until) {
            return 0;
        }
        let room = first.saturating_sub(self.fresh.len()).min(hold.saturating_sub(self.slots.len()));
        // Taken up in lots: half of what is allowed, or what is left.
        if room < first.div_ceil(2) && self.slots.len() + room < hold { 0 } else { room }
    }

    /// How many payments are in hand, and how many of them wait for their first call.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.slots.len(), self.fresh.len())
    }

    /// Has nothing more taken up before then.
    pub(crate) fn bar(&mut self, until: Timestamp) {
        self.barred_until = Some(until);
    }

    /// Whether a call is in flight for the payment, or about to be.
    pub(crate) fn is_looked_at(&self, key: ReferenceId) -> bool {
        self.slots.get(&key).is_some_and(|slot| slot.due.is_none())
    }

    /// Counts one more rest of the payment, and says how long it is to be.
    pub(crate) fn rest_of(
        &mut self,
        key: ReferenceId,
        pause: Pause,
        pace: &Pace,
        now: Timestamp,
    ) -> Duration {
        let Some(slot) = self.slots.get_mut(&key) else { return Duration::ZERO };
        let polling = pause == Pause::Poll;
        if slot.polling != polling {
            (slot.polling, slot.tries) = (polling, 0);
        }
        slot.backing_off = pause == Pause::Retry;
        let delay = pace.delay(pause, slot.tries, key, now);
        slot.tries += 1;
        if let Pause::RetryAfter(_) = pause {
            self.quiet_until = self.quiet_until.max(Some(now + delay));
        }
        delay
    }

    pub(crate) fn get(&mut self, key: ReferenceId) -> Option<&mut Slot> {
        self.slots.get_mut(&key)
    }

    pub(crate) fn remove(&mut self, key: ReferenceId) -> Option<Slot> {
        self.slots.remove(&key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Has the payment looked at then, or when the provider's rest is over, and not at the time it had before. A hint
    /// that came while it was being looked at counts from here on.
    pub(crate) fn put(&mut self, key: ReferenceId, at: Timestamp) {
        if let Some(slot) = self.slots.get_mut(&key) {
            let hinted = std::mem::take(&mut slot.hinted) && slot.polling;
            let soonest = slot.looked_at.filter(|_| hinted).map(|last| last + HINTS_APART);
            let at = soonest.map_or(at, |soonest| at.min(soonest));
            slot.due = Some(at);
            let heap = if slot.looked_at.is_none() { &mut self.fresh } else { &mut self.due };
            heap.push(Reverse((at, key)));
        }
    }

    /// A call brought no answer: the provider could not be reached, broke off, or failed. After many of those in a
    /// row it is taken to be down; then one payment at a time asks, instead of each by itself.
    pub(crate) fn unanswered(&mut self, now: Timestamp) {
        self.silence = self.silence.saturating_add(1);
        if self.silence >= SILENCE {
            let since = self.down.map_or(now, |down| down.since);
            let (soonest, latest) = PROBES_APART;
            let lasted = (now - since).to_std().unwrap_or_default();
            self.down = Some(Down { since, probe_at: now + (lasted / 2).clamp(soonest, latest) });
        }
    }

    /// The provider answered, whatever it said. If it was down, the payments that waited for it are looked at soon,
    /// spread out so that they do not bring it down again.
    pub(crate) fn answered(&mut self, now: Timestamp) {
        self.silence = 0;
        let Some(down) = self.down.take() else { return };
        let span = (now - down.since).to_std().unwrap_or_default().min(RECOVERY);
        for (key, slot) in &mut self.slots {
            let Some(due) =
                slot.due.filter(|due| slot.looked_at.is_some() && (slot.backing_off || *due <= now))
            else {
                continue;
            };
            let soon = now + share(span, spread(*key, 0));
            let soon = if due <= now { soon } else { soon.min(due) };
            slot.due = Some(soon);
            self.due.push(Reverse((soon, *key)));
        }
    }

    /// Takes a hint that there is news of a payment: one that rests until its next poll is looked at sooner. Any other
    /// rest was asked for or is owed to a failure, and a hint does not shorten it. Says whether the payment is here.
    pub(crate) fn hint(&mut self, key: ReferenceId, now: Timestamp) -> bool {
        let Some(slot) = self.slots.get_mut(&key) else { return false };
        match slot.due {
            None => slot.hinted = true,
            Some(due) if slot.polling => {
                let soonest = slot.looked_at.map_or(now, |last| now.max(last + HINTS_APART));
                if soonest < due {
                    self.put(key, soonest);
                }
            }
            Some(_) => {}
        }
        true
    }

    /// When the next payment is due, if any waits.
    pub(crate) fn next_due(&mut self) -> Option<Timestamp> {
        self.next().map(|(at, _)| at)
    }

    /// When the next payment is due, and whether it was never looked at.
    fn next(&mut self) -> Option<(Timestamp, bool)> {
        let fresh = front(&mut self.fresh, &self.slots).map(|at| (at, true));
        let probe_at = self.down.map(|down| down.probe_at);
        let rested =
            front(&mut self.due, &self.slots).map(|at| (probe_at.map_or(at, |probe| probe.max(at)), false));
        let (at, is_fresh) = fresh.into_iter().chain(rested).min_by_key(|(at, _)| *at)?;
        Some((self.quiet_until.map_or(at, |quiet| quiet.max(at)), is_fresh))
    }

    /// Takes the next payment that is due.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<ReferenceId> {
        let (_, is_fresh) = self.next().filter(|(at, _)| *at <= now)?;
        let heap = if is_fresh { &mut self.fresh } else { &mut self.due };
        let Reverse((_, key)) = heap.pop()?;
        if let Some(down) = &mut self.down {
            down.probe_at = down.probe_at.max(now + PROBE_TAKES);
        }
        let slot = self.slots.get_mut(&key)?;
        (slot.due, slot.looked_at) = (None, Some(now));
        Some(key)
    }
}

/// When the first payment of a heap is due, without those that were overtaken.
fn front(heap: &mut Heap, slots: &HashMap<ReferenceId, Slot>) -> Option<Timestamp> {
    while let Some(Reverse((at, key))) = heap.peek() {
        if slots.get(key).is_some_and(|slot| slot.due == Some(*at)) {
            return Some(*at);
        }
        heap.pop();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(n: u128) -> ReferenceId {
        Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)).into()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn first_polls_fall_between_two_and_five_seconds_and_later_ones_back_off_to_thirty() {
        let pace = Pace::default();
        for n in 0..500 {
            let first = pace.delay(Pause::Poll, 0, key(n), at(0));
            assert!((2.0..=5.0).contains(&first.as_secs_f64()), "{first:?}");
            assert!(
                pace.delay(Pause::Poll, 3, key(n), at(0)) > pace.delay(Pause::Poll, 0, key(n), at(0)) / 2
            );
            assert_eq!(pace.delay(Pause::Poll, 40, key(n), at(0)), Duration::from_secs(30));
        }
    }

    #[test]
    fn retries_use_the_whole_range_and_stay_under_the_cap() {
        let pace = Pace::default();
        let waits: Vec<_> = (0..1000).map(|n| pace.delay(Pause::Retry, 10, key(n), at(0))).collect();
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(60)));
        assert!(waits.iter().filter(|wait| **wait < Duration::from_secs(15)).count() > 150);
        assert!(waits.iter().filter(|wait| **wait > Duration::from_secs(45)).count() > 150);
    }

    #[test]
    fn retry_after_is_obeyed_and_never_undercut() {
        let pace = Pace::default();
        for n in 0..100 {
            let wait = pace.delay(Pause::RetryAfter(Duration::from_secs(7)), 0, key(n), at(0));
            assert!((7.0..=8.0).contains(&wait.as_secs_f64()), "{wait:?}");
        }
        let absurd = pace.delay(Pause::RetryAfter(Duration::MAX), 0, key(1), at(0));
        assert!(absurd <= LONGEST_RETRY_AFTER + pace.first_retry);
    }

    #[test]
    fn payments_come_up_in_the_order_they_are_due_and_rest_together() {
        let mut schedule = Schedule::default();
        for n in [3, 1, 2] {
            schedule.slot(key(n), PaymentId(n as i64));
            schedule.put(key(n), at(n as i64));
        }
        assert_eq!(schedule.pop(at(0)), None);
        assert_eq!(schedule.pop(at(1)), Some(key(1)));
        schedule.slot(key(4), PaymentId(4));
        let asked = Pause::RetryAfter(Duration::from_secs(9));
        let pace = Pace { first_retry: Duration::ZERO, ..Pace::default() };
        assert_eq!(schedule.rest_of(key(4), asked, &pace, at(1)), Duration::from_secs(9));
        assert_eq!(schedule.next_due(), Some(at(10)));
        assert_eq!(schedule.pop(at(9)), None);
        assert_eq!(schedule.pop(at(10)), Some(key(2)));
        assert_eq!(schedule.pop(at(10)), Some(key(3)));
        assert_eq!(schedule.next_due(), None);
    }

    /// A payment that rests until it is polled at 30 s, having been looked at by 10 s.
    fn polled() -> Schedule {
        let mut schedule = Schedule::default();
        schedule.slot(key(1), PaymentId(1));
        schedule.put(key(1), at(10));
        assert_eq!(schedule.pop(at(10)), Some(key(1)));
        schedule.rest_of(key(1), Pause::Poll, &Pace::default(), at(10));
        schedule.put(key(1), at(30));
        schedule
    }

    #[test]
    fn a_hint_brings_the_next_poll_forward_and_takes_the_place_of_the_later_one() {
        let mut schedule = polled();
        assert!(schedule.hint(key(1), at(15)));
        assert_eq!(schedule.pop(at(15)), Some(key(1)));
        schedule.put(key(1), at(60));
        assert_eq!((schedule.pop(at(30)), schedule.next_due()), (None, Some(at(60))));
        assert!(!schedule.hint(key(2), at(15)));
    }

    #[test]
    fn a_flood_of_hints_is_one_look_a_second() {
        let mut schedule = polled();
        for _ in 0..1000 {
            schedule.hint(key(1), at(10));
        }
        assert_eq!((schedule.pop(at(10)), schedule.next_due()), (None, Some(at(11))));
        assert_eq!(schedule.pop(at(11)), Some(key(1)));
        // While it is being looked at, hints are kept for the rest after it.
        schedule.hint(key(1), at(11));
        schedule.rest_of(key(1), Pause::Poll, &Pace::default(), at(11));
        schedule.hint(key(1), at(11));
        schedule.put(key(1), at(40));
        assert_eq!(schedule.next_due(), Some(at(12)));
        assert_eq!(schedule.pop(at(12)), Some(key(1)));
        schedule.put(key(1), at(40));
        assert_eq!(schedule.next_due(), Some(at(40)), "the hints are used up");
    }

    #[test]
    fn a_hint_does_not_shorten_a_rest_that_is_no_poll() {
        let mut schedule = polled();
        for pause in [Pause::Retry, Pause::RetryAfter(Duration::from_secs(20)), Pause::Until(at(30))] {
            schedule.rest_of(key(1), pause, &Pace::default(), at(10));
            schedule.put(key(1), at(30));
            assert!(schedule.hint(key(1), at(15)));
            assert_eq!(schedule.pop(at(29)), None, "{pause:?}");
        }
    }

    /// Payments that back off from a provider that stopped answering at 100 s, one of them far into its back-off.
    fn silenced(payments: u32) -> Schedule {
        let mut schedule = Schedule::default();
        for n in 1..=payments {
            schedule.slot(key(n.into()), PaymentId(n.into()));
            schedule.put(key(n.into()), at(100));
        }
        while let Some(key) = schedule.pop(at(100)) {
            schedule.unanswered(at(100));
            schedule.rest_of(key, Pause::Retry, &Pace::default(), at(100));
            schedule.put(key, at(101));
        }
        schedule
    }

    #[test]
    fn a_provider_that_answers_nobody_is_asked_by_one_payment_at_a_time() {
        let mut schedule = silenced(1000);
        let mut asked = Vec::new();
        for second in 101..160 {
            while let Some(key) = schedule.pop(at(second)) {
                schedule.unanswered(at(second));
                schedule.rest_of(key, Pause::Retry, &Pace::default(), at(second));
                schedule.put(key, at(second + 60));
                asked.push(key);
            }
        }
        assert!((8..=20).contains(&asked.len()), "{} asked within a minute", asked.len());
        let distinct: std::collections::HashSet<_> = asked.iter().collect();
        assert_eq!(distinct.len(), asked.len(), "the same payment asks again and again");
    }

    #[test]
    fn when_the_provider_is_back_everything_that_waited_is_looked_at_within_its_time() {
        let mut schedule = silenced(1000);
        let probe = schedule.pop(at(160)).unwrap();
        assert_eq!(schedule.pop(at(160)), None, "a second payment asks before the first has its answer");
        schedule.answered(at(160));
        schedule.rest_of(probe, Pause::Poll, &Pace::default(), at(160));
        schedule.put(probe, at(200));
        let mut looked_at = [0; 21];
        for second in 160..=180 {
            while schedule.pop(at(second)).is_some() {
                looked_at[usize::try_from(second - 160).unwrap()] += 1;
            }
        }
        assert_eq!(looked_at.iter().sum::<i32>(), 999);
        assert!(looked_at.iter().all(|many| *many < 100), "they come all at once: {looked_at:?}");
    }

    /// Has a payment that was looked at rest in that way until then.
    fn rests(schedule: &mut Schedule, n: u128, pause: Pause, until: i64) {
        schedule.slot(key(n), PaymentId(1)).0.looked_at = Some(at(100));
        schedule.rest_of(key(n), pause, &Pace::default(), at(100));
        schedule.put(key(n), at(until));
    }

    #[test]
    fn when_the_provider_is_back_who_backed_off_comes_soon_and_nobody_comes_later_than_he_would_have() {
        let mut schedule = silenced(SILENCE);
        for n in 1000..1100 {
            rests(&mut schedule, n, Pause::Retry, 500);
            rests(&mut schedule, n + 100, Pause::Retry, 161);
            rests(&mut schedule, n + 200, Pause::Poll, 500);
            rests(&mut schedule, n + 300, Pause::Poll, 150);
        }
        schedule.answered(at(160));
        let due = |n: u128| {
            let when: Vec<_> = (n..n + 100).map(|n| schedule.slots[&key(n)].due.unwrap()).collect();
            (*when.iter().min().unwrap(), *when.iter().max().unwrap())
        };
        let (backed_off, shortly) = (due(1000), due(1100));
        assert!(
            at(160) <= backed_off.0 && at(170) < backed_off.1 && backed_off.1 <= at(180),
            "{backed_off:?}"
        );
        assert!(at(160) <= shortly.0 && shortly.1 == at(161), "{shortly:?}");
        assert_eq!(due(1200), (at(500), at(500)), "who only waits for his next poll goes on waiting");
        let overdue = due(1300);
        assert!(at(160) <= overdue.0 && at(170) < overdue.1 && overdue.1 <= at(180), "{overdue:?}");
    }

    #[test]
    fn a_provider_that_is_down_is_asked_after_half_of_the_time_it_has_been() {
        let mut schedule = silenced(SILENCE);
        for (second, probe) in [(101, 102), (104, 106), (106, 109), (400, 405)] {
            schedule.unanswered(at(second));
            assert_eq!(schedule.down.unwrap().probe_at, at(probe), "asked at {second}");
        }
    }

    #[test]
    fn a_new_payment_asks_at_once_even_while_the_provider_is_down() {
        let mut schedule = silenced(100);
        schedule.slot(key(500), PaymentId(500));
        schedule.put(key(500), at(101));
        assert_eq!(schedule.pop(at(101)), Some(key(500)));
    }

    #[test]
    fn a_payment_is_looked_at_from_when_it_is_taken_until_it_rests() {
        let mut schedule = Schedule::default();
        assert!(!schedule.is_looked_at(key(1)), "it is not here");
        schedule.slot(key(1), PaymentId(1));
        schedule.put(key(1), at(1));
        assert!(!schedule.is_looked_at(key(1)));
        schedule.pop(at(1)).unwrap();
        assert!(schedule.is_looked_at(key(1)));
        schedule.put(key(1), at(2));
        assert!(!schedule.is_looked_at(key(1)));
    }

    #[test]
    fn payments_are_taken_up_in_lots_of_half_of_what_may_wait_or_of_what_may_still_be_held() {
        let mut schedule = Schedule::default();
        let mut fresh = |n: u128| {
            schedule.slot(key(n), PaymentId(1));
            schedule.put(key(n), at(1));
            schedule.room(10, 100, at(1))
        };
        let rooms: Vec<_> = (1..=11).map(&mut fresh).collect();
        assert_eq!(rooms, [9, 8, 7, 6, 5, 0, 0, 0, 0, 0, 0]);
        while schedule.pop(at(1)).is_some() {}
        let held: Vec<_> = [11, 12, 13, 14, 16, 20].map(|hold| schedule.room(10, hold, at(1))).into();
        assert_eq!(held, [0, 1, 2, 3, 5, 9], "nothing waits, and these may still be held");
    }

    #[test]
    fn nothing_is_taken_up_while_this_process_cannot_use_the_provider_or_has_one_to_ask_for_it() {
        let mut schedule = silenced(SILENCE);
        assert_eq!(schedule.room(10, 1000, at(102)), 0, "one is here to ask whether it is back");
        schedule.drain();
        assert_eq!(schedule.room(10, 1000, at(102)), 10, "nobody is here to ask");
        schedule.bar(at(200));
        assert_eq!([199, 200].map(|second| schedule.room(10, 1000, at(second))), [0, 10]);
    }

    #[test]
    fn one_payment_that_is_never_answered_holds_nobody_up() {
        let mut schedule = Schedule::default();
        for n in 0..100 {
            schedule.unanswered(at(n));
            schedule.answered(at(n));
        }
        schedule.slot(key(1), PaymentId(1));
        schedule.slot(key(2), PaymentId(2));
        for n in [1, 2] {
            schedule.put(key(n), at(100));
        }
        assert!(schedule.pop(at(100)).is_some() && schedule.pop(at(100)).is_some());
    }
}
