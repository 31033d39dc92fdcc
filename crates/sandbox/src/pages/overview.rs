//! What the dashboard reads from the books: all merchants' wallets, the latest payments, and the life of one payment.

use std::cmp::Reverse;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use super::money;
use crate::ledger::instant;
use crate::money::Cents;
use crate::problem::Problem;
use crate::requests::Request;
use crate::store::Books;

/// How many payments are shown.
const SHOWN: i64 = 50;

#[derive(Serialize)]
pub(super) struct Overview {
    wallets: Vec<Wallet>,
    payments: Vec<Payment>,
}

#[derive(Serialize)]
struct Wallet {
    id: i64,
    merchant: String,
    balance: String,
}

/// One payment as the list shows it.
#[derive(Serialize)]
struct Payment {
    id: i64,
    reference_id: Uuid,
    operation: String,
    status: String,
    requires_action: bool,
    /// Without fees, in the currency of the source or session.
    amount: String,
    merchant: String,
    /// Who pays or is paid.
    party: Option<String>,
    source_number: Option<String>,
    created_at: DateTime<Utc>,
}

/// One payment with everything that has happened to it, oldest first.
#[derive(Serialize)]
pub(super) struct Life {
    #[serde(flatten)]
    payment: Payment,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    at: DateTime<Utc>,
    /// `event`, `posting` or `request`.
    kind: &'static str,
    title: String,
    detail: String,
}

const PAYMENTS: &str =
    "SELECT executions.id, executions.reference_id, executions.operation, executions.status,
    executions.requires_action, executions.amount, executions.currency, merchants.name, parties.fullname,
    sources.number, executions.created_at
    FROM executions JOIN merchants ON merchants.id = executions.merchant_id
    LEFT JOIN payment_accounts ON payment_accounts.id = executions.payment_account_id
    LEFT JOIN counterparties ON counterparties.id = executions.counterparty_id
    LEFT JOIN parties ON parties.id = COALESCE(payment_accounts.party_id, counterparties.party_id)
    LEFT JOIN sources ON sources.kind = executions.source_kind AND sources.id = executions.source_id";

fn payment(row: &Row<'_>) -> Result<Payment, rusqlite::Error> {
    Ok(Payment {
        id: row.get(0)?,
        reference_id: Uuid::from_bytes(row.get(1)?),
        operation: row.get(2)?,
        status: row.get(3)?,
        requires_action: row.get(4)?,
        amount: money(Cents(row.get(5)?), &row.get::<_, String>(6)?),
        merchant: row.get(7)?,
        party: row.get(8)?,
        source_number: row.get(9)?,
        created_at: instant(row.get(10)?),
    })
}

/// The state of everything, newest payment first.
pub(super) fn overview(books: &Books<'_>) -> Result<Overview, Problem> {
    let wallets = books
        .db
        .prepare_cached(
            "SELECT wallets.id, merchants.name, COALESCE(balance, 0), wallets.currency FROM wallets
             JOIN merchants ON merchants.id = merchant_id
             LEFT JOIN accounts ON accounts.name = 'wallet:' || wallets.id AND accounts.currency = wallets.currency
             ORDER BY wallets.id",
        )?
        .query_map([], |row| {
            let balance = money(Cents(row.get(2)?), &row.get::<_, String>(3)?);
            Ok(Wallet { id: row.get(0)?, merchant: row.get(1)?, balance })
        })?
        .collect::<Result<_, _>>()?;
    let payments = books
        .db
        .prepare_cached(&format!("{PAYMENTS} ORDER BY executions.id DESC LIMIT ?1"))?
        .query_map([SHOWN], payment)?
        .collect::<Result<_, _>>()?;
    Ok(Overview { wallets, payments })
}

/// The life of one payment, with those of these requests that name it.
pub(super) fn life(books: &Books<'_>, id: i64, requests: &[Request]) -> Result<Option<Life>, Problem> {
    let found = books
        .db
        .prepare_cached(&format!("{PAYMENTS} WHERE executions.id = ?1"))?
        .query_row([id], payment)
        .optional()?;
    let Some(payment) = found else { return Ok(None) };
    let mut steps = events(books, &payment)?;
    steps.extend(postings(books, id)?);
    let own = requests.iter().filter(|request| request.reference_id == Some(payment.reference_id));
    let mut asked: Vec<Step> = own.map(step).collect();
    // At one instant the request comes first, then what it did.
    asked.append(&mut steps);
    asked.sort_by_key(|step| (step.at, Reverse(step.kind)));
    Ok(Some(Life { payment, steps: asked }))
}

fn events(books: &Books<'_>, payment: &Payment) -> Result<Vec<Step>, Problem> {
    let event = |at, title: String, detail: String| Step { at, kind: "event", title, detail };
    let (session, opened, settled, settles, gateway, wallet) = books
        .db
        .prepare_cached(
            "SELECT sessions.id, sessions.created_at, settled_at, settles_at, gateway_message, wallet_message
             FROM executions LEFT JOIN sessions ON sessions.id = session_id WHERE executions.id = ?1",
        )?
        .query_row([payment.id], |row| {
            Ok((
                row.get::<_, Option<i64>>(0)?,
                row.get::<_, Option<i64>>(1)?,
                row.get::<_, Option<i64>>(2)?,
                row.get::<_, Option<i64>>(3)?,
                row.get::<_, Option<String>>(4)?,
                row.get::<_, Option<String>>(5)?,
            ))
        })?;
    let mut steps = Vec::new();
    if let (Some(id), Some(at)) = (session, opened) {
        steps.push(event(instant(at), format!("Session {id} opened"), String::new()));
    }
    let begun = format!("{} executed", capitalised(&payment.operation));
    steps.push(event(payment.created_at, begun, payment.amount.clone()));
    match settled {
        Some(at) => {
            let why = [gateway, wallet].into_iter().flatten().collect::<Vec<_>>().join(", ");
            steps.push(event(instant(at), capitalised(&payment.status), why));
        }
        None if payment.requires_action => {
            steps.push(event(books.now, "Waits for the card holder".to_owned(), String::new()));
        }
        None => {
            let until = settles.map(|at| format!("until {}", instant(at).format("%H:%M:%S")));
            let until = until.unwrap_or_else(|| "for good".to_owned());
            steps.push(event(books.now, "Is being processed".to_owned(), until));
        }
    }
    Ok(steps)
}

/// The postings of a payment, each with its entries.
fn postings(books: &Books<'_>, id: i64) -> Result<Vec<Step>, Problem> {
    let mut steps: Vec<(i64, Step)> = Vec::new();
    let mut query = books.db.prepare_cached(
        "SELECT postings.id, postings.kind, posted_at, accounts.name, entries.amount, accounts.currency
         FROM postings JOIN entries ON posting_id = postings.id JOIN accounts ON accounts.id = account_id
         WHERE execution_id = ?1 ORDER BY postings.id, entries.amount",
    )?;
    let mut rows = query.query([id])?;
    while let Some(row) = rows.next()? {
        let posting: i64 = row.get(0)?;
        let entry =
            format!("{} {}", row.get::<_, String>(3)?, money(Cents(row.get(4)?), &row.get::<_, String>(5)?));
        match steps.last_mut().filter(|(last, _)| *last == posting) {
            Some((_, step)) => step.detail = format!("{}; {entry}", step.detail),
            None => {
                let title = format!("Posted: {}", row.get::<_, String>(1)?.to_lowercase());
                let at = instant(row.get(2)?);
                steps.push((posting, Step { at, kind: "posting", title, detail: entry }));
            }
        }
    }
    Ok(steps.into_iter().map(|(_, step)| step).collect())
}

fn step(request: &Request) -> Step {
    let answer = match request.status {
        Some(status) => format!("answered {status}"),
        None => "no answer".to_owned(),
    };
    let faults: Vec<String> = request
        .faults
        .iter()
        .map(|fault| {
            serde_json::to_value(fault).unwrap_or_default()["what"].as_str().unwrap_or("fault").to_owned()
        })
        .collect();
    let detail =
        if faults.is_empty() { answer } else { format!("{answer}; struck by {}", faults.join(", ")) };
    Step { at: request.at, kind: "request", title: request.operation.clone(), detail }
}

fn capitalised(name: &str) -> String {
    let lower = name.to_lowercase();
    let mut letters = lower.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
