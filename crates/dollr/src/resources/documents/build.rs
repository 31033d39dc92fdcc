//! How a document comes to be: created, filled item by item, published; and how one that was left half-way is gone on
//! with.
//!
//! What must stay true: everything is checked before anything is created; and a document is called complete only when
//! the provider shows exactly what was asked for, each item once.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;

use payonce::{BoxFuture, Currency, Error, ErrorKind, Money, Timestamp};
use rust_decimal::Decimal;

use super::super::words::FeeBearer;
use super::super::{Reader, line};
use super::{Document, DocumentId, Draft, Item, Published};
use crate::ids::{CounterpartyId, InvoiceId};
use crate::orders::Source;
use crate::status::SourceStatus;
use crate::transport::Wire;

/// A line to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewItem {
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) price: Money,
}

impl NewItem {
    /// Refuses what the provider would, and brings the price to the currency's scale.
    pub(crate) fn checked(self, currency: Currency) -> Result<Self, Error> {
        let invalid = |why: String| Error::new(ErrorKind::Invalid, format!("the item {:?} {why}", self.name));
        if self.price.currency() != currency {
            let other = self.price.currency();
            return Err(invalid(format!("is priced in {other}, and the document is in {currency}")));
        }
        if self.quantity == 0 {
            return Err(invalid("has the quantity 0".to_owned()));
        }
        let price = crate::orders::payable(self.price)?;
        Ok(Self { name: line("an item's name", self.name)?, quantity: self.quantity, price })
    }

    fn is(&self, item: &Item, reader: Reader<'_>) -> bool {
        (self.quantity, self.price) == (item.quantity, item.price) && reader.text(&self.name) == item.name
    }
}

/// What a document is to say.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) counterparty: CounterpartyId,
    pub(crate) currency: Currency,
    pub(crate) note: String,
    pub(crate) reference: Option<String>,
    pub(crate) fee_bearer: FeeBearer,
    pub(crate) as_payment_link: bool,
    pub(crate) due: Option<Timestamp>,
    pub(crate) items: Vec<NewItem>,
}

impl Asked {
    pub(crate) fn new(counterparty: CounterpartyId, currency: Currency) -> Self {
        Self {
            counterparty,
            currency,
            note: String::new(),
            reference: None,
            fee_bearer: FeeBearer::Payer,
            as_payment_link: false,
            due: None,
            items: Vec::new(),
        }
    }

    /// Checks everything that can be checked without the provider.
    pub(crate) fn checked(mut self) -> Result<Self, Error> {
        self.counterparty.checked()?;
        self.reference = self.reference.map(|text| line("the reference", text)).transpose()?;
        let items = self.items.into_iter().map(|item| item.checked(self.currency));
        self.items = items.collect::<Result<_, _>>()?;
        if self.items.is_empty() && self.currency.exponent().is_none() {
            let message = format!("ISO 4217 does not list {} as a currency", self.currency);
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        self.total().map(|_| self)
    }

    /// What the items come to.
    pub(crate) fn total(&self) -> Result<Money, Error> {
        let mut prices = self.items.iter().map(|item| item.price.amount().checked_mul(item.quantity.into()));
        let total = prices.try_fold(Decimal::ZERO, |sum, price| sum.checked_add(price?));
        let total = total.ok_or_else(|| Error::new(ErrorKind::Invalid, "the items come to too much"))?;
        Ok(Money::reported(total, self.currency))
    }

    /// Refuses a document that is for something else. The due date may differ: it moves no money, and is often
    /// reckoned from the moment at which the program runs.
    pub(crate) fn must_fit<Id: DocumentId>(
        &self,
        document: &Document<Id>,
        reader: Reader<'_>,
    ) -> Result<(), Error> {
        let differs = if document.counterparty != self.counterparty {
            "counterparty"
        } else if document.total.currency() != self.currency {
            "currency"
        } else if document.fee_bearer != self.fee_bearer {
            "bearer of the fees"
        } else if document.as_payment_link != self.as_payment_link {
            "payment link"
        } else if document.note != reader.text(&self.note) {
            "note"
        } else {
            return Ok(());
        };
        Err(conflict(document, differs))
    }
}

fn conflict<Id: DocumentId>(document: &Document<Id>, differs: &str) -> Error {
    let message = format!(
        "{} {} exists with other contents (its {differs}): cancel it, or use another name or reference",
        Id::WHAT,
        document.id
    );
    Error::new(ErrorKind::NameTaken, message)
}

/// Refuses a document that was published with another total than the one that was asked for.
pub(super) fn must_come_to<Id: DocumentId>(document: &Document<Id>, total: Money) -> Result<(), Error> {
    if document.total == total {
        return Ok(());
    }
    let message = format!(
        "{} {} was published with a total of {} instead of {total}, because it was changed meanwhile: cancel it",
        Id::WHAT,
        document.id,
        document.total
    );
    Err(Error::new(ErrorKind::Unreadable, message))
}

/// What is to be done to a document's items so that they are the wanted ones: which to add, and which to remove because
/// they are there more often than wanted. None when one is there that nobody wants.
pub(crate) fn plan<'w, 'h>(
    wanted: &'w [NewItem],
    have: &'h [Item],
    reader: Reader<'_>,
) -> Option<(Vec<&'w NewItem>, Vec<&'h Item>)> {
    let mut missing: Vec<&NewItem> = wanted.iter().collect();
    let mut surplus = Vec::new();
    for item in have {
        match missing.iter().position(|wanted| wanted.is(item, reader)) {
            Some(found) => drop(missing.remove(found)),
            None if wanted.iter().any(|wanted| wanted.is(item, reader)) => surplus.push(item),
            None => return None,
        }
    }
    Some((missing, surplus))
}

/// Brings a document to what was asked for, and returns it as the provider then shows it: with exactly the items that
/// were asked for. One that is no draft any more is only compared.
pub(crate) async fn complete<Id: DocumentId>(
    wire: &Arc<Wire>,
    document: Document<Id>,
    asked: &Asked,
) -> Result<Document<Id>, Error> {
    let (reader, id) = (Reader(wire), document.id);
    asked.must_fit(&document, reader)?;
    let have = document.items.as_deref().unwrap_or_default();
    let other_items = || conflict(&document, "items");
    let (missing, surplus) = plan(&asked.items, have, reader).ok_or_else(other_items)?;
    if missing.is_empty() && surplus.is_empty() {
        return Ok(document);
    }
    if document.status != SourceStatus::Idle {
        return Err(other_items());
    }
    let of = asked.items.len();
    let mut added = of - missing.len();
    let unfinished = |added, error| Unfinished { source: id.into(), added, of }.explain(error);
    for item in surplus {
        Id::remove_item(wire, id, item.id).await.map_err(|error| unfinished(added, error))?;
    }
    for item in missing {
        Id::add_item(wire, id, item).await.map_err(|error| unfinished(added, error))?;
        added += 1;
    }
    let shown = Id::retrieve(wire, id).await.map_err(|error| unfinished(added, error))?;
    match plan(&asked.items, shown.items.as_deref().unwrap_or_default(), reader) {
        Some((missing, surplus)) if missing.is_empty() && surplus.is_empty() => Ok(shown),
        _ => {
            let message = "it does not have the items that were added; somebody else changes it, too";
            Err(unfinished(added, Error::new(ErrorKind::Unreadable, message)))
        }
    }
}

/// What an interrupted creation left: found as the [source](std::error::Error::source) of the error.
///
/// ```no_run
/// # async fn create(dollr: dollr::Dollr) -> Result<(), dollr::Error> {
/// use dollr::{Currency, Source, Unfinished, usd};
///
/// let invoice = || -> Result<_, dollr::Error> {
///     Ok(dollr.invoices().create(15.into(), Currency::USD).item("Rice", 1, usd("9.50")?).item("Oil", 1, usd("3.00")?))
/// };
/// let draft = match invoice()?.await {
///     Err(error) => match Unfinished::of(&error) {
///         // "invoice 161 was created, with 1 of its 2 items: ..."
///         Some(Unfinished { source: Source::Invoice(id), .. }) => invoice()?.go_on_with(*id).await?,
///         _ => return Err(error),
///     },
///     draft => draft?,
/// };
/// # let _ = draft;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The document that exists. It is a draft, unless the error leaves open whether it was published.
    pub source: Source,
    /// How many of its items it is known to have.
    pub added: usize,
    /// How many it is to have.
    pub of: usize,
}

impl Unfinished {
    /// What the error says was left, if it is of that kind.
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// The error that says so.
    fn explain(self, cause: Error) -> Error {
        let message = format!("{self}: {}", cause.message());
        let error = Error::new(cause.kind(), message).with_request_id(cause.request_id().map(str::to_owned));
        let error = match cause.status() {
            Some(status) => error.with_status(status),
            None => error,
        };
        error.with_source(self)
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, added, of } = self;
        if added == of {
            write!(f, "{source} was created with all of its {of} items, and not published; go on with it")
        } else {
            write!(f, "{source} was created with {added} of its {of} items; go on with it")
        }
    }
}

impl std::error::Error for Unfinished {}

/// An invoice or order that is asked for and not yet created. Nothing happens before it is awaited.
///
/// Awaiting it creates a draft and adds its items, one request each; [`publish`](Self::publish) makes it payable, too.
/// The provider knows no key for a creation: each time it is awaited, another document is made. A crash in the middle
/// leaves a draft, which nobody can pay. (A collection with a document of its own that can be run again after a crash
/// is [`Dollr::collect`](crate::Dollr::collect).)
///
/// # Errors
/// `Invalid`, before anything is sent, when an item has another currency than the document, or no name, or the quantity
/// 0. An error in the middle says what it left, and [`Unfinished`] is that as data. An error that leaves open whether
/// the document was created says so.
#[derive(Clone, Debug)]
#[must_use = "a document is not created before it is awaited"]
pub struct CreateDocument<Id> {
    wire: Arc<Wire>,
    asked: Asked,
    existing: Option<Id>,
    kind: PhantomData<fn() -> Id>,
}

impl<Id: DocumentId> CreateDocument<Id> {
    pub(super) fn new(wire: Arc<Wire>, counterparty: CounterpartyId, currency: Currency) -> Self {
        Self { wire, asked: Asked::new(counterparty, currency), existing: None, kind: PhantomData }
    }

    /// Says what it is for, to the customer. Empty by default.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.asked.note = note.into();
        self
    }

    /// Gives it the merchant's own reference. It is free text and makes nothing happen once only.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.asked.reference = Some(reference.into());
        self
    }

    /// Says who bears the fees; the payer by default.
    pub fn fee_bearer(mut self, bearer: FeeBearer) -> Self {
        self.asked.fee_bearer = bearer;
        self
    }

    /// Lets it be paid through a payment link, once it is published.
    pub fn as_payment_link(mut self) -> Self {
        self.asked.as_payment_link = true;
        self
    }

    /// Adds a line: so many of that name, at that price each, in the currency of the document.
    pub fn item(mut self, name: impl Into<String>, quantity: u32, price: Money) -> Self {
        self.asked.items.push(NewItem { name: name.into(), quantity, price });
        self
    }

    /// Goes on with a document that an earlier run created and did not finish, instead of creating one.
    ///
    /// What it has stays; what it lacks is added; what it has twice, because a request arrived twice, is removed. One
    /// with other contents is refused with `NameTaken`. One that is published already is taken by
    /// [`publish`](Self::publish), if it is exactly what is asked for.
    pub fn go_on_with(mut self, id: Id) -> Self {
        self.existing = Some(id);
        self
    }

    /// Creates it and makes it payable.
    ///
    /// # Errors
    /// As awaiting it, and as [`Draft::publish`]; `Invalid`, before anything is sent, when it has no items.
    pub async fn publish(self) -> Result<Published<Id>, Error> {
        if self.asked.items.is_empty() {
            let message = "a document without items cannot be published";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        let (wire, document) = self.run().await?;
        match document.status {
            SourceStatus::Idle => {
                let of = document.items.as_ref().map_or(0, Vec::len);
                let left = Unfinished { source: document.id.into(), added: of, of };
                Draft { document, wire }.publish().await.map_err(|error| left.explain(error))
            }
            SourceStatus::Active => Ok(Published { document }),
            _ => Err(state(&document)),
        }
    }

    async fn run(self) -> Result<(Arc<Wire>, Document<Id>), Error> {
        let Self { wire, asked, existing, .. } = self;
        let asked = asked.checked()?;
        let document = match existing {
            Some(id) => Id::retrieve(&wire, id).await?,
            None => Document { items: Some(Vec::new()), ..Id::create(&wire, &asked).await? },
        };
        let document = complete(&wire, document, &asked).await?;
        Ok((wire, document))
    }

    async fn draft(self) -> Result<Draft<Id>, Error> {
        let (wire, document) = self.run().await?;
        match document.status {
            SourceStatus::Idle => Ok(Draft { document, wire }),
            _ => Err(state(&document)),
        }
    }
}

fn state<Id: DocumentId>(document: &Document<Id>) -> Error {
    let message = format!("{} {} is no draft any more, it is {}", Id::WHAT, document.id, document.status);
    Error::new(ErrorKind::Invalid, message)
}

impl CreateDocument<InvoiceId> {
    /// Says when it is due.
    pub fn due(mut self, due: Timestamp) -> Self {
        self.asked.due = Some(due);
        self
    }
}

impl<Id: DocumentId> IntoFuture for CreateDocument<Id> {
    type Output = Result<Draft<Id>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.draft())
    }
}
