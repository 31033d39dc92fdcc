//! Parties: the people and firms a merchant deals with.

use std::future::IntoFuture;
use std::sync::Arc;

use payonce::{BoxFuture, Error, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Reader, created, hiding, line, wire};
use crate::client::Dollr;
use crate::ids::PartyId;
use crate::phone::Phone;
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// The people and firms this merchant deals with.
    pub fn parties(&self) -> Parties {
        Parties { wire: wire(self) }
    }
}

/// A person or firm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Party {
    /// Its id.
    pub id: PartyId,
    /// Its name.
    pub fullname: String,
    /// Its phone number.
    pub phone: Option<Phone>,
    /// Its email address.
    pub email: Option<String>,
    /// Where it is: two letters of ISO 3166, such as `LR`.
    pub country_code: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Party {
    pub(crate) fn read(reply: types::PartyResponse, reader: Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            id: reply.id.into(),
            fullname: reader.text(&reply.fullname),
            phone: reader.phone("phone", reply.phone.as_deref())?,
            email: reader.texts(reply.email),
            country_code: reader.texts(reply.country_code),
            created_at: reply.created_at.utc(),
            updated_at: reply.updated_at.utc(),
        })
    }
}

/// The parties of the merchant: create, list, retrieve. (The provider changes and deletes none.)
///
/// ```no_run
/// use dollr::{Dollr, Phone};
///
/// # async fn parties(dollr: Dollr) -> Result<(), dollr::Error> {
/// let phone = Phone::new("+231 770-000-000")?;
/// let ama = dollr.parties().create("Amara Kamara", phone).email("ama@example.com").await?;
/// assert_eq!(dollr.parties().retrieve(ama.id).await?, ama);
/// for party in dollr.parties().list().fullname("kamara").await? {
///     println!("{} {}", party.id, party.fullname);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Parties {
    wire: Arc<Wire>,
}

impl Parties {
    /// A new party. Nothing happens before it is awaited.
    pub fn create(&self, fullname: impl Into<String>, phone: Phone) -> CreateParty {
        let fullname = fullname.into();
        CreateParty { wire: Arc::clone(&self.wire), fullname, phone, email: None, country_code: None }
    }

    /// The parties, newest first.
    pub fn list(&self) -> ListParties {
        ListParties { wire: Arc::clone(&self.wire), fullname: None }
    }

    /// The party of that id. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when there is none; otherwise what kept the provider's word
    /// from being read.
    pub async fn retrieve(&self, id: PartyId) -> Result<Party, Error> {
        let id = id.checked()?.to_string();
        let seen = ask!(self.wire, |raw| raw.retrieve_parties(&id));
        Party::read(seen.success()?, Reader(&self.wire))
    }
}

/// A party that is asked for and not yet created. Nothing happens before it is awaited.
///
/// Awaiting it sends it once. A crash in the middle may leave a party; creating it again makes a second one, so look
/// with [`Parties::list`] first.
///
/// # Errors
/// `Invalid` when the name is no line of text; `Refused` when the provider says no. An error that leaves open whether
/// the party was created says so.
#[derive(Clone, Debug)]
#[must_use = "a party is not created before it is awaited"]
pub struct CreateParty {
    wire: Arc<Wire>,
    fullname: String,
    phone: Phone,
    email: Option<String>,
    country_code: Option<String>,
}

impl CreateParty {
    /// Its email address.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Where it is: two letters of ISO 3166, such as `LR`.
    pub fn country_code(mut self, code: impl Into<String>) -> Self {
        self.country_code = Some(code.into());
        self
    }

    async fn run(self) -> Result<Party, Error> {
        let asked = types::CreatePartyPayload {
            country_code: self.country_code,
            email: self.email,
            fullname: line("the party's name", self.fullname)?,
            phone: self.phone.digits().to_owned(),
        };
        let seen = ask!(self.wire, |raw| raw.create_party(&asked));
        let reply =
            created(seen, "the party", "list the parties of that name").map_err(hiding(&self.phone))?;
        Party::read(reply, Reader(&self.wire))
    }
}

impl IntoFuture for CreateParty {
    type Output = Result<Party, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A list of parties that is asked for. Reads only, when it is awaited.
///
/// # Errors
/// What kept the provider's word from being read.
#[derive(Clone, Debug)]
#[must_use = "a list is not read before it is awaited"]
pub struct ListParties {
    wire: Arc<Wire>,
    fullname: Option<String>,
}

impl ListParties {
    /// Only those whose name contains this, in whatever case.
    pub fn fullname(mut self, part: impl Into<String>) -> Self {
        self.fullname = Some(part.into());
        self
    }

    async fn run(self) -> Result<Vec<Party>, Error> {
        let seen = ask!(self.wire, |raw| raw.list_parties(self.fullname.as_deref()));
        seen.success()?.into_iter().map(|party| Party::read(party, Reader(&self.wire))).collect()
    }
}

impl IntoFuture for ListParties {
    type Output = Result<Vec<Party>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
