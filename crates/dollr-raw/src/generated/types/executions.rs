// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CheckoutExecutionPayload {
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub currency: ::std::string::String,
    pub payment_account_id: ::std::string::String,
    /// A version 4 UUID, for example 550e8400-e29b-41d4-a716-446655440000.
    pub reference_id: ::uuid::Uuid,
    pub session_id: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PasscodeDevice {
    pub client_ip: ::std::string::String,
    pub name: ::std::string::String,
    pub platform: ::std::string::String,
    #[serde(rename = "type")]
    pub type_: ::std::string::String,
    pub user_agent: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PasscodePayload {
    pub device: PasscodeDevice,
    pub token: PasscodeToken,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PasscodeToken {
    pub code: crate::Secret,
    /// A phone number in E.164 form, digits only and without the plus sign, for example 231771234567.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub phone: ::std::option::Option<crate::Secret>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub user_id: ::std::option::Option<crate::Secret>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PayoutExecutionPayload {
    pub passcode: PasscodePayload,
    pub payout_account_id: ::std::string::String,
    /// A version 4 UUID, for example 550e8400-e29b-41d4-a716-446655440000.
    pub reference_id: ::uuid::Uuid,
    pub session_id: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct RefundExecutionPayload {
    /// A version 4 UUID, for example 550e8400-e29b-41d4-a716-446655440000.
    pub reference_id: ::uuid::Uuid,
    pub session_id: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct TransferExecutionPayload {
    /// A version 4 UUID, for example 550e8400-e29b-41d4-a716-446655440000.
    pub reference_id: ::uuid::Uuid,
    pub session_id: ::std::string::String,
}
