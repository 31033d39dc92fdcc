//! The rules by which money moves, and moves once.

use std::time::Duration;

use payonce_sandbox::{COMPLETED_INTENT, COUNTERPARTY, Guards, INVOICE, PAYOUT_ACCOUNT, Sandbox, USD_WALLET};
use serde_json::json;
use uuid::Uuid;

use crate::merchant::Merchant;

const LATER: &str = "2099-01-01T00:00:00Z";

#[tokio::test]
async fn a_payout_completes_when_its_time_has_come_and_the_payee_gets_the_exact_amount() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.clock().freeze();
    let merchant = Merchant::of(&sandbox).await;
    let before = sandbox.ledger().balance("wallet:3", "USD");
    let payee_before = sandbox.ledger().balance("account:18", "USD");
    let reference = Uuid::new_v4();
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let (status, shown) = merchant.pay_out(&session, reference).await.unwrap();
    assert_eq!((status, shown["status"].as_str()), (200, Some("PENDING")));
    assert_eq!(merchant.status("payout", reference).await, "PROCESSING");
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(merchant.status("payout", reference).await, "COMPLETED");
    let ledger = sandbox.ledger();
    assert_eq!(ledger.payments(reference), 1);
    assert_eq!((ledger.balance("account:18", "USD") - payee_before).to_string(), "10.00");
    assert_eq!((before - ledger.balance("wallet:3", "USD")).to_string(), "10.15");
    assert_eq!(ledger.balance("clearing", "USD").to_string(), "0.00");
    assert!(ledger.is_balanced());
}

#[tokio::test]
async fn the_same_order_again_gets_the_current_state_and_moves_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let reference = Uuid::new_v4();
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    for _ in 0..3 {
        assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 200);
    }
    sandbox.clock().advance(Duration::from_secs(3));
    let (_, shown) = merchant.pay_out(&session, reference).await.unwrap();
    assert_eq!(shown["status"], "COMPLETED");
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn a_key_is_refused_for_any_other_order() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let reference = Uuid::new_v4();
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    merchant.pay_out(&session, reference).await.unwrap();
    let other = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let (status, refusal) = merchant.pay_out(&other, reference).await.unwrap();
    assert_eq!(status, 422);
    assert_eq!(refusal["detail"][0]["loc"], json!(["body", "reference_id"]));
    let transfer = merchant
        .session(
            "transfer",
            json!({ "from_wallet_id": USD_WALLET,
        "to_counterparty_id": COUNTERPARTY, "amount": 1, "currency": "USD", "expires_at": LATER }),
        )
        .await;
    let body = json!({ "session_id": transfer, "reference_id": reference });
    assert_eq!(merchant.post("/v1/executions/transfer", body).await.unwrap().0, 422);
    assert_eq!(sandbox.ledger().payments(reference), 1);
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn a_session_is_spent_once_and_never_after_its_expiry() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    merchant.pay_out(&session, Uuid::new_v4()).await.unwrap();
    let (status, refusal) = merchant.pay_out(&session, Uuid::new_v4()).await.unwrap();
    assert_eq!((status, &refusal["detail"][0]["loc"]), (422, &json!(["body", "session_id"])));
    let late = merchant.payout_session(PAYOUT_ACCOUNT).await;
    sandbox.clock().advance(Duration::from_secs(15 * 60));
    let (status, refusal) = merchant.pay_out(&late, Uuid::new_v4()).await.unwrap();
    assert_eq!((status, refusal["detail"][0]["msg"].as_str()), (422, Some("session expired")));
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn with_the_key_guard_off_two_sessions_pay_one_key_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.guards(Guards { key_once: false, session_once: true });
    let merchant = Merchant::of(&sandbox).await;
    let reference = Uuid::new_v4();
    for _ in 0..2 {
        let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
        assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 200);
        // The session guard alone refuses the repeat.
        assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 422);
    }
    assert_eq!(sandbox.ledger().payments(reference), 2);
    assert_eq!(sandbox.ledger().paid_twice(), [reference]);
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn with_the_session_guard_off_a_spent_and_expired_session_still_pays_another_key() {
    let sandbox =
        Sandbox::builder().guards(Guards { key_once: true, session_once: false }).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let (first, second) = (Uuid::new_v4(), Uuid::new_v4());
    merchant.pay_out(&session, first).await.unwrap();
    sandbox.clock().advance(Duration::from_secs(30 * 60));
    assert_eq!(merchant.pay_out(&session, second).await.unwrap().0, 200);
    // The key guard alone makes the repeat harmless.
    assert_eq!(merchant.pay_out(&session, first).await.unwrap().0, 200);
    assert_eq!((sandbox.ledger().payments(first), sandbox.ledger().payments(second)), (1, 1));
}

#[tokio::test]
async fn two_hundred_racing_copies_of_one_order_pay_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let reference = Uuid::new_v4();
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let mut racers = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (merchant, session) = (merchant.clone(), session.clone());
        racers.spawn(async move { merchant.pay_out(&session, reference).await.unwrap().0 });
    }
    assert!(racers.join_all().await.into_iter().all(|status| status == 200));
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn magic_accounts_decide_how_a_payout_ends() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let ends = [
        (18, "COMPLETED", 1),
        (21, "FAILED", 0),
        (22, "FAILED", 0),
        (23, "PROCESSING", 1),
        (24, "PROCESSING", 1),
        (26, "COMPLETED", 1),
    ];
    for (account, end, payments) in ends {
        let reference = Uuid::new_v4();
        let session = merchant.payout_session(account).await;
        merchant.pay(&session, account, reference).await.unwrap();
        sandbox.clock().advance(Duration::from_secs(3));
        assert_eq!(merchant.status("payout", reference).await, end, "account {account}");
        assert_eq!(sandbox.ledger().payments(reference), payments, "account {account}");
    }
    sandbox.clock().advance(Duration::from_secs(600));
    assert_eq!(sandbox.ledger().movements().len(), 4);
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn a_payout_the_wallet_cannot_cover_with_its_fees_fails_and_moves_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let all = sandbox.ledger().balance("wallet:4", "LRD");
    // The whole balance: enough for the amount, not for its fees.
    let amount: serde_json::Number = all.to_string().parse().unwrap();
    let body = json!({ "payout_account_id": 18, "amount": amount, "currency": "LRD" });
    let session = merchant.session("payout", body).await;
    let reference = Uuid::new_v4();
    let (status, shown) = merchant.pay_out(&session, reference).await.unwrap();
    assert_eq!((status, shown["status"].as_str()), (200, Some("FAILED")));
    assert_eq!(shown["wallet_message"], "insufficient wallet balance");
    assert_eq!(sandbox.ledger().payments(reference), 0);
    assert_eq!(sandbox.ledger().balance("wallet:4", "LRD"), all);
}

#[tokio::test]
async fn an_invoice_is_paid_by_mobile_money_and_can_then_be_refunded_in_parts_up_to_its_amount() {
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session =
        merchant.session("checkout", json!({ "source_id": INVOICE, "source_type": "INVOICE" })).await;
    let reference = Uuid::new_v4();
    let (_, collected) = merchant.collect(&session, 18, reference).await;
    assert_eq!(collected["status"], "COMPLETED");
    assert_eq!(collected["payer_amount"].to_string(), "256.25");
    let (_, source) = merchant.get("/v1/status/source?source_type=INVOICE&source_id=101").await.unwrap();
    assert_eq!(source["status"], "PAID");
    let intent = sandbox.ledger().movements()[0].payment_intent_id;
    let refund =
        |amount: u32| json!({ "original_payment_intent_id": intent, "amount": amount, "expires_at": LATER });
    // Two sessions that each fit, but not together: only the first can be executed.
    let both = [merchant.session("refund", refund(200)).await, merchant.session("refund", refund(200)).await];
    let ends = [merchant.refund(&both[0]).await, merchant.refund(&both[1]).await];
    assert_eq!(ends, ["COMPLETED", "FAILED"]);
    let (status, refusal) = merchant.post("/v1/sessions/refund", refund(51)).await.unwrap();
    assert_eq!((status, &refusal["detail"][0]["loc"]), (422, &json!(["body", "amount"])));
    let rest = merchant.session("refund", refund(50)).await;
    assert_eq!(merchant.refund(&rest).await, "COMPLETED");
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn a_declined_collection_makes_its_invoice_payable_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let checkout = json!({ "source_id": INVOICE, "source_type": "INVOICE" });
    let spare = merchant.session("checkout", checkout.clone()).await;
    let session = merchant.session("checkout", checkout).await;
    merchant.collect(&session, 21, Uuid::new_v4()).await;
    assert_eq!(merchant.collect(&spare, 18, Uuid::new_v4()).await.0, 422, "the invoice is being paid");
    sandbox.clock().advance(Duration::from_secs(3));
    let reference = Uuid::new_v4();
    assert_eq!(merchant.collect(&spare, 18, reference).await.0, 200);
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(merchant.status("collection", reference).await, "COMPLETED");
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn a_card_waits_for_its_holder() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut merchant = Merchant::of(&sandbox).await;
    for (invoice, card, end) in [(111, 31, "COMPLETED"), (112, 32, "FAILED")] {
        let session =
            merchant.session("checkout", json!({ "source_id": invoice, "source_type": "INVOICE" })).await;
        let reference = Uuid::new_v4();
        let (_, shown) = merchant.collect(&session, card, reference).await;
        assert_eq!(
            (shown["status"].as_str(), shown["requires_action"].as_bool()),
            (Some("PROCESSING"), Some(true))
        );
        assert!(shown["client_secret"].as_str().unwrap().starts_with("pi_"));
        sandbox.clock().advance(Duration::from_secs(3600));
        assert!(sandbox.confirm_card(reference));
        assert!(!sandbox.confirm_card(reference), "a card is confirmed once");
        merchant.renew_token().await;
        assert_eq!(merchant.status("collection", reference).await, end);
    }
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn a_transfer_completes_at_once_unless_the_recipients_wallet_is_frozen() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    for (counterparty, end) in [(COUNTERPARTY, "COMPLETED"), (17, "FAILED")] {
        let session = merchant
            .session(
                "transfer",
                json!({ "from_wallet_id": USD_WALLET,
            "to_counterparty_id": counterparty, "amount": 900.10, "currency": "USD", "expires_at": LATER }),
            )
            .await;
        let body = json!({ "session_id": session, "reference_id": Uuid::new_v4() });
        let (_, shown) = merchant.post("/v1/executions/transfer", body).await.unwrap();
        assert_eq!(shown["status"], end);
    }
    assert_eq!(sandbox.ledger().balance("counterparty:15", "USD").to_string(), "900.10");
}

#[tokio::test]
async fn a_seeded_collection_can_be_refunded() {
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let body = json!({ "original_payment_intent_id": COMPLETED_INTENT, "amount": 250, "reason": "damaged",
        "expires_at": LATER });
    let session = merchant.session("refund", body).await;
    assert_eq!(merchant.refund(&session).await, "COMPLETED");
    assert!(sandbox.ledger().is_balanced());
}

impl Merchant {
    /// Executes a refund under a new key and returns the status it is answered with.
    async fn refund(&self, session: &str) -> String {
        let body = json!({ "session_id": session, "reference_id": Uuid::new_v4() });
        let (status, shown) = self.post("/v1/executions/refund", body).await.unwrap();
        assert_eq!(status, 200, "{shown}");
        shown["status"].as_str().unwrap().to_owned()
    }
}
