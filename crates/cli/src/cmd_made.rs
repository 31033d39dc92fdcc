//! What can be asked of a transfer that a payment made: to be cancelled, what its fees are, and whether a bank sent it
//! back. Only Dwolla has these.

use std::time::Duration;

use clap::Args;
use dwolla::{BankAfterReturn, Cancellation, Dwolla, Payment, ReturnCode, Transfer, TransferStatus};
use payonce::{Effect, ErrorKind, Name, Status, Timestamp};
use serde::Serialize;

use crate::cmd_again::unknown;
use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::print;
use crate::rail::{Rail, Rails};
use crate::report::Report;

/// How long the journal may take to hear of an end that the provider has just told.
const NOTED_WITHIN: Duration = Duration::from_secs(20);

/// A payment that is a transfer on Dwolla.
#[derive(Debug, Args)]
struct Made {
    /// The payment's name.
    name: Name,
    #[command(flatten)]
    client: Client,
}

impl Made {
    /// The client, the payment, and the transfer that it made.
    async fn find(&self, wish: &str) -> Result<(Dwolla, Payment, Transfer), Error> {
        let journal = self.client.journal.open()?;
        let found = Rails::of(Rail::Dwolla).find_by_name(&*journal, &self.name).await?;
        if found.is_none() && Rails::of(Rail::Dollr).find_by_name(&*journal, &self.name).await?.is_some() {
            let message = format!("nothing was asked: {} is on dollr, which does not {wish}", self.name);
            return Err(payonce::Error::new(ErrorKind::Invalid, message).into());
        }
        drop(journal);
        let dwolla: Dwolla = self.client.open()?;
        let payment = dwolla.find(&self.name).await?.ok_or_else(|| unknown(self.name.as_str()))?;
        match dwolla.transfer_of(&payment).await? {
            Some(transfer) => Ok((dwolla, payment, transfer)),
            None => Err(nowhere(&payment).await?.into()),
        }
    }
}

/// The error for a payment that the provider has no transfer of.
async fn nowhere(payment: &Payment) -> Result<payonce::Error, Error> {
    let name = payment.name();
    let error = |message| payonce::Error::new(ErrorKind::NotFound, message);
    Ok(match payment.status().await? {
        Status::Failed(failure) => {
            error(format!("{name} failed ({failure}), and the provider has no transfer of it: no money moves"))
        }
        _ => error(format!(
            "the provider has no transfer of {name}; one may still be on its way there. Nothing was done: resume it, \
             and ask again when it is pending"
        ))
        .with_effect(Effect::Unknown),
    })
}

/// Cancel a transfer on Dwolla, as long as the provider allows it: until 16:00 in Chicago on a banking day, as a rule.
///
/// The provider's word is read first, and the request is sent only where it says that it can be cancelled. Settlement
/// may be faster all the same; then it is too late, and no money moved but once. Safe to repeat.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Cancel {
    #[command(flatten)]
    made: Made,
}

/// What came of a cancellation.
#[derive(Serialize)]
struct Cancelled<'t> {
    cancelled: bool,
    transfer: &'t str,
    /// How the transfer stands with the provider.
    transfer_status: &'t str,
    #[serde(flatten)]
    report: Report,
}

impl Cancel {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let (dwolla, payment, transfer) = self.made.find("cancel payments").await?;
        let came = dwolla.transfers().cancel(transfer.id).await.map_err(doubted)?;
        let (cancelled, transfer) = match &came {
            Cancellation::Cancelled(transfer) => (true, transfer),
            Cancellation::TooLate(transfer) => (false, transfer),
        };
        if transfer.status != TransferStatus::Pending {
            // The transfer's end is the payment's. If the journal has not heard of it by then, resume brings it there.
            let _ = payment.settled_within(NOTED_WITHIN).await;
        }
        let now = dwolla.find(&self.made.name).await?;
        let report = Report::of(Rail::Dwolla, now.as_ref().unwrap_or(&payment).record())?;
        if json {
            let (transfer, transfer_status) = (transfer.id.as_str(), transfer.status.as_str());
            print::json(&Cancelled { cancelled, transfer, transfer_status, report });
        } else {
            print::line(format!("{}: {}", self.made.name, in_words(&came)));
            print::line(report.line());
        }
        Ok(if cancelled { Exit::Done } else { Exit::Error })
    }
}

/// Of a request that may have arrived, nobody knows whether it cancelled anything.
fn doubted(error: payonce::Error) -> payonce::Error {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::Unavailable | ErrorKind::Unreadable => {
            error.with_effect(Effect::Unknown)
        }
        _ => error,
    }
}

/// What became of it, whether the money moved, and what to do next.
fn in_words(came: &Cancellation) -> String {
    match came {
        Cancellation::Cancelled(_) => "cancelled: its money does not move".to_owned(),
        Cancellation::TooLate(transfer) => match &transfer.status {
            TransferStatus::Pending => {
                "too late to cancel: the bank has it, and its money is on its way; wait for its end".to_owned()
            }
            TransferStatus::Processed => {
                "too late to cancel: it is processed, its money moved; what is to come back is another transfer, with a \
                 name of its own"
                    .to_owned()
            }
            TransferStatus::Failed => "nothing to cancel: it failed, a bank sent its money back".to_owned(),
            status => format!("nothing to cancel: it is {status}"),
        },
    }
}

/// Show the fees of a transfer on Dwolla, each a transfer of its own, with `--json` one object a line.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Fees {
    #[command(flatten)]
    made: Made,
}

/// One fee.
#[derive(Serialize)]
struct Fee<'t> {
    id: &'t str,
    status: &'t str,
    amount: String,
    currency: String,
    created: Timestamp,
    /// The transfer that it is a fee of.
    created_from_transfer: &'t str,
}

impl Fees {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let (dwolla, _, transfer) = self.made.find("charge fees as transfers").await?;
        let parent = transfer.id.as_str();
        for fee in dwolla.transfers().fees(transfer.id.clone()).await? {
            let (id, status) = (fee.id.as_str(), fee.status.as_str());
            if json {
                let (amount, currency) = (fee.amount.amount().to_string(), fee.amount.currency().to_string());
                let created = fee.created;
                print::json(&Fee { id, status, amount, currency, created, created_from_transfer: parent });
            } else {
                let amount = fee.amount.to_string();
                print::line(format!("{id}  {status:<9}  {amount:>18}  fee of {parent}"));
            }
        }
        Ok(Exit::Done)
    }
}

/// Ask Dwolla whether a bank sent a payment's money back, as it may for up to 60 days after the payment was completed.
///
/// The journal says what the payment came to when it ended; this is what became of it since. That nothing came back says
/// so of this moment only.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Returned {
    #[command(flatten)]
    made: Made,
}

/// What a bank sent back, if any did.
#[derive(Serialize)]
struct Back<'t> {
    returned: bool,
    /// The transfer that came back; else the payment's own.
    transfer: &'t str,
    transfer_status: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
    #[serde(flatten)]
    report: Report,
}

impl Returned {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let (dwolla, payment, transfer) = self.made.find("return payments").await?;
        let returned = dwolla.returned(&payment).await?;
        let failure = returned.as_ref().and_then(|returned| returned.failure.as_ref());
        let shown = returned.as_ref().map_or(&transfer, |returned| &returned.transfer);
        if json {
            print::json(&Back {
                returned: returned.is_some(),
                transfer: shown.id.as_str(),
                transfer_status: shown.status.as_str(),
                code: failure.map(|failure| failure.code.as_str()),
                meaning: failure.and_then(|failure| failure.code.meaning()),
                report: Report::of(Rail::Dwolla, payment.record())?,
            });
        } else {
            let name = &self.made.name;
            print::line(match (&returned, failure) {
                (None, _) => format!("{name}: not returned; its transfer is {}", transfer.status),
                (Some(_), Some(failure)) => {
                    let part = if shown.id == transfer.id { "" } else { " on a part of its way" };
                    format!("{name}: returned{part} with {}", because(&failure.code))
                }
                (Some(_), None) => format!("{name}: returned; the provider does not say why"),
            });
        }
        Ok(if returned.is_some() { Exit::Failed } else { Exit::Done })
    }
}

/// What a code means, and what it did to the bank account.
fn because(code: &ReturnCode) -> String {
    let bank = match code.bank() {
        BankAfterReturn::Kept => "the bank account stays",
        BankAfterReturn::Removed => "the provider removed the bank account",
        BankAfterReturn::Unsure => "the bank account may have been removed",
    };
    match code.meaning() {
        Some(meaning) => format!("{code} ({meaning}); {bank}"),
        None => format!("{code}; {bank}"),
    }
}
