//! Every combination of up to so many mishaps, at every point of a payment's life: what must hold in each is that no
//! payment is ever made twice, none is called failed after its money moved, and each ends.
//!
//! The real drive loop runs against a model of a provider and a network. Each point where something can go wrong is
//! a choice, and the walk takes every choice. A crash is a future that is never polled again. Between two turns of the
//! drive loop all that matters is the payment's folded state and the world: a pair that was met before, with as many
//! mishaps left, is not walked again, and the paths behind it are counted as they were counted then.
//!
//! The tests of this crate walk as deep as takes seconds, and the `prove` crate deeper.

mod world;

use std::collections::HashMap;
use std::future::{Future, pending};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use payonce::drive::{self, Pause, Turn, Work};
use payonce::journal::{
    Claim, Filter, Intent, Journal, Key, Lease, Listed, MemoryJournal, PaymentId, Record, Standing,
};
use payonce::step::{self, Decision, Entry, Event, Expect, Outcome, ParkReason};
use payonce::{BoxFuture, Error, ErrorKind, Name, Namespace, Operation, ReferenceId, Timestamp};

pub(crate) use world::{Guards, Provider};
use world::{Model, World, at, money, seconds};

/// Walks a tree of choices: each run takes one path, and `next_path` moves on to the next one.
#[derive(Clone, Debug)]
struct Choices {
    path: Vec<(usize, usize)>,
    taken: usize,
    mishaps: usize,
    most: usize,
}

impl Choices {
    fn new(most: usize) -> Self {
        Self { path: Vec::new(), taken: 0, mishaps: 0, most }
    }

    /// One of `options`; 0 is what happens on a good day, and every other one is a mishap.
    fn of(&mut self, options: usize) -> usize {
        if self.mishaps == self.most {
            return 0;
        }
        let choice = self.at_will(options);
        self.mishaps += usize::from(choice > 0);
        choice
    }

    /// One of `options`, none of which is a mishap.
    fn at_will(&mut self, options: usize) -> usize {
        if self.taken == self.path.len() {
            self.path.push((0, options));
        }
        let choice = self.path[self.taken].0;
        self.taken += 1;
        choice
    }

    fn next_path(&mut self) -> bool {
        (self.taken, self.mishaps) = (0, 0);
        while let Some((choice, options)) = self.path.pop() {
            if choice + 1 < options {
                self.path.push((choice + 1, options));
                return true;
            }
        }
        false
    }
}

/// A journal that holds one payment, and may lose its process before or after a write, or refuse the write.
#[derive(Debug)]
struct Book(Mutex<Record>, Model);

const ASKED: &str = "the drive loop asks for nothing of a journal but to append";

impl Journal for Book {
    fn append(&self, lease: Lease, entries: Vec<Entry>, _: Standing) -> BoxFuture<'_, Result<Lease, Error>> {
        let choice = {
            let mut world = self.1.lock();
            let choice = world.choices.of(4);
            if matches!(choice, 0 | 2) {
                world.written(&entries);
            }
            choice
        };
        Box::pin(async move {
            if choice == 3 {
                return Err(Error::new(ErrorKind::Journal, "the disk is full"));
            }
            if choice == 1 {
                pending::<()>().await;
            }
            let next = {
                let mut record = self.0.lock().unwrap();
                record.entries.extend(entries);
                record.entries.len()
            };
            if choice == 2 {
                pending::<()>().await;
            }
            Ok(Lease { next, ..lease })
        })
    }

    fn bind<'a>(&'a self, _: &'a str, _: &'a Namespace) -> BoxFuture<'a, Result<(), Error>> {
        unreachable!("{ASKED}")
    }
    fn intend(&self, _: Intent, _: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>), Error>> {
        unreachable!("{ASKED}")
    }
    fn claim(&self, _: PaymentId) -> BoxFuture<'_, Result<Claim, Error>> {
        unreachable!("{ASKED}")
    }
    fn claim_free<'a>(&'a self, _: &'a str, _: usize) -> BoxFuture<'a, Result<Vec<(Lease, Record)>, Error>> {
        unreachable!("{ASKED}")
    }
    fn release(&self, _: Lease) -> BoxFuture<'_, Result<(), Error>> {
        unreachable!("{ASKED}")
    }
    fn reopen<'a>(&'a self, _: &'a Record, _: Entry) -> BoxFuture<'a, Result<Lease, Error>> {
        unreachable!("{ASKED}")
    }
    fn resolve<'a>(&'a self, _: &'a Record, _: Entry, _: Standing) -> BoxFuture<'a, Result<(), Error>> {
        unreachable!("{ASKED}")
    }
    fn find<'a>(&'a self, _: &'a str, _: Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        unreachable!("{ASKED}")
    }
    fn list<'a>(&'a self, _: &'a str, _: Filter) -> BoxFuture<'a, Result<Vec<Listed>, Error>> {
        unreachable!("{ASKED}")
    }
}

/// Polls once. Nothing in the model ever waits, so what is not ready has crashed.
fn poll<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn key(attempt: u32) -> ReferenceId {
    let name = Name::new("salary/2026-11/ama").unwrap();
    ReferenceId::derive(&Namespace::new("m").unwrap(), &Operation::new("payout").unwrap(), &name, attempt)
}

/// A payment that was just intended.
fn intended() -> Record {
    let intent = Intent {
        rail: "model".to_owned(),
        operation: Operation::new("payout").unwrap(),
        name: Name::new("salary/2026-11/ama").unwrap(),
        reference_id: key(1),
        contents: "{}".to_owned(),
        expect: Expect::Amount(money()),
    };
    poll(MemoryJournal::new().intend(intent, at(0))).unwrap().unwrap().0
}

/// Where a payment stands between two turns.
#[derive(Clone)]
struct Place {
    world: World,
    record: Record,
    first_attempt: bool,
    /// Whether a person may still decide.
    undecided: bool,
    mishaps_left: usize,
}

impl Place {
    /// What everything that may still happen depends on.
    fn fingerprint(&self) -> (u64, u64) {
        let state = self.record.state().unwrap();
        let half = |salt: u8| {
            let mut hash = DefaultHasher::new();
            (salt, &state, &self.world, self.first_attempt, self.undecided, self.mishaps_left)
                .hash(&mut hash);
            hash.finish()
        };
        (half(1), half(2))
    }
}

/// What a walk came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    /// Distinct pairs of a payment's state and its world.
    pub(crate) states: u64,
    /// Turns of the drive loop that were taken.
    pub(crate) turns: u64,
    /// Payment lives: paths from the beginning to an end.
    pub(crate) lives: u128,
    pub(crate) violation: Option<String>,
}

struct Walker {
    met: HashMap<(u64, u64), u128>,
    turns: u64,
    /// The choices that led here, turn by turn.
    trail: Vec<Vec<usize>>,
}

/// No life takes nearly as many turns.
const MOST_TURNS: usize = 400;

impl Walker {
    /// Takes every path from here. Returns how many there are, or the first violation.
    fn walk(&mut self, place: &Place) -> Result<u128, String> {
        let fingerprint = place.fingerprint();
        if let Some(lives) = self.met.get(&fingerprint) {
            return Ok(*lives);
        }
        if self.trail.len() > MOST_TURNS {
            return Err(self.told("the payment does not end"));
        }
        let mut lives: u128 = 0;
        let mut choices = Choices::new(place.mishaps_left);
        loop {
            let (next, used) = self.turn(place, choices);
            choices = used;
            self.trail.push(choices.path.iter().map(|(choice, _)| *choice).collect());
            lives = lives.saturating_add(match next {
                Ok(Some(next)) => self.walk(&next)?,
                Ok(None) => 1,
                Err(violation) => return Err(self.told(&violation)),
            });
            self.trail.pop();
            if !choices.next_path() {
                self.met.insert(fingerprint, lives);
                return Ok(lives);
            }
        }
    }

    fn told(&self, violation: &str) -> String {
        format!("{violation}; choices {:?}", self.trail)
    }

    /// One turn of the drive loop, by these choices. Returns where the payment stands then, unless it is over.
    fn turn(&mut self, place: &Place, choices: Choices) -> (Result<Option<Place>, String>, Choices) {
        self.turns += 1;
        let mut world = place.world.clone();
        world.choices = choices;
        let model = Model(Arc::new(Mutex::new(world)));
        let book = Book(Mutex::new(place.record.clone()), model.clone());
        let lease = Lease { id: place.record.id, epoch: 1, next: place.record.entries.len() };
        let turn = {
            let mut work = Work::new(lease, &place.record).unwrap();
            poll(drive::advance(&model, &book, &model, &mut work))
        };
        let record = book.0.into_inner().unwrap();
        drop(book.1);
        let mut world = Arc::try_unwrap(model.0).unwrap().into_inner().unwrap();
        let outcome = world.wrong.take().map_or(Ok(turn), Err);
        let next = outcome.and_then(|turn| follow(place, turn, record, &mut world));
        let choices = std::mem::replace(&mut world.choices, Choices::new(0));
        let next = next.map(|next| {
            next.map(|(record, first_attempt, undecided)| Place {
                world,
                record,
                first_attempt,
                undecided,
                mishaps_left: place.mishaps_left - choices.mishaps,
            })
        });
        (next, choices)
    }
}

/// A payment as it is taken up again, whether that is its first attempt, and whether a person may still decide.
type Onward = (Record, bool, bool);

/// A person calls a parked payment not paid, rightly or wrongly, and tries it again.
fn decide(record: &mut Record, world: &World) {
    let state = record.state().unwrap();
    let (attempt, reference_id) = (state.attempt(), state.reference_id());
    let decision = Decision::NotPaid { recorded: false };
    for event in [
        Event::Resolved { decision, by: "ama".to_owned(), reason: "I think so".to_owned() },
        Event::Again { attempt, reference_id },
    ] {
        record.entries.push(Entry { at: at(world.now + world.skew), event });
    }
}

/// What comes after a turn: nothing, if that was the end; otherwise the payment as it is taken up again.
fn follow(
    place: &Place,
    turn: Option<Result<Turn, Error>>,
    mut record: Record,
    world: &mut World,
) -> Result<Option<Onward>, String> {
    let rest = world.rest();
    let pause = match turn {
        Some(Ok(Turn::Pause(Pause::Until(moment)))) => seconds(moment) - world.skew,
        Some(Ok(Turn::Pause(_))) => rest,
        Some(Ok(Turn::Ended(outcome))) => return ended(place, &outcome, record, world),
        Some(Err(error)) if error.kind() == ErrorKind::Journal => rest,
        Some(Err(error)) => return Err(error.to_string()),
        None => {
            // A crash, which may take the journal with it: then only the key guard is left to help. (Of a payment
            // that was tried again, a new journal knows only that the first attempt failed.)
            let whole = place.first_attempt && place.undecided == world.provider.impatient;
            if world.provider.guards.key_once && whole && world.choices.of(2) == 1 {
                world.forget();
                record.entries.clear();
                record.created_at = at(world.now + world.skew);
            }
            rest
        }
    };
    world.pass_until(pause);
    let mut undecided = place.undecided;
    if undecided && world.choices.at_will(2) == 1 {
        let state = record.state().unwrap();
        if state.outcome().is_none() {
            let reason = step::give_up(&state, Timestamp::MAX_UTC, &world.provider.terms).unwrap();
            record.entries.push(Entry { at: at(world.now + world.skew), event: Event::Parked { reason } });
            decide(&mut record, world);
            undecided = false;
        }
    }
    Ok(Some((record, place.first_attempt, undecided)))
}

/// Judges an end. A failed payment is tried again, once.
fn ended(
    place: &Place,
    outcome: &Outcome,
    mut record: Record,
    world: &mut World,
) -> Result<Option<Onward>, String> {
    match outcome {
        Outcome::Failed(failure) if place.first_attempt => {
            let attempt = 1 + u32::from(failure.recorded);
            let event = Event::Again { attempt, reference_id: key(attempt) };
            record.entries.push(Entry { at: at(world.now + world.skew), event });
            return Ok(Some((record, false, place.undecided)));
        }
        Outcome::Parked(_) if place.undecided => {
            decide(&mut record, world);
            return Ok(Some((record, place.first_attempt, false)));
        }
        Outcome::Completed(_) if world.moved == 1 => {}
        Outcome::Parked(ParkReason::WindowClosed)
            if world.provider.terms.forgets_keys && world.moved == 0 => {}
        // Judged when it was written; a copy that was refused and comes later still is beyond the terms.
        Outcome::Failed(_) => {}
        outcome => return Err(format!("{outcome:?} although {} payments were made", world.moved)),
    }
    world.deliver_late(world.now + 100_000);
    if world.moved > 1 { Err(format!("{} payments were made", world.moved)) } else { Ok(None) }
}

/// Takes every path of up to so many mishaps, until the first violation.
pub(crate) fn every_life(most: usize, provider: Provider) -> Walk {
    let walk = move || {
        let place = Place {
            world: World::new(provider),
            record: intended(),
            first_attempt: true,
            undecided: provider.impatient,
            mishaps_left: most,
        };
        let mut walker = Walker { met: HashMap::new(), turns: 0, trail: Vec::new() };
        let lives = walker.walk(&place);
        let (states, turns) = (walker.met.len() as u64, walker.turns);
        match lives {
            Ok(lives) => Walk { states, turns, lives, violation: None },
            Err(violation) => Walk { states, turns, lives: 0, violation: Some(violation) },
        }
    };
    // It goes as deep as a life has turns.
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(walk);
    thread.unwrap().join().unwrap()
}
