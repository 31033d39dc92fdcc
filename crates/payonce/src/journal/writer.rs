//! One thread per connection; the writing one commits everything that is waiting in a single transaction, so that
//! many callers share one wait for the disk.

use std::sync::mpsc;
use std::thread;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::Result;
use crate::error::{Effect, Error, ErrorKind};

/// The most jobs one transaction takes in.
const BATCH: usize = 4096;

/// A piece of work on the connection. It may be run twice when a neighbour in its transaction fails.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, failed: Option<Error>);
}

struct Task<T, F> {
    work: F,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F> Job for Task<T, F>
where
    F: FnMut(&Connection) -> rusqlite::Result<Result<T>> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.outcome = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, failed: Option<Error>) {
        let outcome = match failed {
            Some(error) => Err(error),
            None => self.outcome.expect("a job is answered only after it ran"),
        };
        // A caller that has gone away does not want to know.
        let _ = self.reply.send(outcome);
    }
}

/// A connection on a thread of its own.
#[derive(Debug)]
pub(super) struct Worker {
    jobs: mpsc::Sender<Box<dyn Job>>,
}

impl Worker {
    /// Starts the thread. It ends when the worker is dropped and its jobs are done: then it calls `before_closing`,
    /// closes the connection, and drops `held`.
    pub(super) fn start(
        name: &str,
        connection: Connection,
        writes: bool,
        before_closing: impl FnOnce() + Send + 'static,
        held: impl Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Box<dyn Job>>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Ok(first) = queue.recv() {
                if writes {
                    let mut batch = vec![first];
                    batch.extend(queue.try_iter().take(BATCH - 1));
                    commit(&connection, batch);
                } else {
                    read(&connection, first);
                }
            }
            before_closing();
            drop(connection);
            drop(held);
        })?;
        Ok(Self { jobs })
    }

    /// Runs `work`. For a writing worker, what it wrote is durable when this returns `Ok`.
    ///
    /// `work` returns an SQLite error for what went wrong with the store, which rolls it back, and `Ok(Err(_))` for
    /// a refusal, before which it must not have written.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<Result<T>> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let gone = || Error::new(ErrorKind::Journal, "the journal's thread has ended");
        self.jobs.send(Box::new(Task { work, outcome: None, reply })).map_err(|_| gone())?;
        answer.await.map_err(|_| gone().with_effect(Effect::Unknown))?
    }
}

fn read(connection: &Connection, mut job: Box<dyn Job>) {
    let failed = job.run(connection).err().map(explain);
    job.answer(failed);
}

/// Commits the jobs together; if one cannot be done, each by itself, so that it fails alone.
fn commit(connection: &Connection, mut batch: Vec<Box<dyn Job>>) {
    let begun = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([]));
    let done = begun.and_then(|_| transaction(connection, &mut batch));
    match done {
        Ok(()) => batch.into_iter().for_each(|job| job.answer(None)),
        // It could not even begin, or there is nobody else to blame.
        Err(error) if batch.len() == 1 || error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            batch.into_iter().for_each(|job| job.answer(Some(explain_ref(&error))));
        }
        Err(_) => batch.into_iter().for_each(|job| commit(connection, vec![job])),
    }
}

fn transaction(connection: &Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let done = batch
        .iter_mut()
        .try_for_each(|job| job.run(connection))
        .and_then(|()| connection.prepare_cached("COMMIT")?.execute([]).map(drop));
    if done.is_err() && !connection.is_autocommit() {
        // The transaction is gone even if this fails: nothing of it was committed.
        let _ = connection.execute_batch("ROLLBACK");
    }
    done
}

/// An SQLite error in plain words.
pub(super) fn explain(error: rusqlite::Error) -> Error {
    explain_ref(&error).with_source(error)
}

fn explain_ref(error: &rusqlite::Error) -> Error {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt) => {
            "the journal file is damaged: restore it from a backup".to_owned()
        }
        Some(ErrorCode::NotADatabase) => "the journal file is not a journal".to_owned(),
        Some(ErrorCode::DatabaseBusy) => "the journal is locked by another program".to_owned(),
        Some(ErrorCode::DiskFull) => "the disk of the journal is full".to_owned(),
        Some(ErrorCode::ReadOnly) => {
            "the journal cannot be written: the file or its directory is read-only".to_owned()
        }
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            "the journal file cannot be opened".to_owned()
        }
        Some(ErrorCode::SystemIoFailure) => "the disk of the journal failed to read or write".to_owned(),
        // Such as a statement that does not fit the tables, or text that is none. The rest may repeat the statement.
        _ => {
            let cause = error.to_string();
            let cause = cause.lines().next().unwrap_or_default();
            format!(
                "the journal failed; unless that passes, its file is damaged: restore it from a backup ({cause})"
            )
        }
    };
    Error::new(ErrorKind::Journal, message)
}
