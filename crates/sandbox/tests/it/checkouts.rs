//! Checkouts and links: one call makes everything a customer needs to pay.

use std::time::Duration;

use payonce_sandbox::Sandbox;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::Merchant;

fn checkout(mode: &str) -> Value {
    json!({ "mode": mode, "source_kind": "ORDER", "party_name": "Ama <script>", "party_phone": "231774567890",
        "currency": "USD", "items": [
            { "name": "Shoes", "currency": "USD", "amount": 40.00 },
            { "name": "Laces", "currency": "USD", "amount": 2.50 },
        ], "reference_id": "cart-7", "cancel_url": "https://shop.example/cart",
        "success_url": "https://shop.example/thanks" })
}

#[tokio::test]
async fn a_checkout_makes_an_active_source_and_matches_the_party_by_phone() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let (status, first) = merchant.post("/v1/checkouts/create", checkout("HOSTED")).await.unwrap();
    assert_eq!((status, first["source_status"].as_str()), (200, Some("ACTIVE")), "{first}");
    assert_eq!(first["total_amount"], json!(42.5));
    let token = first["hosted_path_or_token"].as_str().unwrap();
    assert_eq!(first["url"], format!("{}/pay/{token}", sandbox.url()));
    let (_, second) = merchant.post("/v1/checkouts/create", checkout("DIRECT")).await.unwrap();
    assert_eq!(
        (&second["party_id"], &second["counterparty_id"]),
        (&first["party_id"], &first["counterparty_id"])
    );
    assert_ne!(second["source_id"], first["source_id"]);
    assert_ne!(second["url"], first["url"]);
    let mut known = checkout("DIRECT");
    known["party_phone"] = json!("231771234567");
    let (_, known) = merchant.post("/v1/checkouts/create", known).await.unwrap();
    assert_eq!((&known["party_id"], &known["counterparty_id"]), (&json!(42), &json!(15)));
    let (_, order) = merchant.get(&format!("/v1/orders/retrieve/{}", first["source_id"])).await.unwrap();
    assert_eq!(order["order_items"].as_array().unwrap().len(), 2);
    assert_eq!((&order["fee_bearer"], &order["reference_id"]), (&json!("PAYER"), &json!("cart-7")));
    assert_eq!(order["counterparty"]["party"]["fullname"], "Ama <script>");
}

#[tokio::test]
async fn a_direct_checkout_is_paid_by_session_and_execution() {
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let (_, made) = merchant.post("/v1/checkouts/create", checkout("DIRECT")).await.unwrap();
    let account = json!({ "account_name": "Ama", "provider": "PAWAPAY", "method": "MTN_MOMO_LBR",
        "party_id": made["party_id"], "insensitive_account_number": "231774567890" });
    let path = "/v1/payment-accounts/create?operation_type=COLLECTION";
    let (_, account) = merchant.post(path, account).await.unwrap();
    let source = json!({ "source_id": made["source_id"], "source_type": "ORDER" });
    let session = merchant.session("checkout", source).await;
    let reference = Uuid::new_v4();
    merchant.collect(&session, account["id"].as_i64().unwrap(), reference).await;
    let (_, order) = merchant.get(&format!("/v1/orders/retrieve/{}", made["source_id"])).await.unwrap();
    assert_eq!(order["status"], "PAID");
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn a_checkout_that_does_not_fit_leaves_nothing_behind() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let (_, before) = merchant.get("/v1/parties/list").await.unwrap();
    let wrong = [
        ("mode", json!("LATER"), json!(["body", "mode"])),
        ("source_kind", json!("SUBSCRIPTION"), json!(["body", "source_kind"])),
        ("items", json!([]), json!(["body", "items"])),
        (
            "items",
            json!([{ "name": "Shoes", "currency": "LRD", "amount": 4 }]),
            json!(["body", "items", 0, "currency"]),
        ),
        (
            "items",
            json!([{ "name": "Shoes", "currency": "USD", "amount": 0.001 }]),
            json!(["body", "items", 0, "amount"]),
        ),
        (
            "items",
            json!([{ "name": "Shoes", "currency": "USD", "amount": 1.001 }]),
            json!(["body", "items", 0, "amount"]),
        ),
        ("party_phone", json!("0771234567"), json!(["body", "party_phone"])),
        ("party_relationship", json!("OTHER"), json!(["body", "party_relationship"])),
        ("counterparty_id", json!(15), json!(["body", "counterparty_id"])),
        ("success_url", json!("javascript:alert(1)"), json!(["body", "success_url"])),
        ("cancel_url", json!("/relative"), json!(["body", "cancel_url"])),
        ("expires_at", json!("2020-01-01T00:00:00Z"), json!(["body", "expires_at"])),
        ("currency", json!("usd"), json!(["body", "currency"])),
    ];
    for (field, value, named) in wrong {
        let mut body = checkout("HOSTED");
        body[field] = value;
        let (status, refused) = merchant.post("/v1/checkouts/create", body).await.unwrap();
        assert_eq!((status, &refused["detail"][0]["loc"]), (422, &named), "{field}: {refused}");
    }
    assert_eq!(merchant.get("/v1/parties/list").await.unwrap().1, before);
}

#[tokio::test]
async fn links_follow_the_state_of_their_source() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let link =
        |kind: &str, number: &str| format!("/v1/links/{kind}?source_type=INVOICE&source_number={number}");
    let (_, pay) = merchant.get(&link("pay", "INV-2025-00042")).await.unwrap();
    assert_eq!(merchant.get(&link("pay", "INV-2025-00042")).await.unwrap().1, pay, "it is one link");
    assert!(pay["url"].as_str().unwrap().starts_with(&format!("{}/pay/", sandbox.url())));
    assert_eq!(merchant.get(&link("receipt", "INV-2025-00042")).await.unwrap().0, 422);
    assert_eq!(merchant.get(&link("pay", "INV-2025-00045")).await.unwrap().0, 422, "it is IDLE");
    assert_eq!(merchant.get(&link("pay", "INV-2025-00046")).await.unwrap().0, 422, "it is CANCELED");
    let (_, direct) = merchant.post("/v1/checkouts/create", checkout("DIRECT")).await.unwrap();
    let direct = format!(
        "/v1/links/pay?source_type=ORDER&source_number={}",
        direct["source_number"].as_str().unwrap()
    );
    assert_eq!(merchant.get(&direct).await.unwrap().0, 422, "it is not for a link");
    assert_eq!(merchant.get(&link("receipt", "INV-1")).await.unwrap().0, 404);
    let (_, receipt) = merchant.get(&link("receipt", "INV-2024-09001")).await.unwrap();
    assert!(receipt["url"].as_str().unwrap().starts_with(&format!("{}/receipt/", sandbox.url())));
}
