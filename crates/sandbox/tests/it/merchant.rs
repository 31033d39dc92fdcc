//! A merchant who talks plain HTTP to a sandbox, so that tests can also send what a typed client cannot.

use std::time::Duration;

use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PASSCODE, PASSCODE_PHONE, PAYOUT_ACCOUNT, Sandbox};
use reqwest::{Client, ClientBuilder, Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

/// The beginning of every client. Whichever crate is built beside this one may have asked reqwest for TLS without
/// saying by what; then a provider has to be there, although nothing here uses it.
pub(crate) fn http() -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
}

/// One merchant with a token.
#[derive(Clone)]
pub(crate) struct Merchant {
    pub(crate) http: Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// A reply: its status and its JSON.
pub(crate) type Reply = (u16, Value);

impl Merchant {
    pub(crate) async fn of(sandbox: &Sandbox) -> Self {
        Self::at(sandbox.url()).await
    }

    /// The merchant of the sandbox at this address.
    pub(crate) async fn at(url: &str) -> Self {
        // A connection of its own for each request, so that a cut one concerns no other request.
        let http = http().pool_max_idle_per_host(0).timeout(Duration::from_secs(20)).build().unwrap();
        let mut merchant = Self { http, url: url.to_owned(), token: String::new() };
        merchant.renew_token().await;
        merchant
    }

    pub(crate) async fn renew_token(&mut self) {
        let credentials = json!({ "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        let (status, token) = self.post("/v1/jwt/client/obtain/token", credentials).await.unwrap();
        assert_eq!(status, 200);
        self.token = token["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        let request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        match body {
            Some(body) => request.json(&body).send().await,
            None => request.send().await,
        }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> reqwest::Result<Reply> {
        let reply = self.send(Method::POST, path, Some(body)).await?;
        Ok((reply.status().as_u16(), reply.json().await?))
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Reply> {
        let reply = self.send(Method::GET, path, None).await?;
        Ok((reply.status().as_u16(), reply.json().await?))
    }

    /// Opens a payout session of 10.00 USD and returns its id.
    pub(crate) async fn payout_session(&self, account: i64) -> String {
        let body = json!({ "payout_account_id": account, "amount": 10.00, "currency": "USD" });
        self.session("payout", body).await
    }

    pub(crate) async fn session(&self, kind: &str, body: Value) -> String {
        let (status, session) = self.post(&format!("/v1/sessions/{kind}"), body).await.unwrap();
        assert_eq!(status, 200, "{session}");
        session["id"].to_string()
    }

    /// Executes a payout to an account.
    pub(crate) async fn pay(
        &self,
        session: &str,
        account: i64,
        reference_id: Uuid,
    ) -> reqwest::Result<Reply> {
        self.post("/v1/executions/payout", payout(session, account, reference_id)).await
    }

    /// Executes a payout to the ordinary account.
    pub(crate) async fn pay_out(&self, session: &str, reference_id: Uuid) -> reqwest::Result<Reply> {
        self.pay(session, PAYOUT_ACCOUNT, reference_id).await
    }

    pub(crate) async fn collect(&self, session: &str, account: i64, reference_id: Uuid) -> Reply {
        let body = json!({ "session_id": session, "payment_account_id": account.to_string(), "currency": "USD",
            "reference_id": reference_id });
        self.post("/v1/executions/collection", body).await.unwrap()
    }

    /// The status the provider shows for a key: `"404"` when it knows none.
    pub(crate) async fn status(&self, operation: &str, reference_id: Uuid) -> String {
        let (status, shown) = self.get(&format!("/v1/status/{operation}/{reference_id}")).await.unwrap();
        if status == 200 { shown["status"].as_str().unwrap().to_owned() } else { status.to_string() }
    }
}

/// The body of a payout execution.
pub(crate) fn payout(session: &str, account: i64, reference_id: Uuid) -> Value {
    json!({
        "session_id": session,
        "payout_account_id": account.to_string(),
        "reference_id": reference_id,
        "passcode": {
            "token": { "code": PASSCODE, "phone": PASSCODE_PHONE },
            "device": { "name": "till", "type": "SERVER", "platform": "RUST", "user_agent": "test",
                "client_ip": "127.0.0.1" },
        },
    })
}
