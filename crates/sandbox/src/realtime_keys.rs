//! Keys of the realtime channel. A key opens the rows of one execution to whoever holds it, until it expires by the
//! virtual clock.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::executions::{self, Operation};
use crate::ledger::instant;
use crate::problem::Problem;
use crate::sessions;
use crate::sources::SourceKind;
use crate::store::Books;

/// How long a key lasts, in seconds, as the provider counts it.
pub(crate) const LIFETIME_SECONDS: i64 = 3600;

/// What a valid key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) merchant_id: i64,
    pub(crate) session_id: i64,
    pub(crate) reference_id: Uuid,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Gives out a key for a collection that was or will be executed under this session and key.
pub(crate) fn issue(
    books: &Books<'_>,
    kind: SourceKind,
    session_id: i64,
    reference_id: Uuid,
) -> Result<String, Problem> {
    let session = sessions::by_id(books, session_id)?
        .filter(|session| session.operation == Operation::Collection)
        .ok_or_else(|| Problem::field("session_id", "session not found"))?;
    if session.source.is_none_or(|(session_kind, _)| session_kind != kind) {
        return Err(Problem::field("source_type", "not the source of the session"));
    }
    let executed = executions::find(books, Operation::Collection, reference_id)?;
    if executed.is_some_and(|executed| executed.session_id != session_id) {
        return Err(Problem::field("reference_id", "belongs to another session"));
    }
    let token = format!("sbx_rt_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let expires_at = books.now + TimeDelta::seconds(LIFETIME_SECONDS);
    books.db.prepare_cached("DELETE FROM realtime_keys WHERE expires_at <= ?1")?.execute([books.micros()])?;
    books
        .db
        .prepare_cached(
            "INSERT INTO realtime_keys (token, merchant_id, session_id, reference_id, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            token,
            books.merchant.id,
            session_id,
            reference_id.into_bytes(),
            expires_at.timestamp_micros()
        ])?;
    Ok(token)
}

/// What a key stands for; none when it is made up or has expired.
pub(crate) fn claims(books: &Books<'_>, token: &str) -> Result<Option<Claims>, Problem> {
    let claims = books
        .db
        .prepare_cached(
            "SELECT merchant_id, session_id, reference_id, expires_at FROM realtime_keys
             WHERE token = ?1 AND expires_at > ?2",
        )?
        .query_row(params![token, books.micros()], |row| {
            Ok(Claims {
                merchant_id: row.get(0)?,
                session_id: row.get(1)?,
                reference_id: Uuid::from_bytes(row.get(2)?),
                expires_at: instant(row.get(3)?),
            })
        })
        .optional()?;
    Ok(claims)
}
