//! `POST /token`: OAuth client credentials, by HTTP Basic or as members of the form.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use uuid::Uuid;

use super::{Serve, Shared};
use crate::dwolla::app::App;
use crate::dwolla::problem::Refusal;
use crate::dwolla::seed::{KEY, SECRET};
use crate::dwolla::things::Token;

/// How long the books remember a token that has expired, so that they can say that it has.
const REMEMBERED: TimeDelta = TimeDelta::days(2);

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /token", token)
}

async fn token(
    State(app): Shared,
    headers: HeaderMap,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Response {
    match obtain(&app, &headers, form).await {
        Ok(reply) => reply.into_response(),
        Err(refusal) => (refusal.status, Json(refusal.body)).into_response(),
    }
}

async fn obtain(
    app: &App,
    headers: &HeaderMap,
    form: Result<Form<HashMap<String, String>>, FormRejection>,
) -> Result<Json<serde_json::Value>, Refusal> {
    let invalid = || Refusal::oauth(StatusCode::BAD_REQUEST, "invalid_request");
    let Form(form) = form.map_err(|_| invalid())?;
    let said = |name: &str| form.get(name).map(String::as_str);
    match said("grant_type") {
        Some("client_credentials") => {}
        Some(_) => return Err(Refusal::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type")),
        None => return Err(invalid()),
    }
    let own = match basic(headers) {
        Some(given) => given == format!("{KEY}:{SECRET}"),
        None => said("client_id") == Some(KEY) && said("client_secret") == Some(SECRET),
    };
    if !own {
        return Err(Refusal::oauth(StatusCode::UNAUTHORIZED, "invalid_client"));
    }
    let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    let given = token.clone();
    let seconds = app
        .store
        .run(move |books| {
            let seconds = books.switches.token_seconds;
            let now = books.now;
            let old = books.tokens.rows().filter(|token| token.expires_at + REMEMBERED < now);
            let old: Vec<String> = old.map(|token| token.token.clone()).collect();
            old.iter().for_each(|token| books.tokens.remove(token));
            books
                .tokens
                .put(Token { token: given, expires_at: now + TimeDelta::seconds(i64::from(seconds)) });
            Ok(seconds)
        })
        .await?;
    Ok(Json(json!({ "access_token": token, "token_type": "Bearer", "expires_in": seconds })))
}

/// What HTTP Basic says: the key, a colon, the secret.
fn basic(headers: &HeaderMap) -> Option<String> {
    let (scheme, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credentials =
        STANDARD.decode(credentials.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    String::from_utf8(credentials).ok()
}
