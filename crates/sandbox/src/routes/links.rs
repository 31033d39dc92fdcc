//! Tag `links`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::LinkResponse;

use super::{Parameters, Serve, Verified};
use crate::app::App;
use crate::checkouts::{self, Link};
use crate::problem::Problem;
use crate::sources::SourceKind;
use crate::store::Books;

pub(super) fn routes() -> Router<Arc<App>> {
    let link = |find: Find| move |caller, parameters| link(find, caller, parameters);
    Router::new()
        .serve("GET /v1/links/pay", link(checkouts::pay_link))
        .serve("GET /v1/links/receipt", link(checkouts::receipt_link))
}

type Find = fn(&Books<'_>, SourceKind, String) -> Result<Link, Problem>;

async fn link(
    find: Find,
    Verified(caller): Verified,
    parameters: Parameters,
) -> Result<Json<LinkResponse>, Problem> {
    let kind = parameters.source_kind()?;
    let number = parameters.required("source_number").to_owned();
    let link = caller.run(move |books| find(books, kind, number)).await?;
    Ok(Json(LinkResponse { url: caller.app.page(&link.purpose.path(&link.token)) }))
}
