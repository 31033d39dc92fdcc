//! What tests and people do to any sandbox from other processes: its clock, its faults, its log. The same powers as the
//! Rust handle, in JSON. Each provider adds controls of its own. Faults never strike here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::faults::{Fault, Rule, Storm};
use crate::problem::Problem;
use crate::provider::Provider;
use crate::requests::Request;

/// The controls that every sandbox has, under `/_sandbox`.
pub(crate) fn routes<P: Provider>() -> Router<Arc<P>> {
    Router::new()
        .route("/clock", get(clock::<P>).post(turn_clock::<P>))
        .route("/faults", get(faults::<P>).post(set_fault::<P>).delete(clear_faults::<P>))
        .route("/faults/{id}", delete(remove_fault::<P>))
        .route("/faults/{id}/release", post(release_fault::<P>))
        .route("/storm", put(storm::<P>))
        .route("/requests", get(requests::<P>))
        .route("/reset", post(reset::<P>))
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

async fn clock<P: Provider>(State(provider): State<Arc<P>>) -> Json<ClockReply> {
    let clock = &provider.desk().clock;
    Json(ClockReply { now: clock.now(), speed: clock.speed(), frozen: clock.is_frozen() })
}

async fn turn_clock<P: Provider>(
    State(provider): State<Arc<P>>,
    Json(turn): Json<ClockTurn>,
) -> Result<Json<ClockReply>, Problem> {
    match turn.frozen {
        Some(true) => provider.desk().clock.freeze(),
        Some(false) => provider.desk().clock.unfreeze(),
        None => {}
    }
    if let Some(speed) = turn.speed {
        provider.desk().clock.set_speed(speed);
    }
    if let Some(millis) = turn.advance_millis {
        provider.desk().clock.advance(Duration::from_millis(millis));
    }
    // So that a restart does not take the turn back.
    provider.keep_clock().await?;
    Ok(clock(State(provider)).await)
}

#[derive(Serialize)]
struct FaultsReply {
    fired: u64,
    faults: Vec<Fault>,
}

async fn faults<P: Provider>(State(provider): State<Arc<P>>) -> Json<FaultsReply> {
    Json(FaultsReply { fired: provider.desk().faults.fired(), faults: provider.desk().faults.list() })
}

async fn set_fault<P: Provider>(
    State(provider): State<Arc<P>>,
    Json(rule): Json<Rule>,
) -> Result<Json<Value>, Problem> {
    if !rule.operation.ends_with('*') && !P::knows(&rule.operation) {
        return Err(Problem::field("operation", "no such operation"));
    }
    let (id, _) = provider
        .desk()
        .faults
        .set(rule)
        .map_err(|nonsense| Problem::field(nonsense.member, nonsense.because))?;
    Ok(Json(json!({ "id": id })))
}

async fn clear_faults<P: Provider>(State(provider): State<Arc<P>>) -> Json<FaultsReply> {
    provider.desk().faults.clear();
    faults(State(provider)).await
}

async fn remove_fault<P: Provider>(
    State(provider): State<Arc<P>>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Problem> {
    found(provider.desk().faults.remove(id))
}

async fn release_fault<P: Provider>(
    State(provider): State<Arc<P>>,
    Path(id): Path<u64>,
) -> Result<StatusCode, Problem> {
    found(provider.desk().faults.release(id))
}

fn found(found: bool) -> Result<StatusCode, Problem> {
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found("No such fault")) }
}

/// `null` ends the storm.
async fn storm<P: Provider>(State(provider): State<Arc<P>>, Json(storm): Json<Option<Storm>>) -> StatusCode {
    provider.desk().faults.storm(storm);
    StatusCode::NO_CONTENT
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

async fn requests<P: Provider>(
    State(provider): State<Arc<P>>,
    Query(query): Query<RequestsQuery>,
) -> Json<RequestsReply> {
    let mut latest = provider.desk().requests.latest();
    if let Some(limit) = query.limit {
        latest.drain(..latest.len().saturating_sub(limit));
    }
    Json(RequestsReply { count: provider.desk().requests.count(), latest })
}

async fn reset<P: Provider>(State(provider): State<Arc<P>>) -> Result<StatusCode, Problem> {
    provider.reset().await?;
    Ok(StatusCode::NO_CONTENT)
}
