//! Tag `checkouts`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::enums::CheckoutMode;
use dollr_raw::types::{CreateCheckoutSourceLinkResponse, CreateCheckoutSourceRequestPayload};
use serde_json::json;

use super::{Caller, Payload, Serve, cents_at, known, source_kind};
use crate::app::App;
use crate::checkouts::{self, NewCheckout};
use crate::problem::Problem;
use crate::sources::NewItem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /v1/checkouts/create", create)
}

async fn create(
    caller: Caller,
    Payload(asked): Payload<CreateCheckoutSourceRequestPayload>,
) -> Result<Json<CreateCheckoutSourceLinkResponse>, Problem> {
    if !asked.mode.is_known() {
        return Err(Problem::field("mode", "invalid enum"));
    }
    let mut items = Vec::with_capacity(asked.items.len());
    for (index, item) in asked.items.into_iter().enumerate() {
        let loc = [json!("body"), json!("items"), json!(index), json!("amount")];
        let amount = cents_at(item.amount, &loc)?;
        items.push(NewItem { name: item.name, qty: 1, amount, currency: item.currency });
    }
    let hosted = asked.mode == CheckoutMode::Hosted;
    let new = NewCheckout {
        kind: source_kind(&asked.source_kind, "source_kind")?,
        hosted,
        party_name: asked.party_name,
        party_phone: asked.party_phone,
        party_email: asked.party_email,
        relationship: asked.party_relationship,
        counterparty_id: asked.counterparty_id,
        reference_id: asked.reference_id,
        currency: asked.currency,
        note: asked.note,
        due_date: asked.due_date.map(Into::into),
        items,
        success_url: asked.success_url,
        cancel_url: asked.cancel_url,
        expires_at: asked.expires_at.map(Into::into),
    };
    let created = caller.run(move |books| checkouts::create(books, new)).await?;
    let (link, source) = (created.link, created.source);
    Ok(Json(CreateCheckoutSourceLinkResponse {
        mode: asked.mode,
        source_type: known(source.kind.name()),
        source_id: source.id,
        source_number: source.number,
        source_status: known(&source.status),
        counterparty_id: source.counterparty_id,
        party_id: created.party_id,
        currency: source.currency,
        total_amount: source.total_amount.decimal().into(),
        source_checkout_config_id: link.id,
        url: caller.app.page(&link.purpose.path(&link.token)),
        reference_id: source.reference_id,
        due_date: source.due_date.map(Into::into),
        expires_at: link.expires_at.map(Into::into),
        hosted_path_or_token: hosted.then(|| link.token.into()),
        success_url: link.success_url,
        cancel_url: link.cancel_url,
    }))
}
