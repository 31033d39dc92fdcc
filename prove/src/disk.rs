//! A disk that is watched: everything SQLite writes, syncs and removes in a directory is taken down in order, and a
//! write or a sync can be made to fail.
//!
//! It is a layer over SQLite's own file system, which every connection of this program goes through from then on, so
//! the journal is opened as it always is. Files in other directories are not touched by it.

#![allow(unsafe_code, reason = "SQLite's file systems are tables of C functions")]

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::{Context as _, Result, ensure};
use rusqlite::ffi;

/// One thing that was done to the directory, or was said about it.
#[derive(Clone, Debug)]
pub(crate) enum Event<M> {
    /// A file came to be under this name.
    Create(Arc<str>),
    /// Bytes were written; they may not be on the disk yet.
    Write { file: Arc<str>, offset: usize, bytes: Box<[u8]> },
    /// A file was cut off or filled up; it may not be on the disk yet.
    Truncate { file: Arc<str>, size: usize },
    /// What was done to the file so far is on the disk.
    Sync(Arc<str>),
    /// The name was removed; it may still be on the disk.
    Delete(Arc<str>),
    /// What was done to the names so far is on the disk.
    SyncNames,
    /// Said by whoever uses the disk.
    Mark(M),
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is no room.
    Full,
    /// The device fails to write.
    Write,
    /// The device fails to sync.
    Sync,
}

impl Trouble {
    fn code(self) -> c_int {
        match self {
            Self::Full => ffi::SQLITE_FULL,
            Self::Write => ffi::SQLITE_IOERR_WRITE,
            Self::Sync => ffi::SQLITE_IOERR_FSYNC,
        }
    }
}

/// When what goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failing {
    pub(crate) trouble: Trouble,
    /// At the how-manieth write, or sync.
    pub(crate) at: usize,
    /// Whether everything after it fails too.
    pub(crate) lasting: bool,
}

/// A directory that is watched as long as this lives.
#[derive(Debug)]
pub(crate) struct Disk<M: Send + 'static> {
    directory: PathBuf,
    tape: Arc<Mutex<Tape<M>>>,
}

#[derive(Debug)]
struct Tape<M> {
    events: Vec<Event<M>>,
    failing: Option<Failing>,
    writes: usize,
    syncs: usize,
    failed: usize,
    /// Whether writes are kept, or only counted.
    recording: bool,
}

impl<M: Send + 'static> Disk<M> {
    /// Watches a directory.
    ///
    /// # Errors
    /// When the layer cannot be put over SQLite's file system.
    pub(crate) fn watch(directory: &Path, recording: bool) -> Result<Self> {
        install()?;
        let directory = directory.canonicalize().context("finding the directory to watch")?;
        let tape = Tape { events: Vec::new(), failing: None, writes: 0, syncs: 0, failed: 0, recording };
        let tape = Arc::new(Mutex::new(tape));
        watched().push((directory.clone(), Arc::clone(&tape) as Arc<dyn Watcher>));
        Ok(Self { directory, tape })
    }

    fn tape(&self) -> MutexGuard<'_, Tape<M>> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something, between what was done before and after it.
    pub(crate) fn mark(&self, mark: M) {
        self.tape().events.push(Event::Mark(mark));
    }

    /// Takes everything that was taken down.
    pub(crate) fn take(&self) -> Vec<Event<M>> {
        std::mem::take(&mut self.tape().events)
    }

    /// Counts anew, and lets things go wrong from now on, or no more.
    pub(crate) fn fail(&self, failing: Option<Failing>) {
        let mut tape = self.tape();
        (tape.failing, tape.writes, tape.syncs, tape.failed) = (failing, 0, 0, 0);
    }

    /// How many writes and syncs there were, and how many operations were made to fail, since it was last told to.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let tape = self.tape();
        (tape.writes, tape.syncs, tape.failed)
    }
}

impl<M: Send + 'static> Drop for Disk<M> {
    fn drop(&mut self) {
        watched().retain(|(directory, _)| *directory != self.directory);
    }
}

/// Something that was done to a watched file.
enum Done<'d> {
    Create,
    Write(usize, &'d [u8]),
    Truncate(usize),
    Sync,
    Delete,
    SyncNames,
}

/// A tape, whatever is said on it.
trait Watcher: Send + Sync {
    fn note(&self, file: &Arc<str>, done: Done<'_>);
    /// Whether this write or sync is to fail, and with which code.
    fn fails(&self, sync: bool) -> Option<c_int>;
}

impl<M: Send + 'static> Watcher for Mutex<Tape<M>> {
    fn note(&self, file: &Arc<str>, done: Done<'_>) {
        let mut tape = self.lock().unwrap_or_else(PoisonError::into_inner);
        if !tape.recording {
            return;
        }
        let file = Arc::clone(file);
        tape.events.push(match done {
            Done::Create => Event::Create(file),
            Done::Write(offset, bytes) => Event::Write { file, offset, bytes: bytes.into() },
            Done::Truncate(size) => Event::Truncate { file, size },
            Done::Sync => Event::Sync(file),
            Done::Delete => Event::Delete(file),
            Done::SyncNames => Event::SyncNames,
        });
    }

    fn fails(&self, sync: bool) -> Option<c_int> {
        let mut tape = self.lock().unwrap_or_else(PoisonError::into_inner);
        let count = if sync { &mut tape.syncs } else { &mut tape.writes };
        let number = *count;
        *count += 1;
        let failing = tape.failing.filter(|failing| {
            (failing.trouble == Trouble::Sync) == sync
                && (number == failing.at || failing.lasting && number > failing.at)
        })?;
        tape.failed += 1;
        Some(failing.trouble.code())
    }
}

type Watched = Vec<(PathBuf, Arc<dyn Watcher>)>;

fn watched() -> MutexGuard<'static, Watched> {
    static WATCHED: Mutex<Watched> = Mutex::new(Vec::new());
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who watches the file, and what it is called in its directory.
unsafe fn watcher(path: *const c_char) -> Option<(Arc<dyn Watcher>, Arc<str>, PathBuf)> {
    if path.is_null() {
        return None;
    }
    // SAFETY: SQLite passes a path that ends with a nought.
    let path = Path::new(unsafe { CStr::from_ptr(path) }.to_str().ok()?).to_owned();
    let directory = path.parent()?;
    let watched = watched();
    let (_, watcher) = watched.iter().find(|(watched, _)| watched == directory)?;
    Some((Arc::clone(watcher), path.file_name()?.to_str()?.into(), path))
}

/// A file that is open and watched. A pointer to it lies behind SQLite's own file object.
struct Open {
    watcher: Arc<dyn Watcher>,
    name: Arc<str>,
    /// Whether its name has yet to be synced, which SQLite does with the first sync of a journal or log.
    names_to_sync: bool,
    original: &'static ffi::sqlite3_io_methods,
}

/// SQLite's own file system.
struct Original(*mut ffi::sqlite3_vfs);

// SAFETY: SQLite's file system lives as long as the program and is used from every thread.
unsafe impl Send for Original {}
// SAFETY: the same.
unsafe impl Sync for Original {}

static ORIGINAL: OnceLock<Original> = OnceLock::new();

fn original() -> *mut ffi::sqlite3_vfs {
    ORIGINAL.get().expect("the layer is used only after it was installed").0
}

/// Puts the layer over SQLite's file system, once.
fn install() -> Result<()> {
    static INSTALLED: OnceLock<c_int> = OnceLock::new();
    let code = *INSTALLED.get_or_init(|| {
        // SAFETY: the default file system is never unregistered, and the copy of it lives for ever.
        unsafe {
            let default = ffi::sqlite3_vfs_find(std::ptr::null());
            if default.is_null() {
                return ffi::SQLITE_ERROR;
            }
            ORIGINAL.get_or_init(|| Original(default));
            let mut layer = *default;
            layer.szOsFile += size_of::<*mut Open>() as c_int;
            layer.pNext = std::ptr::null_mut();
            layer.zName = c"watched".as_ptr();
            layer.xOpen = Some(open);
            layer.xDelete = Some(delete);
            ffi::sqlite3_vfs_register(Box::into_raw(Box::new(layer)), 1)
        }
    });
    ensure!(code == ffi::SQLITE_OK, "SQLite's file system could not be watched (code {code})");
    Ok(())
}

/// Where the pointer to the watched file lies.
unsafe fn slot(file: *mut ffi::sqlite3_file) -> *mut *mut Open {
    // SAFETY: SQLite allocates as much as the layer asks for: the original's object and the pointer behind it.
    unsafe { file.cast::<u8>().add((*original()).szOsFile as usize).cast() }
}

unsafe fn opened<'f>(file: *mut ffi::sqlite3_file) -> &'f mut Open {
    // SAFETY: only files that `open` has given the layer's methods come here, and one thread at a time.
    unsafe { &mut *slot(file).read_unaligned() }
}

/// The methods of watched files: the original's, but for those that change the file.
fn layered(original: &'static ffi::sqlite3_io_methods) -> &'static ffi::sqlite3_io_methods {
    static LAYERED: Mutex<Option<HashMap<usize, &'static ffi::sqlite3_io_methods>>> = Mutex::new(None);
    let mut layered = LAYERED.lock().unwrap_or_else(PoisonError::into_inner);
    let made = layered.get_or_insert_default();
    made.entry(std::ptr::from_ref(original) as usize).or_insert_with(|| {
        Box::leak(Box::new(ffi::sqlite3_io_methods {
            xClose: Some(close),
            xWrite: Some(write),
            xTruncate: Some(truncate),
            xSync: Some(sync),
            ..*original
        }))
    })
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this as it would call the original.
    unsafe {
        let watcher = watcher(path);
        let is_new = watcher.as_ref().is_some_and(|(_, _, path)| !path.exists());
        let Some(inner) = (*original()).xOpen else { return ffi::SQLITE_ERROR };
        let code = inner(original(), path, file, flags, out);
        if let Some((watcher, name, path)) = watcher
            && code == ffi::SQLITE_OK
            && !(*file).pMethods.is_null()
        {
            // The journal's own file is made, empty, before SQLite opens it.
            if is_new || path.metadata().is_ok_and(|data| data.len() == 0) {
                watcher.note(&name, Done::Create);
            }
            let log = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL;
            let names_to_sync = flags & log != 0 && flags & ffi::SQLITE_OPEN_CREATE != 0;
            let original = &*(*file).pMethods;
            (*file).pMethods = layered(original);
            let opened = Box::new(Open { watcher, name, names_to_sync, original });
            slot(file).write_unaligned(Box::into_raw(opened));
        }
        code
    }
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, path: *const c_char, sync_names: c_int) -> c_int {
    // SAFETY: SQLite calls this as it would call the original.
    unsafe {
        let Some(inner) = (*original()).xDelete else { return ffi::SQLITE_ERROR };
        let code = inner(original(), path, sync_names);
        if code == ffi::SQLITE_OK
            && let Some((watcher, name, _)) = watcher(path)
        {
            watcher.note(&name, Done::Delete);
            if sync_names & 1 == 1 {
                watcher.note(&name, Done::SyncNames);
            }
        }
        code
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the original's methods are given back to it first.
    unsafe {
        let open = Box::from_raw(slot(file).read_unaligned());
        (*file).pMethods = open.original;
        open.original.xClose.map_or(ffi::SQLITE_ERROR, |close| close(file))
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    many: c_int,
    at: i64,
) -> c_int {
    // SAFETY: SQLite passes as many bytes as it says.
    unsafe {
        let open = opened(file);
        if let Some(code) = open.watcher.fails(false) {
            return code;
        }
        let code = open.original.xWrite.map_or(ffi::SQLITE_ERROR, |write| write(file, bytes, many, at));
        if code == ffi::SQLITE_OK {
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), many as usize);
            open.watcher.note(&open.name, Done::Write(at as usize, bytes));
        }
        code
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: SQLite calls this as it would call the original.
    unsafe {
        let open = opened(file);
        let code = open.original.xTruncate.map_or(ffi::SQLITE_ERROR, |truncate| truncate(file, size));
        if code == ffi::SQLITE_OK {
            open.watcher.note(&open.name, Done::Truncate(size as usize));
        }
        code
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this as it would call the original.
    unsafe {
        let open = opened(file);
        if let Some(code) = open.watcher.fails(true) {
            return code;
        }
        let code = open.original.xSync.map_or(ffi::SQLITE_ERROR, |sync| sync(file, flags));
        if code == ffi::SQLITE_OK {
            open.watcher.note(&open.name, Done::Sync);
            if std::mem::take(&mut open.names_to_sync) {
                open.watcher.note(&open.name, Done::SyncNames);
            }
        }
        code
    }
}
