//! The same request twice. What the documents leave open is tried each way.

use std::time::Duration;

use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::switches::{
    After500, ConflictBody, CorrelationIds, InProgress, KeyScope, Keys, LateReplay, OtherBody, Refusals,
    SameBody,
};
use payonce_sandbox::dwolla::{BALANCE, BANK, BUSINESS_BALANCE, CUSTOMER_BANK, Switches, VERIFIED_BALANCE};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Application, Reply, transfer};

const KEY: &str = "19051a62-3403-11e6-ac61-9e71128cae77";
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn sandbox(switches: Switches) -> (DwollaSandbox, Application) {
    let sandbox = DwollaSandbox::builder().switches(switches).start().await.unwrap();
    let application = Application::of(&sandbox).await;
    (sandbox, application)
}

fn body() -> Value {
    let mut body = transfer(BALANCE, CUSTOMER_BANK, "10.00");
    body["correlationId"] = json!(KEY);
    body
}

async fn pay(application: &Application, body: &Value) -> Reply {
    application.keyed("/transfers", KEY, body).await.unwrap()
}

#[tokio::test]
async fn the_same_request_is_answered_as_the_first_time() {
    let (sandbox, application) = sandbox(Switches::default()).await;
    let first = pay(&application, &body()).await;
    first.made();
    assert_eq!(first.body, Value::Null);
    assert_eq!(pay(&application, &body()).await, first);
    assert_eq!(sandbox.ledger().payments(KEY), 1);
    assert!(sandbox.ledger().paid_twice().is_empty());
}

#[tokio::test]
async fn without_a_key_nothing_holds_a_second_payment_back_and_the_books_say_so() {
    let (sandbox, application) = sandbox(Switches::default()).await;
    for _ in 0..2 {
        application.post("/transfers", &body()).await.made();
    }
    assert_eq!(sandbox.ledger().payments(KEY), 2);
    assert_eq!(sandbox.ledger().paid_twice(), [KEY]);
}

#[tokio::test]
async fn without_the_guard_a_repeat_pays_again() {
    let (sandbox, application) = sandbox(Switches { keys: Keys::Ignored, ..Switches::default() }).await;
    for _ in 0..2 {
        pay(&application, &body()).await.made();
    }
    assert_eq!(sandbox.ledger().paid_twice(), [KEY]);
}

#[tokio::test]
async fn another_key_with_the_same_correlation_id_is_paid_twice() {
    let (sandbox, application) = sandbox(Switches::default()).await;
    pay(&application, &body()).await.made();
    application.keyed("/transfers", "another", &body()).await.unwrap().made();
    assert_eq!((sandbox.ledger().payments(KEY), sandbox.ledger().payments("another")), (2, 1));
    assert_eq!(sandbox.ledger().paid_twice(), [KEY]);
}

#[tokio::test]
async fn a_correlation_id_can_be_made_unique() {
    let switches = Switches { correlation_id: CorrelationIds::Unique, ..Switches::default() };
    let (sandbox, application) = sandbox(switches).await;
    let first = pay(&application, &body()).await;
    let second = application.keyed("/transfers", "another", &body()).await.unwrap();
    assert_eq!(second.refusal(), (400, "Duplicate".into(), "/correlationId".into()));
    assert_eq!(pay(&application, &body()).await, first);
    assert_eq!(sandbox.ledger().payments(KEY), 1);
}

#[tokio::test]
async fn another_body_under_the_same_key_does_what_the_switch_says() {
    for (other_body, status, payments) in
        [(OtherBody::CreateNew, 201, 2), (OtherBody::Conflict, 409, 1), (OtherBody::Replay, 201, 1)]
    {
        let (sandbox, application) = sandbox(Switches { other_body, ..Switches::default() }).await;
        let first = pay(&application, &body()).await;
        let mut other = body();
        other["amount"]["value"] = json!("11.00");
        let second = pay(&application, &other).await;
        assert_eq!((second.status, sandbox.ledger().payments(KEY)), (status, payments), "{other_body:?}");
        assert_eq!(second.location == first.location, other_body == OtherBody::Replay);
    }
}

#[tokio::test]
async fn the_same_body_is_the_same_bytes_or_the_same_json() {
    for (same_body, payments) in [(SameBody::Bytes, 2), (SameBody::Json, 1)] {
        let (sandbox, application) = sandbox(Switches { same_body, ..Switches::default() }).await;
        pay(&application, &body()).await.made();
        let spaced = serde_json::to_string_pretty(&body()).unwrap();
        application.send(Method::POST, "/transfers", Some(KEY), spaced).await.unwrap().made();
        assert_eq!(sandbox.ledger().payments(KEY), payments, "{same_body:?}");
    }
}

#[tokio::test]
async fn a_key_is_for_a_path_or_for_the_whole_application() {
    for (key_scope, status) in [(KeyScope::Path, 200), (KeyScope::Application, 409)] {
        let switches = Switches { key_scope, other_body: OtherBody::Conflict, ..Switches::default() };
        let (_sandbox, application) = sandbox(switches).await;
        pay(&application, &body()).await.made();
        let other = application.keyed("/on-demand-authorizations", KEY, &json!({})).await.unwrap();
        assert_eq!(other.status, status, "{key_scope:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_forgotten_or_kept() {
    for (refusals, status) in [(Refusals::Forgotten, 201), (Refusals::Kept, 400)] {
        let (sandbox, application) = sandbox(Switches { refusals, ..Switches::default() }).await;
        let poor = transfer(BUSINESS_BALANCE, BALANCE, "50.00");
        let refused = pay(&application, &poor).await;
        assert_eq!(refused.refusal().1, "InsufficientFunds");
        application.post("/transfers", &transfer(BALANCE, BUSINESS_BALANCE, "60.00")).await.made();
        assert_eq!(pay(&application, &poor).await.status, status, "{refusals:?}");
        assert_eq!(sandbox.ledger().payments(KEY), u64::from(status == 201));
    }
}

#[tokio::test]
async fn after_a_500_the_key_is_locked_for_a_day_whether_the_transfer_was_made_or_not() {
    for made in [true, false] {
        let (sandbox, mut application) = sandbox(Switches::default()).await;
        let call = sandbox.on("POST /transfers").nth(1);
        match made {
            true => call.after_effect().status(500),
            false => call.before_effect().status(500),
        };
        assert_eq!(pay(&application, &body()).await.refusal().0, 500);
        sandbox.clock().advance(DAY - Duration::from_secs(60));
        application.renew_token().await;
        let locked = pay(&application, &body()).await;
        assert_eq!((locked.status, &locked.body["code"]), (409, &json!("Conflict")));
        assert_eq!(sandbox.ledger().payments(KEY), u64::from(made));
        sandbox.clock().advance(Duration::from_secs(60));
        pay(&application, &body()).await.made();
        // The trap: by then the key has been forgotten.
        assert_eq!(sandbox.ledger().payments(KEY), 1 + u64::from(made));
    }
}

#[tokio::test]
async fn after_a_500_a_late_replay_may_tell_of_what_was_made() {
    let switches = Switches { late_replay: LateReplay::Replay, ..Switches::default() };
    let (sandbox, mut application) = sandbox(switches).await;
    sandbox.on("POST /transfers").nth(1).after_effect().status(500);
    pay(&application, &body()).await;
    sandbox.clock().advance(DAY);
    application.renew_token().await;
    let replayed = pay(&application, &body()).await.made();
    assert_eq!(sandbox.ledger().movements()[0].transfer, replayed);
    assert_eq!(sandbox.ledger().payments(KEY), 1);
}

#[tokio::test]
async fn the_lock_after_a_500_can_be_taken_away_and_no_other_status_locks() {
    for (after_500, code, status) in
        [(After500::Open, 500, 201), (After500::Locked, 502, 201), (After500::Locked, 429, 201)]
    {
        let (sandbox, application) = sandbox(Switches { after_500, ..Switches::default() }).await;
        sandbox.on("POST /transfers").nth(1).after_effect().status(code);
        assert_eq!(pay(&application, &body()).await.status, code);
        assert_eq!(pay(&application, &body()).await.status, status, "{after_500:?} {code}");
        assert_eq!(sandbox.ledger().payments(KEY), 1);
    }
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day_or_replayed_for_good() {
    for (late_replay, payments) in [(LateReplay::CreateNew, 2), (LateReplay::Replay, 1)] {
        let (sandbox, mut application) = sandbox(Switches { late_replay, ..Switches::default() }).await;
        pay(&application, &body()).await.made();
        sandbox.clock().advance(DAY);
        application.renew_token().await;
        pay(&application, &body()).await.made();
        assert_eq!(sandbox.ledger().payments(KEY), payments, "{late_replay:?}");
    }
}

#[tokio::test]
async fn while_the_first_is_in_progress_the_second_conflicts_or_waits() {
    for (in_progress, conflict_body) in [
        (InProgress::Conflict, ConflictBody::Code),
        (InProgress::Conflict, ConflictBody::Empty),
        (InProgress::Wait, ConflictBody::Code),
    ] {
        let switches = Switches { in_progress, conflict_body, ..Switches::default() };
        let (sandbox, application) = sandbox(switches).await;
        let held = sandbox.on("POST /transfers").nth(1).after_effect().hold();
        let first = tokio::spawn({
            let application = application.clone();
            async move { pay(&application, &body()).await }
        });
        held.wait_until_held().await;
        let second = pay(&application, &body()).await;
        match (in_progress, conflict_body) {
            (InProgress::Wait, _) => assert_eq!(second.status, 201),
            (_, ConflictBody::Code) => assert_eq!(second.refusal(), (409, "Conflict".into(), String::new())),
            (_, ConflictBody::Empty) => assert_eq!((second.status, second.body), (409, Value::Null)),
        }
        held.release();
        let first = first.await.unwrap();
        assert_eq!(pay(&application, &body()).await, first);
        assert_eq!(sandbox.ledger().payments(KEY), 1);
    }
}

#[tokio::test]
async fn whatever_arrives_at_once_under_one_key_pays_once() {
    for in_progress in [InProgress::Conflict, InProgress::Wait] {
        let (sandbox, application) = sandbox(Switches { in_progress, ..Switches::default() }).await;
        for round in 0..5 {
            let key = format!("race-{round}");
            let mut racers = JoinSet::new();
            for _ in 0..16 {
                let (application, key) = (application.clone(), key.clone());
                racers.spawn(async move {
                    let body = transfer(BALANCE, VERIFIED_BALANCE, "1.00");
                    application.keyed("/transfers", &key, &body).await.unwrap()
                });
            }
            let replies = racers.join_all().await;
            let mut made: Vec<_> = replies.iter().filter(|reply| reply.status == 201).collect();
            assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status)));
            made.dedup();
            assert_eq!(made.len(), 1, "every 201 names the same transfer");
            assert_eq!(sandbox.ledger().payments(&key), 1);
        }
        assert!(sandbox.ledger().is_balanced());
    }
}

#[tokio::test]
async fn a_lost_reply_a_reset_and_a_second_delivery_pay_once() {
    let (sandbox, application) = sandbox(Switches::default()).await;
    let call = || sandbox.on("POST /transfers");
    call().nth(1).after_effect().drop_reply();
    call().nth(2).before_effect().reset();
    call().nth(3).before_effect().duplicate_delivery();
    for lost in [true, true, false] {
        let reply = application.keyed("/transfers", KEY, &body()).await;
        assert_eq!(reply.is_err(), lost);
    }
    assert_eq!(sandbox.ledger().payments(KEY), 1);
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused() {
    let (sandbox, application) = sandbox(Switches { longest_key: 20, ..Switches::default() }).await;
    assert_eq!(pay(&application, &body()).await.refusal().1, "BadRequest");
    assert!(sandbox.ledger().movements().is_empty());
}

#[tokio::test]
async fn a_cancellation_can_be_repeated_under_its_key() {
    let (sandbox, application) = sandbox(Switches::default()).await;
    let id = application.post("/transfers", &transfer(BANK, CUSTOMER_BANK, "10.00")).await.made();
    let cancel = || async {
        let body = json!({ "status": "cancelled" });
        application.keyed(&format!("/transfers/{id}"), "cancel-it", &body).await.unwrap()
    };
    let first = cancel().await;
    assert_eq!(first.status, 200);
    assert_eq!(cancel().await, first);
    assert!(sandbox.ledger().movements().is_empty());
}
