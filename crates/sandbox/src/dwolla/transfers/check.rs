//! What `POST /transfers` may ask for. Everything is looked at before anything is written.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveTime};
use http::StatusCode;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;
use uuid::Uuid;

use crate::dwolla::books::Books;
use crate::dwolla::problem::{Refusal, Wrong};
use crate::dwolla::seed;
use crate::dwolla::switches::{CorrelationIds, Feature};
use crate::dwolla::things::{
    Clearing, Customer, CustomerType, FundingSource, Owner, Payee, Place, Status, Transfer,
};
use crate::money::Cents;

const SOURCE: &str = "/_links/source/href";
const DESTINATION: &str = "/_links/destination/href";
const AMOUNT: &str = "/amount/value";
const CHARGE_TO: &str = "/fees/_links/charge-to/href";

/// What a verified customer may send at a time, and one who is not verified in a week, in cents.
const VERIFIED_LIMIT: i64 = 1_000_000;
const WEEKLY_LIMIT: i64 = 500_000;
/// What the network clears on the same day at most, in cents.
const SAME_DAY_LIMIT: i64 = 100_000_000;

/// A transfer that may be made.
pub(super) struct Order {
    pub(super) source: Uuid,
    pub(super) destination: Payee,
    pub(super) cents: i64,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) clearing: Option<Clearing>,
    pub(super) correlation_id: Option<String>,
    pub(super) fees: Vec<Fee>,
}

/// A fee, and the funding source it is taken from.
pub(super) struct Fee {
    pub(super) source: Uuid,
    pub(super) cents: i64,
}

/// What a link in a request leads to.
enum Target {
    FundingSource(Uuid),
    Customer(Uuid),
    Account(Uuid),
    Email(String),
}

/// Reads an order and says what is wrong with it, if anything.
pub(super) fn order(books: &Books, body: &[u8]) -> Result<Order, Refusal> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| Refusal::bad_request("The request body is not JSON."))?;
    if !body.is_object() {
        return Err(Refusal::bad_request("The request body is not a JSON object."));
    }
    for path in [SOURCE, DESTINATION, AMOUNT, "/amount/currency"] {
        if body.pointer(path).is_none_or(Value::is_null) {
            return Err(Wrong::required(path).into());
        }
    }
    let cents = amount(&body["amount"], AMOUNT)?;
    let source = source(books, &body)?;
    let destination = destination(books, source, &body)?;
    limits(books, source, cents)?;
    let clearing = clearing(books, &body, cents)?;
    let order = Order {
        source: source.id,
        destination,
        cents,
        metadata: metadata(books, source, &body)?,
        clearing,
        correlation_id: correlation_id(books, &body)?,
        fees: Vec::new(),
    };
    extras(books, source, &body)?;
    let fees = fees(books, source, &order, &body)?;
    let charged: i64 = fees.iter().filter(|fee| fee.source == source.id).map(|fee| fee.cents).sum();
    if !source.is_bank() && books.journal.balance(&source.account()) < cents + charged {
        return Err(Wrong::at("InsufficientFunds", SOURCE, "Insufficient funds.").into());
    }
    Ok(Order { fees, ..order })
}

fn target(link: &Value) -> Option<Target> {
    let href = link["href"].as_str()?;
    if let Some(email) = href.strip_prefix("mailto:") {
        return email.contains('@').then(|| Target::Email(email.to_owned()));
    }
    let mut ends = href.trim_end_matches('/').rsplit('/');
    let id = ends.next()?.parse().ok()?;
    match ends.next()? {
        "funding-sources" => Some(Target::FundingSource(id)),
        "customers" => Some(Target::Customer(id)),
        "accounts" => Some(Target::Account(id)),
        _ => None,
    }
}

/// A positive amount of US dollars, rounded half to even.
fn amount(amount: &Value, path: &'static str) -> Result<i64, Wrong> {
    if !amount["currency"].as_str().is_some_and(|currency| currency.eq_ignore_ascii_case("USD")) {
        return Err(Wrong::at("Invalid", "/amount/currency", "Invalid currency."));
    }
    let text = amount["value"].as_str().unwrap_or_default();
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse::<Decimal>()
        .ok()
        .filter(|_| plain)
        .map(|amount| amount.round_dp_with_strategy(2, RoundingStrategy::MidpointNearestEven))
        .and_then(Cents::exactly)
        .filter(|cents| cents.0 > 0)
        .map(|cents| cents.0)
        .ok_or(Wrong::at("InvalidFormat", path, "Amount must be a positive number."))
}

/// The state of whoever owns a funding source; nothing when it is the application itself.
fn customer_of<'b>(books: &'b Books, source: &FundingSource) -> Option<&'b Customer> {
    match source.owner {
        Owner::Account => None,
        Owner::Customer(id) => books.customers.find(&id),
    }
}

fn source<'b>(books: &'b Books, body: &Value) -> Result<&'b FundingSource, Wrong> {
    let invalid = |message| Wrong::at("Invalid", SOURCE, message);
    let Some(Target::FundingSource(id)) = target(&body["_links"]["source"]) else {
        return Err(invalid("Funding source not found."));
    };
    let source = books.sources.find(&id).ok_or(invalid("Funding source not found."))?;
    if source.removed {
        return Err(invalid("Funding source has been removed."));
    }
    if !source.verified {
        return Err(invalid("Funding source is not verified."));
    }
    if matches!(&source.place, Place::Bank { account_type, .. } if account_type == "loan") {
        return Err(invalid("Bank account type is not supported."));
    }
    match customer_of(books, source) {
        Some(sender) if !sender.is_active() || sender.kind == CustomerType::ReceiveOnly => {
            Err(Wrong::at("Restricted", SOURCE, "Sender restricted."))
        }
        _ => Ok(source),
    }
}

fn destination(books: &Books, source: &FundingSource, body: &Value) -> Result<Payee, Wrong> {
    let wrong = |code, message| Wrong::at(code, DESTINATION, message);
    let owner = match target(&body["_links"]["destination"]) {
        Some(Target::FundingSource(id)) => {
            let found = books.sources.find(&id).filter(|found| !found.removed);
            let found = found.ok_or(wrong("Invalid", "Receiver not found."))?;
            let same_kind = found.is_bank() == source.is_bank();
            if found.id == source.id || found.owner == source.owner && same_kind {
                return Err(wrong("Invalid", "Receiver cannot be the owner of the source funding source."));
            }
            if matches!(&found.place, Place::Bank { account_type, .. } if account_type == "general-ledger") {
                return Err(wrong("Invalid", "Bank account type is not supported."));
            }
            receiver(books, source, found)?;
            return Ok(Payee::FundingSource(found.id));
        }
        Some(Target::Customer(id)) if books.customers.find(&id).is_some() => Owner::Customer(id),
        Some(Target::Account(seed::ACCOUNT)) => Owner::Account,
        Some(Target::Email(email)) => {
            let known = books.customers.rows().find(|customer| customer.email.eq_ignore_ascii_case(&email));
            match known {
                Some(customer) => Owner::Customer(customer.id),
                None => return Ok(Payee::Email(email)),
            }
        }
        _ => return Err(wrong("Invalid", "Receiver not found.")),
    };
    if owner == source.owner {
        return Err(wrong("Invalid", "Receiver cannot be the owner of the source funding source."));
    }
    // Who has a balance is paid into it, anybody else into the first bank.
    let own = books.balance_of(owner).or_else(|| books.sources_of(owner).find(|source| !source.removed));
    let own = own.ok_or(wrong("RequiresFundingSource", "Receiver requires funding source."))?;
    receiver(books, source, own)?;
    Ok(Payee::FundingSource(own.id))
}

/// Whether somebody may be paid.
fn receiver(books: &Books, source: &FundingSource, found: &FundingSource) -> Result<(), Wrong> {
    let wrong = |code, message| Err(Wrong::at(code, DESTINATION, message));
    let Some(receiver) = customer_of(books, found) else { return Ok(()) };
    if !receiver.is_active() {
        return wrong("Restricted", "Receiver restricted.");
    }
    match receiver.last_name.as_str() {
        "Blocked" => return wrong("NotAllowed", "Transfer between these parties is not allowed."),
        "Limited" => return wrong("Restricted", "Receiver has reached the weekly receive limit."),
        _ => {}
    }
    let unknown = |customer: &Customer| !customer.kind.is_verified();
    if unknown(receiver) && customer_of(books, source).is_some_and(unknown) {
        return wrong("NotAllowed", "One of the parties has to be verified.");
    }
    Ok(())
}

fn limits(books: &Books, source: &FundingSource, cents: i64) -> Result<(), Wrong> {
    let over = Err(Wrong::at("Invalid", AMOUNT, "Amount exceeds the limit."));
    let Some(sender) = customer_of(books, source) else { return Ok(()) };
    if sender.kind.is_verified() {
        return if cents > VERIFIED_LIMIT { over } else { Ok(()) };
    }
    let today = books.now.date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let monday = monday.and_time(NaiveTime::MIN).and_utc();
    let sent = |transfer: &&Transfer| {
        let counts = !matches!(transfer.status(), Status::Failed | Status::Cancelled | Status::Reclaimed);
        counts && transfer.is_payment() && books.parties(transfer).0 == Some(source.owner)
    };
    let this_week =
        books.transfers_of(source.owner).rev().take_while(|transfer| transfer.created >= monday).filter(sent);
    let sent: i64 = this_week.map(|transfer| transfer.cents).sum();
    if sent + cents > WEEKLY_LIMIT { over } else { Ok(()) }
}

fn clearing(books: &Books, body: &Value, cents: i64) -> Result<Option<Clearing>, Wrong> {
    let Some(clearing) = body.get("clearing").filter(|clearing| !clearing.is_null()) else { return Ok(None) };
    let clearing: Clearing = serde_json::from_value(clearing.clone())
        .map_err(|_| Wrong::at("Invalid", "/clearing", "Invalid clearing."))?;
    if books.switches.clearing == Feature::Disabled {
        return Err(Wrong::at("Restricted", "/clearing/destination", "Clearing is not enabled."));
    }
    for (asked, path) in
        [(&clearing.source, "/clearing/source"), (&clearing.destination, "/clearing/destination")]
    {
        if asked.as_deref().is_some_and(|asked| !["standard", "next-available"].contains(&asked)) {
            return Err(Wrong::at("Invalid", path, "Invalid clearing."));
        }
    }
    let same_day = [&clearing.source, &clearing.destination]
        .into_iter()
        .flatten()
        .any(|asked| asked == "next-available");
    if same_day && cents > SAME_DAY_LIMIT {
        return Err(Wrong::at("Restricted", AMOUNT, "Amount exceeds the limit of the clearing."));
    }
    Ok(Some(clearing))
}

fn metadata(books: &Books, source: &FundingSource, body: &Value) -> Result<BTreeMap<String, String>, Wrong> {
    let invalid = |message| Wrong::at("Invalid", "/metadata", message);
    let Some(metadata) = body.get("metadata").filter(|metadata| !metadata.is_null()) else {
        return Ok(BTreeMap::new());
    };
    if !source.is_bank() && books.switches.balance_metadata == Feature::Disabled {
        return Err(invalid("Metadata is not supported for this type of transfer."));
    }
    let pairs: BTreeMap<String, String> =
        serde_json::from_value(metadata.clone()).map_err(|_| invalid("Metadata is an object of strings."))?;
    let long = |text: &String| text.chars().count() >= 255;
    if pairs.len() > 10 || pairs.iter().any(|(key, value)| long(key) || long(value)) {
        return Err(invalid(
            "Metadata has at most 10 pairs, each key and value shorter than 255 characters.",
        ));
    }
    Ok(pairs)
}

fn correlation_id(books: &Books, body: &Value) -> Result<Option<String>, Wrong> {
    let wrong = |code, message| Wrong::at(code, "/correlationId", message);
    let Some(id) = body.get("correlationId").filter(|id| !id.is_null()) else { return Ok(None) };
    let id = id.as_str().unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !(1..=255).contains(&id.len()) || !id.bytes().all(allowed) {
        return Err(wrong("InvalidFormat", "CorrelationId has 1 to 255 letters, digits, '-', '.' and '_'."));
    }
    let taken = || {
        let named = books.named(id).iter().filter_map(|transfer| books.transfers.find(transfer));
        named.filter_map(|transfer| transfer.correlation_id.as_deref()).any(|other| other == id)
    };
    if books.switches.correlation_id == CorrelationIds::Unique && taken() {
        return Err(wrong("Duplicate", "CorrelationId has been used."));
    }
    Ok(Some(id.to_owned()))
}

/// What is understood of the members that only business accounts use.
fn extras(books: &Books, source: &FundingSource, body: &Value) -> Result<(), Wrong> {
    for (side, path) in [
        ("source", "/achDetails/source/addenda/values"),
        ("destination", "/achDetails/destination/addenda/values"),
    ] {
        let Some(values) = body.pointer(&format!("/achDetails/{side}/addenda/values")) else { continue };
        let one = values.as_array().filter(|values| values.len() == 1).and_then(|values| values[0].as_str());
        if one.is_none_or(|text| text.chars().count() > 80) {
            return Err(Wrong::at("InvalidFormat", path, "Addenda is one text of at most 80 characters."));
        }
        if customer_of(books, source).is_some_and(|sender| sender.kind != CustomerType::Business) {
            return Err(Wrong { code: "NotAllowed", path: None, message: "Addenda is not enabled." });
        }
    }
    let remittance = body.pointer("/rtpDetails/destination/remittanceData");
    if remittance.is_some_and(|text| text.as_str().is_none_or(|text| text.chars().count() > 140)) {
        let path = "/rtpDetails/destination/remittanceData";
        return Err(Wrong::at("InvalidFormat", path, "RemittanceData has at most 140 characters."));
    }
    if body.pointer("/processingChannel/destination").is_some() {
        let path = "/processingChannel/destination";
        return Err(Wrong::at("NotAllowed", path, "The destination does not support this channel."));
    }
    Ok(())
}

fn fees(books: &Books, source: &FundingSource, order: &Order, body: &Value) -> Result<Vec<Fee>, Refusal> {
    let Some(asked) = body.get("fees").filter(|fees| !fees.is_null()) else { return Ok(Vec::new()) };
    let asked = asked.as_array().ok_or(Refusal::coded(
        StatusCode::BAD_REQUEST,
        "BadRequest",
        "The fees are not a list.",
    ))?;
    let invalid = |message| Wrong::at("Invalid", CHARGE_TO, message);
    let whole = |message| Wrong { code: "Invalid", path: None, message };
    let destination = match &order.destination {
        Payee::FundingSource(id) => books.sources.find(id),
        Payee::Email(_) => None,
    };
    if !asked.is_empty() && destination.is_some_and(|destination| destination.owner == source.owner) {
        return Err(whole("Fees are not allowed on a transfer to oneself.").into());
    }
    let mut fees: Vec<Fee> = Vec::new();
    for fee in asked {
        let payer = match target(&fee["_links"]["charge-to"]) {
            Some(Target::Customer(id)) => Owner::Customer(id),
            Some(Target::Account(seed::ACCOUNT)) => Owner::Account,
            _ => return Err(invalid("Charge-to has to be a party of the transfer.").into()),
        };
        let charged = [Some(source), destination].into_iter().flatten().find(|party| party.owner == payer);
        let charged = charged.ok_or(invalid("Charge-to has to be a party of the transfer."))?;
        if fees.first().is_some_and(|first| first.source != charged.id) {
            return Err(invalid("All fees of a transfer have the same payer.").into());
        }
        let cents = amount(&fee["amount"], CHARGE_TO).map_err(|_| invalid("Invalid fee amount."))?;
        fees.push(Fee { source: charged.id, cents });
    }
    let sum: i128 = fees.iter().map(|fee| i128::from(fee.cents)).sum();
    if sum * 2 > i128::from(order.cents) {
        return Err(whole("The fees are more than half of the amount.").into());
    }
    Ok(fees)
}
