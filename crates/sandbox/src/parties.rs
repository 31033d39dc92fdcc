//! Parties: the people and firms a merchant deals with.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use crate::ledger::instant;
use crate::problem::Problem;
use crate::store::Books;

/// A person or firm.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) id: i64,
    pub(crate) fullname: String,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) country_code: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

/// A party to be created.
#[derive(Clone, Debug)]
pub(crate) struct NewParty {
    pub(crate) fullname: String,
    pub(crate) phone: String,
    pub(crate) email: Option<String>,
    pub(crate) country_code: Option<String>,
}

/// The columns of a party, in the order in which [`Party::from_columns`] reads them.
pub(crate) const COLUMNS: &str =
    "parties.id, parties.fullname, parties.phone, parties.email, parties.country_code,
    parties.created_at, parties.updated_at";

impl Party {
    /// Reads a party from the columns that begin at `at`.
    pub(crate) fn from_columns(row: &Row<'_>, at: usize) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            id: row.get(at)?,
            fullname: row.get(at + 1)?,
            phone: row.get(at + 2)?,
            email: row.get(at + 3)?,
            country_code: row.get(at + 4)?,
            created_at: instant(row.get(at + 5)?),
            updated_at: instant(row.get(at + 6)?),
        })
    }
}

/// Adds a party.
pub(crate) fn create(books: &Books<'_>, new: NewParty) -> Result<Party, Problem> {
    if new.fullname.trim().is_empty() {
        return Err(Problem::field("fullname", "must not be empty"));
    }
    if new.country_code.as_deref().is_some_and(|code| !is_country(code)) {
        return Err(Problem::field("country_code", "invalid country code"));
    }
    books
        .db
        .prepare_cached(
            "INSERT INTO parties (merchant_id, fullname, phone, email, country_code, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute(params![
            books.merchant.id,
            new.fullname,
            new.phone,
            new.email,
            new.country_code,
            books.micros()
        ])?;
    let id = books.db.last_insert_rowid();
    Ok(by_id(books, id)?.expect("a row that was just inserted is there"))
}

/// The party with this id.
pub(crate) fn by_id(books: &Books<'_>, id: i64) -> Result<Option<Party>, Problem> {
    let party = books
        .db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM parties WHERE id = ?1 AND merchant_id = ?2"))?
        .query_row(params![id, books.merchant.id], |row| Party::from_columns(row, 0))
        .optional()?;
    Ok(party)
}

/// The first party with this phone number.
pub(crate) fn by_phone(books: &Books<'_>, phone: &str) -> Result<Option<Party>, Problem> {
    let party = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM parties WHERE merchant_id = ?1 AND phone = ?2 ORDER BY id LIMIT 1"
        ))?
        .query_row(params![books.merchant.id, phone], |row| Party::from_columns(row, 0))
        .optional()?;
    Ok(party)
}

/// The parties whose name contains this text, in whatever case, newest first.
pub(crate) fn list(books: &Books<'_>, fullname: Option<&str>) -> Result<Vec<Party>, Problem> {
    let parties = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM parties
             WHERE merchant_id = ?1 AND (?2 IS NULL OR instr(lower(fullname), lower(?2)) > 0) ORDER BY id DESC"
        ))?
        .query_map(params![books.merchant.id, fullname], |row| Party::from_columns(row, 0))?
        .collect::<Result<_, _>>()?;
    Ok(parties)
}

/// Whether a text has the form of an ISO 3166-1 alpha-2 code.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase())
}
