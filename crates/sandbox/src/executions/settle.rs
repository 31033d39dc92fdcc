//! How an execution moves through the books.
//!
//! What the merchant pays out leaves the wallet when the execution begins and waits in the clearing account; it reaches
//! the payee, or returns, when the payment settles. What the merchant collects moves when the payer has approved.
//!
//! Where the two sides have different currencies the money passes the exchange's position, which takes the one and gives
//! the other: a posting in each currency, so that every currency by itself sums to zero.

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
const FX_FEES: &str = "fees:fx";
/// What the exchange has of each currency.
const FX_POSITION: &str = "fx:position";

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
        let held = execution.quote.payer;
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
    let execution = record::waiting(books, reference_id)?
        .ok_or_else(|| Problem::not_found("No card payment waits for its holder under this reference"))?;
    settle(books, execution, books.micros())?;
    Ok(())
}

fn settle(books: &Books<'_>, mut execution: Execution, at: i64) -> Result<Execution, Problem> {
    let far = far_side(&execution);
    let wallet = wallet(execution.wallet_id);
    let quote = execution.quote.clone();
    let fees =
        [(PLATFORM_FEES, quote.platform_fee), (GATEWAY_FEES, quote.gateway_fee), (FX_FEES, quote.fx_fee)];
    let all_fees = quote.platform_fee + quote.gateway_fee + quote.fx_fee;
    // Who stands on the other side in the currency of the amount.
    let other = if quote.rate.is_some() { FX_POSITION } else { far.as_str() };
    match (execution.operation, execution.completes) {
        (Operation::Collection, true) => {
            exchange(books, &execution, at, &quote.payer_currency, (&far, FX_POSITION), quote.payer)?;
            let given = quote.payee + all_fees;
            let entries = [(other, -given), (&wallet, quote.payee), fees[0], fees[1], fees[2]];
            record_posting(books, &execution, Kind::Principal, at, &entries)?;
            mark_source(books, &execution, "PAID", Some(at))?;
        }
        (Operation::Collection, false) => free_source(books, &execution)?,
        (_, true) => {
            let given = quote.payer - all_fees;
            let entries = [(CLEARING, -quote.payer), (other, given), fees[0], fees[1], fees[2]];
            record_posting(books, &execution, Kind::Settlement, at, &entries)?;
            exchange(books, &execution, at, &quote.payee_currency, (FX_POSITION, &far), quote.payee)?;
        }
        (_, false) => {
            let entries = [(CLEARING, -quote.payer), (&wallet, quote.payer)];
            record_posting(books, &execution, Kind::Reversal, at, &entries)?;
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
    post(books.db, at, kind, Some(execution.id), &execution.quote.currency, execution.amount, entries)?;
    Ok(())
}

/// The customer's leg of a movement between currencies; nothing when there is one currency.
fn exchange(
    books: &Books<'_>,
    execution: &Execution,
    at: i64,
    currency: &str,
    (from, to): (&str, &str),
    amount: Cents,
) -> Result<(), Problem> {
    if execution.quote.rate.is_some() {
        let entries = [(from, -amount), (to, amount)];
        post(books.db, at, Kind::Exchange, Some(execution.id), currency, amount, &entries)?;
    }
    Ok(())
}

/// Makes the source of a failed collection payable again, unless it was cancelled in the meantime.
fn free_source(books: &Books<'_>, execution: &Execution) -> Result<(), Problem> {
    if let Some((kind, id)) = execution.source {
        books
            .db
            .prepare_cached(
                "UPDATE sources SET status = 'ACTIVE', updated_at = ?3
                 WHERE kind = ?1 AND id = ?2 AND status = 'PROCESSING'",
            )?
            .execute(rusqlite::params![kind, id, books.micros()])?;
    }
    Ok(())
}

fn mark_source(
    books: &Books<'_>,
    execution: &Execution,
    status: &str,
    paid_at: Option<i64>,
) -> Result<(), Problem> {
    if let Some((kind, id)) = execution.source {
        books
            .db
            .prepare_cached(
                "UPDATE sources SET status = ?3, paid_at = ?4, paid_by = ?5, updated_at = ?6 WHERE kind = ?1 AND id = ?2",
            )?
            .execute(rusqlite::params![
                kind,
                id,
                status,
                paid_at,
                paid_at.map(|_| execution.id),
                books.micros()
            ])?;
    }
    Ok(())
}
