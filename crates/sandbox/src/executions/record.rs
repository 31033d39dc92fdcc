//! Executions as the store keeps them.

use rusqlite::{OptionalExtension, Row, params};
use uuid::Uuid;

use super::{COMPLETED, FAILED, Operation, Order, PROCESSING, Plan};
use crate::fees::Quote;
use crate::fx::Rate;
use crate::money::Cents;
use crate::outcomes::Verdict;
use crate::problem::Problem;
use crate::sessions::Session;
use crate::sources::SourceKind;
use crate::store::Books;

/// One execution.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) id: i64,
    pub(crate) reference_id: Uuid,
    pub(crate) operation: Operation,
    pub(crate) session_id: i64,
    pub(crate) payment_account_id: Option<i64>,
    pub(crate) wallet_id: i64,
    pub(crate) counterparty_id: Option<i64>,
    pub(crate) source: Option<(SourceKind, i64)>,
    pub(crate) status: String,
    /// What was asked to be moved, without fees.
    pub(crate) amount: Cents,
    /// What each side pays and gets.
    pub(crate) quote: Quote,
    pub(crate) completes: bool,
    pub(crate) verdict_message: String,
    pub(crate) requires_action: bool,
    pub(crate) gateway_message: Option<String>,
    pub(crate) wallet_message: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) settled_at: Option<i64>,
}

const COLUMNS: &str = "id, reference_id, operation, session_id, payment_account_id, wallet_id, counterparty_id,
    source_kind, source_id, status, amount, payer_amount, payee_amount, platform_fee, gateway_fee, currency, completes,
    verdict_message, requires_action, gateway_message, wallet_message, created_at, settled_at, fx_fee, payer_currency,
    payee_currency, fx_rate";

impl Execution {
    /// Whether this is what the order asks for: same operation, session, account and currency.
    pub(super) fn answers(&self, order: &Order) -> bool {
        let same = |asked: &str, id: i64| asked.parse() == Ok(id);
        self.operation == order.operation
            && same(&order.session_id, self.session_id)
            && order
                .account
                .as_ref()
                .is_none_or(|(_, asked)| self.payment_account_id.is_some_and(|id| same(asked, id)))
            && order.currency.as_ref().is_none_or(|asked| *asked == self.quote.payer_currency)
    }

    /// The name the gateway has for it.
    pub(crate) fn provider_transaction_id(&self) -> String {
        format!("SBX-{}", self.id)
    }

    /// What a reader whose view is older sees: nothing of an execution begun since, and no outcome reached since.
    pub(crate) fn seen_at(mut self, view: i64) -> Option<Self> {
        if self.created_at > view {
            return None;
        }
        if self.settled_at.is_some_and(|settled| settled > view) {
            self.status = PROCESSING.to_owned();
            self.settled_at = None;
            self.gateway_message = None;
            self.wallet_message = None;
        }
        Some(self)
    }

    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let source_kind: Option<SourceKind> = row.get(7)?;
        let source_id: Option<i64> = row.get(8)?;
        Ok(Self {
            id: row.get(0)?,
            reference_id: Uuid::from_bytes(row.get(1)?),
            operation: Operation::from_column(row, 2)?,
            session_id: row.get(3)?,
            payment_account_id: row.get(4)?,
            wallet_id: row.get(5)?,
            counterparty_id: row.get(6)?,
            source: source_kind.zip(source_id),
            status: row.get(9)?,
            amount: Cents(row.get(10)?),
            quote: Quote {
                payer: Cents(row.get(11)?),
                payer_currency: row.get(24)?,
                payee: Cents(row.get(12)?),
                payee_currency: row.get(25)?,
                currency: row.get(15)?,
                platform_fee: Cents(row.get(13)?),
                gateway_fee: Cents(row.get(14)?),
                fx_fee: Cents(row.get(23)?),
                rate: row.get::<_, Option<i64>>(26)?.map(Rate),
            },
            completes: row.get(16)?,
            verdict_message: row.get(17)?,
            requires_action: row.get(18)?,
            gateway_message: row.get(19)?,
            wallet_message: row.get(20)?,
            created_at: row.get(21)?,
            settled_at: row.get(22)?,
        })
    }
}

/// The execution with this id.
pub(crate) fn by_id(books: &Books<'_>, id: i64) -> Result<Option<Execution>, Problem> {
    let execution = books
        .db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM executions WHERE id = ?1 AND merchant_id = ?2"))?
        .query_row(params![id, books.merchant.id], Execution::from_row)
        .optional()?;
    Ok(execution)
}

/// The first execution under a key, whatever its operation.
pub(super) fn first(books: &Books<'_>, reference_id: Uuid) -> Result<Option<Execution>, Problem> {
    let execution = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM executions WHERE reference_id = ?1 AND merchant_id = ?2 ORDER BY id LIMIT 1"
        ))?
        .query_row(params![reference_id.into_bytes(), books.merchant.id], Execution::from_row)
        .optional()?;
    Ok(execution)
}

/// What a status read of this key shows. With the key guard off there may be several: one that moved money is shown
/// before one that failed.
pub(crate) fn find(
    books: &Books<'_>,
    operation: Operation,
    reference_id: Uuid,
) -> Result<Option<Execution>, Problem> {
    let execution = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM executions WHERE reference_id = ?1 AND operation = ?2 AND merchant_id = ?3
             ORDER BY status = '{FAILED}', status <> '{COMPLETED}', id LIMIT 1"
        ))?
        .query_row(
            params![reference_id.into_bytes(), operation.name(), books.merchant.id],
            Execution::from_row,
        )
        .optional()?;
    Ok(execution)
}

/// The card payment under this key that waits for its holder: the merchant's own, or else any. The holder of a card has
/// no merchant.
pub(super) fn waiting(books: &Books<'_>, reference_id: Uuid) -> Result<Option<Execution>, Problem> {
    let execution = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM executions WHERE reference_id = ?1 AND requires_action
             ORDER BY merchant_id <> ?2, id LIMIT 1"
        ))?
        .query_row(params![reference_id.into_bytes(), books.merchant.id], Execution::from_row)
        .optional()?;
    Ok(execution)
}

/// The executions that fell due, earliest first, with the instant each was to settle at.
pub(super) fn due(books: &Books<'_>) -> Result<Vec<(i64, Execution)>, Problem> {
    let due = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, settles_at FROM executions WHERE settles_at <= ?1 ORDER BY settles_at, id"
        ))?
        .query_map([books.micros()], |row| Ok((row.get(27)?, Execution::from_row(row)?)))?
        .collect::<Result<_, _>>()?;
    Ok(due)
}

/// What may still be given back of a collection: its amount without the refunds that did not fail.
pub(crate) fn refundable(books: &Books<'_>, original: &Execution) -> Result<Cents, Problem> {
    let refunded: i64 = books
        .db
        .prepare_cached(&format!(
            "SELECT COALESCE(SUM(amount), 0) FROM executions WHERE intent_id = ?1 AND status <> '{FAILED}'"
        ))?
        .query_row([original.id], |row| row.get(0))?;
    Ok(original.amount - Cents(refunded))
}

pub(super) fn insert(
    books: &Books<'_>,
    order: &Order,
    session: &Session,
    plan: &Plan,
) -> Result<Execution, Problem> {
    let Verdict { completed, gateway_message } = plan.verdict();
    let failed = plan.wallet_message.is_some();
    let (source_kind, source_id) = session.source.unzip();
    let quote = &plan.quote;
    books
        .db
        .prepare_cached(
            "INSERT INTO executions (reference_id, operation, session_id, payment_account_id, wallet_id,
             counterparty_id, source_kind, source_id, intent_id, status, amount, payer_amount, payee_amount,
             platform_fee, gateway_fee, currency, completes, verdict_message, requires_action, wallet_message,
             created_at, settled_at, merchant_id, fx_fee, payer_currency, payee_currency, fx_rate)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
             ?22, ?23, ?24, ?25, ?26, ?27)",
        )?
        .execute(params![
            order.reference_id.into_bytes(),
            order.operation.name(),
            session.id,
            plan.account_id,
            plan.wallet_id,
            session.counterparty_id,
            source_kind,
            source_id,
            session.intent_id,
            if failed { FAILED } else { PROCESSING },
            session.amount.0,
            quote.payer.0,
            quote.payee.0,
            quote.platform_fee.0,
            quote.gateway_fee.0,
            quote.currency,
            completed,
            gateway_message,
            plan.behaviour.needs_action() && !failed,
            plan.wallet_message,
            books.micros(),
            failed.then(|| books.micros()),
            books.merchant.id,
            quote.fx_fee.0,
            quote.payer_currency,
            quote.payee_currency,
            quote.rate.map(|rate| rate.0),
        ])?;
    let id = books.db.last_insert_rowid();
    Ok(by_id(books, id)?.expect("a row that was just inserted is there"))
}

/// Schedules, or with `None` unschedules, the moment an execution settles by itself.
pub(super) fn schedule(books: &Books<'_>, id: i64, settles_at: Option<i64>) -> Result<(), Problem> {
    books
        .db
        .prepare_cached("UPDATE executions SET settles_at = ?2 WHERE id = ?1")?
        .execute(params![id, settles_at])?;
    Ok(())
}

/// Writes the final state of an execution.
pub(super) fn close(books: &Books<'_>, execution: &Execution) -> Result<(), Problem> {
    books
        .db
        .prepare_cached(
            "UPDATE executions SET status = ?2, gateway_message = ?3, settled_at = ?4, settles_at = NULL,
             requires_action = 0 WHERE id = ?1",
        )?
        .execute(params![execution.id, execution.status, execution.gateway_message, execution.settled_at])?;
    Ok(())
}
