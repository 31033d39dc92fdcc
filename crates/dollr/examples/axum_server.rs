//! Payments inside a web server, and how to stop it: no request is dropped, no payment is lost.
//!
//! It ends with `stopped; 0 payments go on at the next start`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use std::error::Error;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Router, serve};
use dollr::{AccountId, Dollr, Effect, Filter, usd};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    let unfinished = dollr.resume().await?;
    println!("{unfinished} payments of the last run go on");

    // The client is cheap to clone, and all clones are one client: it is the server's state.
    let app =
        Router::new().route("/salaries/{month}/{account}", post(pay).get(show)).with_state(dollr.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let visitor = tokio::spawn(visit(format!("http://{}/salaries/2026-11/18", listener.local_addr()?)));
    serve(listener, app)
        .with_graceful_shutdown(async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                visited = visitor => visited.expect("the visitor is content"),
            }
        })
        .await?;

    // Every request is answered. Payments may end while they can; whatever does not is in the journal.
    let _ = tokio::time::timeout(Duration::from_secs(25), dollr.idle()).await;
    let open = dollr.list(Filter { unfinished: true, ..Filter::default() }).await?;
    println!("stopped; {} payments go on at the next start", open.len());
    Ok(())
}

/// Pays. If the visitor goes away meanwhile, the payment goes on; if they ask again, it is the same payment.
async fn pay(
    State(dollr): State<Dollr>,
    Path((month, account)): Path<(String, i64)>,
) -> (StatusCode, String) {
    let amount = usd("250.00").expect("a salary is an amount");
    match dollr.payout(name(&month, account), AccountId::new(account), amount).send().await {
        Ok(payout) => (StatusCode::ACCEPTED, payout.reference_id().to_string()),
        Err(error) if error.effect() == Effect::None => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
        // It may have been paid: ask again, with the same address.
        Err(error) => (StatusCode::ACCEPTED, error.to_string()),
    }
}

async fn show(
    State(dollr): State<Dollr>,
    Path((month, account)): Path<(String, i64)>,
) -> (StatusCode, String) {
    match dollr.find(name(&month, account)).await {
        Ok(Some(payout)) => match payout.status().await {
            Ok(status) => (StatusCode::OK, status.to_string()),
            Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        },
        Ok(None) => (StatusCode::NOT_FOUND, "no such salary".to_owned()),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

/// A salary's name says what it is: whose, and for which month.
fn name(month: &str, account: i64) -> String {
    format!("salary/{month}/{account}")
}

/// Somebody who asks twice for the same salary, and gets it once.
async fn visit(url: String) {
    let browser = support::browser();
    let mut keys = Vec::new();
    for _ in 0..2 {
        let reply = browser.post(&url).send().await.expect("the server answers");
        assert_eq!(reply.status(), 202);
        keys.push(reply.text().await.expect("the reply is text"));
    }
    assert_eq!(keys[0], keys[1]);
    let shown = browser.get(&url).send().await.expect("the server answers");
    println!("{}: {}", keys[0], shown.text().await.expect("the reply is text"));
}
