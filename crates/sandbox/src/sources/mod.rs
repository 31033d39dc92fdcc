//! Invoices and orders: what a collection is paid for. They are one thing with two names, so there is one
//! implementation; only the numbers they are known by and a due date differ.
//!
//! `IDLE -> ACTIVE -> PROCESSING -> PAID`, back to `ACTIVE` when a payment fails, and from `IDLE` or `ACTIVE` to
//! `CANCELED`. What is asked for can be changed only while it is `IDLE`.

mod items;
mod receipt;

use chrono::{DateTime, Datelike, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, params};

use crate::counterparties::{self, Counterparty};
use crate::ledger::instant;
use crate::money::{Cents, FeeBearer};
use crate::problem::Problem;
use crate::store::Books;
use crate::switches::CancelProcessing;

pub(crate) use items::{
    Item, ItemChanges, NewItem, add, insert, list as items, remove, update as update_item,
};
pub(crate) use receipt::{Receipt, receipt};

pub(crate) const IDLE: &str = "IDLE";
pub(crate) const ACTIVE: &str = "ACTIVE";
pub(crate) const PROCESSING: &str = "PROCESSING";
pub(crate) const PAID: &str = "PAID";
pub(crate) const CANCELED: &str = "CANCELED";

/// Which of the two it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SourceKind {
    Invoice,
    Order,
}

impl SourceKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Invoice => "INVOICE",
            Self::Order => "ORDER",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Invoice, Self::Order].into_iter().find(|kind| kind.name() == name)
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Invoice => "INV",
            Self::Order => "ORD",
        }
    }
}

impl ToSql for SourceKind {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, rusqlite::Error> {
        Ok(self.name().into())
    }
}

impl FromSql for SourceKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::named(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

/// An invoice or order.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) reference_id: Option<String>,
    pub(crate) counterparty_id: i64,
    pub(crate) currency: String,
    pub(crate) total_amount: Cents,
    pub(crate) status: String,
    pub(crate) note: String,
    pub(crate) fee_bearer: FeeBearer,
    pub(crate) as_payment_link: bool,
    pub(crate) due_date: Option<DateTime<Utc>>,
    pub(crate) paid_by: Option<i64>,
    pub(crate) paid_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A source to be created.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) kind: SourceKind,
    pub(crate) counterparty_id: i64,
    pub(crate) reference_id: Option<String>,
    pub(crate) currency: String,
    pub(crate) note: String,
    pub(crate) fee_bearer: FeeBearer,
    pub(crate) as_payment_link: bool,
    pub(crate) due_date: Option<DateTime<Utc>>,
}

/// What may be changed of a source. Nothing that is absent changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) reference_id: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) fee_bearer: Option<FeeBearer>,
    pub(crate) due_date: Option<DateTime<Utc>>,
}

/// How a source is named in a request.
#[derive(Clone, Debug)]
pub(crate) enum Name {
    Id(i64),
    Number(String),
}

const COLUMNS: &str =
    "kind, id, number, reference_id, counterparty_id, currency, total_amount, status, note, fee_bearer,
    as_payment_link, due_date, paid_by, paid_at, created_at, updated_at";

impl Source {
    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let bearer: String = row.get(9)?;
        Ok(Self {
            kind: row.get(0)?,
            id: row.get(1)?,
            number: row.get(2)?,
            reference_id: row.get(3)?,
            counterparty_id: row.get(4)?,
            currency: row.get(5)?,
            total_amount: Cents(row.get(6)?),
            status: row.get(7)?,
            note: row.get(8)?,
            fee_bearer: FeeBearer::named(&bearer).unwrap_or(FeeBearer::Payer),
            as_payment_link: row.get(10)?,
            due_date: row.get::<_, Option<i64>>(11)?.map(instant),
            paid_by: row.get(12)?,
            paid_at: row.get::<_, Option<i64>>(13)?.map(instant),
            created_at: instant(row.get(14)?),
            updated_at: instant(row.get(15)?),
        })
    }

    /// Refuses what may be done only before it is published; `parameter` is what names it in the path.
    pub(super) fn must_be_idle(&self, parameter: &'static str) -> Result<(), Problem> {
        if self.status == IDLE { Ok(()) } else { Err(Problem::state(parameter, "only allowed while IDLE")) }
    }
}

/// Adds a source without items, `IDLE`.
pub(crate) fn create(books: &Books<'_>, draft: Draft) -> Result<Source, Problem> {
    if counterparties::by_id(books, draft.counterparty_id)?.is_none() {
        return Err(Problem::field("counterparty_id", "not found"));
    }
    must_be_currency(&draft.currency)?;
    // Rows are never deleted, so the number after the greatest is new.
    let id: i64 = books
        .db
        .prepare_cached("SELECT COALESCE(MAX(id), 0) + 1 FROM sources WHERE kind = ?1")?
        .query_row([draft.kind], |row| row.get(0))?;
    let number = format!("{}-{}-{id:05}", draft.kind.prefix(), books.now.year());
    books
        .db
        .prepare_cached(
            "INSERT INTO sources (kind, id, number, merchant_id, reference_id, counterparty_id, currency, total_amount,
             status, note, fee_bearer, as_payment_link, due_date, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 'IDLE', ?8, ?9, ?10, ?11, ?12, ?12)",
        )?
        .execute(params![
            draft.kind,
            id,
            number,
            books.merchant.id,
            draft.reference_id,
            draft.counterparty_id,
            draft.currency,
            draft.note,
            draft.fee_bearer.name(),
            draft.as_payment_link,
            draft.due_date.map(|date| date.timestamp_micros()),
            books.micros(),
        ])?;
    Ok(by_id(books, draft.kind, id)?.expect("a row that was just inserted is there"))
}

/// The source with this id.
pub(crate) fn by_id(books: &Books<'_>, kind: SourceKind, id: i64) -> Result<Option<Source>, Problem> {
    let source = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM sources WHERE kind = ?1 AND id = ?2 AND merchant_id = ?3"
        ))?
        .query_row(params![kind, id, books.merchant.id], Source::from_row)
        .optional()?;
    Ok(source)
}

/// The source with this name.
pub(crate) fn find(books: &Books<'_>, kind: SourceKind, name: &Name) -> Result<Option<Source>, Problem> {
    let number = match name {
        Name::Id(id) => return by_id(books, kind, *id),
        Name::Number(number) => number,
    };
    let source = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM sources WHERE number = ?1 AND kind = ?2 AND merchant_id = ?3"
        ))?
        .query_row(params![number, kind, books.merchant.id], Source::from_row)
        .optional()?;
    Ok(source)
}

/// The sources in that currency and state, newest first.
pub(crate) fn list(
    books: &Books<'_>,
    kind: SourceKind,
    currency: Option<&str>,
    status: Option<&str>,
) -> Result<Vec<Source>, Problem> {
    let sources = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM sources WHERE kind = ?1 AND merchant_id = ?2
             AND (?3 IS NULL OR currency = ?3) AND (?4 IS NULL OR status = ?4) ORDER BY created_at DESC, id DESC"
        ))?
        .query_map(params![kind, books.merchant.id, currency, status], Source::from_row)?
        .collect::<Result<_, _>>()?;
    Ok(sources)
}

/// Who a source is for.
pub(crate) fn counterparty(books: &Books<'_>, source: &Source) -> Result<Option<Counterparty>, Problem> {
    counterparties::by_id(books, source.counterparty_id)
}

/// Changes what is given, while the source is `IDLE`.
pub(crate) fn update(books: &Books<'_>, source: &Source, changes: &Changes) -> Result<Source, Problem> {
    source.must_be_idle("id")?;
    books
        .db
        .prepare_cached(
            "UPDATE sources SET reference_id = COALESCE(?3, reference_id), note = COALESCE(?4, note),
             fee_bearer = COALESCE(?5, fee_bearer), due_date = COALESCE(?6, due_date), updated_at = ?7
             WHERE kind = ?1 AND id = ?2",
        )?
        .execute(params![
            source.kind,
            source.id,
            changes.reference_id,
            changes.note,
            changes.fee_bearer.map(FeeBearer::name),
            changes.due_date.map(|date| date.timestamp_micros()),
            books.micros(),
        ])?;
    again(books, source)
}

/// Makes an `IDLE` source payable.
pub(crate) fn publish(books: &Books<'_>, source: &Source) -> Result<Source, Problem> {
    source.must_be_idle("id")?;
    if source.total_amount <= Cents(0) {
        return Err(Problem::state("id", "has no items"));
    }
    set_status(books, source, ACTIVE)
}

/// Ends a source that nobody has paid or is paying.
pub(crate) fn cancel(books: &Books<'_>, source: &Source) -> Result<Source, Problem> {
    let under_way =
        books.terms.switches.cancel_processing == CancelProcessing::Allowed && source.status == PROCESSING;
    if under_way || matches!(source.status.as_str(), IDLE | ACTIVE) {
        set_status(books, source, CANCELED)
    } else {
        Err(Problem::state("id", "only allowed while IDLE or ACTIVE"))
    }
}

fn set_status(books: &Books<'_>, source: &Source, status: &str) -> Result<Source, Problem> {
    books
        .db
        .prepare_cached("UPDATE sources SET status = ?3, updated_at = ?4 WHERE kind = ?1 AND id = ?2")?
        .execute(params![source.kind, source.id, status, books.micros()])?;
    again(books, source)
}

/// The source as it is after a change.
pub(super) fn again(books: &Books<'_>, source: &Source) -> Result<Source, Problem> {
    Ok(by_id(books, source.kind, source.id)?.expect("a source is never deleted"))
}

/// Refuses what is no currency code.
pub(crate) fn must_be_currency(currency: &str) -> Result<(), Problem> {
    if currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase()) {
        Ok(())
    } else {
        Err(Problem::field("currency", "invalid currency"))
    }
}
