//! The Dollr Open API, call by call, exactly as the provider describes it.
//!
//! Depend on `dollr` instead. This crate sends what it is told to send, once, and knows nothing of tokens, of
//! retries, or of a payment that must not be made twice; the facade adds all of that through [`HttpTransport`].
//! What is reachable here is for the facade, for the sandbox (which speaks these types from the other side) and for
//! the rare caller who needs an endpoint that the facade does not offer.
//!
//! # What is guaranteed
//!
//! - An amount is an exact decimal, on the wire too: `500.00` stays `500.00` ([`Amount`], [`AmountText`]).
//! - A value or a field that the provider adds does not make a reply unreadable ([`enums`]).
//! - `Debug` of a request or reply never shows a secret ([`Secret`]).
//! - A failure keeps its status, headers and body: every reply that is no success is
//!   [`Error::UnexpectedResponse`]. Do not show or log an [`Error`]; it may print the body.
//!
//! # How it is made
//!
//! Everything under `src/generated` is written by `cargo xtask generate` from `openapi.json` and the reviewed fixes
//! in `xtask/specs/dollr.overlay.json`, and is never edited by hand. To take a new version of the spec, replace
//! `openapi.json`, run the command, and read the two diffs side by side: a changed field is one changed field in the
//! file of its tag. `cargo xtask generate --check` fails while the two disagree.

mod amount;
#[rustfmt::skip]
#[allow(clippy::all, missing_docs, unreachable_pub, reason = "the generator documents what the spec documents")]
mod generated;

pub use amount::{Amount, AmountError, AmountText};
pub use generated::operations::OPERATIONS;
pub use generated::{Client, Error, ResponseValue, enums, types};
pub use payonce_wire::{
    Auth, Direct, HttpTransport, OperationMeta, Reply, Secret, Timestamp, Transport, UnknownValue,
};

/// The provider's document that this crate is generated from, without the fixes: OpenAPI 3.1, as JSON.
pub const DOCUMENT: &str = include_str!("../../../openapi.json");

payonce_wire::transported!(Client);
