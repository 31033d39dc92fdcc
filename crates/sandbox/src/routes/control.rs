//! `/_sandbox/*`: what tests and people do to the sandbox itself, from other processes. The same powers as the Rust
//! handle, in JSON. Faults never strike here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Shared;
use crate::app::App;
use crate::executions;
use crate::faults::{Fault, Rule, Storm};
use crate::ledger;
use crate::problem::Problem;
use crate::requests::Request;
use crate::shape;
use crate::store::Guards;
use crate::switches::Switches;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/clock", get(clock).post(turn_clock))
        .route("/faults", get(faults).post(set_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/faults/{id}/release", post(release_fault))
        .route("/storm", put(storm))
        .route("/guards", get(guards).put(set_guards))
        .route("/switches", get(switches).put(set_switches))
        .route("/ledger", get(summary))
        .route("/ledger/movements", get(movements))
        .route("/ledger/entries", get(entries))
        .route("/ledger/payments/{reference_id}", get(payments))
        .route("/requests", get(requests))
        .route("/confirm", post(confirm))
        .route("/reset", post(reset))
}

#[derive(Serialize)]
struct ClockReply {
    now: DateTime<Utc>,
    speed: u32,
    frozen: bool,
}

/// Each member that is given is done, in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockTurn {
    frozen: Option<bool>,
    speed: Option<u32>,
    advance_millis: Option<u64>,
}

async fn clock(State(app): Shared) -> Json<ClockReply> {
    let clock = &app.clock;
    Json(ClockReply { now: clock.now(), speed: clock.speed(), frozen: clock.is_frozen() })
}

async fn turn_clock(State(app): Shared, Json(turn): Json<ClockTurn>) -> Result<Json<ClockReply>, Problem> {
    match turn.frozen {
        Some(true) => app.clock.freeze(),
        Some(false) => app.clock.unfreeze(),
        None => {}
    }
    if let Some(speed) = turn.speed {
        app.clock.set_speed(speed);
    }
    if let Some(millis) = turn.advance_millis {
        app.clock.advance(Duration::from_millis(millis));
    }
    // The store keeps the clock with its next commit, so that a restart does not take the turn back.
    app.store.run(|_| Ok(())).await?;
    Ok(clock(State(app)).await)
}

#[derive(Serialize)]
struct FaultsReply {
    fired: u64,
    faults: Vec<Fault>,
}

async fn faults(State(app): Shared) -> Json<FaultsReply> {
    Json(FaultsReply { fired: app.faults.fired(), faults: app.faults.list() })
}

async fn set_fault(State(app): Shared, Json(rule): Json<Rule>) -> Result<Json<Value>, Problem> {
    if !rule.operation.ends_with('*') && !shape::knows(&rule.operation) {
        return Err(Problem::field("operation", "no such operation"));
    }
    let (id, _) =
        app.faults.set(rule).map_err(|nonsense| Problem::field(nonsense.member, nonsense.because))?;
    Ok(Json(json!({ "id": id })))
}

async fn clear_faults(State(app): Shared) -> Json<FaultsReply> {
    app.faults.clear();
    faults(State(app)).await
}

async fn remove_fault(State(app): Shared, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    found(app.faults.remove(id))
}

async fn release_fault(State(app): Shared, Path(id): Path<u64>) -> Result<StatusCode, Problem> {
    found(app.faults.release(id))
}

fn found(found: bool) -> Result<StatusCode, Problem> {
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("No such fault")) }
}

/// `null` ends the storm.
async fn storm(State(app): Shared, Json(storm): Json<Option<Storm>>) -> StatusCode {
    app.faults.storm(storm);
    StatusCode::NO_CONTENT
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
struct RequestsQuery {
    limit: Option<usize>,
}

#[derive(Serialize)]
struct RequestsReply {
    count: u64,
    latest: Vec<Request>,
}

async fn requests(State(app): Shared, Query(query): Query<RequestsQuery>) -> Json<RequestsReply> {
    let mut latest = app.requests.latest();
    if let Some(limit) = query.limit {
        latest.drain(..latest.len().saturating_sub(limit));
    }
    Json(RequestsReply { count: app.requests.count(), latest })
}

#[derive(Deserialize)]
struct Confirm {
    reference_id: Uuid,
}

async fn confirm(State(app): Shared, Json(confirm): Json<Confirm>) -> Result<StatusCode, Problem> {
    app.store.run(move |books| executions::confirm_card(books, confirm.reference_id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn reset(State(app): Shared) -> Result<StatusCode, Problem> {
    app.reset().await?;
    Ok(StatusCode::NO_CONTENT)
}
