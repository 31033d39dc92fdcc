// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// A named plan of platform fees. At most one tier is the default, which applies to every merchant without an assigned tier.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FeeTier {
    pub created_at: crate::Timestamp,
    pub id: i64,
    pub is_default: bool,
    pub name: ::std::string::String,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FeeTierRateResponse {
    pub created_at: crate::Timestamp,
    pub effective_from: crate::Timestamp,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub effective_to: ::std::option::Option<crate::Timestamp>,
    /// Amount
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fixed_fee: ::std::option::Option<crate::Amount>,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fixed_fee_currency: ::std::option::Option<::std::string::String>,
    pub fx_percentage: crate::AmountText,
    pub id: i64,
    pub operation_type: crate::enums::OperationType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub payment_method: ::std::option::Option<crate::enums::PaymentMethod>,
    pub percentage: crate::AmountText,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub tier: ::std::option::Option<FeeTier>,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FeeTierResponse {
    pub created_at: crate::Timestamp,
    pub id: i64,
    pub is_default: bool,
    pub name: ::std::string::String,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct FeeWithProviderResponse {
    pub created_at: crate::Timestamp,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub effective_from: ::std::option::Option<crate::Timestamp>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub effective_to: ::std::option::Option<crate::Timestamp>,
    /// Amount
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fixed_fee: ::std::option::Option<crate::Amount>,
    /// A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fixed_fee_currency: ::std::option::Option<::std::string::String>,
    pub id: i64,
    pub operation_type: crate::enums::OperationType,
    pub payment_method: crate::enums::PaymentMethod,
    pub percentage: crate::Amount,
    pub provider_id: i64,
    pub updated_at: crate::Timestamp,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct MerchantFeeResponse {
    pub assigned_at: crate::Timestamp,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub assigned_by: ::std::option::Option<::std::string::String>,
    pub id: i64,
    pub owner_id: i64,
    pub owner_type: crate::enums::OwnerType,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub tier: ::std::option::Option<FeeTier>,
}
