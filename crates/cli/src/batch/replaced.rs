//! A file that takes the place of another in one step.
//!
//! What must stay true: at any moment the path holds the old contents or the new ones, whole; and a process that is killed
//! while it writes leaves nothing that its next run does not take away.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Problem;
use super::source::directory;

/// So long a file that is being made may lie there before its maker holds it.
const MAKING: Duration = Duration::from_secs(10);

/// A file in the making, beside the one whose place it will take.
pub(super) struct Replaced {
    path: PathBuf,
    /// Locked for as long as it is open, which a process that was killed no longer has it.
    pub(super) file: BufWriter<tempfile::NamedTempFile>,
}

impl Replaced {
    pub(super) fn new(path: &Path) -> Result<Self, Problem> {
        let unwritable = |error| Problem::Unwritable(path.to_owned(), error);
        let mut prefix = OsString::from(".");
        prefix.push(path.file_name().unwrap_or_default());
        prefix.push(".");
        clear(directory(path), &prefix).map_err(unwritable)?;
        let mut part = tempfile::Builder::new();
        let file = part.prefix(&prefix).suffix(SUFFIX).tempfile_in(directory(path)).map_err(unwritable)?;
        file.as_file().lock().map_err(unwritable)?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    /// Puts it in its place. It is on the disk when this returns.
    pub(super) fn replace(self) -> Result<(), Problem> {
        let Self { path, file } = self;
        let replace = || {
            let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            File::open(directory(&path))?.sync_all()
        };
        replace().map_err(|error| Problem::Unwritable(path.clone(), error))
    }
}

/// What a file in the making ends in.
const SUFFIX: &str = ".part";

/// Takes away what was in the making when its maker was killed.
fn clear(directory: &Path, prefix: &OsString) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if !bytes.starts_with(prefix.as_encoded_bytes()) || !bytes.ends_with(SUFFIX.as_bytes()) {
            continue;
        }
        // Another process may be taking it away, or putting it in its place.
        let Ok(file) = File::open(entry.path()) else { continue };
        let age = file.metadata()?.modified()?.elapsed().unwrap_or_default();
        if age > MAKING && file.try_lock().is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
