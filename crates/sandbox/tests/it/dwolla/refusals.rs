//! What is refused, with its code and the path of the member that is at fault.

use std::time::Duration;

use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{
    ACCOUNT, BALANCE, BANK, BUSINESS, BUSINESS_BALANCE, CUSTOMER, CUSTOMER_BANK, CUSTOMER_WITHOUT_BANK,
    SHORT_BANK, SUSPENDED_CUSTOMER, UNVERIFIED_BANK, VERIFIED_BALANCE, VERIFIED_BANK, VERIFIED_CUSTOMER,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Application, bank, transfer};

/// A transfer that goes well but for one change.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = transfer(BANK, CUSTOMER_BANK, "10.00");
    change(&mut body);
    body
}

fn at(pointer: &str, value: Value) -> Value {
    changed(|body| {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[member] = value;
    })
}

fn to(link: &str) -> Value {
    at("/_links/destination/href", json!(link))
}

fn fee(charge_to: &str, value: &str) -> Value {
    json!({ "_links": { "charge-to": { "href": charge_to } }, "amount": { "value": value, "currency": "USD" } })
}

#[tokio::test]
async fn a_transfer_that_cannot_be_made_is_refused_with_the_code_and_the_path() {
    const SOURCE: &str = "/_links/source/href";
    const DESTINATION: &str = "/_links/destination/href";
    const FEES: &str = "/fees/_links/charge-to/href";
    let sandbox = DwollaSandbox::start().await.unwrap();
    let application = Application::of(&sandbox).await;
    let named = async |last_name: &str| {
        let email = format!("{last_name}@example.com");
        let asked = json!({ "firstName": "Ann", "lastName": last_name, "email": email });
        let id = application.post("/customers", &asked).await.made();
        sandbox.seed_bank(id, "Checking")
    };
    let (blocked, limited) = (named("Blocked").await, named("Limited").await);
    let added = async |kind: &str, number: &str| {
        let mut body = bank();
        (body["bankAccountType"], body["accountNumber"]) = (json!(kind), json!(number));
        body["_links"] = json!({ "on-demand-authorization": { "href": "/on-demand-authorizations/1" } });
        application.post(&format!("/customers/{VERIFIED_CUSTOMER}/funding-sources"), &body).await.made()
    };
    let (loan, ledger) = (added("loan", "55551111").await, added("general-ledger", "55552222").await);
    let source = |id: Uuid| at(SOURCE, json!(format!("http://x/funding-sources/{id}")));
    let funding_source = |id: Uuid| to(&format!("http://x/funding-sources/{id}"));
    let (customer, business) = (format!("/customers/{CUSTOMER}"), format!("/customers/{BUSINESS}"));
    let long = "x".repeat(255);
    let eleven: Value =
        (0..11).map(|n| (n.to_string(), json!("x"))).collect::<serde_json::Map<_, _>>().into();

    for (body, code, path) in [
        (json!({}), "Required", SOURCE),
        (
            changed(|body| {
                body["_links"].as_object_mut().unwrap().remove("destination");
            }),
            "Required",
            DESTINATION,
        ),
        (
            changed(|body| {
                body["amount"].as_object_mut().unwrap().remove("value");
            }),
            "Required",
            "/amount/value",
        ),
        (
            changed(|body| {
                body["amount"].as_object_mut().unwrap().remove("currency");
            }),
            "Required",
            "/amount/currency",
        ),
        (at("/amount/currency", json!("EUR")), "Invalid", "/amount/currency"),
        (at("/amount/value", json!("0.00")), "InvalidFormat", "/amount/value"),
        (at("/amount/value", json!("0.004")), "InvalidFormat", "/amount/value"),
        (at("/amount/value", json!("-1.00")), "InvalidFormat", "/amount/value"),
        (at("/amount/value", json!("ten")), "InvalidFormat", "/amount/value"),
        (at("/amount/value", json!(10)), "InvalidFormat", "/amount/value"),
        (source(Uuid::nil()), "Invalid", SOURCE),
        (source(UNVERIFIED_BANK), "Invalid", SOURCE),
        (source(loan), "Invalid", SOURCE),
        (at(SOURCE, json!(customer)), "Invalid", SOURCE),
        (funding_source(Uuid::nil()), "Invalid", DESTINATION),
        (funding_source(ledger), "Invalid", DESTINATION),
        (funding_source(BANK), "Invalid", DESTINATION),
        (funding_source(SHORT_BANK), "Invalid", DESTINATION),
        (to(&format!("/accounts/{ACCOUNT}")), "Invalid", DESTINATION),
        (to("nowhere"), "Invalid", DESTINATION),
        (to(&format!("/customers/{CUSTOMER_WITHOUT_BANK}")), "RequiresFundingSource", DESTINATION),
        (to(&format!("/customers/{SUSPENDED_CUSTOMER}")), "Restricted", DESTINATION),
        (funding_source(blocked), "NotAllowed", DESTINATION),
        (funding_source(limited), "Restricted", DESTINATION),
        (at("/metadata", eleven), "Invalid", "/metadata"),
        (at("/metadata", json!({ "note": long })), "Invalid", "/metadata"),
        (at("/metadata", json!({ long.clone(): "note" })), "Invalid", "/metadata"),
        (at("/metadata", json!({ "note": 1 })), "Invalid", "/metadata"),
        (at("/correlationId", json!("with space")), "InvalidFormat", "/correlationId"),
        (at("/correlationId", json!("")), "InvalidFormat", "/correlationId"),
        (at("/correlationId", json!("x".repeat(256))), "InvalidFormat", "/correlationId"),
        (at("/clearing", json!({ "destination": "tomorrow" })), "Invalid", "/clearing/destination"),
        (at("/clearing", json!({ "source": "tomorrow" })), "Invalid", "/clearing/source"),
        (
            changed(|body| {
                body["clearing"] = json!({ "destination": "next-available" });
                body["amount"]["value"] = json!("1000000.01");
            }),
            "Restricted",
            "/amount/value",
        ),
        (at("/fees", json!([fee(&business, "1.00")])), "Invalid", FEES),
        (
            at("/fees", json!([fee(&customer, "1.00"), fee(&format!("/accounts/{ACCOUNT}"), "1.00")])),
            "Invalid",
            FEES,
        ),
        (at("/fees", json!([fee(&customer, "0.00")])), "Invalid", FEES),
        (at("/fees", json!([fee(&customer, "3.00"), fee(&customer, "2.01")])), "Invalid", ""),
        (
            at("/achDetails", json!({ "source": { "addenda": { "values": ["x".repeat(81)] } } })),
            "InvalidFormat",
            "/achDetails/source/addenda/values",
        ),
        (
            at("/rtpDetails", json!({ "destination": { "remittanceData": "x".repeat(141) } })),
            "InvalidFormat",
            "/rtpDetails/destination/remittanceData",
        ),
        (
            at("/processingChannel", json!({ "destination": "instant" })),
            "NotAllowed",
            "/processingChannel/destination",
        ),
        (transfer(VERIFIED_BANK, BALANCE, "10000.01"), "Invalid", "/amount/value"),
        (transfer(CUSTOMER_BANK, BALANCE, "5000.01"), "Invalid", "/amount/value"),
        (transfer(CUSTOMER_BANK, blocked, "1.00"), "NotAllowed", DESTINATION),
        (transfer(BUSINESS_BALANCE, BALANCE, "1.01"), "InsufficientFunds", SOURCE),
    ] {
        let reply = application.post("/transfers", &body).await;
        assert_eq!(reply.refusal(), (400, code.into(), path.into()), "{body}");
        assert_eq!(reply.body["code"], "ValidationError", "{body}");
    }
    for body in ["", "[]", "{", "null"] {
        let reply = application.send(Method::POST, "/transfers", None, body).await.unwrap();
        assert_eq!(reply.refusal(), (400, "BadRequest".into(), String::new()), "{body}");
    }
    assert!(sandbox.ledger().movements().is_empty(), "nothing that was refused has moved money");
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn an_unverified_customer_sends_five_thousand_in_a_week_of_mondays() {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let mut application = Application::of(&sandbox).await;
    let part = transfer(CUSTOMER_BANK, BALANCE, "2500.00");
    // Into the middle of a week, whatever today is.
    let monday = u64::from(chrono::Datelike::weekday(&sandbox.clock().now()).num_days_from_monday());
    sandbox.clock().advance(Duration::from_secs((9 - monday) * 24 * 3600));
    application.renew_token().await;
    for expected in [201, 201, 400] {
        assert_eq!(application.post("/transfers", &part).await.status, expected);
    }
    sandbox.clock().advance(Duration::from_secs(7 * 24 * 3600));
    application.renew_token().await;
    assert_eq!(application.post("/transfers", &part).await.status, 201);
}

#[tokio::test]
async fn money_goes_to_whatever_a_destination_may_name() {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let application = Application::of(&sandbox).await;
    let link = |body: &Value, rel: &str| body["_links"][rel]["href"].as_str().unwrap_or_default().to_owned();
    for (destination, paid) in [
        (format!("/customers/{CUSTOMER}"), CUSTOMER_BANK),
        (format!("/customers/{VERIFIED_CUSTOMER}"), VERIFIED_BALANCE),
        ("mailto:joe@example.com".to_owned(), VERIFIED_BALANCE),
        (format!("/funding-sources/{BALANCE}"), BALANCE),
    ] {
        let made = application.post("/transfers", &to(&destination)).await.made();
        let shown = application.get(&format!("/transfers/{made}")).await.body;
        assert!(link(&shown, "destination-funding-source").ends_with(&paid.to_string()), "{destination}");
        // Between one's own, both ends are named by the funding source.
        let own = paid == BALANCE;
        assert_eq!(link(&shown, "source").contains("/funding-sources/"), own, "{destination}");
    }
    let stranger = application.post("/transfers", &to("mailto:nobody@example.com")).await.made();
    let shown = application.get(&format!("/transfers/{stranger}")).await.body;
    assert_eq!(link(&shown, "destination"), "mailto:nobody@example.com");
    sandbox.simulate();
    sandbox.simulate();
    assert_eq!(application.status(stranger).await, "pending");
    sandbox.clock().advance(Duration::from_secs(30 * 24 * 3600));
    let application = Application::of(&sandbox).await;
    assert_eq!(application.status(stranger).await, "reclaimed");
    assert_eq!(sandbox.ledger().movements().len(), 4);
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn what_is_not_a_customer_or_a_bank_is_refused() {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let application = Application::of(&sandbox).await;
    let person = json!({ "firstName": "Esi", "lastName": "Owusu", "email": "esi@example.com" });
    let added = format!("/customers/{CUSTOMER}/funding-sources");
    let renamed = format!("/funding-sources/{BANK}");
    let without = |body: &Value, member: &str| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().remove(member);
        body
    };
    let with = |body: &Value, member: &str, value: Value| {
        let mut body = body.clone();
        body[member] = value;
        body
    };
    for (path, body, code, at) in [
        ("/customers", without(&person, "firstName"), "Required", "/firstName"),
        ("/customers", without(&person, "lastName"), "Required", "/lastName"),
        ("/customers", without(&person, "email"), "Required", "/email"),
        ("/customers", with(&person, "email", json!("esi")), "InvalidFormat", "/email"),
        ("/customers", with(&person, "email", json!("Joe@Example.com")), "Duplicate", "/email"),
        ("/customers", with(&person, "type", json!("robot")), "Invalid", "/type"),
        (&added, without(&bank(), "routingNumber"), "Required", "/routingNumber"),
        (&added, without(&bank(), "name"), "Required", "/name"),
        (&added, with(&bank(), "routingNumber", json!("222222227")), "Invalid", "/routingNumber"),
        (&added, with(&bank(), "accountNumber", json!("123")), "InvalidFormat", "/accountNumber"),
        (&added, with(&bank(), "bankAccountType", json!("piggy")), "Invalid", "/bankAccountType"),
        (&added, with(&bank(), "name", json!("x".repeat(51))), "InvalidFormat", "/name"),
        (&renamed, json!({}), "Required", "/name"),
        (&renamed, json!({ "name": "" }), "InvalidFormat", "/name"),
        (&renamed, json!({ "removed": false }), "Invalid", "/removed"),
    ] {
        assert_eq!(
            application.post(path, &body).await.refusal(),
            (400, code.into(), at.into()),
            "{path} {body}"
        );
    }
    let balance = format!("/funding-sources/{BALANCE}");
    let refused = application.post(&balance, &json!({ "removed": true })).await;
    assert_eq!(refused.refusal(), (403, "InvalidResourceState".into(), String::new()));
    assert_eq!(application.get(&format!("/funding-sources/{BANK}/balance")).await.status, 404);
}
