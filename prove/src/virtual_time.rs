//! Time that moves on as soon as nobody has anything left to do: hours of waiting pass in no time, and every wait is
//! exactly as long as it says.
//!
//! It holds for tasks of one single-threaded runtime that wait for this clock and for each other, and for nothing else.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use dollr::{Clock, Timestamp};
use payonce::BoxFuture;

/// A clock; all clones are one clock.
#[derive(Clone, Debug)]
pub(crate) struct Virtual(Arc<Mutex<Times>>);

#[derive(Debug)]
struct Times {
    now: Timestamp,
    /// Who waits until when, in the order in which they are woken.
    sleepers: BTreeMap<(Timestamp, u64), ()>,
    wakers: HashMap<u64, Waker>,
    last: u64,
    /// Counts whatever anybody does.
    stirred: u64,
}

/// So often everybody gets a turn before nobody is taken to have anything left to do.
const TURNS: usize = 24;

impl Virtual {
    /// A clock that stands at a time of no meaning.
    pub(crate) fn new() -> Self {
        let now = Timestamp::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let (sleepers, wakers) = (BTreeMap::new(), HashMap::new());
        Self(Arc::new(Mutex::new(Times { now, sleepers, wakers, last: 0, stirred: 0 })))
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets everybody live on until that moment.
    pub(crate) async fn run_until(&self, end: Timestamp) {
        loop {
            let mut before = None;
            while before != Some(self.times().stirred) {
                before = Some(self.times().stirred);
                for _ in 0..TURNS {
                    tokio::task::yield_now().await;
                }
            }
            let mut times = self.times();
            let first = times.sleepers.first_key_value().map(|((at, _), ())| *at);
            let Some(next) = first.filter(|at| *at <= end) else {
                times.now = times.now.max(end);
                return;
            };
            times.now = times.now.max(next);
            while let Some(((at, number), ())) = times.sleepers.pop_first() {
                if at > next {
                    times.sleepers.insert((at, number), ());
                    break;
                }
                if let Some(waker) = times.wakers.remove(&number) {
                    waker.wake();
                }
            }
        }
    }
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        self.times().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let mut times = self.times();
        times.last += 1;
        let (number, at) = (times.last, times.now + duration);
        Box::pin(Sleep { times: self.clone(), number, at })
    }
}

struct Sleep {
    times: Virtual,
    number: u64,
    at: Timestamp,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut times = self.times.times();
        times.stirred += 1;
        if times.now >= self.at {
            return Poll::Ready(());
        }
        times.sleepers.insert((self.at, self.number), ());
        times.wakers.insert(self.number, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let mut times = self.times.times();
        times.sleepers.remove(&(self.at, self.number));
        times.wakers.remove(&self.number);
    }
}
