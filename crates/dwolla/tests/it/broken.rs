//! Connections that break: what is sure not to have been sent, and what may have been.

use std::time::Duration;

use payonce::Rail;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::*;

/// Reads one request, and says whether it is for a token.
async fn asks_for_token(stream: &mut TcpStream) -> bool {
    let (mut read, mut chunk) = (String::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk).await.unwrap();
        read.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
        let Some((head, body)) = read.split_once("\r\n\r\n") else { continue };
        let length = head.to_ascii_lowercase().lines().find_map(|line| {
            line.strip_prefix("content-length: ").map(|length| length.parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            return head.starts_with("POST /token");
        }
    }
}

async fn give_token(stream: &mut TcpStream) {
    let body = format!(r#"{{"access_token":"{TOKEN}","token_type":"bearer","expires_in":3600}}"#);
    let reply =
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(reply.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_request_that_cannot_leave_is_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dwolla = builder(&format!("http://{}", listener.local_addr().unwrap())).build().unwrap();
    let gives_token_and_is_gone = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(asks_for_token(&mut stream).await);
        drop(listener);
        give_token(&mut stream).await;
    };
    let order = order();
    let (prepared, ()) = tokio::join!(dwolla.rail().prepare(&order), gives_token_and_is_gone);
    assert!(matches!(prepared, payonce::rail::Preparation::Ready(_)), "{prepared:?}");
    let submission = dwolla.rail().submit(&order, BODY).await;
    assert_eq!(submitted(&submission), "not sent: Unreachable Retry");
    assert_eq!(looked_up(&dwolla.rail().look_up(&order).await), "Unreachable Retry");
}

#[tokio::test]
async fn a_request_without_a_whole_answer_may_have_been_carried_out() {
    for answer in ["", "220 smtp.example ready\r\n", "HTTP/1.1 201 Created\r\nlocation: x\r\n", "wait"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let dwolla = builder(&url).request_timeout(Duration::from_millis(300)).build().unwrap();
        let server = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if asks_for_token(&mut stream).await {
                    give_token(&mut stream).await;
                } else if answer == "wait" {
                    std::future::pending::<()>().await;
                } else {
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        let submission = dwolla.rail().submit(&order(), BODY).await;
        assert_eq!(submitted(&submission), "unknown: Interrupted Retry", "{answer:?}");
        server.abort();
    }
}
