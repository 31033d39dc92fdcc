//! The receipt of a paid source, for whoever has its address. It says what was settled, from the execution that paid.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use super::{Notice, failed, money, page};
use crate::app::App;
use crate::checkouts::{self, Purpose};
use crate::money::{Cents, FeeBearer};
use crate::sources::{self, PAID, Receipt};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/receipt/{token}", get(show))
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct Shown {
    business: String,
    contact: Option<String>,
    number: String,
    note: String,
    customer: String,
    paid_at: String,
    paid_with: String,
    reference_id: String,
    transaction: String,
    items: Vec<(String, i64, String)>,
    rows: Vec<(&'static str, String)>,
    total: String,
}

async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    let shown = app.store.run(move |books| {
        let Some(found) = checkouts::find(books, &token, &[Purpose::Receipt])? else {
            return Ok(Notice::not_found());
        };
        if found.source.status != PAID {
            let notice = Notice::new("No receipt", "This has not been paid.");
            return Ok(page(StatusCode::CONFLICT, &notice));
        }
        let receipt = sources::receipt(&books.of(found.merchant), found.source.clone(), "token")?;
        Ok(page(StatusCode::OK, &of(&found, receipt)))
    });
    shown.await.unwrap_or_else(failed)
}

fn of(found: &checkouts::Page, receipt: Receipt) -> Shown {
    let (source, execution) = (&receipt.source, &receipt.execution);
    let quote = &execution.quote;
    let mut rows = vec![("Subtotal", money(source.total_amount, &source.currency))];
    let all = quote.platform_fee + quote.gateway_fee + quote.fx_fee;
    rows.push(match source.fee_bearer {
        FeeBearer::Payer => ("Fees", money(all, &quote.currency)),
        FeeBearer::Payee => ("Fees", "paid by the business".to_owned()),
    });
    if let Some(rate) = quote.rate {
        let rate = rate.decimal().normalize();
        rows.push(("Exchange rate", format!("1 {} = {rate} {}", quote.currency, quote.payer_currency)));
    }
    let paid_with = receipt.account.as_ref().map_or("", |account| match account.method.name {
        "MTN_MOMO_LBR" | "MTN_MOMO_RWA" => "MTN Mobile Money",
        "ORANGE_MONEY_LBR" | "ORANGE_MONEY_RWA" => "Orange Money",
        "AIRTEL_RWA" => "Airtel Money",
        "CREDIT_CARD" => "Card",
        _ => "Wallet",
    });
    let line = |item: &sources::Item| {
        (item.name.clone(), item.qty, money(Cents(item.qty * item.amount.0), &item.currency))
    };
    Shown {
        business: found.merchant_info.name.clone(),
        contact: found.merchant_info.email.clone(),
        number: source.number.clone(),
        note: source.note.clone(),
        customer: receipt.counterparty.party.fullname.clone(),
        paid_at: source.paid_at.map(|at| at.format("%-d %B %Y, %H:%M UTC").to_string()).unwrap_or_default(),
        paid_with: paid_with.to_owned(),
        reference_id: execution.reference_id.to_string(),
        transaction: execution.provider_transaction_id(),
        items: receipt.items.iter().map(line).collect(),
        rows,
        total: money(quote.payer, &quote.payer_currency),
    }
}
