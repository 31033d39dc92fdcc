//! Invoices and orders: what a collection is paid for. The provider has them as two things with twelve calls each; they
//! are one thing here, [`Documents`], told apart by the type of their id.
//!
//! What must stay true: only what is published can be paid, and only a published document becomes a
//! [`Source`] by itself; what is to be added to a document is checked whole before anything is created; and an answer
//! about another document than the one that was asked for is an error.

mod build;
mod calls;
mod change;
mod receipt;

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use payonce::{Currency, Error, Money, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub(crate) use build::{Asked, NewItem, complete};
pub use build::{CreateDocument, Unfinished};
pub(crate) use calls::Calls;
pub use change::{ListDocuments, UpdateDocument, UpdateItem};
pub use receipt::{Exchange, SourceReceipt};

use super::counterparties::Counterparty;
use super::links::SourceNumber;
use super::words::FeeBearer;
use super::{line, wire};
use crate::client::Dollr;
use crate::ids::{CounterpartyId, InvoiceId, ItemId, OrderId};
use crate::orders::Source;
use crate::status::SourceStatus;
use crate::transport::Wire;

/// The id of an invoice or of an order: [`InvoiceId`] and [`OrderId`], and no other type.
pub trait DocumentId:
    Copy + fmt::Debug + fmt::Display + Ord + Hash + Into<Source> + Serialize + DeserializeOwned + Calls
{
}

impl DocumentId for InvoiceId {}
impl DocumentId for OrderId {}

/// An invoice, as the provider has it.
pub type Invoice = Document<InvoiceId>;
/// The merchant's invoices.
pub type Invoices = Documents<InvoiceId>;
/// An order of goods or services, as the provider has it. (An [`Order`](crate::Order) is one for money.)
pub type PurchaseOrder = Document<OrderId>;
/// The merchant's orders of goods or services.
pub type PurchaseOrders = Documents<OrderId>;

impl Dollr {
    /// The merchant's invoices.
    pub fn invoices(&self) -> Invoices {
        Documents::new(wire(self))
    }

    /// The merchant's orders: what an invoice is, without a due date.
    pub fn orders(&self) -> PurchaseOrders {
        Documents::new(wire(self))
    }

    /// The receipt of a paid invoice or order: amounts, fees, exchange. Reads only.
    ///
    /// ```no_run
    /// # async fn receipt(dollr: dollr::Dollr, collection: dollr::Payment) -> Result<(), dollr::Error> {
    /// let receipt = dollr.receipt(dollr.source_of(&collection)?).await?;
    /// println!("{} received, {:?} to the platform", receipt.total, receipt.platform_fee);
    /// println!("for the customer: {}", dollr.links().receipt(&receipt).await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Refused` when it is not paid; `NotFound` when there is no such document; otherwise what kept the provider's
    /// word from being read.
    pub async fn receipt(&self, source: impl Into<Source>) -> Result<SourceReceipt, Error> {
        match source.into() {
            Source::Invoice(id) => self.invoices().receipt(id).await,
            Source::Order(id) => self.orders().receipt(id).await,
        }
    }
}

/// An invoice or order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Document<Id> {
    /// Its id.
    pub id: Id,
    /// The number the provider gave it, for people: `INV-2025-00042`.
    pub number: String,
    /// The merchant's own reference. It is free text, and no key of a payment.
    pub reference: Option<String>,
    /// Who is to pay it.
    pub counterparty: CounterpartyId,
    /// Who that is, where the provider tells it: when it is retrieved.
    pub customer: Option<Counterparty>,
    /// What it comes to: the sum of quantity times price over its items.
    pub total: Money,
    /// How it stands.
    pub status: SourceStatus,
    /// What it is for, for people.
    pub note: String,
    /// Who bears the fees.
    pub fee_bearer: FeeBearer,
    /// Whether it can be paid through a payment link.
    pub as_payment_link: bool,
    /// When it is due. Orders are never.
    pub due: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Its items, oldest first. `None` where the provider does not tell them: in a list, and in its answer to a change.
    pub items: Option<Vec<Item>>,
}

/// One line of an invoice or order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// What it is.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub price: Money,
}

/// A document that can still be changed and cannot be paid yet.
///
/// It is no [`Source`], so that a collection for it does not compile; [`publish`](Self::publish) makes it one.
///
/// ```compile_fail,E0277
/// # async fn collect(dollr: dollr::Dollr) -> Result<(), dollr::Error> {
/// use dollr::{AccountId, Currency, usd};
///
/// let draft = dollr.invoices().create(15.into(), Currency::USD).item("Rice", 1, usd("9.50")?).await?;
/// dollr.collection("INV-7", &draft, AccountId::new(18), Currency::USD).send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a draft cannot be paid before it is published"]
pub struct Draft<Id> {
    /// The document as the provider last showed it.
    pub document: Document<Id>,
    wire: Arc<Wire>,
}

impl<Id: DocumentId> Draft<Id> {
    /// Makes it payable, after which it can no longer be changed.
    ///
    /// A crash in the middle leaves it a draft or published; [`Documents::retrieve`] tells.
    ///
    /// # Errors
    /// `Refused` when the provider says no, for example to a document without items; `Unreadable` when it was published
    /// with another total than the draft had, because somebody else changed it meanwhile: cancel it then. An error that
    /// leaves open whether it was published says so.
    pub async fn publish(self) -> Result<Published<Id>, Error> {
        let published = Documents::new(self.wire).publish(self.document.id).await?;
        build::must_come_to(&published.document, self.document.total)?;
        Ok(published)
    }
}

/// A document that can be paid. It is a [`Source`] by itself.
///
/// ```no_run
/// # async fn collect(dollr: dollr::Dollr) -> Result<(), dollr::Error> {
/// use dollr::{AccountId, Currency, usd};
///
/// let invoice = dollr.invoices().create(15.into(), Currency::USD).item("Rice", 1, usd("9.50")?).publish().await?;
/// println!("{} over {}", invoice.document.number, invoice.document.total);
/// dollr.collection("INV-7", &invoice, AccountId::new(18), Currency::USD).send().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published<Id> {
    /// The document as the provider showed it when it was published.
    pub document: Document<Id>,
}

/// The number of a source, for a link.
pub(crate) fn numbered(source: Source, number: &str) -> SourceNumber {
    match source {
        Source::Invoice(_) => SourceNumber::Invoice(number.to_owned()),
        Source::Order(_) => SourceNumber::Order(number.to_owned()),
    }
}

impl<Id: DocumentId> From<&Document<Id>> for SourceNumber {
    fn from(document: &Document<Id>) -> Self {
        numbered(document.id.into(), &document.number)
    }
}

impl<Id: DocumentId> From<&Published<Id>> for Source {
    fn from(published: &Published<Id>) -> Self {
        published.document.id.into()
    }
}

/// The merchant's documents of one kind: [`Invoices`] or [`PurchaseOrders`].
///
/// ```no_run
/// use dollr::{Currency, Dollr, FeeBearer, SourceStatus, usd};
///
/// # async fn invoices(dollr: Dollr) -> Result<(), dollr::Error> {
/// let invoices = dollr.invoices();
/// let draft = invoices
///     .create(15.into(), Currency::USD)
///     .note("November")
///     .reference("2026-11/ama")
///     .fee_bearer(FeeBearer::Payer)
///     .item("Consulting", 2, usd("125.00")?)
///     .await?;
/// let id = draft.document.id;
///
/// // While it is a draft, it can be changed.
/// let tea = invoices.add_item(id, "Tea", 1, usd("2.00")?).await?;
/// invoices.update_item(id, tea.id).quantity(2).await?;
/// invoices.remove_item(id, tea.id).await?;
/// invoices.update(id).note("Work in November").await?;
///
/// let published = invoices.publish(id).await?;
/// assert_eq!(published.document.status, SourceStatus::Active);
/// for invoice in invoices.list().status(SourceStatus::Active).currency(Currency::USD).await? {
///     println!("{} {} {}", invoice.id, invoice.number, invoice.total);
/// }
/// invoices.cancel(id).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Documents<Id> {
    wire: Arc<Wire>,
    kind: PhantomData<fn() -> Id>,
}

impl<Id: DocumentId> Documents<Id> {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, kind: PhantomData }
    }

    /// A new document. Nothing happens before it is awaited, which leaves a draft, or
    /// [published](CreateDocument::publish).
    pub fn create(&self, counterparty: CounterpartyId, currency: Currency) -> CreateDocument<Id> {
        CreateDocument::new(Arc::clone(&self.wire), counterparty, currency)
    }

    /// The documents, newest first, without their items.
    pub fn list(&self) -> ListDocuments<Id> {
        ListDocuments::new(Arc::clone(&self.wire))
    }

    /// The document of that id. Reads only.
    ///
    /// # Errors
    /// `Invalid` when the id is not positive; `NotFound` when there is none; otherwise what kept the provider's word
    /// from being read.
    pub async fn retrieve(&self, id: Id) -> Result<Document<Id>, Error> {
        Id::retrieve(&self.wire, id).await
    }

    /// The document of that number, such as `INV-2025-00042`. Reads only.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve); `Invalid` when the number is empty.
    pub async fn retrieve_by_number(&self, number: &str) -> Result<Document<Id>, Error> {
        Id::retrieve_by_number(&self.wire, &line("the number", number.to_owned())?).await
    }

    /// Changes a draft. Nothing happens before it is awaited.
    pub fn update(&self, id: Id) -> UpdateDocument<Id> {
        UpdateDocument::new(Arc::clone(&self.wire), id)
    }

    /// Makes a draft payable, after which it can no longer be changed.
    ///
    /// # Errors
    /// `Refused` when the provider says no: it is no draft, or has no items. An error that leaves open whether it was
    /// published says so; [`retrieve`](Self::retrieve) tells.
    pub async fn publish(&self, id: Id) -> Result<Published<Id>, Error> {
        let document = Id::publish(&self.wire, id).await?;
        Ok(Published { document })
    }

    /// Withdraws a document for good, a draft or one that is published and that nobody is paying.
    ///
    /// # Errors
    /// `Refused` when it is being paid, is paid, or is canceled already. An error that leaves open whether it was
    /// canceled says so.
    pub async fn cancel(&self, id: Id) -> Result<Document<Id>, Error> {
        Id::cancel(&self.wire, id).await
    }

    /// Adds a line to a draft.
    ///
    /// # Errors
    /// `Invalid` when the name is empty or the quantity zero; `Refused` when it is no draft, or has another currency.
    /// An error that leaves open whether the item was added says so: retrieve the document before adding it again.
    pub async fn add_item(
        &self,
        id: Id,
        name: impl Into<String>,
        quantity: u32,
        price: Money,
    ) -> Result<Item, Error> {
        let item = NewItem { name: name.into(), quantity, price }.checked(price.currency())?;
        Id::add_item(&self.wire, id, &item).await
    }

    /// Changes a line of a draft. Nothing happens before it is awaited.
    pub fn update_item(&self, id: Id, item: ItemId) -> UpdateItem<Id> {
        UpdateItem::new(Arc::clone(&self.wire), id, item)
    }

    /// Takes a line from a draft.
    ///
    /// # Errors
    /// `NotFound` when it has no such item; `Refused` when it is no draft.
    pub async fn remove_item(&self, id: Id, item: ItemId) -> Result<(), Error> {
        Id::remove_item(&self.wire, id, item).await
    }

    /// The receipt of a paid document. Reads only.
    ///
    /// # Errors
    /// `Refused` when it is not paid; `NotFound` when there is none; otherwise what kept the provider's word from being
    /// read.
    pub async fn receipt(&self, id: Id) -> Result<SourceReceipt, Error> {
        Id::receipt(&self.wire, id).await
    }

    /// The receipt of the paid document of that number. Reads only.
    ///
    /// # Errors
    /// As [`receipt`](Self::receipt); `Invalid` when the number is empty.
    pub async fn receipt_by_number(&self, number: &str) -> Result<SourceReceipt, Error> {
        Id::receipt_by_number(&self.wire, &line("the number", number.to_owned())?).await
    }
}
