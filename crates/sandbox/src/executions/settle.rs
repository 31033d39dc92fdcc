//! How an execution moves through the books.
//!
//! What the merchant pays out leaves the wallet when the execution begins and waits in the clearing account; it reaches
//! the payee, or returns, when the payment settles. What the merchant collects moves when the payer has approved.

use uuid::Uuid;

use super::record::{self, Execution};
use super::{COMPLETED, FAILED, Operation, PENDING, PROCESSING};
use crate::ledger::{Kind, post};
use crate::money::Cents;
use crate::outcomes::Behaviour;
use crate::problem::Problem;
use crate::store::Books;
use crate::switches::FirstStatus;

/// Where money is between leaving a wallet and reaching its payee.
const CLEARING: &str = "clearing";
const PLATFORM_FEES: &str = "fees:platform";
const GATEWAY_FEES: &str = "fees:gateway";

pub(crate) fn wallet(id: i64) -> String {
    format!("wallet:{id}")
}

fn far_side(execution: &Execution) -> String {
    match (execution.operation, execution.payment_account_id, execution.counterparty_id) {
        (Operation::Transfer, _, Some(id)) => format!("counterparty:{id}"),
        (_, Some(id), _) => format!("account:{id}"),
        _ => "account:unknown".to_owned(),
    }
}

/// Starts a recorded execution: sets the money aside or claims the source, and settles it when it needs no time.
pub(super) fn begin(
    books: &Books<'_>,
    execution: Execution,
    behaviour: Behaviour,
) -> Result<Execution, Problem> {
    if execution.status != PROCESSING {
        return Ok(execution);
    }
    if execution.operation == Operation::Collection {
        mark_source(books, &execution, "PROCESSING", None)?;
    } else {
        let held = execution.payer_amount;
        record_posting(
            books,
            &execution,
            Kind::Principal,
            books.micros(),
            &[(&wallet(execution.wallet_id), -held), (CLEARING, held)],
        )?;
    }
    match behaviour.settles_after(books.terms.switches.settle_after()) {
        None => Ok(execution),
        Some(wait) if wait.is_zero() => settle(books, execution, books.micros()),
        Some(wait) => {
            let at = crate::clock::later(books.now, wait).timestamp_micros();
            record::schedule(books, execution.id, Some(at))?;
            books.falls_due(at);
            match books.terms.switches.first_status {
                // The operator has not taken it up at this instant; whoever looks again finds it being processed.
                FirstStatus::Pending => Ok(Execution { status: PENDING.to_owned(), ..execution }),
                FirstStatus::Processing => Ok(execution),
            }
        }
    }
}

/// Settles everything that fell due by now, each at its own instant.
pub(crate) fn settle_due(books: &Books<'_>) -> Result<(), Problem> {
    for (at, execution) in record::due(books)? {
        settle(books, execution, at)?;
    }
    Ok(())
}

/// The card holder finishes the 3-D Secure step: the collection settles now.
pub(crate) fn confirm_card(books: &Books<'_>, reference_id: Uuid) -> Result<(), Problem> {
    let execution = record::find(books, Operation::Collection, reference_id)?
        .filter(|execution| execution.requires_action)
        .ok_or_else(|| Problem::not_found("No card payment waits for its holder under this reference"))?;
    settle(books, execution, books.micros())?;
    Ok(())
}

fn settle(books: &Books<'_>, mut execution: Execution, at: i64) -> Result<Execution, Problem> {
    let far = far_side(&execution);
    let wallet = wallet(execution.wallet_id);
    let Execution { payer_amount: payer, payee_amount: payee, .. } = execution;
    let fees = [(PLATFORM_FEES, execution.platform_fee), (GATEWAY_FEES, execution.gateway_fee)];
    match (execution.operation, execution.completes) {
        (Operation::Collection, true) => {
            let entries = [(far.as_str(), -payer), (&wallet, payee), fees[0], fees[1]];
            record_posting(books, &execution, Kind::Principal, at, &entries)?;
            mark_source(books, &execution, "PAID", Some(at))?;
        }
        (Operation::Collection, false) => mark_source(books, &execution, "ACTIVE", None)?,
        (_, true) => {
            let entries = [(CLEARING, -payer), (far.as_str(), payee), fees[0], fees[1]];
            record_posting(books, &execution, Kind::Settlement, at, &entries)?;
        }
        (_, false) => {
            record_posting(books, &execution, Kind::Reversal, at, &[(CLEARING, -payer), (&wallet, payer)])?;
        }
    }
    execution.status = if execution.completes { COMPLETED } else { FAILED }.to_owned();
    execution.gateway_message = Some(execution.verdict_message.clone());
    execution.settled_at = Some(at);
    execution.requires_action = false;
    record::close(books, &execution)?;
    Ok(execution)
}

fn record_posting(
    books: &Books<'_>,
    execution: &Execution,
    kind: Kind,
    at: i64,
    entries: &[(&str, Cents)],
) -> Result<(), Problem> {
    post(books.db, at, kind, Some(execution.id), &execution.currency, execution.amount, entries)?;
    Ok(())
}

fn mark_source(
    books: &Books<'_>,
    execution: &Execution,
    status: &str,
    paid_at: Option<i64>,
) -> Result<(), Problem> {
    if let Some((kind, id)) = &execution.source {
        books
            .db
            .prepare_cached(
                "UPDATE sources SET status = ?3, paid_at = ?4, updated_at = ?5 WHERE kind = ?1 AND id = ?2",
            )?
            .execute(rusqlite::params![kind, id, status, paid_at, books.micros()])?;
    }
    Ok(())
}
