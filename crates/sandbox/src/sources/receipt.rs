//! The receipt of a paid source: what was settled, read from the execution that paid it.

use super::{Item, PAID, Source, items};
use crate::accounts::{self, PaymentAccount};
use crate::counterparties::{self, Counterparty};
use crate::executions::{self, Execution};
use crate::problem::Problem;
use crate::store::Books;

/// Everything a receipt shows.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) source: Source,
    pub(crate) items: Vec<Item>,
    pub(crate) counterparty: Counterparty,
    pub(crate) execution: Execution,
    pub(crate) account: Option<PaymentAccount>,
}

/// The receipt of a source, which has to be `PAID`; `parameter` is what names the source in the request.
pub(crate) fn receipt(
    books: &Books<'_>,
    source: Source,
    parameter: &'static str,
) -> Result<Receipt, Problem> {
    let paid_by = match source.paid_by {
        Some(id) if source.status == PAID => executions::by_id(books, id)?,
        _ => None,
    };
    let execution = paid_by.ok_or_else(|| Problem::state(parameter, "not PAID"))?;
    let account = match execution.payment_account_id {
        Some(id) => accounts::by_id(books, id)?,
        None => None,
    };
    let counterparty = counterparties::by_id(books, source.counterparty_id)?
        .expect("a source is created for a counterparty of its merchant");
    Ok(Receipt { items: items(books, &source)?, counterparty, execution, account, source })
}
