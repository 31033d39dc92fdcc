//! Orders: what a caller asks for, checked, and written down in the form that the journal keeps for life.
//!
//! What must stay true: an order is checked whole before anything of it is journaled, and the same order is the same
//! text in every version of this crate, because a name with another text is refused.

use std::fmt;

use payonce::step::Expect;
use payonce::{Currency, Error, ErrorKind, IntoName, Money, Name, Operation};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::client::{Dollr, Payment};
use crate::ids::{AccountId, CounterpartyId, InvoiceId, OrderId, PaymentIntentId, WalletId};
use crate::payees::PayeeMark;
use crate::rail;
use crate::raw::enums::{OperationType, SourceType};

/// Which movement of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    Collection,
    Payout,
    Transfer,
    Refund,
}

impl Movement {
    const ALL: [Self; 4] = [Self::Collection, Self::Payout, Self::Transfer, Self::Refund];

    pub(crate) fn of(operation: &Operation) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|movement| movement.as_str() == operation.as_str()).ok_or_else(|| {
            let message = format!("{operation} is none of collection, payout, transfer and refund");
            Error::new(ErrorKind::Invalid, message)
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Payout => "payout",
            Self::Transfer => "transfer",
            Self::Refund => "refund",
        }
    }

    pub(crate) fn operation(self) -> Operation {
        Operation::new(self.as_str()).expect("a plain lower-case word is an operation")
    }

    pub(crate) fn on_the_wire(self) -> OperationType {
        match self {
            Self::Collection => OperationType::Collection,
            Self::Payout => OperationType::Payout,
            Self::Transfer => OperationType::Transfer,
            Self::Refund => OperationType::Refund,
        }
    }
}

/// What a collection is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// An invoice.
    Invoice(InvoiceId),
    /// An order.
    Order(OrderId),
}

impl Source {
    pub(crate) fn on_the_wire(self) -> (SourceType, i64) {
        match self {
            Self::Invoice(id) => (SourceType::Invoice, id.value()),
            Self::Order(id) => (SourceType::Order, id.value()),
        }
    }

    pub(crate) fn checked(self) -> Result<Self, Error> {
        match self {
            Self::Invoice(id) => id.checked().map(Self::Invoice),
            Self::Order(id) => id.checked().map(Self::Order),
        }
    }
}

impl From<InvoiceId> for Source {
    fn from(id: InvoiceId) -> Self {
        Self::Invoice(id)
    }
}

impl From<OrderId> for Source {
    fn from(id: OrderId) -> Self {
        Self::Order(id)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invoice(id) => write!(f, "invoice {id}"),
            Self::Order(id) => write!(f, "order {id}"),
        }
    }
}

/// What a collection holds its document to, when it made that itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DocumentTerms {
    /// Tells documents with other contents apart, without repeating what they say.
    pub(crate) digest: String,
    /// What it comes to. Nothing else is collected.
    pub(crate) total: Money,
}

/// What the journal keeps of an order. The field names and their order are for life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Contents {
    Payout {
        account: AccountId,
        amount: Money,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payee: Option<PayeeMark>,
    },
    Transfer {
        wallet: WalletId,
        counterparty: CounterpartyId,
        amount: Money,
    },
    Refund {
        payment_intent: PaymentIntentId,
        amount: Money,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Collection {
        source: Source,
        account: AccountId,
        currency: Currency,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<DocumentTerms>,
    },
}

impl Contents {
    pub(crate) fn movement(&self) -> Movement {
        match self {
            Self::Payout { .. } => Movement::Payout,
            Self::Transfer { .. } => Movement::Transfer,
            Self::Refund { .. } => Movement::Refund,
            Self::Collection { .. } => Movement::Collection,
        }
    }

    fn expect(&self) -> Expect {
        match self {
            Self::Payout { amount, .. } | Self::Transfer { amount, .. } | Self::Refund { amount, .. } => {
                Expect::Amount(*amount)
            }
            Self::Collection { currency, .. } => Expect::PayerCurrency(*currency),
        }
    }

    /// Checks everything that can be checked without the provider, and brings the amount to the currency's scale.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        Ok(match self {
            Self::Payout { account, amount, payee } => {
                Self::Payout { account: account.checked()?, amount: payable(amount)?, payee }
            }
            Self::Transfer { wallet, counterparty, amount } => Self::Transfer {
                wallet: wallet.checked()?,
                counterparty: counterparty.checked()?,
                amount: payable(amount)?,
            },
            Self::Refund { payment_intent, amount, reason } => Self::Refund {
                payment_intent: payment_intent.checked()?,
                amount: payable(amount)?,
                reason: reason.map(one_line).transpose()?,
            },
            Self::Collection { source, account, currency, document } => {
                if currency.exponent().is_none() {
                    let message = format!("ISO 4217 does not list {currency} as a currency");
                    return Err(Error::new(ErrorKind::Invalid, message));
                }
                let (source, account) = (source.checked()?, account.checked()?);
                Self::Collection { source, account, currency, document }
            }
        })
    }
}

/// The amount at its currency's scale, if it can be paid: the provider takes nothing under 0.01, and nothing under 1
/// of a currency without a minor unit.
pub(crate) fn payable(amount: Money) -> Result<Money, Error> {
    let amount = Money::new(&amount.amount().to_string(), amount.currency())?;
    if amount.amount() < Decimal::new(1, 2) {
        let message = format!("the amount {amount} is less than 0.01, the least the provider takes");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(amount)
}

fn text(contents: &Contents) -> String {
    serde_json::to_string(contents).expect("an order is plain data")
}

fn one_line(reason: String) -> Result<String, Error> {
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err(Error::new(ErrorKind::Invalid, "the reason is empty or holds a control character"));
    }
    Ok(reason)
}

/// A payment that is asked for and not yet made. Nothing happens before [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "an order does nothing before it is sent"]
pub struct Order {
    pub(crate) client: Dollr,
    pub(crate) name: Result<Name, Error>,
    pub(crate) contents: Contents,
}

impl Order {
    pub(crate) fn new(client: &Dollr, name: impl IntoName, contents: Contents) -> Self {
        Self { client: client.clone(), name: name.into_name(), contents }
    }

    /// What the journal will hold of it: the order whole and checked, as JSON. A name that was recorded with another text
    /// is refused when it is sent. Writes and sends nothing.
    ///
    /// # Errors
    /// `Invalid` when the order is not in order.
    pub fn contents(&self) -> Result<String, Error> {
        self.name.clone()?;
        Ok(text(&self.contents.clone().checked()?))
    }

    /// Makes the payment, or takes up the one of that name.
    ///
    /// When it returns `Ok`, the payment is in the journal, and the provider has it or has ended it; it is driven on
    /// in the background. Sending the same order again, now or after a crash at any point, goes on with the same
    /// payment and never makes a second one. Dropping the future is such a crash.
    ///
    /// # Errors
    /// With [`effect`](Error::effect) `None` no money moved. `Invalid` and `NameTaken` were found before anything
    /// was sent; `Forbidden` and `Unauthorized` need a person, and then the same name can be sent again. With effect
    /// `Unknown` money may have moved: [`resume`](Dollr::resume), and do not pay in another way.
    pub async fn send(self) -> Result<Payment, Error> {
        let name = self.name?;
        let contents = self.contents.checked()?;
        if contents.movement() == Movement::Payout && !self.client.rail().has_passcode() {
            return Err(rail::no_passcode());
        }
        let text = text(&contents);
        let operation = contents.movement().operation();
        self.client.engine().send(operation, name, text, contents.expect()).await
    }

    /// Records the payment in a transaction of the caller's, in a journal of the same merchant: it is made, by a process that
    /// works on that journal, if and only if the transaction commits. Nothing is sent here.
    ///
    /// # Errors
    /// `Invalid` and `NameTaken` as for [`send`](Self::send); `Configuration` when the journal belongs to another
    /// namespace; `Journal` when a statement fails, which spoils the transaction.
    #[cfg(feature = "postgres")]
    pub async fn enqueue_in(
        self,
        journal: &payonce::journal::PostgresJournal,
        transaction: &payonce::journal::tokio_postgres::Transaction<'_>,
    ) -> Result<payonce::journal::Enqueued, Error> {
        let client = self.client.clone();
        client.engine().enqueue_in(journal, transaction, self.intent()?).await
    }

    /// What the journal will record of it, for a caller who records it by a driver of its own. Writes and sends nothing.
    ///
    /// # Errors
    /// `Invalid` when the order is not in order.
    pub fn intent(&self) -> Result<payonce::journal::Intent, Error> {
        let name = self.name.clone()?;
        let contents = self.contents.clone().checked()?;
        let operation = contents.movement().operation();
        Ok(self.client.engine().intent(operation, name, text(&contents), contents.expect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, scale: u32, currency: &str) -> Money {
        Money::reported(Decimal::new(amount, scale), Currency::new(currency).unwrap())
    }

    /// These texts are in journals. A change here would refuse every old name.
    #[test]
    fn the_journaled_text_of_an_order_is_for_life() {
        let usd = |amount| money(amount, 2, "USD");
        let source = Source::Invoice(InvoiceId::from(101));
        for (contents, text) in [
            (
                Contents::Payout { account: 18.into(), amount: usd(25000), payee: None },
                r#"{"payout":{"account":18,"amount":{"amount":"250.00","currency":"USD"}}}"#,
            ),
            (
                Contents::Payout {
                    account: 18.into(),
                    amount: usd(25000),
                    payee: Some(serde_json::from_str(r#"{"mark":"85e"}"#).unwrap()),
                },
                r#"{"payout":{"account":18,"amount":{"amount":"250.00","currency":"USD"},"payee":{"mark":"85e"}}}"#,
            ),
            (
                Contents::Transfer { wallet: 3.into(), counterparty: 15.into(), amount: usd(1) },
                r#"{"transfer":{"wallet":3,"counterparty":15,"amount":{"amount":"0.01","currency":"USD"}}}"#,
            ),
            (
                Contents::Refund { payment_intent: 7.into(), amount: usd(1000), reason: None },
                r#"{"refund":{"payment_intent":7,"amount":{"amount":"10.00","currency":"USD"}}}"#,
            ),
            (
                Contents::Refund {
                    payment_intent: 7.into(),
                    amount: usd(1000),
                    reason: Some("damaged".into()),
                },
                r#"{"refund":{"payment_intent":7,"amount":{"amount":"10.00","currency":"USD"},"reason":"damaged"}}"#,
            ),
            (
                Contents::Collection { source, account: 18.into(), currency: Currency::LRD, document: None },
                r#"{"collection":{"source":{"invoice":101},"account":18,"currency":"LRD"}}"#,
            ),
            (
                Contents::Collection {
                    source,
                    account: 18.into(),
                    currency: Currency::LRD,
                    document: Some(DocumentTerms { digest: "c0ffee".into(), total: usd(25000) }),
                },
                r#"{"collection":{"source":{"invoice":101},"account":18,"currency":"LRD","document":{"digest":"c0ffee","total":{"amount":"250.00","currency":"USD"}}}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&contents).unwrap(), text);
            assert_eq!(serde_json::from_str::<Contents>(text).unwrap(), contents);
        }
    }

    #[test]
    fn an_amount_is_checked_and_brought_to_scale() {
        assert_eq!(payable(money(250, 0, "USD")).unwrap().to_string(), "250.00 USD");
        assert_eq!(payable(money(1, 2, "USD")).unwrap().to_string(), "0.01 USD");
        assert_eq!(payable(money(1, 0, "RWF")).unwrap().to_string(), "1 RWF");
        for bad in [(0, 0, "USD"), (-1, 0, "USD"), (1, 3, "USD"), (5, 1, "RWF"), (1, 3, "KWD"), (1, 0, "ZZZ")]
        {
            let error = payable(money(bad.0, bad.1, bad.2)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
        }
    }

    #[test]
    fn every_movement_is_found_by_its_operation() {
        for movement in Movement::ALL {
            assert_eq!(Movement::of(&movement.operation()).unwrap(), movement);
        }
        assert!(Movement::of(&Operation::new("gift").unwrap()).is_err());
    }
}
