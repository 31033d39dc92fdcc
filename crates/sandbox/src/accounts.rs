//! Payment accounts: where money comes from or goes to. Its number decides how a mobile money account behaves.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::json;

use crate::executions::Operation;
use crate::ledger::instant;
use crate::methods::{Method, method};
use crate::outcomes::{self, Behaviour};
use crate::parties;
use crate::problem::{FieldError, Problem};
use crate::store::Books;

/// A payee's or payer's account.
#[derive(Clone, Debug)]
pub(crate) struct PaymentAccount {
    pub(crate) id: i64,
    pub(crate) party_id: i64,
    pub(crate) account_name: String,
    pub(crate) provider: String,
    pub(crate) method: Method,
    pub(crate) country_code: Option<String>,
    pub(crate) number: Option<String>,
    pub(crate) is_active: bool,
    /// Good for one attempt.
    one_use: bool,
    used: bool,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// An account to be created.
#[derive(Clone, Debug)]
pub(crate) struct NewAccount {
    pub(crate) account_name: String,
    pub(crate) provider: String,
    pub(crate) method: String,
    pub(crate) party_id: i64,
    pub(crate) country_code: Option<String>,
    pub(crate) number: Option<String>,
}

const COLUMNS: &str =
    "id, party_id, account_name, provider, method, country_code, number, is_active, one_use,
    used_at IS NOT NULL, created_at, updated_at";

impl PaymentAccount {
    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let name: String = row.get(4)?;
        let invalid =
            || rusqlite::Error::InvalidColumnType(4, "method".to_owned(), rusqlite::types::Type::Text);
        Ok(Self {
            id: row.get(0)?,
            party_id: row.get(1)?,
            account_name: row.get(2)?,
            provider: row.get(3)?,
            method: method(&name).ok_or_else(invalid)?,
            country_code: row.get(5)?,
            number: row.get(6)?,
            is_active: row.get(7)?,
            one_use: row.get(8)?,
            used: row.get(9)?,
            created_at: instant(row.get(10)?),
            updated_at: instant(row.get(11)?),
        })
    }

    pub(crate) fn behaviour(&self) -> Behaviour {
        Behaviour::of(self.method, self.number.as_deref(), &self.account_name)
    }
}

/// Adds an account for movements of one kind. A card account is good for one attempt.
pub(crate) fn create(
    books: &Books<'_>,
    operation: Operation,
    new: NewAccount,
) -> Result<PaymentAccount, Problem> {
    let method = fitting_method(operation, &new)?;
    if parties::by_id(books, new.party_id)?.is_none() {
        return Err(Problem::field("party_id", "not found"));
    }
    if new.account_name.trim().is_empty() {
        return Err(Problem::field("account_name", "must not be empty"));
    }
    if new.country_code.as_deref().is_some_and(|code| !parties::is_country(code)) {
        return Err(Problem::field("country_code", "invalid country code"));
    }
    match &new.number {
        Some(_) if !method.has_number() => {
            return Err(Problem::field("insensitive_account_number", "this method has no account number"));
        }
        Some(number) if !is_phone(number) => {
            return Err(Problem::field("insensitive_account_number", "invalid phone"));
        }
        None if method.has_number() => return Err(Problem::missing("insensitive_account_number")),
        _ => {}
    }
    let active = new.number.as_deref() != Some(outcomes::INACTIVE_NUMBER);
    books
        .db
        .prepare_cached(
            "INSERT INTO payment_accounts (merchant_id, party_id, account_name, provider, method, country_code, number,
             is_active, one_use, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
        )?
        .execute(params![
            books.merchant.id,
            new.party_id,
            new.account_name,
            new.provider,
            method.name,
            new.country_code,
            new.number,
            active,
            method.is_card(),
            books.micros(),
        ])?;
    let id = books.db.last_insert_rowid();
    Ok(by_id(books, id)?.expect("a row that was just inserted is there"))
}

/// The method of a new account, which has to serve the movement and to be offered by its provider.
fn fitting_method(operation: Operation, new: &NewAccount) -> Result<Method, Problem> {
    let Some(known) = method(&new.method) else { return Err(Problem::field("method", "invalid enum")) };
    if !crate::methods::METHODS.iter().any(|method| method.offered_by(&new.provider)) {
        return Err(Problem::field("provider", "invalid enum"));
    }
    if !known.offered_by(&new.provider) {
        let errors = ["method", "provider"].map(|field| FieldError {
            loc: vec![json!("body"), json!(field)],
            msg: "invalid combination".into(),
            kind: "value_error",
        });
        return Err(Problem::fields(errors.into()));
    }
    if known.serves(operation) { Ok(known) } else { Err(Problem::field("method", "invalid combination")) }
}

/// The account with this id.
pub(crate) fn by_id(books: &Books<'_>, id: i64) -> Result<Option<PaymentAccount>, Problem> {
    let account = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM payment_accounts WHERE id = ?1 AND merchant_id = ?2"
        ))?
        .query_row(params![id, books.merchant.id], PaymentAccount::from_row)
        .optional()?;
    Ok(account)
}

/// The account with this id, if money can go through it; `field` is what a refusal names.
pub(crate) fn usable(books: &Books<'_>, id: i64, field: &'static str) -> Result<PaymentAccount, Problem> {
    let account = by_id(books, id)?.ok_or_else(|| Problem::field(field, "not found"))?;
    if !account.is_active {
        return Err(Problem::field(field, "payment account is not active"));
    }
    if account.one_use && account.used {
        return Err(Problem::field(field, "a card account is good for one attempt"));
    }
    Ok(account)
}

/// Notes that an account was used for an attempt, if it is good for one only.
pub(crate) fn use_up(books: &Books<'_>, account: &PaymentAccount) -> Result<(), Problem> {
    if account.one_use {
        books
            .db
            .prepare_cached("UPDATE payment_accounts SET used_at = ?2 WHERE id = ?1")?
            .execute(params![account.id, books.micros()])?;
    }
    Ok(())
}

fn is_phone(number: &str) -> bool {
    (8..=15).contains(&number.len())
        && !number.starts_with('0')
        && number.bytes().all(|digit| digit.is_ascii_digit())
}
