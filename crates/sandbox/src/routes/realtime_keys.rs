//! Tag `realtime-keys`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::{GetCollectionRealtimeKeyPayload, RealtimeTokenResponse};

use super::{Caller, Payload, Serve, source_kind, version_4};
use crate::app::App;
use crate::problem::Problem;
use crate::realtime::key::LIFETIME_SECONDS;
use crate::realtime_keys;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /v1/realtime-keys/collection", collection)
}

async fn collection(
    caller: Caller,
    Payload(asked): Payload<GetCollectionRealtimeKeyPayload>,
) -> Result<Json<RealtimeTokenResponse>, Problem> {
    let reference_id = version_4(asked.reference_id)?;
    let kind = source_kind(&asked.source_type, "source_type")?;
    let key =
        caller.run(move |books| realtime_keys::issue(books, kind, asked.session_id, reference_id)).await?;
    Ok(Json(RealtimeTokenResponse { access_token: key.into(), expires_in: LIFETIME_SECONDS }))
}
