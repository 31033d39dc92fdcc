//! Payment accounts: where a payout goes to, and where a collection comes from.
//!
//! What must stay true: an account of mobile money can be used again and again, one of a card once; so a card's is a
//! type that is used up by the collection it is given to.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

use payonce::{BoxFuture, Error, ErrorKind, Timestamp};
use serde::{Deserialize, Serialize};

use super::methods::{Means, OperationType};
use super::predictions::Predictions;
use super::words::{PaymentMethod, PaymentProvider};
use super::{Reader, created, hiding, line, wire};
use crate::client::Dollr;
use crate::ids::{AccountId, PartyId};
use crate::phone::Phone;
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// The accounts of the people that money goes to or comes from.
    pub fn accounts(&self) -> Accounts {
        Accounts { wire: wire(self) }
    }
}

/// An account of mobile money or a wallet. It can be used as often as one likes, for the operation it was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PaymentAccount {
    /// Its id: what a payout goes to, or a collection comes from.
    pub id: AccountId,
    /// Whose it is.
    pub party_id: PartyId,
    /// What it is called.
    pub account_name: String,
    /// How money reaches it.
    pub method: PaymentMethod,
    /// Who carries that out.
    pub provider: PaymentProvider,
    /// Where it is: two letters of ISO 3166, such as `LR`.
    pub country_code: Option<String>,
    /// Whether money can go through it. A payment with one that is not active is refused.
    pub is_active: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl PaymentAccount {
    fn read(reply: types::PaymentAccountResponse, reader: Reader<'_>) -> Self {
        Self {
            id: reply.id.into(),
            party_id: reply.party_id.into(),
            account_name: reader.text(&reply.account_name),
            method: reply.method.into(),
            provider: reply.provider.into(),
            country_code: reader.texts(reply.country_code),
            is_active: reply.is_active,
            created_at: reply.created_at.utc(),
            updated_at: reply.updated_at.utc(),
        }
    }
}

/// An account of a card, which is good for one attempt at one payment.
///
/// It cannot be copied, and the payment it is given to takes it away:
///
/// ```compile_fail,E0382
/// use dollr::{CardAccount, Currency, Dollr, Source};
///
/// fn collect_twice(dollr: Dollr, card: CardAccount, first: Source, second: Source) {
///     let _ = dollr.collection("INV-7", first, card, Currency::USD);
///     let _ = dollr.collection("INV-8", second, card, Currency::USD); // used already
/// }
/// ```
///
/// After a crash the payment goes on by [`resume`](Dollr::resume), or is found by its name; the name is not sent again
/// with another card. A collection that failed is tried with a new card account, and therefore under a new name: `again()` would send the
/// old account, which the provider refuses. An invoice or order is paid once, whatever the names.
#[derive(Debug)]
#[must_use = "a card account is good for one payment"]
pub struct CardAccount {
    account: PaymentAccount,
}

impl CardAccount {
    /// Whose it is.
    pub fn party_id(&self) -> PartyId {
        self.account.party_id
    }

    pub(crate) fn means(&self) -> Means {
        Means::from(&self.account)
    }

    /// Whether money can go through it.
    pub fn is_active(&self) -> bool {
        self.account.is_active
    }
}

/// Takes the id out, to keep it until the payment is made in another process, say. That it is used once is the
/// caller's care from here on.
impl From<CardAccount> for AccountId {
    fn from(card: CardAccount) -> Self {
        card.account.id
    }
}

/// The payment accounts: made, and known by their ids from then on. (The provider lists none.)
///
/// ```no_run
/// use dollr::{Currency, Dollr, OperationType, PartyId, Phone, Source, usd};
///
/// # async fn accounts(dollr: Dollr, ama: PartyId, invoice: Source) -> Result<(), dollr::Error> {
/// let phone = Phone::new("+231 770-000-000")?;
/// let momo = dollr.accounts().mobile_money(OperationType::Payout, ama, "Amara Kamara", phone).await?;
/// dollr.payout("salary/2026-11/ama", momo.id, usd("250.00")?).send().await?;
///
/// let card = dollr.accounts().card(ama, "Amara's card").await?;
/// dollr.collection("INV-7", invoice, card, Currency::USD).send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Accounts {
    wire: Arc<Wire>,
}

impl Accounts {
    /// A new account of mobile money. The operator is found by the phone number, unless
    /// [`method`](CreateAccount::method) names it.
    ///
    /// `operation` is what the account is for: a payout to it, or a collection from it.
    pub fn mobile_money(
        &self,
        operation: OperationType,
        party: PartyId,
        account_name: impl Into<String>,
        phone: Phone,
    ) -> CreateAccount {
        CreateAccount {
            wire: Arc::clone(&self.wire),
            operation,
            party,
            account_name: account_name.into(),
            phone: Some(phone),
            means: None,
            country_code: None,
        }
    }

    /// A new account for payouts to a wallet with Dollr.
    pub fn wallet(&self, party: PartyId, account_name: impl Into<String>) -> CreateAccount {
        CreateAccount {
            wire: Arc::clone(&self.wire),
            operation: OperationType::Payout,
            party,
            account_name: account_name.into(),
            phone: None,
            means: Some(PaymentMethod::Wallet.into()),
            country_code: None,
        }
    }

    /// A new account of a card, for one collection. The card itself is entered in the customer's browser, with the
    /// provider's card form; no number of it passes through here.
    pub fn card(&self, party: PartyId, account_name: impl Into<String>) -> CreateCardAccount {
        let account = CreateAccount {
            wire: Arc::clone(&self.wire),
            operation: OperationType::Collection,
            party,
            account_name: account_name.into(),
            phone: None,
            means: Some(PaymentMethod::CreditCard.into()),
            country_code: None,
        };
        CreateCardAccount { account }
    }
}

/// An account that is asked for and not yet created. Nothing happens before it is awaited.
///
/// Awaiting it sends it once. A crash in the middle may leave an account that nothing uses, which does no harm.
///
/// # Errors
/// `Invalid` when the name is no line of text, or the method is a card (that is [`Accounts::card`]); `Refused` when the
/// phone number is no operator's or the provider says no. An error that leaves open whether the account was created says
/// so.
#[derive(Clone)]
#[must_use = "an account is not created before it is awaited"]
pub struct CreateAccount {
    wire: Arc<Wire>,
    operation: OperationType,
    party: PartyId,
    account_name: String,
    phone: Option<Phone>,
    means: Option<Means>,
    country_code: Option<String>,
}

impl fmt::Debug for CreateAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateAccount")
            .field("operation", &self.operation)
            .field("party", &self.party)
            .field("phone", &self.phone)
            .field("means", &self.means)
            .finish_non_exhaustive()
    }
}

impl CreateAccount {
    /// How money reaches it: a [`PaymentMethod`], or [`Means`] that name the provider too. The phone number is not
    /// asked for its operator then.
    pub fn method(mut self, means: impl Into<Means>) -> Self {
        self.means = Some(means.into());
        self
    }

    /// Where it is: two letters of ISO 3166, such as `LR`.
    pub fn country_code(mut self, code: impl Into<String>) -> Self {
        self.country_code = Some(code.into());
        self
    }

    async fn run(self) -> Result<PaymentAccount, Error> {
        if self.means.as_ref().is_some_and(|means| means.method == PaymentMethod::CreditCard) {
            let message = "a card's account is good for one payment: make it with Accounts::card";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.create().await
    }

    async fn create(self) -> Result<PaymentAccount, Error> {
        let party = self.party.checked()?;
        let account_name = line("the account's name", self.account_name)?;
        let Means { method, provider } = match (self.means, &self.phone) {
            (Some(means), _) => means,
            (None, Some(phone)) => {
                let predictions = Predictions::over(Arc::clone(&self.wire));
                (&predictions.mobile_money(self.operation.clone(), phone).await?).into()
            }
            (None, None) => {
                let message = "the account has neither a method nor a phone number";
                return Err(Error::new(ErrorKind::Invalid, message));
            }
        };
        let asked = types::CreatePaymentAccountPayload {
            account_name,
            country_code: self.country_code,
            insensitive_account_number: self.phone.as_ref().map(|phone| phone.digits().to_owned()),
            method: method.into(),
            party_id: party.value(),
            provider: provider.into(),
        };
        let operation = self.operation.into();
        let seen = ask!(self.wire, |raw| raw.create_payment_account(&operation, &asked));
        let made =
            created(seen, "the payment account", "one that nothing uses does no harm, so wait a moment");
        let reply = match &self.phone {
            Some(phone) => made.map_err(hiding(phone))?,
            None => made?,
        };
        Ok(PaymentAccount::read(reply, Reader(&self.wire)))
    }
}

impl IntoFuture for CreateAccount {
    type Output = Result<PaymentAccount, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A card's account that is asked for and not yet created, as [`CreateAccount`].
#[derive(Clone, Debug)]
#[must_use = "an account is not created before it is awaited"]
pub struct CreateCardAccount {
    account: CreateAccount,
}

impl CreateCardAccount {
    /// For one payout to the card, where the merchant may make those, instead of one collection from it.
    pub fn for_payout(mut self) -> Self {
        self.account.operation = OperationType::Payout;
        self
    }

    /// Where the card is from: two letters of ISO 3166, such as `US`.
    pub fn country_code(mut self, code: impl Into<String>) -> Self {
        self.account = self.account.country_code(code);
        self
    }
}

impl IntoFuture for CreateCardAccount {
    type Output = Result<CardAccount, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { Ok(CardAccount { account: self.account.create().await? }) })
    }
}
