//! Executions: where a session becomes a movement of money, at most once. The rules that decide whether money moves
//! are all in [`execute`]; how it moves in the books is in `settle`.

mod record;
mod settle;

use http::StatusCode;
use rusqlite::Row;
use uuid::Uuid;

use crate::accounts::{self, PaymentAccount};
use crate::counterparties;
use crate::fees::{self, Asked, Quote, Unpriced};
use crate::ledger;
use crate::merchants;
use crate::methods::{self, Method};
use crate::money::{Cents, FeeBearer};
use crate::outcomes::{Behaviour, Verdict};
use crate::problem::Problem;
use crate::sessions::{self, Session};
use crate::sources::{self, ACTIVE};
use crate::store::Books;
use crate::switches::{SameOrder, TakenKey, Transfers};

pub(crate) use record::{Execution, by_id, find, refundable};
pub(crate) use settle::{confirm_card, settle_due};

pub(crate) const COMPLETED: &str = "COMPLETED";
pub(crate) const FAILED: &str = "FAILED";
pub(crate) const PENDING: &str = "PENDING";
pub(crate) const PROCESSING: &str = "PROCESSING";

/// Which movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Collection,
    Payout,
    Transfer,
    Refund,
}

impl Operation {
    pub(crate) const ALL: [Self; 4] = [Self::Collection, Self::Payout, Self::Transfer, Self::Refund];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Collection => "COLLECTION",
            Self::Payout => "PAYOUT",
            Self::Transfer => "TRANSFER",
            Self::Refund => "REFUND",
        }
    }

    /// The operation with this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// Reads the operation from a column of a row.
    pub(crate) fn from_column(row: &Row<'_>, column: usize) -> Result<Self, rusqlite::Error> {
        let name: String = row.get(column)?;
        Self::named(&name).ok_or_else(|| {
            rusqlite::Error::InvalidColumnType(column, "operation".to_owned(), rusqlite::types::Type::Text)
        })
    }
}

/// What a caller asks to be executed.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) operation: Operation,
    pub(crate) reference_id: Uuid,
    pub(crate) session_id: String,
    /// The account named in the request and the name of the field it came in.
    pub(crate) account: Option<(&'static str, String)>,
    pub(crate) currency: Option<String>,
    /// Whether the passcode is wrong and the payment fails for it.
    pub(crate) denied: bool,
}

/// A priced movement that may go ahead or is known to fail.
struct Plan {
    quote: Quote,
    wallet_id: i64,
    account_id: Option<i64>,
    behaviour: Behaviour,
    /// Why the merchant's side cannot pay, if so: the payment ends `FAILED` at once and nothing moves.
    wallet_message: Option<&'static str>,
}

/// Executes an order, or returns what its key already stands for.
///
/// While the key guard holds, one `reference_id` is executed once: the same order again gets the current state, any
/// other order under that key is refused.
pub(crate) fn execute(books: &Books<'_>, order: &Order) -> Result<Execution, Problem> {
    if books.terms.guards.key_once
        && let Some(known) = record::first(books, order.reference_id)?
    {
        let again = books.terms.switches.same_order == SameOrder::CurrentState && known.answers(order);
        return if again { Ok(known) } else { Err(taken(books)) };
    }
    if order.operation != Operation::Collection {
        books.merchant.must_be_verified()?;
    }
    let session = sessions::to_execute(books, order.operation, &order.session_id)?;
    let plan = match order.operation {
        Operation::Collection => plan_collection(books, order, &session)?,
        Operation::Payout => plan_payout(books, order, &session)?,
        Operation::Transfer => plan_transfer(books, &session)?,
        Operation::Refund => plan_refund(books, &session)?,
    };
    sessions::spend(books, session.id)?;
    let execution = record::insert(books, order, &session, &plan)?;
    settle::begin(books, execution, plan.behaviour)
}

/// The refusal of a key that stands for something else.
fn taken(books: &Books<'_>) -> Problem {
    match books.terms.switches.taken_key {
        TakenKey::Unprocessable => Problem::field("reference_id", "duplicate: reference_id already exists"),
        TakenKey::Conflict => Problem::sentence(StatusCode::CONFLICT, "reference_id already exists"),
    }
}

fn plan_collection(books: &Books<'_>, order: &Order, session: &Session) -> Result<Plan, Problem> {
    let (kind, id) = session.source.ok_or_else(|| Problem::field("session_id", "session not found"))?;
    let source = sources::by_id(books, kind, id)?
        .filter(|source| source.status == ACTIVE)
        .ok_or_else(|| Problem::field("session_id", "the source of the session is not ACTIVE"))?;
    let account = named_account(books, order)?;
    let wallet_id = merchants::wallet_in(books, &source.currency)?
        .ok_or_else(|| Problem::field("currency", "no wallet in the currency of the source"))?;
    let asked = Asked {
        customer_currency: order.currency.as_deref().unwrap_or(&source.currency),
        bearer: source.fee_bearer,
        ..asked(books, Operation::Collection, account.method, source.total_amount, &source.currency)
    };
    let quote = fees::quote(asked).map_err(|why| match why {
        Unpriced::Method => Problem::field("payment_account_id", "this method does not collect"),
        Unpriced::Currency => Problem::field("currency", "not a currency of the payment method"),
        Unpriced::Amount => Problem::field("currency", "the amount is too large"),
    })?;
    accounts::use_up(books, &account)?;
    let behaviour = account.behaviour();
    Ok(Plan { quote, wallet_id, account_id: Some(account.id), behaviour, wallet_message: None })
}

fn plan_payout(books: &Books<'_>, order: &Order, session: &Session) -> Result<Plan, Problem> {
    let account = named_account(books, order)?;
    if session.payment_account_id != Some(account.id) {
        return Err(Problem::field("payout_account_id", "not the account of the session"));
    }
    let quote = priced(asked(books, Operation::Payout, account.method, session.amount, &session.currency))?;
    accounts::use_up(books, &account)?;
    // A payout to a card asks nobody for a second factor.
    let behaviour = match account.behaviour() {
        Behaviour::CardApproves => Behaviour::Approves,
        Behaviour::CardDeclines => Behaviour::Declines,
        other => other,
    };
    let wallet_message = order.denied.then_some("invalid passcode");
    Plan { quote, wallet_id: 0, account_id: Some(account.id), behaviour, wallet_message }
        .paid_from(books, session)
}

fn plan_transfer(books: &Books<'_>, session: &Session) -> Result<Plan, Problem> {
    let recipient = match session.counterparty_id {
        Some(id) => counterparties::by_id(books, id)?,
        None => None,
    };
    let behaviour = match books.terms.switches.transfers {
        Transfers::AtOnce => Behaviour::AtOnce,
        Transfers::AfterAWhile => Behaviour::Approves,
    };
    let frozen = recipient.is_none_or(|recipient| recipient.wallet_status != "ACTIVE");
    let method = methods::method(methods::WALLET).expect("wallets are a method");
    Plan {
        quote: priced(asked(books, Operation::Transfer, method, session.amount, &session.currency))?,
        wallet_id: 0,
        account_id: None,
        behaviour,
        wallet_message: frozen.then_some("the recipient's wallet is not ACTIVE"),
    }
    .paid_from(books, session)
}

fn plan_refund(books: &Books<'_>, session: &Session) -> Result<Plan, Problem> {
    let unknown = || Problem::field("session_id", "session not found");
    let original = match session.intent_id {
        Some(id) => by_id(books, id)?,
        None => None,
    };
    let original = original.ok_or_else(unknown)?;
    let account = match original.payment_account_id {
        Some(id) => accounts::by_id(books, id)?,
        None => None,
    };
    let account = account.ok_or_else(unknown)?;
    let too_much = session.amount > refundable(books, &original)?;
    let asked = Asked {
        customer_currency: &original.quote.payer_currency,
        ..asked(books, Operation::Refund, account.method, session.amount, &session.currency)
    };
    Plan {
        quote: priced(asked)?,
        wallet_id: 0,
        account_id: Some(account.id),
        behaviour: Behaviour::Approves,
        wallet_message: too_much.then_some("exceeds what is left of the original amount"),
    }
    .paid_from(books, session)
}

/// A movement in one currency, of which the merchant bears the fees.
fn asked<'a>(
    books: &Books<'_>,
    operation: Operation,
    method: Method,
    amount: Cents,
    currency: &'a str,
) -> Asked<'a> {
    let tier = fees::tier(books.merchant.tier_id);
    Asked { operation, method, amount, currency, customer_currency: currency, bearer: FeeBearer::Payer, tier }
}

/// The price of a movement whose session was accepted.
fn priced(asked: Asked<'_>) -> Result<Quote, Problem> {
    fees::quote(asked).map_err(|_| Problem::field("session_id", "the amount of the session cannot be moved"))
}

impl Plan {
    /// Completes a plan that is paid from the session's wallet, which must cover the amount and its fees.
    fn paid_from(mut self, books: &Books<'_>, session: &Session) -> Result<Self, Problem> {
        self.wallet_id =
            session.wallet_id.ok_or_else(|| Problem::field("session_id", "session not found"))?;
        let available: Cents = ledger::balance(books, &settle::wallet(self.wallet_id), &session.currency)?;
        if self.wallet_message.is_none() && available < self.quote.payer {
            self.wallet_message = Some("insufficient wallet balance");
        }
        Ok(self)
    }

    fn verdict(&self) -> Verdict {
        self.behaviour.verdict()
    }
}

fn named_account(books: &Books<'_>, order: &Order) -> Result<PaymentAccount, Problem> {
    let (field, id) =
        order.account.as_ref().ok_or_else(|| Problem::field("payment_account_id", "field required"))?;
    let id: i64 = id.parse().map_err(|_| Problem::field(field, "not found"))?;
    accounts::usable(books, id, field)
}
