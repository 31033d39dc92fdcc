//! The way to a provider: one HTTP client, a token that all share, limits, and a note of what came back.
//!
//! A facade names its provider once, by [`Provider`], and makes a [`Wire`] for it. Every call is made by [`once!`] or
//! [`ask!`] and comes back as [`Seen`]; what that means for a payment is the facade's to say. [`Common`] holds the settings
//! that every facade's builder has.
//!
//! # What holds
//!
//! - A request is put on the wire once. The only repeat is of a call that moves no money, after a 401.
//! - A request goes to the base URL's scheme, host and port and nowhere else: a generated call joins a path to it, no
//!   redirect is followed, and nothing goes to another machine in the clear.
//! - A reply is read up to a limit, and a request has a time limit.
//! - No secret is in an error, in `Debug` or in what is traced: what the provider says is searched for them first.

mod address;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod call;
mod config;
mod exchange;
mod kept;
mod open_enum;
mod provider;
mod redact;
mod seen;
mod settings;
mod token;
mod wire;

pub use address::{Address, HttpSettings, tls};
pub use call::{Call, located};
pub use kept::Kept;
pub use payonce_wire::Transport;
pub use provider::{Grant, Heard, Provider};
pub use redact::{Clean, hide, redact};
pub use seen::{Head, Seen, blame, created, retry, setback, unreadable};
pub use settings::{Common, Names, Place, Ready, Variables, setting, wrong};
pub use wire::Wire;
