//! `POST /sandbox-simulations`, with which the provider's own sandbox has its banks act.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Asked, Serve, Shared, write};
use crate::dwolla::app::App;
use crate::dwolla::hal::{Answer, links};
use crate::dwolla::problem::Refusal;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /sandbox-simulations", simulate)
}

async fn simulate(State(app): Shared, asked: Asked) -> Response {
    write(&app, asked.call, |books| {
        let body: Value = match asked.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&asked.body)
                .map_err(|_| Refusal::bad_request("The request body is not JSON."))?,
        };
        // The other kinds are about things that this sandbox does not have.
        if body["type"].is_string() {
            return Ok(Answer::accepted());
        }
        let total = books.simulate();
        let own = books.pen().link("/sandbox-simulations", "sandbox-simulation");
        Ok(Answer::ok(json!({ "_links": links([("self", Some(own))]), "total": total })))
    })
    .await
}
