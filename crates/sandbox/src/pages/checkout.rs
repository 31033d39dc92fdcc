//! The hosted checkout: the form, or what there is instead when the source is paid, canceled or expired. It works as a
//! plain form. What follows once it is sent is in `payment`.
//!
//! One rendering of the form carries one reference id, so a form that is sent twice is one payment.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::payment::{receipt_path, under_way};
use super::{Notice, explained, failed, money, page};
use crate::app::App;
use crate::checkouts::{self, Page, Paying, Purpose};
use crate::fees::Quote;
use crate::methods::{self, Method};
use crate::money::FeeBearer;
use crate::outcomes::DECLINED_CARD;
use crate::problem::Problem;
use crate::sources::{ACTIVE, CANCELED, PAID, PROCESSING};
use crate::store::Books;

const TO_PAY: [Purpose; 2] = [Purpose::Checkout, Purpose::Pay];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/pay/{token}", get(show).post(pay))
}

/// How a customer pays, as the form has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Mobile,
    Card,
}

impl Way {
    const ALL: [Self; 2] = [Self::Mobile, Self::Card];

    fn name(self) -> &'static str {
        match self {
            Self::Mobile => "mobile",
            Self::Card => "card",
        }
    }

    /// The method that prices this way in a currency. All operators of a country cost the same.
    fn method_in(self, currency: &str) -> Option<Method> {
        let fits =
            |method: &Method| method.has_number() == (self == Self::Mobile) && method.name != methods::WALLET;
        methods::METHODS.into_iter().find(|method| fits(method) && method.currencies.contains(&currency))
    }
}

/// What the customer has filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Choice {
    reference_id: Uuid,
    way: String,
    currency: String,
    phone: String,
    card: String,
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct Checkout {
    token: String,
    business: String,
    customer: String,
    number: String,
    note: String,
    amount: String,
    due: Option<String>,
    expires: Option<String>,
    items: Vec<Line>,
    currencies: Vec<String>,
    offers: Vec<Offer>,
    choice: Choice,
    can_cancel: bool,
    error: Option<String>,
}

struct Line {
    name: String,
    qty: i64,
    amount: String,
}

/// What one way costs in one currency.
struct Offer {
    /// `mobile-usd`, which the style sheet shows when both are chosen.
    class: String,
    rows: Vec<(&'static str, String)>,
    /// Nothing when this way does not take this currency.
    total: Option<String>,
}

pub(super) fn found(books: &Books<'_>, token: &str) -> Result<Option<Page>, Problem> {
    checkouts::find(books, token, &TO_PAY)
}

async fn show(State(app): State<Arc<App>>, Path(token): Path<String>) -> Response {
    let shown = app.store.run(move |books| {
        let Some(page) = found(books, &token)? else { return Ok(Notice::not_found()) };
        state_of(books, &page, Choice::default(), None)
    });
    shown.await.unwrap_or_else(failed)
}

/// The page in the state its source is in.
fn state_of(
    books: &Books<'_>,
    checkout: &Page,
    choice: Choice,
    error: Option<(StatusCode, String)>,
) -> Result<Response, Problem> {
    let business = &checkout.merchant_info.name;
    let number = &checkout.source.number;
    match checkout.source.status.as_str() {
        PAID => {
            let text = format!("{number} was paid to {business}. There is nothing left to pay.");
            let mut notice = Notice::new("Already paid", text);
            notice.link = receipt_path(books, checkout).map(|path| (path, "See the receipt"));
            Ok(page(StatusCode::OK, &notice))
        }
        CANCELED => {
            let text = format!("{business} has canceled {number}. Nothing was charged.");
            Ok(page(StatusCode::GONE, &Notice::new("Canceled", text)))
        }
        PROCESSING => Ok(match under_way(books, &checkout.source)? {
            Some(reference) => {
                let path = checkout.link.purpose.path(&checkout.link.token);
                Redirect::to(&format!("{path}/payments/{reference}")).into_response()
            }
            None => {
                let text = format!("{number} is being paid.");
                page(StatusCode::CONFLICT, &Notice::new("Not payable", text))
            }
        }),
        _ if checkout.is_expired(books.now) => {
            let text = format!("This checkout is over. Ask {business} for a new one; nothing was charged.");
            Ok(page(StatusCode::GONE, &Notice::new("Expired", text)))
        }
        ACTIVE => {
            let (status, error) = error.map_or((StatusCode::OK, None), |(status, text)| (status, Some(text)));
            Ok(page(status, &form(checkout, choice, error)))
        }
        _ => {
            let text = format!("{number} can not be paid right now.");
            Ok(page(StatusCode::CONFLICT, &Notice::new("Not payable", text)))
        }
    }
}

fn form(checkout: &Page, mut choice: Choice, error: Option<String>) -> Checkout {
    let source = &checkout.source;
    let currencies: Vec<String> = ["USD", "LRD", "RWF"]
        .into_iter()
        .filter(|currency| Way::ALL.into_iter().any(|way| quoted(checkout, way, currency).is_some()))
        .map(str::to_owned)
        .collect();
    if !currencies.contains(&choice.currency) {
        let own = currencies.iter().find(|currency| **currency == source.currency);
        choice.currency = own.or(currencies.first()).cloned().unwrap_or_default();
    }
    if choice.way != Way::Card.name() {
        choice.way = Way::Mobile.name().to_owned();
    }
    if choice.phone.is_empty() {
        choice.phone = checkout.counterparty.party.phone.clone().unwrap_or_default();
    }
    choice.reference_id = Uuid::new_v4();
    let offers = currencies.iter().flat_map(|currency| {
        Way::ALL.into_iter().map(|way| Offer {
            class: format!("{}-{}", way.name(), currency.to_lowercase()),
            rows: quoted(checkout, way, currency)
                .map(|quote| breakdown(checkout, &quote))
                .unwrap_or_default(),
            total: quoted(checkout, way, currency).map(|quote| money(quote.payer, &quote.payer_currency)),
        })
    });
    Checkout {
        token: checkout.link.token.clone(),
        business: checkout.merchant_info.name.clone(),
        customer: checkout.counterparty.party.fullname.clone(),
        number: source.number.clone(),
        note: source.note.clone(),
        amount: money(source.total_amount, &source.currency),
        due: source.due_date.map(|due| due.format("%-d %B %Y").to_string()),
        expires: checkout.link.expires_at.map(|at| at.format("%-d %B %Y, %H:%M UTC").to_string()),
        items: lines(checkout),
        offers: offers.collect(),
        currencies,
        choice,
        can_cancel: checkout.link.cancel_url.is_some(),
        error,
    }
}

fn lines(checkout: &Page) -> Vec<Line> {
    let line = |item: &crate::sources::Item| Line {
        name: item.name.clone(),
        qty: item.qty,
        amount: money(crate::money::Cents(item.qty * item.amount.0), &item.currency),
    };
    checkout.items.iter().map(line).collect()
}

fn quoted(checkout: &Page, way: Way, currency: &str) -> Option<Quote> {
    checkout.quote(way.method_in(currency)?, currency).ok()
}

/// What the total is made of.
fn breakdown(checkout: &Page, quote: &Quote) -> Vec<(&'static str, String)> {
    let source = &checkout.source;
    let fees = [
        ("Platform fee", quote.platform_fee),
        ("Payment fee", quote.gateway_fee),
        ("Exchange fee", quote.fx_fee),
    ];
    let mut rows = vec![("Subtotal", money(source.total_amount, &source.currency))];
    if source.fee_bearer == FeeBearer::Payee {
        rows.push(("Fees", "paid by the business".to_owned()));
    } else {
        let charged = fees.into_iter().filter(|(_, fee)| fee.0 != 0);
        rows.extend(charged.map(|(name, fee)| (name, money(fee, &quote.currency))));
    }
    if let Some(rate) = quote.rate {
        let rate = rate.decimal().normalize();
        rows.push(("Exchange rate", format!("1 {} = {rate} {}", quote.currency, quote.payer_currency)));
    }
    rows
}

async fn pay(State(app): State<Arc<App>>, Path(token): Path<String>, Form(choice): Form<Choice>) -> Response {
    let (path_token, again) = (token.clone(), choice.clone());
    let paid = app.store.run(move |books| {
        let Some(page) = found(books, &path_token)? else { return Ok(None) };
        let paying = paying(&page, &choice)?;
        checkouts::pay(books, &page, choice.reference_id, paying).map(Some)
    });
    match paid.await {
        Ok(None) => Notice::not_found(),
        Ok(Some(execution)) => {
            Redirect::to(&format!("/pay/{token}/payments/{}", execution.reference_id)).into_response()
        }
        Err(problem) => {
            let refused = explained(&problem);
            let shown = app.store.run(move |books| {
                let Some(page) = found(books, &token)? else { return Ok(Notice::not_found()) };
                state_of(books, &page, again, Some(refused))
            });
            shown.await.unwrap_or_else(failed)
        }
    }
}

/// What the form asks for, in the terms of the API.
fn paying(checkout: &Page, choice: &Choice) -> Result<Paying, Problem> {
    let refuse = |text| Problem::sentence(StatusCode::UNPROCESSABLE_ENTITY, text);
    if choice.reference_id.get_version_num() != 4 {
        return Err(refuse("The form is damaged: reload the page and try again"));
    }
    let party = &checkout.counterparty.party;
    let (method, phone, account_name) = match choice.way.as_str() {
        "mobile" => {
            let phone: String =
                choice.phone.chars().filter(|&c| !matches!(c, ' ' | '-' | '+' | '(' | ')')).collect();
            let operator = methods::operator(&phone).ok_or_else(|| {
                refuse("Enter the phone number of a mobile money wallet, with its country code")
            })?;
            (operator.method, Some(phone), party.fullname.clone())
        }
        "card" => {
            let method = methods::method(methods::CARD).expect("cards are a method");
            let declined = choice.card == "declined";
            (method, None, if declined { DECLINED_CARD.to_owned() } else { party.fullname.clone() })
        }
        _ => return Err(refuse("Choose how to pay")),
    };
    if !method.currencies.contains(&choice.currency.as_str()) {
        return Err(refuse("This way of paying does not take this currency: choose another one"));
    }
    Ok(Paying { method, currency: choice.currency.clone(), account_name, phone })
}
