// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateCheckoutSourceLinkResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cancel_url: ::std::option::Option<::std::string::String>,
    pub counterparty_id: i64,
    pub currency: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub expires_at: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub hosted_path_or_token: ::std::option::Option<crate::Secret>,
    pub mode: crate::enums::CheckoutMode,
    pub party_id: i64,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
    pub source_checkout_config_id: i64,
    pub source_id: i64,
    pub source_number: ::std::string::String,
    pub source_status: crate::enums::SourceStatus,
    pub source_type: crate::enums::SourceType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub success_url: ::std::option::Option<::std::string::String>,
    pub total_amount: crate::Amount,
    pub url: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateCheckoutSourceRequestPayload {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cancel_url: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub counterparty_id: ::std::option::Option<i64>,
    pub currency: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub due_date: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub expires_at: ::std::option::Option<crate::Timestamp>,
    pub items: ::std::vec::Vec<PaymentSourceItemInput>,
    pub mode: crate::enums::CheckoutMode,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub note: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_email: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_name: ::std::option::Option<::std::string::String>,
    /// A phone number in E.164 form, digits only and without the plus sign, for example 231771234567.
    pub party_phone: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_relationship: ::std::option::Option<crate::enums::RelationshipType>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub reference_id: ::std::option::Option<::std::string::String>,
    pub source_kind: crate::enums::SourceType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub success_url: ::std::option::Option<::std::string::String>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PaymentSourceItemInput {
    /// A positive, non-zero amount.
    pub amount: crate::Amount,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub name: ::std::string::String,
}
