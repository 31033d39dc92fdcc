//! Invoices and orders as the API document has them. The two tags have types of their own with the same members, but for
//! the names of ids, numbers and lists, and the due date that only an invoice has.

use dollr_raw::types;

use super::super::{cents, counterparties::with_party, known};
use super::{Detail, Owned, Tag};
use crate::money::{Cents, FeeBearer};
use crate::problem::Problem;
use crate::sources::{Changes, Draft, Item, ItemChanges, NewItem, Receipt, Source, SourceKind};

/// The tag `invoices`.
pub(super) struct Invoices;

/// The tag `orders`.
pub(super) struct Orders;

fn bearer(named: &dollr_raw::enums::FeeBearer) -> Result<FeeBearer, Problem> {
    FeeBearer::named(named.as_str()).ok_or_else(|| Problem::field("fee_bearer", "invalid enum"))
}

/// An amount that the document wants to be positive; nothing when there is none.
fn positive(amount: Cents) -> Option<dollr_raw::Amount> {
    (amount > Cents(0)).then(|| amount.decimal().into())
}

macro_rules! tag {
    (
        $tag:ident, $kind:ident, $name:literal, $not_found:literal, $id:ident, $number:ident, $items:ident,
        $create:ident, $update:ident, $add:ident, $change:ident, $source:ident, $detail:ident, $item:ident, $receipt:ident,
        $receipt_item:ident $(, $due_date:ident)?
    ) => {
        impl Tag for $tag {
            const KIND: SourceKind = SourceKind::$kind;
            const NAME: &'static str = $name;
            const ID: &'static str = stringify!($id);
            const NUMBER: &'static str = stringify!($number);
            const NOT_FOUND: &'static str = $not_found;
            type Create = types::$create;
            type Update = types::$update;
            type AddItem = types::$add;
            type UpdateItem = types::$change;
            type Source = types::$source;
            type Detail = types::$detail;
            type Item = types::$item;
            type Receipt = types::$receipt;
        }

        impl TryFrom<types::$create> for Draft {
            type Error = Problem;

            fn try_from(asked: types::$create) -> Result<Self, Problem> {
                #[allow(unused_mut, reason = "only an invoice has a due date")]
                let mut draft = Self {
                    kind: SourceKind::$kind,
                    counterparty_id: asked.counterparty_id,
                    reference_id: asked.reference_id,
                    currency: asked.currency,
                    note: asked.note,
                    fee_bearer: bearer(&asked.fee_bearer)?,
                    as_payment_link: asked.as_payment_link,
                    due_date: None,
                };
                $(draft.$due_date = asked.$due_date.map(Into::into);)?
                Ok(draft)
            }
        }

        impl TryFrom<types::$update> for Changes {
            type Error = Problem;

            fn try_from(asked: types::$update) -> Result<Self, Problem> {
                #[allow(unused_mut, reason = "only an invoice has a due date")]
                let mut changes = Self {
                    reference_id: asked.reference_id,
                    note: asked.note,
                    fee_bearer: asked.fee_bearer.as_ref().map(bearer).transpose()?,
                    due_date: None,
                };
                $(changes.$due_date = asked.$due_date.map(Into::into);)?
                Ok(changes)
            }
        }

        impl TryFrom<types::$add> for NewItem {
            type Error = Problem;

            fn try_from(asked: types::$add) -> Result<Self, Problem> {
                let amount = cents(asked.amount)?;
                Ok(Self { name: asked.name, qty: asked.qty, amount, currency: asked.currency })
            }
        }

        impl TryFrom<types::$change> for ItemChanges {
            type Error = Problem;

            fn try_from(asked: types::$change) -> Result<Self, Problem> {
                let amount = asked.amount.map(cents).transpose()?;
                Ok(Self { name: asked.name, qty: asked.qty, amount })
            }
        }

        impl From<Owned<Source>> for types::$source {
            fn from(Owned(source, owner): Owned<Source>) -> Self {
                Self {
                    id: source.id,
                    reference_id: source.reference_id,
                    $number: source.number,
                    counterparty_id: source.counterparty_id,
                    currency: source.currency,
                    total_amount: source.total_amount.decimal().into(),
                    status: known(&source.status),
                    note: source.note,
                    fee_bearer: known(source.fee_bearer.name()),
                    $($due_date: source.$due_date.map(Into::into),)?
                    paid_at: source.paid_at.map(Into::into),
                    as_payment_link: source.as_payment_link,
                    owner_id: owner.id,
                    owner_type: known(owner.kind.name()),
                    created_at: source.created_at.into(),
                    updated_at: source.updated_at.into(),
                }
            }
        }

        impl From<Owned<Detail>> for types::$detail {
            fn from(Owned(Detail { source, items, counterparty }, owner): Owned<Detail>) -> Self {
                Self {
                    id: source.id,
                    reference_id: source.reference_id,
                    $number: source.number,
                    counterparty_id: source.counterparty_id,
                    currency: source.currency,
                    total_amount: source.total_amount.decimal().into(),
                    status: known(&source.status),
                    note: source.note,
                    fee_bearer: known(source.fee_bearer.name()),
                    $($due_date: source.$due_date.map(Into::into),)?
                    paid_at: source.paid_at.map(Into::into),
                    as_payment_link: source.as_payment_link,
                    owner_id: owner.id,
                    owner_type: known(owner.kind.name()),
                    created_at: source.created_at.into(),
                    updated_at: source.updated_at.into(),
                    $items: items.into_iter().map(Into::into).collect(),
                    counterparty: counterparty.map(|counterparty| with_party(counterparty, owner)),
                }
            }
        }

        impl From<Item> for types::$item {
            fn from(item: Item) -> Self {
                Self {
                    id: item.id,
                    name: item.name,
                    currency: item.currency,
                    qty: item.qty,
                    amount: item.amount.decimal().into(),
                    created_at: item.created_at.into(),
                    updated_at: item.updated_at.into(),
                }
            }
        }

        impl From<Item> for types::$receipt_item {
            fn from(item: Item) -> Self {
                Self {
                    id: item.id,
                    name: item.name,
                    qty: item.qty,
                    amount: item.amount.decimal().into(),
                    currency: item.currency,
                }
            }
        }

        impl From<Owned<Receipt>> for types::$receipt {
            fn from(Owned(receipt, owner): Owned<Receipt>) -> Self {
                let Receipt { source, items, counterparty, execution, account } = receipt;
                let provider_transaction_id = execution.provider_transaction_id();
                let quote = execution.quote;
                let exchanged = quote.rate.is_some();
                Self {
                    $id: source.id,
                    $number: source.number,
                    reference_id: source.reference_id,
                    currency: source.currency,
                    total_amount: source.total_amount.decimal().into(),
                    status: known(&source.status),
                    note: source.note,
                    $($due_date: source.$due_date.map(Into::into),)?
                    paid_at: source.paid_at.map(Into::into),
                    as_payment_link: source.as_payment_link,
                    fee_bearer: known(source.fee_bearer.name()),
                    owner_id: owner.id,
                    owner_type: known(owner.kind.name()),
                    created_at: source.created_at.into(),
                    counterparty_id: counterparty.id,
                    relationship_type: known(&counterparty.relationship_type),
                    counterparty_name: counterparty.party.fullname,
                    counterparty_phone: counterparty.party.phone.unwrap_or_default(),
                    counterparty_email: counterparty.party.email,
                    fx_fee: exchanged.then(|| quote.fx_fee.decimal().into()),
                    fx_rate: quote.rate.map(|rate| rate.decimal().into()),
                    fx_currency_from: exchanged.then(|| quote.currency.clone()),
                    fx_currency_to: exchanged.then(|| quote.payer_currency.clone()),
                    payer_amount: positive(quote.payer),
                    payer_currency: Some(quote.payer_currency),
                    payee_amount: positive(quote.payee),
                    payee_currency: Some(quote.payee_currency),
                    platform_fee: Some(quote.platform_fee.decimal().into()),
                    platform_currency: Some(quote.currency.clone()),
                    gateway_fee: Some(quote.gateway_fee.decimal().into()),
                    gateway_currency: Some(quote.currency),
                    payment_provider: account.as_ref().map(|account| known(&account.provider)),
                    payment_method: account.as_ref().map(|account| known(account.method.name)),
                    account_name: account.map(|account| account.account_name),
                    gateway_confirmed_at: execution.settled_at.map(|at| crate::ledger::instant(at).into()),
                    provider_transaction_id: Some(provider_transaction_id),
                    items: items.into_iter().map(Into::into).collect(),
                }
            }
        }
    };
}

tag!(
    Invoices,
    Invoice,
    "invoices",
    "Invoice not found",
    invoice_id,
    invoice_number,
    invoice_items,
    CreateInvoicePayload,
    UpdateInvoicePayload,
    AddInvoiceItemPayload,
    UpdateInvoiceItemPayload,
    InvoiceResponse,
    InvoiceDetailResponse,
    InvoiceItemResponse,
    InvoiceReceiptResponse,
    InvoiceReceiptItemResponse,
    due_date
);

tag!(
    Orders,
    Order,
    "orders",
    "Order not found",
    order_id,
    order_number,
    order_items,
    CreateOrderPayload,
    UpdateOrderPayload,
    AddOrderItemPayload,
    UpdateOrderItemPayload,
    OrderResponse,
    OrderDetailResponse,
    OrderItemResponse,
    OrderReceiptResponse,
    OrderReceiptItemResponse
);
