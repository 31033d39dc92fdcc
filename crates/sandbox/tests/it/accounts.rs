//! Payment accounts, and the two merchants who see nothing of each other.

use std::time::Duration;

use payonce_sandbox::{CLIENT_SECRET, Sandbox, UNVERIFIED_CLIENT_ID};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::{Merchant, payout};

fn account(method: &str, provider: &str, number: Option<&str>) -> Value {
    json!({ "account_name": "Ama", "method": method, "provider": provider, "party_id": 42,
        "insensitive_account_number": number })
}

#[tokio::test]
async fn a_method_has_its_own_providers_movements_and_numbers() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let phone = Some("231774567890");
    let cases = [
        ("COLLECTION", account("MTN_MOMO_LBR", "MTN_MOMO_LBR", phone), None),
        ("PAYOUT", account("MTN_MOMO_LBR", "PAWAPAY", phone), None),
        ("PAYOUT", account("ORANGE_MONEY_LBR", "ORANGE_MONEY_LBR", phone), None),
        ("PAYOUT", account("AIRTEL_RWA", "PAWAPAY", Some("250728123456")), None),
        ("COLLECTION", account("CREDIT_CARD", "STRIPE", None), None),
        ("TRANSFER", account("WALLET", "PLATFORM", None), None),
        (
            "PAYOUT",
            account("MTN_MOMO_LBR", "ORANGE_MONEY_LBR", phone),
            Some(("method", "invalid combination")),
        ),
        ("PAYOUT", account("MTN_MOMO_RWA", "MTN_MOMO_LBR", phone), Some(("method", "invalid combination"))),
        ("COLLECTION", account("WALLET", "PLATFORM", None), Some(("method", "invalid combination"))),
        ("TRANSFER", account("CREDIT_CARD", "STRIPE", None), Some(("method", "invalid combination"))),
        ("PAYOUT", account("CASH", "PAWAPAY", phone), Some(("method", "invalid enum"))),
        ("PAYOUT", account("CREDIT_CARD", "PAYPAL", None), Some(("provider", "invalid enum"))),
        (
            "COLLECTION",
            account("CREDIT_CARD", "STRIPE", phone),
            Some(("insensitive_account_number", "this method has no account number")),
        ),
        (
            "PAYOUT",
            account("MTN_MOMO_LBR", "PAWAPAY", None),
            Some(("insensitive_account_number", "field required")),
        ),
        (
            "PAYOUT",
            account("MTN_MOMO_LBR", "PAWAPAY", Some("077-123")),
            Some(("insensitive_account_number", "invalid phone")),
        ),
    ];
    for (operation, body, refused) in cases {
        let path = format!("/v1/payment-accounts/create?operation_type={operation}");
        let (status, reply) = merchant.post(&path, body.clone()).await.unwrap();
        match refused {
            None => assert_eq!((status, &reply["is_active"]), (200, &json!(true)), "{body}"),
            Some((field, msg)) => {
                assert_eq!(reply["detail"][0]["loc"], json!(["body", field]), "{body}");
                assert_eq!((status, reply["detail"][0]["msg"].as_str()), (422, Some(msg)), "{body}");
            }
        }
    }
}

#[tokio::test]
async fn magic_numbers_work_for_accounts_made_by_the_api() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let create = "/v1/payment-accounts/create?operation_type=PAYOUT";
    let inactive = account("MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000005"));
    let (_, inactive) = merchant.post(create, inactive).await.unwrap();
    assert_eq!(inactive["is_active"], false);
    let body = json!({ "payout_account_id": inactive["id"], "amount": 1, "currency": "USD" });
    assert_eq!(merchant.post("/v1/sessions/payout", body).await.unwrap().0, 422);
    let declines = account("MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000001"));
    let (_, declines) = merchant.post(create, declines).await.unwrap();
    let id = declines["id"].as_i64().unwrap();
    let session = merchant.payout_session(id).await;
    let reference = Uuid::new_v4();
    merchant.pay(&session, id, reference).await.unwrap();
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(merchant.status("payout", reference).await, "FAILED");
    assert_eq!(sandbox.ledger().payments(reference), 0);
}

#[tokio::test]
async fn a_card_made_by_the_api_is_good_for_one_attempt() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let card = account("CREDIT_CARD", "STRIPE", None);
    let create = "/v1/payment-accounts/create?operation_type=COLLECTION";
    let (_, card) = merchant.post(create, card).await.unwrap();
    let id = card["id"].as_i64().unwrap();
    let reference = Uuid::new_v4();
    let session = merchant.session("checkout", json!({ "source_id": 111, "source_type": "INVOICE" })).await;
    let (_, shown) = merchant.collect(&session, id, reference).await;
    assert_eq!(shown["requires_action"], true);
    assert_eq!(merchant.collect(&session, id, reference).await.0, 200, "the same order again is no attempt");
    let session = merchant.session("checkout", json!({ "source_id": 112, "source_type": "INVOICE" })).await;
    let (status, refused) = merchant.collect(&session, id, Uuid::new_v4()).await;
    assert_eq!((status, &refused["detail"][0]["loc"]), (422, &json!(["body", "payment_account_id"])));
    assert!(sandbox.confirm_card(reference));
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

async fn unverified(sandbox: &Sandbox) -> Merchant {
    let mut merchant = Merchant::of(sandbox).await;
    let credentials = json!({ "client_id": UNVERIFIED_CLIENT_ID, "client_secret": CLIENT_SECRET });
    let (_, token) = merchant.post("/v1/jwt/client/obtain/token", credentials).await.unwrap();
    merchant.token = token["access_token"].as_str().unwrap().to_owned();
    merchant
}

#[tokio::test]
async fn an_unverified_merchant_collects_and_nothing_else() {
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
    let merchant = unverified(&sandbox).await;
    let later = "2099-01-01T00:00:00Z";
    let hosted = json!({ "mode": "HOSTED", "source_kind": "ORDER", "party_phone": "231771112222", "currency": "USD",
        "items": [{ "name": "Shoes", "currency": "USD", "amount": 4 }] });
    let plain = json!({ "session_id": "55", "reference_id": Uuid::new_v4() });
    let forbidden = [
        ("/v1/sessions/payout", json!({ "payout_account_id": 13, "amount": 1, "currency": "USD" })),
        (
            "/v1/sessions/transfer",
            json!({ "from_wallet_id": 1, "to_counterparty_id": 12, "amount": 1, "currency": "USD", "expires_at": later }),
        ),
        ("/v1/sessions/refund", json!({ "original_payment_intent_id": 1, "amount": 1, "expires_at": later })),
        ("/v1/executions/payout", payout("55", 13, Uuid::new_v4())),
        ("/v1/executions/transfer", plain.clone()),
        ("/v1/executions/refund", plain),
        ("/v1/checkouts/create", hosted.clone()),
    ];
    for (path, body) in forbidden {
        let reply = merchant.post(path, body).await.unwrap();
        assert_eq!(reply, (403, json!({ "detail": "Forbidden" })), "{path}");
    }
    for kind in ["pay", "receipt"] {
        let path = format!("/v1/links/{kind}?source_type=INVOICE&source_number=INV-2025-00014");
        assert_eq!(merchant.get(&path).await.unwrap().0, 403);
    }
    let mut direct = hosted;
    direct["mode"] = json!("DIRECT");
    assert_eq!(merchant.post("/v1/checkouts/create", direct).await.unwrap().0, 200);
    let session = merchant.session("checkout", json!({ "source_id": 14, "source_type": "INVOICE" })).await;
    let reference = Uuid::new_v4();
    assert_eq!(merchant.collect(&session, 13, reference).await.1["status"], "COMPLETED");
    // On the plan `growth`: 0.75 % for the platform.
    let (_, receipt) = merchant.get("/v1/invoices/receipt/14").await.unwrap();
    assert_eq!(receipt["platform_fee"], json!(0.38));
    assert_eq!(sandbox.ledger().balance("wallet:1", "USD").to_string(), "1050.00");
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn merchants_see_nothing_of_each_other() {
    let sandbox = Sandbox::start().await.unwrap();
    let (one, other) = (Merchant::of(&sandbox).await, unverified(&sandbox).await);
    for (path, mine, theirs) in [
        ("/v1/parties/retrieve/", "42", "11"),
        ("/v1/counterparties/retrieve/", "15", "12"),
        ("/v1/invoices/retrieve/", "101", "14"),
        ("/v1/invoices/retrieve/number/", "INV-2025-00042", "INV-2025-00014"),
        ("/v1/status/source?source_type=INVOICE&source_id=", "101", "14"),
    ] {
        let status =
            async |merchant: &Merchant, id: &str| merchant.get(&format!("{path}{id}")).await.unwrap().0;
        assert_eq!((status(&one, mine).await, status(&one, theirs).await), (200, 404), "{path}");
        assert_eq!((status(&other, mine).await, status(&other, theirs).await), (404, 200), "{path}");
    }
    for (path, entries) in [("parties", 1), ("counterparties", 1), ("invoices", 1), ("orders", 0)] {
        let (_, list) = other.get(&format!("/v1/{path}/list")).await.unwrap();
        assert_eq!(list.as_array().unwrap().len(), entries, "{path}");
    }
    assert_eq!(other.call(Method::DELETE, "/v1/invoices/cancel/101", None).await.0, 404);
    let checkout = json!({ "source_id": 101, "source_type": "INVOICE" });
    assert_eq!(other.post("/v1/sessions/checkout", checkout.clone()).await.unwrap().0, 422);
    let session = one.session("checkout", checkout).await;
    let reference = Uuid::new_v4();
    assert_eq!(other.collect(&session, 13, reference).await.0, 422);
    one.collect(&session, 18, reference).await;
    assert_eq!(one.status("collection", reference).await, "PROCESSING");
    assert_eq!(other.status("collection", reference).await, "404");
    let key = json!({ "session_id": session.parse::<i64>().unwrap(), "source_type": "INVOICE", "reference_id": reference });
    assert_eq!(other.post("/v1/realtime-keys/collection", key.clone()).await.unwrap().0, 422);
    assert_eq!(one.post("/v1/realtime-keys/collection", key).await.unwrap().1["expires_in"], 3600);
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(sandbox.ledger().payments(reference), 1);
}
