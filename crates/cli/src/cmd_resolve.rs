//! `payonce resolve`: a person decides how a parked payment ended.
//!
//! What must stay true: the evidence is shown before anything is asked, nothing is written without a decision, a reason and
//! a yes, and what is written is durable before the command says so.

use std::sync::Arc;

use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::journal::{Journal, Record, Standing};
use payonce::step::{Expect, Outcome, ParkReason};
use payonce::{Error as PaymentError, ErrorKind, Money, Name, Receipt, ReferenceId};
use serde::Serialize;

use crate::cmd_again::unknown;
use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Place, Variables};
use crate::print::{self, Answer};
use crate::rail::{Rail, Rails};
use crate::report::Report;
use crate::story::{Story, ask};
use crate::words::quoted;

/// Decide how a parked payment ended. Shows the evidence first; without a decision it shows the evidence alone.
///
/// The provider is asked first, and a decision against its word is refused. With --paid the payment is completed, and is
/// never made again. With --not-paid it has failed, and nothing is sent unless `payonce again` is given, which keeps the
/// reference id and looks first, so that a decision which was wrong pays nobody twice. What is decided, by whom and why is
/// written to the journal for good; neither text may hold a secret.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Resolve {
    /// The payment's name.
    name: Name,
    #[command(flatten)]
    decision: Decision,
    /// What the payer was charged, where it is another amount than was asked for, or none was.
    #[arg(long, value_name = "AMOUNT", requires = "paid")]
    charged: Option<String>,
    /// What the payee received, where it is another amount than the payer was charged.
    #[arg(long, value_name = "AMOUNT", requires = "paid")]
    received: Option<String>,
    /// Why: what was seen, and where.
    #[arg(long, required_if_eq("not_paid", "true"), requires = "decision")]
    reason: Option<String>,
    /// Who decides.
    #[arg(long, env = "USER", hide_env_values = true)]
    by: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Show what would be decided, and decide nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

/// How it ended.
#[derive(Clone, Debug, Args)]
#[group(id = "decision", multiple = false)]
struct Decision {
    /// The money moved, as this transaction id of the provider shows.
    #[arg(long, value_name = "TRANSACTION_ID", requires = "reason")]
    paid: Option<String>,
    /// The money did not move, and is not on its way.
    #[arg(long)]
    not_paid: bool,
}

/// What was decided, with the evidence that was shown.
#[derive(Serialize)]
struct Resolved<'s> {
    decided: bool,
    evidence: &'s Story,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Report>,
}

impl Resolve {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.client.journal.open()?;
        let found = self.rails.find_by_name(&*journal, &self.name).await?;
        let (rail, record) = found.ok_or_else(|| unknown(self.name.as_str()))?;
        // Once, because standard input can be read once.
        let variables = Ok(self.client.variables(&[rail])?);
        let asked = ask(&variables, &journal, rail, &self.name).await?;
        let variables = variables?;
        let story = Story::of(rail, &record, asked, false)?;
        if !json {
            story.lines().iter().for_each(print::line);
        }
        let state = record.state()?;
        let Some(Outcome::Parked(parked)) = state.outcome() else {
            let standing = Standing::of(&state);
            let message =
                format!("only a parked payment waits for a decision, and {} is {standing}", self.name);
            return Err(PaymentError::new(ErrorKind::NotParked, message).into());
        };
        let Some(decision) = self.decided(&record, parked, state.reference_id())? else {
            print::note(how(self.name.as_str(), parked));
            if json {
                print::json(&Resolved { decided: false, evidence: &story, payment: None });
            }
            return Ok(Exit::Parked);
        };
        if !self.dry_run {
            self.agreed(&decision)?;
        }
        let report = match rail {
            _ if self.dry_run => None,
            Rail::Dollr => Some(self.write::<Dollr>(variables, journal, &decision).await?),
            Rail::Dwolla => Some(self.write::<Dwolla>(variables, journal, &decision).await?),
        };
        let exit = report.as_ref().map_or(Exit::Parked, |report| Exit::of(report.standing));
        if json {
            print::json(&Resolved { decided: report.is_some(), evidence: &story, payment: report });
            return Ok(exit);
        }
        print::line("");
        match report {
            Some(report) => print::line(report.line()),
            None => print::line(format!("nothing was decided; without --dry-run: {decision}")),
        }
        Ok(exit)
    }

    /// What was decided, if anything was.
    fn decided(
        &self,
        record: &Record,
        parked: &ParkReason,
        reference_id: ReferenceId,
    ) -> Result<Option<Decided>, Error> {
        let Some(reason) = self.reason.clone() else { return Ok(None) };
        let by = self.by.clone().ok_or_else(|| invalid("--by says who decides; nothing was decided"))?;
        let Some(id) = &self.decision.paid else { return Ok(Some(Decided { receipt: None, by, reason })) };
        let (asked, currency) = match (parked, record.intent.expect) {
            (ParkReason::AmountDiffers { receipt, .. }, _) => {
                (Some((receipt.payer_amount, receipt.payee_amount)), receipt.payer_amount.currency())
            }
            (_, Expect::Amount(money)) => (Some((money, money)), money.currency()),
            (_, Expect::PayerCurrency(currency)) => (None, currency),
        };
        let money =
            |text: &Option<String>| text.as_deref().map(|text| Money::new(text, currency)).transpose();
        let (charged, received) = (money(&self.charged)?, money(&self.received)?);
        let Some(payer_amount) = charged.or(asked.map(|(payer, _)| payer)) else {
            return Err(invalid("no amount was asked for, so --charged says what the payer was charged"));
        };
        let payee_amount = received.or(charged).or(asked.map(|(_, payee)| payee)).unwrap_or(payer_amount);
        let provider_transaction_id = Some(id.clone());
        let receipt = Receipt { reference_id, payer_amount, payee_amount, provider_transaction_id };
        Ok(Some(Decided { receipt: Some(receipt), by, reason }))
    }

    /// Asks on a terminal; elsewhere `--yes` has to say it.
    fn agreed(&self, decision: &Decided) -> Result<(), Error> {
        if self.yes {
            return Ok(());
        }
        match print::ask(format!("\nDecide of {} {decision}? It cannot be undone.", self.name)) {
            Answer::Yes => Ok(()),
            Answer::No => Err(invalid("nothing was decided")),
            Answer::NobodyToAsk => {
                Err(invalid("nothing was decided: this is no terminal to ask on, so say --yes"))
            }
        }
    }

    async fn write<F: Facade>(
        &self,
        variables: Variables,
        journal: Arc<dyn Journal>,
        decision: &Decided,
    ) -> Result<Report, Error> {
        let facade = F::open(variables, Place::Open(journal))?;
        let found = facade.find_payment(&self.name).await?;
        let payment = found.ok_or_else(|| unknown(self.name.as_str()))?;
        let Decided { receipt, by, reason } = decision;
        let decided = match receipt {
            Some(receipt) => payment.resolve_as_paid(receipt.clone(), by, reason).await?,
            None => payment.resolve_as_not_paid(by, reason).await?,
        };
        Ok(Report::of(F::RAIL, decided.record())?)
    }
}

/// A decision that is ready to be written down.
struct Decided {
    /// What moved; nothing if it was not paid.
    receipt: Option<Receipt>,
    by: String,
    reason: String,
}

impl std::fmt::Display for Decided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.receipt {
            Some(receipt) => write!(
                f,
                "that it was paid, {} charged and {} received",
                receipt.payer_amount, receipt.payee_amount
            )?,
            None => f.write_str("that it was not paid")?,
        }
        write!(f, ", by {}: {}", self.by, self.reason)
    }
}

/// Which decisions there are.
fn how(name: &str, parked: &ParkReason) -> String {
    let name = quoted(name);
    let paid = format!("payonce resolve {name} --paid TRANSACTION_ID --reason \"...\"");
    match parked {
        ParkReason::AmountDiffers { .. } => format!(
            "payonce: the provider itself says that it moved money, so there is one decision: {paid}. What is to come back \
             is a refund, with a name of its own"
        ),
        _ => format!(
            "payonce: nothing was decided; when the provider's records leave no doubt, decide: {paid}, or payonce resolve \
             {name} --not-paid --reason \"...\""
        ),
    }
}

fn invalid(message: &'static str) -> Error {
    PaymentError::new(ErrorKind::Invalid, message).into()
}
