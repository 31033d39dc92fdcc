//! Refusals in the shapes the provider gives them: a code and a message; with the list of what is wrong under
//! `_embedded` when the request itself is; and OAuth's own shape at the token endpoint. Nothing a client sent is repeated.

use http::StatusCode;
use serde_json::{Value, json};

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Value>,
}

/// One thing that is wrong with a request: a code, and the JSON pointer to the member, where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) code: &'static str,
    pub(crate) path: Option<&'static str>,
    pub(crate) message: &'static str,
}

impl Wrong {
    pub(crate) fn at(code: &'static str, path: &'static str, message: &'static str) -> Self {
        Self { code, path: Some(path), message }
    }

    pub(crate) fn required(path: &'static str) -> Self {
        Self::at("Required", path, "Required.")
    }
}

impl From<Wrong> for Refusal {
    fn from(wrong: Wrong) -> Self {
        let mut error = json!({ "code": wrong.code, "message": wrong.message, "_links": {} });
        if let Some(path) = wrong.path {
            error["path"] = json!(path);
        }
        Self::with_body(
            StatusCode::BAD_REQUEST,
            json!({
                "code": "ValidationError",
                "message": "Validation error(s) present. See embedded errors list for more details.",
                "_embedded": { "errors": [error] },
            }),
        )
    }
}

impl Refusal {
    fn with_body(status: StatusCode, body: Value) -> Self {
        Self { status, body: Some(body) }
    }

    /// A code and a message.
    pub(crate) fn coded(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self::with_body(status, json!({ "code": code, "message": message }))
    }

    pub(crate) fn bad_request(message: &'static str) -> Self {
        Self::coded(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(crate) fn unauthorized(code: &'static str, message: &'static str) -> Self {
        Self::coded(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(crate) fn forbidden() -> Self {
        Self::coded(StatusCode::FORBIDDEN, "Forbidden", "Not authorized to perform this action.")
    }

    pub(crate) fn not_found() -> Self {
        Self::coded(StatusCode::NOT_FOUND, "NotFound", "The requested resource was not found.")
    }

    pub(crate) fn invalid_state(message: &'static str) -> Self {
        Self::coded(StatusCode::FORBIDDEN, "InvalidResourceState", message)
    }

    pub(crate) fn stopped() -> Self {
        Self::coded(StatusCode::SERVICE_UNAVAILABLE, "ServerError", "The sandbox is shutting down.")
    }

    /// The bank that is there already.
    pub(crate) fn duplicate(about: &str) -> Self {
        Self::with_body(
            StatusCode::BAD_REQUEST,
            json!({
                "code": "DuplicateResource",
                "message": "Bank already exists.",
                "_links": { "about": { "href": about } },
            }),
        )
    }

    /// What the token endpoint answers.
    pub(crate) fn oauth(status: StatusCode, error: &'static str) -> Self {
        Self::with_body(status, json!({ "error": error }))
    }

    /// The provider's shape for a status that has nothing to do with what was asked.
    pub(crate) fn of_status(status: StatusCode, sentence: &'static str) -> Self {
        let code = match status.as_u16() {
            401 => "ExpiredAccessToken",
            403 => "Forbidden",
            404 => "NotFound",
            405 => "MethodNotAllowed",
            406 => "InvalidVersion",
            409 => "Conflict",
            429 => "TooManyRequests",
            500.. => "ServerError",
            _ => "BadRequest",
        };
        Self::coded(status, code, sentence)
    }
}
