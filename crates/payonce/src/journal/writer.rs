//! One thread per connection. What waits is done together: the writing thread commits it in a single transaction, so that
//! many callers share one wait for the disk; a thread is woken once for many jobs, and wakes a runtime once for many answers.
//!
//! What must stay true: a job whose caller is gone, or is not polled, holds up no other.

use std::fmt;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use rusqlite::{Connection, ErrorCode};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use super::Result;
use crate::error::{Effect, Error, ErrorKind};

/// The most jobs one transaction takes in.
const BATCH: usize = 4096;

/// A piece of work on the connection. It may be run twice when a neighbour in its transaction fails.
trait Job: Send {
    /// Where the caller waits, if that is a runtime.
    fn home(&self) -> Option<&Handle>;
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    fn fail(&mut self, error: Error);
    fn answer(self: Box<Self>);
}

type Jobs = Vec<Box<dyn Job>>;

struct Task<T, F> {
    work: F,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    home: Option<Handle>,
}

impl<T: Send, F> Job for Task<T, F>
where
    F: FnMut(&Connection) -> rusqlite::Result<Result<T>> + Send,
{
    fn home(&self) -> Option<&Handle> {
        self.home.as_ref()
    }

    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.outcome = Some((self.work)(connection)?);
        Ok(())
    }

    fn fail(&mut self, error: Error) {
        self.outcome = Some(Err(error));
    }

    fn answer(self: Box<Self>) {
        let outcome = self.outcome.expect("a job is answered only after it ran or failed");
        // A caller that has gone away does not want to know.
        let _ = self.reply.send(outcome);
    }
}

/// A connection on a thread of its own.
pub(super) struct Worker {
    /// What came up since something was last handed to the thread.
    gathered: Mutex<Jobs>,
    thread: mpsc::Sender<Jobs>,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}

/// Hands over what was gathered when it goes out of scope, which a caller that is dropped does, too.
struct HandOver<'a>(&'a Worker);

impl Drop for HandOver<'_> {
    fn drop(&mut self) {
        let jobs = std::mem::take(&mut *self.0.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        if !jobs.is_empty() {
            // If the thread has ended, the callers learn it when their jobs are dropped here.
            let _ = self.0.thread.send(jobs);
        }
    }
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
        let (thread, queue) = mpsc::channel::<Jobs>();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            while let Ok(mut jobs) = queue.recv() {
                jobs.extend(queue.try_iter().flatten());
                while !jobs.is_empty() {
                    let later = jobs.split_off(jobs.len().min(BATCH));
                    let batch = std::mem::replace(&mut jobs, later);
                    if writes { commit(&connection, batch) } else { read(&connection, batch) }
                }
            }
            before_closing();
            drop(connection);
            drop(held);
        })?;
        Ok(Self { gathered: Mutex::default(), thread })
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
        let job = Task { work, outcome: None, reply, home: Handle::try_current().ok() };
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(job));
        // Whatever else can go on now goes first, so that its jobs come along. Each caller hands over for itself, because
        // the first of them may not be polled again.
        let hand_over = HandOver(self);
        yield_now().await;
        drop(hand_over);
        let gone = |_| Error::new(ErrorKind::Journal, "the journal's thread has ended");
        answer.await.map_err(|ended| gone(ended).with_effect(Effect::Unknown))?
    }
}

/// Reads for all of them. What one cannot read says nothing of the others.
fn read(connection: &Connection, mut batch: Jobs) {
    let alone = batch.len() == 1;
    // One look at the log for all of them; without it each takes its own, which is as good.
    let together =
        !alone && connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).is_ok();
    for job in &mut batch {
        if let Err(error) = job.run(connection) {
            job.fail(explain(error));
        }
    }
    if together {
        // It wrote nothing.
        let _ = connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    }
    answer(batch);
}

/// Commits the jobs together; if one cannot be done, each by itself, so that it fails alone.
fn commit(connection: &Connection, mut batch: Jobs) {
    let begun = connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([]));
    match begun.and_then(|_| transaction(connection, &mut batch)) {
        Ok(()) => answer(batch),
        // It could not even begin, or there is nobody else to blame.
        Err(error) if batch.len() == 1 || error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            batch.iter_mut().for_each(|job| job.fail(explain_ref(&error)));
            answer(batch);
        }
        Err(_) => batch.into_iter().for_each(|job| commit(connection, vec![job])),
    }
}

/// Answers the callers; those who wait on one runtime by one task there, so that it is woken once.
fn answer(mut batch: Jobs) {
    while batch.len() > 1
        && let Some(home) = batch[0].home().cloned()
    {
        let (neighbours, others): (Jobs, Jobs) =
            batch.into_iter().partition(|job| job.home().is_some_and(|other| other.id() == home.id()));
        home.spawn(async move { neighbours.into_iter().for_each(Job::answer) });
        batch = others;
    }
    batch.into_iter().for_each(Job::answer);
}

fn transaction(connection: &Connection, batch: &mut Jobs) -> rusqlite::Result<()> {
    let done = batch
        .iter_mut()
        .try_for_each(|job| job.run(connection))
        .and_then(|()| connection.prepare_cached("COMMIT")?.execute([]).map(drop));
    if done.is_err() {
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::{Pin, pin};
    use std::sync::Arc;
    use std::task::Poll;

    use super::*;

    fn worker() -> Arc<Worker> {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (note INTEGER PRIMARY KEY)").unwrap();
        Arc::new(Worker::start("test", connection, true, || (), ()).unwrap())
    }

    async fn note(worker: &Worker, note: i64) -> Result<()> {
        worker
            .run(move |connection| {
                connection.execute("INSERT INTO notes VALUES (?1)", [note])?;
                Ok(Ok(()))
            })
            .await
    }

    async fn notes(worker: &Worker) -> i64 {
        let count = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0)).map(Ok)
        };
        worker.run(count).await.unwrap()
    }

    /// Asks for so many at the same time.
    async fn at_once(worker: &Arc<Worker>, wanted: std::ops::Range<i64>) -> Vec<Result<()>> {
        let ask = |n| {
            let worker = Arc::clone(worker);
            tokio::spawn(async move { note(&worker, n).await })
        };
        let mut answers = Vec::new();
        for asked in wanted.map(ask).collect::<Vec<_>>() {
            answers.push(asked.await.unwrap());
        }
        answers
    }

    async fn begin(mut asked: Pin<&mut impl Future<Output = Result<()>>>) {
        let answered = poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_ready())).await;
        assert!(!answered);
    }

    #[tokio::test]
    async fn a_caller_that_is_not_polled_again_holds_up_no_other() {
        let worker = worker();
        let mut first = pin!(note(&worker, 1));
        begin(first.as_mut()).await;
        note(&worker, 2).await.unwrap();
        assert_eq!(notes(&worker).await, 2);
        first.await.unwrap();
    }

    #[tokio::test]
    async fn what_a_caller_asked_for_is_done_though_it_is_dropped() {
        let worker = worker();
        {
            let mut dropped = pin!(note(&worker, 1));
            begin(dropped.as_mut()).await;
        }
        assert_eq!(notes(&worker).await, 1);
    }

    #[tokio::test]
    async fn one_that_fails_takes_none_of_its_neighbours_with_it() {
        let worker = worker();
        note(&worker, 7).await.unwrap();
        let answers = at_once(&worker, 0..20).await;
        let failed: Vec<usize> = (0..20).filter(|&n| answers[n].is_err()).collect();
        assert_eq!((failed, notes(&worker).await), (vec![7], 20));
    }

    /// A worker that reads what others write to a file.
    fn reader(dir: &tempfile::TempDir) -> (Arc<Worker>, impl Fn() -> Connection + use<>) {
        let path = dir.path().join("notes.db");
        let open = move || Connection::open(&path).unwrap();
        let notes = "PRAGMA journal_mode = WAL; CREATE TABLE notes (note INTEGER PRIMARY KEY)";
        open().execute_batch(notes).unwrap();
        (Arc::new(Worker::start("test", open(), false, || (), ()).unwrap()), open)
    }

    /// Counts the notes, and has another program write one more.
    async fn notes_before_another(worker: &Worker, other: Connection) -> i64 {
        let count = move |connection: &Connection| {
            let count = connection.query_row("SELECT count(*) FROM notes", [], |row| row.get(0));
            other.execute("INSERT INTO notes DEFAULT VALUES", []).unwrap();
            count.map(Ok)
        };
        worker.run(count).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_read_together_is_of_one_moment_and_the_next_is_of_a_later_one() {
        let dir = tempfile::tempdir().unwrap();
        let (worker, open) = reader(&dir);
        let together =
            async || tokio::join!(notes_before_another(&worker, open()), notes(&worker), notes(&worker));
        assert_eq!(together().await, (0, 0, 0));
        assert_eq!(notes(&worker).await, 1);
        assert_eq!(together().await, (1, 1, 1));
        assert_eq!((notes_before_another(&worker, open()).await, notes(&worker).await), (2, 3));
    }

    #[tokio::test]
    async fn what_comes_while_the_thread_is_busy_is_done_together() {
        let dir = tempfile::tempdir().unwrap();
        let (worker, open) = reader(&dir);
        let (go_on, told) = mpsc::channel::<()>();
        let mut busy = pin!(worker.run(move |_| {
            told.recv().unwrap();
            Ok(Ok(()))
        }));
        assert!(poll_fn(|context| Poll::Ready(busy.as_mut().poll(context).is_pending())).await);
        tokio::task::yield_now().await;
        assert!(poll_fn(|context| Poll::Ready(busy.as_mut().poll(context).is_pending())).await);
        // Each of these is handed over by itself.
        let mut waiting: Vec<Pin<Box<dyn Future<Output = i64>>>> =
            vec![Box::pin(notes_before_another(&worker, open())), Box::pin(notes(&worker))];
        for asked in &mut waiting {
            for _ in 0..2 {
                assert!(poll_fn(|context| Poll::Ready(asked.as_mut().poll(context).is_pending())).await);
                tokio::task::yield_now().await;
            }
        }
        go_on.send(()).unwrap();
        busy.await.unwrap();
        assert_eq!(futures_util::future::join_all(waiting).await, [0, 0]);
    }

    #[test]
    fn what_went_wrong_with_the_store_is_said_in_plain_words() {
        use rusqlite::ffi;
        let said = [
            (ffi::SQLITE_CORRUPT, "the journal file is damaged: restore it from a backup"),
            (ffi::SQLITE_NOTADB, "the journal file is not a journal"),
            (ffi::SQLITE_BUSY, "the journal is locked by another program"),
            (ffi::SQLITE_FULL, "the disk of the journal is full"),
            (ffi::SQLITE_READONLY, "the journal cannot be written: the file or its directory is read-only"),
            (ffi::SQLITE_CANTOPEN, "the journal file cannot be opened"),
            (ffi::SQLITE_PERM, "the journal file cannot be opened"),
            (ffi::SQLITE_IOERR_FSYNC, "the disk of the journal failed to read or write"),
        ];
        for (code, words) in said {
            let error = explain(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!((error.kind(), error.message()), (ErrorKind::Journal, words));
        }
        let statement = ffi::Error::new(ffi::SQLITE_ERROR);
        let error = explain(rusqlite::Error::SqliteFailure(statement, Some("no such table\nSELECT".into())));
        assert!(error.message().ends_with("restore it from a backup (no such table)"), "{error}");
    }

    #[test]
    fn callers_of_two_runtimes_are_all_answered_while_one_of_them_stands_still() {
        let worker = worker();
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (one, other) = (runtime(), runtime());
        let mut still: Vec<_> = (0..8).map(|n| Box::pin(note(&worker, n))).collect();
        one.block_on(async {
            for asked in &mut still {
                begin(asked.as_mut()).await;
            }
        });
        assert!(other.block_on(at_once(&worker, 8..16)).iter().all(Result::is_ok));
        for asked in still {
            one.block_on(asked).unwrap();
        }
        assert_eq!(other.block_on(notes(&worker)), 16);
    }
}
