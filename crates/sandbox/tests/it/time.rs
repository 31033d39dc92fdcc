//! Everything happens by the virtual clock.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use payonce_sandbox::{PAYOUT_ACCOUNT, Sandbox};
use reqwest::Method;
use serde_json::json;

use crate::merchant::Merchant;

#[tokio::test]
async fn a_token_lasts_sixty_minutes() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut merchant = Merchant::of(&sandbox).await;
    sandbox.clock().advance(Duration::from_secs(59 * 60));
    assert_eq!(merchant.get("/v1/status/source?source_type=INVOICE&source_id=101").await.unwrap().0, 200);
    sandbox.clock().advance(Duration::from_secs(60));
    assert_eq!(merchant.get("/v1/status/source?source_type=INVOICE&source_id=101").await.unwrap().0, 401);
    merchant.renew_token().await;
    assert_eq!(merchant.get("/v1/status/source?source_type=INVOICE&source_id=101").await.unwrap().0, 200);
}

#[tokio::test]
async fn the_date_of_a_reply_is_the_providers_time() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    sandbox.clock().freeze();
    sandbox.clock().advance(Duration::from_secs(3 * 86_400));
    for path in ["/v1/status/source", "/v1/nowhere", "/_sandbox/clock"] {
        let reply = merchant.send(Method::GET, path, None).await.unwrap();
        let date = DateTime::parse_from_rfc2822(reply.headers()["date"].to_str().unwrap()).unwrap();
        assert_eq!(date.timestamp(), sandbox.clock().now().timestamp(), "{path}");
    }
    let reply = merchant.send(Method::GET, "/v1/nowhere", None).await.unwrap();
    assert!(reply.headers()["x-request-id"].to_str().unwrap().starts_with("req-"));
}

#[tokio::test]
async fn server_set_expiry_is_fifteen_minutes_for_payouts_and_thirty_for_checkouts() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    sandbox.clock().freeze();
    let payout = json!({ "payout_account_id": PAYOUT_ACCOUNT, "amount": 1, "currency": "USD" });
    let checkout = json!({ "source_id": 101, "source_type": "INVOICE" });
    for (path, body, minutes) in
        [("/v1/sessions/payout", payout, 15), ("/v1/sessions/checkout", checkout, 30)]
    {
        let (_, session) = merchant.post(path, body).await.unwrap();
        let expires_at: DateTime<Utc> = session["expires_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(expires_at - sandbox.clock().now(), TimeDelta::minutes(minutes));
    }
}

#[tokio::test]
async fn other_processes_turn_the_clock_over_http() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let before = sandbox.clock().now();
    let turn = json!({ "frozen": true, "speed": 60, "advance_millis": 3_600_000 });
    let (status, shown) = merchant.post("/_sandbox/clock", turn).await.unwrap();
    assert_eq!((status, &shown["frozen"], &shown["speed"]), (200, &json!(true), &json!(60)));
    assert!(sandbox.clock().now() - before >= TimeDelta::hours(1));
    assert_eq!(merchant.get("/_sandbox/clock").await.unwrap().1, shown);
}
