//! Virtual time, one seeded queue of events, and the record of what happened.
//!
//! What must stay true: everything that happens in a world is drawn from its seed, in the order of its queue, so that
//! the same seed gives the same trace, byte for byte. No thread, no clock of the machine, no address is looked at.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::fmt::Write as _;
use std::future::Future;
use std::hash::{DefaultHasher, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fastrand::Rng;
use payonce::{BoxFuture, Clock, Timestamp};

use super::provider::Provider;

/// Milliseconds of true time since the world began.
pub(crate) type Millis = i64;

pub(crate) const SECOND: Millis = 1000;
pub(crate) const MINUTE: Millis = 60 * SECOND;
pub(crate) const HOUR: Millis = 60 * MINUTE;

/// The moment at which every world begins.
const EPOCH: Millis = 1_795_000_000_000;

/// A moment of the world as a clock shows it.
pub(crate) fn at(millis: Millis) -> Timestamp {
    Timestamp::from_timestamp_millis(EPOCH + millis).expect("a simulated moment is within chrono's range")
}

type Event = Box<dyn FnOnce(&World) + Send>;

/// An event in the queue: earlier ones first, and of those at the same time the one that was put in first.
struct Due {
    at: Millis,
    number: u64,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// What all parts of a world share.
#[derive(Clone)]
pub(crate) struct World(Arc<Mutex<Inner>>);

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

/// A process: whether it lives, and what is wrong with its clock.
#[derive(Debug, Default)]
pub(crate) struct Process {
    /// How often it was started.
    pub(crate) life: u32,
    pub(crate) alive: bool,
    /// Something that one of its tasks waits for has come.
    pub(crate) touched: bool,
    /// It does not run before then.
    pub(crate) frozen_until: Millis,
    /// It does not start before then, if it was away for long.
    pub(crate) away_until: Option<Millis>,
    pub(crate) skew: Millis,
}

/// Everything in a world.
pub(crate) struct Inner {
    pub(crate) now: Millis,
    pub(crate) rng: Rng,
    /// From then on nothing goes wrong any more.
    pub(crate) calm_at: Millis,
    /// How bad it is until then: faults in a thousand draws.
    pub(crate) chaos: u32,
    pub(crate) processes: Vec<Process>,
    pub(crate) provider: Provider,
    pub(crate) requests: u64,
    pub(crate) events: u64,
    pub(crate) violation: Option<String>,
    queue: BinaryHeap<Reverse<Due>>,
    numbered: u64,
    trace: Trace,
}

/// What happened: its hash, and its words when they are wanted.
struct Trace {
    hash: DefaultHasher,
    words: Option<String>,
}

impl World {
    pub(crate) fn new(seed: u64, processes: usize, provider: Provider, told: bool) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0x9E37_79B9_7F4A_7C15);
        let chaos = [0, 10, 40, 120, 300][rng.usize(0..5)];
        let calm_at = match rng.u8(0..4) {
            0 if provider.terrain.takes_days() => rng.i64(20 * HOUR..30 * HOUR),
            0 => rng.i64(MINUTE..90 * MINUTE),
            _ => rng.i64(MINUTE..90 * MINUTE) / 4,
        };
        Self(Arc::new(Mutex::new(Inner {
            now: 0,
            rng,
            calm_at,
            chaos,
            processes: (0..processes).map(|_| Process::default()).collect(),
            provider,
            requests: 0,
            events: 0,
            violation: None,
            queue: BinaryHeap::new(),
            numbered: 0,
            trace: Trace { hash: DefaultHasher::new(), words: told.then(String::new) },
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing panics while it holds the world")
    }

    /// Has something happen after that time.
    pub(crate) fn after(&self, wait: Millis, event: impl FnOnce(&World) + Send + 'static) {
        let mut inner = self.lock();
        inner.numbered += 1;
        let due = Due { at: inner.now + wait.max(0), number: inner.numbered, event: Box::new(event) };
        inner.queue.push(Reverse(due));
    }

    /// Lets the next thing happen. Returns whether there was any.
    pub(crate) fn step(&self) -> bool {
        let event = {
            let mut inner = self.lock();
            let Some(Reverse(due)) = inner.queue.pop() else { return false };
            inner.now = inner.now.max(due.at);
            inner.events += 1;
            due.event
        };
        event(self);
        true
    }

    /// Has a process look whether what its tasks wait for has come.
    pub(crate) fn touch(&self, process: usize) {
        self.lock().processes[process].touched = true;
    }
}

impl Inner {
    /// Whether something goes wrong here: so many times in a thousand, as bad as this world is.
    pub(crate) fn mishap(&mut self) -> bool {
        self.now < self.calm_at && self.rng.u32(0..1000) < self.chaos
    }

    /// Whether something goes wrong that is so many times rarer.
    pub(crate) fn rare_mishap(&mut self, rarer: u32) -> bool {
        self.now < self.calm_at && self.rng.u32(0..1000 * rarer) < self.chaos
    }

    /// Notes what happened.
    pub(crate) fn note(&mut self, what: &'static str, who: u64, which: u64) {
        for number in [self.now as u64, who, which] {
            self.trace.hash.write_u64(number);
        }
        self.trace.hash.write(what.as_bytes());
        if let Some(words) = &mut self.trace.words {
            let _ = writeln!(words, "{:>10.3} s  {what} {who} {which}", self.now as f64 / 1000.0);
        }
    }

    /// Notes what was said.
    pub(crate) fn note_bytes(&mut self, bytes: &[u8]) {
        self.trace.hash.write(bytes);
        if let Some(words) = &mut self.trace.words {
            let _ = writeln!(words, "              {}", String::from_utf8_lossy(bytes));
        }
    }

    pub(crate) fn trace_hash(&self) -> u64 {
        self.trace.hash.finish()
    }

    pub(crate) fn take_words(&mut self) -> Option<String> {
        self.trace.words.take()
    }

    /// Keeps the first thing that must not happen.
    pub(crate) fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(what());
            self.note("VIOLATION", 0, 0);
        }
    }

    /// How long a message takes.
    pub(crate) fn trip(&mut self) -> Millis {
        match self.rng.u8(0..20) {
            0 => self.rng.i64(200..4 * SECOND),
            _ => self.rng.i64(1..150),
        }
    }
}

/// What a task waits for, and whoever waits.
pub(crate) struct Pigeonhole<T>(Arc<Mutex<(Option<T>, Option<Waker>)>>);

impl<T> Clone for Pigeonhole<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Pigeonhole<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((None, None))))
    }

    /// Puts it there, if anybody still waits, and has the process look. The first one stays.
    pub(crate) fn put(&self, world: &World, process: usize, value: T) {
        if Arc::strong_count(&self.0) == 1 {
            return;
        }
        let mut held = self.0.lock().expect("nothing panics while it holds a pigeonhole");
        if held.0.is_none() {
            held.0 = Some(value);
            if let Some(waker) = held.1.take() {
                drop(held);
                waker.wake();
                world.touch(process);
            }
        }
    }
}

impl<T> Future for Pigeonhole<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut held = self.0.lock().expect("nothing panics while it holds a pigeonhole");
        match held.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                held.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// The clock of a process: virtual, and off by its skew.
#[derive(Debug)]
pub(crate) struct ProcessClock {
    pub(crate) world: World,
    pub(crate) process: usize,
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let inner = self.world.lock();
        at(inner.now + inner.processes[self.process].skew)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let hole = Pigeonhole::new();
        let (waiting, process) = (hole.clone(), self.process);
        let wait = Millis::try_from(duration.as_nanos().div_ceil(1_000_000))
            .unwrap_or(Millis::MAX / 4)
            .min(Millis::MAX / 4);
        self.world.after(wait, move |world| hole.put(world, process, ()));
        Box::pin(waiting)
    }
}
