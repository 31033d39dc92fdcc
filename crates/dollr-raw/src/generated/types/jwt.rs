// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct ClientCredentialObtainTokenPayload {
    pub client_id: ::std::string::String,
    pub client_secret: crate::Secret,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct ObtainTokenResponse {
    pub access_token: crate::Secret,
    /// How long the token lives, in minutes.
    pub expires_in: i64,
}
