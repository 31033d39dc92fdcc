//! What became of each line: one row each, as the journal has it, in a file that is whole at any time.
//!
//! What must stay true: the file is replaced as a whole or not at all, so that whoever reads it never reads half of it; and no
//! cell that came from outside is a formula to a spreadsheet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use futures_util::StreamExt;
use payonce::journal::{Journal, Record, Standing};
use payonce::step::Outcome;
use payonce::{Money, ReferenceId, Timestamp};
use serde::Serialize;

use super::Problem;
use super::check::{self, Known};
use super::orders::Clients;
use super::replaced::Replaced;
use super::report::Report;
use super::rows::Row;
use super::run::beside;
use super::source::Source;
use super::tally::{Stands, Tally};
use crate::exit::Error;
use crate::rail::Rail;

/// So many lines are looked for in the journal at a time.
const AHEAD: usize = 64;

/// What became of a line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) line: u64,
    pub(super) name: String,
    pub(super) rail: Rail,
    pub(super) operation: &'static str,
    pub(super) stands: Stands,
    pub(super) reference_id: Option<ReferenceId>,
    pub(super) amount: Money,
    /// What the payer was charged and what the payee received.
    pub(super) moved: Option<(Money, Money)>,
    pub(super) provider_transaction_id: Option<String>,
    pub(super) recorded_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
    pub(super) reason: String,
    note: String,
}

/// A row of the file.
#[derive(Serialize)]
struct Cells<'l> {
    line: u64,
    name: String,
    rail: Rail,
    operation: &'l str,
    status: &'l str,
    reference_id: Option<String>,
    amount: String,
    currency: String,
    payer_amount: String,
    payer_currency: String,
    payee_amount: String,
    payee_currency: String,
    fee: String,
    provider_transaction_id: String,
    recorded_at: String,
    ended_at: String,
    reason: String,
    note: String,
}

impl Line {
    /// A line of which nothing is known yet.
    fn new(row: Row) -> Self {
        Self {
            line: row.line,
            name: row.name.to_string(),
            rail: row.order.rail(),
            operation: row.order.operation(),
            stands: Stands::NotSent,
            reference_id: None,
            amount: row.amount,
            moved: None,
            provider_transaction_id: None,
            recorded_at: None,
            ended_at: None,
            reason: String::new(),
            note: row.note,
        }
    }

    /// Takes over what the journal has.
    fn read(&mut self, recorded: &Record) -> Result<(), Error> {
        let state = recorded.state()?;
        self.stands = Stands::of(Some(Standing::of(&state)));
        self.reference_id = Some(state.reference_id());
        self.recorded_at = Some(recorded.created_at);
        let Some(outcome) = state.outcome() else { return Ok(()) };
        self.ended_at = recorded.entries.last().map(|entry| entry.at);
        match outcome {
            Outcome::Completed(receipt) => {
                self.moved = Some((receipt.payer_amount, receipt.payee_amount));
                self.provider_transaction_id.clone_from(&receipt.provider_transaction_id);
            }
            Outcome::Failed(failure) => self.reason = failure.to_string(),
            Outcome::Parked(reason) => self.reason = reason.to_string(),
        }
        Ok(())
    }

    /// What was taken on the way, where both ends are in one currency.
    pub(super) fn fee(&self) -> Option<Money> {
        let (payer, payee) = self.moved?;
        let same = payer.currency() == payee.currency();
        same.then(|| Money::reported(payer.amount() - payee.amount(), payer.currency()))
    }

    /// What the payer was charged.
    pub(super) fn charged(&self) -> Option<Money> {
        self.moved.map(|(payer, _)| payer)
    }

    /// What the payee received.
    pub(super) fn received(&self) -> Option<Money> {
        self.moved.map(|(_, payee)| payee)
    }

    fn cells(&self) -> Cells<'_> {
        let amount =
            |money: Option<Money>| money.map_or_else(String::new, |money| money.amount().to_string());
        let currency =
            |money: Option<Money>| money.map_or_else(String::new, |money| money.currency().to_string());
        let (payer, payee) = (self.charged(), self.received());
        let fee = self.fee().filter(|fee| !fee.amount().is_sign_negative());
        Cells {
            line: self.line,
            name: tame(&self.name),
            rail: self.rail,
            operation: self.operation,
            status: self.stands.as_str(),
            reference_id: self.reference_id.map(|id| id.to_string()),
            amount: self.amount.amount().to_string(),
            currency: self.amount.currency().to_string(),
            payer_amount: amount(payer),
            payer_currency: currency(payer),
            payee_amount: amount(payee),
            payee_currency: currency(payee),
            fee: amount(fee),
            provider_transaction_id: tame(self.provider_transaction_id.as_deref().unwrap_or_default()),
            recorded_at: moment(self.recorded_at),
            ended_at: moment(self.ended_at),
            reason: tame(&self.reason),
            note: tame(&self.note),
        }
    }
}

fn moment(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// Text that a spreadsheet takes for text: what it would compute gets an apostrophe before it.
fn tame(text: &str) -> String {
    let computed = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if computed { format!("'{text}") } else { text.to_owned() }
}

/// What a report was made of.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) tally: Tally,
    pub(crate) result: PathBuf,
    pub(crate) report: PathBuf,
}

/// Writes what became of each line, beside the file: rows for programs and spreadsheets, and a page for people.
pub(crate) async fn tell(
    source: &Source,
    usual: Rail,
    journal: Option<&dyn Journal>,
    refused: &BTreeMap<u64, String>,
) -> Result<Told, Error> {
    let path = source.path();
    let (result, page) = (beside(path, ".result.csv"), beside(path, ".report.html"));
    let nobody = Clients::of_nobody()?;
    let (mut tally, mut report) = (Tally::default(), Report::new(path));
    let mut file = Replaced::new(&result)?;
    let unwritable = |error: csv::Error| Problem::Unwritable(result.clone(), error.into());
    {
        let mut rows = csv::Writer::from_writer(&mut file.file);
        let looked =
            check::rows(source, usual)?.map(|row| look(row, &nobody, journal, refused)).buffered(AHEAD);
        let mut lines = std::pin::pin!(looked);
        while let Some(line) = lines.next().await {
            let Some(line) = line? else { continue };
            rows.serialize(line.cells()).map_err(unwritable)?;
            tally.add(line.stands, line.rail, line.amount);
            report.add(line);
        }
        rows.flush().map_err(|error| Problem::Unwritable(result.clone(), error))?;
    }
    file.replace()?;
    let mut file = Replaced::new(&page)?;
    report.write(&tally, &mut file.file).map_err(|error| Problem::Unwritable(page.clone(), error))?;
    file.replace()?;
    Ok(Told { tally, result, report: page })
}

/// What became of a line; nothing of one that is wrong.
async fn look(
    row: Result<Result<Row, Vec<super::Bad>>, Problem>,
    nobody: &Clients,
    journal: Option<&dyn Journal>,
    refused: &BTreeMap<u64, String>,
) -> Result<Option<Line>, Error> {
    let Ok(row) = row? else { return Ok(None) };
    let known = check::known(&row, nobody, journal).await?;
    let mut line = Line::new(row);
    match known {
        Known::Same(recorded) => line.read(&recorded)?,
        Known::Other(recorded, _) => {
            let intent = &recorded.intent;
            line.stands = Stands::Failed;
            line.reason = format!(
                "nothing of this line was sent: its name was recorded with other contents, a {} of {}",
                intent.operation, intent.expect
            );
        }
        Known::Unpayable(error) => {
            line.stands = Stands::Failed;
            line.reason = error.message().to_owned();
        }
        Known::Nothing => {
            if let Some(reason) = refused.get(&line.line) {
                line.stands = Stands::Failed;
                line.reason.clone_from(reason);
            }
        }
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_from_outside_is_a_formula() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\t=1", "'\t=1"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(tame(text), safe);
        }
    }
}
