//! `payonce reconcile`: the journal held against the provider's own word.
//!
//! What must stay true: it reads only, and the exit code is 0 only when everything that was asked about agrees.

use std::fmt::Display;
use std::fs;

use chrono::Utc;
use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::journal::Filter;
use payonce::reconcile::{Difference, Reconciliation};
use payonce::{Error as PaymentError, ErrorKind, Name, Operation, Timestamp};
use serde::Serialize;

use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Place};
use crate::print;
use crate::rail::Rail;
use crate::selection::when;

/// Compare the journal with the provider, for the payments recorded and the documents paid in a period, and show what
/// differs, the gravest first.
///
/// Every attempt is asked about by its key, so that a payment which failed here and was made there is found, and so is one
/// that was completed and that a bank has returned since. Reads only. The exit code is 0 when all agrees and 6 when something
/// differs, is still open, is parked, could not be asked about, or has a record in the journal that cannot be read.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Reconcile {
    /// From when on: a date, a time, or so long ago, as `payonce list --since` takes it.
    #[arg(long, value_name = "WHEN", default_value = "30d", value_parser = when)]
    since: Timestamp,
    /// Until when, this moment not included; now, if it is not given.
    #[arg(long, value_name = "WHEN", value_parser = when)]
    until: Option<Timestamp>,
    /// A name that ought to have been paid, asked about even if the journal does not know it: payout=salary/2026-11/ama, or
    /// payout=@FILE for the names in a file, one a line. Can be given more than once. With a lost journal this finds what was
    /// paid. On dollr; on dwolla a transfer is found when its order is sent again, which looks for it first.
    #[arg(long, value_name = "OPERATION=NAME", value_parser = expected)]
    expect: Vec<(Operation, String)>,
    /// What to reconcile.
    #[arg(long, env = "PAYONCE_RAIL", default_value = "dollr", hide_env_values = true)]
    rail: Rail,
    #[command(flatten)]
    client: Client,
}

impl Reconcile {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let period = self.since..self.until.unwrap_or_else(Utc::now);
        let journal = self.client.journal.open()?;
        let others = Filter { limit: 1, ..Filter::default() };
        let other = self.rail.other();
        if journal.list(other.name(), others).await?.iter().any(Result::is_ok) {
            print::note(format!("payonce: the journal holds payments on {other} too; they are left out"));
        }
        let variables = self.client.variables(&[self.rail])?;
        match self.rail {
            Rail::Dollr => {
                let dollr = Dollr::open(variables, Place::Open(journal))?;
                let mut asked = dollr.reconcile(period);
                for (operation, names) in &self.expect {
                    asked = asked.expecting(operation, named(names)?);
                }
                Ok(told(asked.await?, json))
            }
            Rail::Dwolla if !self.expect.is_empty() => {
                let message = "nothing was compared: on dwolla a name alone does not lead to its transfer; send the order \
                               again, which looks for its transfer before anything is sent";
                Err(PaymentError::new(ErrorKind::Invalid, message).into())
            }
            Rail::Dwolla => {
                Ok(told(Dwolla::open(variables, Place::Open(journal))?.reconcile(period).await?, json))
            }
        }
    }
}

/// Shows what was found, the gravest first.
fn told<D: Display + Serialize>(mut found: Reconciliation<D>, json: bool) -> Exit {
    found.differences.sort_by_key(Difference::rank);
    if json {
        print::json(&found);
    } else {
        print::line(found.to_string());
    }
    if found.differences.is_empty() { Exit::Done } else { Exit::Found }
}

/// Reads an operation and a name.
fn expected(text: &str) -> Result<(Operation, String), PaymentError> {
    let (operation, names) = text.split_once('=').ok_or_else(|| {
        PaymentError::new(
            ErrorKind::Invalid,
            "there is no = in it: say payout=salary/2026-11/ama, or payout=@FILE",
        )
    })?;
    if !names.starts_with('@') {
        Name::new(names)?;
    }
    Ok((Operation::new(operation)?, names.to_owned()))
}

/// The name, or those in the file.
fn named(names: &str) -> Result<Vec<String>, PaymentError> {
    let Some(path) = names.strip_prefix('@') else { return Ok(vec![names.to_owned()]) };
    let text = fs::read_to_string(path).map_err(|error| {
        PaymentError::new(ErrorKind::Invalid, format!("the names in {path} cannot be read: {error}"))
    })?;
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
