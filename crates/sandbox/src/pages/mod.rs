//! The pages people look at: the hosted checkout, the receipt and the dashboard. A page shows what the books say and
//! acts through the same modules as the API; it keeps no state of its own.
//!
//! Whatever a stranger may have written (names, items, notes, addresses) reaches HTML only through templates, which
//! escape it, or through the text of DOM nodes. The content security policy is the second line: nothing inline runs,
//! and nothing is loaded from anywhere else.

mod checkout;
mod dashboard;
mod overview;
mod payment;
mod receipt;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use rust_decimal::Decimal;

use crate::app::App;
use crate::guard;
use crate::money::Cents;
use crate::problem::{Detail, Problem};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The files that pages load, as (path, type, content).
const ASSETS: [(&str, &str, &str); 4] = [
    ("/_pages/pages.css", "text/css; charset=utf-8", include_str!("pages.css")),
    ("/_pages/payment.js", "text/javascript; charset=utf-8", include_str!("payment.js")),
    ("/_pages/dashboard.js", "text/javascript; charset=utf-8", include_str!("dashboard.js")),
    ("/_pages/icon.svg", "image/svg+xml", include_str!("icon.svg")),
];

/// All pages. Checkouts and receipts are for whoever has their address; the dashboard is a control.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let mut public =
        Router::new().merge(checkout::routes()).merge(payment::routes()).merge(receipt::routes());
    for (path, kind, content) in ASSETS {
        public = public.route(path, get(move || async move { ([(CONTENT_TYPE, kind)], content) }));
    }
    let public = public.layer(middleware::from_fn_with_state(Arc::clone(app), guard::same_origin::<App>));
    let dashboard =
        dashboard::routes().layer(middleware::from_fn_with_state(Arc::clone(app), guard::controls::<App>));
    public.merge(dashboard).layer(middleware::map_response(protected))
}

async fn protected(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // The token in the address of a page is not for the merchant's site. Stricter than this, and browsers would
        // not say either that a form was sent from here.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = template.render().expect("a template writes to memory");
    (status, Html(html)).into_response()
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    title: &'static str,
    text: String,
    /// Where to go from here: an address and what it is called.
    link: Option<(String, &'static str)>,
}

impl Notice {
    fn new(title: &'static str, text: impl Into<String>) -> Self {
        Self { title, text: text.into(), link: None }
    }

    fn not_found() -> Response {
        let text = "Check the address, or ask whoever sent it to you for a new one.";
        page(StatusCode::NOT_FOUND, &Self::new("There is no such page", text))
    }
}

/// What a page shows instead when the books refuse to be read.
fn failed(problem: Problem) -> Response {
    let (status, text) = explained(&problem);
    page(status, &Notice::new("That did not work", text))
}

/// A refusal as a person reads it.
fn explained(problem: &Problem) -> (StatusCode, String) {
    match problem {
        Problem::Refused { status, detail: Detail::Sentence(sentence) } => (*status, format!("{sentence}.")),
        Problem::Refused { status, detail: Detail::Fields(errors) } => {
            let field = |error: &crate::problem::FieldError| {
                error.loc.last().and_then(|last| last.as_str()).unwrap_or_default().to_owned()
            };
            let text = match errors.first() {
                Some(error) => match field(error).as_str() {
                    "insensitive_account_number" => "Enter a phone number of 8 to 15 digits.".to_owned(),
                    "payment_account_id" if error.msg.contains("not active") => {
                        "This wallet is not active. Use another one.".to_owned()
                    }
                    "account_name" => "Enter the name on the card.".to_owned(),
                    "source_id" => "This can not be paid right now.".to_owned(),
                    field => format!("{field}: {}.", error.msg),
                },
                None => "The request was refused.".to_owned(),
            };
            (*status, text)
        }
        Problem::Storage(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "The database failed; nothing was kept.".to_owned())
        }
        Problem::Stopped => (StatusCode::SERVICE_UNAVAILABLE, "The sandbox is shutting down.".to_owned()),
    }
}

/// An amount as a person reads it: `USD 1,250.00`.
fn money(amount: Cents, currency: &str) -> String {
    format!("{currency} {}", grouped(amount.decimal()))
}

fn grouped(amount: Decimal) -> String {
    let text = format!("{:.2}", amount.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, "00"));
    let mut shown = String::from(if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            shown.push(',');
        }
        shown.push(digit);
    }
    format!("{shown}.{decimals}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_keep_both_decimals() {
        for (cents, shown) in [
            (0, "USD 0.00"),
            (5, "USD 0.05"),
            (99_999, "USD 999.99"),
            (100_000, "USD 1,000.00"),
            (1_234_567_890_123_456, "USD 12,345,678,901,234.56"),
            (-123_450, "USD -1,234.50"),
        ] {
            assert_eq!(money(Cents(cents), "USD"), shown);
        }
    }
}
