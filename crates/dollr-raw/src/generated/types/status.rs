// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct PaymentSourceStatusResponse {
    pub currency: ::std::string::String,
    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
    pub paid_at: ::std::option::Option<crate::Timestamp>,
    pub source_id: i64,
    pub source_number: ::std::string::String,
    pub source_type: crate::enums::SourceType,
    pub status: crate::enums::SourceStatus,
    pub total_amount: crate::Amount,
}
