//! What every provider that is played has in common: the desk at which its requests arrive, and the questions that the
//! faults, the controls and the accept loop put to it. What is behind the desk, and how it words a refusal, is the
//! provider's own.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use uuid::Uuid;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::guard::Access;
use crate::problem::Problem;
use crate::requests::Requests;

/// Where requests arrive: one clock, one set of faults, one log, whatever the provider.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    pub(crate) access: Access,
    /// How long a client may take over the head, and again over the body, of a request; in real time.
    pub(crate) client_timeout: Duration,
    /// Where the sandbox is reached; set as soon as it listens.
    pub(crate) url: OnceLock<String>,
}

impl Desk {
    /// The sandbox's own address, without a trailing slash; nothing before it listens.
    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("", String::as_str)
    }
}

/// A provider that is played.
pub(crate) trait Provider: Send + Sync + 'static {
    fn desk(&self) -> &Desk;

    /// Whether there is such an operation, written as `POST /transfers/{id}`.
    fn knows(operation: &str) -> bool;

    /// What the payment of a request is known by, if the request says it.
    fn reference_id(parts: &Parts, template: &str, body: &Bytes) -> Option<Uuid>;

    /// The nth request as `x-request-id` names it.
    fn request_id(number: u64) -> String;

    /// A refusal that is not about what was asked: in the provider's shape, with this sentence.
    fn refusal(status: StatusCode, sentence: &'static str) -> Response;

    /// Takes note that the provider itself failed over this request and answered this status.
    fn failed(&self, parts: &Parts, body: &Bytes, status: StatusCode) -> impl Future<Output = ()> + Send;

    /// The reply as the switches want it to read.
    fn worded(&self, reply: Response, body: &Bytes) -> impl Future<Output = Response> + Send;

    /// Makes the token of a request worthless from now on.
    fn revoke(&self, headers: &HeaderMap) -> impl Future<Output = ()> + Send;

    /// Keeps the clock as it is, where there is a file to keep it in.
    fn keep_clock(&self) -> impl Future<Output = Result<(), Problem>> + Send;

    /// Puts everything but the clock back to the beginning.
    fn reset(&self) -> impl Future<Output = Result<(), Problem>> + Send;
}

/// Gives a reply the provider's time, which clients go by.
pub(crate) async fn dated<P: Provider>(State(provider): State<Arc<P>>, mut response: Response) -> Response {
    let date = httpdate::fmt_http_date(provider.desk().clock.now().into());
    response.headers_mut().insert(header::DATE, HeaderValue::try_from(date).expect("a date is ASCII"));
    response
}
