//! Making ready and sending: exactly what goes out, and what each reply means for the payment.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use dwolla::{ErrorKind, Operation};
use httpmock::{Method, MockServer};
use payonce::rail::{Order, Preparation, Setback, Submission, Then};
use payonce::{BoxFuture, Clock, Rail, Timestamp};

use crate::support::*;

#[tokio::test]
async fn the_journaled_bytes_are_the_bytes_sent_every_time() {
    let server = server().await;
    let sent = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/transfers")
                .header("authorization", format!("Bearer {TOKEN}"))
                .header("accept", HAL)
                .header("content-type", HAL)
                .header("idempotency-key", REFERENCE)
                .body(BODY);
            then.status(500);
        })
        .await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    for times in 1..=3 {
        let submission = dwolla.rail().submit(&order(), BODY).await;
        assert_eq!(submitted(&submission), "unknown: Unavailable Retry");
        assert_eq!(sent.calls(), times);
    }
}

#[tokio::test]
async fn what_is_made_ready_carries_the_key_and_lasts_for_23_hours() {
    let server = server().await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    let Preparation::Ready(ready) = dwolla.rail().prepare(&order()).await else { panic!("not ready") };
    let base = server.base_url();
    assert_eq!(
        ready.body,
        format!(
            r#"{{"amount":{{"currency":"USD","value":"225.00"}},"correlationId":"{REFERENCE}","_links":{{"destination":{{"href":"{base}/customers/{CUSTOMER}"}},"source":{{"href":"{base}/funding-sources/{SOURCE}"}}}}}}"#
        )
    );
    assert_eq!(ready.expires_at - ready.provider_at.unwrap(), TimeDelta::hours(23));
    let Preparation::Ready(again) = dwolla.rail().prepare(&order()).await else { panic!("not ready") };
    assert_eq!(again.body, ready.body);
}

/// A clock that goes on by so many seconds whenever somebody looks at it.
#[derive(Debug)]
struct Jumps(i64, AtomicI64);

impl Clock for Jumps {
    fn now(&self) -> Timestamp {
        let looks = self.1.fetch_add(1, Ordering::Relaxed);
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(self.0 * looks)
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(pending())
    }
}

#[tokio::test]
async fn a_process_that_stood_still_or_cannot_tell_sends_nothing() {
    for (seconds, sent) in [(1, 1), (0, 1), (601, 0), (-1, 0)] {
        let server = server().await;
        let transfers = server
            .mock_async(|when, then| {
                when.method(Method::POST).path("/transfers");
                then.status(500);
            })
            .await;
        let clock = Jumps(seconds, AtomicI64::default());
        let dwolla = builder(&server.base_url()).clock(Arc::new(clock)).build().unwrap();
        let submission = dwolla.rail().submit(&order(), BODY).await;
        assert_eq!(transfers.calls(), sent, "by {seconds} s: {}", submitted(&submission));
        assert_eq!(matches!(submission, Submission::NotSent(_)), sent == 0);
    }
}

#[tokio::test]
async fn what_the_journal_has_of_another_payment_is_not_sent() {
    let server = server().await;
    let dwolla = builder(&server.base_url()).build().unwrap();
    for body in
        ["", "{}", r#"{"correlationId":"416a2857-c887-4cca-bd02-8c3f75c4bb0e"}"#, "{\"correlationId\""]
    {
        let submission = dwolla.rail().submit(&order(), body).await;
        assert_eq!(submitted(&submission), "not sent: Journal Stop", "{body}");
    }
    for (operation, contents, kind) in
        [("payout", order().contents, ErrorKind::Invalid), ("transfer", "{}".to_owned(), ErrorKind::Journal)]
    {
        let order = Order { operation: Operation::new(operation).unwrap(), contents, ..order() };
        let Preparation::Setback(Setback { error, then }) = dwolla.rail().prepare(&order).await else {
            panic!("{operation}")
        };
        assert_eq!((error.kind(), then), (kind, Then::Stop));
    }
}

type Row<'a> = (u16, &'a [(&'a str, &'a str)], String, &'a str);

/// Has a server answer the request with the row's reply, and sends it.
async fn answered(row: &Row<'_>) -> (MockServer, Submission) {
    let server = server().await;
    let (status, headers, body, _) = row;
    server
        .mock_async(|when, mut then| {
            when.method(Method::POST).path("/transfers");
            then = then.status(*status).body(body);
            for (name, value) in *headers {
                then = then.header(*name, *value);
            }
        })
        .await;
    let submission = builder(&server.base_url()).build().unwrap().rail().submit(&order(), BODY).await;
    (server, submission)
}

#[tokio::test]
async fn each_reply_to_a_send_is_what_it_means_for_the_payment() {
    let html = || "<html>Bad Gateway</html>".to_owned();
    let none = String::new;
    let invalid = format!(
        r#"{{"code":"ValidationError","message":"Validation error(s) present.","_embedded":{{"errors":[
            {{"code":"InsufficientFunds","message":"Insufficient {SECRET} funds.","path":"/_links/source/href","_links":{{}}}},
            {{"code":"Invalid"}}]}}}}"#
    );
    let until = [("date", DATE), ("retry-after", "Fri, 20 Nov 2026 12:00:09 GMT")];
    let rows: &[Row<'_>] = &[
        (
            201,
            &[("location", "https://api.dwolla.com/transfers/74c9129b-d14a-e511-80da-0aa34a9b2388")],
            none(),
            "pending",
        ),
        (201, &[("location", "nowhere")], none(), "pending"),
        (201, &[], none(), "pending"),
        (201, &[], html(), "pending"),
        (200, &[], none(), "unknown: Unreadable Retry"),
        (202, &[], none(), "unknown: Unreadable Retry"),
        (204, &[], none(), "unknown: Unreadable Retry"),
        (302, &[("location", "https://example.com/")], none(), "unknown: Unreadable Retry"),
        (400, &[], problem("BadRequest", "no"), "refused Payment: BadRequest: no"),
        (400, &[], r#"{"code":"BadRequest"}"#.to_owned(), "refused Payment: BadRequest"),
        (
            400,
            &[],
            invalid,
            "refused Payment: InsufficientFunds at /_links/source/href: Insufficient [redacted] funds.; Invalid",
        ),
        (400, &[], html(), "unknown: Unreadable Retry"),
        (400, &[], none(), "unknown: Unreadable Retry"),
        (400, &[], r#"{"message":"no"}"#.to_owned(), "unknown: Unreadable Retry"),
        (400, &[], r#"{"code":7}"#.to_owned(), "unknown: Unreadable Retry"),
        (400, &[], r#"{"error":"invalid_request"}"#.to_owned(), "unknown: Refused Retry"),
        (401, &[], problem("ExpiredAccessToken", "Generate a new one."), "not sent: Unauthorized Retry"),
        (401, &[], html(), "not sent: Unauthorized Retry"),
        (403, &[], problem("Forbidden", "no"), "not sent: Forbidden Stop"),
        (403, &[], html(), "not sent: Forbidden Stop"),
        (404, &[], problem("NotFound", "no"), "refused Payment: NotFound: no"),
        (404, &[], html(), "unknown: Unreadable Retry"),
        (406, &[], problem("InvalidVersion", "no"), "refused Payment: InvalidVersion: no"),
        (408, &[], problem("RequestTimeout", "no"), "unknown: Refused Retry"),
        (409, &[], problem("Conflict", "no"), "unknown: Refused Retry"),
        (409, &[], none(), "unknown: Unreadable Retry"),
        (409, &[], html(), "unknown: Unreadable Retry"),
        (425, &[], problem("TooEarly", "no"), "unknown: Refused Retry"),
        (
            429,
            &[("retry-after", "7")],
            problem("TooManyRequests", "no"),
            "not sent: RateLimited RetryAfter(7s)",
        ),
        (429, &until, none(), "not sent: RateLimited RetryAfter(9s)"),
        (429, &[], problem("TooManyRequests", "no"), "not sent: RateLimited Retry"),
        (500, &[], problem("ServerError", "no"), "unknown: Unavailable Retry"),
        (500, &[], html(), "unknown: Unavailable Retry"),
        (502, &[], html(), "unknown: Unavailable Retry"),
        (503, &[("retry-after", "3")], html(), "unknown: Unavailable RetryAfter(3s)"),
        (504, &[], none(), "unknown: Unavailable Retry"),
    ];
    for row in rows {
        let (_server, submission) = answered(row).await;
        assert_eq!(submitted(&submission), row.3, "{} {:?} {}", row.0, row.1, row.2);
    }
}

#[tokio::test]
async fn no_reply_to_a_send_gives_a_secret_away() {
    for status in [400, 401, 403, 409, 429, 500] {
        let body = problem("Problem", &format!("{SECRET} {TOKEN} a2V5LTE6Y2FuYXJ5LXNlY3JldA=="));
        let (_server, submission) = answered(&(status, &[("x-request-id", TOKEN)], body, "")).await;
        let text = format!("{submission:?}");
        assert!(!text.contains("canary") && !text.contains("a2V5LTE6"), "{text}");
    }
}
