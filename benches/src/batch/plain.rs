//! What a person would write with `reqwest` who needs these two calls and no memory of them: typed, exact, and no more.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

/// What to pay.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// Where the provider is.
    url: String,
    /// The file of payments.
    file: PathBuf,
    /// How many at a time.
    at_once: usize,
}

/// A line of the file.
struct Row {
    account: i64,
    amount: Box<RawValue>,
    currency: String,
}

#[derive(Serialize)]
struct Order<'o> {
    amount: Box<RawValue>,
    currency: &'o str,
    payout_account_id: i64,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Session {
    id: i64,
}

#[derive(Serialize)]
struct Send<'s> {
    passcode: &'s serde_json::Value,
    payout_account_id: String,
    reference_id: Uuid,
    session_id: String,
}

#[derive(Deserialize)]
struct Execution {
    status: String,
}

struct Client {
    http: reqwest::Client,
    url: String,
    token: String,
    passcode: serde_json::Value,
}

impl Client {
    /// Makes one payment, and says whether it is completed.
    async fn pay(&self, row: Row) -> Result<bool> {
        let Row { account, amount, currency } = row;
        let order = Order { amount, currency: &currency, payout_account_id: account };
        let opened = self.http.post(format!("{}/v1/sessions/payout", self.url)).bearer_auth(&self.token);
        let session: Session = opened.json(&order).send().await?.error_for_status()?.json().await?;
        let send = Send {
            passcode: &self.passcode,
            payout_account_id: account.to_string(),
            reference_id: uuid::Builder::from_random_bytes(random()).into_uuid(),
            session_id: session.id.to_string(),
        };
        let sent = self.http.post(format!("{}/v1/executions/payout", self.url)).bearer_auth(&self.token);
        let execution: Execution = sent.json(&send).send().await?.error_for_status()?.json().await?;
        Ok(execution.status == "COMPLETED")
    }
}

/// Pays each line of the file, and prints how many are completed.
pub(crate) fn run(load: Load) -> Result<()> {
    let text = std::fs::read_to_string(&load.file)?;
    let rows = text.lines().skip(1).map(row).collect::<Result<Vec<_>>>()?;
    let paid = tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(pay(load, rows))?;
    println!("{paid}");
    Ok(())
}

async fn pay(load: Load, rows: Vec<Row>) -> Result<usize> {
    let tls = rustls::crypto::ring::default_provider();
    // It is there already if this is the second time, which is as good.
    let _ = tls.install_default();
    let http = reqwest::Client::new();
    let credentials = json!({"client_id": "sandbox-client", "client_secret": "sandbox-secret"});
    let asked = http.post(format!("{}/v1/jwt/client/obtain/token", load.url)).json(&credentials);
    let Token { access_token: token } = asked.send().await?.error_for_status()?.json().await?;
    let passcode = json!({
        "device": {"name": "bench", "type": "SERVER", "platform": "LINUX", "user_agent": "rust", "client_ip": "127.0.0.1"},
        "token": {"code": "sandbox-passcode", "phone": "231770000000"},
    });
    let client = Arc::new(Client { http, url: load.url, token, passcode });
    let permits = Arc::new(Semaphore::new(load.at_once));
    let mut payments = JoinSet::new();
    let mut paid = 0;
    for row in rows {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let client = Arc::clone(&client);
        payments.spawn(async move {
            let paid = client.pay(row).await;
            drop(permit);
            paid
        });
        while let Some(ended) = payments.try_join_next() {
            paid += usize::from(ended??);
        }
    }
    while let Some(ended) = payments.join_next().await {
        paid += usize::from(ended??);
    }
    Ok(paid)
}

/// Reads a line of name, account, amount and currency.
fn row(line: &str) -> Result<Row> {
    let mut cells = line.split(',').skip(1);
    let mut cell = || cells.next().context("a line has too few cells");
    let account = cell()?.parse()?;
    // The digits go over the wire as they stand.
    let amount = RawValue::from_string(cell()?.to_owned())?;
    Ok(Row { account, amount, currency: cell()?.to_owned() })
}

/// Bytes for a key that nobody can derive again.
fn random() -> [u8; 16] {
    fastrand::u128(..).to_ne_bytes()
}
