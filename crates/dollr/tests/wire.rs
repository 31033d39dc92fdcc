//! Every reply and every broken connection, one row each: what the rail makes of it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::atomic::Ordering;
use std::time::Duration;

use dollr::{Dollr, Effect, ErrorKind, Operation, Secret};
use httpmock::{Method, MockServer};
use payonce::Rail;
use payonce::rail::{LookUp, Preparation, Report, Setback, Submission};
use support::*;
use tokio::net::TcpListener;

/// A setback in words.
fn told(setback: &Setback) -> String {
    format!("{:?} {:?}", setback.error.kind(), setback.then)
}

fn reported(report: &Report) -> String {
    match report {
        Report::Pending { action } => {
            format!("pending{}", if action.is_some() { ", to authorise" } else { "" })
        }
        Report::Completed(receipt) => format!("completed {} {}", receipt.payer_amount, receipt.payee_amount),
        Report::Failed(failure) => format!("failed recorded={} {}", failure.recorded, failure.reason),
    }
}

fn submitted(submission: &Submission) -> String {
    match submission {
        Submission::Accepted(report) => reported(report),
        Submission::Known => "known".to_owned(),
        Submission::NotSent(setback) => format!("not sent: {}", told(setback)),
        Submission::Refused(about, refusal) => format!("refused {about:?}: {}", refusal.reason),
        Submission::Unknown(setback) => format!("unknown: {}", told(setback)),
    }
}

fn looked_up(look_up: &LookUp) -> String {
    match look_up {
        LookUp::Found(report) => reported(report),
        LookUp::NotFound(at) => {
            format!("not found{}", at.map(|at| format!(" at {}", at.timestamp())).unwrap_or_default())
        }
        LookUp::Setback(setback) => told(setback),
    }
}

fn prepared(preparation: &Preparation) -> String {
    match preparation {
        Preparation::Ready(ready) => format!("{} until {}", ready.body, ready.expires_at),
        Preparation::Refused(refusal) => format!("refused: {}", refusal.reason),
        Preparation::Setback(setback) => told(setback),
    }
}

/// A refusal in FastAPI's shape, with the input that it repeats.
fn field(name: &str, message: &str) -> String {
    format!(
        r#"{{"detail":[{{"loc":["body","{name}"],"msg":"{message}","type":"value_error","input":"{PASSCODE}"}}]}}"#
    )
}

type Row<'a> = (u16, &'a [(&'a str, &'a str)], String, &'a str);

/// Has a server answer everything but the token with the row's reply.
async fn answering(row: &Row<'_>) -> (MockServer, Dollr) {
    let server = MockServer::start_async().await;
    gives_token(&server, TOKEN, 60).await;
    let (status, headers, body, _) = row;
    server
        .mock_async(|when, mut then| {
            when.path_matches(r"^/v1/(executions|sessions|status)/")
                .header("authorization", format!("Bearer {TOKEN}"));
            then = then.status(*status).body(body);
            for (name, value) in *headers {
                then = then.header(*name, *value);
            }
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    (server, dollr)
}

#[tokio::test]
async fn each_reply_to_a_send_is_what_it_means_for_the_payment() {
    let sentence = |text: &str| format!(r#"{{"detail":"{text}"}}"#);
    let html = || "<html>Bad Gateway</html>".to_owned();
    let date = [("date", "Fri, 20 Nov 2026 12:00:00 GMT"), ("retry-after", "Fri, 20 Nov 2026 12:00:09 GMT")];
    let rows: &[Row<'_>] = &[
        (200, &[], execution("PAYOUT", "PENDING", ""), "pending"),
        (200, &[], execution("PAYOUT", "PROCESSING", ""), "pending"),
        (200, &[], execution("PAYOUT", "ON_HOLD", ""), "pending"),
        (200, &[], execution("PAYOUT", "COMPLETED", ""), "completed 251.25 USD 250.00 USD"),
        (200, &[], execution("PAYOUT", "FAILED", ""), "failed recorded=true no reason given"),
        (
            200,
            &[],
            execution("PAYOUT", "FAILED", r#","gateway_message":"declined\r\n","wallet_message":"""#),
            "failed recorded=true declined",
        ),
        (
            200,
            &[],
            execution("PAYOUT", "FAILED", r#","gateway_message":"declined","wallet_message":"low""#),
            "failed recorded=true declined; low",
        ),
        (200, &[], execution("REFUND", "COMPLETED", ""), "unknown: Unreadable Retry"),
        (
            200,
            &[],
            execution("PAYOUT", "COMPLETED", "").replace(REFERENCE, "650e8400-e29b-41d4-a716-446655440000"),
            "unknown: Unreadable Retry",
        ),
        (
            200,
            &[],
            execution("PAYOUT", "COMPLETED", "").replace("USD", "dollars"),
            "unknown: Unreadable Retry",
        ),
        (200, &[], execution("PAYOUT", "PENDING", "").replace("USD", ""), "pending"),
        (200, &[], "{".to_owned(), "unknown: Unreadable Retry"),
        (200, &[], String::new(), "unknown: Unreadable Retry"),
        (201, &[], execution("PAYOUT", "COMPLETED", ""), "unknown: Unreadable Retry"),
        (204, &[], String::new(), "unknown: Unreadable Retry"),
        (302, &[("location", "https://example.com/")], String::new(), "unknown: Unreadable Retry"),
        (400, &[], sentence("bad request"), "refused Payment: bad request"),
        (400, &[], html(), "unknown: Unreadable Retry"),
        (401, &[], sentence("Could not validate credentials"), "not sent: Unauthorized Retry"),
        (403, &[], sentence("Forbidden"), "not sent: Forbidden Stop"),
        (403, &[], html(), "not sent: Forbidden Stop"),
        (404, &[], sentence("account not found"), "refused Payment: account not found"),
        (404, &[], html(), "unknown: Unreadable Retry"),
        (408, &[], sentence("Request Timeout"), "unknown: Refused Retry"),
        (409, &[], sentence("Conflict"), "known"),
        (409, &[], html(), "unknown: Unreadable Retry"),
        (422, &[], field("amount", "less than minimum"), "refused Payment: body.amount: less than minimum"),
        (422, &[], field("passcode", "wrong"), "refused Payment: body.passcode: wrong"),
        (422, &[], field("reference_id", "duplicate"), "known"),
        (422, &[], field("reference_id", "already exists"), "known"),
        (422, &[], field("reference_id", "wrong status"), "known"),
        (422, &[], field("reference_id", "invalid uuid"), "refused Payment: body.reference_id: invalid uuid"),
        (
            422,
            &[],
            field("session_id", "session not found"),
            "refused Session: body.session_id: session not found",
        ),
        (422, &[], sentence("Session expired"), "refused Session: Session expired"),
        (422, &[], r#"{"detail":[]}"#.to_owned(), "refused Payment: no reason given"),
        (422, &[], r#"{"error":"no"}"#.to_owned(), "refused Payment: no reason given"),
        (429, &[("retry-after", "7")], String::new(), "not sent: RateLimited RetryAfter(7s)"),
        (429, &date, String::new(), "not sent: RateLimited RetryAfter(9s)"),
        (429, &[], String::new(), "not sent: RateLimited Retry"),
        (429, &[("retry-after", "soon")], String::new(), "not sent: RateLimited Retry"),
        (500, &[], sentence("Internal Server Error"), "unknown: Unavailable Retry"),
        (502, &[], html(), "unknown: Unavailable Retry"),
        (503, &[("retry-after", "3")], String::new(), "unknown: Unavailable RetryAfter(3s)"),
        (504, &[], String::new(), "unknown: Unavailable Retry"),
    ];
    for row in rows {
        let (_server, dollr) = answering(row).await;
        let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
        assert_eq!(submitted(&submission), row.3, "{} {}", row.0, row.2);
    }
}

#[tokio::test]
async fn each_reply_to_a_look_up_is_what_it_means_for_the_payment() {
    let missing = r#"{"detail":"Not Found"}"#;
    let rows: &[Row<'_>] = &[
        (200, &[], execution("PAYOUT", "PROCESSING", ""), "pending"),
        (200, &[], execution("PAYOUT", "COMPLETED", ""), "completed 251.25 USD 250.00 USD"),
        (200, &[], execution("COLLECTION", "COMPLETED", ""), "Unreadable Retry"),
        (200, &[], execution("PAYOUT", "COMPLETED", "").replace("USD", "??"), "Unreadable Retry"),
        (404, &[("date", "Fri, 20 Nov 2026 12:00:00 GMT")], missing.to_owned(), "not found at 1795176000"),
        (404, &[], r#"{"message":"no route"}"#.to_owned(), "NotFound Retry"),
        (404, &[], "<html>404</html>".to_owned(), "Unreadable Retry"),
        (404, &[], "null".to_owned(), "Unreadable Retry"),
        (401, &[], missing.to_owned(), "Unauthorized Retry"),
        (403, &[], missing.to_owned(), "Forbidden Stop"),
        (422, &[], field("reference_id", "invalid uuid"), "Refused Retry"),
        (429, &[("retry-after", "7")], String::new(), "RateLimited RetryAfter(7s)"),
        (500, &[], String::new(), "Unavailable Retry"),
    ];
    for row in rows {
        let (_server, dollr) = answering(row).await;
        let look_up = dollr.rail().look_up(&payout()).await;
        assert_eq!(looked_up(&look_up).trim_end_matches(" at 0"), row.3, "{} {}", row.0, row.2);
    }
}

#[tokio::test]
async fn each_reply_to_the_opening_of_a_session_is_what_it_means_for_the_payment() {
    let session = r#"{"id":88,"wallet_id":3,"payout_account_id":18,"amount":250.0,"currency":"USD",
        "status":"ACTIVE","expires_at":"2026-11-20T12:15:00Z","created_at":"2026-11-20T12:00:00Z",
        "updated_at":"2026-11-20T12:00:00Z"}"#;
    let ready = format!("{PAYOUT_BODY} until 2026-11-20 12:15:00 UTC");
    let rows: &[Row<'_>] = &[
        (200, &[], session.to_owned(), &ready),
        (200, &[], session.replace("250.0", "2500.0"), "Unreadable Retry"),
        (200, &[], session.replace("USD", "LRD"), "Unreadable Retry"),
        (200, &[], session.replace(":18", ":19"), "Unreadable Retry"),
        (200, &[], "[]".to_owned(), "Unreadable Retry"),
        (400, &[], r#"{"detail":"no"}"#.to_owned(), "refused: no"),
        (401, &[], r#"{"detail":"no"}"#.to_owned(), "Unauthorized Retry"),
        (403, &[], r#"{"detail":"Forbidden"}"#.to_owned(), "Forbidden Stop"),
        (404, &[], "<html>404</html>".to_owned(), "Unreadable Retry"),
        (422, &[], field("payout_account_id", "not found"), "refused: body.payout_account_id: not found"),
        (422, &[], field("expires_at", "in the past"), "Refused Retry"),
        (429, &[("retry-after", "7")], String::new(), "RateLimited RetryAfter(7s)"),
        (500, &[], String::new(), "Unavailable Retry"),
    ];
    for row in rows {
        let (_server, dollr) = answering(row).await;
        let preparation = dollr.rail().prepare(&payout()).await;
        assert_eq!(prepared(&preparation), row.3, "{} {}", row.0, row.2);
    }
}

#[tokio::test]
async fn each_broken_exchange_leaves_the_outcome_unknown_and_is_not_repeated() {
    for (misdeed, expected) in [
        (Misdeed::Reset, "unknown: Interrupted Retry"),
        (Misdeed::Close, "unknown: Interrupted Retry"),
        (Misdeed::Truncate, "unknown: Interrupted Retry"),
        (Misdeed::Hang, "unknown: Interrupted Retry"),
        (Misdeed::HangInBody, "unknown: Interrupted Retry"),
        (Misdeed::Flood, "unknown: Unreadable Retry"),
        (Misdeed::PromiseFlood, "unknown: Unreadable Retry"),
        (Misdeed::Babble, "unknown: Interrupted Retry"),
    ] {
        let server = RawServer::start(misdeed).await;
        let dollr = builder(&server.url).request_timeout(Duration::from_millis(300)).build().unwrap();
        let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
        assert_eq!(submitted(&submission), expected, "{misdeed:?}");
        assert_eq!(server.requests.load(Ordering::SeqCst), 1, "{misdeed:?}");
        if let (Misdeed::Truncate | Misdeed::PromiseFlood, Submission::Unknown(setback)) =
            (misdeed, &submission)
        {
            assert_eq!((setback.error.request_id(), setback.error.status()), (Some("req-1"), Some(200)));
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_even_if_the_caller_would_have_it() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    let server = RawServer::start(Misdeed::Redirect(port)).await;
    let willing = move |http: dollr::reqwest::ClientBuilder| {
        let proxy = dollr::reqwest::Proxy::all(format!("http://127.0.0.1:{port}")).unwrap();
        http.redirect(dollr::reqwest::redirect::Policy::limited(5)).proxy(proxy).referer(true)
    };
    for builder in [builder(&server.url), builder(&server.url).http(willing)] {
        let dollr = builder.build().unwrap();
        let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
        assert_eq!(submitted(&submission), "unknown: Unreadable Retry");
        tokio::select! {
            biased;
            _ = elsewhere.accept() => panic!("the redirect was followed, or the proxy asked in the clear"),
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), 2, "each was sent once");
}

#[tokio::test]
async fn the_callers_settings_of_the_http_client_are_taken_in_order() {
    let server = MockServer::start_async().await;
    let token = server
        .mock_async(|when, then| {
            when.path("/v1/jwt/client/obtain/token").header("user-agent", "till/2.1");
            then.status(200).body(token_reply(TOKEN, 60));
        })
        .await;
    let builder = builder(&server.base_url()).http(|http| http.user_agent("till/1.0"));
    let dollr = builder.http(|http| http.user_agent("till/2.1")).build().unwrap();
    let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
    assert_eq!(token.calls_async().await, 1, "{}", submitted(&submission));
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_was_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let dollr = builder(&url).build().unwrap();
    let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
    assert_eq!(submitted(&submission), "not sent: Unreachable Retry");

    // A server that does not speak TLS is not reached either.
    let server = RawServer::start(Misdeed::Close).await;
    if let Ok(dollr) = builder(&server.url.replace("http:", "https:")).build() {
        let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
        assert_eq!(submitted(&submission), "not sent: Unreachable Retry");
        assert_eq!(server.requests.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    for (status, body, expected) in [
        (401, r#"{"detail":"Could not validate credentials"}"#, "not sent: Unauthorized Stop"),
        (422, r#"{"detail":"bad client"}"#, "not sent: Unauthorized Stop"),
        (403, r#"{"detail":"Forbidden"}"#, "not sent: Forbidden Stop"),
        (401, "<html>", "not sent: Unauthorized Retry"),
        (404, "<html>", "not sent: Unreadable Retry"),
        (503, "", "not sent: Unavailable Retry"),
        (200, r#"{"access_token":"a\nb","expires_in":60}"#, "not sent: Unreadable Retry"),
        (200, r#"{"token":"x"}"#, "not sent: Unreadable Retry"),
    ] {
        let server = MockServer::start_async().await;
        server
            .mock_async(|when, then| {
                when.path("/v1/jwt/client/obtain/token");
                then.status(status).body(body);
            })
            .await;
        let executed = server
            .mock_async(|when, then| {
                when.path("/v1/executions/payout");
                then.status(200);
            })
            .await;
        let dollr = builder(&server.base_url()).build().unwrap();
        let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
        assert_eq!(submitted(&submission), expected, "{status} {body}");
        assert_eq!(executed.calls(), 0);
    }
}

#[tokio::test]
async fn each_operation_is_sent_as_the_provider_reads_it() {
    let device = r#""device":{"client_ip":"127.0.0.1","name":"till","platform":"LINUX","type":"SERVER","user_agent":"agent"}"#;
    let passcode =
        format!(r#""passcode":{{{device},"token":{{"code":"{PASSCODE}","phone":"231771234567"}}}}"#);
    let key = format!(r#""reference_id":"{REFERENCE}","session_id":"88"}}"#);
    for (operation, body, sent) in [
        (
            "payout",
            format!(r#"{{"payout_account_id":"18",{key}"#),
            format!(r#"{{{passcode},"payout_account_id":"18",{key}"#),
        ),
        ("transfer", format!("{{{key}"), format!("{{{key}")),
        ("refund", format!("{{{key}"), format!("{{{key}")),
        (
            "collection",
            format!(r#"{{"currency":"LRD","payment_account_id":"18",{key}"#),
            format!(r#"{{"currency":"LRD","payment_account_id":"18",{key}"#),
        ),
    ] {
        let server = MockServer::start_async().await;
        gives_token(&server, TOKEN, 60).await;
        let executed = server
            .mock_async(|when, then| {
                when.method(Method::POST)
                    .path(format!("/v1/executions/{operation}"))
                    .header("user-agent", concat!("dollr-rust/", env!("CARGO_PKG_VERSION")))
                    .header("content-type", "application/json")
                    .body(&sent);
                then.status(200).body(execution(&operation.to_uppercase(), "PENDING", ""));
            })
            .await;
        let device = dollr::Device { name: "till".into(), user_agent: "agent".into(), ..Default::default() };
        let dollr = builder(&server.base_url()).device(device).build().unwrap();
        let submission = dollr.rail().submit(&order(operation, "{}"), &body).await;
        assert_eq!(submitted(&submission), "pending", "{operation}");
        executed.assert_async().await;
    }
}

#[tokio::test]
async fn a_body_of_another_payment_is_not_sent() {
    let (_server, dollr) = answering(&(200, &[], execution("PAYOUT", "COMPLETED", ""), "")).await;
    let other = PAYOUT_BODY.replace("550e", "650e");
    for body in [other.as_str(), "{}", ""] {
        let submission = dollr.rail().submit(&payout(), body).await;
        assert_eq!(submitted(&submission), "not sent: Journal Stop");
    }
}

#[tokio::test]
async fn a_transfer_session_lives_for_a_quarter_of_an_hour_by_the_providers_clock() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.path("/v1/jwt/client/obtain/token");
            then.status(200).header("date", "Fri, 20 Nov 2026 12:00:00 GMT").body(token_reply(TOKEN, 60));
        })
        .await;
    let opened = server
        .mock_async(|when, then| {
            when.path("/v1/sessions/transfer").body(
                r#"{"amount":250.00,"currency":"USD","expires_at":"2026-11-20T12:15:00Z","from_wallet_id":3,"to_counterparty_id":15}"#,
            );
            then.status(200).header("date", "Fri, 20 Nov 2026 12:00:01 GMT").body(
                r#"{"id":88,"from_wallet_id":3,"to_counterparty_id":15,"amount":"250","currency":"USD","status":"ACTIVE",
                    "expires_at":"2026-11-20T12:15:00","created_at":"2026-11-20T12:00:00","updated_at":"2026-11-20T12:00:00"}"#,
            );
        })
        .await;
    // Our own clock is months off.
    let dollr = builder(&server.base_url()).clock(StoppedClock::new()).build().unwrap();
    let contents =
        r#"{"transfer":{"wallet":3,"counterparty":15,"amount":{"amount":"250.00","currency":"USD"}}}"#;
    let preparation = dollr.rail().prepare(&order("transfer", contents)).await;
    opened.assert_async().await;
    let Preparation::Ready(ready) = preparation else { panic!("{preparation:?}") };
    assert_eq!(ready.expires_at.to_rfc3339(), "2026-11-20T12:15:00+00:00");
    assert_eq!(ready.provider_at.unwrap().to_rfc3339(), "2026-11-20T12:00:01+00:00");
}

#[tokio::test]
async fn three_d_secure_is_asked_for_only_while_the_provider_says_so() {
    let secret = r#","client_secret":"pi_1_secret_2""#;
    for (more, expected) in [
        (format!(r#"{secret},"requires_action":true"#), "pending, to authorise"),
        (format!(r#"{secret},"requires_action":false"#), "pending"),
        (secret.to_owned(), "pending"),
    ] {
        let (_server, dollr) = answering(&(200, &[], execution("COLLECTION", "PROCESSING", &more), "")).await;
        assert_eq!(looked_up(&dollr.rail().look_up(&order("collection", "{}")).await), expected);
    }
}

#[tokio::test]
async fn the_present_word_of_the_provider_is_typed() {
    let more = r#","provider_transaction_id":"tx-1","gateway_message":"on its way","added":{}"#;
    let (_server, dollr) = answering(&(200, &[], execution("PAYOUT", "ON_HOLD", more), "")).await;
    let operation = Operation::new("payout").unwrap();
    let execution = dollr.execution(&operation, reference()).await.unwrap();
    assert_eq!(execution.status.as_str(), "ON_HOLD");
    assert_eq!(execution.status, dollr::ExecutionStatus::Other("ON_HOLD".to_owned()));
    assert_eq!((execution.payer_amount, execution.payee_amount), (money("251.25"), money("250")));
    assert_eq!(execution.provider_transaction_id.as_deref(), Some("tx-1"));

    let missing = (404, [("x-request-id", "req-7")], r#"{"detail":"Not Found"}"#);
    let (_server, dollr) = answering(&(missing.0, &missing.1, missing.2.to_owned(), "")).await;
    let error = dollr.execution(&operation, reference()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect(), error.status()),
        (ErrorKind::NotFound, Effect::None, Some(404))
    );
    assert_eq!((error.request_id(), error.reference_id()), (Some("req-7"), Some(reference())));
    let gift = Operation::new("gift").unwrap();
    assert_eq!(dollr.execution(&gift, reference()).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn the_status_of_a_source_is_typed() {
    let reply = r#"{"source_id":101,"source_type":"INVOICE","source_number":"INV-2025-00042","status":"PAID",
        "currency":"USD","total_amount":250.00,"paid_at":"2026-11-20T12:00:00"}"#;
    let source = dollr::Source::Invoice(101.into());
    let (_server, dollr) = answering(&(200, &[], reply.to_owned(), "")).await;
    let state = dollr.source_status(source).await.unwrap();
    assert_eq!((state.source, state.status.as_str(), state.total), (source, "PAID", money("250.00")));
    let other = dollr::Source::Order(101.into());
    assert_eq!(dollr.source_status(other).await.unwrap_err().kind(), ErrorKind::Unreadable);
    let none = dollr::Source::Order(0.into());
    assert_eq!(dollr.source_status(none).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_is_wrong_in_an_order_is_found_before_anything_is_journaled_or_sent() {
    let server = MockServer::start_async().await;
    let anything = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(500);
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let zero = dollr::Money::reported("0".parse().unwrap(), dollr::Currency::USD);
    let fine = dollr::Money::reported("0.001".parse().unwrap(), dollr::Currency::USD);
    let half = dollr::Money::reported("0.5".parse().unwrap(), dollr::Currency::RWF);
    let ten = money("10");
    let kinds = [
        dollr.payout("", 18.into(), ten).send().await,
        dollr.payout("x".repeat(201), 18.into(), ten).send().await,
        dollr.payout("é", 18.into(), ten).send().await,
        dollr.payout("a", 0.into(), ten).send().await,
        dollr.payout("a", 18.into(), zero).send().await,
        dollr.payout("a", 18.into(), fine).send().await,
        dollr.payout("a", 18.into(), half).send().await,
        dollr.transfer("a", 3.into(), (-1).into(), ten).send().await,
        dollr.refund("a", 0.into(), ten).send().await,
        dollr.refund("a", 7.into(), ten).reason("two\nlines").send().await,
        dollr
            .collection("a", dollr::Source::Order(0.into()), dollr::AccountId::new(18), dollr::Currency::USD)
            .send()
            .await,
        dollr
            .collection(
                "a",
                dollr::Source::Order(1.into()),
                dollr::AccountId::new(18),
                dollr::Currency::new("ZZZ").unwrap(),
            )
            .send()
            .await,
    ]
    .map(|sent| sent.unwrap_err().kind());
    assert_eq!(kinds, [ErrorKind::Invalid; 12]);
    let without = Dollr::builder()
        .client_id("client-1")
        .client_secret(Secret::new(CLIENT_SECRET))
        .base_url(server.base_url())
        .journal_in_memory()
        .build()
        .unwrap();
    let error = without.payout("a", 18.into(), ten).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let all = dollr::Filter { standing: None, unfinished: false, after: None, limit: 10 };
    assert!(dollr.list(all.clone()).await.unwrap().is_empty());
    assert!(without.list(all).await.unwrap().is_empty());
    assert_eq!(anything.calls(), 0);
}
