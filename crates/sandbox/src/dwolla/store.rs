//! The one store: the books in memory, behind a lock, and a file for those who want one. Each piece of work sees the books
//! as of one virtual instant, with everything that fell due before it already settled, so time needs no task of its own.
//!
//! A piece of work looks first and writes afterwards: when it refuses, it has written nothing.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use chrono::Utc;
use tokio::sync::oneshot;

use super::books::Books;
use super::disk::{Disk, File, Told};
use super::problem::Refusal;
use super::seed;
use super::switches::Switches;
use crate::clock::Clock;

/// The books of one sandbox.
#[derive(Debug)]
pub(crate) struct Store {
    books: Mutex<Books>,
    disk: Option<Disk>,
    clock: Clock,
}

impl Store {
    /// Opens the file, if one is named, and fills new books with what a sandbox begins with.
    pub(crate) fn open(path: Option<&Path>, switches: Switches) -> Result<Self, rusqlite::Error> {
        let opened = path.map(File::open).transpose()?;
        let (file, saved, rows) = match opened {
            Some(opened) => (Some(opened.file), opened.clock, opened.rows),
            None => (None, None, Vec::new()),
        };
        let clock = match saved {
            Some(saved) => Clock::resumed(saved),
            None => Clock::starting_at(Utc::now()),
        };
        let mut books = Books::new(clock.now(), switches);
        if rows.is_empty() {
            seed::fill(&mut books);
        }
        for (kind, text) in rows {
            books.read(&kind, &text).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
            })?;
        }
        books.index();
        let store =
            Self { books: Mutex::new(books), disk: file.map(|file| file.write(clock.clone())), clock };
        store.ask(|_| ());
        Ok(store)
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Does the work and keeps it.
    pub(crate) async fn run<T>(
        &self,
        work: impl FnOnce(&mut Books) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (told, kept) = oneshot::channel();
        let outcome = self.act(work, |kept| {
            // A caller that has gone away does not need to know.
            let _ = told.send(kept);
        });
        if kept.await.unwrap_or(false) { outcome } else { Err(Refusal::stopped()) }
    }

    /// Like [`run`](Self::run) for work that refuses nothing, for callers outside any async context. A sandbox that
    /// stops meanwhile may not have kept it.
    pub(crate) fn ask<T>(&self, work: impl FnOnce(&mut Books) -> T) -> T {
        let (told, kept) = mpsc::channel();
        let outcome = self.act(work, move |kept| {
            let _ = told.send(kept);
        });
        let _ = kept.recv();
        outcome
    }

    /// Looks into the books, and waits for nothing.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Books) -> T) -> T {
        self.act(|books| look(books), |_| {})
    }

    /// Sets the switches for whatever comes next.
    pub(crate) fn set_switches(&self, switches: Switches) {
        self.lock().switches = switches;
    }

    pub(crate) fn switches(&self) -> Switches {
        self.lock().switches
    }

    /// Closes the file, if there is one.
    pub(crate) fn close(&self) {
        if let Some(disk) = &self.disk {
            disk.close();
        }
    }

    fn act<T>(&self, work: impl FnOnce(&mut Books) -> T, told: impl FnOnce(bool) + Send + 'static) -> T {
        let mut books = self.lock();
        books.now = self.clock.now();
        books.settle_due();
        let outcome = work(&mut books);
        match &self.disk {
            // Still under the lock, so that the file is written in the order of the work.
            Some(disk) => disk.write(books.written(), Box::new(told) as Told),
            None => {
                books.forget_changes();
                told(true);
            }
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
