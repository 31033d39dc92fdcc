//! What is refused, and the shape in which the provider says so.

use payonce_sandbox::{PAYOUT_ACCOUNT, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::{Merchant, payout};

/// The place and the message of the first error of a 422.
fn named((status, body): &(u16, Value)) -> (u16, Value, &str) {
    (*status, body["detail"][0]["loc"].clone(), body["detail"][0]["msg"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_request_without_a_valid_token_is_401() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut merchant = Merchant::of(&sandbox).await;
    let none = merchant.http.get(format!("{}/v1/status/source", merchant.url)).send().await.unwrap();
    assert_eq!(none.status(), 401);
    assert_eq!(none.json::<Value>().await.unwrap(), json!({ "detail": "Not authenticated" }));
    merchant.token = "made up".to_owned();
    let (status, body) = merchant.get("/v1/status/source").await.unwrap();
    assert_eq!((status, body), (401, json!({ "detail": "Could not validate credentials" })));
    let wrong = json!({ "client_id": "sandbox-client", "client_secret": "guess" });
    assert_eq!(merchant.post("/v1/jwt/client/obtain/token", wrong).await.unwrap().0, 401);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_body_is_listed() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let (status, body) =
        merchant.post("/v1/sessions/payout", json!({ "amount": 0, "currency": "US" })).await.unwrap();
    let errors = body["detail"].as_array().unwrap();
    let fields: Vec<_> = errors.iter().map(|error| error["loc"][1].as_str().unwrap()).collect();
    assert_eq!(status, 422);
    assert_eq!(fields.len(), 3);
    for field in ["payout_account_id", "amount", "currency"] {
        assert!(fields.contains(&field), "{field} is missing from {fields:?}");
    }
    let missing = errors.iter().find(|error| error["loc"][1] == "payout_account_id").unwrap();
    assert_eq!(missing["msg"], "field required");
    assert_eq!(missing["type"], "value_error.missing");
}

#[tokio::test]
async fn ids_are_strings_in_executions_and_integers_in_sessions() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let mut body = payout(&session, PAYOUT_ACCOUNT, Uuid::new_v4());
    body["session_id"] = json!(session.parse::<i64>().unwrap());
    let refused = merchant.post("/v1/executions/payout", body).await.unwrap();
    assert_eq!(named(&refused), (422, json!(["body", "session_id"]), "str type expected"));
    let text = json!({ "payout_account_id": "18", "amount": 1, "currency": "USD" });
    let refused = merchant.post("/v1/sessions/payout", text).await.unwrap();
    assert_eq!(named(&refused), (422, json!(["body", "payout_account_id"]), "value is not a valid integer"));
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn only_a_version_4_uuid_is_a_reference_id() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    for wrong in ["not-a-uuid", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"] {
        let mut body = payout(&session, PAYOUT_ACCOUNT, Uuid::new_v4());
        body["reference_id"] = json!(wrong);
        let refused = merchant.post("/v1/executions/payout", body).await.unwrap();
        assert_eq!(named(&refused), (422, json!(["body", "reference_id"]), "invalid uuid"));
    }
}

#[tokio::test]
async fn a_payout_needs_the_merchants_passcode() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let reference = Uuid::new_v4();
    let mut wrong = payout(&session, PAYOUT_ACCOUNT, reference);
    wrong["passcode"]["token"]["code"] = json!("000000");
    assert_eq!(merchant.post("/v1/executions/payout", wrong).await.unwrap().0, 403);
    let mut without = payout(&session, PAYOUT_ACCOUNT, reference);
    without.as_object_mut().unwrap().remove("passcode");
    let refused = merchant.post("/v1/executions/payout", without).await.unwrap();
    assert_eq!(named(&refused), (422, json!(["body", "passcode"]), "field required"));
    assert_eq!(merchant.status("payout", reference).await, "404");
    assert_eq!(sandbox.ledger().payments(reference), 0);
}

#[tokio::test]
async fn a_session_fits_only_its_own_execution_and_its_own_account() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let transfer = json!({ "session_id": session, "reference_id": Uuid::new_v4() });
    let refused = merchant.post("/v1/executions/transfer", transfer).await.unwrap();
    assert_eq!(named(&refused), (422, json!(["body", "session_id"]), "session not found"));
    let refused = merchant.pay(&session, 19, Uuid::new_v4()).await.unwrap();
    assert_eq!(named(&refused).1, json!(["body", "payout_account_id"]));
    let refused = merchant.pay_out("nonsense", Uuid::new_v4()).await.unwrap();
    assert_eq!(named(&refused), (422, json!(["body", "session_id"]), "session not found"));
    // What was refused has not spent the session.
    assert_eq!(merchant.pay_out(&session, Uuid::new_v4()).await.unwrap().0, 200);
}

#[tokio::test]
async fn sessions_check_what_they_can_beforehand() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let past = "2020-01-01T00:00:00Z";
    let future = "2099-01-01T00:00:00Z";
    let cases = [
        ("payout", json!({ "payout_account_id": 25, "amount": 1, "currency": "USD" }), "payout_account_id"),
        ("payout", json!({ "payout_account_id": 999, "amount": 1, "currency": "USD" }), "payout_account_id"),
        ("payout", json!({ "payout_account_id": 18, "amount": 1, "currency": "EUR" }), "currency"),
        ("payout", json!({ "payout_account_id": 18, "amount": 1.005, "currency": "USD" }), "amount"),
        ("checkout", json!({ "source_id": 104, "source_type": "INVOICE" }), "source_id"),
        ("checkout", json!({ "source_id": 101, "source_type": "SUBSCRIPTION" }), "source_type"),
        ("checkout", json!({ "source_id": 101, "source_type": "BILL" }), "source_type"),
        (
            "transfer",
            json!({ "from_wallet_id": 3, "to_counterparty_id": 15, "amount": 1, "currency": "LRD",
            "expires_at": future }),
            "currency",
        ),
        (
            "transfer",
            json!({ "from_wallet_id": 3, "to_counterparty_id": 99, "amount": 1, "currency": "USD",
            "expires_at": future }),
            "to_counterparty_id",
        ),
        (
            "transfer",
            json!({ "from_wallet_id": 3, "to_counterparty_id": 15, "amount": 1, "currency": "USD",
            "expires_at": past }),
            "expires_at",
        ),
        (
            "refund",
            json!({ "original_payment_intent_id": 1, "amount": 1, "expires_at": future }),
            "original_payment_intent_id",
        ),
        (
            "refund",
            json!({ "original_payment_intent_id": 9001, "amount": 250.01, "expires_at": future }),
            "amount",
        ),
    ];
    for (kind, body, field) in cases {
        let refused = merchant.post(&format!("/v1/sessions/{kind}"), body).await.unwrap();
        assert_eq!(named(&refused).1, json!(["body", field]), "{kind}: {}", refused.1);
    }
}

#[tokio::test]
async fn an_unknown_key_and_a_key_of_another_operation_are_404() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let reference = Uuid::new_v4();
    assert_eq!(merchant.status("payout", reference).await, "404");
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    merchant.pay_out(&session, reference).await.unwrap();
    assert_eq!(merchant.status("payout", reference).await, "PROCESSING");
    assert_eq!(merchant.status("collection", reference).await, "404");
    assert_eq!(merchant.get("/v1/status/source?source_type=ORDER&source_id=999").await.unwrap().0, 404);
    let refused = merchant.get("/v1/status/source?source_type=BILL").await.unwrap();
    assert_eq!(refused.1["detail"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_the_api_does_not_have_is_404_or_405() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    assert_eq!(merchant.get("/v1/wallets").await.unwrap(), (404, json!({ "detail": "Not Found" })));
    assert_eq!(
        merchant.get("/v1/executions/payout").await.unwrap(),
        (405, json!({ "detail": "Method Not Allowed" }))
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let url = format!("{}/v1/sessions/payout", merchant.url);
    let post = |body: String| {
        merchant
            .http
            .post(&url)
            .bearer_auth(&merchant.token)
            .header("content-type", "application/json")
            .body(body)
    };
    assert_eq!(post("{".to_owned()).send().await.unwrap().status(), 422);
    assert_eq!(post(" ".repeat(70_000)).send().await.unwrap().status(), 413);
    let empty = merchant.send(Method::POST, "/v1/sessions/payout", None).await.unwrap();
    assert_eq!(empty.json::<Value>().await.unwrap()["detail"][0]["loc"], json!(["body"]));
}

#[tokio::test]
async fn an_address_that_others_can_reach_is_refused() {
    let refused = Sandbox::builder().addr("0.0.0.0:0".parse().unwrap()).start().await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the sandbox serves this machine only: 0.0.0.0:0 is not a loopback address"
    );
}
