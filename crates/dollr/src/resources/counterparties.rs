//! Counterparties: parties in a role, such as customer or supplier. Documents and transfers name them.

use std::future::IntoFuture;
use std::sync::Arc;

use payonce::{BoxFuture, Error, Timestamp};
use serde::{Deserialize, Serialize};

use super::merchant::OwnerType;
use super::parties::Party;
use super::words::Relationship;
use super::{Reader, created, wire};
use crate::client::Dollr;
use crate::ids::{CounterpartyId, MerchantId, PartyId};
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// The parties of this merchant in their roles.
    pub fn counterparties(&self) -> Counterparties {
        Counterparties { wire: wire(self) }
    }
}

/// A party in a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counterparty {
    /// Its id.
    pub id: CounterpartyId,
    /// Whose counterparty it is.
    pub owner_party_id: MerchantId,
    /// What kind of owner that is.
    pub owner_party_type: OwnerType,
    /// The role.
    pub relationship_type: Relationship,
    /// The party's id.
    pub party_id: Option<PartyId>,
    /// The party itself, when the provider sent it along: in lists and when it is retrieved.
    pub party: Option<Party>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Counterparty {
    fn bare(reply: types::CounterPartyResponse) -> Self {
        Self {
            id: reply.id.into(),
            owner_party_id: reply.owner_party_id.into(),
            owner_party_type: reply.owner_party_type.into(),
            relationship_type: reply.relationship_type.into(),
            party_id: reply.party_id.map(PartyId::from),
            party: None,
            created_at: reply.created_at.utc(),
            updated_at: reply.updated_at.utc(),
        }
    }

    pub(crate) fn read(
        reply: types::CounterPartyWithPartyResponse,
        reader: Reader<'_>,
    ) -> Result<Self, Error> {
        let party = Party::read(reply.party, reader)?;
        Ok(Self {
            id: reply.id.into(),
            owner_party_id: reply.owner_party_id.into(),
            owner_party_type: reply.owner_party_type.into(),
            relationship_type: reply.relationship_type.into(),
            party_id: Some(reply.party_id.map_or(party.id, PartyId::from)),
            party: Some(party),
            created_at: reply.created_at.utc(),
            updated_at: reply.updated_at.utc(),
        })
    }
}

/// The counterparties of the merchant: create, list, retrieve, update.
///
/// ```no_run
/// use dollr::{Dollr, PartyId, Relationship};
///
/// # async fn counterparties(dollr: Dollr, ama: PartyId) -> Result<(), dollr::Error> {
/// let customer = dollr.counterparties().create(ama, Relationship::Customer).await?;
/// for supplier in dollr.counterparties().list().relationship(Relationship::Supplier).await? {
///     println!("{} {:?}", supplier.id, supplier.party.map(|party| party.fullname));
/// }
/// dollr.counterparties().update(customer.id).relationship(Relationship::Partner).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Counterparties {
    wire: Arc<Wire>,
}

impl Counterparties {
    /// Gives a party a role, and returns when it has it.
    ///
    /// It is sent once. A crash in the middle may leave the counterparty, which [`list`](Self::list) shows.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `Refused` when the provider says no. An error that leaves open whether it
    /// was created says so.
    pub async fn create(&self, party: PartyId, relationship: Relationship) -> Result<Counterparty, Error> {
        let asked = types::CreateCounterPartyPayload {
            party_id: Some(party.checked()?.value()),
            relationship_type: relationship.into(),
        };
        let seen = ask!(self.wire, |raw| raw.create_counterparty(&asked));
        created(seen, "the counterparty", "list the counterparties of that name").map(Counterparty::bare)
    }

    /// The counterparties, with their parties, newest first.
    pub fn list(&self) -> ListCounterparties {
        ListCounterparties { wire: Arc::clone(&self.wire), fullname: None, relationship: None }
    }

    /// The counterparty of that id, with its party. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when there is none; otherwise what kept the provider's word
    /// from being read.
    pub async fn retrieve(&self, id: CounterpartyId) -> Result<Counterparty, Error> {
        let id = id.checked()?.to_string();
        let seen = ask!(self.wire, |raw| raw.retrieve_counterparties(&id));
        Counterparty::read(seen.success()?, Reader(&self.wire))
    }

    /// A change of a counterparty. Nothing happens before it is awaited.
    pub fn update(&self, id: CounterpartyId) -> UpdateCounterparty {
        UpdateCounterparty { wire: Arc::clone(&self.wire), id, party: None, relationship: None }
    }
}

/// A list of counterparties that is asked for. Reads only, when it is awaited.
///
/// # Errors
/// What kept the provider's word from being read.
#[derive(Clone, Debug)]
#[must_use = "a list is not read before it is awaited"]
pub struct ListCounterparties {
    wire: Arc<Wire>,
    fullname: Option<String>,
    relationship: Option<Relationship>,
}

impl ListCounterparties {
    /// Only those whose party's name contains this, in whatever case.
    pub fn fullname(mut self, part: impl Into<String>) -> Self {
        self.fullname = Some(part.into());
        self
    }

    /// Only those in this role.
    pub fn relationship(mut self, relationship: Relationship) -> Self {
        self.relationship = Some(relationship);
        self
    }

    async fn run(self) -> Result<Vec<Counterparty>, Error> {
        let relationship = self.relationship.map(Into::into);
        let seen =
            ask!(self.wire, |raw| raw.list_counterparties(self.fullname.as_deref(), relationship.as_ref()));
        seen.success()?.into_iter().map(|found| Counterparty::read(found, Reader(&self.wire))).collect()
    }
}

impl IntoFuture for ListCounterparties {
    type Output = Result<Vec<Counterparty>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A change of a counterparty that is asked for. Nothing happens before it is awaited; asking twice changes nothing
/// more.
///
/// # Errors
/// `Invalid` when an id is not positive; `NotFound` when there is no such counterparty; `Refused` when the provider
/// says no.
#[derive(Clone, Debug)]
#[must_use = "nothing is changed before it is awaited"]
pub struct UpdateCounterparty {
    wire: Arc<Wire>,
    id: CounterpartyId,
    party: Option<PartyId>,
    relationship: Option<Relationship>,
}

impl UpdateCounterparty {
    /// Another party.
    pub fn party(mut self, party: PartyId) -> Self {
        self.party = Some(party);
        self
    }

    /// Another role.
    pub fn relationship(mut self, relationship: Relationship) -> Self {
        self.relationship = Some(relationship);
        self
    }

    async fn run(self) -> Result<Counterparty, Error> {
        let id = self.id.checked()?.to_string();
        let asked = types::UpdateCounterPartyPayload {
            party_id: self.party.map(PartyId::checked).transpose()?.map(PartyId::value),
            relationship_type: self.relationship.map(Into::into),
        };
        let seen = ask!(self.wire, |raw| raw.update_counterparty(&id, &asked));
        seen.success().map(Counterparty::bare)
    }
}

impl IntoFuture for UpdateCounterparty {
    type Output = Result<Counterparty, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
