//! Tag `status`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::{Json, Router};
use dollr_raw::types::{ExecutionResponse, PaymentSourceStatusResponse};
use uuid::Uuid;

use super::{Serve, Shared, executions::reply, known};
use crate::app::App;
use crate::executions::{self, Operation};
use crate::faults::layer::View;
use crate::problem::{FieldError, Problem};
use crate::{merchant, shape};

pub(super) fn routes() -> Router<Arc<App>> {
    let execution = |operation| move |app, view, path| execution(operation, app, view, path);
    Router::new()
        .serve("GET /v1/status/collection/{reference_id}", execution(Operation::Collection))
        .serve("GET /v1/status/payout/{reference_id}", execution(Operation::Payout))
        .serve("GET /v1/status/transfer/{reference_id}", execution(Operation::Transfer))
        .serve("GET /v1/status/refund/{reference_id}", execution(Operation::Refund))
        .serve("GET /v1/status/source", source)
}

async fn execution(
    operation: Operation,
    State(app): Shared,
    view: Option<Extension<View>>,
    Path(reference_id): Path<String>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let unknown = || Problem::not_found("Transaction not found");
    let reference_id: Uuid = reference_id.parse().map_err(|_| unknown())?;
    let found = app.store.run(move |books| executions::find(books, operation, reference_id)).await?;
    let seen = match view {
        Some(Extension(View(at))) => found.and_then(|found| found.seen_at(at.timestamp_micros())),
        None => found,
    };
    Ok(Json(reply(seen.ok_or_else(unknown)?)))
}

async fn source(
    State(app): Shared,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<PaymentSourceStatusResponse>, Problem> {
    shape::query("GET /v1/status/source", &query)?;
    let kind = query.get("source_type").cloned().unwrap_or_default();
    if kind == "SUBSCRIPTION" {
        return Err(Problem::fields(vec![FieldError {
            loc: vec!["query".into(), "source_type".into()],
            msg: "subscriptions are not supported".into(),
            kind: "value_error",
        }]));
    }
    let unknown = || Problem::not_found("Source not found");
    let id = query.get("source_id").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let source = app.store.run(move |books| merchant::source(books, &kind, id)).await?.ok_or_else(unknown)?;
    Ok(Json(PaymentSourceStatusResponse {
        source_id: source.id,
        source_type: known(&source.kind),
        source_number: source.number,
        status: known(&source.status),
        currency: source.currency,
        total_amount: source.total_amount.decimal().into(),
        paid_at: source.paid_at.map(Into::into),
    }))
}
