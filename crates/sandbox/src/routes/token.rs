//! Tag `jwt`: a token for one of the sandbox's clients.

use axum::extract::State;
use axum::{Json, Router};
use dollr_raw::types::{ClientCredentialObtainTokenPayload, ObtainTokenResponse};
use std::sync::Arc;

use super::{Payload, Serve, Shared};
use crate::app::App;
use crate::merchants;
use crate::problem::Problem;
use crate::tokens::LIFETIME_MINUTES;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /v1/jwt/client/obtain/token", obtain)
}

async fn obtain(
    State(app): Shared,
    Payload(credentials): Payload<ClientCredentialObtainTokenPayload>,
) -> Result<Json<ObtainTokenResponse>, Problem> {
    let merchant = app
        .store
        .run(move |books| {
            merchants::by_credentials(books, &credentials.client_id, credentials.client_secret.expose())
        })
        .await?
        .ok_or_else(Problem::unauthorized)?;
    let access_token = app.tokens.issue(merchant).await?;
    Ok(Json(ObtainTokenResponse { access_token: access_token.into(), expires_in: LIFETIME_MINUTES }))
}
