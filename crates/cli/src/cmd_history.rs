//! What the journal knows: `list` and `show`. They read the journal alone, so they need no credentials and tell no
//! provider anything.

use std::collections::VecDeque;

use clap::Args;
use payonce::journal::{Filter, Journal, Standing, Summary};
use payonce::step::{Entry, Event, Refused};
use payonce::{Name, ReferenceId, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cmd_again::unknown;
use crate::config::JournalFile;
use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::{Rail, Rails};
use crate::report::{Report, asked};

/// How many payments are read from the journal at a time.
const PAGE: usize = 500;

/// List payments in the order in which they were recorded, with `--json` one object a line.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those that stand so: intended, prepared, sending, pending, completed, failed or parked.
    #[arg(long)]
    standing: Option<Standing>,
    /// Only those that have not ended.
    #[arg(long)]
    unfinished: bool,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    journal: JournalFile,
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
        let filter =
            Filter { standing: self.standing, unfinished: self.unfinished, after: None, limit: PAGE };
        let mut pages: Vec<Page> = self.rails.each().iter().map(|rail| Page::new(*rail, &filter)).collect();
        for _ in 0..self.limit.unwrap_or(usize::MAX) {
            for page in &mut pages {
                page.fill(&journal).await?;
            }
            // A payment's number says when it was recorded, whatever its rail.
            let first =
                pages.iter_mut().filter(|page| !page.read.is_empty()).min_by_key(|page| page.read[0].id);
            let Some(Page { rail, read, .. }) = first else { break };
            if let Some(payment) = read.pop_front() {
                show_listed(*rail, &payment, json);
            }
        }
        Ok(Exit::Done)
    }
}

/// What was read of a rail's payments and is not shown yet.
struct Page {
    rail: Rail,
    /// What to read next; nothing when all was read.
    rest: Option<Filter>,
    read: VecDeque<Summary>,
}

impl Page {
    fn new(rail: Rail, filter: &Filter) -> Self {
        Self { rail, rest: Some(filter.clone()), read: VecDeque::new() }
    }

    /// Reads on if everything was shown.
    async fn fill(&mut self, journal: &impl Journal) -> Result<(), payonce::Error> {
        if let (true, Some(filter)) = (self.read.is_empty(), &mut self.rest) {
            self.read = journal.list(self.rail.name(), filter.clone()).await?.into();
            match self.read.back() {
                Some(last) => filter.after = Some(last.id),
                None => self.rest = None,
            }
        }
        Ok(())
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
    journal: JournalFile,
}

/// A payment with all its history.
#[derive(Serialize)]
struct Shown<'r> {
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

impl Show {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.journal.open()?;
        let found = self.rails.find(&journal, &self.payment).await?;
        let (rail, record) = found.ok_or_else(|| unknown(self.payment.as_str()))?;
        let report = Report::of(rail, &record)?;
        let again = record.entries.iter().filter_map(|entry| match &entry.event {
            Event::Again { reference_id, .. } => Some(*reference_id),
            _ => None,
        });
        let mut keys: Vec<ReferenceId> = std::iter::once(record.intent.reference_id).chain(again).collect();
        keys.dedup();
        if json {
            print::json(&Shown {
                report,
                reference_ids: keys.iter().map(ToString::to_string).collect(),
                contents: serde_json::from_str(&record.intent.contents)
                    .expect("an order was recorded as JSON"),
                created_at: record.created_at,
                events: record
                    .entries
                    .iter()
                    .map(|Entry { at, event }| Happened { at: *at, event })
                    .collect(),
            });
            return Ok(Exit::Done);
        }
        print::line(report.line());
        print::line(format!("asked for      {}", record.intent.contents));
        for (key, attempt) in keys.iter().zip(1..) {
            print::line(format!("reference id   {key} (key {attempt})"));
        }
        print::line(format!("{}  recorded", moment(record.created_at)));
        for Entry { at, event } in &record.entries {
            print::line(format!("{}  {}", moment(*at), in_words(rail, event)));
        }
        Ok(Exit::Done)
    }
}

fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S%.3fZ").to_string()
}

/// What happened, in plain words. Nothing in an event is secret: the journal holds no secrets.
fn in_words(rail: Rail, event: &Event) -> String {
    match event {
        Event::Prepared { body, expires_at, .. } => {
            let until = moment(*expires_at);
            match rail {
                Rail::Dollr => format!("a session was opened, good until {until}; to be sent: {body}"),
                Rail::Dwolla => format!("made ready, to be sent before {until} or not at all: {body}"),
            }
        }
        Event::Sending => "being sent; from here on the provider may act".to_owned(),
        Event::NotSent { reason } => format!("the provider did not act: {reason}"),
        Event::Unknown { reason } => format!("nobody knows what became of it: {reason}"),
        Event::Refused { about: Refused::Payment, reason, .. } => format!("the provider said no: {reason}"),
        Event::Refused { about: Refused::Session, reason, .. } => {
            format!("the provider refused the session: {reason}")
        }
        Event::NotFound { .. } => "looked up: the provider does not know the reference id (yet)".to_owned(),
        Event::Pending => "the provider has taken it".to_owned(),
        Event::Completed { receipt } => {
            format!("completed: charged {}, paid out {}", receipt.payer_amount, receipt.payee_amount)
        }
        Event::Failed { failure } => format!("failed, no money moved: {failure}"),
        Event::Parked { reason } => format!("parked for a person to decide: {reason}"),
        Event::Again { attempt, reference_id } => {
            format!("to be tried again, attempt {attempt} with reference id {reference_id}")
        }
        other => format!("{other:?}"),
    }
}
