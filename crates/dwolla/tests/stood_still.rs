//! A process that stands still in the middle of a send, as a machine does whose lid is closed.
//!
//! What must stay true: between the decision to send and the token that the request carries, little time passes, or
//! nothing is sent. After that the token keeps a late request out, because it lives for an hour and a key for a day.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use dwolla::{Clock, Dwolla, Expect, Name, Operation, Secret, Timestamp, usd};
use payonce::BoxFuture;
use payonce::rail::{Order, Rail, Submission};
use tokio::net::TcpListener;

/// A clock that stands still unless it is moved.
#[derive(Clone, Debug)]
struct Stopped(Arc<Mutex<Timestamp>>);

impl Stopped {
    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// Sends one transfer. While its token is fetched so much time passes. Returns what came of it, and how often it arrived.
async fn sent(standstill: Duration) -> (Submission, usize) {
    let clock = Stopped(Arc::new(Mutex::new(Timestamp::from_timestamp(1_795_000_000, 0).unwrap())));
    let arrived = Arc::new(AtomicUsize::new(0));
    let (time, count) = (clock.clone(), Arc::clone(&arrived));
    let token = move || async move {
        time.advance(standstill);
        r#"{"access_token":"token","token_type":"bearer","expires_in":3600}"#
    };
    let transfer = move || async move {
        count.fetch_add(1, Ordering::SeqCst);
        StatusCode::CREATED
    };
    let app = Router::new().route("/token", post(token)).route("/transfers", post(transfer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let dwolla = Dwolla::builder()
        .key("key")
        .secret(Secret::new("secret"))
        .base_url(url)
        .clock(Arc::new(clock))
        .journal_in_memory()
        .build()
        .unwrap();
    let order = Order {
        operation: Operation::new("transfer").unwrap(),
        name: Name::new("invoice/4711").unwrap(),
        reference_id: "550e8400-e29b-41d4-a716-446655440000".parse().unwrap(),
        contents: String::new(),
        expect: Expect::Amount(usd("225.00").unwrap()),
    };
    let body = format!(r#"{{"correlationId":"{}"}}"#, order.reference_id);
    let submission = dwolla.rail().submit(&order, &body).await;
    (submission, arrived.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_send_that_waited_a_day_for_its_token_is_not_made() {
    let (submission, arrived) = sent(Duration::from_secs(25 * 3600)).await;
    assert!(matches!(submission, Submission::NotSent(_)), "{submission:?}");
    assert_eq!(arrived, 0);
}

#[tokio::test]
async fn a_send_that_waited_a_minute_for_its_token_is_made() {
    let (submission, arrived) = sent(Duration::from_secs(60)).await;
    assert!(matches!(submission, Submission::Accepted(_)), "{submission:?}");
    assert_eq!(arrived, 1);
}
