// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CounterPartyWithPartyResponse {
    pub created_at: crate::Timestamp,
    pub id: i64,
    pub owner_party_id: i64,
    pub owner_party_type: crate::enums::OwnerType,
    pub party: PartyResponse,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_id: ::std::option::Option<i64>,
    pub relationship_type: crate::enums::RelationshipType,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct ExecutionResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub client_secret: ::std::option::Option<crate::Secret>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub gateway_message: ::std::option::Option<::std::string::String>,
    pub operation_type: crate::enums::OperationType,
    pub payee_amount: crate::Amount,
    pub payee_currency: ::std::string::String,
    pub payer_amount: crate::Amount,
    pub payer_currency: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payment_intent_id: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub provider_transaction_id: ::std::option::Option<::std::string::String>,
    /// A version 4 UUID, for example 550e8400-e29b-41d4-a716-446655440000.
    pub reference_id: ::uuid::Uuid,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub requires_action: ::std::option::Option<bool>,
    pub status: crate::enums::ExecutionStatus,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub wallet_message: ::std::option::Option<::std::string::String>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct HttpValidationError {
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub detail: ::std::vec::Vec<ValidationError>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PartyResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub country_code: ::std::option::Option<::std::string::String>,
    pub created_at: crate::Timestamp,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub email: ::std::option::Option<::std::string::String>,
    pub fullname: ::std::string::String,
    pub id: i64,
    /// A phone number in E.164 form, digits only and without the plus sign, for example 231771234567.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub phone: ::std::option::Option<::std::string::String>,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct ValidationError {
    pub loc: ::std::vec::Vec<ValidationErrorLocItem>,
    pub msg: ::std::string::String,
    #[serde(rename = "type")]
    pub type_: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[serde(untagged)]
pub enum ValidationErrorLocItem {
    String(::std::string::String),
    Integer(i64),
}

impl ::std::fmt::Display for ValidationErrorLocItem {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        match self {
            Self::String(x) => x.fmt(f),
            Self::Integer(x) => x.fmt(f),
        }
    }
}

impl ::std::convert::From<i64> for ValidationErrorLocItem {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}
