//! The faults, which are those of every sandbox, on this provider's calls.

use std::time::Duration;

use payonce_sandbox::dwolla::{ACCOUNT, BALANCE, CUSTOMER, CUSTOMER_BANK, VERIFIED_BALANCE};
use payonce_sandbox::{DwollaSandbox, Storm};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Application, transfer};

async fn world() -> (DwollaSandbox, Application) {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let application = Application::of(&sandbox).await;
    (sandbox, application)
}

#[tokio::test]
async fn a_status_that_a_fault_answers_has_the_providers_shape() {
    let (sandbox, application) = world().await;
    for (status, code) in [
        (401, "ExpiredAccessToken"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (409, "Conflict"),
        (500, "ServerError"),
        (503, "ServerError"),
    ] {
        let fault = sandbox.on("POST /transfers").before_effect().status(status);
        let reply = application.post("/transfers", &transfer(BALANCE, VERIFIED_BALANCE, "1.00")).await;
        assert_eq!(reply.refusal(), (status, code.into(), String::new()));
        fault.remove();
    }
    sandbox.on("POST /transfers").times(1).before_effect().too_many_requests(Some(7));
    let request = application.http.post(format!("{}/transfers", sandbox.url())).send().await.unwrap();
    assert_eq!((request.status().as_u16(), &request.headers()["retry-after"]), (429, &"7".parse().unwrap()));
    let id = request.headers()["x-request-id"].to_str().unwrap();
    assert!(id.parse::<Uuid>().is_ok(), "{id}");
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn a_stale_read_does_not_know_of_what_is_newer() {
    let (sandbox, application) = world().await;
    let key = Uuid::new_v4();
    let mut body = transfer(BALANCE, CUSTOMER_BANK, "1.00");
    body["correlationId"] = json!(key);
    let made = application.post("/transfers", &body).await.made();
    sandbox.clock().advance(Duration::from_secs(100));
    sandbox.simulate();
    let read = format!("/transfers/{made}");
    let list = format!("/accounts/{ACCOUNT}/transfers?correlationId={key}");
    for (age, seen) in [(10, Some("pending")), (200, None)] {
        let age = Duration::from_secs(age);
        let faults = ["GET /transfers/{id}", "GET /accounts/{id}/transfers"]
            .map(|operation| sandbox.on(operation).before_effect().stale_status(age));
        assert_eq!(application.get(&read).await.body["status"].as_str(), seen);
        let listed = application.get(&list).await.body;
        assert_eq!(listed["_embedded"]["transfers"][0]["status"].as_str(), seen);
        assert_eq!(listed["total"], u8::from(seen.is_some()));
        faults.into_iter().for_each(payonce_sandbox::FaultHandle::remove);
    }
    assert_eq!(application.status(made).await, "processed");
    assert_eq!(sandbox.ledger().payments(&key.to_string()), 1);
}

#[tokio::test]
async fn faults_find_a_payment_by_its_key_or_its_correlation_id() {
    let (sandbox, application) = world().await;
    let (key, correlation_id) = (Uuid::new_v4(), Uuid::new_v4());
    sandbox.on("POST /transfers").reference_id(key).before_effect().status(503);
    sandbox.on("*").reference_id(correlation_id).before_effect().status(502);
    let mut body = transfer(BALANCE, CUSTOMER_BANK, "1.00");
    assert_eq!(application.keyed("/transfers", &key.to_string(), &body).await.unwrap().status, 503);
    assert_eq!(application.post("/transfers", &body).await.status, 201);
    body["correlationId"] = json!(correlation_id);
    assert_eq!(application.post("/transfers", &body).await.status, 502);
    let list = format!("/customers/{CUSTOMER}/transfers?limit=5&correlationId={correlation_id}");
    assert_eq!(application.get(&list).await.status, 502);
    let known = sandbox.requests().iter().filter(|request| request.reference_id.is_some()).count();
    assert_eq!(known, 3);
    assert_eq!(sandbox.ledger().movements().len(), 1);
}

#[tokio::test]
async fn a_revoked_token_has_expired() {
    let (sandbox, mut application) = world().await;
    sandbox.on("GET /").nth(1).before_effect().revoke_token();
    assert_eq!(application.get("/").await.refusal().1, "ExpiredAccessToken");
    assert_eq!(application.get("/").await.refusal().1, "ExpiredAccessToken");
    application.renew_token().await;
    assert_eq!(application.get("/").await.status, 200);
}

#[tokio::test]
async fn a_request_that_arrives_late_pays_late_and_once() {
    let (sandbox, application) = world().await;
    sandbox.clock().freeze();
    sandbox.on("POST /transfers").nth(1).before_effect().deliver_late(Duration::from_secs(60));
    let body = transfer(BALANCE, VERIFIED_BALANCE, "1.00");
    assert!(application.keyed("/transfers", "late", &body).await.is_err());
    assert_eq!(sandbox.ledger().payments("late"), 0);
    assert_eq!(application.keyed("/transfers", "late", &body).await.unwrap().status, 201);
    sandbox.clock().advance(Duration::from_secs(60));
    let late = loop {
        match sandbox.requests().into_iter().find_map(|request| request.late) {
            Some(late) => break late,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!((late.at, late.status), (sandbox.clock().now(), 201));
    assert_eq!(sandbox.ledger().payments("late"), 1);
}

#[tokio::test]
async fn another_process_sets_faults_turns_the_clock_and_reads_the_books() {
    let (sandbox, application) = world().await;
    let control = async |method: Method, path: &str, body: Value| {
        let request = application.http.request(method, format!("{}/_sandbox{path}", sandbox.url()));
        let reply = request.json(&body).send().await.unwrap();
        (reply.status().as_u16(), reply.json::<Value>().await.unwrap_or_default())
    };
    let fault =
        json!({ "operation": "POST /transfers", "nth": 1, "place": "after_effect", "what": "drop_reply" });
    assert_eq!(control(Method::POST, "/faults", fault).await.0, 200);
    let unknown = json!({ "operation": "POST /payouts", "place": "after_effect", "what": "drop_reply" });
    assert_eq!(control(Method::POST, "/faults", unknown).await.0, 422);
    let body = transfer(BALANCE, VERIFIED_BALANCE, "1.00");
    assert!(application.keyed("/transfers", "lost", &body).await.is_err());
    let payments = control(Method::GET, "/ledger/payments/lost", Value::Null).await.1;
    assert_eq!(payments, json!({ "payments": 1 }));
    let summary = control(Method::GET, "/ledger", Value::Null).await.1;
    assert_eq!(summary, json!({ "balanced": true, "movements": 1, "paid_twice": [] }));
    let movements = control(Method::GET, "/ledger/movements", Value::Null).await.1;
    assert_eq!((&movements[0]["idempotency_key"], &movements[0]["amount"]), (&json!("lost"), &json!("1.00")));

    let frozen = control(Method::POST, "/clock", json!({ "frozen": true, "advance_millis": 1000 })).await.1;
    assert_eq!(frozen["frozen"], true);
    let switched = control(Method::PUT, "/switches", json!({ "list_order": "oldest_first" })).await.1;
    assert_eq!((&switched["list_order"], &switched["longest_page"]), (&json!("oldest_first"), &json!(200)));
    assert_eq!(control(Method::PUT, "/switches", json!({ "lists": 1 })).await.0, 422);
    let requests = control(Method::GET, "/requests?limit=1", Value::Null).await.1;
    assert_eq!(requests["latest"][0]["operation"], "POST /transfers");
    assert_eq!(control(Method::POST, "/reset", Value::Null).await.0, 204);
    assert!(sandbox.ledger().movements().is_empty() && sandbox.ledger().is_balanced());
    assert_eq!(application.get("/").await.status, 401, "a reset forgets the tokens");
}

#[tokio::test]
async fn a_storm_hides_no_payment_and_doubles_none() {
    let (sandbox, application) = world().await;
    let storm = Storm::new(7).lost_requests(0.15).lost_replies(0.15).resets(0.1).garbage(0.1);
    sandbox.storm(storm.errors_before(0.05).too_many(0.05));
    for payment in 0..60 {
        let key = format!("payment-{payment}");
        let body = transfer(BALANCE, VERIFIED_BALANCE, "1.00");
        // The provider's own rule: a repeat of the same request is safe, but not after a 500.
        for _ in 0..50 {
            let reply = application.keyed("/transfers", &key, &body).await;
            if reply.is_ok_and(|reply| [201, 409].contains(&reply.status)) {
                break;
            }
        }
        assert!(sandbox.ledger().payments(&key) <= 1);
    }
    sandbox.clear_faults();
    assert!(sandbox.faults_fired() > 0);
    assert!(sandbox.ledger().is_balanced() && sandbox.ledger().paid_twice().is_empty());
}
