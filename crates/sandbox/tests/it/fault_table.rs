//! Every fault at every place: what can happen is set over HTTP, seen by a client at the other end of a socket, and
//! counted in the ledger; what cannot happen is refused in words.

use std::time::{Duration, Instant};

use payonce_sandbox::{Guards, PAYOUT_ACCOUNT, Sandbox};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::faults::until;
use crate::merchant::{Merchant, payout};

const PAYOUT: &str = "POST /v1/executions/payout";
const PLACES: [&str; 3] = ["before_effect", "after_effect", "in_reply"];
const PATIENCE: Duration = Duration::from_millis(120);

/// What a payout and its client go through.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// The stream ends before a byte of the reply.
    Closed,
    /// The connection is reset before a byte of the reply.
    Reset,
    /// The head says 200, the body breaks off.
    BreaksOff,
    /// This status, with this `Retry-After`.
    Status(u16, Option<u64>),
    /// 200 and a body of which this is true.
    Body(fn(&str, &str) -> bool),
    /// The usual reply, but not before the patience is over.
    Late,
    /// The usual reply, once the fault is released.
    Held,
    /// The usual reply to a request that was carried out twice.
    Twice,
    /// Nothing, and the effect half an hour later.
    MuchLater,
    /// This status, and a token that is worthless from then on.
    Revoked(u16),
}

use Seen::{Body, BreaksOff, Closed, Held, Late, MuchLater, Revoked, Status, Twice};

fn is_garbage(_: &str, body: &str) -> bool {
    body.starts_with("<html>")
}

fn is_empty(_: &str, body: &str) -> bool {
    body.is_empty()
}

fn is_half(_: &str, body: &str) -> bool {
    body.starts_with('{') && body.len() > 20 && serde_json::from_str::<Value>(body).is_err()
}

fn is_large(_: &str, body: &str) -> bool {
    body.len() == 3_000_000 && json(body)["status"] == "PENDING"
}

fn says_html(kind: &str, body: &str) -> bool {
    kind.starts_with("text/html") && json(body)["status"] == "PENDING"
}

fn is_unheard_of(_: &str, body: &str) -> bool {
    let body = json(body);
    body["status"] == "NEVER_SEEN_BEFORE" && body["payee_amount"] == 10.0
}

fn has_more(_: &str, body: &str) -> bool {
    let body = json(body);
    body["status"] == "PENDING" && body["another_new_field"]["nested"][0] == 1
}

fn has_less(_: &str, body: &str) -> bool {
    let body = json(body);
    body.get("payee_amount").is_none() && body.get("payee_currency").is_some()
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_default()
}

/// What each fault does before the effect, after it and in the reply; `None` where it cannot happen.
fn table() -> Vec<(Value, [Option<Seen>; 3])> {
    let both = |seen| [Some(seen), Some(seen), None];
    let whole = |seen| [None, Some(seen), Some(seen)];
    let mut table = vec![
        (json!({ "what": "drop_reply" }), [Some(Closed), Some(Closed), Some(BreaksOff)]),
        (json!({ "what": "reset" }), [Some(Seen::Reset), Some(Seen::Reset), Some(BreaksOff)]),
        (json!({ "what": "delay", "millis": 120 }), [Some(Late); 3]),
        (json!({ "what": "hold" }), [Some(Held); 3]),
        (json!({ "what": "too_many_requests", "retry_after": 7 }), both(Status(429, Some(7)))),
        (json!({ "what": "too_many_requests", "retry_after": null }), both(Status(429, None))),
        (json!({ "what": "truncate_body" }), whole(Body(is_half))),
        (json!({ "what": "garbage_body" }), [Some(Body(is_garbage)); 3]),
        (json!({ "what": "empty_body" }), [Some(Body(is_empty)); 3]),
        (json!({ "what": "oversized_body", "bytes": 3_000_000 }), whole(Body(is_large))),
        (json!({ "what": "slow_drip", "millis": 1 }), [None, None, Some(Late)]),
        (json!({ "what": "wrong_content_type" }), whole(Body(says_html))),
        (json!({ "what": "unknown_enum" }), whole(Body(is_unheard_of))),
        (json!({ "what": "extra_fields" }), whole(Body(has_more))),
        (json!({ "what": "missing_fields" }), whole(Body(has_less))),
        (json!({ "what": "duplicate_delivery" }), both(Twice)),
        (json!({ "what": "deliver_late", "after_millis": 1_800_000 }), [Some(MuchLater), None, None]),
        (json!({ "what": "revoke_token" }), [Some(Revoked(401)), Some(Revoked(200)), Some(Revoked(200))]),
    ];
    for code in [400, 401, 402, 403, 404, 408, 409, 410, 413, 422, 423, 425, 500, 501, 502, 503, 504] {
        table.push((json!({ "what": "status", "code": code }), both(Status(code, None))));
    }
    table
}

fn rule(place: &str, what: &Value) -> Value {
    let mut rule = json!({ "operation": PAYOUT, "nth": 1, "place": place });
    rule.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    rule
}

/// Whether the payout itself took effect before the client saw anything.
fn effect(place: &str) -> u64 {
    u64::from(place != "before_effect")
}

#[tokio::test]
async fn every_fault_does_at_every_place_what_it_says() {
    let mut rows = JoinSet::new();
    let mut count = 0;
    for (what, seen) in table() {
        for (place, seen) in PLACES.into_iter().zip(seen) {
            let what = what.clone();
            match seen {
                Some(seen) => {
                    count += 1;
                    rows.spawn(async move {
                        proves(place, &what, seen).await;
                    })
                }
                None => rows.spawn(async move { is_refused(place, &what).await }),
            };
            if rows.len() >= 16 {
                rows.join_next().await.unwrap().unwrap();
            }
        }
    }
    while let Some(row) = rows.join_next().await {
        row.unwrap();
    }
    assert!(count >= 70, "{count} rows");
}

async fn is_refused(place: &str, what: &Value) {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let (status, body) = merchant.post("/_sandbox/faults", rule(place, what)).await.unwrap();
    assert_eq!(status, 422, "{place} {what}");
    assert_eq!(body["detail"][0]["loc"], json!(["body", "place"]), "{place} {what}");
    assert!(body["detail"][0]["msg"].as_str().unwrap().len() > 20, "{place} {what}: {body}");
    assert!(sandbox.faults().is_empty());
}

async fn proves(place: &'static str, what: &Value, seen: Seen) {
    let sandbox = Sandbox::builder().speed(1).start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let reference = Uuid::new_v4();
    let (status, set) = merchant.post("/_sandbox/faults", rule(place, what)).await.unwrap();
    assert_eq!(status, 200, "{place} {what}: {set}");
    if matches!(seen, Twice) {
        sandbox.guards(Guards { key_once: false, session_once: false });
    }
    let began = Instant::now();
    let body = payout(&session, PAYOUT_ACCOUNT, reference);
    let sent = {
        let merchant = merchant.clone();
        tokio::spawn(async move { merchant.send(Method::POST, "/v1/executions/payout", Some(body)).await })
    };
    if matches!(seen, Held) {
        until(|| sandbox.faults()[0].holding == 1).await;
        assert_eq!(sandbox.ledger().payments(reference), effect(place), "{place} {what}");
        let release = format!("/_sandbox/faults/{}/release", set["id"]);
        merchant.send(Method::POST, &release, None).await.unwrap().error_for_status().unwrap();
    }
    let reply = sent.await.unwrap();
    let paid = match seen {
        Late | Held => {
            assert!(usual(reply.unwrap()).await, "{place} {what}");
            assert!(matches!(seen, Held) || began.elapsed() >= PATIENCE, "{place} {what}");
            1
        }
        Twice => {
            assert!(usual(reply.unwrap()).await, "{place} {what}");
            2
        }
        MuchLater => {
            assert!(reply.is_err());
            assert_eq!(sandbox.ledger().payments(reference), 0);
            // Behind the session's end, for which the guard would refuse it.
            sandbox.guards(Guards { key_once: true, session_once: false });
            sandbox.clock().advance(Duration::from_secs(1801));
            until(|| sandbox.ledger().payments(reference) == 1).await;
            1
        }
        Revoked(code) => {
            assert_eq!(reply.unwrap().status(), code, "{place} {what}");
            until_401(&merchant).await;
            effect(place)
        }
        _ => {
            assert!(is_seen(seen, reply).await, "{place} {what}");
            effect(place)
        }
    };
    assert_eq!(sandbox.ledger().payments(reference), paid, "{place} {what}");
    let (_, listed) = merchant.get("/_sandbox/faults").await.unwrap();
    assert_eq!((&listed["fired"], &listed["faults"][0]["fired"]), (&json!(1), &json!(1)), "{place} {what}");
    assert_eq!(listed["faults"][0]["what"], what["what"]);
    // The fault is over, and the same order shows what the first one came to.
    if !matches!(seen, Revoked(_) | Twice | MuchLater) {
        assert_eq!(merchant.pay_out(&session, reference).await.unwrap().0, 200, "{place} {what}");
        assert_eq!(sandbox.ledger().payments(reference), 1, "{place} {what}");
    }
    assert!(sandbox.ledger().is_balanced());
}

async fn usual(reply: Response) -> bool {
    reply.status() == 200 && reply.json::<Value>().await.unwrap()["status"] == "PENDING"
}

/// A reply can be read before the token of its request is revoked, because that happens behind it.
async fn until_401(merchant: &Merchant) {
    let waiting = async {
        while merchant.get("/v1/status/source?source_type=ORDER&source_id=88").await.unwrap().0 != 401 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}

async fn is_seen(seen: Seen, reply: reqwest::Result<Response>) -> bool {
    match (seen, reply) {
        (Closed, Err(error)) => root(&error) != Some(std::io::ErrorKind::ConnectionReset),
        (Seen::Reset, Err(error)) => root(&error) == Some(std::io::ErrorKind::ConnectionReset),
        (BreaksOff, Ok(reply)) => reply.status() == 200 && reply.bytes().await.is_err(),
        (Status(code, retry_after), Ok(reply)) => {
            let header = reply.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
            reply.status() == code
                && header == retry_after.map(|seconds| seconds.to_string())
                && reply.json::<Value>().await.unwrap()["detail"].is_string()
        }
        (Body(is_right), Ok(reply)) => {
            let kind = reply.headers()["content-type"].to_str().unwrap().to_owned();
            let kind_fits = kind == "application/json" || seen_as_html(is_right);
            reply.status() == 200 && kind_fits && is_right(&kind, &reply.text().await.unwrap())
        }
        _ => false,
    }
}

fn seen_as_html(is_right: fn(&str, &str) -> bool) -> bool {
    is_right("text/html; charset=utf-8", r#"{"status":"PENDING"}"#)
}

/// What the system said, at the bottom of an error.
fn root(error: &reqwest::Error) -> Option<std::io::ErrorKind> {
    let mut error: &dyn std::error::Error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
}

#[tokio::test]
async fn a_stale_status_can_be_read_but_not_written() {
    let sandbox = Sandbox::start().await.unwrap();
    let merchant = Merchant::of(&sandbox).await;
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let reference = Uuid::new_v4();
    merchant.pay_out(&session, reference).await.unwrap();
    for place in PLACES {
        let read = json!({ "operation": "GET /v1/status/payout/{reference_id}", "place": place, "times": 1,
            "what": "stale_status", "age_millis": 60_000 });
        assert_eq!(merchant.post("/_sandbox/faults", read).await.unwrap().0, 200);
        assert_eq!(merchant.status("payout", reference).await, "404", "{place}");
        assert_eq!(merchant.status("payout", reference).await, "PROCESSING", "{place}");
        let written = json!({ "what": "stale_status", "age_millis": 60_000 });
        let (status, body) = merchant.post("/_sandbox/faults", rule(place, &written)).await.unwrap();
        assert_eq!((status, &body["detail"][0]["loc"][1]), (422, &json!("operation")));
    }
}

#[tokio::test]
#[should_panic(expected = "this fault cannot happen: place: in the reply the status has been sent already")]
async fn a_fault_that_cannot_happen_is_a_mistake_in_rust_too() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.on(PAYOUT).in_reply().status(500);
}
