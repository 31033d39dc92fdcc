// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

mod accounts;
mod customers;
mod funding_sources;
mod on_demand_authorizations;
mod root;
mod sandbox_simulations;
mod token;
mod transfers;
