// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// What a token may reach.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Root {
    #[serde(rename = "_links")]
    pub links: RootLinks,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct RootLinks {
    /// The application's own account.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub account: ::std::option::Option<Link>,
    /// Its customers.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub customers: ::std::option::Option<Link>,
    /// Its events.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub events: ::std::option::Option<Link>,
    /// Its webhook subscriptions.
    #[serde(
        rename = "webhook-subscriptions",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub webhook_subscriptions: ::std::option::Option<Link>,
}
