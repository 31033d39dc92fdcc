//! `payonce reconcile`: the journal held against the provider's own word.
//!
//! What must stay true: it reads only, and the exit code is 0 only when everything that was asked about agrees.

use std::fs;
use std::sync::Arc;

use chrono::Utc;
use clap::Args;
use dollr::{Difference, Dollr};
use payonce::journal::{Filter, Journal};
use payonce::{Error as PaymentError, ErrorKind, Name, Operation, Timestamp};

use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Place};
use crate::print;
use crate::rail::Rail;
use crate::selection::when;

/// Compare the journal with the provider, for the payments recorded and the documents paid in a period, and show what
/// differs, the gravest first.
///
/// Every attempt is asked about by its key, so that a payment which failed here and was made there is found. Dollr can be
/// reconciled; of payments on dwolla, `payonce explain` tells one at a time. Reads only. The exit code is 0 when all agrees
/// and 6 when something differs, is still open, is parked, or could not be asked about.
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
    /// paid.
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
        if self.rail != Rail::Dollr {
            let message = "nothing was compared: only dollr can be reconciled; `payonce explain NAME` asks about one payment";
            return Err(PaymentError::new(ErrorKind::Invalid, message).into());
        }
        let journal = Arc::new(self.client.journal.open()?);
        let others = Filter { limit: 1, ..Filter::default() };
        if !journal.list(Rail::Dwolla.name(), others).await?.is_empty() {
            print::note("payonce: the journal holds payments on dwolla too; they are left out");
        }
        let dollr = Dollr::open(self.client.variables(&[Rail::Dollr])?, Place::Open(journal))?;
        let mut asked = dollr.reconcile(self.since..self.until.unwrap_or_else(Utc::now));
        for (operation, names) in &self.expect {
            asked = asked.expecting(operation, named(names)?);
        }
        let mut found = asked.await?;
        found.differences.sort_by_key(gravity);
        if json {
            print::json(&found);
        } else {
            print::line(found.to_string());
        }
        Ok(if found.differences.is_empty() { Exit::Done } else { Exit::Found })
    }
}

/// The lower, the more it concerns money that went where it should not, or twice.
fn gravity(difference: &Difference) -> u8 {
    match difference {
        Difference::CompletedThereOnly { .. } => 0,
        Difference::AmountDiffers { .. } => 1,
        Difference::CompletedHereOnly { .. } => 2,
        Difference::PaidByOtherMeans { .. } => 3,
        Difference::PaidThereOnly { .. } => 4,
        Difference::Parked { .. } => 5,
        Difference::NotPaid { .. } => 6,
        Difference::Unanswered { .. } => 7,
        _ => 8,
    }
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
