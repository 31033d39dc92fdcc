//! Files that nobody else may read.
//!
//! What must stay true: a file is private from the moment that it is there, not made so afterwards; one that others can
//! read is refused and never read; and a reader finds the old contents or the new ones, whole.

use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use super::Problem;

/// The file's text.
pub(crate) fn read(path: &Path) -> Result<String, Problem> {
    read_if_there(path)?.ok_or_else(|| unreadable(path, ErrorKind::NotFound.into()))
}

/// The file's text, if there is a file.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<String>, Problem> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| unreadable(path, error))?,
    };
    // The open file is judged, not the path: another file cannot be slipped in between.
    #[cfg(unix)]
    {
        let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(Problem::Exposed(path.display().to_string(), mode));
        }
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| unreadable(path, error))?;
    Ok(Some(text))
}

/// Puts the text in place of what the file holds; a directory that is not there is made, for its owner alone. It is on
/// the disk when this returns, and a crash in the middle leaves the old text.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritable = |error| Problem::Unwritable(path.display().to_string(), error);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(unwritable)?;
    // Made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)?;
    file.as_file().sync_all().map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    #[cfg(unix)]
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(unwritable)?;
    Ok(())
}

fn unreadable(path: &Path, error: std::io::Error) -> Problem {
    Problem::Unreadable(path.display().to_string(), error)
}
