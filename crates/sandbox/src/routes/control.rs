//! The controls that only this provider has: its guards, switches, books, and the holder of a card.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Shared;
use crate::app::App;
use crate::control;
use crate::executions;
use crate::ledger;
use crate::problem::Problem;
use crate::store::Guards;
use crate::switches::Switches;

pub(super) fn routes() -> Router<Arc<App>> {
    control::routes()
        .route("/guards", get(guards).put(set_guards))
        .route("/switches", get(switches).put(set_switches))
        .route("/ledger", get(summary))
        .route("/ledger/movements", get(movements))
        .route("/ledger/entries", get(entries))
        .route("/ledger/payments/{reference_id}", get(payments))
        .route("/confirm", post(confirm))
}

async fn guards(State(app): Shared) -> Json<Guards> {
    Json(app.store.terms().guards)
}

async fn set_guards(State(app): Shared, Json(guards): Json<Guards>) -> Json<Guards> {
    app.store.terms().guards = guards;
    Json(guards)
}

async fn switches(State(app): Shared) -> Json<Switches> {
    Json(app.store.terms().switches)
}

async fn set_switches(State(app): Shared, Json(switches): Json<Switches>) -> Json<Switches> {
    app.store.terms().switches = switches;
    Json(switches)
}

async fn summary(State(app): Shared) -> Result<Json<Value>, Problem> {
    let summary = app.store.run(|books| {
        Ok(json!({
            "balanced": ledger::is_balanced(books)?,
            "movements": ledger::movements(books)?.len(),
            "paid_twice": ledger::paid_twice(books)?,
        }))
    });
    Ok(Json(summary.await?))
}

async fn movements(State(app): Shared) -> Result<Json<Vec<ledger::Movement>>, Problem> {
    Ok(Json(app.store.run(|books| Ok(ledger::movements(books)?)).await?))
}

async fn entries(State(app): Shared) -> Result<Json<Vec<ledger::Entry>>, Problem> {
    Ok(Json(app.store.run(|books| Ok(ledger::entries(books)?)).await?))
}

async fn payments(State(app): Shared, Path(reference_id): Path<Uuid>) -> Result<Json<Value>, Problem> {
    let payments = app.store.run(move |books| Ok(ledger::payments(books, reference_id)?)).await?;
    Ok(Json(json!({ "payments": payments })))
}

#[derive(Deserialize)]
struct Confirm {
    reference_id: Uuid,
}

async fn confirm(State(app): Shared, Json(confirm): Json<Confirm>) -> Result<StatusCode, Problem> {
    app.store.run(move |books| executions::confirm_card(books, confirm.reference_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
