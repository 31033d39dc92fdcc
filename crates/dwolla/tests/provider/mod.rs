//! A provider that answers as a test tells it to, and notes what it was asked.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::{Arc, Mutex};

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use dwolla::{Dwolla, Secret};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const ID: &str = "74c9129b-d14a-e511-80da-0aa34a9b2388";
pub(crate) const OTHER: &str = "3c48c13a-0fc6-e511-80de-0aa34a9b2388";
pub(crate) const CUSTOMER: &str = "01b47cb2-52ac-42a7-926c-6f1f50b1f271";
pub(crate) const ACCOUNT: &str = "ca32853c-48fa-40be-ae75-77b37504581b";
pub(crate) const BANK: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";

/// What it was asked, tokens aside.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GET /transfers/…`.
    pub(crate) line: String,
    pub(crate) query: String,
    pub(crate) body: String,
    /// The address of the provider, for links.
    pub(crate) base: String,
}

impl Asked {
    pub(crate) fn link(&self, path: &str) -> Value {
        json!({ "href": format!("{}{path}", self.base) })
    }

    /// A transfer with these links beside its own.
    pub(crate) fn transfer(&self, id: &str, status: &str, links: &[(&str, Value)]) -> Value {
        let mut transfer = json!({
            "_links": { "self": self.link(&format!("/transfers/{id}")) },
            "id": id, "status": status, "amount": { "value": "225.00", "currency": "USD" },
            "created": "2026-11-02T19:42:32.950Z",
        });
        for (rel, link) in links {
            transfer["_links"][rel] = link.clone();
        }
        transfer
    }

    /// One that can be cancelled, by its link.
    pub(crate) fn cancellable(&self) -> Value {
        self.transfer(ID, "pending", &[("cancel", self.link(&format!("/transfers/{ID}")))])
    }

    pub(crate) fn not_found(&self) -> Answer {
        Answer::new(404, json!({ "code": "NotFound", "message": "There is no such thing." }))
    }
}

/// What it answers.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    location: Option<String>,
    body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, location: None, body }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::new(200, body)
    }

    pub(crate) fn created(location: &str) -> Self {
        Self { status: 201, location: Some(location.to_owned()), body: Value::Null }
    }

    fn reply(self) -> Response {
        let hal = [("content-type", "application/vnd.dwolla.v1.hal+json")];
        let body = if self.body.is_null() { String::new() } else { self.body.to_string() };
        let mut response = (hal, body).into_response();
        *response.status_mut() = self.status.try_into().unwrap();
        if let Some(location) = self.location {
            response.headers_mut().insert("location", location.try_into().unwrap());
        }
        response
    }
}

pub(crate) struct Provider {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Provider {
    pub(crate) async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (base, noted, answer) = (url.clone(), Arc::clone(&asked), Arc::new(answer));
        let serve = move |request: Request| {
            let (base, noted, answer) = (base.clone(), Arc::clone(&noted), Arc::clone(&answer));
            async move { serve(request, base, &noted, &*answer).await }
        };
        let app = axum::Router::new().fallback(serve);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }

    pub(crate) fn client(&self) -> Dwolla {
        let builder = Dwolla::builder().key("key-1").secret(Secret::new("canary-secret")).base_url(&self.url);
        builder.journal_in_memory().build().unwrap()
    }

    /// The method and path of each request so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked.lock().unwrap().iter().map(|asked| asked.line.clone()).collect()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    request: Request,
    base: String,
    noted: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(&Asked) -> Answer + Send + Sync),
) -> Response {
    let (head, body) = request.into_parts();
    let body: Bytes = to_bytes(body, 1 << 20).await.unwrap();
    if head.uri.path() == "/token" {
        let token = json!({ "access_token": "canary-token", "token_type": "bearer", "expires_in": 3600 });
        return Answer::ok(token).reply();
    }
    let asked = Asked {
        line: format!("{} {}", head.method, head.uri.path()),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body: String::from_utf8(body.to_vec()).unwrap(),
        base,
    };
    noted.lock().unwrap().push(asked.clone());
    answer(&asked).reply()
}
