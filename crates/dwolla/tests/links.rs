//! A link that leads elsewhere is refused before there is a request: nothing of it reaches the wire, on any call.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod provider;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dwolla::{Dwolla, ErrorKind};
use provider::{ACCOUNT, Answer, Asked, BANK, CUSTOMER, ID, Provider};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// Somebody else's machine: counts what arrives.
struct Elsewhere {
    address: String,
    connections: Arc<AtomicUsize>,
    bytes: Arc<AtomicUsize>,
}

impl Elsewhere {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (connections, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (arrived, read) = (Arc::clone(&connections), Arc::clone(&bytes));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                arrived.fetch_add(1, Ordering::SeqCst);
                let read = Arc::clone(&read);
                tokio::spawn(async move {
                    let mut chunk = [0; 4096];
                    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
                        read.fetch_add(count, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, connections, bytes }
    }
}

/// A provider whose links of one relation lead wherever the test has them lead.
struct Hostile {
    provider: Provider,
    link: Arc<Mutex<(&'static str, String)>>,
}

impl Hostile {
    async fn start() -> Self {
        let link = Arc::new(Mutex::new(("", String::new())));
        let told = Arc::clone(&link);
        let provider = Provider::start(move |asked| {
            let (rel, href) = told.lock().unwrap().clone();
            answer(asked, rel, href)
        });
        Self { provider: provider.await, link }
    }

    fn leads(&self, rel: &'static str, href: &str) {
        *self.link.lock().unwrap() = (rel, href.to_owned());
    }
}

fn answer(asked: &Asked, rel: &str, href: String) -> Answer {
    let place = href.clone();
    let with = |mut body: Value| {
        body["_links"][rel] = json!({ "href": href });
        body
    };
    let transfer = |status| with(asked.transfer(ID, status, &[]));
    match asked.line.as_str() {
        "GET /" => Answer::ok(with(json!({ "_links": {} }))),
        "POST /customers" => Answer::created(&place),
        line if line.ends_with("/failure") => Answer::ok(with(json!({ "code": "R01", "description": "No" }))),
        line if line.ends_with("/fees") => {
            Answer::ok(json!({ "transactions": [transfer("pending")], "total": 1 }))
        }
        line if line.contains("/transfers/") => Answer::ok(transfer("pending")),
        line if line.ends_with("/transfers") => {
            Answer::ok(json!({ "_embedded": { "transfers": [transfer("pending")] }, "total": 1 }))
        }
        line if line.contains("/funding-sources/") => {
            Answer::ok(with(json!({ "id": BANK, "status": "verified", "type": "bank" })))
        }
        line if line.contains("/customers/") => Answer::ok(with(json!({ "id": CUSTOMER }))),
        line if line.contains("/accounts/") => Answer::ok(with(json!({ "id": ACCOUNT }))),
        _ => asked.not_found(),
    }
}

/// Makes the call that reads a link of that relation.
async fn call(dwolla: &Dwolla, rel: &str) -> Result<(), dwolla::Error> {
    let transfers = dwolla.transfers();
    match rel {
        "cancel" => transfers.cancel(ID.into()).await.map(drop),
        "created-from-transfer" => transfers.fees(ID.into()).await.map(drop),
        "failed-funding-source" => transfers.failure(ID.into()).await.map(drop),
        "location" => dwolla.customers().create("Jane", "Doe", "jane@example.com").await.map(drop),
        "account" => dwolla.accounts().own().await.map(drop),
        "customer" => dwolla.funding_sources().retrieve(BANK.into()).await.map(drop),
        "balance" => dwolla.funding_sources().retrieve(BANK.into()).await.map(drop),
        "source" => transfers.list(dwolla::CustomerId::new(CUSTOMER)).await.map(drop),
        _ => transfers.retrieve(ID.into()).await.map(drop),
    }
}

const RELATIONS: [&str; 10] = [
    "self",
    "cancel",
    "failure",
    "source",
    "funding-transfer",
    "created-from-transfer",
    "failed-funding-source",
    "account",
    "customer",
    "location",
];

/// One link a line; `\t` and the like stand for what a line cannot hold.
fn corpus() -> Vec<String> {
    let lines = include_str!("hostile_links.txt").lines().filter(|line| !line.starts_with("## "));
    lines
        .map(|line| line.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r").replace("\\0", "\0"))
        .collect()
}

#[tokio::test]
async fn a_hostile_cancel_link_is_never_followed() {
    let hostile = Hostile::start().await;
    let dwolla = hostile.provider.client();
    let links = corpus();
    assert!(links.len() >= 200);
    for href in &links {
        hostile.leads("cancel", href);
        let error = dwolla.transfers().cancel(ID.into()).await.expect_err(href);
        assert_eq!(error.kind(), ErrorKind::Unreadable, "{href}");
    }
    let lines = hostile.provider.lines();
    assert_eq!(lines.len(), links.len());
    assert!(lines.iter().all(|line| *line == format!("GET /transfers/{ID}")));
}

#[tokio::test]
async fn nothing_reaches_another_machine_whichever_link_leads_there() {
    let (hostile, elsewhere) = (Hostile::start().await, Elsewhere::start().await);
    let dwolla = hostile.provider.client();
    let (there, here) = (&elsewhere.address, hostile.provider.url.trim_start_matches("http://"));
    let path = format!("/transfers/{ID}");
    for href in [
        format!("http://{there}{path}"),
        format!("https://{there}{path}"),
        format!("//{there}{path}"),
        format!("http:/{there}{path}"),
        format!("http:\\\\{there}{path}"),
        format!("http://{here}@{there}{path}"),
        format!("http://{here}:x@{there}{path}"),
        format!("http://{there}#@{here}{path}"),
        format!("http://{there}\\@{here}{path}"),
        format!("http://{there}/http://{here}{path}"),
        format!("http://user@{here}{path}"),
    ] {
        for rel in RELATIONS {
            hostile.leads(rel, &href);
            let error = call(&dwolla, rel).await.expect_err(&href);
            assert_eq!(error.kind(), ErrorKind::Unreadable, "{rel} {href}: {error}");
            assert!(!format!("{error} {error:?}").contains(there.as_str()), "{error:?}");
        }
    }
    let posts: Vec<_> =
        hostile.provider.lines().into_iter().filter(|line| line.starts_with("POST")).collect();
    assert!(posts.iter().all(|line| line == "POST /customers"), "{posts:?}");
    // Whatever was sent there would have arrived before this does.
    tokio::net::TcpStream::connect(there).await.unwrap();
    while elsewhere.connections.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(elsewhere.connections.load(Ordering::SeqCst), 1, "the test's own");
    assert_eq!(elsewhere.bytes.load(Ordering::SeqCst), 0);
}
