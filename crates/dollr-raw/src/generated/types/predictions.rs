// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct AmountAndFeePredictionResponse {
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub fx_fee: ::std::option::Option<crate::AmountText>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub gateway_currency: ::std::option::Option<::std::string::String>,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub gateway_fee: ::std::option::Option<crate::AmountText>,
    pub payee_amount: crate::AmountText,
    pub payee_currency: ::std::string::String,
    pub payer_amount: crate::AmountText,
    pub payer_currency: ::std::string::String,
    pub platform_currency: ::std::string::String,
    pub platform_fee: crate::AmountText,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PredictCardPaymentInfoResponse {
    pub brand: ::std::string::String,
    pub country: ::std::string::String,
    pub currencies: ::std::vec::Vec<::std::string::String>,
    pub gateway_provider: crate::enums::PaymentProvider,
    pub operation_type: crate::enums::OperationType,
    pub payment_method: crate::enums::PaymentMethod,
    pub payment_method_id: ::std::string::String,
}

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PredictPhonePaymentInfoResponse {
    pub carrier: ::std::string::String,
    pub country: ::std::string::String,
    pub currencies: ::std::vec::Vec<::std::string::String>,
    pub gateway_provider: crate::enums::PaymentProvider,
    pub operation_type: crate::enums::OperationType,
    pub payment_method: crate::enums::PaymentMethod,
    pub phone: ::std::string::String,
}
