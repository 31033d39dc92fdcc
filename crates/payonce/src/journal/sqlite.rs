//! The journal in an SQLite file: durable before a write returns, shared by the processes of one machine.

use std::collections::HashMap;
use std::collections::hash_map::Entry as MapEntry;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use uuid::Uuid;

use super::disk::network_file_system;
use super::owner::Owner;
use super::row::{EventDigest, EventRow, entry};
use super::turns::Turns;
use super::writer::{Worker, explain};
use super::{
    Claim, Filter, Intent, Journal, Key, Lease, Listed, PaymentId, Record, Result, Standing, Summary, Unread,
    damaged, left_out, not_parked, other_namespace, taken_over, unread,
};
use crate::clock::BoxFuture;
use crate::error::{Error, ErrorKind};
use crate::name::{Name, Namespace, Operation, ReferenceId};
use crate::step::{Entry, Event, Timestamp};

/// Among so many free payments the operations take turns.
const TURNS_AMONG: usize = 10_000;

/// Marks the file as a journal, in SQLite's own header field: the letters `pay1`.
const APPLICATION_ID: i32 = 0x7061_7931;

/// The version of the schema.
const VERSION: i32 = 1;

/// The first SQLite without the bug that could lose a committed write when two connections checkpoint and reset the
/// write-ahead log.
const OLDEST_SQLITE: i32 = 3_051_003;

fn loses_writes(sqlite: i32) -> bool {
    sqlite < OLDEST_SQLITE
}

/// A journal in an SQLite file.
///
/// Several processes may open one file; it must lie on a local disk. Each write is on the disk
/// (`synchronous=FULL`) before it returns, and writes that wait together share one commit. The file is made readable
/// for its owner only. A `kill -9` leaves the journal whole, and leaves the dead process's payments free to be taken
/// over at once.
#[derive(Debug)]
pub struct SqliteJournal {
    path: PathBuf,
    owner: Arc<Owner>,
    writes: Worker,
    reads: Worker,
}

impl SqliteJournal {
    /// Opens the file, and makes it if there is none.
    ///
    /// # Errors
    /// `Journal`, in plain words, when the file cannot be opened, is damaged, is not a journal, is readable by
    /// others, or was written by a newer version of this crate. The file is left as it was. `Configuration` when it is on a
    /// network file system: two hosts could pay from it at once.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let blame = |error: Error| {
            Error::new(ErrorKind::Journal, format!("{}: {}", path.display(), error.message()))
                .with_source(error)
        };
        let file = |error: std::io::Error| {
            blame(Error::new(ErrorKind::Journal, format!("the journal file cannot be opened: {error}")))
        };
        if loses_writes(rusqlite::version_number()) {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("SQLite {} can lose writes; 3.51.3 or newer is needed", rusqlite::version()),
            ));
        }
        let absolute = std::path::absolute(path).map_err(file)?;
        let directory = absolute.parent().unwrap_or(&absolute);
        if let Ok(Some(network)) = network_file_system(directory) {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "{}: the journal cannot be on {network}, where locks and writes cannot be relied on, and a payment \
                     could be made by two hosts; put it on a disk of this machine",
                    path.display()
                ),
            ));
        }
        make_private(path).map_err(file)?;
        let mut writing = connect(path).map_err(explain).map_err(blame)?;
        set_up(&mut writing).map_err(blame)?;
        let reading = connect(path).map_err(explain).map_err(blame)?;
        let owner = Arc::new(Owner::register(path).map_err(file)?);
        // The writer closes last, so that SQLite folds the log into the file. Each thread keeps the owner alive until
        // its connection is closed.
        let (reader_lives, reader_ended) = mpsc::channel::<()>();
        let wait = move || {
            let _ = reader_ended.recv();
        };
        let held = (Arc::clone(&owner), reader_lives);
        let reads = Worker::start("journal-read", reading, false, || (), held).map_err(file)?;
        let writes = Worker::start("journal-write", writing, true, wait, Arc::clone(&owner)).map_err(file)?;
        Ok(Self { path: path.to_owned(), owner, writes, reads })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes the file if there is none, and sees to it that only its owner can read it. SQLite gives the files it makes
/// beside it the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions());
        if mode & 0o077 != 0 {
            return Err(std::io::Error::other(format!(
                "others may read it (mode {:o}); make it private with chmod 600",
                mode & 0o777
            )));
        }
    }
    drop(file);
    Ok(())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    connect_with(path, OpenFlags::default())
}

pub(super) fn connect_with(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// What marks the file as a journal, and of which version.
fn stamp(connection: &Connection) -> Result<(i32, i32)> {
    let number =
        |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(explain);
    Ok((number("application_id")?, number("user_version")?))
}

/// Makes a new file a journal, under the file's own lock, or checks that an old one is a journal of this version.
fn set_up(connection: &mut Connection) -> Result<()> {
    if stamp(connection)? == (0, 0) {
        let change = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(explain)?;
        let tables: i64 =
            change.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(explain)?;
        // Another process may have made the journal since we looked.
        if tables == 0 {
            change.execute_batch(include_str!("schema.sql")).map_err(explain)?;
            change.pragma_update(None, "application_id", APPLICATION_ID).map_err(explain)?;
            change.pragma_update(None, "user_version", VERSION).map_err(explain)?;
        }
        change.commit().map_err(explain)?;
    }
    stamped(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(explain)
}

/// Checks that the file is a journal of this version.
pub(super) fn stamped(connection: &Connection) -> Result<()> {
    let (application, version) = stamp(connection)?;
    if application != APPLICATION_ID || version < VERSION {
        return Err(Error::new(ErrorKind::Journal, "the file is an SQLite database, but not a journal"));
    }
    if version > VERSION {
        return Err(Error::new(
            ErrorKind::Journal,
            format!(
                "the journal has format {version}, and this program knows formats up to {VERSION}: use the newer \
                 program that wrote it"
            ),
        ));
    }
    Ok(())
}

fn millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// Reads a moment; a number outside the calendar is damage.
fn moment(column: usize, millis: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_timestamp_millis(millis).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, millis))
}

fn unreadable(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}

fn key(column: usize, row: &Row<'_>) -> rusqlite::Result<ReferenceId> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(Uuid::from_bytes(bytes).into())
}

/// Whether what was read cannot be what was written, which says nothing of other rows and of the store.
fn is_of_the_row(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)
    )
}

/// Tells of a payment's row that cannot be read by what can be, which is in those columns.
fn illegible(row: &Row<'_>, columns: [usize; 3], id: PaymentId, error: &rusqlite::Error) -> Unread {
    let [operation, name, reference_id] = columns;
    let text = |column: usize| row.get::<_, String>(column).ok();
    let known = (
        text(operation).and_then(|operation| Operation::new(operation).ok()),
        text(name).and_then(|name| Name::new(name).ok()),
        key(reference_id, row).ok(),
    );
    // What the driver says around it is of no use to a person.
    let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    unread(id, known, &cause)
}

/// A payment's row: its number, what was intended, the digest that was written with it, and when it was recorded.
type Written = (PaymentId, Intent, [u8; 32], Timestamp);

pub(super) const PAYMENT: &str =
    "SELECT id, rail, operation, name, reference_id, contents, expect, digest, created_at FROM payments";

pub(super) fn payment(row: &Row<'_>) -> rusqlite::Result<Written> {
    let text = |column: usize| row.get::<_, String>(column);
    let intent = Intent {
        rail: text(1)?,
        operation: Operation::new(text(2)?).map_err(|e| unreadable(2, e))?,
        name: Name::new(text(3)?).map_err(|e| unreadable(3, e))?,
        reference_id: key(4, row)?,
        contents: text(5)?,
        expect: serde_json::from_str(&text(6)?).map_err(|e| unreadable(6, e))?,
    };
    Ok((PaymentId(row.get(0)?), intent, row.get(7)?, moment(8, row.get(8)?)?))
}

/// The same, of a payment that is asked for: what is wrong with its row alone is an error of its own.
fn written(row: &Row<'_>) -> rusqlite::Result<Result<Written>> {
    match payment(row) {
        Err(error) if is_of_the_row(&error) => {
            Ok(Err(illegible(row, [2, 3, 4], PaymentId(row.get(0)?), &error).into()))
        }
        read => read.map(Ok),
    }
}

/// The plus keeps SQLite from planning for the very payment, and so from preparing the statement anew for each.
const EVENTS: &str = "SELECT place, at, event, digest FROM events WHERE payment = +?1 ORDER BY place";

/// Reads a payment's events, and checks that the record is the one that was written.
pub(super) fn record(
    connection: &Connection,
    (id, intent, digest, created_at): Written,
) -> rusqlite::Result<Result<Record>> {
    if intent.digest() != digest {
        return Ok(Err(damaged(&intent.name, "does not have the contents it was written with")));
    }
    let mut statement = connection.prepare_cached(EVENTS)?;
    let mut rows = statement.query([id.0])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let read = event(row)
            .map(|(place, at, text, digest)| entry((id, &intent), (entries.len(), place), at, text, &digest));
        match read {
            Ok(Ok(entry)) => entries.push(entry),
            Ok(Err(error)) => return Ok(Err(error)),
            Err(error) if is_of_the_row(&error) => {
                return Ok(Err(
                    damaged(&intent.name, "holds an event that cannot be read").with_source(error)
                ));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Ok(Record { id, intent, created_at, entries }))
}

fn event<'r>(row: &'r Row<'_>) -> rusqlite::Result<(usize, i64, &'r str, EventDigest)> {
    Ok((row.get(0)?, row.get(1)?, row.get_ref(2)?.as_str()?, row.get(3)?))
}

fn by_id(connection: &Connection, id: PaymentId) -> rusqlite::Result<Result<Record>> {
    let mut statement = connection.prepare_cached(&format!("{PAYMENT} WHERE id = ?1"))?;
    match statement.query_row([id.0], written)? {
        Ok(found) => record(connection, found),
        Err(error) => Ok(Err(error)),
    }
}

fn insert_events(
    connection: &Connection,
    id: PaymentId,
    first: usize,
    entries: &[Entry],
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO events (payment, place, at, event, digest) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (place, entry) in (first..).zip(entries) {
        let EventRow { at, event, digest } = EventRow::of(id, place, entry);
        insert.execute(params![id.0, place, at, event, digest])?;
    }
    Ok(())
}

/// What is written of a new payment, worked out before it takes up the writer's time.
struct NewPayment {
    intent: Intent,
    expect: String,
    digest: [u8; 32],
    at: Timestamp,
    owner: Uuid,
}

impl NewPayment {
    /// Inserts it, unless there is one of that name.
    fn insert(&self, connection: &Connection) -> rusqlite::Result<Option<PaymentId>> {
        let mut insert = connection.prepare_cached(
            "INSERT INTO payments (rail, operation, name, reference_id, contents, expect, digest, created_at,
                                   standing, updated_at, owner, epoch)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'intended', ?8, ?9, 1)
             ON CONFLICT (rail, name) DO NOTHING",
        )?;
        let inserted = insert.execute(params![
            self.intent.rail,
            self.intent.operation.as_str(),
            self.intent.name.as_str(),
            self.intent.reference_id.as_uuid().as_bytes(),
            self.intent.contents,
            self.expect,
            self.digest,
            millis(self.at),
            self.owner.as_bytes(),
        ])?;
        Ok((inserted == 1).then(|| PaymentId(connection.last_insert_rowid())))
    }
}

/// The plus keeps SQLite from going through all payments of the rail, which it otherwise takes for the shorter way.
const BY_REFERENCE_ID: &str = "WHERE +rail = ?1 AND id IN (SELECT id FROM payments WHERE reference_id = ?2
                                        UNION ALL SELECT payment FROM attempts WHERE reference_id = ?2)";

fn find(connection: &Connection, rail: &str, sought: &Key) -> rusqlite::Result<Result<Option<Record>>> {
    let found = match sought {
        Key::Name(name) => connection
            .prepare_cached(&format!("{PAYMENT} WHERE rail = ?1 AND name = ?2"))?
            .query_row(params![rail, name.as_str()], written),
        Key::ReferenceId(reference_id) => connection
            .prepare_cached(&format!("{PAYMENT} {BY_REFERENCE_ID}"))?
            .query_row(params![rail, reference_id.as_uuid().as_bytes()], written),
    };
    match found.optional()? {
        Some(Ok(found)) => Ok(record(connection, found)?.map(Some)),
        Some(Err(error)) => Ok(Err(error)),
        None => Ok(Ok(None)),
    }
}

fn claim(connection: &Connection, owner: &Owner, id: PaymentId) -> rusqlite::Result<Result<Claim>> {
    let (holder, standing): (Option<[u8; 16]>, String) = connection
        .prepare_cached("SELECT owner, standing FROM payments WHERE id = ?1")?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found = match by_id(connection, id)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if standing.parse::<Standing>().is_ok_and(Standing::is_ended) {
        // The events are the payment; the word beside them only finds those that have not ended.
        let told = found.state().map(|state| Standing::of(&state).is_ended());
        return Ok(match told {
            Ok(true) => Ok(Claim::Ended(found)),
            Ok(false) => Err(damaged(&found.intent.name, "is called ended, which its events do not say")),
            Err(error) => Err(error),
        });
    }
    if let Some(holder) = holder {
        match owner.is_alive(Uuid::from_bytes(holder)) {
            Ok(true) if Uuid::from_bytes(holder) != owner.id() => return Ok(Ok(Claim::Elsewhere)),
            Ok(_) => {}
            Err(error) => return Ok(Err(untold(&error))),
        }
    }
    let epoch = take(connection, owner, id)?;
    Ok(Ok(Claim::Ours(Lease { id, epoch, next: found.entries.len() }, found)))
}

/// Goes through the unfinished payments, and asks of each process only once whether it lives. The operations take turns,
/// those of the earliest that are free.
fn claim_free(
    connection: &Connection,
    owner: &Owner,
    rail: &str,
    limit: usize,
) -> rusqlite::Result<Result<Vec<(Lease, Record)>>> {
    let mut unfinished = connection.prepare_cached(
        "SELECT id, owner, operation FROM payments
         WHERE rail = ?1 AND standing NOT IN ('completed', 'failed', 'parked') ORDER BY id",
    )?;
    let mut living = HashMap::from([(owner.id(), true)]);
    let (mut turns, mut free, mut rows) = (Turns::default(), 0, unfinished.query([rail])?);
    while free < TURNS_AMONG
        && let Some(row) = rows.next()?
    {
        let held = match row.get::<_, Option<[u8; 16]>>(1)?.map(Uuid::from_bytes) {
            None => false,
            Some(holder) => match living.entry(holder) {
                MapEntry::Occupied(known) => *known.get(),
                MapEntry::Vacant(unknown) => match owner.is_alive(holder) {
                    Ok(lives) => *unknown.insert(lives),
                    Err(error) => return Ok(Err(untold(&error))),
                },
            },
        };
        if !held {
            free += 1;
            // One that cannot be read takes its turn, too, and is found damaged.
            turns.add(row.get_ref(2)?.as_str().unwrap_or_default(), PaymentId(row.get(0)?));
        }
    }
    drop(rows);
    let ids = turns.first(limit);
    let mut taken = Vec::with_capacity(ids.len());
    for id in ids {
        let epoch = take(connection, owner, id)?;
        match by_id(connection, id)? {
            Ok(found) => taken.push((Lease { id, epoch, next: found.entries.len() }, found)),
            Err(error) => left_out(&error),
        }
    }
    Ok(Ok(taken))
}

fn take(connection: &Connection, owner: &Owner, id: PaymentId) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("UPDATE payments SET owner = ?2, epoch = epoch + 1 WHERE id = ?1 RETURNING epoch")?
        .query_row(params![id.0, owner.id().as_bytes()], |row| row.get(0))
}

fn untold(error: &std::io::Error) -> Error {
    let message = format!("it cannot be told whether the payment's process still runs: {error}");
    Error::new(ErrorKind::Journal, message)
}

fn append(
    connection: &Connection,
    owner: Uuid,
    lease: Lease,
    entries: &[Entry],
    standing: Standing,
) -> rusqlite::Result<Result<Lease>> {
    let at = entries.last().map(|entry| millis(entry.at));
    let ours = connection
        .prepare_cached(
            "UPDATE payments SET standing = ?4, updated_at = coalesce(?5, updated_at),
                                 owner = CASE WHEN ?6 THEN NULL ELSE owner END
             WHERE id = ?1 AND epoch = ?2 AND owner = ?3",
        )?
        .execute(params![
            lease.id.0,
            lease.epoch,
            owner.as_bytes(),
            standing.as_str(),
            at,
            standing.is_ended()
        ])?;
    if ours == 0 {
        return Ok(Err(taken_over()));
    }
    insert_events(connection, lease.id, lease.next, entries)?;
    Ok(Ok(Lease { next: lease.next + entries.len(), ..lease }))
}

fn reopen(
    connection: &Connection,
    owner: Uuid,
    (id, next): (PaymentId, usize),
    again: &Entry,
) -> rusqlite::Result<Result<Lease>> {
    let Event::Again { attempt, reference_id } = &again.event else {
        return Ok(Err(Error::new(ErrorKind::Invalid, "only a further attempt can open a payment again")));
    };
    let epoch = connection
        .prepare_cached(
            "UPDATE payments SET standing = 'intended', updated_at = ?3, owner = ?4, epoch = epoch + 1
             WHERE id = ?1 AND standing = 'failed'
               AND ?2 = (SELECT count(*) FROM events WHERE payment = ?1)
             RETURNING epoch",
        )?
        .query_row(params![id.0, next, millis(again.at), owner.as_bytes()], |row| row.get(0))
        .optional()?;
    let Some(epoch) = epoch else {
        return Ok(Err(Error::new(
            ErrorKind::NotFailed,
            "the payment has not failed, or was tried again already",
        )));
    };
    insert_events(connection, id, next, std::slice::from_ref(again))?;
    connection
        .prepare_cached(
            "INSERT INTO attempts (payment, attempt, reference_id)
             SELECT ?1, ?2, ?3 WHERE ?3 NOT IN (SELECT reference_id FROM payments WHERE id = ?1
                                       UNION ALL SELECT reference_id FROM attempts WHERE payment = ?1)",
        )?
        .execute(params![id.0, attempt, reference_id.as_uuid().as_bytes()])?;
    Ok(Ok(Lease { id, epoch, next: next + 1 }))
}

fn resolve(
    connection: &Connection,
    (id, next): (PaymentId, usize),
    resolved: &Entry,
    standing: Standing,
) -> rusqlite::Result<Result<()>> {
    let parked = connection
        .prepare_cached(
            "UPDATE payments SET standing = ?3, updated_at = ?4, epoch = epoch + 1
             WHERE id = ?1 AND standing = 'parked'
               AND ?2 = (SELECT count(*) FROM events WHERE payment = ?1)",
        )?
        .execute(params![id.0, next, standing.as_str(), millis(resolved.at)])?;
    if parked == 0 {
        return Ok(Err(not_parked()));
    }
    insert_events(connection, id, next, std::slice::from_ref(resolved))?;
    Ok(Ok(()))
}

/// What a list shows.
const LISTED: &str =
    "SELECT id, operation, name, reference_id, expect, standing, created_at, updated_at, rail FROM";

/// Payments that are said to go over rails for which the journal is not bound. Which those are is found by going from one to the
/// next in an index, whatever lies between.
fn astray(unfinished: &str) -> String {
    format!(
        "WITH RECURSIVE said (over) AS (
             SELECT min(rail) FROM payments WHERE true {unfinished}
             UNION ALL
             SELECT (SELECT min(rail) FROM payments WHERE rail > said.over {unfinished})
             FROM said WHERE said.over IS NOT NULL
         )
         {LISTED} said CROSS JOIN payments ON rail = said.over
         WHERE said.over NOT IN (SELECT rail FROM bindings) AND rail <> ?1"
    )
}

/// Which payments are listed, and in what order; the first part for itself, too.
fn chosen(filter: &Filter) -> (&'static str, String) {
    // The condition is the one of the partial index, to the letter, so that SQLite uses it.
    let unfinished =
        if filter.unfinished { "AND standing NOT IN ('completed', 'failed', 'parked')" } else { "" };
    (unfinished, format!("(?3 IS NULL OR standing = ?3) {unfinished} ORDER BY id LIMIT ?4"))
}

/// The payments of a rail. The plus keeps SQLite from sorting all of them for each page, by an index that has them by name.
fn these(unfinished: bool, chosen: &str) -> String {
    let plus = if unfinished { "" } else { "+" };
    format!("{LISTED} payments WHERE {plus}rail = ?1 AND id > ?2 AND {chosen}")
}

/// A payment whose rail was damaged is listed with those of every rail: it is nobody's, and somebody must hear of it.
fn list(connection: &Connection, rail: &str, filter: &Filter) -> rusqlite::Result<Vec<Listed>> {
    let (unfinished, chosen) = chosen(filter);
    let after = filter.after.map_or(i64::MIN, |id| id.0);
    let standing = filter.standing.map(Standing::as_str);
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let mut listed = Vec::new();
    let these = these(filter.unfinished, &chosen);
    // The plus keeps SQLite from going through all payments.
    let astray = format!("{} AND +id > ?2 AND {chosen}", astray(unfinished));
    for query in [these, astray] {
        let mut statement = connection.prepare_cached(&query)?;
        let mut rows = statement.query(params![rail, after, standing, limit])?;
        while let Some(row) = rows.next()? {
            listed.push((row.get(0)?, one(row, rail)?));
        }
    }
    listed.sort_by_key(|(id, _): &(i64, Listed)| *id);
    listed.truncate(filter.limit);
    Ok(listed.into_iter().map(|(_, listed)| listed).collect())
}

fn one(row: &Row<'_>, rail: &str) -> rusqlite::Result<Listed> {
    let id = PaymentId(row.get(0)?);
    let summary = || {
        let said: String = row.get(8)?;
        if said != rail {
            let cause = format!("it is said to go over {said:?}, which the journal has never been used for");
            return Err(unreadable(8, std::io::Error::other(cause)));
        }
        Ok(Summary {
            id,
            operation: Operation::new(row.get::<_, String>(1)?).map_err(|e| unreadable(1, e))?,
            name: Name::new(row.get::<_, String>(2)?).map_err(|e| unreadable(2, e))?,
            reference_id: key(3, row)?,
            expect: serde_json::from_str(&row.get::<_, String>(4)?).map_err(|e| unreadable(4, e))?,
            standing: row.get::<_, String>(5)?.parse().map_err(|e: Error| unreadable(5, e))?,
            created_at: moment(6, row.get(6)?)?,
            updated_at: moment(7, row.get(7)?)?,
        })
    };
    match summary() {
        Err(error) if is_of_the_row(&error) => Ok(Err(illegible(row, [1, 2, 3], id, &error))),
        read => read.map(Ok),
    }
}

impl Journal for SqliteJournal {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<()>> {
        let (rail, namespace) = (rail.to_owned(), namespace.clone());
        Box::pin(self.writes.run(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO bindings (rail, namespace) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                )?
                .execute(params![rail, namespace.as_str()])?;
            let remembered: String = connection
                .prepare_cached("SELECT namespace FROM bindings WHERE rail = ?1")?
                .query_row([&rail], |row| row.get(0))?;
            let same = remembered == namespace.as_str();
            Ok(if same { Ok(()) } else { Err(other_namespace(&rail, &remembered)) })
        }))
    }

    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>)>> {
        let expect = serde_json::to_string(&intent.expect).expect("an expectation is plain data");
        let new =
            Arc::new(NewPayment { digest: intent.digest(), expect, intent, at, owner: self.owner.id() });
        let inserting = Arc::clone(&new);
        Box::pin(async move {
            let insert = move |connection: &Connection| match inserting.insert(connection)? {
                Some(id) => Ok(Ok(Ok(id))),
                None => {
                    let name = Key::Name(inserting.intent.name.clone());
                    Ok(find(connection, &inserting.intent.rail, &name)?.map(Err))
                }
            };
            match self.writes.run(insert).await? {
                Ok(id) => {
                    let intent = new.intent.clone();
                    let record = Record { id, intent, created_at: at, entries: Vec::new() };
                    Ok((record, Some(Lease { id, epoch: 1, next: 0 })))
                }
                Err(found) => Ok((
                    found.expect("the insertion met a row of that name, and rows are never removed"),
                    None,
                )),
            }
        })
    }

    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim>> {
        let owner = Arc::clone(&self.owner);
        Box::pin(self.writes.run(move |connection| claim(connection, &owner, id)))
    }

    fn claim_free<'a>(&'a self, rail: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<(Lease, Record)>>> {
        let (owner, rail) = (Arc::clone(&self.owner), rail.to_owned());
        Box::pin(self.writes.run(move |connection| claim_free(connection, &owner, &rail, limit)))
    }

    fn is_held_elsewhere(&self, id: PaymentId) -> BoxFuture<'_, Result<bool>> {
        let ours = Arc::clone(&self.owner);
        Box::pin(self.reads.run(move |connection| {
            let holder: Option<[u8; 16]> = connection
                .prepare_cached("SELECT owner FROM payments WHERE id = ?1")?
                .query_row([id.0], |row| row.get(0))?;
            let others = holder.map(Uuid::from_bytes).filter(|holder| *holder != ours.id());
            Ok(others.map_or(Ok(false), |holder| ours.is_alive(holder).map_err(|error| untold(&error))))
        }))
    }

    fn append(&self, lease: Lease, entries: Vec<Entry>, standing: Standing) -> BoxFuture<'_, Result<Lease>> {
        let owner = self.owner.id();
        Box::pin(self.writes.run(move |connection| append(connection, owner, lease, &entries, standing)))
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<()>> {
        self.release_all(vec![lease])
    }

    fn release_all(&self, leases: Vec<Lease>) -> BoxFuture<'_, Result<()>> {
        let owner = self.owner.id();
        Box::pin(self.writes.run(move |connection| {
            let mut release = connection.prepare_cached(
                "UPDATE payments SET owner = NULL WHERE id = ?1 AND epoch = ?2 AND owner = ?3",
            )?;
            for Lease { id, epoch, .. } in &leases {
                release.execute(params![id.0, epoch, owner.as_bytes()])?;
            }
            Ok(Ok(()))
        }))
    }

    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease>> {
        let (owner, read) = (self.owner.id(), (record.id, record.entries.len()));
        Box::pin(self.writes.run(move |connection| reopen(connection, owner, read, &again)))
    }

    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<()>> {
        let read = (record.id, record.entries.len());
        Box::pin(self.writes.run(move |connection| resolve(connection, read, &resolved, standing)))
    }

    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>>> {
        let rail = rail.to_owned();
        Box::pin(self.reads.run(move |connection| find(connection, &rail, &key)))
    }

    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>>> {
        let rail = rail.to_owned();
        Box::pin(self.reads.run(move |connection| list(connection, &rail, &filter).map(Ok)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Effect;
    use crate::journal::row::event_digest;
    use crate::money::{Currency, Money};
    use crate::step::Expect;

    fn intent(name: &str) -> Intent {
        let operation = Operation::new("payout").unwrap();
        let name = Name::new(name).unwrap();
        let reference_id = ReferenceId::derive(&Namespace::new("merchant-42").unwrap(), &operation, &name, 1);
        Intent {
            rail: "dollr".to_owned(),
            operation,
            name,
            reference_id,
            contents: "{}".to_owned(),
            expect: Expect::Amount(Money::new("1.00", Currency::USD).unwrap()),
        }
    }

    fn now() -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000, 0).unwrap()
    }

    /// Opens the file behind the journal's back.
    fn raw(path: &Path) -> Connection {
        Connection::open(path).unwrap()
    }

    /// However many there are: each look at a payment begins so.
    #[tokio::test]
    async fn a_payment_is_found_by_its_key_without_going_through_the_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        journal.intend(intent("pay/1"), now()).await.unwrap();
        let connection = raw(&path);
        let mut plan =
            connection.prepare(&format!("EXPLAIN QUERY PLAN {PAYMENT} {BY_REFERENCE_ID}")).unwrap();
        let steps: Vec<String> = plan
            .query_map(params!["dollr", [0_u8; 16]], |row| row.get(3))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(steps[0], "SEARCH payments USING INTEGER PRIMARY KEY (rowid=?)", "{steps:?}");
        assert!(!steps.iter().any(|step| step.contains("SCAN") || step.contains("(rail=?)")), "{steps:?}");
    }

    /// However many come before it.
    #[tokio::test]
    async fn a_page_of_a_list_is_read_from_where_the_last_one_ended_without_sorting() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        drop(SqliteJournal::open(&path).unwrap());
        let connection = raw(&path);
        for (unfinished, words) in [
            (false, "SEARCH payments USING INTEGER PRIMARY KEY (rowid>?)"),
            (true, "SEARCH payments USING INDEX payments_unfinished (rail=? AND id>?)"),
        ] {
            let (_, chosen) = chosen(&Filter { unfinished, ..Filter::default() });
            let query = format!("EXPLAIN QUERY PLAN {}", these(unfinished, &chosen));
            let mut plan = connection.prepare(&query).unwrap();
            let steps = plan.query_map(params!["dollr", 7, None::<&str>, 100], |row| row.get(3)).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            assert_eq!(steps, [words]);
        }
    }

    /// With a bare parameter SQLite did so for each payment, which took longer than to read it.
    #[tokio::test]
    async fn a_statement_that_reads_events_is_prepared_once_for_all_payments() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        let connection = connect(&path).unwrap();
        for n in 0..3 {
            let (record, _) = journal.intend(intent(&format!("pay/{n}")), now()).await.unwrap();
            assert_eq!(by_id(&connection, record.id).unwrap().unwrap(), record);
        }
        let statement = connection.prepare_cached(EVENTS).unwrap();
        assert_eq!(statement.get_status(rusqlite::StatementStatus::Run), 3);
        assert_eq!(statement.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }

    #[test]
    fn an_sqlite_that_can_lose_writes_is_known_by_its_number() {
        assert_eq!(
            [3_050_004, 3_051_002, 3_051_003, 3_052_000].map(loses_writes),
            [true, true, false, false]
        );
    }

    /// Drops the journal and waits until its threads have let go of the file.
    async fn close(journal: SqliteJournal) {
        let lock = crate::journal::owner::lock_path(journal.path(), journal.owner.id());
        drop(journal);
        while lock.exists() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_journal_that_is_closed_is_one_file() {
        let dir = tempfile::tempdir().unwrap();
        for n in 0..20 {
            let journal = SqliteJournal::open(dir.path().join("journal.db")).unwrap();
            journal.intend(intent(&format!("p{n}")), now()).await.unwrap();
            close(journal).await;
            let files: Vec<_> =
                std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().file_name()).collect();
            assert_eq!(files, ["journal.db"]);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_files_are_private_and_one_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        journal.intend(intent("a"), now()).await.unwrap();
        let mut seen = 0;
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", file.file_name());
            seen += 1;
        }
        assert!(seen >= 3, "the journal, its log and its lock are expected, not {seen} files");
        close(journal).await;
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(error.message().contains("chmod 600"), "{error}");
    }

    #[tokio::test]
    async fn every_commit_is_on_the_disk_before_it_is_acknowledged() {
        let dir = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(dir.path().join("journal.db")).unwrap();
        let settings = journal.writes.run(|connection| {
            let synchronous: i32 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
            Ok(Ok((synchronous, mode)))
        });
        // 2 is FULL.
        assert_eq!(settings.await.unwrap(), (2, "wal".to_owned()));
    }

    #[tokio::test]
    async fn callers_that_wait_together_share_a_commit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = Arc::new(SqliteJournal::open(&path).unwrap());
        // While another connection holds the write lock, everybody else has to queue up.
        let holder = raw(&path);
        holder.execute_batch("BEGIN IMMEDIATE").unwrap();
        let before = std::fs::metadata(path.with_extension("db-wal")).unwrap().len();
        let callers: Vec<_> = (0..500)
            .map(|n| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move { journal.intend(intent(&format!("p{n}")), now()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        holder.execute_batch("ROLLBACK").unwrap();
        for caller in callers {
            caller.await.unwrap().unwrap();
        }
        let pages = (std::fs::metadata(path.with_extension("db-wal")).unwrap().len() - before) / 4096;
        // One commit a payment would log at least the pages of two indexes and a table each time.
        assert!(pages < 500, "{pages} pages were logged for 500 payments");
    }

    #[tokio::test]
    async fn a_failure_of_one_caller_leaves_its_neighbours_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = Arc::new(SqliteJournal::open(&path).unwrap());
        journal.intend(intent("a"), now()).await.unwrap();
        let holder = raw(&path);
        holder.execute_batch("BEGIN IMMEDIATE").unwrap();
        let thief = Intent { name: Name::new("thief").unwrap(), ..intent("a") };
        let callers: Vec<_> = [intent("b"), thief, intent("c")]
            .map(|intent| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move { journal.intend(intent, now()).await.map(drop) })
            })
            .into();
        tokio::task::yield_now().await;
        holder.execute_batch("ROLLBACK").unwrap();
        let mut results = Vec::new();
        for caller in callers {
            results.push(caller.await.unwrap());
        }
        assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
        assert_eq!(results[1].as_ref().unwrap_err().kind(), ErrorKind::Journal);
    }

    #[tokio::test]
    async fn files_that_are_no_journal_of_ours_are_refused_and_left_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let (newer, older) = (dir.path().join("newer.db"), dir.path().join("older.db"));
        for (path, version) in [(&newer, VERSION + 1), (&older, VERSION - 1)] {
            close(SqliteJournal::open(path).unwrap()).await;
            raw(path).pragma_update(None, "user_version", version).unwrap();
        }
        let foreign = dir.path().join("foreign.db");
        raw(&foreign).execute_batch("CREATE TABLE t (x)").unwrap();
        let text = dir.path().join("text.db");
        std::fs::write(&text, "not a database, but long enough to have a header of its own".repeat(4))
            .unwrap();
        let refused = [
            (newer, "the journal has format 2"),
            (older, "but not a journal"),
            (foreign, "but not a journal"),
            (text, "is not a journal"),
        ];
        for (path, words) in refused {
            #[cfg(unix)]
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            let before = std::fs::read(&path).unwrap();
            let error = SqliteJournal::open(&path).unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::None));
            assert!(error.message().contains(words), "{error}");
            assert!(std::fs::read(&path).unwrap() == before, "{words}: the file was changed");
        }
    }

    #[tokio::test]
    async fn a_record_that_was_changed_or_is_not_understood_is_not_driven() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        for (name, damage, words) in [
            (
                "amount",
                "UPDATE payments SET expect = replace(expect, '1.00', '9.00') WHERE name = 'amount'",
                "contents",
            ),
            ("body", "UPDATE payments SET contents = '{\"x\":1}' WHERE name = 'body'", "contents"),
            ("key", "UPDATE payments SET reference_id = zeroblob(16) WHERE name = 'key'", "contents"),
            ("turned", "UPDATE events SET event = replace(event, 'pending', 'sending')", "not the one"),
            ("moved", "UPDATE events SET at = at + 1", "not the one"),
        ] {
            let (record, lease) = journal.intend(intent(name), now()).await.unwrap();
            let pending = Entry { at: now(), event: Event::Pending };
            journal.append(lease.unwrap(), vec![pending], Standing::Pending).await.unwrap();
            raw(&path).execute_batch(damage).unwrap();
            let error = journal.claim(record.id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Record);
            assert!(error.message().contains(words), "{name}: {error}");
        }
        for (name, place, event, words) in [
            ("event", 0, "teleported", "does not know"),
            ("gap", 1, "pending", "lacks an event"),
            ("order", 0, "sending", "impossible order"),
        ] {
            let (record, _) = journal.intend(intent(name), now()).await.unwrap();
            let event = format!("{{\"event\":\"{event}\"}}");
            let digest = event_digest(record.id, place, 0, &event);
            raw(&path)
                .execute(
                    "INSERT INTO events VALUES (?1, ?2, 0, ?3, ?4)",
                    params![record.id.0, place, event, digest],
                )
                .unwrap();
            let error = match journal.claim(record.id).await {
                Ok(Claim::Ours(_, record)) => record.state().unwrap_err(),
                Ok(other) => panic!("{other:?}"),
                Err(error) => error,
            };
            assert_eq!(error.kind(), ErrorKind::Record);
            assert!(error.message().contains(words), "{name}: {error}");
        }
    }

    #[tokio::test]
    async fn no_bit_that_turns_in_its_standing_hides_an_unfinished_payment() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        let (record, lease) = journal.intend(intent("a"), now()).await.unwrap();
        journal.append(lease.unwrap(), Vec::new(), Standing::Pending).await.unwrap();
        let unfinished = Filter { unfinished: true, ..Filter::default() };
        let turned = (0..8 * "pending".len()).map(|bit| {
            let mut word = b"pending".to_vec();
            word[bit / 8] ^= 1 << (bit % 8);
            word
        });
        // No single bit makes one of these of another.
        for word in turned {
            raw(&path).execute("UPDATE payments SET standing = CAST(?1 AS TEXT)", [&word]).unwrap();
            let [Err(unread)] = &journal.list("dollr", unfinished.clone()).await.unwrap()[..] else {
                panic!("{} is no word for a standing", word.escape_ascii());
            };
            assert_eq!((unread.id, unread.name.as_ref()), (record.id, Some(&record.intent.name)));
            assert!(unread.what.contains("journal check"), "{unread}");
        }
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_read_is_told_of_and_stops_and_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        for (name, damage) in [
            ("standing", "standing = 'completef'"),
            ("expect", "expect = replace(expect, '{', '[')"),
            ("operation", "operation = ''"),
            ("text", "operation = CAST(x'ff' AS TEXT)"),
            ("when", "created_at = 9223372036854775807"),
            ("rail", "rail = 'dollq'"),
        ] {
            let path = dir.path().join(name);
            let journal = SqliteJournal::open(&path).unwrap();
            journal.bind("dollr", &Namespace::new("merchant-42").unwrap()).await.unwrap();
            for payment in ["a", "b", "c"] {
                let (_, lease) = journal.intend(intent(payment), now()).await.unwrap();
                journal.release(lease.unwrap()).await.unwrap();
            }
            raw(&path).execute(&format!("UPDATE payments SET {damage} WHERE name = 'b'"), []).unwrap();
            for unfinished in [false, true] {
                let (mut filter, mut told) =
                    (Filter { unfinished, limit: 1, ..Filter::default() }, Vec::new());
                loop {
                    let page = journal.list("dollr", filter.clone()).await.unwrap();
                    if !filter.turn(&page) {
                        break;
                    }
                    told.extend(page);
                }
                let [Ok(a), Err(b), Ok(c)] = &told[..] else { panic!("{name}: {told:?}") };
                assert_eq!((a.name.as_str(), c.name.as_str()), ("a", "c"));
                assert_eq!(b.name.as_ref().map(Name::as_str), Some("b"));
                let told = b.to_string();
                assert!(told.contains("cannot be read") && told.contains("journal check"), "{told}");
            }
            let taken = journal.claim_free("dollr", 9).await.unwrap();
            let taken: Vec<_> = taken.iter().map(|(_, record)| record.intent.name.as_str()).collect();
            // The digests do not hold how it stands, which is for finding it, and never for driving it.
            assert_eq!(taken, if name == "standing" { &["a", "b", "c"][..] } else { &["a", "c"] }, "{name}");
        }
    }

    #[tokio::test]
    async fn a_payment_that_is_called_ended_and_is_not_is_damaged() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        let (record, _) = journal.intend(intent("a"), now()).await.unwrap();
        for ended in [Standing::Completed, Standing::Failed, Standing::Parked] {
            raw(&path).execute("UPDATE payments SET standing = ?1", [ended.as_str()]).unwrap();
            let error = journal.claim(record.id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Record);
            assert!(error.message().contains("called ended"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_damaged_page_is_called_damage_and_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        for n in 0..200 {
            journal.intend(intent(&format!("p{n}")), now()).await.unwrap();
        }
        close(journal).await;
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[4096..].fill(0xAA);
        std::fs::write(&path, &bytes).unwrap();
        let error = match SqliteJournal::open(&path) {
            Err(error) => error,
            Ok(journal) => journal.intend(intent("new"), now()).await.unwrap_err(),
        };
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::None));
        assert!(error.message().contains("damaged"), "{error}");
    }

    #[tokio::test]
    async fn tables_that_are_not_as_they_were_made_are_called_damage() {
        let dir = tempfile::tempdir().unwrap();
        for (name, damage) in [
            ("table", "ALTER TABLE payments RENAME TO payments0"),
            ("column", "ALTER TABLE payments RENAME COLUMN operation TO operatioo"),
            ("key", "UPDATE payments SET reference_id = randomblob(16)"),
        ] {
            let path = dir.path().join(name);
            let journal = SqliteJournal::open(&path).unwrap();
            journal.intend(intent("a"), now()).await.unwrap();
            close(journal).await;
            raw(&path).execute_batch(damage).unwrap();
            let error = match SqliteJournal::open(&path) {
                Err(error) => error,
                Ok(journal) => match journal.find("dollr", Key::Name(Name::new("a").unwrap())).await {
                    Err(error) => error,
                    Ok(found) => panic!("{name}: {found:?}"),
                },
            };
            let kind = if name == "key" { ErrorKind::Record } else { ErrorKind::Journal };
            assert_eq!(error.kind(), kind, "{name}");
            let plain = error.message().contains("damaged") || error.message().contains("contents");
            assert!(plain, "{name}: {error}");
        }
    }

    /// A backlog of any length costs a worker no more than that.
    #[tokio::test]
    async fn the_operations_take_turns_among_the_first_ten_thousand_that_are_free() {
        let dir = tempfile::tempdir().unwrap();
        let journal = SqliteJournal::open(dir.path().join("journal.db")).unwrap();
        let refund = |n| Intent { operation: Operation::new("refund").unwrap(), ..intent(&format!("p{n}")) };
        let intents = (0..=TURNS_AMONG).map(|n| match n {
            TURNS_AMONG => refund(n),
            n => intent(&format!("p{n}")),
        });
        let recorded = futures_util::future::join_all(intents.map(|intent| journal.intend(intent, now())));
        let leases: Vec<Lease> =
            recorded.await.into_iter().map(|recorded| recorded.unwrap().1.unwrap()).collect();
        journal.release_all(leases).await.unwrap();
        let taken = async || {
            let taken = journal.claim_free("dollr", 2).await.unwrap();
            let names = taken.iter().map(|(_, record)| record.intent.name.as_str().to_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(taken().await, ["p0", "p1"]);
        assert_eq!(taken().await, ["p2", "p10000"], "the last is among the first now");
    }

    #[tokio::test]
    async fn the_lock_files_of_the_dead_are_cleared_away_and_those_of_the_living_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let locks = || {
            let files = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name());
            files.filter(|name| name.to_string_lossy().contains("-owner-")).count()
        };
        let living = SqliteJournal::open(&path).unwrap();
        let (record, _) = living.intend(intent("a"), now()).await.unwrap();
        for _ in 0..3 {
            let dead = format!("journal.db-owner-{}", Uuid::new_v4().simple());
            std::fs::write(dir.path().join(dead), "").unwrap();
        }
        assert_eq!(locks(), 4);
        let other = SqliteJournal::open(&path).unwrap();
        assert_eq!(locks(), 2);
        assert_eq!(other.claim(record.id).await.unwrap(), Claim::Elsewhere);
    }

    #[tokio::test]
    async fn a_journal_that_cannot_be_written_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let journal = SqliteJournal::open(&path).unwrap();
        journal
            .writes
            .run(|connection| Ok(Ok(connection.pragma_update(None, "query_only", true)?)))
            .await
            .unwrap();
        let error = journal.intend(intent("a"), now()).await.unwrap_err();
        assert!(error.message().contains("cannot be written"), "{error}");
    }
}
