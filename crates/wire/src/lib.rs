//! What every generated client needs beside its types: the hook through which it sends, its base URL, how a reply is
//! read, and the few types that no schema can say.
//!
//! What must stay true: nothing here knows a provider, and nothing sends on its own account. A client sends each request
//! once, through its [`HttpTransport`], to the [`BaseUrl`] that it was made with and to no other place.

mod base_url;
mod open_enum;
mod operation;
mod reply;
mod secret;
mod timestamp;
mod transport;

pub use base_url::{BaseUrl, NoUrl};
pub use open_enum::UnknownValue;
#[doc(hidden)]
pub use open_enum::known_or;
pub use operation::{Auth, OperationMeta};
pub use reply::read;
pub use secret::Secret;
pub use timestamp::Timestamp;
pub use transport::{Direct, HttpTransport, Reply, Transport};

/// The generator's own parts, for the macros.
#[doc(hidden)]
pub use progenitor_client;
