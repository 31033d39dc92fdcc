//! A payment that a customer makes on a checkout: waiting for the phone, the 3-D Secure step, paid, failed, and the way
//! back to the merchant. Links and forms all of it; the script only spares a reload.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::checkout::found;
use super::{Notice, failed, money, page};
use crate::accounts;
use crate::app::App;
use crate::checkouts::{self, Page};
use crate::executions::{self, COMPLETED, Execution, FAILED, Operation};
use crate::problem::Problem;
use crate::sources::Source;
use crate::store::Books;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/pay/{token}/cancel", get(cancel))
        .route("/pay/{token}/payments/{reference_id}", get(payment))
        .route("/pay/{token}/payments/{reference_id}/state", get(state))
        .route("/pay/{token}/payments/{reference_id}/confirm", post(confirm))
}

#[derive(Template)]
#[template(path = "payment.html")]
struct Payment {
    token: String,
    reference_id: Uuid,
    business: String,
    number: String,
    amount: String,
    status: String,
    requires_action: bool,
    by_card: bool,
    wallet: Option<String>,
    message: String,
    receipt: Option<String>,
    success: Option<String>,
}

/// The payment under way for a source.
pub(super) fn under_way(books: &Books<'_>, source: &Source) -> Result<Option<Uuid>, Problem> {
    // The newest execution is most likely the one, so this reads few rows from the end.
    let newest = books
        .db
        .prepare_cached(
            "SELECT reference_id FROM executions WHERE source_kind = ?1 AND source_id = ?2 AND status = 'PROCESSING'
             ORDER BY id DESC LIMIT 1",
        )?
        .query_map(rusqlite::params![source.kind, source.id], |row| row.get(0))?
        .next()
        .transpose()?;
    Ok(newest.map(Uuid::from_bytes))
}

/// The payment with this reference, if it is one of this page's source.
fn payment_of(books: &Books<'_>, checkout: &Page, reference: Uuid) -> Result<Option<Execution>, Problem> {
    let own = Some((checkout.source.kind, checkout.source.id));
    let found = executions::find(&books.of(checkout.merchant), Operation::Collection, reference)?;
    Ok(found.filter(|execution| execution.source == own))
}

type Named = Path<(String, Uuid)>;

async fn payment(State(app): State<Arc<App>>, Path((token, reference)): Named) -> Response {
    let shown = app.store.run(move |books| {
        let Some(checkout) = found(books, &token)? else { return Ok(Notice::not_found()) };
        let Some(execution) = payment_of(books, &checkout, reference)? else {
            return Ok(Notice::not_found());
        };
        Ok(page(StatusCode::OK, &progress(books, &checkout, execution)?))
    });
    shown.await.unwrap_or_else(failed)
}

fn progress(books: &Books<'_>, checkout: &Page, execution: Execution) -> Result<Payment, Problem> {
    let completed = execution.status == COMPLETED;
    let account = match execution.payment_account_id {
        Some(id) => accounts::by_id(&books.of(checkout.merchant), id)?,
        None => None,
    };
    let number = account.as_ref().and_then(|account| account.number.as_deref());
    let reason = execution.gateway_message.as_deref().or(execution.wallet_message.as_deref());
    Ok(Payment {
        token: checkout.link.token.clone(),
        reference_id: execution.reference_id,
        business: checkout.merchant_info.name.clone(),
        number: checkout.source.number.clone(),
        amount: money(execution.quote.payer, &execution.quote.payer_currency),
        requires_action: execution.requires_action,
        by_card: account.as_ref().is_some_and(|account| account.method.is_card()),
        wallet: number.map(masked),
        message: reason.filter(|_| execution.status == FAILED).unwrap_or_default().to_owned(),
        receipt: if completed { receipt_path(books, checkout) } else { None },
        success: checkout.link.success_url.as_ref().map(|url| returning(url, &checkout.source)),
        status: execution.status,
    })
}

/// A number by which its owner knows it and nobody else.
fn masked(number: &str) -> String {
    let shown = number.get(number.len().saturating_sub(3)..).unwrap_or_default();
    format!("ending in {shown}")
}

async fn state(State(app): State<Arc<App>>, Path((token, reference)): Named) -> Response {
    let state = app.store.run(move |books| {
        let Some(checkout) = found(books, &token)? else { return Ok(None) };
        payment_of(books, &checkout, reference)
    });
    match state.await {
        Ok(Some(execution)) => Json(json!({ "status": execution.status })).into_response(),
        Ok(None) => Problem::not_found("Not Found").into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// The holder of the card approves in the 3-D Secure step.
async fn confirm(State(app): State<Arc<App>>, Path((token, reference)): Named) -> Response {
    let path = format!("/pay/{token}/payments/{reference}");
    let confirmed = app.store.run(move |books| {
        let Some(checkout) = found(books, &token)? else { return Ok(false) };
        let Some(execution) = payment_of(books, &checkout, reference)? else { return Ok(false) };
        // A second press finds it settled.
        if execution.requires_action {
            executions::confirm_card(&books.of(checkout.merchant), reference)?;
        }
        Ok(true)
    });
    match confirmed.await {
        Ok(true) => Redirect::to(&path).into_response(),
        Ok(false) => Notice::not_found(),
        Err(problem) => failed(problem),
    }
}

/// The customer leaves. Nothing was paid, and the source stays as it is, so that it can be paid later.
async fn cancel(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    let left = app.store.run(move |books| {
        let Some(checkout) = found(books, &token)? else { return Ok(Notice::not_found()) };
        Ok(match &checkout.link.cancel_url {
            Some(url) => Redirect::to(&returning(url, &checkout.source)).into_response(),
            None => Redirect::to(&checkout.link.purpose.path(&token)).into_response(),
        })
    });
    left.await.unwrap_or_else(failed)
}

/// Where the receipt of a paid source is, if its merchant may hand out links.
pub(super) fn receipt_path(books: &Books<'_>, checkout: &Page) -> Option<String> {
    let books = &books.of(checkout.merchant);
    let link = checkouts::receipt_link(books, checkout.source.kind, checkout.source.number.clone()).ok()?;
    Some(link.purpose.path(&link.token))
}

/// The merchant's address with the source that was paid or not, and no word about which: the merchant asks the API.
fn returning(url: &str, source: &Source) -> String {
    let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, fragment)| (rest, Some(fragment)));
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut pairs: Vec<String> =
        query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    for (name, value) in [
        ("source_type", source.kind.name().to_owned()),
        ("source_id", source.id.to_string()),
        ("source_number", source.number.clone()),
    ] {
        if !pairs.iter().any(|pair| pair.split('=').next() == Some(name)) {
            pairs.push(format!("{name}={value}"));
        }
    }
    let fragment = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    let url = format!("{path}?{}{fragment}", pairs.join("&"));
    // A header holds ASCII only.
    url.bytes().fold(String::with_capacity(url.len()), |mut url, byte| {
        match byte {
            b'!'..=b'~' => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
        url
    })
}
