//! The database file of a sandbox that has one. It is written by a thread of its own; whatever waits goes into one
//! commit, and nobody hears of a result before it is on the disk.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OptionalExtension, params};

use super::table::Written;
use crate::clock::{Clock, Saved};
use crate::store::connect;

/// What this code reads and writes, kept in `PRAGMA user_version`. No other provider's file has it.
const VERSION: i64 = 2001;

/// The most pieces of work in one commit; bounds how long the first of them waits.
const BATCH: usize = 256;

/// Told whether what was written is on the disk.
pub(crate) type Told = Box<dyn FnOnce(bool) + Send>;

enum Job {
    Write(Vec<Written>, Told),
    Close,
}

/// A handle on the thread that writes.
#[derive(Debug)]
pub(crate) struct Disk {
    jobs: Sender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// A file that was opened: what was in it, as kind and text of each row.
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) clock: Option<Saved>,
    pub(crate) rows: Vec<(String, String)>,
}

/// A file that nobody writes to yet.
pub(crate) struct File {
    db: Connection,
}

impl File {
    /// Opens a file, or begins a new one; refuses one that something else has written or holds.
    pub(crate) fn open(path: &Path) -> Result<Opened, rusqlite::Error> {
        let db = connect(Some(path))?;
        let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            VERSION => {}
            0 => {
                db.execute_batch("BEGIN IMMEDIATE")?;
                db.execute_batch(
                    "CREATE TABLE things (
                         kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, id)
                     ) STRICT, WITHOUT ROWID",
                )?;
                db.pragma_update(None, "user_version", VERSION)?;
                db.execute_batch("COMMIT")?;
            }
            other => {
                return Err(rusqlite::Error::SqliteFailure(
                    rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
                    Some(format!("written by another sandbox (schema {other}, this one is {VERSION})")),
                ));
            }
        }
        let clock: Option<String> =
            db.query_row("SELECT value FROM things WHERE kind = 'clock'", [], |row| row.get(0)).optional()?;
        let rows = db
            .prepare("SELECT kind, value FROM things WHERE kind <> 'clock'")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let clock = clock.and_then(|saved| serde_json::from_str(&saved).ok());
        Ok(Opened { file: Self { db }, clock, rows })
    }

    /// Begins to write. The clock is kept whenever it was turned, and when the file is closed.
    pub(crate) fn write(self, clock: Clock) -> Disk {
        let (jobs, inbox) = channel();
        let thread = std::thread::Builder::new()
            .name("sandbox-disk".to_owned())
            .spawn(move || keep(&self.db, &clock, &inbox))
            .expect("the system can start a thread");
        Disk { jobs, thread: Mutex::new(Some(thread)) }
    }
}

impl Disk {
    /// Writes rows, and tells when they, and all that was written before them, are on the disk.
    pub(crate) fn write(&self, rows: Vec<Written>, told: Told) {
        if let Err(refused) = self.jobs.send(Job::Write(rows, told))
            && let Job::Write(_, told) = refused.0
        {
            told(false);
        }
    }

    /// Finishes what was written, closes the file and waits until that is done.
    pub(crate) fn close(&self) {
        let _ = self.jobs.send(Job::Close);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

fn keep(db: &Connection, clock: &Clock, inbox: &Receiver<Job>) {
    let mut turns = None;
    let mut waiting: Vec<Told> = Vec::new();
    let mut whole = true;
    let mut open = true;
    while open {
        let Ok(first) = inbox.recv() else { break };
        let mut rows = Vec::new();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            match job {
                Job::Write(more, told) => {
                    rows.extend(more);
                    waiting.push(told);
                }
                Job::Close => open = false,
            }
            if open && waiting.len() < BATCH {
                next = inbox.try_recv().ok();
            }
        }
        let turned = turns != Some(clock.turns());
        if whole && (turned || !open || !rows.is_empty()) {
            turns = Some(clock.turns());
            // What could not be written is in memory all the same, so nothing after it may be called kept either.
            whole = commit(db, &rows, &clock.save()).inspect_err(|error| {
                tracing::error!(%error, "the sandbox's database failed; the sandbox answers nothing more");
            }).is_ok();
        }
        for told in waiting.drain(..) {
            told(whole);
        }
    }
}

fn commit(db: &Connection, rows: &[Written], clock: &Saved) -> Result<(), rusqlite::Error> {
    let clock = serde_json::to_string(clock).expect("a clock is plain data");
    db.prepare_cached("BEGIN")?.execute([])?;
    let mut put = db.prepare_cached("INSERT OR REPLACE INTO things (kind, id, value) VALUES (?1, ?2, ?3)")?;
    put.execute(params!["clock", "", clock])?;
    for row in rows {
        match &row.text {
            Some(text) => put.execute(params![row.kind, row.key, text])?,
            None => db
                .prepare_cached("DELETE FROM things WHERE kind = ?1 AND id = ?2")?
                .execute(params![row.kind, row.key])?,
        };
    }
    db.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
