//! A payment as the command shows it, in one line or one JSON object. Everything in it comes from the journal.

use payonce::journal::{Record, Standing};
use payonce::step::{Expect, Outcome};
use payonce::{Error, Money};
use serde::Serialize;

use crate::rail::Rail;

/// How a payment stands.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    name: String,
    rail: Rail,
    operation: String,
    /// The key of the present attempt.
    reference_id: String,
    attempt: u32,
    pub(crate) standing: Standing,
    /// What was asked for; a collection is charged in a currency, and the amount is the provider's to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<String>,
    currency: String,
    /// What the payer was charged, once it is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_amount: Option<Amount>,
    /// What the payee received, once it is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    payee_amount: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_transaction_id: Option<String>,
    /// Why it failed, was parked, or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Amounts are text in JSON: no reader of it can round them.
#[derive(Debug, Serialize)]
struct Amount {
    amount: String,
    currency: String,
}

impl From<&Money> for Amount {
    fn from(money: &Money) -> Self {
        Self { amount: money.amount().to_string(), currency: money.currency().to_string() }
    }
}

/// The amount, if it is known, and the currency of what was asked for.
pub(crate) fn asked(expect: &Expect) -> (Option<String>, String) {
    match expect {
        Expect::Amount(money) => (Some(money.amount().to_string()), money.currency().to_string()),
        Expect::PayerCurrency(currency) => (None, currency.to_string()),
    }
}

impl Report {
    /// The payment as the record has it.
    pub(crate) fn of(rail: Rail, record: &Record) -> Result<Self, Error> {
        let state = record.state()?;
        let intent = &record.intent;
        let (amount, currency) = asked(&intent.expect);
        let mut report = Self {
            name: intent.name.to_string(),
            rail,
            operation: intent.operation.to_string(),
            reference_id: state.reference_id().to_string(),
            attempt: state.attempt(),
            standing: Standing::of(&state),
            amount,
            currency,
            payer_amount: None,
            payee_amount: None,
            provider_transaction_id: None,
            reason: None,
        };
        match state.outcome() {
            Some(Outcome::Completed(receipt)) => {
                report.payer_amount = Some((&receipt.payer_amount).into());
                report.payee_amount = Some((&receipt.payee_amount).into());
                report.provider_transaction_id.clone_from(&receipt.provider_transaction_id);
            }
            Some(Outcome::Failed(failure)) => report.reason = Some(failure.to_string()),
            Some(Outcome::Parked(reason)) => report.reason = Some(reason.to_string()),
            None => {}
        }
        Ok(report)
    }

    /// The payment in one line.
    pub(crate) fn line(&self) -> String {
        let Self { name, rail, operation, currency, standing, reference_id, .. } = self;
        let asked = match &self.amount {
            Some(amount) => format!("{amount} {currency}"),
            None => format!("an amount in {currency}"),
        };
        let mut line = format!("{name}: {operation} of {asked}: {standing}");
        if let Some(reason) = &self.reason {
            line.push_str(&format!(" ({reason})"));
        }
        if let (Some(payer), Some(payee)) = (&self.payer_amount, &self.payee_amount) {
            line.push_str(&format!(
                "; charged {} {}, paid out {} {}",
                payer.amount, payer.currency, payee.amount, payee.currency
            ));
        }
        line.push_str(&format!("; reference id {reference_id} on {rail}"));
        line
    }
}
