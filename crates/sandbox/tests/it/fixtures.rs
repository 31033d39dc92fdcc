//! Fixtures from a file: what it names is there, and what is wrong in it is said with where it is.

use std::path::PathBuf;

use payonce_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::merchant::Merchant;

/// A file with everything in it, as the documentation of `Builder::seed_file` shows it.
fn kiosk() -> Value {
    json!({
        "builtin": true,
        "merchants": [{ "id": 7, "name": "Kiosk", "client_id": "sandbox-kiosk", "kind": "MICRO_ORGANIZATION",
            "client_secret": "sandbox-secret", "verified": true, "email": null, "phone": null }],
        "wallets": [{ "id": 70, "merchant_id": 7, "currency": "USD", "balance": 1000.00 }],
        "parties": [{ "id": 71, "merchant_id": 7, "fullname": "Musu", "phone": "231771112233" }],
        "counterparties": [{ "id": 72, "merchant_id": 7, "party_id": 71, "relationship_type": "CUSTOMER",
            "wallet_status": "ACTIVE" }],
        "payment_accounts": [{ "id": 73, "merchant_id": 7, "party_id": 71, "account_name": "Musu",
            "method": "MTN_MOMO_LBR", "provider": "PAWAPAY", "number": "231771112233" }],
        "invoices": [{ "id": 74, "merchant_id": 7, "number": "INV-1", "counterparty_id": 72, "currency": "USD",
            "note": "Rice", "status": "ACTIVE", "items": [{ "name": "Bag", "qty": 2, "amount": 17.50 }] }],
        "orders": [],
    })
}

fn file(fixtures: &Value) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fixtures.json");
    std::fs::write(&path, fixtures.to_string()).unwrap();
    (folder, path)
}

async fn login(merchant: &mut Merchant, client_id: &str) -> u16 {
    let credentials = json!({ "client_id": client_id, "client_secret": "sandbox-secret" });
    let (status, token) = merchant.post("/v1/jwt/client/obtain/token", credentials).await.unwrap();
    merchant.token = token["access_token"].as_str().unwrap_or_default().to_owned();
    status
}

/// Collects the invoice of the file and returns the total that was asked for.
async fn collect(merchant: &Merchant) -> Value {
    let session = merchant.session("checkout", json!({ "source_id": 74, "source_type": "INVOICE" })).await;
    let (status, collected) = merchant.collect(&session, 73, Uuid::new_v4()).await;
    assert_eq!(status, 200, "{collected}");
    merchant.get("/v1/status/source?source_type=INVOICE&source_id=74").await.unwrap().1["total_amount"]
        .clone()
}

#[tokio::test]
async fn a_file_adds_to_the_built_in_fixtures_and_survives_a_reset() {
    let (_folder, path) = file(&kiosk());
    let sandbox = Sandbox::builder().seed_file(path).start().await.unwrap();
    let mut merchant = Merchant::of(&sandbox).await;
    assert_eq!(merchant.payout_session(18).await, "55", "the built-in merchant is there");
    for _ in 0..2 {
        assert_eq!(login(&mut merchant, "sandbox-kiosk").await, 200);
        assert_eq!(collect(&merchant).await, json!(35.0));
        assert!(sandbox.ledger().is_balanced());
        merchant
            .send(reqwest::Method::POST, "/_sandbox/reset", None)
            .await
            .unwrap()
            .error_for_status()
            .unwrap();
    }
}

#[tokio::test]
async fn a_file_can_stand_instead_of_the_built_in_fixtures() {
    let mut fixtures = kiosk();
    fixtures["builtin"] = json!(false);
    let (_folder, path) = file(&fixtures);
    let sandbox = Sandbox::builder().seed_file(path).start().await.unwrap();
    let mut merchant = Merchant {
        http: crate::merchant::http().build().unwrap(),
        url: sandbox.url().to_owned(),
        token: String::new(),
    };
    assert_eq!(login(&mut merchant, "sandbox-client").await, 401);
    assert_eq!(login(&mut merchant, "sandbox-kiosk").await, 200);
    assert_eq!(collect(&merchant).await, json!(35.0));
}

#[tokio::test]
async fn what_is_wrong_in_a_file_is_said_with_where_it_is() {
    let change = |pointer: &str, value: Value| {
        let mut fixtures = kiosk();
        *fixtures.pointer_mut(pointer).unwrap() = value;
        fixtures
    };
    for (fixtures, said) in [
        (
            change("/merchants/0/client_secret", json!("live_9f8e7d")),
            "merchants[0].client_secret: has to begin",
        ),
        (change("/merchants/0/client_id", json!("5f1c")), "merchants[0].client_id: has to begin"),
        (change("/merchants/0/kind", json!("SHOP")), "merchants[0].kind: is none of MICRO_ORGANIZATION"),
        (change("/merchants/0/id", json!(42)), "merchants[0]: its id, number or client is taken"),
        (change("/wallets/0/currency", json!("usd")), "wallets[0].currency: is no ISO 4217 code"),
        (change("/wallets/0/balance", json!(-1)), "wallets[0].balance: is not an amount"),
        (change("/wallets/0/merchant_id", json!(8)), "wallets[0]: names something that is not there"),
        (
            change("/counterparties/0/wallet_status", json!("LOST")),
            "counterparties[0].wallet_status: is none of",
        ),
        (
            change("/counterparties/0/party_id", json!(1)),
            "counterparties[0]: names something that is not there",
        ),
        (change("/payment_accounts/0/method", json!("CASH")), "payment_accounts[0].method: there is no such"),
        (
            change("/payment_accounts/0/provider", json!("STRIPE")),
            "payment_accounts[0].provider: does not offer",
        ),
        (change("/invoices/0/items/0/amount", json!(1.005)), "invoices[0].items[0].amount: is not an amount"),
        (change("/invoices/0/items/0/qty", json!(0)), "invoices[0].items[0].qty: is less than 1"),
        (change("/invoices/0/items", json!([])), "invoices[0].items: there is nothing to pay for"),
        (change("/invoices/0/status", json!("PAID")), "invoices[0].status: is none of"),
        (
            change("/invoices/0/number", json!("INV-2025-00042")),
            "invoices[0]: its id, number or client is taken",
        ),
        (json!({ "wallet": [] }), "unknown field `wallet`"),
        (json!({ "builtin": false }), "merchants: without the built-in one"),
    ] {
        let (_folder, path) = file(&fixtures);
        let error = Sandbox::builder().seed_file(path).start().await.unwrap_err();
        let mut words = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            words = format!("{words}: {source}");
        }
        assert!(words.contains(said), "{said:?} in {words:?}");
        assert!(!words.contains("live_9f8e7d"), "a secret is never repeated");
    }
}
