//! One statement for all who wait: whatever is to be written while a statement is under way goes into the next one
//! together, so that many callers share one round trip and one wait for the disk.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::Result;
use crate::error::{Effect, Error, ErrorKind};

/// The most writes that one statement takes in.
const BATCH: usize = 2048;

/// Something that is written together with others of its kind.
pub(super) trait Write: Send + Sync + 'static {
    /// What is true when it is written.
    type Written: Send + 'static;
    /// Two of one key never share a statement.
    type Key: Hash + Eq + Send;
    /// Where they are written.
    type Store: Send + Sync + 'static;

    fn key(&self) -> Self::Key;

    /// Writes all of them in one statement, or none.
    fn write(
        store: &Self::Store,
        batch: &[Self],
    ) -> impl Future<Output = Result<Vec<Result<Self::Written>>>> + Send
    where
        Self: Sized;

    /// Its caller does not wait for it any more.
    fn unheard(store: &Self::Store, written: Self::Written);
}

struct Waiting<W: Write> {
    write: W,
    reply: oneshot::Sender<Result<W::Written>>,
}

impl<W: Write> Waiting<W> {
    fn answer(self, store: &W::Store, outcome: Result<W::Written>) {
        if let Err(Ok(written)) = self.reply.send(outcome) {
            W::unheard(store, written);
        }
    }
}

/// The queue of one kind of writes, and the task that empties it.
pub(super) struct Writer<W: Write> {
    queue: mpsc::UnboundedSender<Waiting<W>>,
}

impl<W: Write> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

impl<W: Write> Writer<W> {
    /// Starts the task. It ends when the writer is dropped and nobody waits any more.
    pub(super) fn start(store: Arc<W::Store>) -> Self {
        let (queue, waiting) = mpsc::unbounded_channel();
        tokio::spawn(work(store, waiting));
        Self { queue }
    }

    /// Writes it; durable when this returns `Ok`. Dropping the future does not undo it.
    pub(super) async fn run(&self, write: W) -> Result<W::Written> {
        let (reply, answer) = oneshot::channel();
        let gone = || Error::new(ErrorKind::Journal, "the journal's task has ended");
        self.queue.send(Waiting { write, reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone().with_effect(Effect::Unknown))?
    }
}

async fn work<W: Write>(store: Arc<W::Store>, mut queue: mpsc::UnboundedReceiver<Waiting<W>>) {
    let mut left: Vec<Waiting<W>> = Vec::new();
    loop {
        let mut waiting = std::mem::take(&mut left);
        if waiting.is_empty() && queue.recv_many(&mut waiting, BATCH).await == 0 {
            return;
        }
        while waiting.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            waiting.push(next);
        }
        let mut keys = HashSet::new();
        let mut batch = Vec::new();
        let mut replies = Vec::new();
        for one in waiting {
            if keys.insert(one.write.key()) {
                batch.push(one.write);
                replies.push(one.reply);
            } else {
                left.push(one);
            }
        }
        let outcome = W::write(&store, &batch).await;
        let batch = batch.into_iter().zip(replies).map(|(write, reply)| Waiting { write, reply });
        settle(&store, batch.collect(), outcome).await;
    }
}

/// Tells everybody how it went. If the database refused the statement, each is written by itself, so that nobody fails
/// for a neighbour's mistake; if nobody knows what it did, nobody is told otherwise.
async fn settle<W: Write>(
    store: &Arc<W::Store>,
    batch: Vec<Waiting<W>>,
    outcome: Result<Vec<Result<W::Written>>>,
) {
    match outcome {
        Ok(outcomes) => {
            batch.into_iter().zip(outcomes).for_each(|(waiting, outcome)| waiting.answer(store, outcome));
        }
        Err(error) if batch.len() == 1 || error.effect() == Effect::Unknown => {
            batch.into_iter().for_each(|waiting| waiting.answer(store, Err(error.clone())));
        }
        Err(_) => {
            let mut alone = tokio::task::JoinSet::new();
            for waiting in batch {
                let store = Arc::clone(store);
                alone.spawn(async move {
                    let outcome = W::write(&store, std::slice::from_ref(&waiting.write)).await;
                    let outcome = outcome.and_then(|mut one| one.pop().expect("one write has one outcome"));
                    waiting.answer(&store, outcome);
                });
            }
            alone.join_all().await;
        }
    }
}
