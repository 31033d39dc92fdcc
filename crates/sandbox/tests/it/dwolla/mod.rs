//! The sandbox that plays Dwolla, seen from outside.

mod books;
mod document;
mod faults;
mod idempotency;
mod killed;
mod money;
mod refusals;
mod switches;
mod walk;

use std::time::Duration;

use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{KEY, SECRET};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::merchant::http;

pub(crate) const HAL: &str = "application/vnd.dwolla.v1.hal+json";

/// The application with a token, talking plain HTTP, so that tests can also send what a typed client cannot.
#[derive(Clone)]
pub(crate) struct Application {
    pub(crate) http: Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

/// A reply: its status, where what was made is, and its JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Value,
}

impl Reply {
    async fn of(response: Response) -> reqwest::Result<Self> {
        let status = response.status().as_u16();
        let location =
            response.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
        let bytes = response.bytes().await?;
        Ok(Self { status, location, body: serde_json::from_slice(&bytes).unwrap_or_default() })
    }

    /// The id of what was made.
    #[track_caller]
    pub(crate) fn made(&self) -> Uuid {
        assert_eq!(self.status, 201, "{:?}", self.body);
        self.location.as_deref().unwrap().rsplit('/').next().unwrap().parse().unwrap()
    }

    /// The code and the path of a refusal: those of the first embedded error, if there is one.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let error = self.body.pointer("/_embedded/errors/0").unwrap_or(&self.body);
        let text = |member: &str| error[member].as_str().unwrap_or_default().to_owned();
        (self.status, text("code"), text("path"))
    }
}

impl Application {
    pub(crate) async fn of(sandbox: &DwollaSandbox) -> Self {
        Self::at(sandbox.url()).await
    }

    pub(crate) async fn at(url: &str) -> Self {
        // A connection of its own for each request, so that a cut one concerns no other request.
        let http = http().pool_max_idle_per_host(0).timeout(Duration::from_secs(20)).build().unwrap();
        let mut application = Self { http, url: url.to_owned(), token: String::new() };
        application.renew_token().await;
        application
    }

    pub(crate) async fn renew_token(&mut self) {
        let request = self.http.post(format!("{}/token", self.url)).basic_auth(KEY, Some(SECRET));
        let reply = request.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
        assert_eq!(reply.status(), 200);
        let token: Value = reply.json().await.unwrap();
        self.token = token["access_token"].as_str().unwrap().to_owned();
    }

    /// Sends these very bytes.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: impl Into<reqwest::Body>,
    ) -> reqwest::Result<Reply> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("accept", HAL)
            .header("content-type", HAL);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        Reply::of(request.body(body).send().await?).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, None, body.to_string()).await.unwrap()
    }

    pub(crate) async fn keyed(&self, path: &str, key: &str, body: &Value) -> reqwest::Result<Reply> {
        self.send(Method::POST, path, Some(key), body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, "").await.unwrap()
    }

    pub(crate) async fn status(&self, transfer: Uuid) -> String {
        let reply = self.get(&format!("/transfers/{transfer}")).await;
        reply.body["status"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn cancel(&self, transfer: Uuid) -> Reply {
        self.post(&format!("/transfers/{transfer}"), &json!({ "status": "cancelled" })).await
    }
}

/// The body of a transfer between two funding sources.
pub(crate) fn transfer(source: Uuid, destination: Uuid, value: &str) -> Value {
    json!({
        "_links": {
            "source": { "href": format!("https://api-sandbox.dwolla.com/funding-sources/{source}") },
            "destination": { "href": format!("https://api-sandbox.dwolla.com/funding-sources/{destination}") },
        },
        "amount": { "currency": "USD", "value": value },
    })
}

/// The body that adds a bank.
pub(crate) fn bank() -> Value {
    json!({ "routingNumber": "222222226", "accountNumber": "123456789", "bankAccountType": "checking",
        "name": "Jane's checking" })
}
