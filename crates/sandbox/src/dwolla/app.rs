//! What every route shares, and how this provider answers the questions that all providers are asked.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use serde::Deserialize;
use uuid::Uuid;

use super::idempotency::{Call, Underway};
use super::problem::Refusal;
use super::routes::known;
use super::store::Store;
use super::volume::Volume;
use crate::problem::Problem;
use crate::provider::{Desk, Provider};

/// The header that a request is known by.
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// One sandbox: one desk, one store, one ledger in it.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) desk: Desk,
    pub(crate) store: Arc<Store>,
    pub(crate) underway: Underway,
    pub(crate) volume: Volume,
}

#[derive(Deserialize)]
struct Peek {
    #[serde(rename = "correlationId")]
    correlation_id: Option<Uuid>,
}

impl Provider for App {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn knows(operation: &str) -> bool {
        known(operation).is_some()
    }

    /// The `Idempotency-Key`, else the `correlationId` of the body or of the query, where it is a UUID.
    fn reference_id(parts: &Parts, _: &str, body: &Bytes) -> Option<Uuid> {
        let key = key(&parts.headers).and_then(|key| key.parse().ok());
        let in_body = || serde_json::from_slice::<Peek>(body).ok().and_then(|peek| peek.correlation_id);
        let in_query = || {
            let mut pairs = parts.uri.query().into_iter().flat_map(|query| query.split('&'));
            pairs.find_map(|pair| pair.strip_prefix("correlationId=")).and_then(|id| id.parse().ok())
        };
        key.or_else(|| if body.is_empty() { in_query() } else { in_body() })
    }

    fn request_id(number: u64) -> String {
        // A UUID, as the provider has it, that still counts.
        Uuid::from_u128(0x4000_8000_0000_0000_0000 | u128::from(number)).to_string()
    }

    fn refusal(status: StatusCode, sentence: &'static str) -> Response {
        Refusal::of_status(status, sentence).into_response()
    }

    /// A key under which the provider failed is locked.
    async fn failed(&self, parts: &Parts, body: &Bytes, status: StatusCode) {
        if status != StatusCode::INTERNAL_SERVER_ERROR || parts.method != Method::POST {
            return;
        }
        let Some(call) = call(&parts.headers, parts.uri.path(), body) else { return };
        let lock = self.store.run(|books| {
            books.lock_key(&call);
            Ok(())
        });
        // A sandbox that is stopping locks nothing.
        let _ = lock.await;
    }

    async fn worded(&self, reply: Response, _: &Bytes) -> Response {
        reply
    }

    async fn revoke(&self, headers: &HeaderMap) {
        let Some(token) = bearer(headers).map(str::to_owned) else { return };
        let revoke = self.store.run(move |books| {
            let now = books.now;
            books.tokens.change(&token, |token| token.expires_at = token.expires_at.min(now));
            Ok(())
        });
        // A sandbox that is stopping lets no token pass anyway.
        let _ = revoke.await;
    }

    async fn keep_clock(&self) -> Result<(), Problem> {
        self.store.run(|_| Ok(())).await.map_err(|_| Problem::Stopped)
    }

    async fn reset(&self) -> Result<(), Problem> {
        let reset = self.store.run(|books| {
            books.reset();
            Ok(())
        });
        reset.await.map_err(|_| Problem::Stopped)?;
        self.desk.faults.clear();
        self.desk.requests.clear();
        Ok(())
    }
}

fn key(headers: &HeaderMap) -> Option<&str> {
    headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok())
}

/// A request as its key knows it; nothing when it has none.
pub(crate) fn call(headers: &HeaderMap, path: &str, body: &[u8]) -> Option<Call> {
    let body = String::from_utf8_lossy(body).into_owned();
    key(headers).map(|key| Call { path: path.to_lowercase(), key: key.to_owned(), body })
}

/// The token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
