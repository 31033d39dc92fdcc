//! The way to the provider: one HTTP client, and around each call a token, limits and a note of what came back.
//!
//! What must stay true: a request is put on the wire once (the only repeat is of a call that moves no money, after a
//! 401); no redirect is followed, because it would carry the passcode or the client secret elsewhere; a reply is
//! read up to a limit; and nothing of a body, a header or a secret is logged.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime};

use chrono::TimeDelta;
use payonce::rail::{Setback, Then};
use payonce::{BoxFuture, Clock, Error, ErrorKind, Secret, Timestamp};
use reqwest::header::{AUTHORIZATION, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Request, Response, ResponseBuilderExt, Url};

use crate::classify::{self, Head, Problem, Seen};
use crate::raw::{self, HttpTransport, Reply, ResponseValue, types};
use crate::redact::redact;
use crate::token::{Token, Tokens};

/// The largest reply that is read, in bytes.
const LARGEST_REPLY: u64 = 2 * 1024 * 1024;

/// The provider's own id of a request.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The way to the provider, shared by every call of a client.
pub(crate) struct Wire {
    base_url: String,
    /// The raw client without a token, from which the client of each call is made.
    bare: raw::Client,
    /// What puts each request on the wire.
    last: raw::Transport,
    credentials: types::ClientCredentialObtainTokenPayload,
    tokens: Tokens,
    clock: Arc<dyn Clock>,
    /// How far the provider's clock is ahead of ours, in milliseconds.
    ahead: AtomicI64,
    /// What must not be repeated from the provider's words, beside the token.
    secrets: Vec<Secret>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Wire {
    pub(crate) fn new(
        base_url: String,
        http: reqwest::Client,
        last: raw::Transport,
        credentials: types::ClientCredentialObtainTokenPayload,
        secrets: Vec<Secret>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let bare = raw::Client::new_with_client(&base_url, http, Arc::clone(&last));
        let tokens = Tokens::default();
        Self { base_url, bare, last, credentials, tokens, clock, ahead: AtomicI64::new(0), secrets }
    }

    /// The raw client, for calls that this crate does not offer itself.
    pub(crate) fn raw(self: &Arc<Self>) -> raw::Client {
        self.bare.with_transport(Arc::new(Shared { wire: Arc::clone(self) }))
    }

    /// What time it is by the provider's clock, to the second. The reply that brought the token has told, if none did
    /// since.
    pub(crate) async fn provider_now(self: &Arc<Self>) -> Result<Timestamp, Setback> {
        self.token().await?;
        Ok(self.now_there())
    }

    /// The clock that everything of this client goes by.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What time it is by the provider's clock, as far as is known.
    pub(crate) fn now_there(&self) -> Timestamp {
        let now = self.clock.now() + TimeDelta::milliseconds(self.ahead.load(Ordering::Relaxed));
        Timestamp::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    }

    /// The provider's words without anything secret.
    pub(crate) fn clean(&self, text: &str, secret: Option<&raw::Secret>) -> String {
        let token = self.tokens.any();
        let token = token.as_ref().map(|token| token.text.expose());
        let secrets = self.secrets.iter().map(Secret::expose).chain(token);
        redact(text, secrets.chain(secret.map(raw::Secret::expose)))
    }

    /// Begins a call: finds the token, and makes the client for it. [`once`] and [`ask`] are the ways to make it.
    pub(crate) async fn begin(self: &Arc<Self>) -> Result<Call, Setback> {
        let token = Some(self.token().await?);
        Ok(self.call(token))
    }

    fn call(self: &Arc<Self>, token: Option<Arc<Token>>) -> Call {
        let context = Arc::new(Context { wire: Arc::clone(self), token, head: OnceLock::new() });
        Call { raw: self.bare.with_transport(Arc::clone(&context) as raw::Transport), context }
    }

    async fn token(self: &Arc<Self>) -> Result<Arc<Token>, Setback> {
        match self.tokens.fresh(self.clock.now()) {
            Some(token) => Ok(token),
            // Boxed, because it is rarely needed and would make every call's future larger.
            None => Box::pin(self.tokens.renew(&*self.clock, self.fetch_token())).await,
        }
    }

    async fn fetch_token(self: &Arc<Self>) -> Result<Token, Setback> {
        let asked_at = self.clock.now();
        let call = self.call(None);
        let result = call.raw.obtain_token(&self.credentials).await;
        let seen = match result {
            Ok(value) => call.success(value),
            Err(error) => call.explain(error).await,
        };
        let setback = match seen {
            Seen::Success(reply, _) => {
                return Token::new(reply.access_token.expose(), asked_at, reply.expires_in);
            }
            // The credentials were understood and refused; asking again would not help.
            Seen::Answer(head, Some(problem)) if matches!(head.status, 400 | 401 | 422) => {
                let message = format!("the provider refused the credentials with {}", head.status);
                let error = Error::new(ErrorKind::Unauthorized, message)
                    .with_status(head.status)
                    .with_request_id(head.request_id.clone())
                    .with_source(classify::blame(&head, Some(&problem)));
                Setback { error, then: Then::Stop }
            }
            Seen::Answer(head, problem) => classify::setback(&head, problem.as_ref()),
            seen @ (Seen::Unreadable(..) | Seen::Broken(_)) => {
                let error = seen.success().err().unwrap_or_else(|| unreachable!("no success is among these"));
                Setback { error, then: Then::Retry }
            }
            Seen::NotSent(setback) => setback,
        };
        Err(setback)
    }

    /// What a call saw that brought no success.
    async fn explain<T>(&self, context: &Context, error: raw::Error<()>) -> Seen<T> {
        let head = context.head.get().map(|noted| self.head(noted));
        match (error, head) {
            (raw::Error::UnexpectedResponse(response), head) => {
                let head = head.unwrap_or_default();
                if let (401, Some(token)) = (head.status, &context.token) {
                    self.tokens.refused(token);
                }
                if !(400..=599).contains(&head.status) {
                    let why = format!("the provider answered {}, which means nothing here", head.status);
                    return Seen::Unreadable(head, why.into());
                }
                // A body that breaks off says nothing; the status still does.
                let body = response.bytes().await.unwrap_or_default();
                let clean = |text: &str, secret: Option<&raw::Secret>| self.clean(text, secret);
                let problem = Problem::read(&body, &clean);
                Seen::Answer(head, problem)
            }
            (raw::Error::InvalidResponsePayload(_, error), head) => {
                // The cause's own words may repeat the body, which may hold a token.
                let place = format!("line {} column {}", error.line(), error.column());
                let why = format!("the provider's reply could not be understood, at {place}");
                Seen::Unreadable(head.unwrap_or_default(), why.into())
            }
            (raw::Error::CommunicationError(error), None) if error.is_connect() || error.is_builder() => {
                let message = "the provider could not be reached";
                let error = Error::new(ErrorKind::Unreachable, message).with_source(error.without_url());
                Seen::NotSent(Setback { error, then: Then::Retry })
            }
            (raw::Error::CommunicationError(error) | raw::Error::ResponseBodyError(error), head) => {
                Seen::Broken(broken(error, head))
            }
            (raw::Error::InvalidRequest(_), _) => {
                let error = Error::new(ErrorKind::Invalid, "the request could not be put together");
                Seen::NotSent(Setback { error, then: Then::Stop })
            }
            (_, head) => Seen::Unreadable(head.unwrap_or_default(), "the reply makes no sense".into()),
        }
    }

    /// Sends a request, reads the reply up to the limit, and notes its head.
    async fn exchange(
        &self,
        http: &reqwest::Client,
        request: Request,
        operation: &'static str,
        noted: &OnceLock<Noted>,
    ) -> reqwest::Result<Response> {
        let reads = request.method() == reqwest::Method::GET;
        let traced = tracing::enabled!(tracing::Level::DEBUG);
        let began = (traced || cfg!(feature = "metrics")).then(Instant::now);
        let answered = self.last.execute(http, request, operation).await;
        if let Some(began) = began {
            let elapsed = began.elapsed();
            measure(operation, &answered, elapsed);
            if traced {
                self.trace(operation, &answered, elapsed);
            }
        }
        let response = answered?;
        let status = response.status().as_u16();
        // Nobody asks when a status was read, and status reads are most of what is sent.
        let undated = reads && status == 200;
        let date = if undated { None } else { response.headers().get(DATE).and_then(moment) };
        if let Some(date) = date {
            let ahead = (date - self.clock.now()).num_milliseconds();
            self.ahead.store(ahead, Ordering::Relaxed);
        }
        let header = |name: &HeaderName| response.headers().get(name).cloned();
        let request_id = header(&REQUEST_ID);
        let retry_after = if status == 200 { None } else { header(&RETRY_AFTER) };
        // A context serves one request, so nothing was noted before.
        let _ = noted.set(Noted { status, request_id, retry_after, date });
        match response.content_length() {
            // A reply that says how long it is can be no longer, so it is handed on unread.
            Some(length) if length <= LARGEST_REPLY => Ok(response),
            _ => Box::pin(limited(response)).await,
        }
    }

    fn trace(&self, operation: &str, answered: &reqwest::Result<Response>, elapsed: Duration) {
        let elapsed_ms = elapsed.as_millis() as u64;
        match answered {
            Ok(response) => {
                let status = response.status().as_u16();
                let request_id = response.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok());
                let request_id = request_id.map(|id| self.clean(id, None));
                tracing::debug!(operation, status, request_id, elapsed_ms, "answered");
            }
            Err(error) => {
                let (timeout, connect) = (error.is_timeout(), error.is_connect());
                tracing::debug!(operation, timeout, connect, elapsed_ms, "no answer");
            }
        }
    }

    fn head(&self, noted: &Noted) -> Head {
        let request_id = noted.request_id.as_ref().and_then(|id| id.to_str().ok());
        let retry_after = noted.retry_after.as_ref().and_then(|value| {
            let text = value.to_str().ok()?.trim();
            match text.parse() {
                Ok(seconds) => Some(Duration::from_secs(seconds)),
                Err(_) => {
                    let until = moment(value)?;
                    let now = noted.date.unwrap_or_else(|| self.now_there());
                    Some((until - now).to_std().unwrap_or_default())
                }
            }
        });
        Head {
            status: noted.status,
            request_id: request_id.map(|id| self.clean(id, None)),
            at: noted.date,
            retry_after,
        }
    }
}

/// Times a request, through the `metrics` facade, under the provider's word for the call.
fn measure(operation: &'static str, answered: &reqwest::Result<Response>, elapsed: Duration) {
    #[cfg(feature = "metrics")]
    {
        let status = match answered {
            Ok(response) => response.status().as_u16().to_string(),
            Err(_) => "none".to_owned(),
        };
        metrics::histogram!("dollr_request_seconds", "operation" => operation, "status" => status)
            .record(elapsed);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (operation, answered, elapsed);
}

/// What is kept of a reply's head, as it came: most calls never look at it.
#[derive(Debug)]
struct Noted {
    status: u16,
    request_id: Option<HeaderValue>,
    retry_after: Option<HeaderValue>,
    date: Option<Timestamp>,
}

fn moment(value: &HeaderValue) -> Option<Timestamp> {
    let time: SystemTime = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    Some(time.into())
}

/// The error for an exchange that broke off.
fn broken(error: reqwest::Error, head: Option<Head>) -> Error {
    let message = if error.is_timeout() {
        "no whole answer within the time limit"
    } else {
        "the connection broke before the answer was whole"
    };
    let cause = Error::new(ErrorKind::Interrupted, message).with_source(error.without_url());
    match head {
        Some(head) => cause.with_status(head.status).with_request_id(head.request_id),
        None => cause,
    }
}

/// The reply, if it is not larger than the limit; without its body, if it is.
async fn limited(mut response: Response) -> reqwest::Result<Response> {
    if response.content_length().is_some_and(|length| length > LARGEST_REPLY) {
        return Ok(rebuilt(&mut response, Vec::new()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if (body.len() + chunk.len()) as u64 > LARGEST_REPLY {
            body = Vec::new();
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(rebuilt(&mut response, body))
}

fn rebuilt(response: &mut Response, body: Vec<u8>) -> Response {
    let mut rebuilt = with_body(response.status().as_u16(), response.url().clone(), body);
    *rebuilt.headers_mut() = std::mem::take(response.headers_mut());
    rebuilt
}

fn with_body(status: u16, url: Url, body: Vec<u8>) -> Response {
    let response = http::Response::builder().status(status).url(url).body(body);
    response.expect("a status that was received and a URL that was parsed make a response").into()
}

/// A call that is about to be made.
pub(crate) struct Call {
    pub(crate) raw: raw::Client,
    context: Arc<Context>,
}

impl Call {
    /// What a call saw that brought a success.
    pub(crate) fn success<T>(&self, value: ResponseValue<T>) -> Seen<T> {
        Seen::Success(value.into_inner(), self.context.head.get().and_then(|noted| noted.date))
    }

    /// What a call saw that brought none. Boxed, because it is rarely needed and would make every call's future larger.
    pub(crate) fn explain<T: Send + 'static>(&self, error: raw::Error<()>) -> BoxFuture<'_, Seen<T>> {
        Box::pin(self.context.wire.explain(&self.context, error))
    }
}

/// Makes a call once: `once!(wire, |raw| raw.execute_payout(&body))`. (A macro, because a closure that borrows its
/// client for the time of a future cannot be shown to be `Send` yet.)
macro_rules! once {
    ($wire:expr, |$raw:ident| $call:expr) => {
        match $wire.begin().await {
            Ok(call) => {
                let $raw = &call.raw;
                match $call.await {
                    Ok(value) => call.success(value),
                    Err(error) => call.explain(error).await,
                }
            }
            Err(setback) => crate::classify::Seen::NotSent(setback),
        }
    };
}

/// Makes a call that moves no money, and once more with a new token if the first is refused.
macro_rules! ask {
    ($wire:expr, |$raw:ident| $call:expr) => {{
        let mut seen = crate::transport::once!($wire, |$raw| $call);
        if seen.is_unauthorized() {
            // Boxed, because it is rarely needed and would make every call's future larger.
            seen = Box::pin(async { crate::transport::once!($wire, |$raw| $call) }).await;
        }
        seen
    }};
}

pub(crate) use {ask, once};

/// The transport of one call.
#[derive(Debug)]
struct Context {
    wire: Arc<Wire>,
    /// None while the token itself is asked for.
    token: Option<Arc<Token>>,
    head: OnceLock<Noted>,
}

impl HttpTransport for Context {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: Request,
        operation: &'static str,
    ) -> Reply<'a> {
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, token.header.clone());
        }
        Box::pin(self.wire.exchange(http, request, operation, &self.head))
    }
}

/// The transport of the raw client that callers use.
#[derive(Debug)]
struct Shared {
    wire: Arc<Wire>,
}

impl HttpTransport for Shared {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: Request,
        operation: &'static str,
    ) -> Reply<'a> {
        Box::pin(async move {
            let wire = &self.wire;
            if operation == "obtain_token" {
                return wire.exchange(http, request, operation, &OnceLock::new()).await;
            }
            let moves_money = operation.starts_with("execute_");
            let mut repeat = if moves_money { None } else { request.try_clone() };
            loop {
                let token = match wire.token().await {
                    Ok(token) => token,
                    Err(setback) => return Ok(without_token(request.url().clone(), setback.error)),
                };
                request.headers_mut().insert(AUTHORIZATION, token.header.clone());
                let response = wire.exchange(http, request, operation, &OnceLock::new()).await?;
                if response.status().as_u16() != 401 {
                    return Ok(response);
                }
                wire.tokens.refused(&token);
                let Some(again) = repeat.take() else { return Ok(response) };
                request = again;
            }
        })
    }
}

/// What a raw call gets that could not be sent for want of a token: a reply that was never received, because its
/// signature leaves room for nothing else. The error is among the reply's extensions.
fn without_token(url: Url, error: Error) -> Response {
    let status = error.status().filter(|status| (400..=599).contains(status)).unwrap_or(503);
    let body = serde_json::json!({ "detail": format!("no access token: {}", error.message()) });
    let mut response = with_body(status, url, body.to_string().into_bytes());
    let mut headers = HeaderMap::new();
    headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    response.extensions_mut().insert(error);
    response
}
