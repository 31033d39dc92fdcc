//! What the way to a provider has to be told of it, in one place.

use std::fmt;
use std::time::Duration;

use payonce_wire::{Secret, Transport};
use progenitor_client::{ClientInfo, Error, ResponseValue};
use reqwest::header::HeaderValue;

use crate::redact::Clean;

/// A provider, as far as the way to it differs from others; and the credentials it knows us by.
pub trait Provider: Send + Sync + 'static {
    /// The generated client.
    type Client: ClientInfo<Transport> + Send + Sync;
    /// The provider's own words on why not, as they are shown.
    type Problem: fmt::Display + Send;

    /// The name of the histogram of how long requests take, in seconds.
    const HISTOGRAM: &'static str;
    /// The operation that a token is asked for by. It is sent without one.
    const TOKEN: &'static str;
    /// Whether it matters when a read was answered, by the provider's clock. Where it does not, a reply's `Date` is left
    /// unread, because status reads are most of what is sent.
    const READS_ARE_DATED: bool = false;

    /// Whether an operation may move money, and so must never be repeated here.
    fn moves_money(operation: &str) -> bool;

    /// The same client with another transport.
    fn with_transport(client: &Self::Client, transport: Transport) -> Self::Client;

    /// Asks for a token.
    fn grant(
        &self,
        client: &Self::Client,
    ) -> impl Future<Output = Result<ResponseValue<Grant>, Error<()>>> + Send;

    /// What the request for a token carries in `Authorization`, if the credentials are not in its body. Marked sensitive.
    fn authorization(&self) -> Option<&HeaderValue> {
        None
    }

    /// Reads the body of a refusal: none if it is not the provider's own, but a proxy's page.
    fn problem(body: &[u8], clean: Clean<'_>) -> Option<Self::Problem>;

    /// A refusal of that status, for that reason, as the provider writes one, and its media type.
    fn refusal(status: u16, why: &str) -> (serde_json::Value, &'static str);

    /// Whether anyone listens to what is traced. Written by [`traced!`](crate::traced).
    fn is_traced() -> bool;

    /// Traces a request. Written by [`traced!`](crate::traced).
    fn trace(operation: &'static str, heard: Heard, elapsed_ms: u64);
}

/// A token that was granted, and how long it lives.
#[derive(Debug)]
pub struct Grant {
    /// The token.
    pub token: Secret,
    /// How long it can be used from now on.
    pub lives: Duration,
}

/// What came of a request, as far as it is traced.
#[derive(Debug)]
pub enum Heard {
    /// A reply of that status, with the provider's own id of the request.
    Answer(u16, Option<String>),
    /// None: whether the time was up, and whether there was not even a connection.
    Nothing {
        /// The time limit was reached.
        timeout: bool,
        /// No connection was made.
        connect: bool,
    },
}

/// Writes those functions of a [`Provider`] that trace, so that what they say is filtered by the facade's own name. The
/// facade depends on `tracing`.
#[macro_export]
macro_rules! traced {
    () => {
        fn is_traced() -> bool {
            tracing::enabled!(tracing::Level::DEBUG)
        }

        fn trace(operation: &'static str, heard: $crate::Heard, elapsed_ms: u64) {
            match heard {
                $crate::Heard::Answer(status, request_id) => {
                    tracing::debug!(operation, status, request_id, elapsed_ms, "answered");
                }
                $crate::Heard::Nothing { timeout, connect } => {
                    tracing::debug!(operation, timeout, connect, elapsed_ms, "no answer");
                }
            }
        }
    };
}
