//! The token: asked for by HTTP Basic, for as many seconds as the provider says, and replaced once for a question.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use dwolla::{Clock, ErrorKind, Timestamp};
use httpmock::{Method, MockServer};
use payonce::rail::{LookUp, Then};
use payonce::{BoxFuture, Rail};

use crate::support::*;

/// A clock that stands still until it is told to move on.
#[derive(Debug)]
struct StoppedClock(AtomicI64);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[tokio::test]
async fn a_token_is_asked_for_by_basic_and_used_until_five_minutes_before_its_end() {
    let server = MockServer::start_async().await;
    let token = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/token")
                .header("authorization", "Basic a2V5LTE6Y2FuYXJ5LXNlY3JldA==")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("accept", "application/json")
                .body("grant_type=client_credentials");
            then.status(200)
                .body(format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":3600}}"#));
        })
        .await;
    has_source(&server).await;
    says(&server, &format!("/customers/{CUSTOMER}/transfers"), (200, page(&[], 0))).await;
    let clock = Arc::new(StoppedClock(AtomicI64::new(1_800_000_000)));
    let dwolla = builder(&server.base_url()).clock(clock.clone()).build().unwrap();
    for (pass, fetched) in [(0, 1), (55 * 60 - 1, 1), (1, 2), (54 * 60, 2), (60, 3)] {
        clock.0.fetch_add(pass, Ordering::SeqCst);
        let answer = dwolla.rail().look_up(&order()).await;
        assert!(matches!(answer, LookUp::NotFound(Some(_))), "{answer:?}");
        assert_eq!(token.calls(), fetched, "after {pass} s more");
    }
}

#[tokio::test]
async fn an_expired_token_is_replaced_once_for_a_question_and_never_for_money() {
    let server = MockServer::start_async().await;
    let token = gives_token(&server, TOKEN, 3600).await;
    let refused = server
        .mock_async(|when, then| {
            when.path_matches("^/(transfers|funding-sources)")
                .header("authorization", format!("Bearer {TOKEN}"));
            then.status(401)
                .body(problem("ExpiredAccessToken", "Generate a new one using your refresh token."));
        })
        .await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    assert_eq!(looked_up(&dwolla.rail().look_up(&order()).await), "Unauthorized Retry");
    assert_eq!((token.calls(), refused.calls()), (2, 2), "one more try and no more");
    let submission = dwolla.rail().submit(&order(), BODY).await;
    assert_eq!(submitted(&submission), "not sent: Unauthorized Retry");
    assert_eq!(
        (token.calls(), refused.calls()),
        (3, 3),
        "the new token was refused, too, and the money sent once"
    );
    dwolla.raw().initiate_transfer_exact(REFERENCE, BODY.into()).await.unwrap_err();
    assert_eq!((token.calls(), refused.calls()), (4, 4));
}

#[tokio::test]
async fn refused_credentials_are_not_shown_again_and_again() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.path("/token");
            then.status(401)
                .body(format!(r#"{{"error":"invalid_client","error_description":"no {SECRET}"}}"#));
        })
        .await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    let LookUp::Setback(setback) = dwolla.rail().look_up(&order()).await else { panic!("an answer") };
    assert_eq!((setback.error.kind(), setback.then), (ErrorKind::Unauthorized, Then::Stop));
    let text = format!("{setback:?}");
    assert!(text.contains("invalid_client") && !text.contains("canary"), "{text}");
}

#[tokio::test]
async fn a_raw_call_without_a_token_says_why_in_the_providers_own_shape() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(401).body(r#"{"error":"invalid_client"}"#);
        })
        .await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    let refused = dwolla.raw().retrieve_transfer(TRANSFER).await.unwrap_err();
    let dwolla::raw::Error::UnexpectedResponse(reply) = refused else { panic!("a refusal is no success") };
    let error = reply.extensions().get::<dwolla::Error>().unwrap();
    assert_eq!((reply.status().as_u16(), error.kind()), (401, ErrorKind::Unauthorized));
    assert_eq!(reply.headers()["content-type"], HAL);
    let body: serde_json::Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    assert_eq!(body["code"], "InvalidAccessToken", "{body}");
    assert!(body["message"].as_str().unwrap().starts_with("no access token: "), "{body}");
}
