//! Tag `jwt`: a token for the sandbox's one client.

use axum::extract::State;
use axum::{Json, Router};
use dollr_raw::types::{ClientCredentialObtainTokenPayload, ObtainTokenResponse};
use std::sync::Arc;

use super::{Payload, Serve, Shared};
use crate::app::App;
use crate::problem::Problem;
use crate::seed::{CLIENT_ID, CLIENT_SECRET};
use crate::tokens::LIFETIME_MINUTES;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /v1/jwt/client/obtain/token", obtain)
}

async fn obtain(
    State(app): Shared,
    Payload(credentials): Payload<ClientCredentialObtainTokenPayload>,
) -> Result<Json<ObtainTokenResponse>, Problem> {
    if credentials.client_id != CLIENT_ID || credentials.client_secret.expose() != CLIENT_SECRET {
        return Err(Problem::unauthorized());
    }
    let access_token = app.tokens.issue().await?;
    Ok(Json(ObtainTokenResponse { access_token: access_token.into(), expires_in: LIFETIME_MINUTES }))
}
