// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CounterPartyResponse {
    pub created_at: crate::Timestamp,
    pub id: i64,
    pub owner_party_id: i64,
    pub owner_party_type: crate::enums::OwnerType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_id: ::std::option::Option<i64>,
    pub relationship_type: crate::enums::RelationshipType,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateCounterPartyPayload {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_id: ::std::option::Option<i64>,
    pub relationship_type: crate::enums::RelationshipType,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct UpdateCounterPartyPayload {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub party_id: ::std::option::Option<i64>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub relationship_type: ::std::option::Option<crate::enums::RelationshipType>,
}
