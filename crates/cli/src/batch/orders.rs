//! The order that a line is: made with a client, told as the journal holds it, and sent.
//!
//! What must stay true: what is checked and what is sent is the same order of the same facade, so that a line which is in
//! order when it is checked is in order when it is paid.

use dollr::{
    AccountId, CounterpartyId, Dollr, OperationType, Payee, PaymentIntentId, PaymentMethod, PayoutTo,
    Preview, RefundOrder, WalletId,
};
use dwolla::{Destination, Dwolla, FundingSourceId};
use futures_util::FutureExt;
use payonce::journal::Record;
use payonce::{BoxFuture, Error, ErrorKind, Payment, Secret, Settlement};
use serde_json::Value;

use super::rows::Row;
use crate::rail::Rail;

/// What a line asks for, apart from name and amount.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    Payout { account: AccountId },
    PayoutTo { payee: Payee },
    Transfer { wallet: WalletId, counterparty: CounterpartyId },
    Refund { intent: PaymentIntentId, reason: Option<String> },
    Bank { from: FundingSourceId, to: Destination, note: Option<String> },
}

impl Order {
    pub(crate) fn rail(&self) -> Rail {
        match self {
            Self::Bank { .. } => Rail::Dwolla,
            _ => Rail::Dollr,
        }
    }

    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Payout { .. } | Self::PayoutTo { .. } => "payout",
            Self::Transfer { .. } | Self::Bank { .. } => "transfer",
            Self::Refund { .. } => "refund",
        }
    }

    pub(crate) fn in_words(&self) -> &'static str {
        match self {
            Self::Payout { .. } => "a payout to an account on dollr",
            Self::PayoutTo { .. } => "a payout to a phone on dollr",
            Self::Transfer { .. } => "a transfer on dollr",
            Self::Refund { .. } => "a refund on dollr",
            Self::Bank { .. } => "a transfer on dwolla",
        }
    }
}

/// The clients that orders are made with; of a rail that nothing goes over there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    pub(crate) dollr: Option<Dollr>,
    pub(crate) dwolla: Option<Dwolla>,
}

impl Clients {
    /// Clients that make orders to look at. Nothing can be sent with them: they are nobody's, and lead nowhere.
    pub(crate) fn of_nobody() -> Result<Self, Error> {
        let nowhere = "http://127.0.0.1:9";
        let secret = || Secret::new("nobody");
        let dollr = Dollr::builder().client_id("nobody").client_secret(secret());
        let dwolla = Dwolla::builder().key("nobody").secret(secret());
        Ok(Self {
            dollr: Some(dollr.base_url(nowhere).journal_in_memory().build()?),
            dwolla: Some(dwolla.base_url(nowhere).journal_in_memory().build()?),
        })
    }

    /// The order that a line is.
    pub(crate) fn order(&self, row: &Row) -> Result<Made, Error> {
        let (name, amount) = (&row.name, row.amount);
        let missing =
            || Error::new(ErrorKind::Configuration, format!("there is no client of {}", row.order.rail()));
        if let Order::Bank { from, to, note } = &row.order {
            let dwolla = self.dwolla.as_ref().ok_or_else(missing)?;
            let order = dwolla.transfer(name, from.clone(), to.clone(), amount);
            return Ok(Made::Bank(match note {
                Some(note) => order.metadata("note", note),
                None => order,
            }));
        }
        let dollr = self.dollr.as_ref().ok_or_else(missing)?;
        Ok(match &row.order {
            Order::PayoutTo { payee } => Made::PayoutTo(dollr.payout_to(name, payee.clone(), amount)),
            Order::Transfer { wallet, counterparty } => {
                Made::Plain(dollr.transfer(name, *wallet, *counterparty, amount))
            }
            Order::Refund { intent, reason } => {
                let order = dollr.refund(name, *intent, amount);
                Made::Refund(match reason {
                    Some(reason) => order.reason(reason),
                    None => order,
                })
            }
            Order::Payout { account } => Made::Plain(dollr.payout(name, *account, amount)),
            Order::Bank { .. } => unreachable!("a transfer on dwolla was made above"),
        })
    }

    /// What a line will come to, or nothing where the provider does not tell it beforehand.
    pub(crate) async fn preview(&self, row: &Row) -> Result<Option<Preview>, Error> {
        let Some(dollr) = &self.dollr else { return Ok(None) };
        let by = |operation, method: &PaymentMethod| {
            dollr.predictions().amount(operation, method.clone(), row.amount)
        };
        match (&row.order, &row.method) {
            (Order::PayoutTo { payee }, _) => {
                dollr.payout_to(&row.name, payee.clone(), row.amount).preview().await.map(Some)
            }
            (Order::Payout { .. }, Some(method)) => by(OperationType::Payout, method).await.map(Some),
            (Order::Transfer { .. }, _) => {
                by(OperationType::Transfer, &PaymentMethod::Wallet).await.map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// An order that is made and not sent.
#[derive(Debug)]
pub(crate) enum Made {
    Plain(dollr::Order),
    PayoutTo(PayoutTo),
    Refund(RefundOrder),
    Bank(dwolla::Order),
}

/// What came of sending a line.
pub(crate) enum Sent {
    /// It has ended.
    Ended(Settlement),
    /// The provider has it, and this waits for its end.
    Taken(BoxFuture<'static, Result<Settlement, Error>>),
}

impl Made {
    /// What the journal will hold of it, if it holds nothing yet, or this.
    pub(crate) fn contents(&self, recorded: Option<&Record>) -> Result<String, Error> {
        match self {
            Self::Plain(order) => order.contents(),
            Self::Refund(order) => order.contents(),
            Self::Bank(order) => order.contents(),
            Self::PayoutTo(order) => {
                // The line says a phone; its account was found when the name was recorded.
                let account = recorded.and_then(|record| {
                    let contents: Value = serde_json::from_str(&record.intent.contents).ok()?;
                    contents.pointer("/payout/account")?.as_i64()
                });
                order.contents(AccountId::new(account.unwrap_or(1)))
            }
        }
    }

    /// Pays it, or goes on with it. A crash in the middle leaves what the facade's own sending leaves.
    pub(crate) async fn send(self) -> Result<Sent, Error> {
        match self {
            Self::Plain(order) => Ok(ended(order.send().await?)),
            Self::PayoutTo(order) => Ok(ended(order.send().await?)),
            Self::Refund(order) => Ok(ended(order.send().await?)),
            Self::Bank(order) => Ok(ended(order.send().await?)),
        }
    }
}

/// How a payment stands that the provider has answered.
fn ended<R: payonce::Rail>(payment: Payment<R>) -> Sent {
    match payment.settled().now_or_never() {
        Some(Ok(settlement)) => Sent::Ended(settlement),
        _ => Sent::Taken(Box::pin(async move { payment.settled().await })),
    }
}
