//! Durable writes a second: the journal against a bare batched writer, and against one commit a call.
//!
//! All three write the same rows into fresh files of the same schema on the disk of the build directory. The keys are
//! the real ones, which are random, so that the price of their index is in every figure.

mod bare;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use dollr::ReferenceId;
use dollr::journal::SqliteJournal;
use serde::Serialize;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::report::{self, Machine, Table, median};
use crate::work::{intents, moment, rate, recorded, whole_payments};

/// How many callers there are, and how many rows they insert together: about half a second's work where the disk
/// synchronises so many pages a second.
fn inserts(syncs: usize) -> [(usize, usize); 4] {
    let alone = syncs.clamp(300, 3_000) / 2;
    [(1, alone), (16, alone * 10), (256, 40_000), (4096, 100_000)]
}

/// How many callers there are, and how many whole payments they write.
fn payments(syncs: usize) -> [(usize, usize); 2] {
    let alone = syncs.clamp(300, 3_000) / 4;
    [(1, alone), (16, alone * 10)]
}

/// How many times a page is written and synchronised, to tell what the disk does.
const SYNCS: usize = 200;

#[derive(Serialize)]
struct Figures {
    machine: Machine,
    rounds: u32,
    /// Pages written and synchronised one after another, a second.
    fdatasync_per_s: f64,
    one_commit_per_s: f64,
    inserts: Vec<Inserts>,
    payments: Vec<Payments>,
}

#[derive(Serialize)]
struct Inserts {
    callers: usize,
    rows: usize,
    journal_per_s: f64,
    bare_per_s: f64,
    journal_to_bare: f64,
    journal_to_one_commit: f64,
}

#[derive(Serialize)]
struct Payments {
    callers: usize,
    payments: usize,
    payments_per_s: f64,
}

/// Measures, prints the tables and saves the figures.
pub(crate) fn run(rounds: u32) -> Result<()> {
    let runtime = Runtime::new()?;
    let room = Room(tempfile::tempdir_in(report::directory()?)?);
    let mut syncs = Vec::new();
    let mut singles = Vec::new();
    // A slow disk gets less to do, so that a run takes a minute or two anywhere.
    let pace = disk(&room.file())? as usize;
    let (inserts, payments) = (inserts(pace), payments(pace));
    let mut journal = vec![Vec::new(); inserts.len()];
    let mut bare = vec![Vec::new(); inserts.len()];
    let mut whole = vec![Vec::new(); payments.len()];
    for round in 0..rounds {
        syncs.push(disk(&room.file())?);
        singles.push(one_commit(&room.file(), inserts[0].1)?);
        for (place, &(callers, rows)) in inserts.iter().enumerate() {
            // Neither is always the one that comes after the other.
            for turn in [round % 2, (round + 1) % 2] {
                match turn {
                    0 => journal[place].push(by_journal(&runtime, &room.file(), callers, rows)?),
                    _ => bare[place].push(by_bare_writer(&runtime, &room.file(), callers, rows)?),
                }
            }
        }
        for (place, &(callers, count)) in payments.iter().enumerate() {
            let path = room.file();
            let journal = Arc::new(SqliteJournal::open(&path)?);
            whole[place].push(whole_payments(&runtime, journal.clone(), callers, intents("salary", count)?)?);
            close(journal, &path)?;
        }
    }
    let one_commit_per_s = median(&singles);
    let inserts = inserts.iter().zip(journal.iter().zip(&bare)).map(|(&(callers, rows), (journal, bare))| {
        let (journal_per_s, bare_per_s) = (median(journal), median(bare));
        Inserts {
            callers,
            rows,
            journal_per_s,
            bare_per_s,
            journal_to_bare: journal_per_s / bare_per_s,
            journal_to_one_commit: journal_per_s / one_commit_per_s,
        }
    });
    let figures = Figures {
        machine: Machine::here(),
        rounds,
        fdatasync_per_s: median(&syncs),
        one_commit_per_s,
        inserts: inserts.collect(),
        payments: payments
            .iter()
            .zip(&whole)
            .map(|(&(callers, payments), rates)| Payments {
                callers,
                payments,
                payments_per_s: median(rates),
            })
            .collect(),
    };
    print(&figures);
    report::save("journal", &figures)
}

fn print(figures: &Figures) {
    let mut table =
        Table::new(&["callers", "journal/s", "bare/s", "one commit/s", "journal/bare", "journal/one commit"]);
    for line in &figures.inserts {
        table.row([
            line.callers.to_string(),
            format!("{:.0}", line.journal_per_s),
            format!("{:.0}", line.bare_per_s),
            format!("{:.0}", figures.one_commit_per_s),
            format!("{:.2}x", line.journal_to_bare),
            format!("{:.1}x", line.journal_to_one_commit),
        ]);
    }
    table.print(&format!(
        "Durable inserts a second, medians of {} rounds (SQLite {}; the disk synchronises {:.0} pages a second)",
        figures.rounds, figures.machine.sqlite, figures.fdatasync_per_s
    ));
    let mut table = Table::new(&["callers", "payments/s"]);
    for line in &figures.payments {
        table.row([line.callers.to_string(), format!("{:.0}", line.payments_per_s)]);
    }
    table.print(
        "Whole durable payments a second (intended; prepared and sending; completed: three commits each)",
    );
}

/// Where each measurement gets a file of its own.
struct Room(tempfile::TempDir);

impl Room {
    fn file(&self) -> PathBuf {
        self.0.path().join(format!("{}.db", ReferenceId::from(uuid::Uuid::new_v4()).as_uuid()))
    }
}

fn by_journal(runtime: &Runtime, path: &Path, callers: usize, rows: usize) -> Result<f64> {
    let journal = Arc::new(SqliteJournal::open(path)?);
    let rate = recorded(runtime, journal.clone(), callers, rows)?;
    close(journal, path)?;
    Ok(rate)
}

fn by_bare_writer(runtime: &Runtime, path: &Path, callers: usize, rows: usize) -> Result<f64> {
    let owner = uuid::Uuid::new_v4().into_bytes();
    let at = moment().timestamp_millis();
    let rows: Vec<_> = intents("salary", rows)?
        .iter()
        .map(|intent| bare::Row::new(intent, at, owner))
        .collect::<Result<_>>()?;
    let writer = bare::Writer::start(bare::open(path)?);
    let queue = writer.callers();
    let rate = rate(runtime, rows, callers, move |row| {
        let queue = queue.clone();
        async move {
            let (answer, id) = oneshot::channel();
            queue.send((row, answer))?;
            id.await?;
            Ok(())
        }
    })?;
    writer.end()?;
    remove(path)?;
    Ok(rate)
}

fn one_commit(path: &Path, rows: usize) -> Result<f64> {
    let connection = bare::open(path)?;
    let owner = uuid::Uuid::new_v4().into_bytes();
    let at = moment().timestamp_millis();
    let rows: Vec<_> = intents("salary", rows)?
        .iter()
        .map(|intent| bare::Row::new(intent, at, owner))
        .collect::<Result<_>>()?;
    let began = Instant::now();
    for row in &rows {
        bare::insert(&connection, row)?;
    }
    let rate = rows.len() as f64 / began.elapsed().as_secs_f64();
    drop(connection);
    remove(path)?;
    Ok(rate)
}

/// How many pages a second can be written and put on the disk, one after another.
fn disk(path: &Path) -> Result<f64> {
    let mut file = File::create(path)?;
    let page = [1; 4096];
    let began = Instant::now();
    for _ in 0..SYNCS {
        file.write_all(&page)?;
        file.sync_data()?;
    }
    let rate = SYNCS as f64 / began.elapsed().as_secs_f64();
    remove(path)?;
    Ok(rate)
}

/// Drops the journal and waits until its threads have closed the file, so that the next measurement has the disk to
/// itself. They are found by name; where that cannot be done, the next measurement begins at once.
fn close(journal: Arc<SqliteJournal>, path: &Path) -> Result<()> {
    drop(journal);
    let is_journals = |task: std::io::Result<std::fs::DirEntry>| {
        let name = task.and_then(|task| std::fs::read_to_string(task.path().join("comm")));
        name.is_ok_and(|name| name.starts_with("journal-"))
    };
    while std::fs::read_dir("/proc/self/task").is_ok_and(|mut tasks| tasks.any(is_journals)) {
        thread::sleep(Duration::from_millis(1));
    }
    if std::env::var_os("DBG").is_some() {
        println!("{:?}", std::fs::metadata(path.with_extension("db-wal")).map(|m| m.len()));
    }
    remove(path)
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_reaches_the_disk() {
        let room = Room(tempfile::tempdir().unwrap());
        let runtime = Runtime::new().unwrap();
        for callers in [1, 16] {
            assert!(by_journal(&runtime, &room.file(), callers, 32).unwrap() > 0.0);
            assert!(by_bare_writer(&runtime, &room.file(), callers, 32).unwrap() > 0.0);
            let journal = Arc::new(SqliteJournal::open(room.file()).unwrap());
            let intents = intents("salary", 32).unwrap();
            assert!(whole_payments(&runtime, journal, callers, intents).unwrap() > 0.0);
        }
    }
}
