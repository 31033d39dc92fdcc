//! A file as records of named cells: CSV, lines of JSON, or one JSON array.
//!
//! What must stay true: the line of a record is the line it begins in, whatever is quoted before it; a record that cannot be
//! read is told and does not hide those after it; and no more of the file is in memory than one record.

mod csv;
mod json;
mod lines;

use std::fs::File;
use std::io::{BufReader, Seek};
use std::path::{Path, PathBuf};

use super::rows::Cells;
use super::{Bad, Problem};

/// No record is longer, so that a quote that is never closed is not the rest of the file.
const LONGEST: usize = 64 * 1024;

/// What a file is, by the end of its name.
#[derive(Clone, Copy, Debug)]
enum Format {
    Csv,
    /// One JSON object a line.
    JsonLines,
    /// One JSON array of objects.
    Json,
}

/// A file of payments.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    format: Format,
    file: File,
}

/// One record: the line it begins in, and its cells.
pub(crate) type Record = (u64, Cells);

impl Source {
    /// The file itself.
    pub(crate) fn open(path: &Path) -> Result<Self, Problem> {
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("csv") => Format::Csv,
            Some("jsonl" | "ndjson") => Format::JsonLines,
            Some("json") => Format::Json,
            _ => return Err(Problem::Format(path.to_owned())),
        };
        let file = File::open(path).map_err(|error| Problem::Unreadable(path.to_owned(), error))?;
        Ok(Self { path: path.to_owned(), format, file })
    }

    /// A copy of the file as it is now, on the same disk, without a name: it goes with this process, and nobody can change
    /// it.
    pub(crate) fn copy(path: &Path) -> Result<Self, Problem> {
        let mut source = Self::open(path)?;
        let copied = |error| Problem::Copy(path.to_owned(), error);
        let mut copy = tempfile::tempfile_in(directory(path)).map_err(copied)?;
        std::io::copy(&mut source.file, &mut copy).map_err(copied)?;
        Ok(Self { file: copy, ..source })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The records from the beginning. Only one such reading can be under way.
    pub(crate) fn records(&self) -> Result<Records, Problem> {
        let unreadable = |error| Problem::Unreadable(self.path.clone(), error);
        let mut file = self.file.try_clone().map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let input = BufReader::with_capacity(1 << 16, file);
        let reading = match self.format {
            Format::Csv => Reading::Csv(csv::Csv::new(lines::Lines::new(input))),
            Format::JsonLines => Reading::JsonLines(json::JsonLines::new(lines::Lines::new(input))),
            Format::Json => Reading::Json(json::Array::new(input)),
        };
        Ok(Records { path: self.path.clone(), reading })
    }
}

/// The directory that a file is in.
pub(crate) fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The records of a file, one after another.
pub(crate) struct Records {
    path: PathBuf,
    reading: Reading,
}

enum Reading {
    Csv(csv::Csv),
    JsonLines(json::JsonLines),
    Json(json::Array),
}

impl Iterator for Records {
    type Item = Result<Result<Record, Vec<Bad>>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.reading {
            Reading::Csv(csv) => csv.next(),
            Reading::JsonLines(lines) => lines.next(),
            Reading::Json(array) => array.next(),
        };
        let unreadable = |error| Problem::Unreadable(self.path.clone(), error);
        next.map_err(unreadable).transpose()
    }
}

/// What a reader of one format says: a record, what is wrong with it, or that there is no more.
type Next = std::io::Result<Option<Result<Record, Vec<Bad>>>>;
