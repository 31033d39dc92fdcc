// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct GetCollectionRealtimeKeyPayload {
    /// A version 4 UUID, for example 550e8400-e29b-41d4-a716-446655440000.
    pub reference_id: ::uuid::Uuid,
    pub session_id: i64,
    pub source_type: crate::enums::SourceType,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct RealtimeTokenResponse {
    pub access_token: crate::Secret,
    /// How long the token lives, in seconds.
    pub expires_in: i64,
}
