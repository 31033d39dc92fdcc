// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// What a funding source holds.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FundingSourceBalance {
    /// What can be used.
    pub balance: Amount,
    /// When it was looked at.
    #[serde(
        rename = "lastUpdated",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub last_updated: ::std::option::Option<crate::Timestamp>,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<FundingSourceBalanceLinks>,
    /// What there is in all.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub total: ::std::option::Option<Amount>,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct FundingSourceBalanceLinks {
    /// The funding source.
    #[serde(
        rename = "funding-source",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub funding_source: ::std::option::Option<Link>,
    /// This balance.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
}

/// Either a name or a removal.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct UpdateFundingSource {
    /// The new name.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
    /// `true` removes it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub removed: ::std::option::Option<bool>,
}
