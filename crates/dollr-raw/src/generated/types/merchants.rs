// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct MerchantInfoResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub email: ::std::option::Option<::std::string::String>,
    pub id: i64,
    pub name: ::std::string::String,
    /// A phone number in E.164 form, digits only and without the plus sign, for example 231771234567.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub phone: ::std::option::Option<::std::string::String>,
    #[serde(rename = "type")]
    pub type_: crate::enums::MerchantType,
}
