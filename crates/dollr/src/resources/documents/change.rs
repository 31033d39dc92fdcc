//! What is asked of documents with options: a list, and the changes of a draft.

use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;

use payonce::{BoxFuture, Currency, Error, ErrorKind, Money, Timestamp};

use super::super::line;
use super::super::words::FeeBearer;
use super::{Document, DocumentId, Item};
use crate::ids::{InvoiceId, ItemId};
use crate::status::SourceStatus;
use crate::transport::Wire;

/// What is to be changed of a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    pub(crate) reference: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) fee_bearer: Option<FeeBearer>,
    pub(crate) due: Option<Timestamp>,
}

/// What is to be changed of an item.
#[derive(Clone, Debug, Default)]
pub(crate) struct ItemChanges {
    pub(crate) name: Option<String>,
    pub(crate) quantity: Option<u32>,
    pub(crate) price: Option<Money>,
}

/// A list of documents that is asked for. Reads only, when it is awaited.
///
/// The provider sends the whole list at once. One over 2 MiB, which is some thousands of documents, is not read: ask for
/// one status and one currency.
///
/// # Errors
/// What kept the provider's word from being read.
#[derive(Clone, Debug)]
#[must_use = "a list is not read before it is awaited"]
pub struct ListDocuments<Id> {
    wire: Arc<Wire>,
    currency: Option<Currency>,
    status: Option<SourceStatus>,
    reference: Option<String>,
    kind: PhantomData<fn() -> Id>,
}

impl<Id: DocumentId> ListDocuments<Id> {
    pub(super) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, currency: None, status: None, reference: None, kind: PhantomData }
    }

    /// Only those in that currency.
    pub fn currency(mut self, currency: Currency) -> Self {
        self.currency = Some(currency);
        self
    }

    /// Only those that stand so.
    pub fn status(mut self, status: SourceStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those with that reference of the merchant's. The provider cannot be asked for it, so the others are left
    /// out here, after the whole list has been read.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    async fn run(self) -> Result<Vec<Document<Id>>, Error> {
        let mut documents = Id::list(&self.wire, self.currency, self.status).await?;
        if let Some(reference) = self.reference {
            documents.retain(|document| document.reference.as_ref() == Some(&reference));
        }
        Ok(documents)
    }
}

impl<Id: DocumentId> IntoFuture for ListDocuments<Id> {
    type Output = Result<Vec<Document<Id>>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A change of a draft that is asked for. Nothing happens before it is awaited; sent twice, it changes nothing more.
///
/// # Errors
/// `Invalid` when nothing is to be changed; `Refused` when the document is no draft; `NotFound` when there is none.
#[derive(Clone, Debug)]
#[must_use = "nothing is changed before it is awaited"]
pub struct UpdateDocument<Id> {
    wire: Arc<Wire>,
    id: Id,
    changes: Changes,
}

impl<Id: DocumentId> UpdateDocument<Id> {
    pub(super) fn new(wire: Arc<Wire>, id: Id) -> Self {
        Self { wire, id, changes: Changes::default() }
    }

    /// Says something else about what it is for.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.changes.note = Some(note.into());
        self
    }

    /// Gives it another reference of the merchant's.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.changes.reference = Some(reference.into());
        self
    }

    /// Lets somebody else bear the fees.
    pub fn fee_bearer(mut self, bearer: FeeBearer) -> Self {
        self.changes.fee_bearer = Some(bearer);
        self
    }

    async fn run(mut self) -> Result<Document<Id>, Error> {
        let Changes { reference, note, fee_bearer, due } = &self.changes;
        if reference.is_none() && note.is_none() && fee_bearer.is_none() && due.is_none() {
            return Err(nothing());
        }
        self.changes.reference =
            self.changes.reference.map(|text| line("the reference", text)).transpose()?;
        Id::update(&self.wire, self.id, &self.changes).await
    }
}

impl UpdateDocument<InvoiceId> {
    /// Gives it another due date.
    pub fn due(mut self, due: Timestamp) -> Self {
        self.changes.due = Some(due);
        self
    }
}

impl<Id: DocumentId> IntoFuture for UpdateDocument<Id> {
    type Output = Result<Document<Id>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A change of a draft's item that is asked for. Nothing happens before it is awaited; sent twice, it changes nothing
/// more.
///
/// # Errors
/// `Invalid` when nothing is to be changed, or the quantity is 0, or the price is in another currency than the document;
/// `Refused` when the document is no draft; `NotFound` when it has no such item.
#[derive(Clone, Debug)]
#[must_use = "nothing is changed before it is awaited"]
pub struct UpdateItem<Id> {
    wire: Arc<Wire>,
    id: Id,
    item: ItemId,
    changes: ItemChanges,
}

impl<Id: DocumentId> UpdateItem<Id> {
    pub(super) fn new(wire: Arc<Wire>, id: Id, item: ItemId) -> Self {
        Self { wire, id, item, changes: ItemChanges::default() }
    }

    /// Gives it another name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.changes.name = Some(name.into());
        self
    }

    /// Makes it so many.
    pub fn quantity(mut self, quantity: u32) -> Self {
        self.changes.quantity = Some(quantity);
        self
    }

    /// Gives one another price, in the currency of the document.
    pub fn price(mut self, price: Money) -> Self {
        self.changes.price = Some(price);
        self
    }

    async fn run(mut self) -> Result<Item, Error> {
        let ItemChanges { name, quantity, price } = self.changes;
        if name.is_none() && quantity.is_none() && price.is_none() {
            return Err(nothing());
        }
        if quantity == Some(0) {
            return Err(Error::new(ErrorKind::Invalid, "the quantity of an item is at least 1"));
        }
        let name = name.map(|text| line("the item's name", text)).transpose()?;
        let price = price.map(crate::orders::payable).transpose()?;
        if let Some(price) = price {
            // The provider takes a bare number, which would be read in the document's currency.
            let document = Id::retrieve(&self.wire, self.id).await?;
            let (given, kept) = (price.currency(), document.total.currency());
            if given != kept {
                let message = format!("the price is in {given}, and the document is in {kept}");
                return Err(Error::new(ErrorKind::Invalid, message));
            }
        }
        self.changes = ItemChanges { name, quantity, price };
        Id::update_item(&self.wire, self.id, self.item, &self.changes).await
    }
}

fn nothing() -> Error {
    Error::new(ErrorKind::Invalid, "nothing is to be changed")
}

impl<Id: DocumentId> IntoFuture for UpdateItem<Id> {
    type Output = Result<Item, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
