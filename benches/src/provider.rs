//! The two calls that a payout takes, as a person would write them with `reqwest` who needs them and no more: typed, exact, and
//! with no memory. What the benchmarks compare with, whichever way it remembers, calls the provider by this.
//!
//! `jobs`, a workspace of its own, borrows this file.

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

/// A payout that somebody asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payout {
    pub(crate) reference_id: Uuid,
    pub(crate) account: i64,
    /// The digits go over the wire as they stand.
    pub(crate) amount: Box<RawValue>,
    pub(crate) currency: String,
}

/// What executes a payout, but for the passcode: what may be written down before it is sent.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Body {
    payout_account_id: String,
    reference_id: Uuid,
    session_id: String,
}

#[derive(Serialize)]
struct Open<'o> {
    amount: &'o RawValue,
    currency: &'o str,
    payout_account_id: i64,
}

#[derive(Serialize)]
struct Send<'s> {
    passcode: &'s serde_json::Value,
    payout_account_id: &'s str,
    reference_id: Uuid,
    session_id: &'s str,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
struct Session {
    id: i64,
}

#[derive(Deserialize)]
struct Execution {
    status: String,
}

/// The provider, to a client that has signed in.
pub(crate) struct Provider {
    http: reqwest::Client,
    url: String,
    token: String,
    passcode: serde_json::Value,
}

impl Provider {
    /// Signs in to a sandbox.
    pub(crate) async fn sign_in(http: reqwest::Client, url: String) -> reqwest::Result<Self> {
        let credentials = json!({"client_id": "sandbox-client", "client_secret": "sandbox-secret"});
        let asked = http.post(format!("{url}/v1/jwt/client/obtain/token")).json(&credentials);
        let Token { access_token: token } = asked.send().await?.error_for_status()?.json().await?;
        let passcode = json!({
            "device": {"name": "bench", "type": "SERVER", "platform": "LINUX", "user_agent": "rust", "client_ip": "127.0.0.1"},
            "token": {"code": "sandbox-passcode", "phone": "231770000000"},
        });
        Ok(Self { http, url, token, passcode })
    }

    /// Opens a session, in which the payout can be executed once.
    pub(crate) async fn open(&self, payout: &Payout) -> reqwest::Result<Body> {
        let Payout { reference_id, account, amount, currency } = payout;
        let open = Open { amount, currency, payout_account_id: *account };
        let asked = self.http.post(format!("{}/v1/sessions/payout", self.url)).bearer_auth(&self.token);
        let session: Session = asked.json(&open).send().await?.error_for_status()?.json().await?;
        Ok(Body {
            payout_account_id: account.to_string(),
            reference_id: *reference_id,
            session_id: session.id.to_string(),
        })
    }

    /// Executes the payout, and says how it stands.
    pub(crate) async fn execute(&self, body: &Body) -> reqwest::Result<String> {
        let Body { payout_account_id, reference_id, session_id } = body;
        let passcode = &self.passcode;
        let send = Send { passcode, payout_account_id, reference_id: *reference_id, session_id };
        let sent = self.http.post(format!("{}/v1/executions/payout", self.url)).bearer_auth(&self.token);
        let execution: Execution = sent.json(&send).send().await?.error_for_status()?.json().await?;
        Ok(execution.status)
    }
}
