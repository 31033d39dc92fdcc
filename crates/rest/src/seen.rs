//! What a call saw, and what that means wherever it was made. Pure: no network, no clock, no state.
//!
//! What must stay true: "not sent" is said only when the request never left; and the kind of an error takes the
//! provider to have said no only when the words are its own, not a proxy's page.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use payonce::rail::{Setback, Then};
use payonce::{Error, ErrorKind, Timestamp};

/// What is kept of a reply beside its body.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The provider's own id of the request.
    pub request_id: Option<String>,
    /// The provider's clock.
    pub at: Option<Timestamp>,
    /// How long the provider asks us to wait.
    pub retry_after: Option<Duration>,
}

/// What one call saw; `P` is the provider's own words on why not.
#[derive(Debug)]
pub enum Seen<T, P> {
    /// A success that could be read, and the provider's clock.
    Success(T, Option<Timestamp>),
    /// Any other reply, with the provider's own words when they could be read.
    Answer(Head, Option<P>),
    /// A success that could not be read, or a reply that HTTP does not expect here.
    Unreadable(Head, Cow<'static, str>),
    /// No whole reply, though the request may have arrived.
    Broken(Error),
    /// The request did not leave this machine.
    NotSent(Setback),
}

impl<T, P: fmt::Display> Seen<T, P> {
    /// Whether the token was refused.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Answer(Head { status: 401, .. }, _))
    }

    /// The same with another success.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Seen<U, P> {
        match self {
            Self::Success(value, at) => Seen::Success(make(value), at),
            Self::Answer(head, problem) => Seen::Answer(head, problem),
            Self::Unreadable(head, why) => Seen::Unreadable(head, why),
            Self::Broken(error) => Seen::Broken(error),
            Self::NotSent(setback) => Seen::NotSent(setback),
        }
    }

    /// The success, or the error for a call that moves no money.
    ///
    /// # Errors
    /// As [`answered`](Self::answered), without what to do.
    pub fn success(self) -> Result<T, Error> {
        self.answered().map(|(value, _)| value).map_err(|setback| setback.error)
    }

    /// The success and the provider's clock, or what to do without it.
    ///
    /// # Errors
    /// The kind follows the status: `Unauthorized`, `Forbidden`, `NotFound`, `RateLimited`, `Refused`, `Unavailable`;
    /// without a reply that can be understood `Unreadable`, without a whole one `Interrupted`, and whatever kept the
    /// request from leaving.
    pub fn answered(self) -> Result<(T, Option<Timestamp>), Setback> {
        match self {
            Self::Success(value, at) => Ok((value, at)),
            Self::Answer(head, problem) => Err(setback(&head, problem.as_ref())),
            Self::Unreadable(head, why) => Err(retry(unreadable(&head, why))),
            Self::Broken(error) => Err(retry(error)),
            Self::NotSent(setback) => Err(setback),
        }
    }
}

/// What a call brought that makes something, and moves no money. After an answer that leaves open whether it was made, the error says so: `what` may exist,
/// and `look` is how to find out.
///
/// # Errors
/// As [`Seen::success`].
pub fn created<T, P: fmt::Display>(seen: Seen<T, P>, what: &str, look: &str) -> Result<T, Error> {
    seen.success().map_err(|error| {
        let timing = matches!(error.status(), Some(408 | 425));
        let open =
            matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Unavailable | ErrorKind::Unreadable);
        if !(open || timing) {
            return error;
        }
        let message = format!(
            "{}; {what} may have been created all the same: {look} before trying again",
            error.message()
        );
        let explained =
            Error::new(error.kind(), message).with_request_id(error.request_id().map(str::to_owned));
        match error.status() {
            Some(status) => explained.with_status(status).with_source(error),
            None => explained.with_source(error),
        }
    })
}

/// Try again when it suits.
pub fn retry(error: Error) -> Setback {
    Setback { error, then: Then::Retry }
}

/// What to do after a reply that is no success.
pub fn setback(head: &Head, problem: Option<&impl fmt::Display>) -> Setback {
    let then = match (head.status, head.retry_after) {
        (403, _) => Then::Stop,
        (429 | 500..=599, Some(wait)) => Then::RetryAfter(wait),
        _ => Then::Retry,
    };
    Setback { error: blame(head, problem), then }
}

/// The error for a reply that is no success.
pub fn blame(head: &Head, problem: Option<&impl fmt::Display>) -> Error {
    let kind = match head.status {
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 if problem.is_some() => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        400..=499 if problem.is_some() => ErrorKind::Refused,
        500..=599 => ErrorKind::Unavailable,
        _ => ErrorKind::Unreadable,
    };
    let message = match problem {
        Some(problem) => format!("the provider answered {}: {problem}", head.status),
        None => format!("the provider answered {}, without a reason that could be read", head.status),
    };
    Error::new(kind, message).with_status(head.status).with_request_id(head.request_id.clone())
}

/// The error for a reply that says nothing that can be understood.
pub fn unreadable(head: &Head, why: Cow<'static, str>) -> Error {
    Error::new(ErrorKind::Unreadable, why).with_status(head.status).with_request_id(head.request_id.clone())
}
