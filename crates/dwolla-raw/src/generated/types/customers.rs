// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// A new customer. Verified ones need more than is listed here.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateCustomer {
    pub email: ::std::string::String,
    #[serde(rename = "firstName")]
    pub first_name: ::std::string::String,
    #[serde(rename = "lastName")]
    pub last_name: ::std::string::String,
    #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
    pub type_: ::std::option::Option<crate::enums::CustomerType>,
}

/// A new bank account.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct CreateFundingSource {
    /// 4 to 17 digits.
    #[serde(rename = "accountNumber")]
    pub account_number: crate::Secret,
    #[serde(rename = "bankAccountType")]
    pub bank_account_type: crate::enums::BankAccountType,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<CreateFundingSourceLinks>,
    /// What its owner calls it. In the provider's sandbox, a return code such as `R01` has its transfers fail.
    pub name: ::std::string::String,
    /// Nine digits, the last of which is a checksum.
    #[serde(rename = "routingNumber")]
    pub routing_number: ::std::string::String,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct CreateFundingSourceLinks {
    /// What its owner agreed to.
    #[serde(
        rename = "on-demand-authorization",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub on_demand_authorization: ::std::option::Option<Link>,
}

/// A customer of the application.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Customer {
    /// When it was made.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub created: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub email: ::std::option::Option<::std::string::String>,
    #[serde(
        rename = "firstName",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub first_name: ::std::option::Option<::std::string::String>,
    pub id: ::std::string::String,
    #[serde(rename = "lastName", skip_serializing_if = "::std::option::Option::is_none")]
    pub last_name: ::std::option::Option<::std::string::String>,
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<CustomerLinks>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub status: ::std::option::Option<crate::enums::CustomerStatus>,
    #[serde(rename = "type", skip_serializing_if = "::std::option::Option::is_none")]
    pub type_: ::std::option::Option<crate::enums::CustomerType>,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct CustomerLinks {
    /// Its funding sources.
    #[serde(
        rename = "funding-sources",
        skip_serializing_if = "::std::option::Option::is_none"
    )]
    pub funding_sources: ::std::option::Option<Link>,
    /// Where to initiate transfers to it.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub receive: ::std::option::Option<Link>,
    /// This customer.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
    /// Where to initiate transfers from it, if it may send.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub send: ::std::option::Option<Link>,
    /// Its transfers.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub transfers: ::std::option::Option<Link>,
}
