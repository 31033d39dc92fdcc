//! Funding sources: the bank accounts and balances that money comes from and goes to.

use payonce::{Error, Money, Timestamp};
use payonce_rest::{ask, open_enum};
use serde::{Deserialize, Serialize};

use super::banks::AddBank;
use super::{Api, line, unreadable_answer};
use crate::client::Dwolla;
use crate::ids::{CustomerId, FundingSourceId};
use crate::links::{Link, Owner, Pin};
use crate::raw::types;
use crate::reader::Reader;

/// The longest name of a funding source, in characters.
pub(super) const LONGEST_NAME: usize = 50;

open_enum! {
    /// Whether a funding source may be debited.
    FundingSourceStatus from crate::raw::enums::FundingSourceStatus {
        /// It may.
        Verified = "verified",
        /// Not yet: its owner has to prove that it is theirs.
        Unverified = "unverified",
    }
}

open_enum! {
    /// What a funding source is.
    FundingSourceType from crate::raw::enums::FundingSourceType {
        /// A bank account.
        Bank = "bank",
        /// A balance with the provider.
        Balance = "balance",
        /// A card.
        Card = "card",
    }
}

open_enum! {
    /// The kind of a bank account.
    BankAccountType from crate::raw::enums::BankAccountType {
        /// For payments.
        Checking = "checking",
        /// For savings.
        Savings = "savings",
        /// Of a firm's books.
        GeneralLedger = "general-ledger",
        /// Of a loan.
        Loan = "loan",
    }
}

open_enum! {
    /// A way that money can take.
    Channel from crate::raw::enums::Channel {
        /// The ACH network.
        Ach = "ach",
        /// The real-time payments network.
        RealTimePayments = "real-time-payments",
        /// By wire.
        Wire = "wire",
        /// Outside of the provider.
        External = "external",
    }
}

impl Dwolla {
    /// The bank accounts and balances.
    pub fn funding_sources(&self) -> FundingSources {
        FundingSources { api: Api::of(self) }
    }
}

/// A bank account or a balance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FundingSource {
    /// Its id.
    pub id: FundingSourceId,
    /// Whose it is, where the provider says it.
    pub owner: Option<Owner>,
    /// Whether it may be debited.
    pub status: FundingSourceStatus,
    /// What it is.
    pub source_type: FundingSourceType,
    /// Of a bank account, which kind.
    pub bank_account_type: Option<BankAccountType>,
    /// What its owner calls it.
    pub name: Option<String>,
    /// When it was added.
    pub created: Option<Timestamp>,
    /// Whether it was removed, by its owner or after a return. It can still be retrieved, and no longer be used.
    pub removed: Option<bool>,
    /// The ways that money can take to it and from it.
    pub channels: Vec<Channel>,
    /// What the bank is called.
    pub bank_name: Option<String>,
    /// The same text for the same bank account.
    pub fingerprint: Option<String>,
}

impl FundingSource {
    /// Whether it can be the source of a transfer: it is verified and was not removed.
    pub fn is_ready(&self) -> bool {
        self.status == FundingSourceStatus::Verified && self.removed != Some(true)
    }

    fn read(reply: types::FundingSource, reader: Reader<'_>) -> Result<Self, Error> {
        let id = reader.id(&reply.id, "funding source's id", FundingSourceId::checked)?;
        let links = reply.links.unwrap_or_default();
        reader.is_own("self", links.self_.as_ref(), &Link::FundingSource(id.clone()))?;
        reader.is_own("balance", links.balance.as_ref(), &Link::Balance(id.clone()))?;
        let customer = reader.link("customer", links.customer, Pin::customer)?.map(Owner::Customer);
        let account = reader.link("account", links.account, Pin::account)?.map(Owner::Account);
        let channels = reply.channels.iter().map(|word| Channel::of(&reader.text(word.as_str())));
        Ok(Self {
            id,
            owner: customer.or(account),
            status: FundingSourceStatus::of(&reader.text(reply.status.as_str())),
            source_type: FundingSourceType::of(&reader.text(reply.type_.as_str())),
            bank_account_type: reply
                .bank_account_type
                .map(|word| BankAccountType::of(&reader.text(word.as_str()))),
            name: reader.texts(reply.name),
            created: reply.created.map(crate::raw::Timestamp::utc),
            removed: reply.removed,
            channels: channels.collect(),
            bank_name: reader.texts(reply.bank_name),
            fingerprint: reader.texts(reply.fingerprint),
        })
    }
}

/// What a funding source holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Balance {
    /// What can be used.
    pub balance: Money,
    /// What there is in all, where the provider says it.
    pub total: Option<Money>,
    /// When the provider looked.
    pub last_updated: Option<Timestamp>,
}

/// The funding sources: list, retrieve, add a bank account, rename, remove, and what is in a balance.
///
/// ```no_run
/// use dwolla::{BankAccountType, CustomerId, Dwolla, Secret};
///
/// # async fn sources(dwolla: Dwolla, jane: CustomerId) -> Result<(), dwolla::Error> {
/// let number = Secret::new("123456789");
/// let sources = dwolla.funding_sources();
/// let bank = sources.add_bank(jane.clone(), "222222226", number, BankAccountType::Checking, "Jane's bank").await?;
/// for source in sources.list(jane).await?.iter().filter(|source| source.is_ready()) {
///     println!("{} {:?}", source.id, source.name);
/// }
/// sources.rename(bank.clone(), "Jane's old bank").await?;
/// sources.remove(bank).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FundingSources {
    api: Api,
}

impl FundingSources {
    /// The funding sources of a customer or an account, the removed ones among them. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the owner's id has not the shape of one; `NotFound` or `Forbidden` when there is none for this
    /// application; otherwise what kept the provider's word from being read.
    pub async fn list(&self, owner: impl Into<Owner>) -> Result<Vec<FundingSource>, Error> {
        let seen = match owner.into() {
            Owner::Account(id) => {
                let id = id.checked()?;
                ask!(self.api.wire, |raw| raw.list_account_funding_sources(id.as_str(), None))
            }
            Owner::Customer(id) => {
                let id = id.checked()?;
                ask!(self.api.wire, |raw| raw.list_customer_funding_sources(id.as_str(), None))
            }
        };
        let sources = seen.success()?.embedded.funding_sources;
        self.api
            .reading(|reader| sources.into_iter().map(|source| FundingSource::read(source, reader)).collect())
    }

    /// The funding source of that id, even if it was removed. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id has not the shape of one; `NotFound` when there is no such funding source; otherwise what
    /// kept the provider's word from being read.
    pub async fn retrieve(&self, id: FundingSourceId) -> Result<FundingSource, Error> {
        let id = id.checked()?;
        let seen = ask!(self.api.wire, |raw| raw.retrieve_funding_source(id.as_str()));
        self.read(&id, seen.success()?)
    }

    /// A new bank account of a customer: by its routing number, its account number and its kind. Nothing happens before
    /// it is awaited.
    pub fn add_bank(
        &self,
        customer: CustomerId,
        routing_number: impl Into<String>,
        account_number: payonce::Secret,
        bank_account_type: BankAccountType,
        name: impl Into<String>,
    ) -> AddBank {
        let routing_number = routing_number.into();
        AddBank::new(
            self.api.clone(),
            customer,
            routing_number,
            account_number,
            bank_account_type,
            name.into(),
        )
    }

    /// Gives a funding source another name, of up to 50 characters. Asking twice changes nothing more.
    ///
    /// # Errors
    /// `Invalid` when the id has not the shape of one or the name is no line of text; `NotFound` when there is no such
    /// funding source; `Refused` or `Forbidden` when the provider says no, for example because it was removed.
    pub async fn rename(&self, id: FundingSourceId, name: impl Into<String>) -> Result<FundingSource, Error> {
        let name = Some(line("the funding source's name", name.into(), LONGEST_NAME)?);
        self.update(&id.checked()?, types::UpdateFundingSource { name, removed: None }).await
    }

    /// Removes a funding source: it can no longer be used, and not be brought back. One that is removed stays so.
    ///
    /// Transfers from it that are under way go on. Those *to* it are cancelled by the provider. If the request fails,
    /// it is read again: when this returns `Ok`, the provider has said that it is removed.
    ///
    /// # Errors
    /// `Invalid` when the id has not the shape of one; `NotFound` when there is no such funding source; `Refused` or
    /// `Forbidden` when the provider says no. After an error without an answer, asking again does no harm.
    pub async fn remove(&self, id: FundingSourceId) -> Result<FundingSource, Error> {
        let id = id.checked()?;
        let asked = types::UpdateFundingSource { name: None, removed: Some(true) };
        let refused = match self.update(&id, asked).await {
            Ok(source) if source.removed == Some(true) => return Ok(source),
            Ok(_) => unreadable_answer("a funding source that is not removed"),
            Err(error) => error,
        };
        match self.retrieve(id).await {
            Ok(source) if source.removed == Some(true) => Ok(source),
            _ => Err(refused),
        }
    }

    /// What is in a balance. Reads only. (Of a bank account the provider knows it for few.)
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    pub async fn balance(&self, id: FundingSourceId) -> Result<Balance, Error> {
        let id = id.checked()?;
        let seen = ask!(self.api.wire, |raw| raw.retrieve_funding_source_balance(id.as_str()));
        let reply = seen.success()?;
        self.api.reading(|reader| {
            let links = reply.links.unwrap_or_default();
            reader.is_own("self", links.self_.as_ref(), &Link::Balance(id.clone()))?;
            reader.is_own("funding-source", links.funding_source.as_ref(), &Link::FundingSource(id))?;
            Ok(Balance {
                balance: reader.money("balance", &reply.balance)?,
                total: reply.total.map(|total| reader.money("total", &total)).transpose()?,
                last_updated: reply.last_updated.map(crate::raw::Timestamp::utc),
            })
        })
    }

    async fn update(
        &self,
        id: &FundingSourceId,
        asked: types::UpdateFundingSource,
    ) -> Result<FundingSource, Error> {
        let seen = ask!(self.api.wire, |raw| raw.update_funding_source(id.as_str(), None, &asked));
        self.read(id, seen.success()?)
    }

    /// Reads a reply about the funding source that was asked for.
    fn read(&self, id: &FundingSourceId, reply: types::FundingSource) -> Result<FundingSource, Error> {
        self.api.reading(|reader| {
            reader.is_same(&reply.id, id, "funding source")?;
            FundingSource::read(reply, reader)
        })
    }
}
