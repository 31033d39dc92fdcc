//! Files of payments: checked whole, then paid line by line, then told line by line.
//!
//! What must stay true: nothing is sent while a line of the file is wrong; what is paid is what was checked, whatever
//! happens to the file meanwhile; the journal alone says who was paid, so a run that was killed anywhere is gone on with by
//! running it again; and however long the file is, it passes through in a memory of a fixed size.

pub(crate) mod check;
pub(crate) mod fees;
mod orders;
mod progress;
mod replaced;
mod report;
pub(crate) mod result;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod source;
pub(crate) mod tally;
mod twice;

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::exit::Exit;

/// Why there is no batch.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0} cannot be read: {1}; nothing was sent")]
    Unreadable(PathBuf, std::io::Error),
    #[error("{0} is neither .csv, .jsonl nor .json; give it the name of what it is; nothing was sent")]
    Format(PathBuf),
    #[error("the copy of {0} that is checked and paid cannot be made beside it: {1}; nothing was sent")]
    Copy(PathBuf, std::io::Error),
    #[error("{}: {} wrong, as shown above; nothing was sent", file.display(), count(*bad, "line is", "lines are"))]
    Bad { file: PathBuf, bad: u64 },
    #[error(
        "{}: {} not what its name was recorded with, as shown above; nothing was sent: use the old contents, or a new \
         name if it is another payment",
        file.display(),
        count(*taken, "line is", "lines are each")
    )]
    Taken { file: PathBuf, taken: u64 },
    #[error("there is nobody to ask: nothing was sent; look at the summary and give --yes to pay")]
    NobodyToAsk,
    #[error("nothing was sent, because the answer was not yes")]
    Declined,
    #[error(
        "{0} cannot be written: {1}; who was paid is in the journal, and `payonce batch report` tells it again"
    )]
    Unwritable(PathBuf, std::io::Error),
    #[error("the sorting of names in a temporary file failed: {0}; nothing was sent")]
    Sorting(std::io::Error),
}

impl Problem {
    /// The exit code that says the same.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Bad { .. } | Self::Format(_) | Self::NobodyToAsk => Exit::Usage,
            // What was paid is told by the code of a report that could be written.
            Self::Unwritable(..) => Exit::UnderWay,
            _ => Exit::Error,
        }
    }
}

/// So many of something.
pub(crate) fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

/// Something in a file that is wrong, and what is expected instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Bad {
    /// The line it begins in; the first is 1.
    pub(crate) line: u64,
    /// The column, or nothing where it is the whole line.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) column: String,
    pub(crate) read: String,
    pub(crate) expected: String,
}

/// The most characters of a file that are shown.
const SHOWN: usize = 60;

impl Bad {
    pub(crate) fn new(line: u64, column: &str, read: &str, expected: impl Into<String>) -> Self {
        let mut shown: String = read.chars().take(SHOWN).collect();
        if read.chars().nth(SHOWN).is_some() {
            shown.push('…');
        }
        Self { line, column: column.to_owned(), read: shown, expected: expected.into() }
    }

    /// It in one line.
    pub(crate) fn text(&self, file: &Path) -> String {
        let Self { line, column, read, expected } = self;
        let column = if column.is_empty() { String::new() } else { format!(" {column}:") };
        format!("{}:{line}:{column} read {read:?}; expected {expected}", file.display())
    }
}
