//! Funding sources: banks and balances, and the authorisation to debit a bank.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Asked, Serve, Shared, read, write};
use crate::dwolla::app::App;
use crate::dwolla::books::Books;
use crate::dwolla::hal::{Answer, links};
use crate::dwolla::problem::{Refusal, Wrong};
use crate::dwolla::seed;
use crate::dwolla::things::{FundingSource, Owner, Place};
use crate::dwolla::transfers::instant;
use crate::money::Cents;

/// The longest name of a funding source, in characters.
const LONGEST_NAME: usize = 50;
/// What a bank that is added holds, in cents: a million dollars.
const IN_BANK: i64 = 100_000_000;
const AUTHORIZATIONS: &str = "/on-demand-authorizations";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("GET /funding-sources/{id}", retrieve)
        .serve("POST /funding-sources/{id}", update)
        .serve("GET /funding-sources/{id}/balance", balance)
        .serve("POST /on-demand-authorizations", authorize)
}

async fn retrieve(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| Ok(Answer::ok(show(books, found(books, asked.id()?)?)))).await
}

fn found(books: &Books, id: Uuid) -> Result<&FundingSource, Refusal> {
    books.sources.find(&id).ok_or_else(Refusal::not_found)
}

/// The funding sources of somebody; without those that were removed, if so asked.
pub(super) fn list(books: &Books, owner: Owner, asked: &Asked) -> Result<Answer, Refusal> {
    let with_removed = match asked.query.get("removed").map(String::as_str) {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(Wrong::at("Invalid", "/removed", "Removed is true or false.").into()),
    };
    let sources = books.sources_of(owner).filter(|source| with_removed || !source.removed);
    let shown: Vec<Value> = sources.map(|source| show(books, source)).collect();
    let pen = books.pen();
    let path = match owner {
        Owner::Account => format!("/accounts/{}/funding-sources", pen.id(seed::ACCOUNT)),
        Owner::Customer(id) => format!("/customers/{}/funding-sources", pen.id(id)),
    };
    let links = links([("self", Some(pen.link(&path, "funding-source")))]);
    Ok(Answer::ok(json!({ "_links": links, "_embedded": { "funding-sources": shown } })))
}

fn show(books: &Books, source: &FundingSource) -> Value {
    let pen = books.pen();
    let id = pen.id(source.id);
    let own = format!("/funding-sources/{id}");
    let transfers = |allowed: bool| allowed.then(|| pen.link("/transfers", "transfer"));
    let bank = source.is_bank();
    let owner = books.party(Some(source.owner));
    let is_account = source.owner == Owner::Account;
    let present = !source.removed;
    let links = links([
        ("self", Some(pen.link(&own, "funding-source"))),
        ("account", is_account.then(|| owner.clone())),
        ("customer", (!is_account).then_some(owner)),
        ("balance", (!bank).then(|| pen.link(&format!("{own}/balance"), "balance"))),
        ("transfer-send", transfers(present && source.verified)),
        ("transfer-receive", transfers(present)),
        ("remove", (present && bank).then(|| pen.link(&own, "funding-source"))),
    ]);
    let mut shown = json!({
        "_links": links,
        "id": id,
        "status": if source.verified { "verified" } else { "unverified" },
        "type": if bank { "bank" } else { "balance" },
        "name": source.name,
        "created": instant(source.created),
        "removed": source.removed,
        "channels": if bank { json!(["ach"]) } else { json!([]) },
    });
    if let Place::Bank { routing_number, account_number, account_type } = &source.place {
        let number = Uuid::from_u128(digits(routing_number) << 64 | digits(account_number));
        shown["bankAccountType"] = json!(account_type);
        shown["bankName"] = json!("SANDBOX TEST BANK");
        shown["fingerprint"] = json!(number.simple().to_string());
    }
    shown
}

fn digits(text: &str) -> u128 {
    text.parse().unwrap_or(0)
}

async fn balance(State(app): Shared, asked: Asked) -> Response {
    read(&app, |books| {
        let source = found(books, asked.id()?)?;
        if source.is_bank() {
            return Err(Refusal::not_found());
        }
        let pen = books.pen();
        let own = format!("/funding-sources/{}", pen.id(source.id));
        let value = Cents(books.journal.balance(&source.account())).decimal().to_string();
        let amount = json!({ "value": value, "currency": "USD" });
        let links = links([
            ("self", Some(pen.link(&format!("{own}/balance"), "balance"))),
            ("funding-source", Some(pen.link(&own, "funding-source"))),
        ]);
        Ok(Answer::ok(json!({
            "_links": links, "balance": amount, "total": amount, "lastUpdated": instant(books.now),
        })))
    })
    .await
}

async fn update(State(app): Shared, asked: Asked) -> Response {
    let id = asked.id();
    write(&app, asked.call, |books| {
        let id = id?;
        updated(books, id, &asked.body)?;
        Ok(Answer::ok(show(books, found(books, id)?)))
    })
    .await
}

/// Renames or removes a funding source.
fn updated(books: &mut Books, id: Uuid, body: &[u8]) -> Result<(), Refusal> {
    let body: Value = serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::bad_request("The request body is not a JSON object."))?;
    let source = found(books, id)?;
    if source.removed {
        return Err(Refusal::invalid_state("Funding source has been removed."));
    }
    match &body["removed"] {
        Value::Null => {}
        Value::Bool(true) if source.is_bank() => {
            books.remove_bank(id, books.now);
            return Ok(());
        }
        Value::Bool(true) => return Err(Refusal::invalid_state("A balance cannot be removed.")),
        _ => return Err(Wrong::at("Invalid", "/removed", "Removed can only be true.").into()),
    }
    if !source.is_bank() {
        return Err(Refusal::invalid_state("A balance cannot be renamed."));
    }
    let name = name(&body)?;
    books.sources.change(&id, |source| source.name = name);
    Ok(())
}

fn name(body: &Value) -> Result<String, Wrong> {
    let Some(name) = body.get("name").filter(|name| !name.is_null()) else {
        return Err(Wrong::required("/name"));
    };
    let name = name.as_str().map(str::trim).unwrap_or_default();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Err(Wrong::at("InvalidFormat", "/name", "Name has 1 to 50 characters."));
    }
    Ok(name.to_owned())
}

/// Adds a bank. It is verified when its holder has authorised debits, and otherwise only takes credits.
pub(super) fn add_bank(books: &mut Books, owner: Owner, body: &[u8]) -> Result<Answer, Refusal> {
    let body: Value = serde_json::from_slice(body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| Refusal::bad_request("The request body is not a JSON object."))?;
    for path in ["/routingNumber", "/accountNumber", "/bankAccountType", "/name"] {
        if body.pointer(path).is_none_or(Value::is_null) {
            return Err(Wrong::required(path).into());
        }
    }
    let said = |member: &str| body[member].as_str().unwrap_or_default().to_owned();
    let (routing_number, account_number) = (said("routingNumber"), said("accountNumber"));
    let account_type = said("bankAccountType");
    if !is_routing_number(&routing_number) {
        return Err(Wrong::at("Invalid", "/routingNumber", "Invalid routing number.").into());
    }
    let numeric = account_number.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric || !(4..=17).contains(&account_number.len()) {
        return Err(Wrong::at("InvalidFormat", "/accountNumber", "Account number has 4 to 17 digits.").into());
    }
    if !["checking", "savings", "general-ledger", "loan"].contains(&account_type.as_str()) {
        return Err(Wrong::at("Invalid", "/bankAccountType", "Invalid bank account type.").into());
    }
    let name = name(&body)?;
    let same = |source: &&FundingSource| {
        let same = matches!(&source.place, Place::Bank { routing_number: routing, account_number: account, .. }
            if *routing == routing_number && *account == account_number);
        same && !source.removed
    };
    if let Some(known) = books.sources_of(owner).find(same) {
        return Err(Refusal::duplicate(&format!(
            "{}/funding-sources/{}",
            books.base,
            books.pen().id(known.id)
        )));
    }
    let authorization = body.pointer("/_links/on-demand-authorization/href").and_then(Value::as_str);
    let verified = authorization.is_some_and(|href| href.contains(&format!("{AUTHORIZATIONS}/")));
    let id = Uuid::new_v4();
    let place = Place::Bank { routing_number, account_number, account_type };
    let created = books.now;
    let source = FundingSource { id, number: 0, owner, place, name, verified, removed: false, created };
    seed::add_source(books, source, IN_BANK);
    Ok(Answer::created(format!("/funding-sources/{id}")))
}

/// Nine digits whose weighted sum, 3, 7, 1 over and over, is a multiple of ten.
fn is_routing_number(text: &str) -> bool {
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(10)).collect();
    digits.filter(|digits| digits.len() == 9).is_some_and(|digits| {
        let weighted = digits.iter().zip([3, 7, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight);
        weighted.sum::<u32>().is_multiple_of(10)
    })
}

async fn authorize(State(app): Shared, asked: Asked) -> Response {
    write(&app, asked.call, |books| {
        let path = format!("{AUTHORIZATIONS}/{}", Uuid::new_v4());
        let own = books.pen().link(&path, "on-demand-authorization");
        Ok(Answer::ok(json!({
            "_links": links([("self", Some(own))]),
            "bodyText": "I agree that future payments are debited from my bank whenever I confirm one.",
            "buttonText": "Agree & Continue",
        })))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_number_has_nine_digits_and_a_checksum() {
        for good in ["222222226", "021000021", "011401533"] {
            assert!(is_routing_number(good), "{good}");
        }
        for bad in ["222222227", "22222222", "2222222260", "22222222x", ""] {
            assert!(!is_routing_number(bad), "{bad}");
        }
    }
}
