//! How answers read: HAL with absolute links to the sandbox itself, and ids as the document of 2018 spells them where
//! its mode is on.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::problem::Refusal;
use super::seed;
use super::switches::Output;

/// The media type of everything but tokens.
pub(crate) const HAL: &str = "application/vnd.dwolla.v1.hal+json";

/// What a request is answered, in a form that can be kept and given again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    status: u16,
    /// The path of what was made.
    location: Option<String>,
    body: Option<Value>,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, location: None, body: Some(body) }
    }

    pub(crate) fn accepted() -> Self {
        Self { status: 202, location: None, body: None }
    }

    /// 201 without a body.
    pub(crate) fn created(path: String) -> Self {
        Self { status: 201, location: Some(path), body: None }
    }

    /// The answer of the sandbox at this address.
    pub(crate) fn at(self, base: &str) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match self.body {
            Some(body) => ([(CONTENT_TYPE, HeaderValue::from_static(HAL))], body.to_string()).into_response(),
            None => ().into_response(),
        };
        *response.status_mut() = status;
        if let Some(location) =
            self.location.and_then(|path| HeaderValue::try_from(format!("{base}{path}")).ok())
        {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.status.as_u16(), location: None, body: refusal.body }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        Answer::from(self).at("")
    }
}

/// Writes links.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    pub(crate) base: String,
    pub(crate) output: Output,
}

impl Pen {
    /// A link to something of the sandbox.
    pub(crate) fn link(&self, path: &str, resource_type: &str) -> Value {
        let href = format!("{}{path}", self.base);
        match self.output {
            Output::Modern => json!({ "href": href, "type": HAL, "resource-type": resource_type }),
            Output::SeedExact => json!({ "href": href }),
        }
    }

    /// An id as it is written.
    pub(crate) fn id(&self, id: Uuid) -> String {
        let text = id.to_string();
        let shouted = self.output == Output::SeedExact && seed::UPPER_CASE.contains(&id);
        if shouted { text.to_uppercase() } else { text }
    }
}

/// Links by their relations, where each may be missing.
pub(crate) fn links(links: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let links = links.into_iter().filter_map(|(rel, link)| Some((rel.to_owned(), link?)));
    Value::Object(links.collect::<Map<_, _>>())
}
