// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

mod accounts;
mod customers;
mod funding_sources;
mod on_demand_authorizations;
mod root;
mod sandbox_simulations;
mod shared;
mod token;
mod transfers;
pub use self::accounts::*;
pub use self::customers::*;
pub use self::funding_sources::*;
pub use self::on_demand_authorizations::*;
pub use self::root::*;
pub use self::sandbox_simulations::*;
pub use self::shared::*;
pub use self::token::*;
pub use self::transfers::*;
