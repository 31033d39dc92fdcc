//! Looking after a journal's file: whether all of it is sound, a copy of it while others write, and its size.
//!
//! What must stay true: nothing here changes what a payment is or how it stands, and a file that is found damaged is left
//! as it is, because it is evidence.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::sqlite::{PAYMENT, connect_with, payment, record, stamped};
use super::writer::explain;
use super::{Intent, Record, Result, Standing, owner};
use crate::error::{Error, ErrorKind};
use crate::name::{Namespace, ReferenceId};
use crate::step::Event;

/// The most findings that are told one by one.
const MOST_FINDINGS: usize = 100;

/// What a check of a journal came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// How many payments were read.
    pub payments: u64,
    /// How many events were read, and folded.
    pub events: u64,
    /// How many processes have the journal open.
    pub processes: usize,
    /// What is wrong, the first hundred.
    pub findings: Vec<Finding>,
    /// How many more things are wrong.
    pub more_findings: u64,
}

/// One thing that is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The payment that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{name}: ")?;
        }
        write!(f, "{}; {}", self.what, self.advice)
    }
}

const PRIVATE: &str = "make it private: chmod 600 for files, chmod go-w for the directory";
const RESTORE: &str = "keep this file as evidence, restore the last backup beside it, and reconcile: until then, pay \
                       nothing again that may be in it";
const NOT_DRIVEN: &str = "it is not driven, and must not be paid by another name: restore the last backup, or decide by the \
                          provider's own record";

impl Health {
    fn find(&mut self, name: Option<&str>, what: impl Into<String>, advice: &'static str) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { name: name.map(str::to_owned), what: what.into(), advice });
        } else {
            self.more_findings += 1;
        }
    }

    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Reads the whole journal and says what is wrong with it: who else may read the files, SQLite's own `integrity_check`,
/// every digest, every key, and every payment's events folded. Others may go on writing meanwhile.
///
/// # Errors
/// `Journal` when there is no journal, or so little of one that it cannot be read at all. The file is left as it was.
pub fn check(path: impl AsRef<Path>) -> Result<Health> {
    let path = path.as_ref();
    let mut health = Health { processes: living(path)?, ..Health::default() };
    permissions(path, &mut health);
    let connection = open(path)?;
    let read = |error| blame(path, explain(error));
    connection.execute_batch("BEGIN").map_err(read)?;
    if let Err(error) = whole(&connection, &mut health).and_then(|()| payments(&connection, &mut health)) {
        health.find(None, explain(error).message(), RESTORE);
    }
    Ok(health)
}

/// Opens a journal that is there, and makes none.
fn open(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = connect_with(path, flags).map_err(|error| blame(path, explain(error)))?;
    stamped(&connection).map_err(|error| blame(path, error))?;
    Ok(connection)
}

fn blame(path: &Path, error: Error) -> Error {
    Error::new(ErrorKind::Journal, format!("{}: {}", path.display(), error.message())).with_source(error)
}

fn file(path: &Path, what: &str, error: std::io::Error) -> Error {
    blame(path, Error::new(ErrorKind::Journal, format!("{what}: {error}")))
}

/// How many processes have the journal open.
fn living(path: &Path) -> Result<usize> {
    owner::living(path).map_err(|error| file(path, "it cannot be told who has the journal open", error))
}

/// Who else may read the files, or put another in their place.
#[cfg(unix)]
fn permissions(path: &Path, health: &mut Health) {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| std::fs::metadata(path).ok().map(|file| file.permissions().mode() & 0o7777);
    for ending in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let place = PathBuf::from(name);
        if let Some(mode) = mode(&place).filter(|mode| mode & 0o077 != 0) {
            health.find(None, format!("others may read {} (mode {mode:o})", place.display()), PRIVATE);
        }
    }
    let directory = directory(path);
    // In a directory with the sticky bit, only the owner of a file can put another in its place.
    if let Some(mode) = mode(directory).filter(|mode| mode & 0o022 != 0 && mode & 0o1000 == 0) {
        let what =
            format!("others may put another file in its place in {} (mode {mode:o})", directory.display());
        health.find(None, what, PRIVATE);
    }
}

#[cfg(not(unix))]
fn permissions(_: &Path, _: &mut Health) {}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What SQLite itself finds wrong.
fn whole(connection: &Connection, health: &mut Health) -> rusqlite::Result<()> {
    let mut check = connection.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = check.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            health.find(None, format!("the file is damaged: {said}"), RESTORE);
        }
    }
    let orphans: i64 =
        connection.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if orphans > 0 {
        health.find(None, format!("{orphans} events or keys belong to no payment"), RESTORE);
    }
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        let advice = "open it with any command, which sets that right";
        health.find(None, format!("its write-ahead log is off ({mode})"), advice);
    }
    Ok(())
}

/// Every payment: its digests, its keys, its events folded, and whether the row says how it stands.
fn payments(connection: &Connection, health: &mut Health) -> rusqlite::Result<()> {
    let text = PAYMENT.replace(" FROM", ", standing FROM");
    let mut statement = connection.prepare(&format!("{text} ORDER BY id"))?;
    let mut namespace = connection.prepare("SELECT namespace FROM bindings WHERE rail = ?1")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        health.payments += 1;
        let read = payment(row).and_then(|found| Ok((found, row.get::<_, String>(9)?)));
        let (found, standing) = match read {
            Ok(found) => found,
            Err(error) => {
                let name = row.get::<_, String>(3).ok();
                health.find(name.as_deref(), format!("its row cannot be read: {error}"), NOT_DRIVEN);
                continue;
            }
        };
        let name = found.1.name.to_string();
        match record(connection, found)? {
            Ok(record) => {
                health.events += record.entries.len() as u64;
                let bound: rusqlite::Result<String> =
                    namespace.query_row([&record.intent.rail], |row| row.get(0));
                for (what, advice) in wrong(&record, &standing, bound.ok().as_deref()) {
                    health.find(Some(&name), what, advice);
                }
            }
            Err(error) => health.find(Some(&name), error.message(), NOT_DRIVEN),
        }
    }
    Ok(())
}

/// What is wrong with a payment whose digests are right.
fn wrong(record: &Record, standing: &str, namespace: Option<&str>) -> Vec<(String, &'static str)> {
    let state = match record.state() {
        Ok(state) => state,
        Err(error) => return vec![(error.message().to_owned(), NOT_DRIVEN)],
    };
    let mut wrong = Vec::new();
    let folded = Standing::of(&state);
    if folded.as_str() != standing {
        wrong.push((format!("its row says {standing}, and its events say {folded}"), NOT_DRIVEN));
    }
    let Some(namespace) = namespace.and_then(|namespace| Namespace::new(namespace).ok()) else {
        return wrong;
    };
    let Intent { operation, name, .. } = &record.intent;
    let derived = |attempt| ReferenceId::derive(&namespace, operation, name, attempt);
    let again = record.entries.iter().filter_map(|entry| match &entry.event {
        Event::Again { attempt, reference_id } => Some((*attempt, *reference_id)),
        _ => None,
    });
    for (attempt, key) in std::iter::once((1, record.intent.reference_id)).chain(again) {
        if key != derived(attempt) {
            let what = format!(
                "the key of attempt {attempt} does not follow from its name in namespace {namespace}"
            );
            wrong.push((what, NOT_DRIVEN));
        }
    }
    wrong
}

/// Copies the journal to a new file that only its owner can read, while others go on writing: all that was written before
/// is in the copy, and it is as the journal was at one moment. The copy is checked before it gets its name.
///
/// A copy is for a lost disk. Driven beside its original, both send; they do so under the same keys, which the provider
/// then has to tell apart alone.
///
/// # Errors
/// `Journal` when there is a file of that name already, when either file fails, or when the copy is found to be damaged,
/// as its original then is. No file is left behind; a crash in the middle may leave one whose name ends in `.partial`.
pub fn backup(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Health> {
    let (from, to) = (from.as_ref(), to.as_ref());
    if to.exists() {
        let taken =
            Error::new(ErrorKind::Journal, "there is a file of that name already; nothing was written");
        return Err(blame(to, taken));
    }
    let failed = |error| file(to, "the backup cannot be written", error);
    let source = open(from)?;
    let partial = tempfile::Builder::new().suffix(".partial").tempfile_in(directory(to)).map_err(failed)?;
    let copied = copy(&source, partial.path()).map_err(|error| blame(from, explain(error)));
    copied?;
    let health = check(partial.path())?;
    if let Some(finding) = health.findings.first() {
        return Err(blame(
            from,
            Error::new(ErrorKind::Journal, format!("the copy is damaged, and not kept: {finding}")),
        ));
    }
    partial.as_file().sync_all().map_err(failed)?;
    partial.persist_noclobber(to).map_err(|error| failed(error.error))?;
    #[cfg(unix)]
    std::fs::File::open(directory(to)).and_then(|directory| directory.sync_all()).map_err(failed)?;
    Ok(health)
}

/// In one step, so that no writer makes it begin anew.
fn copy(source: &Connection, to: &Path) -> rusqlite::Result<()> {
    let mut copy = Connection::open(to)?;
    let backup = Backup::new(source, &mut copy)?;
    loop {
        match backup.step(-1)? {
            StepResult::Done => return Ok(()),
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// What a compaction came to, in bytes of the file and its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Compacted {
    /// The size before.
    pub before: u64,
    /// The size after.
    pub after: u64,
}

/// Whether the journal can be compacted now: nobody else has it open, and nothing is wrong with it.
///
/// # Errors
/// `Journal`, saying why not. Nothing is done in either case.
pub fn may_compact(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let others = living(path)?;
    if others > 0 {
        let who = if others == 1 {
            "1 other process has".to_owned()
        } else {
            format!("{others} other processes have")
        };
        let message = format!("{who} the journal open, and nothing was done; let them end first");
        return Err(blame(path, Error::new(ErrorKind::Journal, message)));
    }
    let health = check(path)?;
    if let Some(finding) = health.findings.first() {
        let message = format!("nothing was done, because something is wrong with it: {finding}");
        return Err(blame(path, Error::new(ErrorKind::Journal, message)));
    }
    Ok(())
}

/// Folds the log into the file and gives unused space back, if no other process has the journal open. No payment and no
/// event is ever removed. Needs as much free space as the journal has; a crash in the middle leaves it as it was.
///
/// # Errors
/// `Journal` when another process has it open, when it is damaged, or when the disk fails. The journal is whole then.
pub fn compact(path: impl AsRef<Path>) -> Result<Compacted> {
    let path = path.as_ref();
    may_compact(path)?;
    let before = size(path);
    let connection = open(path)?;
    let done =
        connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
    done.map_err(|error| blame(path, explain(error)))?;
    drop(connection);
    Ok(Compacted { before, after: size(path) })
}

/// How many bytes the journal and its log take.
pub fn size(path: impl AsRef<Path>) -> u64 {
    let mut log = path.as_ref().as_os_str().to_owned();
    log.push("-wal");
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    bytes(path.as_ref()) + bytes(Path::new(&log))
}

#[cfg(test)]
mod tests;
