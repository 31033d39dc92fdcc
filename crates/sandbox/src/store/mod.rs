//! The one store: a SQLite connection that lives on its own thread. Work is sent to it and done in the order it
//! arrives; whatever waits is committed together, and nobody hears of a result before it is committed.
//!
//! Each piece of work sees the books as of one virtual instant, with everything that fell due before it already
//! settled. So time needs no background task: what nobody looks at need not happen yet.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Action;
use rusqlite::{Connection, OptionalExtension, params};
use tokio::sync::{oneshot, watch};

use crate::clock::{Clock, Saved};
use crate::executions;
use crate::feed::{self, Change, Feed, Table, Touched};
use crate::fixtures::Fixtures;
use crate::merchants::Merchant;
use crate::problem::Problem;
use crate::seed;
use crate::switches::Switches;

/// The schema this code reads and writes, kept in `PRAGMA user_version`.
const SCHEMA_VERSION: i64 = 2;

/// The most pieces of work in one commit; bounds how long the first of them waits.
const BATCH: usize = 256;

/// The provider's two guards against paying twice. Both hold unless switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Guards {
    /// One `reference_id` is executed at most once.
    pub key_once: bool,
    /// One session is executed at most once, and never after its expiry.
    pub session_once: bool,
}

impl Default for Guards {
    fn default() -> Self {
        Self { key_once: true, session_once: true }
    }
}

/// The provider's settings that are not in any document.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) guards: Guards,
    pub(crate) switches: Switches,
}

/// The books as one piece of work sees them.
pub(crate) struct Books<'s> {
    pub(crate) db: &'s Connection,
    pub(crate) now: DateTime<Utc>,
    pub(crate) terms: Terms,
    /// Who the work is done for: the seeded merchant, unless it was [put otherwise](Self::of).
    pub(crate) merchant: Merchant,
    next_due: &'s Cell<Option<i64>>,
    fixtures: &'s Fixtures,
    told: &'s Told,
}

impl Books<'_> {
    /// The same books for the work of this merchant, to whom nobody else's things are visible.
    pub(crate) fn of(&self, merchant: Merchant) -> Self {
        Self { merchant, ..*self }
    }

    /// Remembers that an execution is to be settled at this instant.
    pub(crate) fn falls_due(&self, at: i64) {
        self.next_due.set(Some(self.next_due.get().map_or(at, |due| due.min(at))));
    }

    /// The instant of this piece of work as the tables hold it.
    pub(crate) fn micros(&self) -> i64 {
        self.now.timestamp_micros()
    }
}

/// What is told on the feed once it is committed.
struct Told {
    feed: Feed,
    /// The rows the database says were written by the present piece of work.
    touched: Arc<Mutex<Vec<Touched>>>,
    changes: RefCell<Vec<Change>>,
}

impl Told {
    fn touched(&self) -> MutexGuard<'_, Vec<Touched>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what a piece of work has changed.
    fn note(&self, books: &Books<'_>) -> Result<(), Problem> {
        let touched = std::mem::take(&mut *self.touched());
        if !touched.is_empty() && self.feed.is_heard() {
            self.changes.borrow_mut().extend(feed::read(books, &touched)?);
        }
        Ok(())
    }
}

/// Told whether the commit succeeded, hands the result to whoever waits.
type Deliver = Box<dyn FnOnce(bool)>;
type Work = Box<dyn FnOnce(&Books<'_>) -> Deliver + Send>;

enum Job {
    Work(Work),
    Close,
}

/// A handle on the store's thread.
#[derive(Debug)]
pub(crate) struct Store {
    jobs: Sender<Job>,
    thread: Mutex<Option<JoinHandle<()>>>,
    terms: Arc<Mutex<Terms>>,
    due: watch::Receiver<Option<i64>>,
}

impl Store {
    /// Opens the database, seeds it when new, and starts its thread. Returns the clock too, because a file keeps its own.
    pub(crate) fn open(
        path: Option<&Path>,
        terms: Terms,
        fixtures: Fixtures,
        feed: Feed,
    ) -> Result<(Self, Clock), rusqlite::Error> {
        let mut db = connect(path)?;
        let clock = match load_clock(&db)? {
            Some(saved) => Clock::resumed(saved),
            None => Clock::starting_at(Utc::now()),
        };
        prepare(&db, &fixtures, clock.now())?;
        let touched = Arc::new(Mutex::new(Vec::new()));
        db.update_hook(Some({
            let touched = Arc::clone(&touched);
            move |action: Action, _: &str, table: &str, row| {
                if let Some(table) = Table::named(table) {
                    let new = action == Action::SQLITE_INSERT;
                    touched.lock().unwrap_or_else(PoisonError::into_inner).push(Touched { table, row, new });
                }
            }
        }))?;
        let terms = Arc::new(Mutex::new(terms));
        let (jobs, inbox) = channel();
        let (next_due, due) = watch::channel(Some(0));
        let thread = std::thread::Builder::new()
            .name("sandbox-store".to_owned())
            .spawn({
                let (clock, terms) = (clock.clone(), Arc::clone(&terms));
                move || {
                    let told = Told { feed, touched, changes: RefCell::default() };
                    let keeper = Keeper {
                        db,
                        clock,
                        terms,
                        next_due: Cell::new(Some(0)),
                        due: next_due,
                        saved_turns: Cell::new(0),
                        fixtures,
                        told,
                    };
                    keeper.serve(&inbox);
                }
            })
            .expect("the system can start a thread");
        Ok((Self { jobs, thread: Mutex::new(Some(thread)), terms, due }, clock))
    }

    /// Does the work and commits it. A refusal undoes what the work had written.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Books<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, result) = oneshot::channel();
        self.send(work, move |outcome| {
            // A caller that has gone away does not need its result.
            let _ = reply.send(outcome);
        })?;
        result.await.unwrap_or(Err(Problem::Stopped))
    }

    /// Like [`run`](Self::run) for callers outside any async context; waits a few microseconds for the store's thread.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Books<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let (reply, result) = channel();
        self.send(work, move |outcome| {
            let _ = reply.send(outcome);
        })?;
        result.recv().unwrap_or(Err(Problem::Stopped))
    }

    pub(crate) fn terms(&self) -> MutexGuard<'_, Terms> {
        self.terms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Settles what falls due when the virtual clock reaches it, as long as anyone listens to the feed.
    pub(crate) async fn keep_time(&self, clock: &Clock, feed: &Feed) {
        let mut due = self.due.clone();
        loop {
            feed.heard().await;
            let next = *due.borrow_and_update();
            let reached = async {
                match next.and_then(DateTime::<Utc>::from_timestamp_micros) {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = reached => {
                    if self.run(|_| Ok(())).await.is_err() {
                        return;
                    }
                }
                changed = due.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Finishes what was sent, closes the database and waits until that is done.
    pub(crate) fn close(&self) {
        let _ = self.jobs.send(Job::Close);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }

    fn send<T: 'static>(
        &self,
        work: impl FnOnce(&Books<'_>) -> Result<T, Problem> + Send + 'static,
        deliver: impl FnOnce(Result<T, Problem>) + Send + 'static,
    ) -> Result<(), Problem> {
        let work: Work = Box::new(move |books| {
            let outcome = attempt(books, work);
            Box::new(move |committed| deliver(if committed { outcome } else { Err(Problem::Stopped) }))
        });
        self.jobs.send(Job::Work(work)).map_err(|_| Problem::Stopped)
    }
}

/// Does one piece of work inside the open transaction, undoing it alone when it is refused.
fn attempt<T>(books: &Books<'_>, work: impl FnOnce(&Books<'_>) -> Result<T, Problem>) -> Result<T, Problem> {
    if books.next_due.get().is_some_and(|due| due <= books.micros()) {
        undone_if_refused(books, executions::settle_due)?;
        let next = books
            .db
            .prepare_cached("SELECT MIN(settles_at) FROM executions WHERE settles_at IS NOT NULL")?
            .query_row([], |row| row.get(0))?;
        books.next_due.set(next);
    }
    let outcome = undone_if_refused(books, work);
    books.told.note(books)?;
    outcome
}

fn undone_if_refused<T>(
    books: &Books<'_>,
    work: impl FnOnce(&Books<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    books.db.prepare_cached("SAVEPOINT work")?.execute([])?;
    let before = books.told.touched().len();
    let outcome = work(books);
    if outcome.is_err() {
        books.told.touched().truncate(before);
        books.db.prepare_cached("ROLLBACK TO work")?.execute([])?;
    }
    books.db.prepare_cached("RELEASE work")?.execute([])?;
    outcome
}

/// The store's thread.
struct Keeper {
    db: Connection,
    clock: Clock,
    terms: Arc<Mutex<Terms>>,
    next_due: Cell<Option<i64>>,
    /// Shows the others when something falls due.
    due: watch::Sender<Option<i64>>,
    saved_turns: Cell<u64>,
    fixtures: Fixtures,
    told: Told,
}

impl Keeper {
    fn serve(self, inbox: &Receiver<Job>) {
        let mut waiting: Vec<Deliver> = Vec::new();
        let mut open = true;
        while open {
            let Ok(first) = inbox.recv() else { break };
            let began = self.db.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).is_ok();
            let mut next = Some(first);
            while let Some(job) = next.take() {
                match job {
                    Job::Work(work) if began => waiting.push(self.work(work)),
                    // Whoever waits for it hears that the store has stopped.
                    Job::Work(refused) => drop(refused),
                    Job::Close => open = false,
                }
                if open && waiting.len() < BATCH {
                    next = inbox.try_recv().ok();
                }
            }
            let committed = began && self.keep_clock(!open).is_ok() && self.commit().is_ok();
            if !committed && !self.db.is_autocommit() {
                let _ = self.db.execute_batch("ROLLBACK");
            }
            if !committed {
                // What was settled in there is due again.
                self.next_due.set(Some(0));
            }
            self.due.send_if_modified(|due| {
                let changed = *due != self.next_due.get();
                *due = self.next_due.get();
                changed
            });
            for change in self.told.changes.take().into_iter().filter(|_| committed) {
                self.told.feed.tell(change);
            }
            for deliver in waiting.drain(..) {
                deliver(committed);
            }
        }
    }

    fn commit(&self) -> Result<usize, rusqlite::Error> {
        self.db.prepare_cached("COMMIT")?.execute([])
    }

    /// Saves the clock when it was turned since it was last saved, or in any case.
    fn keep_clock(&self, in_any_case: bool) -> Result<(), rusqlite::Error> {
        let turns = self.clock.turns();
        if in_any_case || turns != self.saved_turns.get() {
            save_clock(&self.db, self.clock.save())?;
            self.saved_turns.set(turns);
        }
        Ok(())
    }

    fn work(&self, work: Work) -> Deliver {
        let terms = *self.terms.lock().unwrap_or_else(PoisonError::into_inner);
        work(&Books {
            db: &self.db,
            now: self.clock.now(),
            terms,
            merchant: seed::MERCHANT,
            next_due: &self.next_due,
            fixtures: &self.fixtures,
            told: &self.told,
        })
    }
}

/// Opens a file that this sandbox alone holds, or a database in memory.
pub(crate) fn connect(path: Option<&Path>) -> Result<Connection, rusqlite::Error> {
    let db = match path {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    db.set_prepared_statement_cache_capacity(128);
    // Long enough for a predecessor to close the file, short enough to be told at once that it will not.
    db.busy_timeout(Duration::from_millis(250))?;
    // One sandbox owns a file: a second one on the same file is refused instead of corrupting the first one's view.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    if path.is_some() {
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        // In KiB: keys are random, so the whole index of recent payments is touched all the time.
        db.pragma_update(None, "cache_size", -8_192)?;
    }
    db.pragma_update(None, "foreign_keys", "ON")?;
    // Otherwise SQLite plans a cached statement anew for other values, which costs more than to run it.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(db)
}

/// Creates and seeds a new database; refuses one of another version.
fn prepare(db: &Connection, fixtures: &Fixtures, now: DateTime<Utc>) -> Result<(), rusqlite::Error> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    if version != 0 {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
            Some(format!(
                "written by another version of the sandbox (schema {version}, this one is {SCHEMA_VERSION})"
            )),
        ));
    }
    db.execute_batch("BEGIN IMMEDIATE")?;
    db.execute_batch(include_str!("schema.sql"))?;
    seed(db, fixtures, now)?;
    db.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    db.execute_batch("COMMIT")
}

/// Fills empty tables with the built-in fixtures and those of the file.
fn seed(db: &Connection, fixtures: &Fixtures, now: DateTime<Utc>) -> Result<(), rusqlite::Error> {
    if fixtures.builtin {
        seed::merchant(db, now)?;
    }
    fixtures.insert(db, now)
}

/// Empties every table and seeds the merchant anew, as part of the caller's transaction. The clock goes on.
pub(crate) fn reset(books: &Books<'_>) -> Result<(), Problem> {
    const TABLES: [&str; 15] = [
        "entries",
        "postings",
        "accounts",
        "executions",
        "sessions",
        "links",
        "items",
        "sources",
        "wallets",
        "payment_accounts",
        "counterparties",
        "parties",
        "tokens",
        "merchants",
        "sqlite_sequence",
    ];
    for table in TABLES {
        books.db.execute(&format!("DELETE FROM {table}"), [])?;
    }
    books.next_due.set(None);
    seed(books.db, books.fixtures, books.now)?;
    // Whoever listens is told of the reset, not of each row.
    books.told.touched().clear();
    Ok(())
}

fn load_clock(db: &Connection) -> Result<Option<Saved>, rusqlite::Error> {
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        return Ok(None);
    }
    let saved: Option<String> =
        db.query_row("SELECT value FROM meta WHERE key = 'clock'", [], |row| row.get(0)).optional()?;
    Ok(saved.and_then(|saved| serde_json::from_str(&saved).ok()))
}

fn save_clock(db: &Connection, saved: Saved) -> Result<(), rusqlite::Error> {
    let saved = serde_json::to_string(&saved).expect("a clock is plain data");
    db.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('clock', ?1)")?
        .execute(params![saved])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_work_leaves_nothing_behind() {
        let (store, _clock) =
            Store::open(None, Terms::default(), Fixtures::default(), Feed::default()).unwrap();
        let refused = store.ask(|books| {
            books.db.execute("DELETE FROM wallets", [])?;
            Err::<(), _>(Problem::not_found("changed my mind"))
        });
        assert!(matches!(refused, Err(Problem::Refused { .. })));
        let wallets = store
            .ask(|books| Ok(books.db.query_row("SELECT COUNT(*) FROM wallets", [], |row| row.get(0))?));
        assert_eq!(wallets.ok(), Some(5_i64));
        store.close();
        assert!(matches!(store.ask(|_| Ok(())), Err(Problem::Stopped)));
    }

    /// Whatever one payment runs, and the look-ups of its status, must find their rows by a key, so that the millionth
    /// payment costs what the first did.
    #[test]
    fn the_statements_of_a_payment_scan_no_table() {
        let (store, _clock) =
            Store::open(None, Terms::default(), Fixtures::default(), Feed::default()).unwrap();
        let mut seen = 0;
        for (file, source) in HOT {
            for sql in statements(source) {
                let plan = store.ask({
                    let sql = sql.clone();
                    move |books| Ok(plan(books.db, &sql)?)
                });
                let plan = plan.unwrap_or_else(|problem| panic!("{file}: {sql}: {problem:?}"));
                let scans =
                    plan.iter().any(|step| step.starts_with("SCAN") && !step.contains("CONSTANT ROW"));
                assert!(!scans, "{file}: {sql}: {plan:?}");
                seen += 1;
            }
        }
        assert!(seen > 20, "only {seen} statements were found");
    }

    const HOT: [(&str, &str); 9] = [
        ("accounts", include_str!("../accounts.rs")),
        ("merchants", include_str!("../merchants.rs")),
        ("sessions", include_str!("../sessions.rs")),
        ("executions/record", include_str!("../executions/record.rs")),
        ("executions/settle", include_str!("../executions/settle.rs")),
        ("sources", include_str!("../sources/mod.rs")),
        ("sources/items", include_str!("../sources/items.rs")),
        ("sources/receipt", include_str!("../sources/receipt.rs")),
        ("checkouts", include_str!("../checkouts.rs")),
    ];

    /// The statements in a source file, with the names its `format!` puts in replaced by what they stand for.
    fn statements(source: &str) -> Vec<String> {
        let select_item = "SELECT items.id FROM items JOIN sources ON sources.kind = source_kind AND
            sources.id = source_id";
        source
            .split('"')
            .skip(1)
            .step_by(2)
            .map(|text| text.replace("{SELECT}", select_item).replace("{COLUMNS}", "id"))
            .map(|text| text.replace("{FAILED}", "FAILED").replace("{COMPLETED}", "COMPLETED"))
            .filter(|text| ["SELECT ", "UPDATE ", "DELETE "].iter().any(|verb| text.starts_with(verb)))
            .filter(|text| text.split_whitespace().any(|word| word == "WHERE"))
            .collect()
    }

    fn plan(db: &Connection, sql: &str) -> Result<Vec<String>, rusqlite::Error> {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
        for parameter in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(parameter, 1)?;
        }
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next()? {
            steps.push(row.get(3)?);
        }
        Ok(steps)
    }
}
