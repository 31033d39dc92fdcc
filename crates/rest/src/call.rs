//! A call: the client that is made for it, the token that it carries, and the ways to make it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use payonce::{BoxFuture, Error};
use payonce_wire::{HttpTransport, Reply};
use progenitor_client::ResponseValue;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Request, Response, Url};

use crate::exchange::{Noted, with_body};
use crate::provider::Provider;
use crate::seen::Seen;
use crate::token::Token;
use crate::wire::Wire;

/// A call that is about to be made.
pub struct Call<P: Provider> {
    /// The client to make it with, once.
    pub raw: P::Client,
    context: Arc<Context<P>>,
}

impl<P: Provider> Call<P> {
    pub(crate) fn new(wire: &Arc<Wire<P>>, token: Option<Arc<Token>>) -> Self {
        let context = Arc::new(Context { wire: Arc::clone(wire), token, head: OnceLock::new() });
        Self { raw: P::with_transport(&wire.bare, Arc::clone(&context) as _), context }
    }

    /// What a call saw that brought a success.
    pub fn success<T>(&self, value: ResponseValue<T>) -> Seen<T, P::Problem> {
        Seen::Success(value.into_inner(), self.context.head.get().and_then(|noted| noted.date))
    }

    /// What a call saw that brought none. Boxed, because it is rarely needed and would make every call's future larger.
    pub fn explain<T: Send + 'static>(
        &self,
        error: progenitor_client::Error<()>,
    ) -> BoxFuture<'_, Seen<T, P::Problem>> {
        Box::pin(self.context.wire.explain(&self.context, error))
    }
}

/// Makes a call once: `once!(wire, |raw| raw.execute_payout(&body))`. (A macro, because a closure that borrows its
/// client for the time of a future cannot be shown to be `Send` yet.)
#[macro_export]
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
            Err(setback) => $crate::Seen::NotSent(setback),
        }
    };
}

/// Makes a call that moves no money, and once more with a new token if the first is refused.
#[macro_export]
macro_rules! ask {
    ($wire:expr, |$raw:ident| $call:expr) => {{
        let mut seen = $crate::once!($wire, |$raw| $call);
        if seen.is_unauthorized() {
            // Boxed, because it is rarely needed and would make every call's future larger.
            seen = Box::pin(async { $crate::once!($wire, |$raw| $call) }).await;
        }
        seen
    }};
}

/// A call that says nothing but where the thing is that it made: `once!(wire, |raw| located(raw.initiate(&body)))`. The
/// success is the reply's `Location`, as it came, unless there is none that is text.
///
/// # Errors
/// The call's own.
pub async fn located<E>(
    call: impl Future<Output = Result<ResponseValue<()>, E>>,
) -> Result<ResponseValue<Option<String>>, E> {
    let reply = call.await?;
    let location = reply.headers().get(LOCATION).and_then(|place| place.to_str().ok());
    let location = location.map(str::to_owned);
    reply.map(|()| location)
}

/// The transport of one call.
pub(crate) struct Context<P: Provider> {
    wire: Arc<Wire<P>>,
    /// None while the token itself is asked for.
    pub(crate) token: Option<Arc<Token>>,
    pub(crate) head: OnceLock<Noted>,
}

impl<P: Provider> fmt::Debug for Context<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("wire", &self.wire).finish_non_exhaustive()
    }
}

impl<P: Provider> HttpTransport for Context<P> {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: Request,
        operation: &'static str,
    ) -> Reply<'a> {
        let header = match &self.token {
            Some(token) => Some(&token.header),
            None => self.wire.provider.authorization(),
        };
        authorize(&mut request, header);
        Box::pin(self.wire.exchange(http, request, operation, &self.head))
    }
}

fn authorize(request: &mut Request, header: Option<&HeaderValue>) {
    if let Some(header) = header {
        request.headers_mut().insert(AUTHORIZATION, header.clone());
    }
}

/// The transport of the raw client that callers use.
pub(crate) struct Shared<P: Provider> {
    pub(crate) wire: Arc<Wire<P>>,
}

impl<P: Provider> fmt::Debug for Shared<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("wire", &self.wire).finish()
    }
}

impl<P: Provider> HttpTransport for Shared<P> {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: Request,
        operation: &'static str,
    ) -> Reply<'a> {
        Box::pin(async move {
            let wire = &self.wire;
            if operation == P::TOKEN {
                authorize(&mut request, wire.provider.authorization());
                return wire.exchange(http, request, operation, &OnceLock::new()).await;
            }
            let mut repeat = if P::moves_money(operation) { None } else { request.try_clone() };
            loop {
                let token = match wire.token().await {
                    Ok(token) => token,
                    Err(setback) => return Ok(without_token::<P>(request.url().clone(), setback.error)),
                };
                authorize(&mut request, Some(&token.header));
                let response = wire.exchange(http, request, operation, &OnceLock::new()).await?;
                if response.status().as_u16() != 401 {
                    return Ok(response);
                }
                wire.refused(&token);
                let Some(again) = repeat.take() else { return Ok(response) };
                request = again;
            }
        })
    }
}

/// What a raw call gets that could not be sent for want of a token: a reply that was never received, in the provider's own
/// words for a refusal, because its signature leaves room for nothing else. The error is among the reply's extensions.
fn without_token<P: Provider>(url: Url, error: Error) -> Response {
    let status = error.status().filter(|status| (400..=599).contains(status)).unwrap_or(503);
    let (body, media_type) = P::refusal(status, &format!("no access token: {}", error.message()));
    let mut response = with_body(status, url, body.to_string().into_bytes());
    let mut headers = HeaderMap::new();
    headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    *response.headers_mut() = headers;
    response.extensions_mut().insert(error);
    response
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;

    use super::*;

    #[tokio::test]
    async fn the_place_of_what_was_made_is_handed_on_as_it_came() {
        let place = "https://api.example.com/transfers/7";
        for (given, told) in [(Some(place), Some(place.to_owned())), (Some("\u{e9}"), None), (None, None)] {
            let given = given.map(|text| HeaderValue::from_bytes(text.as_bytes()).unwrap());
            let headers = given.map(|place| (LOCATION, place)).into_iter().collect();
            let reply = ResponseValue::new((), StatusCode::CREATED, headers);
            let located = located(async { Ok::<_, ()>(reply) }).await.unwrap();
            assert_eq!((located.status(), located.into_inner()), (StatusCode::CREATED, told));
        }
    }
}
