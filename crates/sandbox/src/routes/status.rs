//! Tag `status`.

use std::sync::Arc;

use axum::extract::Extension;
use axum::{Json, Router};
use dollr_raw::types::{ExecutionResponse, PaymentSourceStatusResponse};
use uuid::Uuid;

use super::{Caller, Names, Parameters, Serve, executions::reply, known};
use crate::app::App;
use crate::executions::{self, Operation};
use crate::faults::layer::View;
use crate::problem::Problem;
use crate::sources;

pub(super) fn routes() -> Router<Arc<App>> {
    let execution = |operation| move |caller, view, path| execution(operation, caller, view, path);
    Router::new()
        .serve("GET /v1/status/collection/{reference_id}", execution(Operation::Collection))
        .serve("GET /v1/status/payout/{reference_id}", execution(Operation::Payout))
        .serve("GET /v1/status/transfer/{reference_id}", execution(Operation::Transfer))
        .serve("GET /v1/status/refund/{reference_id}", execution(Operation::Refund))
        .serve("GET /v1/status/source", source)
}

async fn execution(
    operation: Operation,
    caller: Caller,
    view: Option<Extension<View>>,
    names: Names,
) -> Result<Json<ExecutionResponse>, Problem> {
    let unknown = || Problem::not_found("Transaction not found");
    let reference_id: Uuid = names.text("reference_id").parse().map_err(|_| unknown())?;
    let found = caller.run(move |books| executions::find(books, operation, reference_id)).await?;
    let seen = match view {
        Some(Extension(View(at))) => found.and_then(|found| found.seen_at(at.timestamp_micros())),
        None => found,
    };
    Ok(Json(reply(seen.ok_or_else(unknown)?)))
}

async fn source(
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<PaymentSourceStatusResponse>, Problem> {
    let kind = parameters.source_kind()?;
    let unknown = || Problem::not_found("Source not found");
    let id = parameters.integer("source_id")?.ok_or_else(unknown)?;
    let source = caller.run(move |books| sources::by_id(books, kind, id)).await?.ok_or_else(unknown)?;
    Ok(Json(PaymentSourceStatusResponse {
        source_id: source.id,
        source_type: known(source.kind.name()),
        source_number: source.number,
        status: known(&source.status),
        currency: source.currency,
        total_amount: source.total_amount.decimal().into(),
        paid_at: source.paid_at.map(Into::into),
    }))
}
