//! The provider's API, a file for each tag, and the sandbox's own controls. A route takes a request apart, lets the
//! books decide and puts the reply together in the types of the published API.

mod control;
mod executions;
mod sessions;
mod status;
mod token;

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequest, MatchedPath, Request, State};
use axum::handler::Handler;
use axum::http::HeaderMap;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::{Uuid, Variant};

use crate::app::App;
use crate::faults::layer::{BODY_LIMIT, layer};
use crate::money::Cents;
use crate::problem::{FieldError, Problem};
use crate::shape;

type Shared = State<Arc<App>>;

/// Adds operations of the API document to a router.
trait Serve: Sized {
    /// Serves an operation, written as `POST /v1/sessions/payout`.
    ///
    /// # Panics
    /// When the raw client has no such call: the sandbox serves nothing that the API does not have.
    fn serve<H: Handler<T, Arc<App>>, T: 'static>(self, operation: &str, handler: H) -> Self;
}

impl Serve for Router<Arc<App>> {
    fn serve<H: Handler<T, Arc<App>>, T: 'static>(self, operation: &str, handler: H) -> Self {
        let known = dollr_raw::OPERATIONS
            .iter()
            .find(|known| operation.split_once(' ') == Some((known.method, known.path)))
            .expect("every operation that is served is one of the API");
        let method =
            Method::from_bytes(known.method.as_bytes()).ok().and_then(|method| method.try_into().ok());
        self.route(known.path, on(method.expect("the API uses the usual methods"), handler))
    }
}

/// All routes of one sandbox.
pub(crate) fn router(app: Arc<App>) -> Router {
    let with_token = sessions::routes().merge(executions::routes()).merge(status::routes());
    with_token
        .route_layer(middleware::from_fn_with_state(Arc::clone(&app), authenticated))
        .merge(token::routes())
        .method_not_allowed_fallback(|| async {
            refuse(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "Not Found") })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), layer))
        .nest("/_sandbox", control::routes())
        .layer(middleware::map_response_with_state(Arc::clone(&app), dated))
        .with_state(app)
}

fn refuse(status: StatusCode, detail: &'static str) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

/// Gives a reply the provider's time, which clients go by.
async fn dated(State(app): Shared, mut response: Response) -> Response {
    let date = httpdate::fmt_http_date(app.clock.now().into());
    response.headers_mut().insert(header::DATE, HeaderValue::try_from(date).expect("a date is ASCII"));
    response
}

async fn authenticated(
    State(app): Shared,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    app.tokens.check(&headers, app.clock.now())?;
    Ok(next.run(request).await)
}

/// A JSON body that fits both the API document and its type in the raw client.
struct Payload<T>(T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let operation = format!("{} {path}", parts.method);
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

/// An amount the books can hold.
fn cents(amount: dollr_raw::Amount) -> Result<Cents, Problem> {
    match Cents::exactly(amount.decimal()) {
        Some(cents) if cents.0 > 0 => Ok(cents),
        Some(_) => Err(Problem::field("amount", "less than minimum")),
        None => {
            Err(Problem::field("amount", "ensure that there are no more than 2 decimal places and 16 digits"))
        }
    }
}

/// A value of the books as a value of the API's enums.
fn known<T: FromStr>(name: &str) -> T {
    name.parse().ok().expect("the books hold only values that the API knows")
}

/// A version-4 UUID, which is the only key the provider takes.
fn version_4(reference_id: Uuid) -> Result<Uuid, Problem> {
    let fits = reference_id.get_version_num() == 4 && reference_id.get_variant() == Variant::RFC4122;
    if fits { Ok(reference_id) } else { Err(Problem::field("reference_id", "invalid uuid")) }
}
