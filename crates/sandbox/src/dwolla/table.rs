//! A table of the books: rows in memory, found by their key. What was changed since the last commit is remembered, so
//! that a database file gets exactly that.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// What is kept of a kind of thing.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// Names the kind in the file.
    const KIND: &'static str;
    type Key: Ord + Clone + Display;

    fn key(&self) -> Self::Key;
}

/// A row as a file has it. Without text the row is gone.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) kind: &'static str,
    pub(crate) key: String,
    pub(crate) text: Option<String>,
}

/// All rows of a kind.
#[derive(Debug)]
pub(crate) struct Table<R: Row> {
    rows: BTreeMap<R::Key, R>,
    changed: Vec<R::Key>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), changed: Vec::new() }
    }
}

impl<R: Row> Table<R> {
    pub(crate) fn find(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &R> {
        self.rows.values()
    }

    /// The key of the last row, in the order of the keys.
    pub(crate) fn last(&self) -> Option<&R::Key> {
        self.rows.last_key_value().map(|(key, _)| key)
    }

    /// Adds a row, or replaces the one with its key.
    pub(crate) fn put(&mut self, row: R) {
        self.changed.push(row.key());
        self.rows.insert(row.key(), row);
    }

    /// Changes a row that is there.
    pub(crate) fn change(&mut self, key: &R::Key, change: impl FnOnce(&mut R)) {
        if let Some(row) = self.rows.get_mut(key) {
            change(row);
            self.changed.push(key.clone());
        }
    }

    pub(crate) fn remove(&mut self, key: &R::Key) {
        if self.rows.remove(key).is_some() {
            self.changed.push(key.clone());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.changed.extend(std::mem::take(&mut self.rows).into_keys());
    }

    /// Nobody wants to know what was changed.
    pub(crate) fn forget_changes(&mut self) {
        self.changed.clear();
    }

    /// What was changed since this was last asked.
    pub(crate) fn written(&mut self, into: &mut Vec<Written>) {
        self.changed.sort_unstable();
        self.changed.dedup();
        for key in self.changed.drain(..) {
            let text =
                self.rows.get(&key).map(|row| serde_json::to_string(row).expect("a row is plain data"));
            into.push(Written { kind: R::KIND, key: key.to_string(), text });
        }
    }

    /// Takes in a row of a file.
    pub(crate) fn read(&mut self, text: &str) -> Result<(), serde_json::Error> {
        let row: R = serde_json::from_str(text)?;
        self.rows.insert(row.key(), row);
        Ok(())
    }
}
