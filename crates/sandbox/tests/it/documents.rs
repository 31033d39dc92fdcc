//! The calls of the provider's own documents, made as plain HTTP with the very text they show. Where an old document
//! contradicts the published reference, the reference holds, and the test says so.

use std::time::Duration;

use payonce_sandbox::Sandbox;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::Merchant;

/// Posts a body as it stands in a document, with the headers the documents send.
async fn post(merchant: &Merchant, path: &str, body: &str) -> (u16, Value) {
    let reply = merchant
        .http
        .post(format!("{}{path}", merchant.url))
        .header("Authorization", format!("Bearer {}", merchant.token))
        .header("Content-Type", "application/json")
        .body(body.to_owned())
        .send()
        .await
        .unwrap();
    (reply.status().as_u16(), reply.json().await.unwrap())
}

async fn merchant_at_sandbox() -> (Sandbox, Merchant) {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    (sandbox, merchant)
}

#[tokio::test]
async fn the_checkout_session_of_every_example() {
    let (_sandbox, merchant) = merchant_at_sandbox().await;
    let curl = "{\n    \"source_id\":   101,\n    \"source_type\": \"INVOICE\"\n  }";
    let fetch = r#"{"source_id":101,"source_type":"INVOICE"}"#;
    let go = r#"{"source_id":101,"source_type":"INVOICE"}"#;
    let php = r#"{"source_id":101,"source_type":"INVOICE"}"#;
    let requests = r#"{"source_id": 101, "source_type": "INVOICE"}"#;
    for body in [curl, requests, fetch, php, go] {
        let (status, session) = post(&merchant, "/v1/sessions/checkout", body).await;
        assert_eq!(status, 200, "{session}");
        assert!(session["id"].is_i64() && session["expires_at"].is_string());
        assert_eq!((&session["source_id"], &session["source_type"]), (&json!(101), &json!("INVOICE")));
        assert_eq!(session["status"], "ACTIVE");
    }
}

/// The old document names the account `payment_account_id` and picks the wallet and the expiry. The reference takes
/// `payout_account_id` and lets the provider choose both; so the old body is refused for exactly that field, and with the
/// field added the rest of it does no harm.
#[tokio::test]
async fn the_payout_session_of_the_old_document_lacks_one_field_and_its_others_are_ignored() {
    let (_sandbox, merchant) = merchant_at_sandbox().await;
    let old = r#"{
    "wallet_id":          3,
    "payment_account_id": 18,
    "amount":             500.00,
    "currency":           "USD",
    "expires_at":         "2025-06-15T18:00:00Z"
  }"#;
    let (status, refused) = post(&merchant, "/v1/sessions/payout", old).await;
    assert_eq!(status, 422);
    let missing = json!([{ "loc": ["body", "payout_account_id"], "msg": "field required",
        "type": "value_error.missing" }]);
    assert_eq!(refused["detail"], missing);
    let both = old.replacen('{', "{\n    \"payout_account_id\": 18,", 1);
    let (status, session) = post(&merchant, "/v1/sessions/payout", &both).await;
    assert_eq!(status, 200, "{session}");
    assert_eq!((&session["wallet_id"], &session["amount"]), (&json!(3), &json!(500.0)));
    assert_ne!(session["expires_at"], "2025-06-15T18:00:00Z", "the provider sets it");
}

#[tokio::test]
async fn the_transfer_and_the_refund_go_session_execute_poll() {
    let (sandbox, merchant) = merchant_at_sandbox().await;
    let transfer = r#"{"from_wallet_id": 3, "to_counterparty_id": 15, "amount": 900.00, "currency": "USD",
        "expires_at": "2099-06-15T18:00:00Z"}"#;
    let refund = r#"{"original_payment_intent_id": 9001, "amount": 100, "expires_at": "2099-06-15T18:00:00Z",
        "reason": null}"#;
    for (kind, body) in [("transfer", transfer), ("refund", refund)] {
        let (status, session) = post(&merchant, &format!("/v1/sessions/{kind}"), body).await;
        assert_eq!(status, 200, "{session}");
        let reference = Uuid::new_v4();
        let execution = format!(r#"{{"session_id": "{}", "reference_id": "{reference}"}}"#, session["id"]);
        let (status, shown) = post(&merchant, &format!("/v1/executions/{kind}"), &execution).await;
        assert_eq!((status, &shown["reference_id"]), (200, &json!(reference)), "{shown}");
        sandbox.clock().advance(Duration::from_secs(5));
        assert_eq!(merchant.status(kind, reference).await, "COMPLETED");
        assert_eq!(sandbox.ledger().payments(reference), 1);
    }
}

/// The published document of the refund session has these members and no others in its reply.
#[tokio::test]
async fn the_refund_session_answers_with_the_members_of_its_published_document() {
    let (_sandbox, merchant) = merchant_at_sandbox().await;
    let body = r#"{"original_payment_intent_id": 9001, "amount": 0.01, "reason": "damaged",
        "expires_at": "2099-06-15T18:00:00Z"}"#;
    let (_, session) = post(&merchant, "/v1/sessions/refund", body).await;
    let mut members: Vec<_> = session.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    let mut published = [
        "id",
        "original_payment_intent_id",
        "amount",
        "reason",
        "status",
        "expires_at",
        "created_at",
        "updated_at",
    ];
    published.sort_unstable();
    assert_eq!(members, published);
}
