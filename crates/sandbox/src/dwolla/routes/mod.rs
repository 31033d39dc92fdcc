//! The provider's API, a file for each resource, and the sandbox's own controls. A route takes a request apart and lets
//! the books decide.

mod accounts;
mod control;
mod customers;
mod funding_sources;
mod simulations;
mod token;
mod transfers;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, MatchedPath, Query, RawPathParams, Request, State};
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::on;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use dwolla_raw::OperationMeta;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{Method, StatusCode};
use uuid::Uuid;

use super::app::{App, bearer, call};
use super::books::Books;
use super::hal::{Answer, HAL};
use super::idempotency::Call;
use super::problem::Refusal;
use super::switches::Keys;
use crate::faults::layer::{BODY_LIMIT, UntilAnswered, View, layer};
use crate::guard;
use crate::provider::{Provider, dated};

type Shared = State<Arc<App>>;

/// Adds operations to a router.
trait Serve: Sized {
    /// Serves an operation, written as `POST /transfers/{id}`.
    ///
    /// # Panics
    /// When the raw client has no such call: the sandbox serves nothing that the API does not have.
    fn serve<H: Handler<T, Arc<App>>, T: 'static>(self, operation: &str, handler: H) -> Self;
}

impl Serve for Router<Arc<App>> {
    fn serve<H: Handler<T, Arc<App>>, T: 'static>(self, operation: &str, handler: H) -> Self {
        let known = known(operation).expect("every operation that is served is one of the API");
        let method =
            Method::from_bytes(known.method.as_bytes()).ok().and_then(|method| method.try_into().ok());
        self.route(known.path, on(method.expect("the API uses the usual methods"), handler))
    }
}

/// The operation of the API, written as `POST /transfers/{id}`.
pub(crate) fn known(operation: &str) -> Option<&'static OperationMeta> {
    let mut all = dwolla_raw::OPERATIONS.iter();
    all.find(|known| operation.split_once(' ') == Some((known.method, known.path)))
}

/// All routes of one sandbox.
pub(crate) fn router(app: Arc<App>) -> Router {
    let with_token = Router::new()
        .merge(accounts::routes())
        .merge(customers::routes())
        .merge(funding_sources::routes())
        .merge(transfers::routes())
        .merge(simulations::routes());
    with_token
        .route_layer(middleware::from_fn_with_state(Arc::clone(&app), authenticated))
        .merge(token::routes())
        .method_not_allowed_fallback(|| async {
            App::refusal(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed.")
        })
        .fallback(|| async { Refusal::not_found() })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), layer::<App>))
        .nest(
            "/_sandbox",
            control::routes().layer(middleware::from_fn_with_state(Arc::clone(&app), guard::controls::<App>)),
        )
        .layer(middleware::map_response_with_state(Arc::clone(&app), dated::<App>))
        .with_state(app)
}

/// Lets a request pass that has a living token and asks for the one version there is.
async fn authenticated(
    State(app): Shared,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let operation = format!("{} {}", request.method(), path.as_str());
    if app.volume.is_too_much(operation, app.store.switches().most_a_minute, app.desk.clock.now()) {
        return Err(Refusal::of_status(StatusCode::TOO_MANY_REQUESTS, "Too many requests."));
    }
    let headers = request.headers();
    if !headers.contains_key(AUTHORIZATION) {
        return Err(Refusal::unauthorized("InvalidCredentials", "Missing or invalid Authorization header."));
    }
    let token = bearer(headers).map(str::to_owned);
    let lives = app.store.look(|books| {
        let known = token.and_then(|token| books.tokens.find(&token));
        known.map(|known| known.expires_at > books.now)
    });
    match lives {
        None => return Err(Refusal::unauthorized("InvalidAccessToken", "Invalid access token.")),
        Some(false) => return Err(Refusal::unauthorized("ExpiredAccessToken", "Expired access token.")),
        Some(true) => {}
    }
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    let mut kinds = accepted.flat_map(|accept| accept.split(',')).filter_map(|kind| kind.split(';').next());
    if !kinds.any(|kind| kind.trim().eq_ignore_ascii_case(HAL)) {
        return Err(Refusal::coded(
            StatusCode::NOT_ACCEPTABLE,
            "InvalidVersion",
            "Missing or invalid API version.",
        ));
    }
    Ok(next.run(request).await)
}

/// What a request says.
#[derive(Debug)]
struct Asked {
    id: Option<Uuid>,
    query: HashMap<String, String>,
    body: Bytes,
    call: Option<Call>,
    view: Option<View>,
}

impl FromRequest<Arc<App>> for Asked {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &Arc<App>) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let params =
            <RawPathParams as axum::extract::FromRequestParts<_>>::from_request_parts(&mut parts, state)
                .await;
        let id = match &params {
            Ok(params) => params.iter().next().map(|(_, id)| id.parse().map_err(|_| Refusal::not_found())),
            Err(_) => None,
        };
        let query = Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
        let Query(query) = query.map_err(|_| Refusal::bad_request("The query cannot be read."))?;
        // The fault layer has read the whole of it already.
        let body = to_bytes(Body::new(body), BODY_LIMIT).await.unwrap_or_default();
        let call = call(&parts.headers, parts.uri.path(), &body);
        let view = parts.extensions.get::<View>().copied();
        Ok(Self { id: id.transpose()?, query, body, call, view })
    }
}

impl Asked {
    /// The id in the path.
    fn id(&self) -> Result<Uuid, Refusal> {
        self.id.ok_or_else(Refusal::not_found)
    }

    /// The instant whose view is answered from.
    fn seen_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.view.map_or(now, |view| view.0)
    }
}

/// Looks something up.
async fn read(app: &App, look: impl FnOnce(&mut Books) -> Result<Answer, Refusal>) -> Response {
    match app.store.run(look).await {
        Ok(answer) => answer.at(app.desk.url()),
        Err(refusal) => refusal.into_response(),
    }
}

/// Does something that must not be done twice under one key.
async fn write(
    app: &App,
    call: Option<Call>,
    work: impl FnOnce(&mut Books) -> Result<Answer, Refusal>,
) -> Response {
    let switches = app.store.switches();
    let Some(call) = call.filter(|_| switches.keys == Keys::Honoured) else { return read(app, work).await };
    if call.key.is_empty() || call.key.chars().count() > switches.longest_key as usize {
        return Refusal::bad_request("The Idempotency-Key is empty or too long.").into_response();
    }
    let turn = match app.underway.enter(&call, &switches) {
        Ok(turn) => turn,
        Err(refusal) => return refusal.into_response(),
    };
    let mut reply = read(app, |books| books.once(&call, work)).await;
    reply.extensions_mut().insert(UntilAnswered::hold(turn));
    reply
}
