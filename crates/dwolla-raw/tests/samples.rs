//! What the provider showed in 2018 and what it is known to send today are read alike, and nothing is lost on the way.
//!
//! `samples/` holds the JSON of the page of 2018, byte for byte.

use std::error::Error;

use dwolla_raw::{enums, types};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Result = std::result::Result<(), Box<dyn Error>>;

/// Reads a sample as a `T` that holds all of it: written back, it is the same document.
fn whole<T: DeserializeOwned + Serialize>(sample: &str) -> serde_json::Result<T> {
    let value: T = serde_json::from_str(sample)?;
    assert_eq!(serde_json::to_value(&value)?, serde_json::from_str::<Value>(sample)?);
    Ok(value)
}

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("samples/", $name, ".json"))
    };
}

#[test]
fn a_request_of_2018_is_read_whole() -> Result {
    let request: types::InitiateTransfer = whole(sample!("initiate"))?;
    assert_eq!(request.amount.value, "10.00");
    assert_eq!(
        request.clearing.and_then(|clearing| clearing.destination),
        Some(enums::ClearingSpeed::NextAvailable)
    );
    let fee: types::Fee = whole(sample!("fee"))?;
    assert!(fee.links.charge_to.href.ends_with("/customers/d795f696-2cac-4662-8f16-95f1db9bddd8"));
    let cancel: types::CancelTransfer = whole(sample!("cancel"))?;
    assert_eq!(cancel.status, enums::CancelStatus::Cancelled);
    Ok(())
}

#[test]
fn a_transfer_of_2018_is_read_whole_in_its_own_case() -> Result {
    let transfer: types::Transfer = whole(sample!("transfer"))?;
    assert_eq!(transfer.id, "4C8AD8B8-3D69-E511-80DB-0AA34A9B2388");
    assert_eq!(transfer.status, enums::TransferStatus::Pending);
    assert_eq!(transfer.created.to_string(), "2015-10-02T19:42:32.950Z");
    let link = transfer.links.source.ok_or("it has a source")?;
    assert_eq!((link.type_, link.resource_type), (None, None));
    Ok(())
}

#[test]
fn fees_of_2018_are_read_whole_with_their_small_currency_and_their_parent() -> Result {
    let fees: types::FeeList = whole(sample!("fees"))?;
    assert_eq!((fees.total, fees.transactions.len()), (2, 2));
    for fee in fees.transactions {
        assert_eq!(fee.amount.currency, "usd");
        let parent = fee.links.created_from_transfer.ok_or("a fee names its transfer")?;
        assert!(parent.href.ends_with("/transfers/83eb4b5e-a5d9-e511-80de-0aa34a9b2388"));
    }
    Ok(())
}

#[test]
fn a_failure_and_a_cancelled_transfer_of_2018_are_read_whole() -> Result {
    let failure: types::TransferFailure = whole(sample!("failure"))?;
    assert_eq!((failure.code.as_str(), failure.explanation), ("R1", None));
    let transfer: types::Transfer = whole(sample!("cancelled"))?;
    assert_eq!(transfer.status, enums::TransferStatus::Cancelled);
    assert!(transfer.links.cancel.is_some(), "the link outlives the cancellation");
    assert!(transfer.links.funding_transfer.is_some());
    Ok(())
}

/// A link as it is written today.
fn link(path: &str, kind: &str) -> Value {
    json!({"href": format!("https://api.dwolla.com{path}"), "type": "application/vnd.dwolla.v1.hal+json",
        "resource-type": kind})
}

fn transfer_of_today() -> Value {
    json!({
        "_links": {
            "self": link("/transfers/1", "transfer"), "source": link("/customers/2", "customer"),
            "destination": link("/accounts/3", "account"), "cancel": link("/transfers/1", "transfer"),
            "source-funding-source": link("/funding-sources/4", "funding-source"),
            "destination-funding-source": link("/funding-sources/5", "funding-source"),
            "funded-transfer": link("/transfers/6", "transfer"), "added-later": link("/", "later"),
        },
        "id": "1", "status": "on-hold", "amount": {"value": "42.00", "currency": "USD"},
        "created": "2026-11-20T22:00:22.970Z",
        "clearing": {"source": "standard", "destination": "same-week"},
        "correlationId": "8a2cdc8d-629d-4a24-98ac-40b735229fe2", "individualAchId": "IWKVPJZS",
        "achDetails": {"source": {"addenda": {"values": ["ABC123"]}, "traceId": "222222225926346"}},
        "rtpDetails": {"destination": {"remittanceData": "ABC"}},
        "processingChannel": {"destination": "real-time-payments"},
    })
}

#[test]
fn a_transfer_of_today_is_read_with_its_links_and_values_nobody_knew() -> Result {
    let transfer: types::Transfer = serde_json::from_value(transfer_of_today())?;
    assert_eq!(transfer.status, enums::TransferStatus::Unknown("on-hold".into()));
    let clearing = transfer.clearing.ok_or("it has a clearing")?;
    assert_eq!(clearing.destination, Some(enums::ClearingSpeed::Unknown("same-week".into())));
    assert_eq!(transfer.correlation_id.as_deref(), Some("8a2cdc8d-629d-4a24-98ac-40b735229fe2"));
    let source = transfer.links.source_funding_source.ok_or("it names its funding source")?;
    assert_eq!(source.resource_type.as_deref(), Some("funding-source"));
    assert!(transfer.metadata.is_none());
    Ok(())
}

#[test]
fn a_list_without_its_transfers_is_never_an_empty_one() -> Result {
    let page = json!({"_links": {"self": link("/customers/2/transfers", "transfer"),
        "next": link("/customers/2/transfers?&limit=1&offset=1", "transfer")},
        "_embedded": {"transfers": [transfer_of_today()]}, "total": 2});
    let list: types::TransferList = serde_json::from_value(page)?;
    assert_eq!((list.embedded.transfers.len(), list.total), (1, 2));
    assert!(list.links.is_some_and(|links| links.next.is_some() && links.prev.is_none()));
    for other in [json!({}), json!({"_embedded": {}, "total": 0}), json!({"transactions": [], "total": 0})] {
        assert!(serde_json::from_value::<types::TransferList>(other.clone()).is_err(), "{other}");
    }
    Ok(())
}

#[test]
fn a_failure_of_today_explains_itself() -> Result {
    let failure: types::TransferFailure = serde_json::from_value(json!({
        "_links": {"self": link("/transfers/1/failure", "failure"),
            "failed-funding-source": link("/funding-sources/4", "funding-source"),
            "customer": link("/customers/2", "customer")},
        "code": "R01", "description": "Insufficient Funds", "explanation": "There is too little in it.",
    }))?;
    assert_eq!(failure.code.as_str(), "R01");
    assert!(failure.links.is_some_and(|links| links.failed_funding_source.is_some()));
    Ok(())
}

#[test]
fn what_stands_around_transfers_is_read() -> Result {
    let token: types::Token =
        serde_json::from_str(r#"{"access_token":"t","token_type":"Bearer","expires_in":3599}"#)?;
    assert_eq!((token.token_type.as_str(), token.expires_in), ("Bearer", 3599));
    let root: types::Root =
        serde_json::from_value(json!({"_links": {"account": link("/accounts/3", "account")}}))?;
    assert!(root.links.account.is_some() && root.links.customers.is_none());
    let customer: types::Customer =
        serde_json::from_value(json!({"_links": {"self": link("/customers/2", "customer")},
        "id": "2", "firstName": "Ama", "lastName": "Doe", "email": "ama@example.com", "type": "receive-only",
        "status": "frozen", "created": "2026-11-20T22:00:22.970Z", "address1": "left out"}))?;
    assert_eq!(customer.type_, Some(enums::CustomerType::ReceiveOnly));
    assert_eq!(customer.status, Some(enums::CustomerStatus::Unknown("frozen".into())));
    let sources: types::FundingSourceList = serde_json::from_value(
        json!({"_links": {}, "_embedded": {"funding-sources": [
            {"_links": {"customer": link("/customers/2", "customer"), "transfer-send": link("/transfers", "transfer")},
                "id": "4", "status": "verified", "type": "bank", "bankAccountType": "checking", "name": "Ama",
                "created": "2026-11-20T22:00:22.970Z", "removed": false, "channels": ["ach", "fed-now"],
                "bankName": "SANDBOX TEST BANK", "fingerprint": "5012989b55af15400e8102f95d2ec5e7ce3aef45"},
            {"id": "5", "status": "verified", "type": "balance"},
        ]}}),
    )?;
    let [bank, balance] = &sources.embedded.funding_sources[..] else { return Err("two were sent".into()) };
    assert_eq!(bank.channels, [enums::Channel::Ach, enums::Channel::Unknown("fed-now".into())]);
    assert_eq!((balance.type_.as_str(), balance.removed, balance.channels.len()), ("balance", None, 0));
    let held: types::FundingSourceBalance = serde_json::from_value(json!({"_links": {}, "balance":
        {"value": "4616.87", "currency": "USD"}, "lastUpdated": "2026-11-20T22:00:22.970Z"}))?;
    assert_eq!(held.balance.value, "4616.87");
    Ok(())
}

#[test]
fn problems_are_read_in_each_of_their_shapes() -> Result {
    let simple: types::Problem = serde_json::from_str(r#"{"code":"forbidden","message":"No."}"#)?;
    assert_eq!(simple.code.as_str(), "forbidden");
    let invalid: types::Problem =
        serde_json::from_value(json!({"code": "ValidationError", "message": "No.",
        "_embedded": {"errors": [
            {"code": "InsufficientFunds", "message": "No.", "path": "/_links/source/href", "_links": {}},
            {"code": "Invalid", "message": "No."},
        ]}}))?;
    let errors = invalid.embedded.ok_or("it says what is wrong")?.errors;
    let paths: Vec<_> = errors.iter().map(|error| error.path.as_deref()).collect();
    assert_eq!(paths, [Some("/_links/source/href"), None]);
    let duplicate: types::Problem =
        serde_json::from_value(json!({"code": "DuplicateResource", "message": "No.",
        "_links": {"about": {"href": "https://api.dwolla.com/funding-sources/4"}}}))?;
    assert!(duplicate.links.is_some_and(|links| links.about.is_some()));
    let token: types::TokenProblem = serde_json::from_str(r#"{"error":"invalid_client"}"#)?;
    assert_eq!(token.error, "invalid_client");
    Ok(())
}
