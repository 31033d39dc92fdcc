// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// The change that cancels.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CancelTransfer {
    pub status: crate::enums::CancelStatus,
}

/// A fee for the application.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Fee {
    pub amount: Amount,
    #[serde(rename = "_links")]
    pub links: FeeLinks,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FeeLinks {
    /// The customer or account that pays the fee, which is a side of the transfer.
    #[serde(rename = "charge-to")]
    pub charge_to: Link,
}

/// The fees of a transfer.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FeeList {
    /// How many there are.
    pub total: i64,
    pub transactions: ::std::vec::Vec<Transfer>,
}

/// What to move, from where, to where.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InitiateTransfer {
    pub amount: Amount,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub clearing: ::std::option::Option<Clearing>,
    /// Up to 255 letters, digits, `-`, `.` and `_`. Found again by listing; no key against repeats.
    #[serde(
        rename = "correlationId",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub correlation_id: ::std::option::Option<::std::string::String>,
    /// Each becomes a transfer of its own. At least 0.01 each, half of the amount at most in all, one payer for all.
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub fees: ::std::vec::Vec<Fee>,
    #[serde(rename = "_links")]
    pub links: InitiateTransferLinks,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub metadata: ::std::option::Option<Metadata>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct InitiateTransferLinks {
    /// A funding source, a customer, an account, or a `mailto:` address.
    pub destination: Link,
    /// A funding source.
    pub source: Link,
}

/// An ACH return code. `R1` and `R01` are the same.
#[derive(
    ::serde::Deserialize,
    ::serde::Serialize,
    Clone,
    Debug,
    Eq,
    Hash,
    Ord,
    PartialEq,
    PartialOrd
)]
#[serde(transparent)]
pub struct ReturnCode(pub ::std::string::String);

impl ::std::ops::Deref for ReturnCode {
    type Target = ::std::string::String;
    fn deref(&self) -> &::std::string::String {
        &self.0
    }
}

impl ::std::convert::From<ReturnCode> for ::std::string::String {
    fn from(value: ReturnCode) -> Self {
        value.0
    }
}

impl ::std::convert::From<::std::string::String> for ReturnCode {
    fn from(value: ::std::string::String) -> Self {
        Self(value)
    }
}

impl ::std::fmt::Display for ReturnCode {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ::std::str::FromStr for ReturnCode {
    type Err = ::std::convert::Infallible;
    fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
        Ok(Self(value.to_string()))
    }
}

/// Why a transfer failed.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct TransferFailure {
    pub code: ReturnCode,
    /// The code in a few words.
    pub description: ::std::string::String,
    /// The code in a sentence.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub explanation: ::std::option::Option<::std::string::String>,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<TransferFailureLinks>,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct TransferFailureLinks {
    /// Its owner.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub customer: ::std::option::Option<Link>,
    /// The funding source that failed.
    #[serde(
        rename = "failed-funding-source",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub failed_funding_source: ::std::option::Option<Link>,
    /// This reason.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
}
