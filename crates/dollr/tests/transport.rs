//! Requests can go another way than over the network, and are still the same requests.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use dollr::raw::{HttpTransport, Reply};
use dollr::{Dollr, ErrorKind, Secret};

/// Answers the token itself, and every other request by a connection that cannot be made.
#[derive(Debug, Default)]
struct Nowhere {
    seen: Mutex<Vec<(&'static str, bool)>>,
}

impl HttpTransport for Nowhere {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static str,
    ) -> Reply<'a> {
        self.seen.lock().unwrap().push((operation, request.headers().contains_key("authorization")));
        Box::pin(async move {
            if operation == "obtain_token" {
                let body = r#"{"access_token":"canary","expires_in":30}"#;
                return Ok(http::Response::new(body).into());
            }
            Err(http.get("no address").build().unwrap_err())
        })
    }
}

#[tokio::test]
async fn requests_go_by_the_transport_that_is_given_with_their_token() {
    let nowhere = Arc::new(Nowhere::default());
    let dollr = Dollr::builder()
        .client_id("client")
        .client_secret(Secret::new("secret"))
        .base_url("http://127.0.0.1:9")
        .journal_in_memory()
        .transport(Arc::clone(&nowhere) as _)
        .build()
        .unwrap();
    let source = dollr::Source::Invoice(7.into());
    let error = dollr.source_status(source).await.unwrap_err();
    // What could not be built or connected was not sent.
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let seen = nowhere.seen.lock().unwrap();
    assert_eq!(*seen, [("obtain_token", false), ("get_payment_source_status", true)]);
}
