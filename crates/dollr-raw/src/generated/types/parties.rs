// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreatePartyPayload {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub country_code: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub email: ::std::option::Option<::std::string::String>,
    pub fullname: ::std::string::String,
    /// A phone number in E.164 form, digits only and without the plus sign, for example 231771234567.
    pub phone: ::std::string::String,
}
