//! Which process a payment belongs to, and whether that process still lives.
//!
//! Each process that opens a journal file makes a lock file of its own beside it and holds the kernel's lock on it.
//! The kernel lets go of the lock when the process dies, however it dies, so a killed process's payments can be
//! taken over at once, without clocks, process numbers or waiting; and a process that lives, however slow, is never
//! taken over.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// How often a lock file is made that somebody clears away before it is locked. Once is rare.
const ATTEMPTS: usize = 100;

/// This process's claim to be alive, for one journal.
#[derive(Debug)]
pub(super) struct Owner {
    id: Uuid,
    journal: PathBuf,
    /// Holding the file open holds the lock.
    _lock: File,
}

pub(super) fn lock_path(journal: &Path, id: Uuid) -> PathBuf {
    let mut path = journal.as_os_str().to_owned();
    path.push(format!("-owner-{}", id.simple()));
    path.into()
}

impl Owner {
    /// Makes and locks the file, before the owner's id is written anywhere. Clears away the files of the dead.
    pub(super) fn register(journal: &Path) -> io::Result<Self> {
        living(journal)?;
        for _ in 0..ATTEMPTS {
            let id = Uuid::new_v4();
            let path = lock_path(journal, id);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let lock = options.open(&path)?;
            // Whoever clears away may have found the file before it was locked, and takes it for a dead one's.
            match lock.try_lock() {
                Ok(()) if path.exists() => return Ok(Self { id, journal: journal.to_owned(), _lock: lock }),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other("each lock file that was made beside it was gone before it was locked"))
    }

    pub(super) fn id(&self) -> Uuid {
        self.id
    }

    /// Whether the process that goes by `id` still holds its lock. Clears away the file of one that does not.
    pub(super) fn is_alive(&self, id: Uuid) -> io::Result<bool> {
        if id == self.id {
            return Ok(true);
        }
        lives(&lock_path(&self.journal, id))
    }
}

/// Whether a process holds the lock on the file. Removes the file if none does.
fn lives(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match file.try_lock() {
        Ok(()) => {
            // Whoever else asks finds no file, which means the same. It is removed under the lock, so that it cannot
            // be a file that its process has yet to lock.
            let _ = std::fs::remove_file(path);
            Ok(false)
        }
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// How many processes have the journal open. Removes the files of dead ones, which had no time to.
pub(super) fn living(journal: &Path) -> io::Result<usize> {
    let mut living = 0;
    let Some(name) = journal.file_name() else { return Ok(living) };
    let ours = format!("{}-owner-", name.to_string_lossy());
    let directory = journal.parent().filter(|parent| !parent.as_os_str().is_empty());
    for file in std::fs::read_dir(directory.unwrap_or(Path::new(".")))? {
        let file = file?;
        if file.file_name().to_string_lossy().starts_with(&ours) {
            living += usize::from(lives(&file.path())?);
        }
    }
    Ok(living)
}

impl Drop for Owner {
    /// Tidies up. A process that dies before this leaves a file without a lock, which means the same.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(lock_path(&self.journal, self.id));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use super::*;

    /// Whoever clears away may come between the making of a lock file and its lock.
    #[test]
    fn an_owner_has_its_lock_file_whoever_clears_away_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("journal.db");
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        living(&journal).unwrap();
                    }
                });
            }
            let without = (0..5_000).filter(|_| {
                let owner = Owner::register(&journal).unwrap();
                !lock_path(&journal, owner.id()).exists()
            });
            let without = without.count();
            over.store(true, Ordering::Relaxed);
            assert_eq!(without, 0);
        });
        assert_eq!(living(&journal).unwrap(), 0);
    }

    /// A process whose lock file cannot be opened may live, and be in the middle of a payment.
    #[cfg(unix)]
    #[test]
    fn of_a_process_whose_lock_cannot_be_looked_at_it_is_not_said_that_it_is_dead() {
        let dir = tempfile::tempdir().unwrap();
        let journal = dir.path().join("journal.db");
        let owner = Owner::register(&journal).unwrap();
        let other = Uuid::new_v4();
        assert!(!owner.is_alive(other).unwrap(), "it has none");
        let path = lock_path(&journal, other);
        std::os::unix::fs::symlink(&path, &path).unwrap();
        assert!(owner.is_alive(other).is_err());
    }
}
