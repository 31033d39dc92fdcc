//! What a disk may hold after the power went.
//!
//! What was synced is there. Of the rest each sector of each write is there or not, whatever came before or after it;
//! a file that grew may have grown without its contents; a name that was made or removed may or may not be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use crate::disk::Event;

/// What a device writes whole or not at all.
const SECTOR: usize = 512;

/// A change to a file that is not on the disk for certain.
#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Box<[u8]> },
    Truncate(usize),
}

#[derive(Clone, Debug, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<Change>,
}

/// What stands under a name: the number of a file, or nothing.
type Entry = Option<usize>;

#[derive(Clone, Debug, Default)]
struct Name {
    durable: Entry,
    pending: Vec<Entry>,
}

impl Name {
    fn now(&self) -> Entry {
        *self.pending.last().unwrap_or(&self.durable)
    }
}

/// A disk, as it is known to someone who saw everything that was done to it.
#[derive(Debug, Default)]
pub(super) struct Platter {
    files: Vec<File>,
    names: BTreeMap<Arc<str>, Name>,
    /// A device that only says that it has synced.
    lies: bool,
}

impl Platter {
    /// An empty disk; one that `lies` only says that it syncs.
    pub(super) fn new(lies: bool) -> Self {
        Self { lies, ..Self::default() }
    }

    /// Takes in the next thing that was done.
    pub(super) fn apply<M>(&mut self, event: &Event<M>) {
        match event {
            Event::Create(name) => self.create(name),
            Event::Write { file, offset, bytes } => {
                self.change(file, Change::Write { offset: *offset, bytes: bytes.clone() });
            }
            Event::Truncate { file, size } => self.change(file, Change::Truncate(*size)),
            Event::Sync(file) if !self.lies => {
                if let Some(number) = self.names.get(file).and_then(Name::now) {
                    let File { durable, pending } = &mut self.files[number];
                    pending.drain(..).for_each(|change| done(durable, &change, |_| true));
                }
            }
            Event::Delete(name) => {
                self.names.entry(Arc::clone(name)).or_default().pending.push(None);
            }
            Event::SyncNames if !self.lies => {
                for name in self.names.values_mut() {
                    name.durable = name.now();
                    name.pending.clear();
                }
            }
            Event::Sync(_) | Event::SyncNames | Event::Mark(_) => {}
        }
    }

    fn create(&mut self, name: &Arc<str>) {
        let entry = self.names.entry(Arc::clone(name)).or_default();
        if entry.now().is_none() {
            entry.pending.push(Some(self.files.len()));
            self.files.push(File::default());
        }
    }

    fn change(&mut self, file: &Arc<str>, change: Change) {
        self.create(file);
        if let Some(number) = self.names.get(file).and_then(Name::now) {
            self.files[number].pending.push(change);
        }
    }

    /// Writes down one of the states in which the disk may be found.
    pub(super) fn found(&self, directory: &Path, draw: &mut fastrand::Rng) -> Result<()> {
        // How much of what is not certain is there: nothing, half, all, or anything between.
        let share = [0, 128, 256, draw.u32(1..256)][draw.usize(..4)];
        for (name, entry) in &self.names {
            let which = draw.usize(..=entry.pending.len());
            let which = if which == 0 { entry.durable } else { entry.pending[which - 1] };
            let Some(number) = which else { continue };
            let File { durable, pending } = &self.files[number];
            let mut bytes = durable.clone();
            for change in pending {
                done(&mut bytes, change, |_| draw.u32(..256) < share);
            }
            let path = directory.join(&**name);
            fs::write(&path, &bytes).with_context(|| format!("writing {}", path.display()))?;
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        }
        Ok(())
    }
}

/// Does the sectors of a change that are said to be there.
fn done(bytes: &mut Vec<u8>, change: &Change, mut is_there: impl FnMut(usize) -> bool) {
    match change {
        Change::Truncate(size) => {
            if is_there(0) {
                bytes.resize(*size, 0);
            }
        }
        Change::Write { offset, bytes: written } => {
            let mut from = 0;
            while from < written.len() {
                let to = written.len().min((offset + from) / SECTOR * SECTOR + SECTOR - offset);
                if is_there(from) {
                    let end = offset + to;
                    if bytes.len() < end {
                        bytes.resize(end, 0);
                    }
                    bytes[offset + from..end].copy_from_slice(&written[from..to]);
                }
                from = to;
            }
        }
    }
}
