// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

#[allow(unused_imports)]
use super::*;

/// What a simulation did.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug)]
pub struct Simulation {
    #[serde(rename = "_links", skip_serializing_if = "::std::option::Option::is_none")]
    pub links: ::std::option::Option<SimulationLinks>,
    /// How many transfers were settled or failed.
    pub total: i64,
}

/// Each may be missing; others may come.
#[derive(::serde::Deserialize, ::serde::Serialize, Clone, Debug, Default)]
pub struct SimulationLinks {
    /// This simulation.
    #[serde(rename = "self", skip_serializing_if = "::std::option::Option::is_none")]
    pub self_: ::std::option::Option<Link>,
}
