//! Tag `counterparties`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::{
    CounterPartyResponse, CounterPartyWithPartyResponse, CreateCounterPartyPayload, UpdateCounterPartyPayload,
};

use super::{Caller, Names, Parameters, Payload, Serve, known, parties};
use crate::app::App;
use crate::counterparties::{self, Counterparty};
use crate::merchants::Merchant;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("POST /v1/counterparties/create", create)
        .serve("GET /v1/counterparties/list", list)
        .serve("GET /v1/counterparties/retrieve/{id}", retrieve)
        .serve("PUT /v1/counterparties/update/{id}", update)
}

fn unknown() -> Problem {
    Problem::not_found("Counterparty not found")
}

async fn create(
    caller: Caller,
    Payload(asked): Payload<CreateCounterPartyPayload>,
) -> Result<Json<CounterPartyResponse>, Problem> {
    let created = caller
        .run(move |books| counterparties::create(books, asked.party_id, &asked.relationship_type))
        .await?;
    Ok(Json(reply(created, caller.merchant)))
}

async fn list(
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<Vec<CounterPartyWithPartyResponse>>, Problem> {
    let fullname = parameters.get("fullname").map(str::to_owned);
    let relationship = parameters.get("relationship_type").map(str::to_owned);
    let merchant = caller.merchant;
    let found = caller
        .run(move |books| counterparties::list(books, fullname.as_deref(), relationship.as_deref()))
        .await?;
    Ok(Json(found.into_iter().map(|found| with_party(found, merchant)).collect()))
}

async fn retrieve(caller: Caller, names: Names) -> Result<Json<CounterPartyWithPartyResponse>, Problem> {
    let id = names.id("id").ok_or_else(unknown)?;
    let found = caller.run(move |books| counterparties::by_id(books, id)).await?.ok_or_else(unknown)?;
    Ok(Json(with_party(found, caller.merchant)))
}

async fn update(
    caller: Caller,
    names: Names,
    Payload(asked): Payload<UpdateCounterPartyPayload>,
) -> Result<Json<CounterPartyResponse>, Problem> {
    let id = names.id("id").ok_or_else(unknown)?;
    let updated = caller
        .run(move |books| counterparties::update(books, id, asked.party_id, asked.relationship_type.as_ref()))
        .await?;
    Ok(Json(reply(updated.ok_or_else(unknown)?, caller.merchant)))
}

fn reply(counterparty: Counterparty, owner: Merchant) -> CounterPartyResponse {
    CounterPartyResponse {
        id: counterparty.id,
        owner_party_id: owner.id,
        owner_party_type: known(owner.kind.name()),
        party_id: Some(counterparty.party.id),
        relationship_type: known(&counterparty.relationship_type),
        created_at: counterparty.created_at.into(),
        updated_at: counterparty.updated_at.into(),
    }
}

/// A counterparty with its party, in the shape the provider shows it.
pub(super) fn with_party(counterparty: Counterparty, owner: Merchant) -> CounterPartyWithPartyResponse {
    CounterPartyWithPartyResponse {
        id: counterparty.id,
        owner_party_id: owner.id,
        owner_party_type: known(owner.kind.name()),
        party_id: Some(counterparty.party.id),
        relationship_type: known(&counterparty.relationship_type),
        created_at: counterparty.created_at.into(),
        updated_at: counterparty.updated_at.into(),
        party: parties::reply(counterparty.party),
    }
}
