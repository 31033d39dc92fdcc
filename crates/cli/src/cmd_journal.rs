//! `payonce journal`: looking after the journal, a file or a database.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use payonce::Timestamp;
use payonce::journal::upkeep::{self, Compacted, Health};
use serde::Serialize;

use crate::config::JournalPlace;
use crate::exit::{Error, Exit};
use crate::print;
use crate::selection::when;
use crate::words::count;

/// Look after the journal: check, back up and compact a file; archive what a database holds.
#[derive(Debug, Args)]
pub(crate) struct JournalCommand {
    #[command(subcommand)]
    command: Upkeep,
}

#[derive(Debug, Subcommand)]
enum Upkeep {
    /// Check the whole journal, and say what to do about what is wrong: who else may read it, SQLite's own integrity check,
    /// every digest, every key, and every payment's events folded.
    ///
    /// Changes nothing, and others may write meanwhile. The exit code is 0 if all is well and 6 if something is wrong.
    Check {
        #[command(flatten)]
        journal: JournalPlace,
    },
    /// Copy the journal to a new file that only its owner can read, while others write; the copy is checked.
    ///
    /// For a lost disk. Never drive a copy while its original is in use: both would send, under the same reference ids.
    Backup {
        /// The file to make. One that is there is not overwritten.
        to: PathBuf,
        /// Check the journal, and make no file.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        journal: JournalPlace,
    },
    /// Move payments that completed long ago to the archive of their month, in a journal that is in a database. A month can then
    /// be detached, kept elsewhere and dropped (docs/fleet.md).
    ///
    /// Names and keys stay, so that nothing is paid again, and every command tells of an archived payment what it told before. It
    /// can be stopped at any time, run again, and run while others pay. The exit code is 6 if a damaged payment was left where it is.
    Archive {
        /// Those that completed before then: a date (2026-08-01), a time, or so long ago (90d), as `payonce list --since` takes
        /// it.
        #[arg(long, value_name = "WHEN", value_parser = when)]
        before: Timestamp,
        /// Say what would be moved, and move nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        journal: JournalPlace,
    },
    /// Fold the log into the file and give unused space back, if no other process has the journal open. No payment and no
    /// event is ever removed.
    Compact {
        /// Say whether it could be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        journal: JournalPlace,
    },
}

/// What a check found.
#[derive(Serialize)]
struct Checked<'h> {
    sound: bool,
    #[serde(flatten)]
    health: &'h Health,
}

/// What was copied.
#[derive(Serialize)]
struct BackedUp {
    /// The file; nothing was made in a dry run.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    payments: u64,
    events: u64,
    bytes: u64,
}

/// What a compaction came to, or would begin with.
#[derive(Serialize)]
struct Done {
    compacted: bool,
    bytes_before: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_after: Option<u64>,
}

impl JournalCommand {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        match self.command {
            Upkeep::Check { journal } => check(&journal, json),
            Upkeep::Backup { to, dry_run, journal } => back_up(&journal, &to, dry_run, json),
            Upkeep::Archive { before, dry_run, journal } => archive(&journal, before, dry_run, json).await,
            Upkeep::Compact { dry_run, journal } => compact(&journal, dry_run, json),
        }
    }
}

fn check(journal: &JournalPlace, json: bool) -> Result<Exit, Error> {
    let health = upkeep::check(journal.file()?)?;
    if json {
        print::json(&Checked { sound: health.is_sound(), health: &health });
        return Ok(if health.is_sound() { Exit::Done } else { Exit::Found });
    }
    let open = match health.processes {
        0 => "no process has it open".to_owned(),
        1 => "1 process has it open".to_owned(),
        processes => format!("{processes} processes have it open"),
    };
    let Health { payments, events, findings, more_findings, .. } = &health;
    findings.iter().for_each(|finding| print::line(finding.to_string()));
    if *more_findings > 0 {
        print::line(format!("and {more_findings} more"));
    }
    let held = format!("{} and {}", count(*payments, "payment"), count(*events, "event"));
    let read = format!("{held} read; {open}");
    if health.is_sound() {
        print::line(format!("sound: {read}"));
        return Ok(Exit::Done);
    }
    let found = findings.len() as u64 + more_findings;
    print::line(format!("{}: {read}", count(found, "finding")));
    Ok(Exit::Found)
}

fn back_up(journal: &JournalPlace, to: &PathBuf, dry_run: bool, json: bool) -> Result<Exit, Error> {
    let from = journal.file()?;
    let health = if dry_run { upkeep::check(&from)? } else { upkeep::backup(&from, to)? };
    let bytes = upkeep::size(if dry_run { &from } else { to });
    let Health { payments, events, .. } = health;
    let held = format!("{} and {}", count(payments, "payment"), count(events, "event"));
    let place = to.display().to_string();
    if json {
        let file = (!dry_run).then_some(place);
        print::json(&BackedUp { file, payments, events, bytes });
    } else if dry_run {
        print::line(format!("{place} would hold {held} ({bytes} bytes at most)"));
    } else {
        print::line(format!("{place} holds {held} ({bytes} bytes), and is sound"));
    }
    Ok(if health.is_sound() { Exit::Done } else { Exit::Found })
}

/// What was moved, or would be.
#[cfg(feature = "postgres")]
#[derive(Serialize)]
struct PutAway {
    archived: bool,
    #[serde(flatten)]
    what: payonce::journal::Archived,
}

#[cfg(feature = "postgres")]
async fn archive(
    journal: &JournalPlace,
    before: Timestamp,
    dry_run: bool,
    json: bool,
) -> Result<Exit, Error> {
    let journal = journal.database()?;
    let what = if dry_run { journal.archivable(before).await? } else { journal.archive(before).await? };
    let damaged = what.damaged;
    if json {
        print::json(&PutAway { archived: !dry_run, what });
    } else {
        let held =
            |payments, events| format!("{} with {}", count(payments, "payment"), count(events, "event"));
        for month in &what.months {
            print::line(format!("{}: {}", month.month, held(month.payments, month.events)));
        }
        let all = held(what.payments, what.events);
        print::line(if dry_run { format!("{all} would be archived") } else { format!("{all} archived") });
    }
    if damaged > 0 {
        let left = count(damaged, "damaged payment");
        print::note(format!("payonce: {left} left as it is; PAYONCE_LOG=error names each"));
    }
    Ok(if damaged > 0 { Exit::Found } else { Exit::Done })
}

#[cfg(not(feature = "postgres"))]
async fn archive(journal: &JournalPlace, _: Timestamp, _: bool, _: bool) -> Result<Exit, Error> {
    journal.database().map(|_| Exit::Error)
}

fn compact(journal: &JournalPlace, dry_run: bool, json: bool) -> Result<Exit, Error> {
    let path = journal.file()?;
    let done = if dry_run {
        upkeep::may_compact(&path)?;
        Done { compacted: false, bytes_before: upkeep::size(&path), bytes_after: None }
    } else {
        let Compacted { before, after, .. } = upkeep::compact(&path)?;
        Done { compacted: true, bytes_before: before, bytes_after: Some(after) }
    };
    let before = done.bytes_before;
    match done.bytes_after {
        _ if json => print::json(&done),
        Some(after) => print::line(format!("compacted from {before} to {after} bytes")),
        None => print::line(format!("could be compacted now, from {before} bytes; nothing was done")),
    }
    Ok(Exit::Done)
}
