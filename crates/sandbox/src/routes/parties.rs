//! Tag `parties`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::{CreatePartyPayload, PartyResponse};

use super::{Caller, Names, Parameters, Payload, Serve};
use crate::app::App;
use crate::parties::{self, NewParty, Party};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("POST /v1/parties/create", create)
        .serve("GET /v1/parties/list", list)
        .serve("GET /v1/parties/retrieve/{id}", retrieve)
}

async fn create(
    caller: Caller,
    Payload(asked): Payload<CreatePartyPayload>,
) -> Result<Json<PartyResponse>, Problem> {
    let new = NewParty {
        fullname: asked.fullname,
        phone: asked.phone,
        email: asked.email,
        country_code: asked.country_code,
    };
    Ok(Json(reply(caller.run(move |books| parties::create(books, new)).await?)))
}

async fn list(caller: Caller, parameters: Parameters) -> Result<Json<Vec<PartyResponse>>, Problem> {
    let fullname = parameters.get("fullname").map(str::to_owned);
    let parties = caller.run(move |books| parties::list(books, fullname.as_deref())).await?;
    Ok(Json(parties.into_iter().map(reply).collect()))
}

async fn retrieve(caller: Caller, names: Names) -> Result<Json<PartyResponse>, Problem> {
    let unknown = || Problem::not_found("Party not found");
    let id = names.id("id").ok_or_else(unknown)?;
    let party = caller.run(move |books| parties::by_id(books, id)).await?;
    Ok(Json(reply(party.ok_or_else(unknown)?)))
}

/// A party in the shape the provider shows it.
pub(super) fn reply(party: Party) -> PartyResponse {
    PartyResponse {
        id: party.id,
        fullname: party.fullname,
        phone: party.phone,
        email: party.email,
        country_code: party.country_code,
        created_at: party.created_at.into(),
        updated_at: party.updated_at.into(),
    }
}
