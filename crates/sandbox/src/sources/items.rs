//! The items of an invoice or order. The total of a source is always the sum of quantity times unit price over its items.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use super::{Source, again};
use crate::ledger::instant;
use crate::money::Cents;
use crate::problem::Problem;
use crate::store::Books;

/// One item. Its currency is that of its source.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) qty: i64,
    /// The price of one.
    pub(crate) amount: Cents,
    pub(crate) currency: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// An item to be added.
#[derive(Clone, Debug)]
pub(crate) struct NewItem {
    pub(crate) name: String,
    pub(crate) qty: i64,
    pub(crate) amount: Cents,
    pub(crate) currency: String,
}

/// What may be changed of an item. Nothing that is absent changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ItemChanges {
    pub(crate) name: Option<String>,
    pub(crate) qty: Option<i64>,
    pub(crate) amount: Option<Cents>,
}

const SELECT: &str = "SELECT items.id, name, qty, amount, currency, items.created_at, items.updated_at
    FROM items JOIN sources ON sources.kind = source_kind AND sources.id = source_id";

impl Item {
    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(0)?,
            name: row.get(1)?,
            qty: row.get(2)?,
            amount: Cents(row.get(3)?),
            currency: row.get(4)?,
            created_at: instant(row.get(5)?),
            updated_at: instant(row.get(6)?),
        })
    }
}

/// The items of a source, in the order in which they were added.
pub(crate) fn list(books: &Books<'_>, source: &Source) -> Result<Vec<Item>, Problem> {
    let items = books
        .db
        .prepare_cached(&format!("{SELECT} WHERE source_kind = ?1 AND source_id = ?2 ORDER BY items.id"))?
        .query_map(params![source.kind, source.id], Item::from_row)?
        .collect::<Result<_, _>>()?;
    Ok(items)
}

/// One item of a source.
fn by_id(books: &Books<'_>, source: &Source, id: i64) -> Result<Option<Item>, Problem> {
    let item = books
        .db
        .prepare_cached(&format!("{SELECT} WHERE items.id = ?1 AND source_kind = ?2 AND source_id = ?3"))?
        .query_row(params![id, source.kind, source.id], Item::from_row)
        .optional()?;
    Ok(item)
}

/// Adds an item to an `IDLE` source; `parameter` is what names the source in the path.
pub(crate) fn add(
    books: &Books<'_>,
    source: &Source,
    parameter: &'static str,
    new: &NewItem,
) -> Result<Item, Problem> {
    source.must_be_idle(parameter)?;
    if new.currency != source.currency {
        return Err(Problem::field("currency", "not the currency of the source"));
    }
    let id = insert(books, source, new)?;
    Ok(by_id(books, source, id)?.expect("a row that was just inserted is there"))
}

/// Adds an item and brings the total up to date, in whatever state the source is.
pub(crate) fn insert(books: &Books<'_>, source: &Source, new: &NewItem) -> Result<i64, Problem> {
    must_be_positive(new.qty)?;
    books
        .db
        .prepare_cached(
            "INSERT INTO items (source_kind, source_id, name, qty, amount, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute(params![source.kind, source.id, new.name, new.qty, new.amount.0, books.micros()])?;
    let id = books.db.last_insert_rowid();
    sum_up(books, source)?;
    Ok(id)
}

/// Changes what is given of an item of an `IDLE` source. `None` when it has no such item.
pub(crate) fn update(
    books: &Books<'_>,
    source: &Source,
    parameter: &'static str,
    id: i64,
    changes: &ItemChanges,
) -> Result<Option<Item>, Problem> {
    if by_id(books, source, id)?.is_none() {
        return Ok(None);
    }
    source.must_be_idle(parameter)?;
    if let Some(qty) = changes.qty {
        must_be_positive(qty)?;
    }
    books
        .db
        .prepare_cached(
            "UPDATE items SET name = COALESCE(?2, name), qty = COALESCE(?3, qty), amount = COALESCE(?4, amount),
             updated_at = ?5 WHERE id = ?1",
        )?
        .execute(params![
            id,
            changes.name,
            changes.qty,
            changes.amount.map(|amount| amount.0),
            books.micros()
        ])?;
    sum_up(books, source)?;
    by_id(books, source, id)
}

/// Takes an item off an `IDLE` source. `None` when it has no such item.
pub(crate) fn remove(
    books: &Books<'_>,
    source: &Source,
    parameter: &'static str,
    id: i64,
) -> Result<Option<Item>, Problem> {
    let Some(item) = by_id(books, source, id)? else { return Ok(None) };
    source.must_be_idle(parameter)?;
    books.db.prepare_cached("DELETE FROM items WHERE id = ?1")?.execute([id])?;
    sum_up(books, source)?;
    Ok(Some(item))
}

fn must_be_positive(qty: i64) -> Result<(), Problem> {
    if qty >= 1 {
        Ok(())
    } else {
        Err(Problem::field("qty", "ensure this value is greater than or equal to 1"))
    }
}

fn sum_up(books: &Books<'_>, source: &Source) -> Result<Source, Problem> {
    let total: i128 =
        list(books, source)?.iter().map(|item| i128::from(item.qty) * i128::from(item.amount.0)).sum();
    let total = Cents::fitting(total).ok_or_else(|| Problem::field("amount", "the total is too large"))?;
    books
        .db
        .prepare_cached("UPDATE sources SET total_amount = ?3, updated_at = ?4 WHERE kind = ?1 AND id = ?2")?
        .execute(params![source.kind, source.id, total.0, books.micros()])?;
    again(books, source)
}
