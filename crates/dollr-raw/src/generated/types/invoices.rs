// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct AddInvoiceItemPayload {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub name: ::std::string::String,
    pub qty: i64,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateInvoicePayload {
    pub as_payment_link: bool,
    pub counterparty_id: i64,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    pub fee_bearer: crate::enums::FeeBearer,
    pub note: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InvoiceDetailResponse {
    pub as_payment_link: bool,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub counterparty: ::std::option::Option<CounterPartyWithPartyResponse>,
    pub counterparty_id: i64,
    pub created_at: crate::Timestamp,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    pub fee_bearer: crate::enums::FeeBearer,
    pub id: i64,
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub invoice_items: ::std::vec::Vec<InvoiceItemResponse>,
    pub invoice_number: ::std::string::String,
    pub note: ::std::string::String,
    pub owner_id: i64,
    pub owner_type: crate::enums::OwnerType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub paid_at: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
    pub status: crate::enums::SourceStatus,
    /// Amount
    pub total_amount: crate::Amount,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InvoiceItemResponse {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    pub created_at: crate::Timestamp,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub id: i64,
    pub name: ::std::string::String,
    pub qty: i64,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InvoiceReceiptItemResponse {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub id: i64,
    pub name: ::std::string::String,
    pub qty: i64,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InvoiceReceiptResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub account_name: ::std::option::Option<::std::string::String>,
    pub as_payment_link: bool,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub counterparty_email: ::std::option::Option<::std::string::String>,
    pub counterparty_id: i64,
    pub counterparty_name: ::std::string::String,
    pub counterparty_phone: ::std::string::String,
    pub created_at: crate::Timestamp,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    pub fee_bearer: crate::enums::FeeBearer,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fx_currency_from: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fx_currency_to: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fx_fee: ::std::option::Option<crate::Amount>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fx_rate: ::std::option::Option<crate::AmountText>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub gateway_confirmed_at: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub gateway_currency: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub gateway_fee: ::std::option::Option<crate::Amount>,
    pub invoice_id: i64,
    pub invoice_number: ::std::string::String,
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub items: ::std::vec::Vec<InvoiceReceiptItemResponse>,
    pub note: ::std::string::String,
    pub owner_id: i64,
    pub owner_type: crate::enums::OwnerType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub paid_at: ::std::option::Option<crate::Timestamp>,
    /// A positive, non-zero amount.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payee_amount: ::std::option::Option<crate::Amount>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payee_currency: ::std::option::Option<::std::string::String>,
    /// A positive, non-zero amount.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payer_amount: ::std::option::Option<crate::Amount>,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payer_currency: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payment_method: ::std::option::Option<crate::enums::PaymentMethod>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payment_provider: ::std::option::Option<crate::enums::PaymentProvider>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub platform_currency: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub platform_fee: ::std::option::Option<crate::Amount>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub provider_transaction_id: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
    pub relationship_type: crate::enums::RelationshipType,
    pub status: crate::enums::SourceStatus,
    /// Amount
    pub total_amount: crate::Amount,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InvoiceResponse {
    pub as_payment_link: bool,
    pub counterparty_id: i64,
    pub created_at: crate::Timestamp,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    #[serde(deserialize_with = "::std::option::Option::deserialize")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    pub fee_bearer: crate::enums::FeeBearer,
    pub id: i64,
    pub invoice_number: ::std::string::String,
    pub note: ::std::string::String,
    pub owner_id: i64,
    pub owner_type: crate::enums::OwnerType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub paid_at: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
    pub status: crate::enums::SourceStatus,
    /// Amount
    pub total_amount: crate::Amount,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct UpdateInvoiceItemPayload {
    /// A positive, non-zero amount.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub amount: ::std::option::Option<crate::Amount>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub qty: ::std::option::Option<i64>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct UpdateInvoicePayload {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fee_bearer: ::std::option::Option<crate::enums::FeeBearer>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub note: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
}
