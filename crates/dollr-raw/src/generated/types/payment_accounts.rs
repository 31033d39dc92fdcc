// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreatePaymentAccountPayload {
    pub account_name: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub country_code: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub insensitive_account_number: ::std::option::Option<::std::string::String>,
    pub method: crate::enums::PaymentMethod,
    pub party_id: i64,
    pub provider: crate::enums::PaymentProvider,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PaymentAccountResponse {
    pub account_name: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub country_code: ::std::option::Option<::std::string::String>,
    pub created_at: crate::Timestamp,
    pub id: i64,
    pub is_active: bool,
    pub method: crate::enums::PaymentMethod,
    pub party_id: i64,
    pub provider: crate::enums::PaymentProvider,
    pub updated_at: crate::Timestamp,
}
