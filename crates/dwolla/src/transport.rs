//! The way to Dwolla: what it is told of the provider. All the rest of it is every facade's.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use payonce::{Error, Secret};
use payonce_rest::{Clean, Grant, Provider, wrong};
pub(crate) use payonce_rest::{ask, located, once};
use reqwest::header::HeaderValue;

use crate::classify::Problem;
use crate::config::NAMES;
use crate::raw::enums::GrantType;
use crate::raw::{self, ResponseValue, types};

/// The way to Dwolla, shared by every call of a client.
pub(crate) type Wire = payonce_rest::Wire<Credentials>;

/// What Dwolla knows an application by.
pub(crate) struct Credentials {
    basic: HeaderValue,
}

impl Credentials {
    /// The credentials, and everything of them that must not be repeated.
    pub(crate) fn new(key: &str, secret: &Secret) -> Result<(Self, Vec<Secret>), Error> {
        // HTTP Basic ends the key at the first colon.
        if key.contains(':') {
            return Err(wrong(NAMES.client_id, "holds a colon"));
        }
        let encoded = STANDARD.encode(format!("{key}:{}", secret.expose()));
        let basic = HeaderValue::from_str(&format!("Basic {encoded}"));
        let mut basic = basic.expect("base64 is plain ASCII");
        basic.set_sensitive(true);
        Ok((Self { basic }, vec![secret.clone(), Secret::new(encoded)]))
    }
}

impl Provider for Credentials {
    type Client = raw::Client;
    type Problem = Problem;

    const HISTOGRAM: &'static str = "dwolla_request_seconds";
    const TOKEN: &'static str = "obtain_token";
    // A list without the transfer says that there was none by then.
    const READS_ARE_DATED: bool = true;

    fn moves_money(operation: &str) -> bool {
        operation == "initiate_transfer"
    }

    fn with_transport(client: &raw::Client, transport: raw::Transport) -> raw::Client {
        client.with_transport(transport)
    }

    async fn grant(&self, client: &raw::Client) -> Result<ResponseValue<Grant>, raw::Error<()>> {
        let ask = types::TokenRequest {
            client_id: None,
            client_secret: None,
            grant_type: GrantType::ClientCredentials,
        };
        client.obtain_token(&ask).await?.map(|reply| {
            let seconds = u64::try_from(reply.expires_in).unwrap_or_default();
            Grant { token: reply.access_token, lives: Duration::from_secs(seconds) }
        })
    }

    fn authorization(&self) -> Option<&HeaderValue> {
        Some(&self.basic)
    }

    fn problem(body: &[u8], clean: Clean<'_>) -> Option<Problem> {
        Problem::read(body, clean)
    }

    fn refusal(status: u16, why: &str) -> (serde_json::Value, &'static str) {
        let code = match status {
            401 => "InvalidAccessToken",
            403 => "Forbidden",
            429 => "TooManyRequests",
            500.. => "ServerError",
            _ => "BadRequest",
        };
        (serde_json::json!({ "code": code, "message": why }), "application/vnd.dwolla.v1.hal+json")
    }

    payonce_rest::traced!();
}
