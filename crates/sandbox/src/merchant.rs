//! What the merchant has, as far as moving money is concerned: wallets, counterparties, payment accounts, and the
//! invoices and orders to collect.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};

use crate::ledger::instant;
use crate::money::{Cents, FeeBearer};
use crate::problem::Problem;
use crate::store::Books;

/// An invoice or order as far as paying it is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) kind: String,
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) currency: String,
    pub(crate) total_amount: Cents,
    pub(crate) status: String,
    pub(crate) fee_bearer: FeeBearer,
    pub(crate) paid_at: Option<DateTime<Utc>>,
}

/// A payee's or payer's account.
#[derive(Clone, Debug)]
pub(crate) struct PaymentAccount {
    pub(crate) id: i64,
    pub(crate) account_name: String,
    pub(crate) method: String,
    pub(crate) number: Option<String>,
    pub(crate) is_active: bool,
}

/// The source with this id.
pub(crate) fn source(books: &Books<'_>, kind: &str, id: i64) -> Result<Option<Source>, Problem> {
    let source = books
        .db
        .prepare_cached(
            "SELECT kind, id, number, currency, total_amount, status, fee_bearer, paid_at FROM sources
             WHERE kind = ?1 AND id = ?2",
        )?
        .query_row(params![kind, id], |row| {
            let bearer: String = row.get(6)?;
            Ok(Source {
                kind: row.get(0)?,
                id: row.get(1)?,
                number: row.get(2)?,
                currency: row.get(3)?,
                total_amount: Cents(row.get(4)?),
                status: row.get(5)?,
                fee_bearer: if bearer == "PAYEE" { FeeBearer::Payee } else { FeeBearer::Payer },
                paid_at: row.get::<_, Option<i64>>(7)?.map(instant),
            })
        })
        .optional()?;
    Ok(source)
}

/// The account with this id, if money can go through it; `field` is what a refusal names.
pub(crate) fn usable_account(
    books: &Books<'_>,
    id: i64,
    field: &'static str,
) -> Result<PaymentAccount, Problem> {
    let account = books
        .db
        .prepare_cached(
            "SELECT id, account_name, method, number, is_active FROM payment_accounts WHERE id = ?1",
        )?
        .query_row([id], |row| {
            Ok(PaymentAccount {
                id: row.get(0)?,
                account_name: row.get(1)?,
                method: row.get(2)?,
                number: row.get(3)?,
                is_active: row.get(4)?,
            })
        })
        .optional()?
        .ok_or_else(|| Problem::field(field, "not found"))?;
    if account.is_active { Ok(account) } else { Err(Problem::field(field, "payment account is not active")) }
}

/// The merchant's first wallet in a currency.
pub(crate) fn wallet_in(books: &Books<'_>, currency: &str) -> Result<Option<i64>, Problem> {
    let wallet = books
        .db
        .prepare_cached("SELECT id FROM wallets WHERE currency = ?1 ORDER BY id LIMIT 1")?
        .query_row([currency], |row| row.get(0))
        .optional()?;
    Ok(wallet)
}

/// The status of a counterparty's wallet, if there is such a counterparty.
pub(crate) fn counterparty_wallet(books: &Books<'_>, id: i64) -> Result<Option<String>, Problem> {
    let status = books
        .db
        .prepare_cached("SELECT wallet_status FROM counterparties WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(status)
}
