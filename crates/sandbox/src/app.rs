//! What every route shares.

use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::feed::{Change, Feed};
use crate::problem::Problem;
use crate::provider::{Desk, Provider};
use crate::shape;
use crate::store::{self, Store};
use crate::switches::{ErrorText, in_pydantic_v2};
use crate::tokens::Tokens;

/// One sandbox: one desk, one store, one ledger in it.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) desk: Desk,
    pub(crate) store: Arc<Store>,
    pub(crate) tokens: Tokens,
    pub(crate) feed: Feed,
}

#[derive(Deserialize)]
struct Peek {
    reference_id: Option<Uuid>,
}

impl App {
    /// The address of a page, which is on this sandbox.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.desk.url())
    }
}

impl Provider for App {
    fn desk(&self) -> &Desk {
        &self.desk
    }

    fn knows(operation: &str) -> bool {
        shape::knows(operation)
    }

    /// In the body of an execution, or at the end of the path of a status read.
    fn reference_id(parts: &Parts, template: &str, body: &Bytes) -> Option<Uuid> {
        if template.ends_with("{reference_id}") {
            return parts.uri.path().rsplit('/').next().and_then(|last| last.parse().ok());
        }
        if body.is_empty() {
            return None;
        }
        serde_json::from_slice::<Peek>(body).ok().and_then(|peek| peek.reference_id)
    }

    fn request_id(number: u64) -> String {
        format!("req-{number:08}")
    }

    fn refusal(status: StatusCode, sentence: &'static str) -> Response {
        (status, Json(json!({ "detail": sentence }))).into_response()
    }

    async fn failed(&self, _: &Parts, _: &Bytes, _: StatusCode) {}

    async fn worded(&self, reply: Response, body: &Bytes) -> Response {
        let text = self.store.terms().switches.error_text;
        if text != ErrorText::PydanticV2 || reply.status() != StatusCode::UNPROCESSABLE_ENTITY {
            return reply;
        }
        let status = reply.status();
        let said = to_bytes(reply.into_body(), usize::MAX).await.unwrap_or_default();
        let said = serde_json::from_slice(&said).unwrap_or_default();
        let input = serde_json::from_slice(body).unwrap_or_default();
        (status, Json(in_pydantic_v2(said, &input))).into_response()
    }

    async fn revoke(&self, headers: &HeaderMap) {
        self.tokens.revoke(headers).await;
    }

    async fn keep_clock(&self) -> Result<(), Problem> {
        self.store.run(|_| Ok(())).await
    }

    async fn reset(&self) -> Result<(), Problem> {
        self.store.run(store::reset).await?;
        self.tokens.forget();
        self.desk.faults.clear();
        self.desk.requests.clear();
        self.feed.tell(Change::Reset);
        Ok(())
    }
}
