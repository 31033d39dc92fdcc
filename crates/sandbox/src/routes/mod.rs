//! The provider's API, a file for each tag, and the sandbox's own controls. A route takes a request apart, lets the
//! books decide and puts the reply together in the types of the published API.

mod accounts;
mod asked;
mod checkouts;
mod control;
mod counterparties;
mod executions;
mod fees;
mod links;
mod merchants;
mod parties;
mod predictions;
mod realtime_keys;
mod sessions;
mod sources;
mod status;
mod token;

use std::str::FromStr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::HeaderMap;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, on};
use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};

use crate::app::App;
use crate::faults::layer::layer;
use crate::pages;
use crate::problem::Problem;
use crate::provider::{Provider, dated};
use crate::{guard, realtime};

use asked::{Caller, Names, Parameters, Payload, Verified, cents, cents_at, source_kind, version_4};

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
    let with_token = Router::new()
        .merge(parties::routes())
        .merge(counterparties::routes())
        .merge(sources::routes())
        .merge(checkouts::routes())
        .merge(accounts::routes())
        .merge(sessions::routes())
        .merge(executions::routes())
        .merge(status::routes())
        .merge(predictions::routes())
        .merge(fees::routes())
        .merge(links::routes())
        .merge(merchants::routes())
        .merge(realtime_keys::routes());
    with_token
        .route_layer(middleware::from_fn_with_state(Arc::clone(&app), authenticated))
        .merge(token::routes())
        .route("/openapi.json", get(published))
        .method_not_allowed_fallback(|| async {
            App::refusal(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        })
        .fallback(|| async { App::refusal(StatusCode::NOT_FOUND, "Not Found") })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), layer::<App>))
        .nest(
            "/_sandbox",
            control::routes().layer(middleware::from_fn_with_state(Arc::clone(&app), guard::controls::<App>)),
        )
        .merge(realtime::routes())
        .merge(pages::routes(&app))
        .layer(middleware::map_response_with_state(Arc::clone(&app), dated::<App>))
        .with_state(app)
}

/// The document, as the provider publishes it beside its API.
async fn published() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], dollr_raw::DOCUMENT)
}

async fn authenticated(
    State(app): Shared,
    headers: HeaderMap,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let merchant = app.tokens.check(&headers, app.desk.clock.now())?;
    request.extensions_mut().insert(merchant);
    Ok(next.run(request).await)
}

/// A value of the books as a value of the API's enums.
fn known<T: FromStr>(name: &str) -> T {
    name.parse().ok().expect("the books hold only values that the API knows")
}
