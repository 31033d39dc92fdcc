//! Invoices and orders: their states, their totals, and the receipts of what was paid.

use std::time::Duration;

use payonce_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::{Merchant, Reply};

impl Merchant {
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let reply = self.send(method, path, body).await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    /// Creates an invoice or order in USD without items and returns its id.
    async fn source(&self, tag: &str) -> i64 {
        let body = json!({ "counterparty_id": 15, "currency": "USD", "note": "Shoes", "fee_bearer": "PAYER",
            "as_payment_link": true });
        let (status, source) = self.post(&format!("/v1/{tag}/create"), body).await.unwrap();
        assert_eq!((status, &source["status"]), (200, &json!("IDLE")), "{source}");
        source["id"].as_i64().unwrap()
    }

    async fn item(&self, tag: &str, id: i64, qty: i64, amount: f64) -> Reply {
        let item = json!({ "name": "Shoe", "currency": "USD", "qty": qty, "amount": amount });
        self.post(&format!("/v1/{tag}/{id}/items/add"), item).await.unwrap()
    }

    async fn source_status(&self, tag: &str, id: i64) -> (String, Value) {
        let (_, source) = self.get(&format!("/v1/{tag}/retrieve/{id}")).await.unwrap();
        (source["status"].as_str().unwrap().to_owned(), source["total_amount"].clone())
    }
}

#[tokio::test]
async fn the_total_is_the_sum_of_the_items_until_it_is_published() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    for tag in ["invoices", "orders"] {
        let id = merchant.source(tag).await;
        let publish = format!("/v1/{tag}/publish/{id}");
        assert_eq!(merchant.call(Method::PUT, &publish, None).await.0, 422, "it is empty");
        let (_, first) = merchant.item(tag, id, 2, 12.50).await;
        let (_, second) = merchant.item(tag, id, 1, 0.99).await;
        assert_eq!(merchant.source_status(tag, id).await.1, json!(25.99));
        let change = format!("/v1/{tag}/{id}/items/{}/update", first["id"]);
        assert_eq!(merchant.call(Method::PUT, &change, Some(json!({ "qty": 3 }))).await.0, 200);
        assert_eq!(merchant.source_status(tag, id).await.1, json!(38.49));
        let remove = format!("/v1/{tag}/{id}/items/{}/remove", second["id"]);
        assert_eq!(merchant.call(Method::DELETE, &remove, None).await, (200, json!({})));
        let (_, published) = merchant.call(Method::PUT, &publish, None).await;
        assert_eq!(published["total_amount"], json!(37.5));
        let late = [
            merchant.item(tag, id, 1, 1.0).await.0,
            merchant.call(Method::PUT, &change, Some(json!({ "qty": 1 }))).await.0,
            merchant.call(Method::DELETE, &change.replace("update", "remove"), None).await.0,
            merchant
                .call(Method::PUT, &format!("/v1/{tag}/update/{id}"), Some(json!({ "note": "x" })))
                .await
                .0,
            merchant.call(Method::PUT, &publish, None).await.0,
        ];
        assert_eq!(late, [422; 5]);
        assert_eq!(merchant.source_status(tag, id).await, ("ACTIVE".to_owned(), json!(37.5)));
    }
}

#[tokio::test]
async fn an_item_is_of_its_own_source_and_its_currency() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let (one, other) = (merchant.source("invoices").await, merchant.source("invoices").await);
    let (_, item) = merchant.item("invoices", one, 1, 5.0).await;
    let foreign = format!("/v1/invoices/{other}/items/{}/remove", item["id"]);
    assert_eq!(merchant.call(Method::DELETE, &foreign, None).await.0, 404);
    let body = json!({ "name": "Shoe", "currency": "LRD", "qty": 1, "amount": 5 });
    let (status, refused) = merchant.post(&format!("/v1/invoices/{one}/items/add"), body).await.unwrap();
    assert_eq!((status, &refused["detail"][0]["loc"]), (422, &json!(["body", "currency"])));
    let (status, _) = merchant.item("invoices", one, i64::MAX, 9_999_999.0).await;
    assert_eq!(status, 422, "the books cannot hold that");
    assert_eq!(merchant.source_status("invoices", one).await.1, json!(5.0));
}

#[tokio::test]
async fn lists_are_newest_first_and_filtered() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let ids = [merchant.source("orders").await, merchant.source("orders").await];
    let (_, all) = merchant.get("/v1/orders/list").await.unwrap();
    let seen: Vec<_> = all.as_array().unwrap().iter().map(|order| order["id"].as_i64().unwrap()).collect();
    assert_eq!(seen, [ids[1], ids[0], 201, 88]);
    let (_, lrd) = merchant.get("/v1/orders/list?currency=LRD").await.unwrap();
    assert_eq!((lrd.as_array().unwrap().len(), &lrd[0]["id"]), (1, &json!(88)));
    let (_, idle) = merchant.get("/v1/orders/list?status=IDLE&currency=USD").await.unwrap();
    assert_eq!(idle.as_array().unwrap().len(), 2);
    assert_eq!(merchant.get("/v1/orders/list?currency=usd").await.unwrap().0, 422);
}

#[tokio::test]
async fn only_what_nobody_pays_can_be_canceled_and_what_is_canceled_cannot_be_paid() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let cancel = |id: i64| format!("/v1/invoices/cancel/{id}");
    let spare = merchant.session("checkout", json!({ "source_id": 111, "source_type": "INVOICE" })).await;
    let (_, canceled) = merchant.call(Method::DELETE, &cancel(111), None).await;
    assert_eq!(canceled["status"], "CANCELED");
    assert_eq!(merchant.collect(&spare, 18, Uuid::new_v4()).await.0, 422);
    let session = merchant.session("checkout", json!({ "source_id": 112, "source_type": "INVOICE" })).await;
    merchant.collect(&session, 18, Uuid::new_v4()).await;
    assert_eq!(merchant.call(Method::DELETE, &cancel(112), None).await.0, 422, "it is being paid");
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(merchant.call(Method::DELETE, &cancel(112), None).await.0, 422, "it is paid");
    assert_eq!(merchant.call(Method::DELETE, &cancel(104), None).await.0, 200, "it was IDLE");
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn a_receipt_says_what_was_settled_and_exists_only_once_it_was() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.session("checkout", json!({ "source_id": 103, "source_type": "INVOICE" })).await;
    merchant.collect(&session, 19, Uuid::new_v4()).await;
    assert_eq!(merchant.get("/v1/invoices/receipt/103").await.unwrap().0, 422, "not paid yet");
    sandbox.clock().advance(Duration::from_secs(3));
    let (_, receipt) = merchant.get("/v1/invoices/receipt/103").await.unwrap();
    let (_, by_number) = merchant.get("/v1/invoices/receipt/number/INV-2025-00044").await.unwrap();
    assert_eq!(receipt, by_number);
    for (field, value) in [
        ("payer_amount", "100.0"),
        ("payee_amount", "97.5"),
        ("platform_fee", "1.0"),
        ("gateway_fee", "1.5"),
        ("payment_method", "\"ORANGE_MONEY_LBR\""),
        ("payment_provider", "\"ORANGE_MONEY_LBR\""),
        ("account_name", "\"Blessing Cooper\""),
        ("provider_transaction_id", "\"SBX-10001\""),
        ("counterparty_name", "\"Amara Kamara\""),
        ("fee_bearer", "\"PAYEE\""),
        ("fx_fee", "null"),
    ] {
        assert_eq!(receipt[field].to_string(), value, "{field}");
    }
    assert_eq!(receipt["gateway_confirmed_at"], receipt["paid_at"]);
    assert_eq!(receipt["items"][0]["name"], "Strategy Session");
}
