// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// An authorization and the words to show to the owner of a bank account.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct OnDemandAuthorization {
    #[serde(rename = "bodyText", skip_serializing_if = "::std::option::Option::is_none")]
    pub body_text: ::std::option::Option<::std::string::String>,
    #[serde(
        rename = "buttonText",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub button_text: ::std::option::Option<::std::string::String>,
    #[serde(rename = "_links")]
    pub links: OnDemandAuthorizationLinks,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct OnDemandAuthorizationLinks {
    /// This authorization.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
}
