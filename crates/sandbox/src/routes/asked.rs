//! What a route takes from a request: who calls, the body, the query and the names in the path. Whatever does not fit
//! the API document is refused here, before a route sees it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request};
use bytes::Bytes;
use dollr_raw::enums::SourceType;
use http::header;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::{Uuid, Variant};

use crate::app::App;
use crate::faults::layer::BODY_LIMIT;
use crate::merchants::Merchant;
use crate::money::Cents;
use crate::problem::{FieldError, Problem};
use crate::shape;
use crate::sources::SourceKind;
use crate::store::Books;

/// The merchant whose token the request carries.
pub(super) struct Caller {
    pub(super) app: Arc<App>,
    pub(super) merchant: Merchant,
}

impl Caller {
    /// Does work for the caller, who sees nobody else's things.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Books<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let merchant = self.merchant;
        self.app.store.run(move |books| work(&books.of(merchant))).await
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let merchant = parts.extensions.get::<Merchant>().copied().ok_or_else(Problem::unauthorized)?;
        Ok(Self { app: Arc::clone(app), merchant })
    }
}

/// A caller who may move money and hand out links.
pub(super) struct Verified(pub(super) Caller);

impl FromRequestParts<Arc<App>> for Verified {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.merchant.must_be_verified()?;
        Ok(Self(caller))
    }
}

/// A JSON body that fits both the API document and its type in the raw client.
pub(super) struct Payload<T>(pub(super) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let operation = operation(&parts);
        let is_json = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
            kind.to_str().is_ok_and(|kind| kind.split(';').next().unwrap_or("").trim().ends_with("json"))
        });
        let bytes: Bytes = axum::body::to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
        if !is_json && !bytes.is_empty() {
            return Err(whole_body("value is not a valid dict", "type_error.dict"));
        }
        shape::body(&operation, &bytes)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|_| {
            // The document takes any string for a reference id; the type, like the provider, only a UUID.
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
            match value["reference_id"].as_str() {
                Some(text) if text.parse::<Uuid>().is_err() => Problem::field("reference_id", "invalid uuid"),
                _ => whole_body("value is not valid", "value_error"),
            }
        })
    }
}

fn whole_body(msg: &'static str, kind: &'static str) -> Problem {
    Problem::fields(vec![FieldError { loc: vec![json!("body")], msg: msg.into(), kind }])
}

fn operation(parts: &Parts) -> String {
    let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    format!("{} {path}", parts.method)
}

/// A query that fits the API document.
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    /// A parameter, if it was given.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that the document requires.
    pub(super) fn required(&self, name: &str) -> &str {
        self.get(name).expect("the document requires the parameter, which has been checked")
    }

    /// A parameter that the document says is an integer.
    pub(super) fn integer(&self, name: &'static str) -> Result<Option<i64>, Problem> {
        let too_large = |_| Problem::query(name, "value is not a valid integer");
        self.get(name).map(|text| text.parse().map_err(too_large)).transpose()
    }

    /// The parameter `source_type`. Subscriptions are in the document and nowhere else.
    pub(super) fn source_kind(&self) -> Result<SourceKind, Problem> {
        SourceKind::named(self.required("source_type"))
            .ok_or_else(|| Problem::query("source_type", "subscriptions are not supported"))
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<HashMap<String, String>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::at(&[json!("query")], "value is not a valid dict"))?;
        shape::query(&operation(parts), &query)?;
        Ok(Self(query))
    }
}

/// The names in a path.
pub(super) struct Names(HashMap<String, String>);

impl Names {
    /// A name as it was given; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// An id; what is no number is the id of nothing.
    pub(super) fn id(&self, name: &str) -> Option<i64> {
        self.text(name).parse().ok()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Names {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let names = Path::<HashMap<String, String>>::from_request_parts(parts, state).await;
        names.map(|Path(names)| Self(names)).map_err(|_| Problem::not_found("Not Found"))
    }
}

/// An amount the books can hold, from this place of the body.
pub(super) fn cents_at(amount: dollr_raw::Amount, loc: &[serde_json::Value]) -> Result<Cents, Problem> {
    match Cents::exactly(amount.decimal()) {
        Some(cents) if cents.0 > 0 => Ok(cents),
        Some(_) => Err(Problem::at(loc, "less than minimum")),
        None => Err(Problem::at(loc, "ensure that there are no more than 2 decimal places and 16 digits")),
    }
}

/// The amount of a body.
pub(super) fn cents(amount: dollr_raw::Amount) -> Result<Cents, Problem> {
    cents_at(amount, &[json!("body"), json!("amount")])
}

/// The kind of source that a body names in this field.
pub(super) fn source_kind(named: &SourceType, field: &'static str) -> Result<SourceKind, Problem> {
    SourceKind::named(named.as_str()).ok_or_else(|| Problem::field(field, "invalid enum"))
}

/// A version-4 UUID, which is the only key the provider takes.
pub(super) fn version_4(reference_id: Uuid) -> Result<Uuid, Problem> {
    let fits = reference_id.get_version_num() == 4 && reference_id.get_variant() == Variant::RFC4122;
    if fits { Ok(reference_id) } else { Err(Problem::field("reference_id", "invalid uuid")) }
}
