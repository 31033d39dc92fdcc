// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// An exact amount of money.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Amount {
    /// `USD`, in some replies `usd`.
    pub currency: ::std::string::String,
    /// A decimal number with two places, such as `225.00`.
    pub value: ::std::string::String,
}

/// How fast each side of a transfer is cleared. A premium feature.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct Clearing {
    /// `next-available` speeds up.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub destination: ::std::option::Option<crate::enums::ClearingSpeed>,
    /// `standard` slows down, `next-available` speeds up.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub source: ::std::option::Option<crate::enums::ClearingSpeed>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct EmbeddedFundingSources {
    #[serde(rename = "funding-sources")]
    pub funding_sources: ::std::vec::Vec<FundingSource>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct EmbeddedProblems {
    pub errors: ::std::vec::Vec<ProblemDetail>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct EmbeddedTransfers {
    pub transfers: ::std::vec::Vec<Transfer>,
}

/// A name for what is wrong. It is written in more than one case, so compare it without regard to case.
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
pub struct ErrorCode(pub ::std::string::String);

impl ::std::ops::Deref for ErrorCode {
    type Target = ::std::string::String;
    fn deref(&self) -> &::std::string::String {
        &self.0
    }
}

impl ::std::convert::From<ErrorCode> for ::std::string::String {
    fn from(value: ErrorCode) -> Self {
        value.0
    }
}

impl ::std::convert::From<::std::string::String> for ErrorCode {
    fn from(value: ::std::string::String) -> Self {
        Self(value)
    }
}

impl ::std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        self.0.fmt(f)
    }
}

impl ::std::str::FromStr for ErrorCode {
    type Err = ::std::convert::Infallible;
    fn from_str(value: &str) -> ::std::result::Result<Self, Self::Err> {
        Ok(Self(value.to_string()))
    }
}

/// A bank account or a balance.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FundingSource {
    #[serde(
        rename = "bankAccountType",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub bank_account_type: ::std::option::Option<crate::enums::BankAccountType>,
    #[serde(rename = "bankName", skip_serializing_if = "::std::option::Option::is_none")]
    pub bank_name: ::std::option::Option<::std::string::String>,
    /// The ways that money can take.
    #[serde(default, skip_serializing_if = "::std::vec::Vec::is_empty")]
    pub channels: ::std::vec::Vec<crate::enums::Channel>,
    /// When it was made.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub created: ::std::option::Option<crate::Timestamp>,
    /// The same for the same bank account.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fingerprint: ::std::option::Option<::std::string::String>,
    pub id: ::std::string::String,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<FundingSourceLinks>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub name: ::std::option::Option<::std::string::String>,
    /// Whether it can no longer be used.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub removed: ::std::option::Option<bool>,
    pub status: crate::enums::FundingSourceStatus,
    #[serde(rename = "type")]
    pub type_: crate::enums::FundingSourceType,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct FundingSourceLinks {
    /// The account that owns it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub account: ::std::option::Option<Link>,
    /// What it holds.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub balance: ::std::option::Option<Link>,
    /// The customer that owns it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub customer: ::std::option::Option<Link>,
    /// Where to begin its verification.
    #[serde(
        rename = "initiate-micro-deposits",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub initiate_micro_deposits: ::std::option::Option<Link>,
    /// Where to remove it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub remove: ::std::option::Option<Link>,
    /// This funding source.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
    /// Where to move money from the balance to it.
    #[serde(
        rename = "transfer-from-balance",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub transfer_from_balance: ::std::option::Option<Link>,
    /// Where to initiate transfers to it.
    #[serde(
        rename = "transfer-receive",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub transfer_receive: ::std::option::Option<Link>,
    /// Where to initiate transfers from it.
    #[serde(
        rename = "transfer-send",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub transfer_send: ::std::option::Option<Link>,
    /// Where to move money from it to the balance.
    #[serde(
        rename = "transfer-to-balance",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub transfer_to_balance: ::std::option::Option<Link>,
    /// The balance beside it.
    #[serde(
        rename = "with-available-balance",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub with_available_balance: ::std::option::Option<Link>,
}

/// The funding sources of an account or a customer.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FundingSourceList {
    #[serde(rename = "_embedded")]
    pub embedded: EmbeddedFundingSources,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<PageLinks>,
}

/// A HAL link.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Link {
    /// An absolute URL. Where it points is for the reader to check before a token goes there.
    pub href: ::std::string::String,
    /// What is found there, such as `transfer`.
    #[serde(
        rename = "resource-type",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub resource_type: ::std::option::Option<::std::string::String>,
    /// A media type.
    #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
    pub type_: ::std::option::Option<::std::string::String>,
}

/// Up to 10 pairs; each key and each value is shorter than 255 characters.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
#[serde(transparent)]
pub struct Metadata(
    pub ::std::collections::BTreeMap<::std::string::String, ::std::string::String>,
);

impl ::std::ops::Deref for Metadata {
    type Target = ::std::collections::BTreeMap<
        ::std::string::String,
        ::std::string::String,
    >;
    fn deref(
        &self,
    ) -> &::std::collections::BTreeMap<::std::string::String, ::std::string::String> {
        &self.0
    }
}

impl ::std::convert::From<Metadata>
for ::std::collections::BTreeMap<::std::string::String, ::std::string::String> {
    fn from(value: Metadata) -> Self {
        value.0
    }
}

impl ::std::convert::From<
    ::std::collections::BTreeMap<::std::string::String, ::std::string::String>,
> for Metadata {
    fn from(
        value: ::std::collections::BTreeMap<::std::string::String, ::std::string::String>,
    ) -> Self {
        Self(value)
    }
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct PageLinks {
    /// The first page.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub first: ::std::option::Option<Link>,
    /// The last page.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub last: ::std::option::Option<Link>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub next: ::std::option::Option<Link>,
    /// The page before, if there is one.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub prev: ::std::option::Option<Link>,
    /// This page.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
}

/// Why a request was refused.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Problem {
    pub code: ErrorCode,
    #[serde(
        rename = "_embedded",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub embedded: ::std::option::Option<EmbeddedProblems>,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<ProblemLinks>,
    /// For a person.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub message: ::std::option::Option<::std::string::String>,
}

/// One thing that is wrong with a request.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct ProblemDetail {
    pub code: ErrorCode,
    /// For a person.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub message: ::std::option::Option<::std::string::String>,
    /// A JSON pointer into the body, such as `/_links/source/href`. Some have none.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub path: ::std::option::Option<::std::string::String>,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct ProblemLinks {
    /// What the request would have made twice.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub about: ::std::option::Option<Link>,
}

/// Why there is no token, in the manner of OAuth.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct TokenProblem {
    pub error: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub error_description: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub error_uri: ::std::option::Option<::std::string::String>,
}

/// A movement of money. Members that are not listed here are ignored; those that describe ACH, RTP and FedNow entries are left out on purpose, because a wrong guess about one of them would make a transfer unreadable.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Transfer {
    pub amount: Amount,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub clearing: ::std::option::Option<Clearing>,
    /// As it was given.
    #[serde(
        rename = "correlationId",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub correlation_id: ::std::option::Option<::std::string::String>,
    /// When it was made.
    pub created: crate::Timestamp,
    /// Upper or lower case, even for one transfer.
    pub id: ::std::string::String,
    /// What the bank statement shows, once cleared.
    #[serde(
        rename = "individualAchId",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub individual_ach_id: ::std::option::Option<::std::string::String>,
    #[serde(rename = "_links")]
    pub links: TransferLinks,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub metadata: ::std::option::Option<Metadata>,
    pub status: crate::enums::TransferStatus,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct TransferLinks {
    /// Where to cancel. It may still be there after a cancellation, so look at the status, too.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub cancel: ::std::option::Option<Link>,
    /// The transfer that this one is a fee of.
    #[serde(
        rename = "created-from-transfer",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub created_from_transfer: ::std::option::Option<Link>,
    /// The owner of the destination, or the destination itself.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub destination: ::std::option::Option<Link>,
    /// The funding source that is paid.
    #[serde(
        rename = "destination-funding-source",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub destination_funding_source: ::std::option::Option<Link>,
    /// The failed transfer that this one is a return fee of.
    #[serde(
        rename = "failed-transfer",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub failed_transfer: ::std::option::Option<Link>,
    /// Why it failed.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub failure: ::std::option::Option<Link>,
    /// Its fees.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fees: ::std::option::Option<Link>,
    /// The transfer that this one funds.
    #[serde(
        rename = "funded-transfer",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub funded_transfer: ::std::option::Option<Link>,
    /// The transfer that funds this one.
    #[serde(
        rename = "funding-transfer",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub funding_transfer: ::std::option::Option<Link>,
    /// This transfer.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
    /// The owner of the source, or the source itself.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub source: ::std::option::Option<Link>,
    /// The funding source that pays.
    #[serde(
        rename = "source-funding-source",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub source_funding_source: ::std::option::Option<Link>,
}

/// A page of transfers. One without its list is unreadable, so that it is never taken for an empty one.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct TransferList {
    #[serde(rename = "_embedded")]
    pub embedded: EmbeddedTransfers,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<PageLinks>,
    /// How many there are on all pages.
    pub total: i64,
}
