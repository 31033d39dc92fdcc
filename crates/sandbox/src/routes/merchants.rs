//! Tag `merchants`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::MerchantInfoResponse;

use super::{Caller, Parameters, Serve, known};
use crate::app::App;
use crate::merchants;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("GET /v1/merchants/merchant-info", info)
}

/// A merchant sees itself and nobody else.
async fn info(caller: Caller, parameters: Parameters) -> Result<Json<MerchantInfoResponse>, Problem> {
    let id = parameters.integer("merchant_id")?.unwrap_or_default();
    if !caller.merchant.is(parameters.required("merchant_type"), id) {
        return Err(Problem::not_found("Merchant not found"));
    }
    let info = caller.run(merchants::info).await?;
    Ok(Json(MerchantInfoResponse {
        id,
        name: info.name,
        type_: known(caller.merchant.kind.name()),
        email: info.email,
        phone: info.phone,
    }))
}
