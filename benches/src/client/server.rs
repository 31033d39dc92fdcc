//! The provider, played as cheaply as can be: whole replies that were written beforehand, on connections that are
//! kept.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The key that every call asks about.
pub(super) const REFERENCE: &str = "550e8400-e29b-41d4-a716-446655440000";

/// What is known of it: the body of the reply.
pub(super) const EXECUTION: &str = r#"{"reference_id":"550e8400-e29b-41d4-a716-446655440000","status":"PROCESSING","payer_amount":255.00,"payer_currency":"USD","payee_amount":"250.00","payee_currency":"USD","operation_type":"PAYOUT","provider_transaction_id":"b7c1f0de-5a52-4f0c-9c1b-6f2a1f1f9b11","gateway_message":null,"wallet_message":null,"requires_action":null,"client_secret":null}"#;

const TOKEN: &str = r#"{"access_token":"bench-token","expires_in":1440}"#;

/// A server in a process of its own. The process ends when this is dropped.
pub(super) struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub(super) fn start() -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let says = process.stdout.take().context("the server has no output")?;
        BufReader::new(says).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Its input has ended, so it ends; how is of no interest any more.
        let _ = self.process.wait();
    }
}

/// Serves until the standard input ends. Prints the address first.
pub(crate) fn serve() -> Result<()> {
    std::thread::spawn(|| {
        // Whether it ended or broke, whoever started this has gone.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (connection, _) = listener.accept().await?;
            connection.set_nodelay(true)?;
            tokio::spawn(answer(connection));
        }
    })
}

/// Answers one request after another. A connection that breaks is the caller's to notice.
async fn answer(mut connection: TcpStream) -> std::io::Result<()> {
    let (execution, token) = (reply(EXECUTION), reply(TOKEN));
    let mut received = Vec::with_capacity(4096);
    loop {
        let length = loop {
            if let Some(length) = request_length(&received) {
                break length;
            }
            if connection.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        let reply = if received.starts_with(b"POST") { &token } else { &execution };
        connection.write_all(reply).await?;
        received.drain(..length);
    }
}

/// The length of the first request, if it is here as a whole.
fn request_length(received: &[u8]) -> Option<usize> {
    let head = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let body = if received.starts_with(b"POST") {
        let text = std::str::from_utf8(&received[..head]).ok()?.to_ascii_lowercase();
        let (_, after) = text.split_once("\r\ncontent-length:")?;
        after.lines().next()?.trim().parse().ok()?
    } else {
        0
    };
    (received.len() >= head + body).then_some(head + body)
}

fn reply(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ndate: Fri, 20 Nov 2026 12:00:00 GMT\r\nserver: uvicorn\r\ncontent-length: {}\r\n\
         content-type: application/json\r\nx-request-id: 0f4e1d2c3b4a59687786\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::request_length;

    #[test]
    fn a_request_is_whole_when_its_body_is() {
        assert_eq!(request_length(b"GET / HTTP/1.1\r\nhost: x\r\n"), None);
        assert_eq!(request_length(b"GET / HTTP/1.1\r\n\r\nGET /"), Some(18));
        let post = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(request_length(&post[..post.len() - 1]), None);
        assert_eq!(request_length(post), Some(post.len()));
    }
}
