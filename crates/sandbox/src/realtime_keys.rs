//! Who is given a key of the realtime channel, and for what: a collection that was or will be executed in a session of
//! the merchant. What a key looks like is the channel's own business.

use uuid::Uuid;

use crate::executions::{self, Operation};
use crate::problem::Problem;
use crate::realtime::key;
use crate::sessions;
use crate::sources::SourceKind;
use crate::store::Books;

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
    Ok(key::issue(session_id, reference_id, books.now))
}
