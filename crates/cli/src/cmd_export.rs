//! `payonce export`: all that the journal has, a payment a line, for other programs.
//!
//! What must stay true: it takes the same memory for a journal of any size, and a payment that cannot be read is told and
//! does not keep the others from being exported.

use clap::Args;
use payonce::journal::Key;

use crate::cmd_history::Shown;
use crate::config::JournalPlace;
use crate::exit::{Error, Exit};
use crate::print;
use crate::selection::Selection;

/// Export payments with all their events as JSON Lines: an object a line, each as `payonce show --json` prints it.
///
/// Reads the journal alone, while others write. If a payment's record is damaged, standard error says so, the others are
/// exported, and the exit code is 1.
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    journal: JournalPlace,
}

impl Export {
    pub(crate) async fn run(self) -> Result<Exit, Error> {
        let journal = self.journal.open()?;
        let mut selected = self.selection.of(&*journal);
        let mut exit = Exit::Done;
        while let Some((rail, listed)) = selected.next().await? {
            let found = match listed {
                Ok(payment) => journal.find(rail.name(), Key::Name(payment.name)).await,
                Err(unread) => Err(unread.into()),
            };
            let shown = match &found {
                Ok(Some(record)) => Shown::of(rail, record),
                Ok(None) => continue,
                Err(error) => Err(error.clone()),
            };
            match shown {
                Ok(shown) => print::json(&shown),
                Err(error) => {
                    print::error(format!("payonce: {error}"));
                    exit = Exit::Error;
                }
            }
            if !print::is_read() {
                break;
            }
        }
        Ok(exit)
    }
}
