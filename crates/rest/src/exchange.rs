//! One request and its reply: the limit on its size, the note of its head, how long it took.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use payonce::{Error, ErrorKind, Timestamp};
use progenitor_client::ClientInfo;
use reqwest::header::{DATE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Request, Response, ResponseBuilderExt, Url};

use crate::provider::{Heard, Provider};
use crate::seen::{Head, blame};
use crate::wire::Wire;

/// The largest reply that is read, in bytes.
const LARGEST_REPLY: u64 = 2 * 1024 * 1024;

/// The provider's own id of a request.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What is kept of a reply's head, as it came: most calls never look at it.
#[derive(Debug)]
pub(crate) struct Noted {
    status: u16,
    request_id: Option<HeaderValue>,
    retry_after: Option<HeaderValue>,
    pub(crate) date: Option<Timestamp>,
}

impl<P: Provider> Wire<P> {
    /// Sends a request, reads the reply up to the limit, and notes its head.
    pub(crate) async fn exchange(
        &self,
        http: &reqwest::Client,
        request: Request,
        operation: &'static str,
        noted: &OnceLock<Noted>,
    ) -> reqwest::Result<Response> {
        let reads = request.method() == reqwest::Method::GET;
        let traced = P::is_traced();
        let began = (traced || cfg!(feature = "metrics")).then(Instant::now);
        let answered = self.bare.inner().execute(http, request, operation).await;
        if let Some(began) = began {
            let elapsed = began.elapsed();
            measure::<P>(operation, &answered, elapsed);
            if traced {
                self.trace(operation, &answered, elapsed);
            }
        }
        let response = answered?;
        let status = response.status().as_u16();
        let undated = !P::READS_ARE_DATED && reads && status == 200;
        let date = if undated { None } else { response.headers().get(DATE).and_then(moment) };
        if let Some(date) = date {
            self.tells(date);
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

    /// The description of the API as the provider publishes it at that path of its address. It is asked for without a
    /// token, and believed to be what it is only by whoever reads it.
    ///
    /// # Errors
    /// What kept it from being read.
    pub async fn published(&self, path: &str) -> Result<String, Error> {
        let (http, noted) = (self.bare.client(), OnceLock::new());
        let invalid = |_| Error::new(ErrorKind::Invalid, "the request could not be put together");
        let request = http.get(format!("{}{path}", self.bare.baseurl())).build().map_err(invalid)?;
        let answered = self.exchange(http, request, "published", &noted).await;
        let head = noted.get().map(|noted| self.head(noted));
        let response = answered.map_err(|error| broken(error, None))?;
        let head = head.unwrap_or_default();
        if head.status != 200 {
            return Err(blame(&head, None::<&String>));
        }
        response.text().await.map_err(|error| broken(error, Some(head)))
    }

    fn trace(&self, operation: &'static str, answered: &reqwest::Result<Response>, elapsed: Duration) {
        let heard = match answered {
            Ok(response) => {
                let request_id = response.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok());
                Heard::Answer(response.status().as_u16(), request_id.map(|id| self.clean(id, None)))
            }
            Err(error) => Heard::Nothing { timeout: error.is_timeout(), connect: error.is_connect() },
        };
        P::trace(operation, heard, elapsed.as_millis() as u64);
    }

    pub(crate) fn head(&self, noted: &Noted) -> Head {
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
fn measure<P: Provider>(operation: &'static str, answered: &reqwest::Result<Response>, elapsed: Duration) {
    #[cfg(feature = "metrics")]
    {
        let status = match answered {
            Ok(response) => response.status().as_u16().to_string(),
            Err(_) => "none".to_owned(),
        };
        metrics::histogram!(P::HISTOGRAM, "operation" => operation, "status" => status).record(elapsed);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = (P::HISTOGRAM, operation, answered, elapsed);
}

fn moment(value: &HeaderValue) -> Option<Timestamp> {
    let time: SystemTime = httpdate::parse_http_date(value.to_str().ok()?).ok()?;
    Some(time.into())
}

/// The error for an exchange that broke off.
pub(crate) fn broken(error: reqwest::Error, head: Option<Head>) -> Error {
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

/// A reply of our own making.
pub(crate) fn with_body(status: u16, url: Url, body: Vec<u8>) -> Response {
    let response = http::Response::builder().status(status).url(url).body(body);
    response.expect("a status that was received and a URL that was parsed make a response").into()
}
