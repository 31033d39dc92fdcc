//! The provider's twelve calls for each kind of document, made alike: what differs is only the names of the calls, of
//! their types and of a few fields, and that an order has no due date.

use std::future::Future;
use std::sync::Arc;

use payonce::{Currency, Error, ErrorKind};

use super::super::counterparties::Counterparty;
use super::super::words::FeeBearer;
use super::super::{Reader, created, unreadable};
use super::build::{Asked, NewItem};
use super::change::{Changes, ItemChanges};
use super::receipt::{SourceReceipt, receipt};
use super::{Document, Item};
use crate::classify::Seen;
use crate::ids::{InvoiceId, ItemId, OrderId};
use crate::orders::Source;
use crate::raw::types;
use crate::status::SourceStatus;
use crate::transport::{Wire, ask};

/// The calls for one kind of document. Public in name only: it seals [`DocumentId`](super::DocumentId).
#[allow(private_interfaces, reason = "nobody outside can reach the trait")]
pub trait Calls: Sized + Send + Sync + 'static {
    /// What people call one.
    const WHAT: &'static str;
    fn create(wire: &Arc<Wire>, asked: &Asked) -> impl Future<Output = Result<Document<Self>, Error>> + Send;
    fn list(
        wire: &Arc<Wire>,
        currency: Option<Currency>,
        status: Option<SourceStatus>,
    ) -> impl Future<Output = Result<Vec<Document<Self>>, Error>> + Send;
    fn retrieve(wire: &Arc<Wire>, id: Self) -> impl Future<Output = Result<Document<Self>, Error>> + Send;
    fn retrieve_by_number(
        wire: &Arc<Wire>,
        number: &str,
    ) -> impl Future<Output = Result<Document<Self>, Error>> + Send;
    fn update(
        wire: &Arc<Wire>,
        id: Self,
        changes: &Changes,
    ) -> impl Future<Output = Result<Document<Self>, Error>> + Send;
    fn publish(wire: &Arc<Wire>, id: Self) -> impl Future<Output = Result<Document<Self>, Error>> + Send;
    fn cancel(wire: &Arc<Wire>, id: Self) -> impl Future<Output = Result<Document<Self>, Error>> + Send;
    fn add_item(
        wire: &Arc<Wire>,
        id: Self,
        item: &NewItem,
    ) -> impl Future<Output = Result<Item, Error>> + Send;
    fn update_item(
        wire: &Arc<Wire>,
        id: Self,
        item: ItemId,
        changes: &ItemChanges,
    ) -> impl Future<Output = Result<Item, Error>> + Send;
    fn remove_item(
        wire: &Arc<Wire>,
        id: Self,
        item: ItemId,
    ) -> impl Future<Output = Result<(), Error>> + Send;
    fn receipt(wire: &Arc<Wire>, id: Self) -> impl Future<Output = Result<SourceReceipt, Error>> + Send;
    fn receipt_by_number(
        wire: &Arc<Wire>,
        number: &str,
    ) -> impl Future<Output = Result<SourceReceipt, Error>> + Send;
}

/// Refuses an answer about another document.
fn same<T: Copy + Eq>(asked: T, answered: T) -> Result<T, Error> {
    if asked == answered { Ok(answered) } else { Err(another()) }
}

fn another() -> Error {
    Error::new(ErrorKind::Unreadable, "the provider answered about another document")
}

/// Reads how many of an item there are.
fn quantity(count: i64) -> Result<u32, Error> {
    u32::try_from(count).map_err(|_| unreadable("qty", "quantity"))
}

/// What a change brought. After an answer that leaves open whether it was made, the error says so.
fn changed<T>(seen: Seen<T>, what: &str, id: impl std::fmt::Display) -> Result<T, Error> {
    created(seen, &format!("the change of {what} {id}"), "retrieve it")
}

/// A document from a reply, which tells its items or does not.
macro_rules! document {
    ($wire:expr, $reply:ident, $number:ident, $due:expr, $customer:expr, $items:expr) => {{
        let reader = Reader($wire);
        Document {
            id: $reply.id.into(),
            number: reader.text(&$reply.$number),
            reference: reader.texts($reply.reference_id),
            counterparty: $reply.counterparty_id.into(),
            customer: $customer,
            total: reader.money("currency", $reply.total_amount.decimal(), &$reply.currency)?,
            status: $reply.status.into(),
            note: reader.text(&$reply.note),
            fee_bearer: FeeBearer::from($reply.fee_bearer),
            as_payment_link: $reply.as_payment_link,
            due: $due,
            paid_at: $reply.paid_at.map(crate::raw::Timestamp::utc),
            created_at: $reply.created_at.utc(),
            updated_at: $reply.updated_at.utc(),
            items: $items,
        }
    }};
}

macro_rules! item {
    ($wire:expr, $reply:ident) => {
        Item {
            id: $reply.id.into(),
            name: Reader($wire).text(&$reply.name),
            quantity: quantity($reply.qty)?,
            price: Reader($wire).money("currency", $reply.amount.decimal(), &$reply.currency)?,
        }
    };
}

macro_rules! calls {
    ($Id:ident is $Source:ident, $what:literal {
        create: $create:ident($Create:ident), list: $list:ident, retrieve: $retrieve:ident, $by_number:ident,
        update: $update:ident($Update:ident), publish: $publish:ident, cancel: $cancel:ident,
        items: $add:ident($Add:ident), $change:ident($Change:ident), $remove:ident,
        receipt: $receipt:ident, $receipt_by_number:ident,
        types: $Response:ident, $Detail:ident, $Item:ident, $Receipt:ident,
        fields: $id:ident, $number:ident, $items:ident $(, $due:ident)?
    }) => {
        impl $Id {
            /// From a reply that does not tell the items.
            fn summary(wire: &Wire, reply: types::$Response) -> Result<Document<Self>, Error> {
                let due = first!($(reply.$due.map(crate::raw::Timestamp::utc),)? None);
                Ok(document!(wire, reply, $number, due, None, None))
            }

            fn item(wire: &Wire, reply: types::$Item) -> Result<Item, Error> {
                Ok(item!(wire, reply))
            }

            /// From a reply that tells everything.
            fn detail(wire: &Wire, reply: types::$Detail) -> Result<Document<Self>, Error> {
                let due = first!($(reply.$due.map(crate::raw::Timestamp::utc),)? None);
                let items = reply.$items.into_iter().map(|item| Self::item(wire, item));
                let items = items.collect::<Result<_, _>>()?;
                let customer = reply.counterparty.map(|it| Counterparty::read(it, Reader(wire))).transpose()?;
                Ok(document!(wire, reply, $number, due, customer, Some(items)))
            }

            fn settled(wire: &Wire, reply: types::$Receipt) -> Result<SourceReceipt, Error> {
                let due = first!($(reply.$due.map(crate::raw::Timestamp::utc),)? None);
                let items = reply.items.into_iter().map(|item| Ok(item!(wire, item)));
                let items = items.collect::<Result<_, Error>>()?;
                receipt!(wire, reply, Source::$Source(reply.$id.into()), $number, due, items)
            }
        }

        #[allow(private_interfaces, reason = "nobody outside can reach the trait")]
        impl Calls for $Id {
            const WHAT: &'static str = $what;

            async fn create(wire: &Arc<Wire>, asked: &Asked) -> Result<Document<Self>, Error> {
                let body = types::$Create {
                    as_payment_link: asked.as_payment_link,
                    counterparty_id: asked.counterparty.checked()?.value(),
                    currency: asked.currency.to_string(),
                    $($due: asked.due.map(Into::into),)?
                    fee_bearer: asked.fee_bearer.clone().into(),
                    note: asked.note.clone(),
                    reference_id: asked.reference.clone(),
                };
                let seen = ask!(wire, |raw| raw.$create(&body));
                let look = "list those that are IDLE";
                let reply = created(seen, concat!("the ", $what), look)?;
                Self::summary(wire, reply)
            }

            async fn list(
                wire: &Arc<Wire>,
                currency: Option<Currency>,
                status: Option<SourceStatus>,
            ) -> Result<Vec<Document<Self>>, Error> {
                let (currency, status) = (currency.map(|code| code.to_string()), status.map(Into::into));
                let seen = ask!(wire, |raw| raw.$list(currency.as_deref(), status.as_ref()));
                seen.success()?.into_iter().map(|reply| Self::summary(wire, reply)).collect()
            }

            async fn retrieve(wire: &Arc<Wire>, id: Self) -> Result<Document<Self>, Error> {
                let path = id.checked()?.to_string();
                let seen = ask!(wire, |raw| raw.$retrieve(&path));
                let document = Self::detail(wire, seen.success()?)?;
                same(id, document.id)?;
                Ok(document)
            }

            async fn retrieve_by_number(wire: &Arc<Wire>, number: &str) -> Result<Document<Self>, Error> {
                let seen = ask!(wire, |raw| raw.$by_number(number));
                let document = Self::detail(wire, seen.success()?)?;
                if document.number == number { Ok(document) } else { Err(another()) }
            }

            async fn update(wire: &Arc<Wire>, id: Self, changes: &Changes) -> Result<Document<Self>, Error> {
                let path = id.checked()?.to_string();
                let body = types::$Update {
                    $($due: changes.due.map(Into::into),)?
                    fee_bearer: changes.fee_bearer.clone().map(Into::into),
                    note: changes.note.clone(),
                    reference_id: changes.reference.clone(),
                };
                let seen = ask!(wire, |raw| raw.$update(&path, &body));
                let document = Self::summary(wire, changed(seen, $what, id)?)?;
                same(id, document.id)?;
                Ok(document)
            }

            async fn publish(wire: &Arc<Wire>, id: Self) -> Result<Document<Self>, Error> {
                let path = id.checked()?.to_string();
                let seen = ask!(wire, |raw| raw.$publish(&path));
                let document = Self::summary(wire, changed(seen, $what, id)?)?;
                same(id, document.id)?;
                Ok(document)
            }

            async fn cancel(wire: &Arc<Wire>, id: Self) -> Result<Document<Self>, Error> {
                let path = id.checked()?.to_string();
                let seen = ask!(wire, |raw| raw.$cancel(&path));
                let document = Self::summary(wire, changed(seen, $what, id)?)?;
                same(id, document.id)?;
                Ok(document)
            }

            async fn add_item(wire: &Arc<Wire>, id: Self, item: &NewItem) -> Result<Item, Error> {
                let path = id.checked()?.to_string();
                let body = types::$Add {
                    amount: item.price.amount().into(),
                    currency: item.price.currency().to_string(),
                    name: item.name.clone(),
                    qty: item.quantity.into(),
                };
                let seen = ask!(wire, |raw| raw.$add(&path, &body));
                Self::item(wire, changed(seen, $what, id)?)
            }

            async fn update_item(
                wire: &Arc<Wire>,
                id: Self,
                item: ItemId,
                changes: &ItemChanges,
            ) -> Result<Item, Error> {
                let (path, of_item) = (id.checked()?.to_string(), item.checked()?.to_string());
                let body = types::$Change {
                    amount: changes.price.map(|price| price.amount().into()),
                    name: changes.name.clone(),
                    qty: changes.quantity.map(Into::into),
                };
                let seen = ask!(wire, |raw| raw.$change(&path, &of_item, &body));
                let changed = Self::item(wire, changed(seen, $what, id)?)?;
                same(item, changed.id)?;
                Ok(changed)
            }

            async fn remove_item(wire: &Arc<Wire>, id: Self, item: ItemId) -> Result<(), Error> {
                let (path, item) = (id.checked()?.to_string(), item.checked()?.to_string());
                let seen = ask!(wire, |raw| raw.$remove(&path, &item));
                changed(seen, $what, id).map(drop)
            }

            async fn receipt(wire: &Arc<Wire>, id: Self) -> Result<SourceReceipt, Error> {
                let path = id.checked()?.to_string();
                let seen = ask!(wire, |raw| raw.$receipt(&path));
                let receipt = Self::settled(wire, seen.success()?)?;
                same(Source::$Source(id), receipt.source)?;
                Ok(receipt)
            }

            async fn receipt_by_number(wire: &Arc<Wire>, number: &str) -> Result<SourceReceipt, Error> {
                let seen = ask!(wire, |raw| raw.$receipt_by_number(number));
                let receipt = Self::settled(wire, seen.success()?)?;
                if receipt.number == number { Ok(receipt) } else { Err(another()) }
            }
        }
    };
}

/// The first of one or two values.
macro_rules! first {
    ($first:expr, $second:expr) => {
        $first
    };
    ($only:expr) => {
        $only
    };
}

calls! {
    InvoiceId is Invoice, "invoice" {
        create: create_invoice(CreateInvoicePayload), list: list_invoice,
        retrieve: retrieve_invoice_by_id, retrieve_invoice_by_number,
        update: update_invoice(UpdateInvoicePayload), publish: publish_invoice, cancel: cancel_invoice,
        items: add_invoice_item(AddInvoiceItemPayload), update_invoice_item(UpdateInvoiceItemPayload),
        remove_invoice_item,
        receipt: retrieve_invoice_receipt_by_id, retrieve_invoice_receipt_by_number,
        types: InvoiceResponse, InvoiceDetailResponse, InvoiceItemResponse, InvoiceReceiptResponse,
        fields: invoice_id, invoice_number, invoice_items, due_date
    }
}

calls! {
    OrderId is Order, "order" {
        create: create_order(CreateOrderPayload), list: list_order,
        retrieve: retrieve_order_by_id, retrieve_order_by_number,
        update: update_order(UpdateOrderPayload), publish: publish_order, cancel: cancel_order,
        items: add_order_item(AddOrderItemPayload), update_order_item(UpdateOrderItemPayload), remove_order_item,
        receipt: retrieve_order_receipt_by_id, retrieve_order_receipt_by_number,
        types: OrderResponse, OrderDetailResponse, OrderItemResponse, OrderReceiptResponse,
        fields: order_id, order_number, order_items
    }
}
