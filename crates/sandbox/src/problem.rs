//! Refusals in the shape the provider gives them: `detail` is a sentence for 401, 403, 404 and 5xx, and a list of
//! `loc`, `msg`, `type` for 422. Nothing a client sent is ever repeated in a refusal.

use std::borrow::Cow;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

/// Why a request was not carried out.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The provider says no.
    Refused { status: StatusCode, detail: Detail },
    /// The database failed; nothing of the request was kept.
    Storage(rusqlite::Error),
    /// The sandbox is shutting down; nothing of the request was kept.
    Stopped,
}

/// The `detail` member of an error body.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Detail {
    Sentence(Cow<'static, str>),
    Fields(Vec<FieldError>),
}

/// One entry of a 422.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct FieldError {
    pub(crate) loc: Vec<Value>,
    pub(crate) msg: Cow<'static, str>,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

impl Problem {
    /// A refusal whose `detail` is a sentence.
    pub(crate) fn sentence(status: StatusCode, detail: &'static str) -> Self {
        Self::Refused { status, detail: Detail::Sentence(detail.into()) }
    }

    /// A 422 that names one field of the body.
    pub(crate) fn field(field: &'static str, msg: &'static str) -> Self {
        Self::at(&[json!("body"), json!(field)], msg)
    }

    /// A 422 for a field of the body that is needed here, though the document lets it be left out.
    pub(crate) fn missing(field: &'static str) -> Self {
        let loc = vec![json!("body"), json!(field)];
        Self::fields(vec![FieldError { loc, msg: "field required".into(), kind: "value_error.missing" }])
    }

    /// A 422 that names one parameter of the query.
    pub(crate) fn query(parameter: &'static str, msg: &'static str) -> Self {
        Self::at(&[json!("query"), json!(parameter)], msg)
    }

    /// A 422 about the state of what the path names.
    pub(crate) fn state(parameter: &'static str, msg: &'static str) -> Self {
        Self::at(&[json!("path"), json!(parameter)], msg)
    }

    /// A 422 that names one place.
    pub(crate) fn at(loc: &[Value], msg: &'static str) -> Self {
        Self::fields(vec![FieldError { loc: loc.to_vec(), msg: msg.into(), kind: "value_error" }])
    }

    /// A 422 with everything that is wrong.
    pub(crate) fn fields(errors: Vec<FieldError>) -> Self {
        Self::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, detail: Detail::Fields(errors) }
    }

    pub(crate) fn not_found(detail: &'static str) -> Self {
        Self::sentence(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::sentence(StatusCode::UNAUTHORIZED, "Could not validate credentials")
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::Refused { status, detail } => (status, detail),
            Self::Storage(error) => {
                tracing::error!(%error, "the sandbox's database failed; the request was undone");
                (StatusCode::INTERNAL_SERVER_ERROR, Detail::Sentence("Internal Server Error".into()))
            }
            Self::Stopped => {
                (StatusCode::SERVICE_UNAVAILABLE, Detail::Sentence("Service Unavailable".into()))
            }
        };
        let body = Json(json!({ "detail": detail }));
        if status == StatusCode::UNAUTHORIZED {
            return (status, [(http::header::WWW_AUTHENTICATE, "Bearer")], body).into_response();
        }
        (status, body).into_response()
    }
}
