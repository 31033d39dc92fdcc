//! Counterparties: a party in its role towards the merchant. Its wallet takes the merchant's transfers.

use chrono::{DateTime, Utc};
use dollr_raw::enums::RelationshipType;
use rusqlite::{OptionalExtension, Row, params};

use crate::ledger::instant;
use crate::parties::{self, Party};
use crate::problem::Problem;
use crate::store::Books;

/// A party in a role.
#[derive(Clone, Debug)]
pub(crate) struct Counterparty {
    pub(crate) id: i64,
    pub(crate) relationship_type: String,
    pub(crate) wallet_status: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) party: Party,
}

impl Counterparty {
    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(0)?,
            relationship_type: row.get(1)?,
            wallet_status: row.get(2)?,
            created_at: instant(row.get(3)?),
            updated_at: instant(row.get(4)?),
            party: Party::from_columns(row, 5)?,
        })
    }
}

fn select(rest: &str) -> String {
    format!(
        "SELECT counterparties.id, relationship_type, wallet_status, counterparties.created_at,
         counterparties.updated_at, {} FROM counterparties JOIN parties ON parties.id = party_id {rest}",
        parties::COLUMNS
    )
}

/// Gives a party a role.
pub(crate) fn create(
    books: &Books<'_>,
    party_id: Option<i64>,
    relationship: &RelationshipType,
) -> Result<Counterparty, Problem> {
    let party_id = party_id.ok_or_else(|| Problem::missing("party_id"))?;
    let party = known_party(books, party_id)?;
    insert(books, party.id, known_relationship(relationship)?)
}

/// The counterparty that a party is in this role, made when it is not there yet.
pub(crate) fn find_or_create(
    books: &Books<'_>,
    party_id: i64,
    relationship: &RelationshipType,
) -> Result<Counterparty, Problem> {
    let known = books
        .db
        .prepare_cached(&select(
            "WHERE counterparties.merchant_id = ?1 AND party_id = ?2 AND relationship_type = ?3
             ORDER BY counterparties.id LIMIT 1",
        ))?
        .query_row(params![books.merchant.id, party_id, relationship.as_str()], Counterparty::from_row)
        .optional()?;
    match known {
        Some(known) => Ok(known),
        None => insert(books, party_id, relationship.as_str()),
    }
}

fn insert(books: &Books<'_>, party_id: i64, relationship: &str) -> Result<Counterparty, Problem> {
    books
        .db
        .prepare_cached(
            "INSERT INTO counterparties (merchant_id, party_id, relationship_type, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?4)",
        )?
        .execute(params![books.merchant.id, party_id, relationship, books.micros()])?;
    let id = books.db.last_insert_rowid();
    Ok(by_id(books, id)?.expect("a row that was just inserted is there"))
}

/// The counterparty with this id.
pub(crate) fn by_id(books: &Books<'_>, id: i64) -> Result<Option<Counterparty>, Problem> {
    let counterparty = books
        .db
        .prepare_cached(&select("WHERE counterparties.id = ?1 AND counterparties.merchant_id = ?2"))?
        .query_row(params![id, books.merchant.id], Counterparty::from_row)
        .optional()?;
    Ok(counterparty)
}

/// The counterparties of that name and role, newest first.
pub(crate) fn list(
    books: &Books<'_>,
    fullname: Option<&str>,
    relationship: Option<&str>,
) -> Result<Vec<Counterparty>, Problem> {
    let counterparties = books
        .db
        .prepare_cached(&select(
            "WHERE counterparties.merchant_id = ?1
             AND (?2 IS NULL OR instr(lower(parties.fullname), lower(?2)) > 0)
             AND (?3 IS NULL OR relationship_type = ?3) ORDER BY counterparties.id DESC",
        ))?
        .query_map(params![books.merchant.id, fullname, relationship], Counterparty::from_row)?
        .collect::<Result<_, _>>()?;
    Ok(counterparties)
}

/// Changes what is given.
pub(crate) fn update(
    books: &Books<'_>,
    id: i64,
    party_id: Option<i64>,
    relationship: Option<&RelationshipType>,
) -> Result<Option<Counterparty>, Problem> {
    if by_id(books, id)?.is_none() {
        return Ok(None);
    }
    let party_id = party_id.map(|id| known_party(books, id)).transpose()?.map(|party| party.id);
    let relationship = relationship.map(known_relationship).transpose()?;
    books
        .db
        .prepare_cached(
            "UPDATE counterparties SET party_id = COALESCE(?2, party_id), updated_at = ?4,
             relationship_type = COALESCE(?3, relationship_type) WHERE id = ?1",
        )?
        .execute(params![id, party_id, relationship, books.micros()])?;
    by_id(books, id)
}

fn known_party(books: &Books<'_>, id: i64) -> Result<Party, Problem> {
    parties::by_id(books, id)?.ok_or_else(|| Problem::field("party_id", "not found"))
}

fn known_relationship(relationship: &RelationshipType) -> Result<&str, Problem> {
    if relationship.is_known() {
        Ok(relationship.as_str())
    } else {
        Err(Problem::field("relationship_type", "invalid enum"))
    }
}
