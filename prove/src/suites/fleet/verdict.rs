//! What is held against a fleet: the providers' books, the journal, the service's own table, the requests of each worker
//! and the record of who held what, one against the other, payment by payment.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use dollr::Standing;
use uuid::Uuid;

use super::base::{History, Taking};
use super::plan::{LEASE, SOON};
use super::worker::Life;

/// All that is known when the fleet has ended.
#[derive(Default)]
pub(super) struct Facts {
    /// What the service's table holds: what was to be paid.
    pub(super) due: Vec<Uuid>,
    /// What the service was told is committed.
    pub(super) committed: Vec<Uuid>,
    /// What it rolled back, or never asked to commit.
    pub(super) abandoned: Vec<Uuid>,
    pub(super) journal: HashMap<Uuid, Standing>,
    /// How often money has moved.
    pub(super) paid: HashMap<Uuid, u64>,
    pub(super) histories: HashMap<Uuid, History>,
    pub(super) lives: HashMap<Arc<str>, Life>,
    /// When each calm began.
    pub(super) calms: Vec<SystemTime>,
}

/// What they come to.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What is wrong, the worst first.
    pub(super) wrong: Vec<String>,
    /// How long the payments of workers that were gone stayed with them.
    pub(super) taken_over: Vec<Duration>,
    /// The same, of those that a calm fleet took over.
    pub(super) taken_over_in_calm: Vec<Duration>,
    /// Payments taken from workers that were neither dead nor away.
    pub(super) taken_from_the_living: usize,
    /// Requests that a worker was about to make when it was stopped, and made when it went on.
    pub(super) late: usize,
    pub(super) requests: usize,
}

impl Facts {
    /// Judges.
    pub(super) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        self.money(&mut verdict);
        self.records(&mut verdict);
        self.requests(&mut verdict);
        self.merchants(&mut verdict);
        self.take_overs(&mut verdict);
        verdict
    }

    /// Nothing is paid twice, nothing that was not committed, and all that was.
    fn money(&self, verdict: &mut Verdict) {
        let due: HashSet<Uuid> = self.due.iter().copied().collect();
        let wrong = &mut verdict.wrong;
        for (key, paid) in &self.paid {
            if *paid > 1 {
                wrong.push(format!("{key} was paid {paid} times"));
            }
            if !due.contains(key) {
                wrong.push(format!("{key} was paid, and no transaction that wanted it has committed"));
            }
        }
        for key in &due {
            let standing = self.journal.get(key);
            let paid = self.paid.get(key).copied().unwrap_or(0);
            if (standing, paid) != (Some(&Standing::Completed), 1) {
                let standing = standing.map_or("not in the journal", |standing| standing.as_str());
                wrong.push(format!("{key} is {standing}, and was paid {paid} times"));
            }
        }
    }

    /// A transaction is in the database whole, or not at all, as its service was told.
    fn records(&self, verdict: &mut Verdict) {
        let due: HashSet<&Uuid> = self.due.iter().collect();
        for key in self.committed.iter().filter(|key| !due.contains(key)) {
            verdict.wrong.push(format!("{key} was committed, and is not there"));
        }
        for key in self.abandoned.iter().filter(|key| due.contains(key) || self.journal.contains_key(key)) {
            verdict.wrong.push(format!("{key} was not committed, and is there"));
        }
        for key in self.journal.keys().filter(|key| !due.contains(key)) {
            verdict.wrong.push(format!("{key} is in the journal without the row of its transaction"));
        }
    }

    /// Each request was noted before by the worker that made it, which had been told that the note was there; and it held
    /// the payment, or it was stopped between the note and the request.
    fn requests(&self, verdict: &mut Verdict) {
        let nothing = History::default();
        for (name, life) in &self.lives {
            let mut used: HashMap<Uuid, usize> = HashMap::new();
            for sent in &life.sent {
                verdict.requests += 1;
                let history = self.histories.get(&sent.key).unwrap_or(&nothing);
                let heard = |at: SystemTime| !life.unheard.is_some_and(|(from, to)| from <= at && at <= to);
                let mut notes = history.sendings.iter().filter(|note| note.by == *name && heard(note.at));
                let used = used.entry(sent.key).or_default();
                let note = notes.nth(*used).filter(|note| note.at <= sent.at);
                *used += 1;
                let Some(note) = note else {
                    let what = format!("{name} sent {} without a note that it knew to be written", sent.key);
                    verdict.wrong.push(what);
                    continue;
                };
                let holder = history.takings.iter().rev().find(|taking| taking.at <= sent.at);
                if holder.is_some_and(|holder| holder.by == *name) {
                    continue;
                }
                verdict.late += 1;
                if !life.stops.iter().any(|stop| note.at <= *stop && *stop <= sent.at) {
                    let whom = holder.map_or("nobody", |holder| &holder.by);
                    let what = format!("{name} sent {}, which was in the hands of {whom}", sent.key);
                    verdict.wrong.push(what);
                }
            }
        }
    }

    /// Nobody takes what is another merchant's.
    fn merchants(&self, verdict: &mut Verdict) {
        for (key, history) in &self.histories {
            let whose = |worker: &Arc<str>| self.lives.get(worker).map(|life| life.merchant);
            let strangers =
                history.takings.iter().filter(|taking| whose(&taking.by) != Some(&history.merchant));
            for Taking { by, .. } in strangers {
                let what = format!("{key} is a payment of {}, and {by} took it", history.merchant);
                verdict.wrong.push(what);
            }
        }
    }

    /// What a worker held that is gone, another takes over within its lease and a little more.
    fn take_overs(&self, verdict: &mut Verdict) {
        let late = LEASE + SOON;
        for (key, history) in &self.histories {
            for taking in &history.takings {
                let Some(was) = taking.was.as_ref().filter(|was| **was != taking.by) else { continue };
                let gone = self.lives.get(was).into_iter().flat_map(|life| &life.gone);
                let Some(gone) = gone.filter(|gone| **gone <= taking.at).max() else {
                    verdict.taken_from_the_living += 1;
                    continue;
                };
                let after = taking.at.duration_since(*gone).unwrap_or_default();
                verdict.taken_over.push(after);
                // A lease that runs out when nothing is in anybody's way any more.
                let outlived = |calm: &SystemTime| (*gone..*gone + LEASE).contains(calm) && taking.at > *calm;
                if self.calms.iter().any(outlived) {
                    verdict.taken_over_in_calm.push(after);
                    if after > late {
                        let what = format!("{key} was taken over from {was} {after:.1?} after it was gone");
                        verdict.wrong.push(what);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::base::Sending;
    use super::super::wire::Sent;
    use super::*;

    const KEY: Uuid = Uuid::from_u128(7);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    fn name(worker: &str) -> Arc<str> {
        worker.into()
    }

    /// One payment, that `a` takes and sends at 10, and that is paid.
    fn facts() -> Facts {
        let takings = vec![Taking { was: None, by: name("a"), at: at(9) }];
        let sendings = vec![Sending { by: name("a"), at: at(10) }];
        let a = Life { sent: vec![Sent { key: KEY, at: at(10) }], ..Life::default() };
        Facts {
            due: vec![KEY],
            committed: vec![KEY],
            journal: HashMap::from([(KEY, Standing::Completed)]),
            paid: HashMap::from([(KEY, 1)]),
            histories: HashMap::from([(KEY, History { takings, sendings, ..History::default() })]),
            lives: HashMap::from([(name("a"), a), (name("b"), Life::default())]),
            ..Facts::default()
        }
    }

    fn wrong(change: impl FnOnce(&mut Facts)) -> usize {
        let mut facts = facts();
        change(&mut facts);
        facts.verdict().wrong.len()
    }

    fn life<'f>(facts: &'f mut Facts, worker: &str) -> &'f mut Life {
        facts.lives.get_mut(worker).unwrap()
    }

    /// Another takes the payment over at that time.
    fn overtaken(facts: &mut Facts, seconds: u64) {
        let taking = Taking { was: Some(name("a")), by: name("b"), at: at(seconds) };
        facts.histories.get_mut(&KEY).unwrap().takings.push(taking);
    }

    #[test]
    fn a_payment_that_went_well_is_not_held_against_anybody() {
        assert_eq!(wrong(|_| {}), 0);
    }

    #[test]
    fn money_that_moved_twice_or_not_at_all_or_for_nobody_is_found() {
        assert_eq!(wrong(|facts| facts.paid = HashMap::from([(KEY, 2)])), 2);
        assert_eq!(wrong(|facts| facts.paid.clear()), 1);
        assert_eq!(wrong(|facts| facts.journal = HashMap::from([(KEY, Standing::Parked)])), 1);
        assert_eq!(wrong(|facts| facts.paid.extend([(Uuid::from_u128(8), 1)])), 1);
    }

    #[test]
    fn a_transaction_that_is_there_by_half_is_found() {
        assert_eq!(wrong(|facts| facts.due.clear()), 3);
        assert_eq!(wrong(|facts| facts.journal.clear()), 1);
        assert_eq!(wrong(|facts| facts.abandoned.push(KEY)), 1);
    }

    #[test]
    fn a_request_needs_a_note_of_its_own_that_was_confirmed() {
        assert_eq!(wrong(|facts| life(facts, "a").sent.push(Sent { key: KEY, at: at(11) })), 1);
        assert_eq!(wrong(|facts| life(facts, "b").sent.push(Sent { key: KEY, at: at(11) })), 1);
        assert_eq!(wrong(|facts| life(facts, "a").unheard = Some((at(10), at(12)))), 1);
    }

    #[test]
    fn a_request_after_the_payment_was_taken_over_is_forgiven_only_to_one_that_was_stopped_in_between() {
        let late = |facts: &mut Facts| {
            overtaken(facts, 40);
            life(facts, "a").sent[0].at = at(50);
            life(facts, "a").gone.push(at(11));
        };
        assert_eq!(wrong(late), 1);
        let stopped = |facts: &mut Facts| {
            late(facts);
            life(facts, "a").stops.push(at(10));
        };
        assert_eq!(wrong(stopped), 0);
    }

    #[test]
    fn a_payment_that_another_merchants_worker_takes_is_found() {
        assert_eq!(wrong(|facts| life(facts, "a").merchant = "another"), 1);
    }

    #[test]
    fn a_payment_that_stays_with_the_dead_for_too_long_is_found() {
        let dead = |facts: &mut Facts, taken: u64| {
            life(facts, "a").gone.push(at(20));
            facts.calms.push(at(25));
            overtaken(facts, taken);
        };
        assert_eq!(wrong(|facts| dead(facts, 54)), 0);
        assert_eq!(wrong(|facts| dead(facts, 56)), 1);
        // The calm before the storm in which it died says nothing of that storm.
        let storm = |facts: &mut Facts| {
            dead(facts, 56);
            facts.calms = vec![at(5)];
        };
        assert_eq!(wrong(storm), 0);
    }
}
