//! Planted secrets are nowhere to be found: not in any public type's text, not in a log at its most talkative, not in
//! the journal's file.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use dollr::{AccountId, Operation, Secret, Settlement, Source};
use httpmock::MockServer;
use payonce::Rail;
use support::*;
use tracing::field::{Field, Visit};
use tracing::span;

const THREE_D_SECURE: &str = "canary-pi-secret";
const PHONE: &str = "231770009999";

/// Everything that was logged, from every crate, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl tracing::Subscriber for Log {
    /// Everything but what the stand-in for the provider says, which runs in this process too.
    fn enabled(&self, of: &tracing::Metadata<'_>) -> bool {
        !of.target().starts_with("httpmock")
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        write!(self.0.lock().unwrap(), "{} ", span.metadata().name()).unwrap();
        span.record(&mut self.clone());
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[track_caller]
fn assert_clean(what: &str, text: &str) {
    for secret in [CLIENT_SECRET, PASSCODE, TOKEN, THREE_D_SECURE, PHONE] {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

/// A reply that repeats everything it should not.
fn talkative() -> String {
    let all = format!("{CLIENT_SECRET} {PASSCODE} {TOKEN} {PHONE}");
    format!(
        r#"{{"detail":[{{"loc":["body","{PASSCODE}"],"msg":"bad {all}","type":"x","input":"{THREE_D_SECURE}"}}],
            "body":"{THREE_D_SECURE}"}}"#
    )
}

async fn provider() -> MockServer {
    let server = MockServer::start_async().await;
    gives_token(&server, TOKEN, 60).await;
    let words = format!(
        r#","client_secret":"{THREE_D_SECURE}","requires_action":true,"provider_transaction_id":"tx {TOKEN}",
            "gateway_message":"{CLIENT_SECRET} {THREE_D_SECURE}","wallet_message":"{PASSCODE} {TOKEN} {PHONE}""#
    );
    server
        .mock_async(|when, then| {
            when.path("/v1/sessions/payout");
            then.status(200).header("x-request-id", TOKEN).body(
                r#"{"id":88,"wallet_id":3,"payout_account_id":18,"amount":250.00,"currency":"USD","status":"ACTIVE",
                    "expires_at":"2099-01-01T00:00:00Z","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#,
            );
        })
        .await;
    server
        .mock_async(|when, then| {
            when.path("/v1/executions/payout");
            then.status(422).header("x-request-id", TOKEN).body(talkative());
        })
        .await;
    server
        .mock_async(|when, then| {
            when.path_matches("^/v1/status/payout/.*");
            then.respond_with(move |request: &httpmock::HttpMockRequest| {
                let key = request.uri_str().rsplit('/').next().unwrap_or_default().to_owned();
                let body = execution("PAYOUT", "FAILED", &words).replace(REFERENCE, &key);
                httpmock::HttpMockResponse::builder().status(200).body(body).build()
            });
        })
        .await;
    server
        .mock_async(|when, then| {
            when.path("/v1/status/source");
            then.status(422).body(talkative());
        })
        .await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_shown_logged_or_journaled() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let server = provider().await;
    let passcode = dollr::Passcode::of_phone(Secret::new(PASSCODE), PHONE);
    let builder = builder(&server.base_url())
        .passcode(passcode.clone())
        .journal(directory.path().join("payonce.db"))
        .clock(Arc::new(dollr::SystemClock));
    assert_clean("the builder", &format!("{builder:?} {passcode:?}"));
    let dollr = builder.build().unwrap();
    let order = dollr.payout("salary/2026-11/ama", AccountId::from(18), money("250"));
    assert_clean("the client", &format!("{dollr:?} {order:?} {:?} {:?}", dollr.rail(), dollr.raw()));

    // The refusal is told by a look-up, which finds the payment failed.
    let payment = order.send().await.unwrap();
    let Settlement::Failed(failure) = payment.settled().await.unwrap() else { panic!("it failed") };
    assert!(failure.reason.contains("[redacted]"), "{}", failure.reason);
    let found = dollr.find("salary/2026-11/ama").await.unwrap().unwrap();
    let status = found.status().await.unwrap();
    assert_clean(
        "the payment",
        &format!("{payment:?} {found:?} {:?} {failure:?} {failure} {status:?}", found.record()),
    );

    let operation = Operation::new("payout").unwrap();
    let execution = dollr.execution(&operation, payment.reference_id()).await.unwrap();
    assert_eq!(execution.action.as_ref().map(Secret::expose), Some(THREE_D_SECURE));
    assert_clean("the execution", &format!("{execution:?}"));

    let error = dollr.source_status(Source::Invoice(101.into())).await.unwrap_err();
    assert_clean("the error", &format!("{error:?} {error} {}", error.message()));
    for submission in
        [dollr.rail().submit(&payout(), PAYOUT_BODY).await, dollr.rail().submit(&payout(), "{}").await]
    {
        assert_clean("the submission", &format!("{submission:?}"));
    }

    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("status=422") && log.contains(&payment.reference_id().to_string()), "{log}");
    assert_clean("the log", &log);
    let mut files = 0;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert_clean("the journal", &String::from_utf8_lossy(&bytes));
        files += usize::from(String::from_utf8_lossy(&bytes).contains("salary/2026-11/ama"));
    }
    assert!(files > 0, "the payment was journaled");
}
