// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CheckoutSessionResponse {
    pub created_at: crate::Timestamp,
    pub expires_at: crate::Timestamp,
    pub id: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payment_account_id: ::std::option::Option<i64>,
    pub source_id: i64,
    pub source_type: crate::enums::SourceType,
    pub status: crate::enums::SessionStatus,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateCheckoutSessionPayload {
    pub source_id: i64,
    pub source_type: crate::enums::SourceType,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreatePayoutSessionPayload {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub payout_account_id: i64,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateRefundSessionPayload {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    pub expires_at: crate::Timestamp,
    pub original_payment_intent_id: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reason: ::std::option::Option<::std::string::String>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateTransferSessionPayload {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub expires_at: crate::Timestamp,
    pub from_wallet_id: i64,
    pub to_counterparty_id: i64,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PayoutSessionResponse {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    pub created_at: crate::Timestamp,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub expires_at: crate::Timestamp,
    pub id: i64,
    pub payout_account_id: i64,
    pub status: crate::enums::SessionStatus,
    pub updated_at: crate::Timestamp,
    pub wallet_id: i64,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct RefundSessionResponse {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    pub created_at: crate::Timestamp,
    pub expires_at: crate::Timestamp,
    pub id: i64,
    pub original_payment_intent_id: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reason: ::std::option::Option<::std::string::String>,
    pub status: crate::enums::SessionStatus,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct TransferSessionResponse {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    pub created_at: crate::Timestamp,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub expires_at: crate::Timestamp,
    pub from_wallet_id: i64,
    pub id: i64,
    pub status: crate::enums::SessionStatus,
    pub to_counterparty_id: i64,
    pub updated_at: crate::Timestamp,
}
