//! A server that repeats everything it hears, in every place where a provider puts words.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::Secrets;
use crate::suites::hostile::{header, read_request};

/// The ways in which it repeats.
pub(super) const WAYS: usize = 14;

pub(super) struct Parrot {
    pub(super) url: String,
    /// The way from now on; beyond [`WAYS`] it behaves.
    pub(super) way: Arc<AtomicUsize>,
}

impl Parrot {
    pub(super) async fn start(secrets: Arc<Secrets>) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let way = Arc::new(AtomicUsize::new(WAYS));
        let current = Arc::clone(&way);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (secrets, way) = (Arc::clone(&secrets), current.load(Ordering::SeqCst));
                // Whoever hangs up need not be answered.
                tokio::spawn(async move { drop(answer(stream, &secrets, way).await) });
            }
        });
        Ok(Self { url, way })
    }
}

async fn answer(mut stream: TcpStream, secrets: &Secrets, way: usize) -> std::io::Result<()> {
    let request = read_request(&mut stream).await?;
    let text = String::from_utf8_lossy(&request);
    let line = text.lines().next().unwrap_or_default();
    let path = line.split(' ').nth(1).unwrap_or_default();
    let reply = match path {
        "/v1/jwt/client/obtain/token" if way != 13 => {
            honest(&format!(r#"{{"access_token":"{}","expires_in":60}}"#, secrets.token))
        }
        "/v1/sessions/payout" if way >= 10 => honest(
            r#"{"id":88,"wallet_id":3,"payout_account_id":18,"amount":250.00,"currency":"USD","status":"ACTIVE","expires_at":"2099-01-01T00:00:00Z","created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}"#,
        ),
        "/v1/checkouts/create" => honest(&format!(
            r#"{{"mode":"HOSTED","source_type":"INVOICE","source_id":1,"source_number":"INV-1","source_status":"ACTIVE","counterparty_id":15,"party_id":42,"currency":"USD","total_amount":40.00,"source_checkout_config_id":1,"hosted_path_or_token":"{0}","url":"https://pay.example/{0}"}}"#,
            secrets.three_d_secure
        )),
        _ if path.starts_with("/v1/realtime-keys/") => {
            honest(&format!(r#"{{"access_token":"{}","expires_in":3600}}"#, secrets.realtime))
        }
        "/token" if way != 13 => honest(&format!(
            r#"{{"access_token":"{}","token_type":"bearer","expires_in":3600}}"#,
            secrets.token
        )),
        _ if path.starts_with("/funding-sources/") && way >= 2 => honest(&format!(
            r#"{{"id":"a","status":"verified","type":"bank","_links":{{"account":{{"href":"http://{}/accounts/ca32853c-48fa-40be-ae75-77b37504581b"}}}}}}"#,
            header(&text, "host").unwrap_or_default()
        )),
        _ if !path.starts_with("/v1/") => repeat_hal(&text, line, secrets, way),
        _ => repeat(&text, path, secrets, way),
    };
    stream.write_all(&reply).await?;
    stream.shutdown().await
}

fn honest(body: &str) -> Vec<u8> {
    reply("200 OK", "", body)
}

fn reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// Everything that was heard, and every secret that was, in one of the ways.
fn repeat(heard: &str, path: &str, secrets: &Secrets, way: usize) -> Vec<u8> {
    // What a client was told, or told itself; it cannot know of any other text that it is a secret.
    let mut all: Vec<&str> = vec![&secrets.client_secret, &secrets.passcode, &secrets.phone, &secrets.token];
    if (10..13).contains(&way) {
        all.push(&secrets.three_d_secure);
    }
    let said = all.join(" ");
    // Controls would be taken out before it is looked at.
    let hidden = all
        .iter()
        .map(|secret| format!("{}\u{1b}{}", &secret[..5], &secret[5..]))
        .collect::<Vec<_>>()
        .join(" ");
    let escaped: String = said.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let heard = serde_json::json!(heard).to_string();
    let key = path.rsplit('/').next().unwrap_or_default();
    let fields = format!(
        r#"{{"detail":[{{"loc":["body","{said}","{escaped}"],"msg":"{said} {escaped}","input":{heard},"ctx":{{"x":"{said}"}}}}],"body":{heard}}}"#
    );
    let headers = format!("x-request-id: {said}\r\nserver: {said}\r\nset-cookie: {said}\r\n");
    let execution = |status: &str, words: &str| {
        format!(
            r#"{{"reference_id":"{key}","status":"{status}","payer_amount":251.25,"payer_currency":"USD","payee_currency":"USD","payee_amount":250.00,"operation_type":"PAYOUT","client_secret":"{}","requires_action":true,"provider_transaction_id":"{words}","gateway_message":"{words}","wallet_message":"{words}"}}"#,
            secrets.three_d_secure
        )
    };
    match way {
        0 => reply("422 Unprocessable Entity", &headers, &fields),
        1 => reply("400 Bad Request", &headers, &format!(r#"{{"detail":"{escaped}"}}"#)),
        2 => reply(&format!("500 {said}"), &headers, &said),
        3 => reply("307 Away", &format!("location: https://127.0.0.1:1/?{}\r\n", all.join("&")), ""),
        // Of the wrong type, so that the parser names it.
        4 => {
            honest(&format!(r#"{{"reference_id":"{said}","status":5,"id":"{said}","expires_at":"{said}"}}"#))
        }
        5 => honest(&format!(r#"{{"id":"{said}","{said}":1,"status":{{"{said}":1}}}}"#)),
        6 => honest(&format!("{said}{fields}")),
        7 => format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{said}\r\n{said}").into_bytes(),
        8 => format!("HTTP/1.1 200 OK\r\n{said}\r\n{said}: {said}\r\n\r\n").into_bytes(),
        9 => reply("403 Forbidden", &headers, &format!(r#"{{"detail":{heard}}}"#)),
        10 => honest(&execution("FAILED", &format!("{said} {escaped}"))),
        11 => honest(&execution(&said, &hidden.replace('\u{1b}', "\\u001b"))),
        12 => honest(&execution("COMPLETED", &said).replace("251.25", &format!("\"{said}\""))),
        13 => reply("401 Unauthorized", &headers, &fields),
        _ => honest(&execution("PROCESSING", &said)),
    }
}

/// The same in the words of a provider whose replies are HAL.
fn repeat_hal(heard: &str, line: &str, secrets: &Secrets, way: usize) -> Vec<u8> {
    let said = format!("{} {}", secrets.client_secret, secrets.token);
    let escaped: String = said.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let heard = serde_json::json!(heard).to_string();
    let headers = format!(
        "x-request-id: {said}\r\nserver: {said}\r\nlocation: https://127.0.0.1:1/{}\r\n",
        secrets.token
    );
    let error = format!(r#"{{"code":"{said}","message":"{escaped}","path":"/{said}","_links":{{}}}}"#);
    let wrong = format!(
        r#"{{"code":"{said}","message":{heard},"_embedded":{{"errors":[{error},{error}]}},"error":"{said}","error_description":{heard}}}"#
    );
    let key = heard.split_once("correlationId=").and_then(|(_, rest)| rest.get(..36)).unwrap_or_default();
    let id = "74c9129b-d14a-4511-80da-0aa34a9b2388";
    let transfer = |id: &str, status: &str, value: &str| {
        format!(
            r#"{{"id":"{id}","status":"{status}","amount":{{"value":"{value}","currency":"usd"}},"created":"2026-01-01T00:00:00.000Z","correlationId":"{key}","metadata":{{"{said}":"{said}"}},"_links":{{"self":{{"href":"{said}"}}}}}}"#
        )
    };
    let list = |transfer: String| {
        let links = format!(r#"{{"next":{{"href":"{said}"}}}}"#);
        honest(&format!(r#"{{"total":1,"_links":{links},"_embedded":{{"transfers":[{transfer}]}}}}"#))
    };
    match way {
        0 => reply("400 Bad Request", &headers, &wrong),
        1 => reply("404 Not Found", &headers, &wrong),
        2 => reply(&format!("500 {said}"), &headers, &wrong),
        9 => reply("403 Forbidden", &headers, &wrong),
        13 => reply("401 Unauthorized", &headers, &wrong),
        3..=8 => repeat(&heard, line, secrets, way),
        // Taken, and then told of in these words.
        _ if line.starts_with("POST /transfers ") => reply("201 Created", &headers, ""),
        _ if line.contains("/failure ") => {
            honest(&format!(r#"{{"code":"{said}","description":"{escaped}","explanation":{heard}}}"#))
        }
        _ if line.starts_with("GET /transfers/") => {
            honest(&transfer(id, [&said, "failed", "processed"][way % 3], "250.00"))
        }
        10 => list(transfer(id, "failed", "250.00")),
        11 => list(transfer(id, &said, &said)),
        12 => list(transfer(&said, "processed", &said)),
        _ => list(transfer(id, "processed", "250.00")),
    }
}
