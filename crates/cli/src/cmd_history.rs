//! What the journal knows: `list` and `show`. They read the journal alone, so they need no credentials and tell no
//! provider anything.

use clap::Args;
use payonce::journal::{Record, Standing, Summary};
use payonce::step::{Entry, Event};
use payonce::{ErrorKind, Name, ReferenceId, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cmd_again::unknown;
use crate::config::JournalPlace;
use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::{Rail, Rails};
use crate::report::{Report, asked};
use crate::selection::Selection;
use crate::words::{happened, moment};

/// List payments in the order in which they were recorded, with `--json` one object a line.
///
/// If a payment's row in the journal cannot be read, standard error says so, the others are listed, and the exit code is 1.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    journal: JournalPlace,
}

/// One payment of a list.
#[derive(Serialize)]
struct Listed {
    name: String,
    rail: Rail,
    operation: String,
    reference_id: String,
    standing: Standing,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    currency: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl List {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.journal.open()?;
        let mut selected = self.selection.of(&*journal);
        let mut exit = Exit::Done;
        while let Some((rail, listed)) = selected.next().await? {
            match listed {
                Ok(payment) => show_listed(rail, &payment, json),
                Err(unread) => {
                    print::error(format!("payonce: {unread}"));
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

fn show_listed(rail: Rail, payment: &Summary, json: bool) {
    let Summary { operation, name, reference_id, expect, standing, created_at, updated_at, .. } = payment;
    if json {
        let (amount, currency) = asked(expect);
        print::json(&Listed {
            name: name.to_string(),
            rail,
            operation: operation.to_string(),
            reference_id: reference_id.to_string(),
            standing: *standing,
            amount,
            currency,
            created_at: *created_at,
            updated_at: *updated_at,
        });
    } else {
        let (created, operation, expect) = (moment(*created_at), operation.as_str(), expect.to_string());
        print::line(format!(
            "{created}  {standing:<9}  {rail:<6}  {operation:<10}  {reference_id}  {expect:>18}  {name}"
        ));
    }
}

/// Show everything the journal has on one payment.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The payment's name, or the reference id of any of its attempts.
    #[arg(value_name = "NAME|REFERENCE_ID")]
    payment: Name,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    journal: JournalPlace,
}

/// A payment with all its history.
#[derive(Serialize)]
pub(crate) struct Shown<'r> {
    #[serde(flatten)]
    report: Report,
    /// The keys of all its attempts, oldest first.
    reference_ids: Vec<String>,
    /// What was asked for, as it was recorded.
    contents: &'r RawValue,
    created_at: Timestamp,
    events: Vec<Happened<'r>>,
}

#[derive(Serialize)]
struct Happened<'r> {
    at: Timestamp,
    #[serde(flatten)]
    event: &'r Event,
}

impl<'r> Shown<'r> {
    /// The payment as the record has it.
    pub(crate) fn of(rail: Rail, record: &'r Record) -> Result<Self, payonce::Error> {
        let report = Report::of(rail, record)?;
        let contents = serde_json::from_str(&record.intent.contents).map_err(|error| {
            let message = "the journal's record of the order cannot be understood";
            payonce::Error::new(ErrorKind::Journal, message).with_source(error)
        })?;
        let events = record.entries.iter().map(|Entry { at, event }| Happened { at: *at, event }).collect();
        let reference_ids = keys(record).iter().map(ToString::to_string).collect();
        Ok(Self { report, reference_ids, contents, created_at: record.created_at, events })
    }
}

/// The keys of all attempts, oldest first.
pub(crate) fn keys(record: &Record) -> Vec<ReferenceId> {
    let again = record.entries.iter().filter_map(|entry| match &entry.event {
        Event::Again { reference_id, .. } => Some(*reference_id),
        _ => None,
    });
    let mut keys: Vec<ReferenceId> = std::iter::once(record.intent.reference_id).chain(again).collect();
    keys.dedup();
    keys
}

impl Show {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.journal.open()?;
        let found = self.rails.find(&*journal, &self.payment).await?;
        let (rail, record) = found.ok_or_else(|| unknown(self.payment.as_str()))?;
        if json {
            print::json(&Shown::of(rail, &record)?);
            return Ok(Exit::Done);
        }
        let report = Report::of(rail, &record)?;
        print::line(report.line());
        print::line(format!("asked for      {}", record.intent.contents));
        for (key, attempt) in keys(&record).iter().zip(1..) {
            print::line(format!("reference id   {key} (key {attempt})"));
        }
        print::line(format!("{}  recorded", moment(record.created_at)));
        for Entry { at, event } in &record.entries {
            print::line(format!("{}  {}", moment(*at), happened(rail, event)));
        }
        Ok(Exit::Done)
    }
}
