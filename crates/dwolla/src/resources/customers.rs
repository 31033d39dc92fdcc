//! Customers of the application: whom money comes from and goes to.
//!
//! A creation carries no `Idempotency-Key`. One derived from its contents would be locked for a day after a 500, and would
//! answer with a bank account that was removed meanwhile; the provider itself refuses the same e-mail address and the same
//! bank account, and says which there is.

use std::future::IntoFuture;

use payonce::{BoxFuture, Error, Timestamp};
use payonce_rest::{ask, located, open_enum};
use serde::{Deserialize, Serialize};

use super::{Api, line};
use crate::client::Dwolla;
use crate::ids::CustomerId;
use crate::links::{Link, Pin};
use crate::raw::types;
use crate::reader::Reader;

/// The longest name or e-mail address that is sent, in characters.
const LONGEST: usize = 255;

open_enum! {
    /// What a customer may do.
    CustomerType from crate::raw::enums::CustomerType {
        /// Not verified: may pay and be paid by the application's own account, up to a limit each week.
        Unverified = "unverified",
        /// May be paid only.
        ReceiveOnly = "receive-only",
        /// A verified person.
        Personal = "personal",
        /// A verified firm.
        Business = "business",
    }
}

open_enum! {
    /// How well a customer is known to the provider.
    CustomerStatus from crate::raw::enums::CustomerStatus {
        /// Not verified.
        Unverified = "unverified",
        /// The verification has to be tried again, with more.
        Retry = "retry",
        /// A document is asked for.
        Document = "document",
        /// Verified.
        Verified = "verified",
        /// Suspended. Some return codes have that effect.
        Suspended = "suspended",
        /// Deactivated. Some return codes have that effect.
        Deactivated = "deactivated",
    }
}

impl Dwolla {
    /// The customers of the application.
    pub fn customers(&self) -> Customers {
        Customers { api: Api::of(self) }
    }
}

/// A customer of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// The first name.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// What it may do.
    pub customer_type: Option<CustomerType>,
    /// How well it is known.
    pub status: Option<CustomerStatus>,
    /// When it was created.
    pub created: Option<Timestamp>,
}

impl Customer {
    fn read(id: CustomerId, reply: types::Customer, reader: Reader<'_>) -> Result<Self, Error> {
        let links = reply.links.unwrap_or_default();
        reader.is_own("self", links.self_.as_ref(), &Link::Customer(id.clone()))?;
        reader.is_same(&reply.id, &id, "customer")?;
        Ok(Self {
            id,
            first_name: reader.texts(reply.first_name),
            last_name: reader.texts(reply.last_name),
            email: reader.texts(reply.email),
            customer_type: reply.type_.map(|word| CustomerType::of(&reader.text(word.as_str()))),
            status: reply.status.map(|word| CustomerStatus::of(&reader.text(word.as_str()))),
            created: reply.created.map(crate::raw::Timestamp::utc),
        })
    }
}

/// The customers: create, retrieve.
///
/// ```no_run
/// # async fn customers(dwolla: dwolla::Dwolla) -> Result<(), dwolla::Error> {
/// let jane = dwolla.customers().create("Jane", "Doe", "jane@example.com").await?;
/// let bob = dwolla.customers().create("Bob", "Roe", "bob@example.com").receive_only().await?;
/// println!("{:?} {:?}", dwolla.customers().retrieve(jane).await?.status, bob);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Customers {
    api: Api,
}

impl Customers {
    /// A new customer that is not verified. (For a verified one the provider asks for more than is offered here.)
    pub fn create(
        &self,
        first_name: impl Into<String>,
        last_name: impl Into<String>,
        email: impl Into<String>,
    ) -> CreateCustomer {
        let names = [first_name.into(), last_name.into(), email.into()];
        CreateCustomer { api: self.api.clone(), names, customer_type: None, or_existing: false }
    }

    /// The customer of that id. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id has not the shape of one; `NotFound` or `Forbidden` when there is none of this
    /// application; otherwise what kept the provider's word from being read.
    pub async fn retrieve(&self, id: CustomerId) -> Result<Customer, Error> {
        let id = id.checked()?;
        let reply = ask!(self.api.wire, |raw| raw.retrieve_customer(id.as_str())).success()?;
        self.api.reading(|reader| Customer::read(id, reply, reader))
    }
}

/// A customer that is asked for and not yet created. Nothing happens before it is awaited.
///
/// Awaiting it sends it once. A crash in the middle may leave a customer without a bank account, which does no harm.
///
/// # Errors
/// `Invalid` when a name is no line of text; `Refused` when the provider says no, for example to an e-mail address that
/// a customer has already, whose id it names if the provider does. An error that leaves open whether the customer was
/// created says so.
#[derive(Clone, Debug)]
#[must_use = "a customer is not created before it is awaited"]
pub struct CreateCustomer {
    api: Api,
    names: [String; 3],
    customer_type: Option<CustomerType>,
    or_existing: bool,
}

impl CreateCustomer {
    /// Takes the customer who has that e-mail address already, if the provider names one: with it, a creation whose answer
    /// was lost can be sent again. Names and type are those that the customer has, whatever is asked for here.
    pub fn or_existing(mut self) -> Self {
        self.or_existing = true;
        self
    }

    /// One that is paid and never pays.
    pub fn receive_only(mut self) -> Self {
        self.customer_type = Some(CustomerType::ReceiveOnly);
        self
    }

    async fn run(self) -> Result<CustomerId, Error> {
        let [first_name, last_name, email] = self.names;
        let asked = types::CreateCustomer {
            email: line("the e-mail address", email, LONGEST)?,
            first_name: line("the first name", first_name, LONGEST)?,
            last_name: line("the last name", last_name, LONGEST)?,
            type_: self.customer_type.map(Into::into),
        };
        let seen = ask!(self.api.wire, |raw| located(raw.create_customer(None, &asked)));
        let look = "a second one of that e-mail address is refused";
        self.api.made(seen, Pin::customer, ("the customer", look), self.or_existing)
    }
}

impl IntoFuture for CreateCustomer {
    type Output = Result<CustomerId, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
