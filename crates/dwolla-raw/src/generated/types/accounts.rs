// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// A Dwolla account.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Account {
    pub id: ::std::string::String,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<AccountLinks>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct AccountLinks {
    /// Its customers.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub customers: ::std::option::Option<Link>,
    /// Its funding sources.
    #[serde(
        rename = "funding-sources",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub funding_sources: ::std::option::Option<Link>,
    /// Where to initiate transfers to it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub receive: ::std::option::Option<Link>,
    /// This account.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
    /// Where to initiate transfers from it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub send: ::std::option::Option<Link>,
    /// Its transfers.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub transfers: ::std::option::Option<Link>,
}
