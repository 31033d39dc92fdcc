//! Orders: what a caller asks for, checked whole before anything of it is journaled.

use std::borrow::Cow;
use std::collections::BTreeMap;

use payonce::step::Expect;
use payonce::{Error, ErrorKind, IntoName, Money, Name, Operation};
use serde::{Deserialize, Serialize};

use crate::client::{Dwolla, Payment};
use crate::contents::{Contents, Fee};
use crate::ids::{AccountId, CustomerId, FundingSourceId};
use crate::links::{Link, Owner, Pin};
use crate::raw::enums;
use crate::status::ClearingSpeed;

/// The most characters of an e-mail address, as mail itself has it.
const LONGEST_EMAIL: usize = 254;

/// What is made here.
pub(crate) fn operation() -> Operation {
    Operation::new("transfer").expect("a plain lower-case word is an operation")
}

/// Where the money of a transfer goes. Each id is one of these, too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Destination {
    /// A bank account or a balance.
    FundingSource(FundingSourceId),
    /// A customer of the application.
    Customer(CustomerId),
    /// An account with the provider.
    Account(AccountId),
    /// Whoever reads mail at that address.
    Email(String),
}

impl From<FundingSourceId> for Destination {
    fn from(id: FundingSourceId) -> Self {
        Self::FundingSource(id)
    }
}

impl From<CustomerId> for Destination {
    fn from(id: CustomerId) -> Self {
        Self::Customer(id)
    }
}

impl From<AccountId> for Destination {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

impl Destination {
    pub(crate) fn checked(self) -> Result<Self, Error> {
        Ok(match self {
            Self::FundingSource(id) => Self::FundingSource(id.checked()?),
            Self::Customer(id) => Self::Customer(id.checked()?),
            Self::Account(id) => Self::Account(id.checked()?),
            Self::Email(address) if is_email(&address) => Self::Email(address),
            Self::Email(_) => {
                return Err(invalid("the destination is no e-mail address of plain characters"));
            }
        })
    }

    pub(crate) fn href(&self, pin: &Pin) -> String {
        match self {
            Self::FundingSource(id) => pin.href(&Link::FundingSource(id.clone())),
            Self::Customer(id) => pin.href(&Link::Customer(id.clone())),
            Self::Account(id) => pin.href(&Link::Account(id.clone())),
            Self::Email(address) => format!("mailto:{address}"),
        }
    }
}

/// Whether it is an address that means the same in a URL as it stands.
fn is_email(text: &str) -> bool {
    let plain = |part: &str, more: &[u8]| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    text.len() <= LONGEST_EMAIL
        && text.split_once('@').is_some_and(|(who, host)| plain(who, b".!$'*+-_~=") && plain(host, b".-"))
}

pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

fn text(contents: &Contents) -> String {
    serde_json::to_string(contents).expect("an order is plain data")
}

/// A payment that is asked for and not yet made. Nothing happens before [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "an order does nothing before it is sent"]
pub struct Order {
    client: Dwolla,
    name: Result<Name, Error>,
    contents: Contents,
}

impl Order {
    pub(crate) fn new(
        client: &Dwolla,
        name: impl IntoName,
        source: FundingSourceId,
        destination: Destination,
        amount: Money,
    ) -> Self {
        let contents = Contents::new(source, destination, amount);
        Self { client: client.clone(), name: name.into_name(), contents }
    }

    /// Adds what an instruction has of the rest.
    pub(crate) fn adorned(
        mut self,
        metadata: BTreeMap<String, String>,
        fees: Vec<Fee>,
        source: Option<ClearingSpeed>,
        destination: Option<ClearingSpeed>,
    ) -> Self {
        self.contents.metadata = metadata;
        self.contents.fees = fees;
        self.contents.clearing.source = source.map(Into::into);
        self.contents.clearing.destination = destination.map(Into::into);
        self
    }

    /// Adds a note that the provider keeps with the transfer: up to 10, each key and each value of less than 255
    /// characters. The same key again takes the place of the first.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.contents.metadata.insert(key.into(), value.into());
        self
    }

    /// Has one side of the transfer pay a fee to the application. Each call adds one; all are paid by the same side, and
    /// they come to half of the amount at most. The provider makes each a transfer of its own.
    pub fn fee(mut self, charge_to: impl Into<Owner>, amount: Money) -> Self {
        self.contents.fees.push(Fee { charge_to: charge_to.into(), amount });
        self
    }

    /// Has the destination credited on the same day, where the application may.
    pub fn clearing_next_available(mut self) -> Self {
        self.contents.clearing.destination = Some(enums::ClearingSpeed::NextAvailable);
        self
    }

    /// Has the source debited on the same day, where the application may.
    pub fn source_clearing_next_available(mut self) -> Self {
        self.contents.clearing.source = Some(enums::ClearingSpeed::NextAvailable);
        self
    }

    /// Has the source debited in three to four days instead of on the next.
    pub fn source_clearing_standard(mut self) -> Self {
        self.contents.clearing.source = Some(enums::ClearingSpeed::Standard);
        self
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
    /// `Unknown` money may have moved: [`resume`](Dwolla::resume), and do not pay in another way.
    pub async fn send(self) -> Result<Payment, Error> {
        let name = self.name?;
        let contents = self.contents.checked()?;
        self.client.engine().send(operation(), name, text(&contents), Expect::Amount(contents.amount)).await
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
        let expect = Expect::Amount(contents.amount);
        Ok(self.client.engine().intent(operation(), name, text(&contents), expect))
    }
}
