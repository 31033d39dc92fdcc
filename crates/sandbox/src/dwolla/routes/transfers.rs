//! Transfers.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;

use super::{Asked, Serve, Shared, read, write};
use crate::dwolla::app::App;
use crate::dwolla::books::Books;
use crate::dwolla::hal::Answer;
use crate::dwolla::problem::Refusal;
use crate::dwolla::things::Owner;
use crate::dwolla::transfers::{self, Form};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("POST /transfers", initiate)
        .serve("GET /transfers/{id}", retrieve)
        .serve("POST /transfers/{id}", cancel)
        .serve("GET /transfers/{id}/fees", fees)
        .serve("GET /transfers/{id}/failure", failure)
}

async fn initiate(State(app): Shared, asked: Asked) -> Response {
    let key = asked.call.as_ref().map(|call| call.key.clone());
    write(&app, asked.call, |books| books.initiate(key.as_deref(), &asked.body)).await
}

async fn retrieve(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| {
        let transfer = books.transfers.find(&asked.id()?).ok_or_else(Refusal::not_found)?;
        let seen = books.show(transfer, asked.seen_at(books.now), Form::Usual);
        seen.map(Answer::ok).ok_or_else(Refusal::not_found)
    })
    .await
}

async fn cancel(State(app): Shared, asked: Asked) -> Response {
    let id = asked.id();
    write(&app, asked.call, |books| books.cancel(id?, &asked.body)).await
}

async fn fees(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| books.fees(asked.id()?)).await
}

async fn failure(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| books.failure(asked.id()?)).await
}

/// The transfers of somebody.
pub(super) fn list(books: &Books, owner: Owner, asked: Asked) -> Result<Answer, Refusal> {
    let seen_at = asked.seen_at(books.now);
    books.list(owner, &transfers::Asked::read(asked.query)?, seen_at)
}
