//! Sessions: a declared intent to move money. Creating one moves nothing and checks everything that can be checked
//! beforehand; an execution spends it.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};

use crate::clock::later;
use crate::executions::{self, Operation};
use crate::ledger::instant;
use crate::merchants::{wallet_currency, wallet_in};
use crate::money::Cents;
use crate::problem::Problem;
use crate::sources::{self, ACTIVE, Source, SourceKind};
use crate::store::Books;
use crate::switches::{DeadSession, OpenSessions};
use crate::{accounts, counterparties};

/// A session as it was created.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: i64,
    pub(crate) operation: Operation,
    pub(crate) source: Option<(SourceKind, i64)>,
    pub(crate) wallet_id: Option<i64>,
    pub(crate) payment_account_id: Option<i64>,
    pub(crate) counterparty_id: Option<i64>,
    pub(crate) intent_id: Option<i64>,
    pub(crate) amount: Cents,
    pub(crate) currency: String,
    pub(crate) reason: Option<String>,
    pub(crate) used_at: Option<i64>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Opens a session to collect an invoice or order. The source has to be payable now.
pub(crate) fn checkout(books: &Books<'_>, kind: SourceKind, source_id: i64) -> Result<Session, Problem> {
    let source =
        sources::by_id(books, kind, source_id)?.ok_or_else(|| Problem::field("source_id", "not found"))?;
    if source.status != ACTIVE {
        return Err(Problem::field("source_id", "source is not ACTIVE"));
    }
    if books.terms.switches.open_sessions == OpenSessions::OnePerSource && is_open(books, &source)? {
        return Err(Problem::field("source_id", "source has a session that is ACTIVE"));
    }
    let session = Session {
        source: Some((source.kind, source.id)),
        expires_at: later(books.now, books.terms.switches.checkout_session()),
        ..Session::draft(books, Operation::Collection, source.total_amount, source.currency)
    };
    session.insert(books)
}

/// Opens a session to pay out. The provider picks the wallet: the first one in that currency.
pub(crate) fn payout(
    books: &Books<'_>,
    payout_account_id: i64,
    amount: Cents,
    currency: String,
) -> Result<Session, Problem> {
    books.merchant.must_be_verified()?;
    accounts::usable(books, payout_account_id, "payout_account_id")?;
    let wallet = wallet_in(books, &currency)?
        .ok_or_else(|| Problem::field("currency", "no wallet in this currency"))?;
    let session = Session {
        wallet_id: Some(wallet),
        payment_account_id: Some(payout_account_id),
        expires_at: later(books.now, books.terms.switches.payout_session()),
        ..Session::draft(books, Operation::Payout, amount, currency)
    };
    session.insert(books)
}

/// Opens a session to move money from one of the merchant's wallets to a counterparty's wallet.
pub(crate) fn transfer(
    books: &Books<'_>,
    from_wallet_id: i64,
    to_counterparty_id: i64,
    amount: Cents,
    currency: String,
    expires_at: DateTime<Utc>,
) -> Result<Session, Problem> {
    books.merchant.must_be_verified()?;
    let held = wallet_currency(books, from_wallet_id)?
        .ok_or_else(|| Problem::field("from_wallet_id", "not found"))?;
    if held != currency {
        return Err(Problem::field("currency", "not the currency of the wallet"));
    }
    if counterparties::by_id(books, to_counterparty_id)?.is_none() {
        return Err(Problem::field("to_counterparty_id", "not found"));
    }
    let session = Session {
        wallet_id: Some(from_wallet_id),
        counterparty_id: Some(to_counterparty_id),
        expires_at: still_to_come(books, expires_at)?,
        ..Session::draft(books, Operation::Transfer, amount, currency)
    };
    session.insert(books)
}

/// Opens a session to give back a completed collection, wholly or in part.
pub(crate) fn refund(
    books: &Books<'_>,
    original_payment_intent_id: i64,
    amount: Cents,
    reason: Option<String>,
    expires_at: DateTime<Utc>,
) -> Result<Session, Problem> {
    books.merchant.must_be_verified()?;
    let original = executions::by_id(books, original_payment_intent_id)?
        .filter(|original| original.operation == Operation::Collection)
        .ok_or_else(|| Problem::field("original_payment_intent_id", "not found"))?;
    if original.status != executions::COMPLETED {
        return Err(Problem::field("original_payment_intent_id", "the original payment is not COMPLETED"));
    }
    if amount > executions::refundable(books, &original)? {
        return Err(Problem::field("amount", "exceeds what is left of the original amount"));
    }
    let session = Session {
        wallet_id: Some(original.wallet_id),
        payment_account_id: original.payment_account_id,
        intent_id: Some(original.id),
        reason,
        expires_at: still_to_come(books, expires_at)?,
        ..Session::draft(books, Operation::Refund, amount, original.quote.currency)
    };
    session.insert(books)
}

/// The session with this id.
pub(crate) fn by_id(books: &Books<'_>, id: i64) -> Result<Option<Session>, Problem> {
    let session = books
        .db
        .prepare_cached(
            "SELECT id, operation, source_kind, source_id, wallet_id, payment_account_id, counterparty_id, intent_id,
             amount, currency, reason, used_at, expires_at, created_at FROM sessions
             WHERE id = ?1 AND merchant_id = ?2",
        )?
        .query_row(params![id, books.merchant.id], Session::from_row)
        .optional()?;
    Ok(session)
}

/// The session an execution wants to spend. While the session guard holds it must be unused and unexpired.
pub(crate) fn to_execute(books: &Books<'_>, operation: Operation, id: &str) -> Result<Session, Problem> {
    let dead = |msg| match books.terms.switches.dead_session {
        DeadSession::Unprocessable => Problem::field("session_id", msg),
        DeadSession::NotFound => Problem::not_found("Session not found"),
    };
    let unknown = || dead("session not found");
    let id: i64 = id.parse().map_err(|_| unknown())?;
    let session = by_id(books, id)?.filter(|session| session.operation == operation).ok_or_else(unknown)?;
    if books.terms.guards.session_once {
        if session.used_at.is_some() {
            return Err(dead("session is not ACTIVE"));
        }
        if session.expires_at <= books.now {
            return Err(dead("session expired"));
        }
    }
    Ok(session)
}

/// Marks a session as spent.
pub(crate) fn spend(books: &Books<'_>, id: i64) -> Result<(), Problem> {
    books
        .db
        .prepare_cached("UPDATE sessions SET used_at = ?2 WHERE id = ?1")?
        .execute(params![id, books.micros()])?;
    Ok(())
}

/// Whether the source has a session that could be executed.
fn is_open(books: &Books<'_>, source: &Source) -> Result<bool, Problem> {
    let open = books
        .db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM sessions WHERE source_kind = ?1 AND source_id = ?2 AND used_at IS NULL
             AND expires_at > ?3)",
        )?
        .query_row(params![source.kind, source.id, books.micros()], |row| row.get(0))?;
    Ok(open)
}

fn still_to_come(books: &Books<'_>, expires_at: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    if expires_at > books.now {
        Ok(expires_at)
    } else {
        Err(Problem::field("expires_at", "must be in the future"))
    }
}

impl Session {
    fn draft(books: &Books<'_>, operation: Operation, amount: Cents, currency: String) -> Self {
        Self {
            id: 0,
            operation,
            source: None,
            wallet_id: None,
            payment_account_id: None,
            counterparty_id: None,
            intent_id: None,
            amount,
            currency,
            reason: None,
            used_at: None,
            expires_at: books.now,
            created_at: books.now,
        }
    }

    fn insert(self, books: &Books<'_>) -> Result<Self, Problem> {
        let (source_kind, source_id) = self.source.unzip();
        books
            .db
            .prepare_cached(
                "INSERT INTO sessions (merchant_id, operation, source_kind, source_id, wallet_id, payment_account_id,
                 counterparty_id, intent_id, amount, currency, reason, expires_at, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                books.merchant.id,
                self.operation.name(),
                source_kind,
                source_id,
                self.wallet_id,
                self.payment_account_id,
                self.counterparty_id,
                self.intent_id,
                self.amount.0,
                self.currency,
                self.reason,
                self.expires_at.timestamp_micros(),
                self.created_at.timestamp_micros(),
            ])?;
        Ok(Self { id: books.db.last_insert_rowid(), ..self })
    }

    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let source_kind: Option<SourceKind> = row.get(2)?;
        let source_id: Option<i64> = row.get(3)?;
        Ok(Self {
            id: row.get(0)?,
            operation: Operation::from_column(row, 1)?,
            source: source_kind.zip(source_id),
            wallet_id: row.get(4)?,
            payment_account_id: row.get(5)?,
            counterparty_id: row.get(6)?,
            intent_id: row.get(7)?,
            amount: Cents(row.get(8)?),
            currency: row.get(9)?,
            reason: row.get(10)?,
            used_at: row.get(11)?,
            expires_at: instant(row.get(12)?),
            created_at: instant(row.get(13)?),
        })
    }
}
