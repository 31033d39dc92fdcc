//! Customers, and what is theirs.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Asked, Serve, Shared, funding_sources, read, transfers, write};
use crate::dwolla::app::App;
use crate::dwolla::books::Books;
use crate::dwolla::hal::{Answer, links};
use crate::dwolla::problem::{Refusal, Wrong};
use crate::dwolla::seed;
use crate::dwolla::things::{Customer, CustomerType, Owner};
use crate::dwolla::transfers::instant;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("POST /customers", create)
        .serve("GET /customers/{id}", retrieve)
        .serve("GET /customers/{id}/funding-sources", own_funding_sources)
        .serve("POST /customers/{id}/funding-sources", add_bank)
        .serve("GET /customers/{id}/transfers", own_transfers)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCustomer {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    business_name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<Value>,
}

async fn create(State(app): Shared, asked: Asked) -> Response {
    write(&app, asked.call, |books| made(books, &asked.body)).await
}

fn made(books: &mut Books, body: &[u8]) -> Result<Answer, Refusal> {
    let asked: NewCustomer = serde_json::from_slice(body)
        .map_err(|_| Refusal::bad_request("The request body is not a customer in JSON."))?;
    let named = |value: &Option<String>, path| {
        value.clone().filter(|value| !value.trim().is_empty()).ok_or(Wrong::required(path))
    };
    let first_name = named(&asked.first_name, "/firstName")?;
    let last_name = named(&asked.last_name, "/lastName")?;
    let email = named(&asked.email, "/email")?;
    let kind: CustomerType = match asked.kind {
        None | Some(Value::Null) => CustomerType::Unverified,
        Some(kind) => serde_json::from_value(kind)
            .map_err(|_| Wrong::at("Invalid", "/type", "Invalid customer type."))?,
    };
    if !email.contains('@') {
        return Err(Wrong::at("InvalidFormat", "/email", "Invalid email.").into());
    }
    if books.customers.rows().any(|customer| customer.email.eq_ignore_ascii_case(&email)) {
        return Err(Wrong::at("Duplicate", "/email", "A customer with this email exists.").into());
    }
    let id = Uuid::new_v4();
    seed::add_customer(books, id, [&first_name, &last_name, &email], asked.business_name, kind);
    if kind.is_verified() {
        seed::balance(books, Uuid::new_v4(), Owner::Customer(id), 0);
    }
    Ok(Answer::created(format!("/customers/{id}")))
}

async fn retrieve(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| {
        let customer = books.customer(asked.id()?)?;
        Ok(Answer::ok(show(books, customer)))
    })
    .await
}

fn show(books: &Books, customer: &Customer) -> Value {
    let pen = books.pen();
    let id = pen.id(customer.id);
    let may_send = customer.is_active() && customer.kind != CustomerType::ReceiveOnly;
    let transfers = |allowed: bool| allowed.then(|| pen.link("/transfers", "transfer"));
    let links = links([
        ("self", Some(books.party(Some(Owner::Customer(customer.id))))),
        ("receive", transfers(customer.is_active())),
        ("send", transfers(may_send)),
        ("funding-sources", Some(pen.link(&format!("/customers/{id}/funding-sources"), "funding-source"))),
        ("transfers", Some(pen.link(&format!("/customers/{id}/transfers"), "transfer"))),
    ]);
    let mut shown = json!({
        "_links": links,
        "id": id,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "email": customer.email,
        "type": customer.kind,
        "status": customer.status,
        "created": instant(customer.created),
    });
    if let Some(business_name) = &customer.business_name {
        shown["businessName"] = json!(business_name);
    }
    shown
}

fn own(books: &Books, id: Uuid) -> Result<Owner, Refusal> {
    books.customer(id).map(|customer| Owner::Customer(customer.id))
}

async fn own_funding_sources(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| funding_sources::list(books, own(books, asked.id()?)?, &asked)).await
}

async fn own_transfers(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| transfers::list(books, own(books, asked.id()?)?, asked)).await
}

async fn add_bank(State(app): Shared, asked: Asked) -> Response {
    let id = asked.id();
    write(&app, asked.call, |books| {
        let owner = own(books, id?)?;
        funding_sources::add_bank(books, owner, &asked.body)
    })
    .await
}
