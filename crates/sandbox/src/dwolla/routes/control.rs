//! The controls that only this provider has: its switches and its books.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Shared;
use crate::control;
use crate::dwolla::app::App;
use crate::dwolla::ledger;
use crate::dwolla::switches::Switches;

pub(super) fn routes() -> Router<Arc<App>> {
    control::routes()
        .route("/switches", get(switches).put(set_switches))
        .route("/ledger", get(summary))
        .route("/ledger/movements", get(movements))
        .route("/ledger/entries", get(entries))
        .route("/ledger/payments/{name}", get(payments))
}

async fn switches(State(app): Shared) -> Json<Switches> {
    Json(app.store.switches())
}

async fn set_switches(State(app): Shared, Json(switches): Json<Switches>) -> Json<Switches> {
    app.store.set_switches(switches);
    Json(switches)
}

async fn summary(State(app): Shared) -> Json<Value> {
    Json(app.store.look(|books| {
        json!({
            "balanced": ledger::is_balanced(books),
            "movements": ledger::movements(books).len(),
            "paid_twice": ledger::paid_twice(books),
        })
    }))
}

async fn movements(State(app): Shared) -> Json<Vec<ledger::Movement>> {
    Json(app.store.look(ledger::movements))
}

async fn entries(State(app): Shared) -> Json<Vec<ledger::Entry>> {
    Json(app.store.look(ledger::entries))
}

async fn payments(State(app): Shared, Path(name): Path<String>) -> Json<Value> {
    Json(json!({ "payments": app.store.look(|books| ledger::payments(books, &name)) }))
}
