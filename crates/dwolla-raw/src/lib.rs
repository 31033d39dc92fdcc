//! The transfers of the Dwolla API, call by call, as far as they are publicly known.
//!
//! Depend on `dwolla` instead. This crate sends what it is told to send, once, and knows nothing of tokens, of
//! retries, or of a payment that must not be made twice; the facade adds all of that through [`HttpTransport`].
//! What is reachable here is for the facade, for the sandbox (which speaks these types from the other side) and for
//! the rare caller who needs an endpoint that the facade does not offer.
//!
//! # What is guaranteed
//!
//! - A transfer can be sent as the exact bytes that were written down for it ([`Client::initiate_transfer_exact`]), and
//!   the same request is the same bytes each time it is written, whatever order its metadata came in.
//! - Replies of 2018 and of today are read alike: links with and without a type, a currency in either case. Texts are
//!   kept as they came; to fold them is for the facade.
//! - A value or a member that the provider adds does not make a reply unreadable ([`enums`]).
//! - `Debug` of a request or reply never shows a secret ([`Secret`]).
//! - A failure keeps its status, headers and body: every reply that is no success is
//!   [`Error::UnexpectedResponse`], and its body, as a rule, a [`types::Problem`]. Do not show or log an [`Error`]; it
//!   may print the body.
//! - What was made is named by the `Location` of the reply, and nothing here follows it.
//!
//! # How it is made
//!
//! Everything under `src/generated` is written by `cargo xtask generate` from `openapi.dwolla.json`, which this project
//! wrote: each `x-known` in it says how sure a fact is. `cargo xtask generate --check` fails while the two disagree.

mod exact;
#[rustfmt::skip]
#[allow(clippy::all, missing_docs, unreachable_pub, reason = "the generator documents what the spec documents")]
mod generated;

pub use generated::operations::OPERATIONS;
pub use generated::{Client, Error, ResponseValue, enums, types};
pub use payonce_wire::{
    Auth, Direct, HttpTransport, OperationMeta, Reply, Secret, Timestamp, Transport, UnknownValue,
};

payonce_wire::transported!(Client);
