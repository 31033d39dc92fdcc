//! The root, and the application's own account.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;
use uuid::Uuid;

use super::{Asked, Serve, Shared, funding_sources, read, transfers};
use crate::dwolla::app::App;
use crate::dwolla::hal::{Answer, links};
use crate::dwolla::problem::Refusal;
use crate::dwolla::seed;
use crate::dwolla::things::Owner;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("GET /", root)
        .serve("GET /accounts/{id}", account)
        .serve("GET /accounts/{id}/funding-sources", own_funding_sources)
        .serve("GET /accounts/{id}/transfers", own_transfers)
}

async fn root(State(app): Shared) -> Response {
    read(&app, |books| {
        let pen = books.pen();
        let links = links([
            ("account", Some(books.party(Some(Owner::Account)))),
            ("customers", Some(pen.link("/customers", "customer"))),
        ]);
        Ok(Answer::ok(json!({ "_links": links })))
    })
    .await
}

/// The application's account is the only one it sees.
fn own(id: Uuid) -> Result<Owner, Refusal> {
    match id {
        seed::ACCOUNT => Ok(Owner::Account),
        seed::FOREIGN_ACCOUNT => Err(Refusal::forbidden()),
        _ => Err(Refusal::not_found()),
    }
}

async fn account(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| {
        own(asked.id()?)?;
        let pen = books.pen();
        let id = pen.id(seed::ACCOUNT);
        let links = links([
            ("self", Some(books.party(Some(Owner::Account)))),
            ("receive", Some(pen.link("/transfers", "transfer"))),
            ("send", Some(pen.link("/transfers", "transfer"))),
            ("funding-sources", Some(pen.link(&format!("/accounts/{id}/funding-sources"), "funding-source"))),
            ("transfers", Some(pen.link(&format!("/accounts/{id}/transfers"), "transfer"))),
            ("customers", Some(pen.link("/customers", "customer"))),
        ]);
        Ok(Answer::ok(json!({ "_links": links, "id": id, "name": "Sandbox Application" })))
    })
    .await
}

async fn own_funding_sources(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| funding_sources::list(books, own(asked.id()?)?, &asked)).await
}

async fn own_transfers(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| transfers::list(books, own(asked.id()?)?, asked)).await
}
