//! Who gets in, and how much of the sandbox's time and memory a client can take.

use std::time::Duration;

use payonce_sandbox::Sandbox;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::merchant::http;

async fn ask(sandbox: &Sandbox, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request =
        http().build().unwrap().request(method, format!("http://127.0.0.1:{}{path}", sandbox.addr().port()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_page_of_somebody_else_cannot_reach_the_controls() {
    let sandbox = Sandbox::start().await.unwrap();
    let own = format!("http://{}", sandbox.addr());
    for (headers, status) in [
        (vec![], 204),
        (vec![("origin", own.as_str())], 204),
        (vec![("host", "localhost:4010"), ("origin", "http://localhost:4010")], 204),
        // A name that its owner lets point to this machine.
        (vec![("host", "rebound.example:4010")], 403),
        (vec![("host", "192.168.1.7:4010")], 403),
        // A form or a script of another page.
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "null")], 403),
    ] {
        let reply = ask(&sandbox, Method::POST, "/_sandbox/reset", &headers).await;
        assert_eq!(reply.status(), status, "{headers:?}");
    }
    assert_eq!(sandbox.control_token(), None);
    // The API itself is for whoever has a token of it, by whatever name.
    let api = ask(&sandbox, Method::GET, "/v1/parties/list", &[("host", "sandbox.test")]).await;
    assert_eq!(api.status(), 401);
}

#[tokio::test]
async fn open_to_the_network_the_controls_want_the_token() {
    let addr = "0.0.0.0:0".parse().unwrap();
    let sandbox =
        Sandbox::builder().addr(addr).expose_to_the_network_without_protection().start().await.unwrap();
    let token = sandbox.control_token().unwrap().to_owned();
    assert_eq!(token.len(), 64);
    let bearer = format!("Bearer {token}");
    let wrong = format!("Bearer {}", "0".repeat(64));
    for (headers, status) in [
        (vec![], 401),
        (vec![("authorization", wrong.as_str())], 401),
        (vec![("authorization", bearer.as_str())], 200),
        (vec![("authorization", bearer.as_str()), ("host", "192.168.1.7")], 200),
        (vec![("authorization", bearer.as_str()), ("host", "rebound.example")], 403),
    ] {
        let reply = ask(&sandbox, Method::GET, "/_sandbox/ledger", &headers).await;
        assert_eq!(reply.status(), status, "{headers:?}");
    }
    let opened = ask(&sandbox, Method::GET, &format!("/_sandbox/ledger?token={token}"), &[]).await;
    let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let again = ask(&sandbox, Method::GET, "/_sandbox/ledger", &[("cookie", &cookie)]).await;
    assert_eq!(again.status(), 200);
}

/// Sends raw bytes and reads until the sandbox hangs up.
async fn raw(sandbox: &Sandbox, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(sandbox.addr()).await.unwrap();
    for piece in pieces {
        // It may hang up before it has heard everything.
        let _ = stream.write_all(piece).await;
    }
    let mut heard = Vec::new();
    let reading = stream.read_to_end(&mut heard);
    let _ = tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the sandbox hangs up");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let sandbox = Sandbox::start().await.unwrap();
    let line = format!("x-filler: {}\r\n", "a".repeat(1_000));
    let many = "x-header: 1\r\n".repeat(200);
    for filler in [line.repeat(100), many] {
        let heard = raw(&sandbox, &[b"GET /v1/parties/list HTTP/1.1\r\n", filler.as_bytes(), b"\r\n"]).await;
        assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 431"), "{heard}");
    }
    assert_eq!(sandbox.request_count(), 0);
}

#[tokio::test]
async fn a_client_that_never_finishes_is_not_waited_for() {
    let sandbox = Sandbox::builder().client_timeout(Duration::from_millis(50)).start().await.unwrap();
    let heard = raw(&sandbox, &[b"GET /v1/parties/list HTTP/1.1\r\nHost: "]).await;
    assert_eq!(heard, "", "a head that never ends has no answer");
    let head =
        b"POST /v1/jwt/client/obtain/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 50\r\nConnection: close\r\n\r\n{";
    let heard = raw(&sandbox, &[head]).await;
    assert!(heard.starts_with("HTTP/1.1 408"), "{heard}");
    let body: Value = serde_json::from_str(heard.rsplit("\r\n\r\n").next().unwrap()).unwrap();
    assert_eq!(body["detail"], "Request body too slow");
    assert_eq!(sandbox.request_count(), 0);
}
