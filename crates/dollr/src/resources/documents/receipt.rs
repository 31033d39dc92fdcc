//! The receipt of a paid invoice or order: what was settled, fees and exchange included.

use payonce::{Currency, Money, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::super::links::SourceNumber;
use super::super::words::{FeeBearer, PaymentMethod, PaymentProvider, Relationship};
use super::Item;
use crate::ids::CounterpartyId;
use crate::orders::Source;
use crate::phone::Phone;
use crate::status::SourceStatus;

/// The receipt of a paid invoice or order.
///
/// `Debug` shows the last three digits of the phone number only; names and addresses are in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceReceipt {
    /// What was paid.
    pub source: Source,
    /// The number the provider gave it, for people.
    pub number: String,
    /// The merchant's own reference.
    pub reference: Option<String>,
    /// What it came to.
    pub total: Money,
    /// How it stands: paid.
    pub status: SourceStatus,
    /// What it was for.
    pub note: String,
    /// When it was due. Orders never are.
    pub due: Option<Timestamp>,
    /// Whether it could be paid through a payment link.
    pub as_payment_link: bool,
    /// Who bore the fees.
    pub fee_bearer: FeeBearer,
    /// Who paid it.
    pub counterparty: CounterpartyId,
    /// What they are to the merchant.
    pub relationship: Relationship,
    /// Their name.
    pub counterparty_name: String,
    /// Their phone number, where the provider has one.
    pub counterparty_phone: Option<Phone>,
    /// Their email address.
    pub counterparty_email: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What the payer was charged.
    pub payer_amount: Option<Money>,
    /// What the merchant received.
    pub payee_amount: Option<Money>,
    /// What the platform took.
    pub platform_fee: Option<Money>,
    /// What the gateway took.
    pub gateway_fee: Option<Money>,
    /// What the exchange took, and at which rate, when the payer paid in another currency.
    pub exchange: Option<Exchange>,
    /// By what means it was paid.
    pub method: Option<PaymentMethod>,
    /// Through which gateway.
    pub provider: Option<PaymentProvider>,
    /// The name of the account it was paid from.
    pub account_name: Option<String>,
    /// When the gateway confirmed it.
    pub confirmed_at: Option<Timestamp>,
    /// The gateway's own id of the payment.
    pub provider_transaction_id: Option<String>,
    /// Its items, oldest first.
    pub items: Vec<Item>,
}

impl From<&SourceReceipt> for SourceNumber {
    fn from(receipt: &SourceReceipt) -> Self {
        super::numbered(receipt.source, &receipt.number)
    }
}

/// An exchange of currencies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// How much of [`to`](Self::to) one of [`from`](Self::from) was.
    #[serde(with = "rust_decimal::serde::str")]
    pub rate: Decimal,
    /// The currency that was exchanged.
    pub from: Currency,
    /// The currency it was exchanged for.
    pub to: Currency,
    /// What it cost. The provider gives it without a currency; it is in the one of the total.
    pub fee: Option<Money>,
}

/// A receipt from a reply, whose kinds differ only in the names of a few fields.
macro_rules! receipt {
    ($wire:expr, $reply:ident, $source:expr, $number:ident, $due:expr, $items:expr) => {{
        let reader = Reader($wire);
        let amount = |field: &str, amount: Option<crate::raw::Amount>, currency: &Option<String>| {
            let Some(amount) = amount else { return Ok(None) };
            let currency = currency.as_ref().ok_or_else(|| unreadable(field, "currency"))?;
            reader.money(field, amount.decimal(), currency).map(Some)
        };
        let (currency, phone) = (Some($reply.currency.clone()), $reply.counterparty_phone.as_str());
        let exchange = match ($reply.fx_rate, &$reply.fx_currency_from, &$reply.fx_currency_to) {
            (Some(rate), Some(from), Some(to)) => Some(super::receipt::Exchange {
                rate: rate.decimal(),
                from: reader.currency("fx_currency_from", from)?,
                to: reader.currency("fx_currency_to", to)?,
                fee: amount("currency", $reply.fx_fee, &currency)?,
            }),
            _ => None,
        };
        Ok::<_, Error>(SourceReceipt {
            source: $source,
            number: reader.text(&$reply.$number),
            reference: reader.texts($reply.reference_id.clone()),
            total: reader.money("currency", $reply.total_amount.decimal(), &$reply.currency)?,
            status: $reply.status.clone().into(),
            note: reader.text(&$reply.note),
            due: $due,
            as_payment_link: $reply.as_payment_link,
            fee_bearer: $reply.fee_bearer.clone().into(),
            counterparty: $reply.counterparty_id.into(),
            relationship: $reply.relationship_type.clone().into(),
            counterparty_name: reader.text(&$reply.counterparty_name),
            // A party need not have one, which a receipt shows as empty text.
            counterparty_phone: reader
                .phone("counterparty_phone", Some(phone).filter(|it| !it.is_empty()))?,
            counterparty_email: reader.texts($reply.counterparty_email.clone()),
            created_at: $reply.created_at.utc(),
            paid_at: $reply.paid_at.map(crate::raw::Timestamp::utc),
            payer_amount: amount("payer_currency", $reply.payer_amount, &$reply.payer_currency)?,
            payee_amount: amount("payee_currency", $reply.payee_amount, &$reply.payee_currency)?,
            platform_fee: amount("platform_currency", $reply.platform_fee, &$reply.platform_currency)?,
            gateway_fee: amount("gateway_currency", $reply.gateway_fee, &$reply.gateway_currency)?,
            exchange,
            method: $reply.payment_method.clone().map(Into::into),
            provider: $reply.payment_provider.clone().map(Into::into),
            account_name: reader.texts($reply.account_name.clone()),
            confirmed_at: $reply.gateway_confirmed_at.map(crate::raw::Timestamp::utc),
            provider_transaction_id: reader.texts($reply.provider_transaction_id.clone()),
            items: $items,
        })
    }};
}

pub(super) use receipt;
