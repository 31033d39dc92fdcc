//! Faults strike where, when and how they are asked to, and the ledger shows what they did.

use std::time::Duration;

use payonce_sandbox::{PAYOUT_ACCOUNT, Sandbox, Storm};
use serde_json::json;
use uuid::Uuid;

use crate::merchant::Merchant;

const PAYOUT: &str = "POST /v1/executions/payout";
const STATUS: &str = "GET /v1/status/payout/{reference_id}";

/// A sandbox, a merchant with an open session and a key.
async fn ready() -> (Sandbox, Merchant, String, Uuid) {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    (sandbox, merchant, session, Uuid::new_v4())
}

#[tokio::test]
async fn a_lost_request_has_no_effect_and_a_lost_reply_has_one() {
    let (sandbox, merchant, session, reference) = ready().await;
    sandbox.on(PAYOUT).nth(1).before_effect().drop_reply();
    sandbox.on(PAYOUT).nth(2).after_effect().drop_reply();
    assert!(merchant.pay_out(&session, reference).await.is_err());
    assert_eq!(sandbox.ledger().payments(reference), 0);
    assert!(merchant.pay_out(&session, reference).await.is_err());
    assert_eq!(sandbox.ledger().payments(reference), 1);
    assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 200);
    assert_eq!(sandbox.ledger().payments(reference), 1);
    assert_eq!(sandbox.faults_fired(), 2);
}

#[tokio::test]
async fn a_reset_is_a_reset_and_not_an_end_of_stream() {
    let (sandbox, merchant, session, reference) = ready().await;
    sandbox.on(PAYOUT).after_effect().reset();
    let mut error: &dyn std::error::Error = &merchant.pay_out(&session, reference).await.unwrap_err();
    while let Some(source) = error.source() {
        error = source;
    }
    let error = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    assert_eq!(error, Some(std::io::ErrorKind::ConnectionReset));
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn a_reply_that_breaks_off_cannot_be_read() {
    let (sandbox, merchant, session, reference) = ready().await;
    let fault = sandbox.on(PAYOUT).in_reply().drop_reply();
    let body = crate::merchant::payout(&session, PAYOUT_ACCOUNT, reference);
    let reply = merchant.send(reqwest::Method::POST, "/v1/executions/payout", Some(body)).await.unwrap();
    assert_eq!(reply.status(), 200);
    assert!(reply.bytes().await.is_err());
    assert_eq!(fault.fired(), 1);
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn spoilt_bodies_are_whole_messages_that_are_no_json() {
    let (sandbox, merchant, session, reference) = ready().await;
    sandbox.on(PAYOUT).nth(1).after_effect().truncate_body();
    sandbox.on(PAYOUT).nth(2).after_effect().garbage_body();
    for _ in 0..2 {
        let error = merchant.pay_out(&session, reference).await.unwrap_err();
        assert!(error.is_decode(), "{error}");
    }
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn statuses_are_answered_before_or_after_the_effect() {
    let (sandbox, merchant, session, reference) = ready().await;
    sandbox.on(PAYOUT).nth(1).before_effect().too_many_requests(Some(7));
    sandbox.on(PAYOUT).nth(2).before_effect().status(503);
    sandbox.on(PAYOUT).nth(3).after_effect().status(500);
    let body = crate::merchant::payout(&session, PAYOUT_ACCOUNT, reference);
    let limited = merchant.send(reqwest::Method::POST, "/v1/executions/payout", Some(body)).await.unwrap();
    assert_eq!((limited.status().as_u16(), &limited.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 503);
    assert_eq!(sandbox.ledger().payments(reference), 0);
    assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 500);
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn a_held_request_takes_effect_on_release_even_if_its_client_has_gone() {
    let (sandbox, merchant, session, reference) = ready().await;
    let held = sandbox.on(PAYOUT).before_effect().hold();
    let client = tokio::spawn(async move { merchant.pay_out(&session, reference).await });
    held.wait_until_held().await;
    assert_eq!(sandbox.faults()[0].holding, 1);
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    assert_eq!(sandbox.ledger().payments(reference), 0);
    held.release();
    until(|| sandbox.ledger().payments(reference) == 1).await;
}

#[tokio::test]
async fn a_duplicate_delivery_pays_once() {
    let (sandbox, merchant, session, reference) = ready().await;
    sandbox.on(PAYOUT).before_effect().duplicate_delivery();
    assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 200);
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn a_late_delivery_takes_effect_after_its_client_was_cut_off_if_its_session_still_lives() {
    let (sandbox, merchant, session, reference) = ready().await;
    let expired = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let too_late = Uuid::new_v4();
    sandbox.on(PAYOUT).reference_id(reference).before_effect().deliver_late(Duration::from_secs(600));
    sandbox.on(PAYOUT).reference_id(too_late).before_effect().deliver_late(Duration::from_secs(1200));
    assert!(merchant.pay_out(&session, reference).await.is_err());
    assert!(merchant.pay_out(&expired, too_late).await.is_err());
    assert_eq!(merchant.status("payout", reference).await, "404");
    sandbox.clock().advance(Duration::from_secs(600));
    until(|| sandbox.ledger().payments(reference) == 1).await;
    sandbox.clock().advance(Duration::from_secs(1200));
    assert_eq!(merchant.status("payout", too_late).await, "404", "its session had expired");
    assert_eq!(sandbox.ledger().payments(too_late), 0);
}

#[tokio::test]
async fn a_stale_status_read_shows_an_older_state() {
    let (sandbox, merchant, session, reference) = ready().await;
    sandbox.clock().freeze();
    merchant.pay_out(&session, reference).await.unwrap();
    sandbox.on(STATUS).before_effect().stale_status(Duration::from_secs(10));
    assert_eq!(merchant.status("payout", reference).await, "404");
    sandbox.clock().advance(Duration::from_secs(11));
    assert_eq!(merchant.status("payout", reference).await, "PROCESSING");
    sandbox.clock().advance(Duration::from_secs(3));
    assert_eq!(merchant.status("payout", reference).await, "COMPLETED");
}

#[tokio::test]
async fn a_revoked_token_is_refused() {
    let (sandbox, mut merchant, session, reference) = ready().await;
    sandbox.on(PAYOUT).nth(1).before_effect().revoke_token();
    assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 401);
    merchant.renew_token().await;
    assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 200);
    assert_eq!(sandbox.ledger().payments(reference), 1);
}

#[tokio::test]
async fn in_a_storm_every_payment_gets_through_and_none_is_made_twice() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let mut sessions = Vec::new();
    for payment in 0..50 {
        // Fixed keys, so that the storm does the same in every run.
        let reference = uuid::Builder::from_random_bytes([payment; 16]).into_uuid();
        sessions.push((merchant.payout_session(PAYOUT_ACCOUNT).await, reference));
    }
    let storm =
        Storm::new(7).lost_requests(0.1).lost_replies(0.1).resets(0.1).errors_before(0.1).errors_after(0.1);
    sandbox.storm(storm.too_many(0.1).garbage(0.1));
    for (session, reference) in &sessions {
        while !merchant.pay_out(session, *reference).await.is_ok_and(|(status, _)| status == 200) {}
    }
    assert!(sandbox.faults_fired() > 20);
    assert!(sessions.iter().all(|(_, reference)| sandbox.ledger().payments(*reference) == 1));
    assert!(sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn other_processes_set_list_and_release_faults_over_http() {
    let (sandbox, merchant, session, reference) = ready().await;
    let rule = json!({ "operation": PAYOUT, "nth": 1, "place": "after_effect", "what": "hold" });
    let (_, set) = merchant.post("/_sandbox/faults", rule).await.unwrap();
    let client = tokio::spawn({
        let merchant = merchant.clone();
        async move { merchant.pay_out(&session, reference).await.unwrap().0 }
    });
    until(|| sandbox.faults()[0].holding == 1).await;
    assert_eq!(sandbox.ledger().payments(reference), 1);
    let release = format!("/_sandbox/faults/{}/release", set["id"]);
    merchant.send(reqwest::Method::POST, &release, None).await.unwrap().error_for_status().unwrap();
    assert_eq!(client.await.unwrap(), 200);
    let (_, listed) = merchant.get("/_sandbox/faults").await.unwrap();
    assert_eq!((&listed["fired"], &listed["faults"][0]["fired"]), (&json!(1), &json!(1)));
    let typo = json!({ "operation": "POST /v1/payout", "place": "after_effect", "what": "reset" });
    assert_eq!(merchant.post("/_sandbox/faults", typo).await.unwrap().0, 422);
    let (_, ledger) = merchant.get("/_sandbox/ledger").await.unwrap();
    assert_eq!(ledger, json!({ "balanced": true, "movements": 1, "paid_twice": [] }));
}

#[tokio::test]
#[should_panic(expected = "is not an operation of the API")]
async fn a_fault_for_an_operation_that_does_not_exist_is_a_mistake() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.on("POST /v1/executions/payouts").after_effect().reset();
}

/// Waits for something another task brings about; gives up after ten seconds.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}
