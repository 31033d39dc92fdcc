//! A payment's states as a stream.
//!
//! What must stay true: the watcher asks nothing of the provider, it listens to the drive loop and reads the journal
//! once; and dropping it changes nothing.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::sync::watch;

use crate::clock::BoxFuture;
use crate::error::Error;
use crate::payment::{Payment, Progress, Status};
use crate::rail::Rail;

/// The states of a payment: how it stands, then each change, and nothing after its end.
///
/// It ends after `Completed`, `Failed` or `Parked`. An error is an item and the last one: the engine has stopped with
/// the payment, or the journal cannot be read; it never means that the payment failed. A change that is overtaken by
/// the next before anybody looked is left out. Several watchers do not disturb one another. A payment that another
/// living process drives is seen as it stands and as it ends, and not in between.
#[must_use = "a stream does nothing before it is polled"]
pub struct Watch<R: Rail> {
    /// The next item, while there is one.
    next: Option<BoxFuture<'static, Found<R>>>,
}

/// An item, and how to find the one after it.
type Found<R> = (Result<Status, Error>, Option<Onward<R>>);

struct Onward<R: Rail> {
    payment: Payment<R>,
    progress: watch::Receiver<Progress>,
    /// What was said last.
    last: Status,
}

impl<R: Rail> Watch<R> {
    pub(crate) fn new(payment: Payment<R>) -> Self {
        Self { next: Some(Box::pin(begin(payment))) }
    }

    /// The next state; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Status, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<R: Rail> Stream for Watch<R> {
    type Item = Result<Status, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(next) = &mut self.next else { return Poll::Ready(None) };
        let (item, onward) = ready!(next.as_mut().poll(context));
        self.next = onward.map(|onward| Box::pin(onward.next()) as _);
        Poll::Ready(Some(item))
    }
}

impl<R: Rail> fmt::Debug for Watch<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("over", &self.next.is_none()).finish_non_exhaustive()
    }
}

async fn begin<R: Rail>(payment: Payment<R>) -> Found<R> {
    match payment.status().await {
        Ok(status) if !status.is_final() => {
            let progress = payment.listen().await;
            (Ok(status.clone()), Some(Onward { payment, progress, last: status }))
        }
        last => (last, None),
    }
}

impl<R: Rail> Onward<R> {
    async fn next(mut self) -> Found<R> {
        loop {
            let now = self.progress.borrow_and_update().clone();
            let status = match now {
                Progress::Ended(outcome) => return (Ok(outcome.into()), None),
                Progress::Stopped(error) => return (Err(error), None),
                Progress::Pending(None) => Status::Pending,
                Progress::Pending(Some(client_secret)) => Status::NeedsAction { client_secret },
                // The journal may have known more than an engine that only begins with the payment.
                Progress::Working(_) => self.last.clone(),
            };
            if !is_same(&status, &self.last) {
                self.last = status.clone();
                return (Ok(status), Some(self));
            }
            if self.progress.changed().await.is_err() {
                return (Err(self.payment.gone()), None);
            }
        }
    }
}

/// Whether there is nothing new for a watcher.
fn is_same(one: &Status, other: &Status) -> bool {
    match (one, other) {
        (Status::NeedsAction { client_secret: one }, Status::NeedsAction { client_secret: other }) => {
            one.expose() == other.expose()
        }
        _ => std::mem::discriminant(one) == std::mem::discriminant(other),
    }
}
