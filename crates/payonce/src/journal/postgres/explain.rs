//! What the database says, in plain words, and whether a write may have happened all the same.

use std::time::Duration;

use tokio_postgres::error::{Severity, SqlState};

use crate::error::{Effect, Error, ErrorKind};

/// An error of a statement that was sent.
pub(super) fn explain(error: &tokio_postgres::Error) -> Error {
    let Some(said) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        let message = format!("the connection to the journal's database broke ({cause})");
        return Error::new(ErrorKind::Journal, message).with_effect(Effect::Unknown);
    };
    // An error undoes the statement. A server that goes down may do so between the commit and the answer.
    let undone = said.parsed_severity() == Some(Severity::Error);
    let code = said.code();
    let words = if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        "the journal's database is read-only: a replica, or set so".to_owned()
    } else if *code == SqlState::DISK_FULL {
        "the disk of the journal's database is full".to_owned()
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        "another transaction holds the payment, and did not let go in time".to_owned()
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        format!("the journal's role may not do that: {}", said.message())
    } else if *code == SqlState::UNIQUE_VIOLATION {
        "the key belongs to another payment".to_owned()
    } else if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN {
        format!("the journal's tables are not as they were made: {}", said.message())
    } else if undone {
        // Neither the statement nor the row is repeated: they may be long.
        format!("the journal's database refused: {}", said.message())
    } else {
        format!("the journal's database ended the connection: {}", said.message())
    };
    Error::new(ErrorKind::Journal, words).with_effect(if undone { Effect::None } else { Effect::Unknown })
}

/// An error before anything was sent.
pub(super) fn unreached(error: &tokio_postgres::Error) -> Error {
    let cause = match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string),
    };
    Error::new(ErrorKind::Journal, format!("the journal's database cannot be reached: {cause}"))
}

/// No answer in time: the statement may be carried out yet.
pub(super) fn unanswered(limit: Duration) -> Error {
    let message = format!("the journal's database gave no answer within {} s", limit.as_secs());
    Error::new(ErrorKind::Journal, message).with_effect(Effect::Unknown)
}
