//! The way to Dollr: what it is told of the provider. All the rest of it is every facade's.

use std::time::Duration;

use payonce_rest::{Clean, Grant, Provider};
pub(crate) use payonce_rest::{ask, once};

use crate::classify::Problem;
use crate::raw::types::ClientCredentialObtainTokenPayload;
use crate::raw::{self, ResponseValue};

/// The way to Dollr, shared by every call of a client.
pub(crate) type Wire = payonce_rest::Wire<Credentials>;

/// What Dollr knows a client by.
pub(crate) struct Credentials(pub(crate) ClientCredentialObtainTokenPayload);

impl Provider for Credentials {
    type Client = raw::Client;
    type Problem = Problem;

    const HISTOGRAM: &'static str = "dollr_request_seconds";
    const TOKEN: &'static str = "obtain_token";

    fn moves_money(operation: &str) -> bool {
        operation.starts_with("execute_")
    }

    fn with_transport(client: &raw::Client, transport: raw::Transport) -> raw::Client {
        client.with_transport(transport)
    }

    async fn grant(&self, client: &raw::Client) -> Result<ResponseValue<Grant>, raw::Error<()>> {
        client.obtain_token(&self.0).await?.map(|reply| {
            let minutes = u64::try_from(reply.expires_in).unwrap_or_default();
            Grant { token: reply.access_token, lives: Duration::from_secs(minutes.saturating_mul(60)) }
        })
    }

    fn problem(body: &[u8], clean: Clean<'_>) -> Option<Problem> {
        Problem::read(body, clean)
    }

    fn refusal(_: u16, why: &str) -> (serde_json::Value, &'static str) {
        (serde_json::json!({ "detail": why }), "application/json")
    }

    payonce_rest::traced!();
}
