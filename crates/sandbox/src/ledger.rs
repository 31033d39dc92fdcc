//! The double-entry books, and the judge of every promise made about them. A movement of money is a posting: entries
//! on named accounts that sum to zero. Nothing else changes a balance, so the sum over all accounts of a currency is
//! zero at all times.
//!
//! One *principal* posting is one payment. A payment that fails after its money was set aside gets a *reversal*.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, params};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::money::Cents;
use crate::problem::Problem;
use crate::store::{Books, Store};

/// What a posting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Money put into the books when they were opened.
    Opening,
    /// The movement a caller asked for.
    Principal,
    /// Money that was set aside reaches its payee.
    Settlement,
    /// Money that was set aside comes back, because the payment failed.
    Reversal,
    /// The leg of a payment that is in the customer's currency, where that is another one.
    Exchange,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Opening => "OPENING",
            Self::Principal => "PRINCIPAL",
            Self::Settlement => "SETTLEMENT",
            Self::Reversal => "REVERSAL",
            Self::Exchange => "EXCHANGE",
        }
    }
}

/// Writes one balanced posting. Entries of nothing are left out.
pub(crate) fn post(
    db: &rusqlite::Connection,
    at: i64,
    kind: Kind,
    execution: Option<i64>,
    currency: &str,
    amount: Cents,
    entries: &[(&str, Cents)],
) -> Result<(), rusqlite::Error> {
    let sum: i128 = entries.iter().map(|(_, amount)| i128::from(amount.0)).sum();
    assert_eq!(sum, 0, "the entries of a posting sum to zero");
    db.prepare_cached(
        "INSERT INTO postings (kind, execution_id, amount, currency, posted_at) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![kind.name(), execution, amount.0, currency, at])?;
    let posting = db.last_insert_rowid();
    for (account, amount) in entries.iter().filter(|(_, amount)| amount.0 != 0) {
        let account: i64 = db
            .prepare_cached(
                "INSERT INTO accounts (name, currency, balance) VALUES (?1, ?2, ?3)
                 ON CONFLICT (name, currency) DO UPDATE SET balance = balance + excluded.balance RETURNING id",
            )?
            .query_row(params![account, currency, amount.0], |row| row.get(0))?;
        db.prepare_cached("INSERT INTO entries (posting_id, account_id, amount) VALUES (?1, ?2, ?3)")?
            .execute(params![posting, account, amount.0])?;
    }
    Ok(())
}

/// The balance of one account; zero when nothing was ever posted to it.
pub(crate) fn balance(books: &Books<'_>, account: &str, currency: &str) -> Result<Cents, rusqlite::Error> {
    let balance = books
        .db
        .prepare_cached("SELECT balance FROM accounts WHERE name = ?1 AND currency = ?2")?
        .query_row(params![account, currency], |row| row.get(0))
        .optional()?;
    Ok(Cents(balance.unwrap_or(0)))
}

/// One movement of money that was executed and not reversed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// The key it was executed under.
    pub reference_id: Uuid,
    /// `COLLECTION`, `PAYOUT`, `TRANSFER` or `REFUND`.
    pub operation: String,
    /// What was asked to be moved, without fees.
    #[serde(serialize_with = "as_text")]
    pub amount: Decimal,
    /// The currency of the amount.
    pub currency: String,
    /// The id a refund names to give a collection back.
    pub payment_intent_id: i64,
    /// When the money moved, by the virtual clock.
    pub posted_at: DateTime<Utc>,
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The posting it is part of; the entries of a posting sum to zero.
    pub posting: i64,
    /// `OPENING`, `PRINCIPAL`, `SETTLEMENT`, `REVERSAL` or `EXCHANGE`.
    pub kind: String,
    /// The payment, except for opening balances.
    pub reference_id: Option<Uuid>,
    /// The account's name, for example `wallet:3` or `fees:platform`.
    pub account: String,
    /// The currency of the amount.
    pub currency: String,
    /// Positive when the account receives.
    #[serde(serialize_with = "as_text")]
    pub amount: Decimal,
}

/// How many movements were executed under a key and not reversed.
pub(crate) fn payments(books: &Books<'_>, reference_id: Uuid) -> Result<u64, rusqlite::Error> {
    books
        .db
        .prepare_cached(
            "SELECT COALESCE(SUM(CASE kind WHEN 'PRINCIPAL' THEN 1 WHEN 'REVERSAL' THEN -1 ELSE 0 END), 0)
             FROM executions JOIN postings ON execution_id = executions.id WHERE reference_id = ?1",
        )?
        .query_row(params![reference_id.into_bytes()], |row| row.get::<_, i64>(0))
        // A reversal follows its principal, so the sum is never negative.
        .map(i64::cast_unsigned)
}

/// All movements that were executed and not reversed, oldest first.
pub(crate) fn movements(books: &Books<'_>) -> Result<Vec<Movement>, rusqlite::Error> {
    books
        .db
        .prepare_cached(
            "SELECT reference_id, operation, postings.amount, postings.currency, execution_id, posted_at
             FROM postings JOIN executions ON executions.id = execution_id
             WHERE kind = 'PRINCIPAL' AND NOT EXISTS (
                 SELECT 1 FROM postings AS other
                 WHERE other.execution_id = executions.id AND other.kind = 'REVERSAL')
             ORDER BY postings.id",
        )?
        .query_map([], |row| {
            Ok(Movement {
                reference_id: Uuid::from_bytes(row.get(0)?),
                operation: row.get(1)?,
                amount: Cents(row.get(2)?).decimal(),
                currency: row.get(3)?,
                payment_intent_id: row.get(4)?,
                posted_at: instant(row.get(5)?),
            })
        })?
        .collect()
}

/// The keys under which money moved more than once.
pub(crate) fn paid_twice(books: &Books<'_>) -> Result<Vec<Uuid>, rusqlite::Error> {
    books
        .db
        .prepare_cached(
            "SELECT reference_id FROM executions JOIN postings ON execution_id = executions.id GROUP BY merchant_id, reference_id
             HAVING SUM(CASE kind WHEN 'PRINCIPAL' THEN 1 WHEN 'REVERSAL' THEN -1 ELSE 0 END) > 1",
        )?
        .query_map([], |row| row.get(0).map(Uuid::from_bytes))?
        .collect()
}

/// Every line of the books, oldest first.
pub(crate) fn entries(books: &Books<'_>) -> Result<Vec<Entry>, rusqlite::Error> {
    books
        .db
        .prepare_cached(
            "SELECT postings.id, kind, reference_id, name, accounts.currency, entries.amount FROM entries
             JOIN postings ON postings.id = posting_id JOIN accounts ON accounts.id = account_id
             LEFT JOIN executions ON executions.id = execution_id ORDER BY posting_id, account_id",
        )?
        .query_map([], |row| {
            Ok(Entry {
                posting: row.get(0)?,
                kind: row.get(1)?,
                reference_id: row.get::<_, Option<[u8; 16]>>(2)?.map(Uuid::from_bytes),
                account: row.get(3)?,
                currency: row.get(4)?,
                amount: Cents(row.get(5)?).decimal(),
            })
        })?
        .collect()
}

/// Whether every posting and every currency sums to zero and every balance is the sum of its entries.
pub(crate) fn is_balanced(books: &Books<'_>) -> Result<bool, rusqlite::Error> {
    let unbalanced: i64 = books.db.query_row(
        "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM entries GROUP BY posting_id HAVING SUM(amount) <> 0))
              + (SELECT COUNT(*) FROM (SELECT 1 FROM accounts GROUP BY currency HAVING SUM(balance) <> 0))
              + (SELECT COUNT(*) FROM accounts LEFT JOIN
                    (SELECT account_id, SUM(amount) AS total FROM entries GROUP BY account_id) AS sums
                    ON account_id = id WHERE balance <> COALESCE(total, 0))",
        [],
        |row| row.get(0),
    )?;
    Ok(unbalanced == 0)
}

/// A view of the books as they are at each call.
///
/// # Panics
/// Its methods panic once the sandbox has stopped or when its database fails, because a judge that cannot read the
/// evidence must not answer.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Arc<Store>,
}

impl Ledger {
    pub(crate) fn of(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// How many movements of money were executed under this key and not reversed. Never more than one if nobody was
    /// paid twice. A payout, transfer or refund counts from the moment its money leaves the wallet, a collection from
    /// the moment it is collected.
    pub fn payments(&self, reference_id: Uuid) -> u64 {
        self.read(move |books| payments(books, reference_id))
    }

    /// Every movement that was executed and not reversed, oldest first. What the merchant was seeded with is not in it.
    pub fn movements(&self) -> Vec<Movement> {
        self.read(movements)
    }

    /// The keys under which money moved more than once. Empty while a guard holds.
    pub fn paid_twice(&self) -> Vec<Uuid> {
        self.read(paid_twice)
    }

    /// The balance of an account such as `wallet:3`, `account:18`, `counterparty:15` or `fees:platform`.
    pub fn balance(&self, account: &str, currency: &str) -> Decimal {
        let (account, currency) = (account.to_owned(), currency.to_owned());
        self.read(move |books| balance(books, &account, &currency)).decimal()
    }

    /// Every line of the books, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.read(entries)
    }

    /// Whether every posting, and every currency as a whole, sums to zero and every balance equals the sum of its entries.
    pub fn is_balanced(&self) -> bool {
        self.read(is_balanced)
    }

    fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Books<'_>) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> T {
        self.store
            .ask(|books| read(books).map_err(Problem::from))
            .expect("the sandbox runs and its database can be read")
    }
}

/// Amounts leave as text: nothing rounds them on the way to a reader.
pub(crate) fn as_text<S: Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// The instant a table holds as microseconds.
pub(crate) fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}
