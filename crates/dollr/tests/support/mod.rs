//! What the tests on the wire share: a client of a local server, orders, and a server that misbehaves below HTTP.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use dollr::{
    Builder, Clock, Dollr, Expect, Money, Operation, Pace, Passcode, ReferenceId, Secret, Timestamp, usd,
};
use httpmock::{Method, Mock, MockServer};
use payonce::BoxFuture;
use payonce::rail::Order;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const REFERENCE: &str = "550e8400-e29b-41d4-a716-446655440000";
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret";
pub(crate) const PASSCODE: &str = "canary-passcode";
pub(crate) const TOKEN: &str = "canary-access-token";
pub(crate) const PAYOUT: &str = r#"{"payout":{"account":18,"amount":{"amount":"250.00","currency":"USD"}}}"#;
pub(crate) const PAYOUT_BODY: &str =
    r#"{"payout_account_id":"18","reference_id":"550e8400-e29b-41d4-a716-446655440000","session_id":"88"}"#;

pub(crate) fn builder(url: &str) -> Builder {
    Dollr::builder()
        .client_id("client-1")
        .client_secret(Secret::new(CLIENT_SECRET))
        .base_url(url)
        .passcode(Passcode::of_phone(Secret::new(PASSCODE), "231771234567"))
        .journal_in_memory()
        .pace(fast())
}

/// A pace for tests: everything within milliseconds.
pub(crate) fn fast() -> Pace {
    let short = Duration::from_millis(5);
    Pace { first_poll: (short, short), slowest_poll: short, first_retry: short, slowest_retry: short }
}

pub(crate) fn reference() -> ReferenceId {
    REFERENCE.parse().unwrap()
}

pub(crate) fn money(amount: &str) -> Money {
    usd(amount).unwrap()
}

pub(crate) fn order(operation: &str, contents: &str) -> Order {
    Order {
        operation: Operation::new(operation).unwrap(),
        name: "salary/2026-11/ama".parse().unwrap(),
        reference_id: reference(),
        contents: contents.to_owned(),
        expect: Expect::Amount(money("250.00")),
    }
}

pub(crate) fn payout() -> Order {
    order("payout", PAYOUT)
}

/// An execution of the operation under [`REFERENCE`], with more members at the end.
pub(crate) fn execution(operation: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"reference_id":"{REFERENCE}","status":"{status}","payer_amount":251.25,"payer_currency":"USD",
            "payee_currency":"USD","payee_amount":250.00,"operation_type":"{operation}"{more}}}"#
    )
}

pub(crate) fn token_reply(token: &str, minutes: i64) -> String {
    format!(r#"{{"access_token":"{token}","expires_in":{minutes}}}"#)
}

/// Has the server give out a token.
pub(crate) async fn gives_token<'a>(server: &'a MockServer, token: &str, minutes: i64) -> Mock<'a> {
    server
        .mock_async(|when, then| {
            when.method(Method::POST).path("/v1/jwt/client/obtain/token");
            then.status(200).body(token_reply(token, minutes));
        })
        .await
}

/// A clock that stands still until it is told to move on.
#[derive(Debug)]
pub(crate) struct StoppedClock(AtomicI64);

impl StoppedClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_800_000_000)))
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp(self.0.load(Ordering::SeqCst), 0).unwrap()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// What a raw server does with a request that is not for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misdeed {
    /// Closes the connection hard.
    Reset,
    /// Closes the connection without a word.
    Close,
    /// Promises more than it sends.
    Truncate,
    /// Never answers.
    Hang,
    /// Sends the head and then nothing.
    HangInBody,
    /// Sends three mebibytes without saying how many.
    Flood,
    /// Says that it will send three mebibytes.
    PromiseFlood,
    /// Speaks something else.
    Babble,
    /// Sends the caller on to that port.
    Redirect(u16),
}

/// A server below HTTP: hands out tokens properly and misbehaves for the rest.
pub(crate) struct RawServer {
    pub(crate) url: String,
    pub(crate) requests: Arc<AtomicUsize>,
}

impl RawServer {
    pub(crate) async fn start(misdeed: Misdeed) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, misdeed, Arc::clone(&seen)));
            }
        });
        Self { url: format!("http://{address}"), requests }
    }
}

async fn serve(mut stream: TcpStream, misdeed: Misdeed, requests: Arc<AtomicUsize>) {
    while let Some(head) = request(&mut stream).await {
        if head.contains("/obtain/token") {
            let body = token_reply(TOKEN, 60);
            let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(reply.as_bytes()).await.unwrap();
            continue;
        }
        requests.fetch_add(1, Ordering::SeqCst);
        let body = execution("PAYOUT", "COMPLETED", "");
        let ok = "HTTP/1.1 200 OK\r\nx-request-id: req-1\r\n";
        let reply = match misdeed {
            Misdeed::Reset => {
                stream.set_zero_linger().unwrap();
                return;
            }
            Misdeed::Close => return,
            Misdeed::Hang => std::future::pending().await,
            Misdeed::Truncate => format!("{ok}content-length: {}\r\n\r\n{body}", body.len() + 1),
            Misdeed::HangInBody => {
                let part = format!("{ok}content-length: {}\r\n\r\n{body}", body.len() + 1);
                stream.write_all(part.as_bytes()).await.unwrap();
                std::future::pending().await
            }
            Misdeed::Flood => format!("{ok}connection: close\r\n\r\n{}{body}", " ".repeat(3 << 20)),
            Misdeed::PromiseFlood => format!("{ok}content-length: {}\r\n\r\n", 3 << 20),
            Misdeed::Babble => "220 smtp.example ready\r\n".to_owned(),
            Misdeed::Redirect(port) => format!(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n"
            ),
        };
        // The other side may have seen enough.
        let _ = stream.write_all(reply.as_bytes()).await;
        if misdeed != Misdeed::PromiseFlood {
            return;
        }
    }
}

/// Reads one request, and returns its head.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        read.extend_from_slice(&chunk[..count]);
        // The first byte of a TLS handshake.
        if read[0] == 0x16 {
            return None;
        }
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ").map(|length| length.parse().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            return Some(head.to_owned());
        }
    }
}
