//! Who may use the sandbox's own controls and pages. On loopback it is whoever is on this machine, but not a web page
//! of somebody else that runs in this machine's browser: one cannot name the sandbox by a domain of its own (DNS
//! rebinding) nor post to it across origins. Opened to the network, the controls want a token as well.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

use crate::problem::Problem;
use crate::provider::Provider;

const COOKIE_NAME: &str = "sandbox_token";

/// What the controls ask of whoever uses them.
#[derive(Clone, Debug)]
pub(crate) enum Access {
    /// To be on this machine.
    Loopback,
    /// To have the token.
    Token(String),
}

impl Access {
    /// A token that nobody can guess.
    pub(crate) fn with_token() -> Self {
        Self::Token(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Loopback => None,
            Self::Token(token) => Some(token),
        }
    }
}

/// For pages that anyone may see who reaches the sandbox by its own name, such as a hosted checkout.
pub(crate) async fn same_origin<P: Provider>(
    State(provider): State<Arc<P>>,
    request: Request,
    next: Next,
) -> Response {
    match check_origin(&provider.desk().access, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// For `/_sandbox/*` and everything that shows or changes what belongs to the merchant: the same, and the token when
/// the sandbox is open to the network. It comes as a bearer token, as `?token=` or in the cookie that `?token=` leaves.
pub(crate) async fn controls<P: Provider>(
    State(provider): State<Arc<P>>,
    request: Request,
    next: Next,
) -> Response {
    if let Err(problem) = check_origin(&provider.desk().access, request.headers()) {
        return problem.into_response();
    }
    let Access::Token(token) = &provider.desk().access else { return next.run(request).await };
    let in_query = request.uri().query().into_iter().flat_map(|query| query.split('&'));
    let in_query = in_query.filter_map(|pair| pair.strip_prefix("token=")).any(|given| equal(given, token));
    if !in_query && !has_token(request.headers(), token) {
        return Problem::sentence(StatusCode::UNAUTHORIZED, "The sandbox's token is missing").into_response();
    }
    let mut reply = next.run(request).await;
    if in_query {
        let cookie = format!("{COOKIE_NAME}={token}; Path=/; HttpOnly; SameSite=Strict");
        let cookie = HeaderValue::try_from(cookie).expect("a token is ASCII");
        reply.headers_mut().append(SET_COOKIE, cookie);
    }
    reply
}

fn check_origin(access: &Access, headers: &HeaderMap) -> Result<(), Problem> {
    let forbidden = |detail| Err(Problem::sentence(StatusCode::FORBIDDEN, detail));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_own_name(access, host) {
        return forbidden("The sandbox is not reached by this name: use its address");
    }
    match headers.get(ORIGIN) {
        Some(origin) if origin.as_bytes() != format!("http://{host}").as_bytes() => {
            forbidden("The sandbox's controls are not for other origins")
        }
        _ => Ok(()),
    }
}

/// Whether a `Host` is one that no stranger can point at this machine: an address, or `localhost`.
fn is_own_name(access: &Access, host: &str) -> bool {
    let Ok(authority) = host.parse::<http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    match name.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || matches!(access, Access::Token(_)),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

fn has_token(headers: &HeaderMap, token: &str) -> bool {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let bearer = text(AUTHORIZATION).strip_prefix("Bearer ").unwrap_or_default();
    let mut cookies = text(COOKIE).split(';').filter_map(|cookie| cookie.trim().split_once('='));
    equal(bearer, token) || cookies.any(|(name, value)| name == COOKIE_NAME && equal(value, token))
}

/// Compares in a time that does not tell where the first difference is.
fn equal(given: &str, token: &str) -> bool {
    given.len() == token.len()
        && given.bytes().zip(token.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_no_stranger_owns_are_own_names() {
        let open = Access::with_token();
        for (host, loopback, network) in [
            ("127.0.0.1:4010", true, true),
            ("[::1]:4010", true, true),
            ("localhost:4010", true, true),
            ("LOCALHOST", true, true),
            ("192.168.1.7:4010", false, true),
            ("evil.example:4010", false, false),
            ("localhost.evil.example", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_own_name(&Access::Loopback, host), loopback, "{host}");
            assert_eq!(is_own_name(&open, host), network, "{host}");
        }
    }
}
