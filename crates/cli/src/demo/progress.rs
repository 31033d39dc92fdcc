//! How the demonstration goes, for whoever watches: one live line on a terminal, plain lines otherwise.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use crate::print;

/// How often the live line changes.
const REFRESH: Duration = Duration::from_millis(100);

/// Tells how it goes, on standard error.
#[derive(Debug)]
pub(crate) struct Progress {
    live: bool,
    told: Option<Instant>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { live: std::io::stderr().is_terminal(), told: None }
    }

    /// Whether it is time for another [`now`](Self::now).
    pub(crate) fn is_due(&self) -> bool {
        self.live && self.told.is_none_or(|told| told.elapsed() >= REFRESH)
    }

    /// How it stands right now; only a terminal shows it.
    pub(crate) fn now(&mut self, line: &str) {
        if self.live {
            print::over(line);
            self.told = Some(Instant::now());
        }
    }

    /// Something happened that is worth a line of its own.
    pub(crate) fn event(&mut self, line: &str) {
        self.clear();
        print::note(line);
    }

    /// Takes the live line away.
    pub(crate) fn clear(&mut self) {
        if self.live && self.told.take().is_some() {
            print::over("");
        }
    }
}
