//! The token: one request for all who wait, renewed in time, and never twice the same refusal.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use dollr::{Operation, raw};
use httpmock::MockServer;
use payonce::Rail;
use payonce::rail::Submission;
use support::*;
use tokio::sync::{Notify, Semaphore};

async fn knows_the_payout<'a>(server: &'a MockServer, token: &str) -> httpmock::Mock<'a> {
    let bearer = format!("Bearer {token}");
    server
        .mock_async(|when, then| {
            when.path(format!("/v1/status/payout/{REFERENCE}")).header("authorization", bearer);
            then.status(200).body(execution("PAYOUT", "COMPLETED", ""));
        })
        .await
}

fn payout_operation() -> Operation {
    Operation::new("payout").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_callers_share_one_token() {
    let server = MockServer::start_async().await;
    let token = server
        .mock_async(|when, then| {
            when.path("/v1/jwt/client/obtain/token");
            then.status(200).delay(Duration::from_millis(50)).body(token_reply(TOKEN, 60));
        })
        .await;
    let status = knows_the_payout(&server, TOKEN).await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let dollr = dollr.clone();
            tokio::spawn(async move { dollr.execution(&payout_operation(), reference()).await })
        })
        .collect();
    for asked in asked {
        asked.await.unwrap().unwrap();
    }
    assert_eq!((token.calls(), status.calls()), (1, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_wait_for_one_failure_share_it() {
    let server = MockServer::start_async().await;
    let token = server
        .mock_async(|when, then| {
            when.path("/v1/jwt/client/obtain/token");
            then.status(503).delay(Duration::from_millis(300));
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let dollr = dollr.clone();
            tokio::spawn(async move { dollr.execution(&payout_operation(), reference()).await })
        })
        .collect();
    for asked in asked {
        assert_eq!(asked.await.unwrap().unwrap_err().kind(), dollr::ErrorKind::Unavailable);
    }
    assert_eq!(token.calls(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_when_less_than_five_minutes_remain() {
    let server = MockServer::start_async().await;
    let token = gives_token(&server, TOKEN, 60).await;
    knows_the_payout(&server, TOKEN).await;
    let clock = StoppedClock::new();
    let dollr = builder(&server.base_url()).clock(clock.clone()).build().unwrap();
    for (pass, fetched) in [(0, 1), (55 * 60 - 1, 1), (1, 2), (54 * 60, 2), (60, 3)] {
        clock.pass(pass);
        dollr.execution(&payout_operation(), reference()).await.unwrap();
        assert_eq!(token.calls(), fetched, "after {pass} s more");
    }
}

#[tokio::test]
async fn a_token_that_never_has_five_minutes_left_is_used_for_half_its_life() {
    let server = MockServer::start_async().await;
    let token = gives_token(&server, TOKEN, 4).await;
    knows_the_payout(&server, TOKEN).await;
    let clock = StoppedClock::new();
    let dollr = builder(&server.base_url()).clock(clock.clone()).build().unwrap();
    for (pass, fetched) in [(0, 1), (119, 1), (1, 2)] {
        clock.pass(pass);
        dollr.execution(&payout_operation(), reference()).await.unwrap();
        assert_eq!(token.calls(), fetched);
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_a_read() {
    let server = MockServer::start_async().await;
    let token = gives_token(&server, "stale", 60).await;
    let refused = server
        .mock_async(|when, then| {
            when.path(format!("/v1/status/payout/{REFERENCE}")).header("authorization", "Bearer stale");
            then.status(401).body(r#"{"detail":"Could not validate credentials"}"#);
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let error = dollr.execution(&payout_operation(), reference()).await.unwrap_err();
    assert_eq!(error.kind(), dollr::ErrorKind::Unauthorized);
    assert_eq!((token.calls(), refused.calls()), (2, 2), "one retry and no more");

    token.delete_async().await;
    gives_token(&server, TOKEN, 60).await;
    knows_the_payout(&server, TOKEN).await;
    dollr.execution(&payout_operation(), reference()).await.unwrap();

    // The raw client does the same.
    let key = reference().as_uuid();
    let status = dollr.raw().get_payout_status(&key).await.unwrap();
    assert_eq!(status.status, raw::enums::ExecutionStatus::Completed);
}

#[tokio::test]
async fn a_reply_that_refuses_a_token_does_not_give_it_away() {
    let server = MockServer::start_async().await;
    gives_token(&server, TOKEN, 60).await;
    server
        .mock_async(|when, then| {
            when.path(format!("/v1/status/payout/{REFERENCE}"));
            then.status(401).header("x-request-id", TOKEN).body(format!(r#"{{"detail":"no {TOKEN}"}}"#));
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let error = dollr.execution(&payout_operation(), reference()).await.unwrap_err();
    assert_eq!(error.kind(), dollr::ErrorKind::Unauthorized);
    assert!(!format!("{error:?} {error}").contains(TOKEN), "{error:?}");
}

#[tokio::test]
async fn a_token_that_no_server_would_take_is_not_used() {
    let server = MockServer::start_async().await;
    gives_token(&server, &"x".repeat(1 << 20), 60).await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let error = dollr.execution(&payout_operation(), reference()).await.unwrap_err();
    assert_eq!(error.kind(), dollr::ErrorKind::Unreadable);
}

#[tokio::test]
async fn money_is_never_sent_again_after_a_refused_token() {
    let server = MockServer::start_async().await;
    let token = gives_token(&server, TOKEN, 60).await;
    let executed = server
        .mock_async(|when, then| {
            when.path_matches("/v1/executions/.*");
            then.status(401).body(r#"{"detail":"Could not validate credentials"}"#);
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let submission = dollr.rail().submit(&payout(), PAYOUT_BODY).await;
    assert!(matches!(submission, Submission::NotSent(_)), "{submission:?}");
    assert_eq!((token.calls(), executed.calls()), (1, 1));
    let body = serde_json::from_str(PAYOUT_BODY).unwrap();
    let raw::Error::UnexpectedResponse(reply) = dollr.raw().execute_transfer(&body).await.unwrap_err() else {
        panic!("a 401 is no success");
    };
    assert_eq!((reply.status().as_u16(), executed.calls()), (401, 2));
    assert_eq!(token.calls(), 2, "the refused token was not used again");
}

#[tokio::test]
async fn a_raw_call_without_a_token_says_why() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(401).body(r#"{"detail":"Could not validate credentials"}"#);
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let raw::Error::UnexpectedResponse(reply) =
        dollr.raw().get_payout_status(&reference().as_uuid()).await.unwrap_err()
    else {
        panic!("a refusal is no success");
    };
    let error = reply.extensions().get::<dollr::Error>().unwrap();
    assert_eq!((reply.status().as_u16(), error.kind()), (401, dollr::ErrorKind::Unauthorized));
    let body: serde_json::Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    assert!(body["detail"].as_str().unwrap().starts_with("no access token: "), "{body}");
}

/// The first request for a token hangs until its caller has given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_gives_up_leaves_the_next_one_free_to_fetch() {
    use half_dead::serve;
    let asked = Arc::new(AtomicUsize::new(0));
    let hanging = Arc::new(Notify::new());
    let gate = Arc::new(Semaphore::new(0));
    let url = serve(Arc::clone(&asked), Arc::clone(&hanging), Arc::clone(&gate)).await;
    let dollr = builder(&url).build().unwrap();
    let ask = |dollr: dollr::Dollr| {
        tokio::spawn(async move { dollr.execution(&payout_operation(), reference()).await })
    };
    let leader = ask(dollr.clone());
    hanging.notified().await;
    let follower = ask(dollr.clone());
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    follower.await.unwrap().unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    gate.close();
}

/// A server whose first reply to a request for a token never comes.
mod half_dead {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    pub(super) async fn serve(asked: Arc<AtomicUsize>, hanging: Arc<Notify>, gate: Arc<Semaphore>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (asked, hanging, gate) = (Arc::clone(&asked), Arc::clone(&hanging), Arc::clone(&gate));
                tokio::spawn(async move {
                    let mut head = vec![0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut head).await {
                        let is_token = String::from_utf8_lossy(&head[..count]).contains("/obtain/token");
                        if is_token && asked.fetch_add(1, Ordering::SeqCst) == 0 {
                            hanging.notify_one();
                            let _ = gate.acquire().await;
                            return;
                        }
                        let body = if is_token {
                            token_reply(TOKEN, 60)
                        } else {
                            execution("PAYOUT", "COMPLETED", "")
                        };
                        let reply =
                            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                        stream.write_all(reply.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        url
    }
}
