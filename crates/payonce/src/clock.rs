//! Time as a parameter: the engine asks a [`Clock`] what time it is and how to wait, and tests give it another.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::step::Timestamp;

/// A boxed future, for the traits that are used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A source of time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall-clock time, in UTC. It may step back or forward; the engine stays safe and may only be late.
    fn now(&self) -> Timestamp;

    /// Completes when so much time has passed.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// The machine's clock and Tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from(std::time::SystemTime::now())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
