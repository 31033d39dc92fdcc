//! The one error type: what happened, whether money may have moved, and what to do next.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::name::{Operation, ReferenceId};

/// Whether the provider may have acted.
///
/// There is no third answer, and there is no `is_retryable`: a caller who reads `Unknown` resumes the payment by its
/// name and never pays by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "callers must treat both")]
pub enum Effect {
    /// The provider did not act, and the engine has stopped, so it will not act before the name is sent or resumed
    /// again.
    None,
    /// The provider may have acted, or may still. Resume by name; do not pay in another way.
    Unknown,
}

/// What went wrong, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request is wrong in itself. Nothing was written and nothing was sent.
    Invalid,
    /// The name already belongs to a payment with other contents. Nothing was written and nothing was sent.
    NameTaken,
    /// No payment has that name or reference id.
    UnknownPayment,
    /// `again` was asked of a payment that has not failed.
    NotFailed,
    /// A decision was given on a payment that is not parked.
    NotParked,
    /// A person's decision on a payment contradicts the provider's present word. Nothing was written.
    Contradicted,
    /// A setting is missing, malformed, or contradicts another or the journal.
    Configuration,
    /// The journal could not be read or written.
    Journal,
    /// The journal's record of one payment cannot be read: it is damaged, or in a month of the archive that is not in the
    /// database. This says nothing of other payments.
    Record,
    /// The provider did not accept the credentials.
    Unauthorized,
    /// The provider will not do this before a person acts (verification, permission).
    Forbidden,
    /// The provider knows no such thing.
    NotFound,
    /// The provider said no to the request as it is.
    Refused,
    /// The provider asks for fewer requests.
    RateLimited,
    /// The request never reached the provider.
    Unreachable,
    /// The connection broke or timed out after the request may have left.
    Interrupted,
    /// The provider answered with a fault of its own (5xx).
    Unavailable,
    /// The provider's answer could not be understood, or was too large.
    Unreadable,
    /// The waiter's deadline passed. The payment itself has no deadline and goes on.
    Deadline,
    /// The engine stopped because only a person may decide; the evidence is in the journal.
    Parked,
    /// The engine's own task ended early, for example because the runtime shut down.
    Stopped,
}

impl ErrorKind {
    /// The kind in one word of lower case: `rate_limited`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::NameTaken => "name_taken",
            Self::UnknownPayment => "unknown_payment",
            Self::NotFailed => "not_failed",
            Self::NotParked => "not_parked",
            Self::Contradicted => "contradicted",
            Self::Configuration => "configuration",
            Self::Journal => "journal",
            Self::Record => "record",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Refused => "refused",
            Self::RateLimited => "rate_limited",
            Self::Unreachable => "unreachable",
            Self::Interrupted => "interrupted",
            Self::Unavailable => "unavailable",
            Self::Unreadable => "unreadable",
            Self::Deadline => "deadline",
            Self::Parked => "parked",
            Self::Stopped => "stopped",
        }
    }
}

/// Why something did not go through.
///
/// `Display` is one line without any payload: what happened, what is known about the money, and what to do next.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    effect: Effect,
    message: Cow<'static, str>,
    operation: Option<Operation>,
    reference_id: Option<ReferenceId>,
    request_id: Option<String>,
    status: Option<u16>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with effect `None`. The message says what happened, and holds no payload and no secret.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            effect: Effect::None,
            message: message.into(),
            operation: None,
            reference_id: None,
            request_id: None,
            status: None,
            source: None,
        }))
    }

    /// Says whether the provider may have acted.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.0.effect = effect;
        self
    }

    /// Says which payment it is about.
    #[must_use]
    pub fn with_payment(mut self, operation: Operation, reference_id: ReferenceId) -> Self {
        self.0.operation = Some(operation);
        self.0.reference_id = Some(reference_id);
        self
    }

    /// Adds the provider's own id of the request, for its support.
    #[must_use]
    pub fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    /// Adds the HTTP status of the provider's answer.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the provider may have acted.
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// What happened, without the advice that `Display` adds.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The operation of the payment it is about.
    pub fn operation(&self) -> Option<&Operation> {
        self.0.operation.as_ref()
    }

    /// The key of the payment it is about.
    pub fn reference_id(&self) -> Option<ReferenceId> {
        self.0.reference_id
    }

    /// The provider's own id of the request that failed.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The HTTP status of the provider's answer, when there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What a person should do next.
    fn advice(&self) -> &'static str {
        match (self.0.kind, self.0.effect) {
            (ErrorKind::Parked, _) => {
                "a person must decide: look at the payment's history before paying in any other way"
            }
            (ErrorKind::Contradicted, _) => "nothing was decided: the provider's word stands",
            (ErrorKind::Record, _) => "money may have moved: do not pay in another way",
            (_, Effect::Unknown) => "money may have moved: resume by name, do not pay in another way",
            (ErrorKind::Invalid | ErrorKind::Configuration, _) => "no money moved: correct it and try again",
            (ErrorKind::NameTaken, _) => {
                "no money moved: use the old contents, or a new name if this is another payment"
            }
            (ErrorKind::Forbidden, _) => {
                "no money moved: settle it with the provider, then send the same name again"
            }
            (ErrorKind::NotParked, _) => "nothing was decided: its standing says how it ended",
            (ErrorKind::UnknownPayment | ErrorKind::NotFound | ErrorKind::NotFailed, _) => "no money moved",
            _ => "no money moved: send the same name again when the cause is gone",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation} ")?;
        }
        if let Some(reference_id) = &self.0.reference_id {
            write!(f, "{reference_id}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(request_id) = &self.0.request_id {
            write!(f, " (request {request_id})")?;
        }
        if self.0.operation.is_some() || self.0.effect == Effect::Unknown {
            write!(f, "; {}", self.advice())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("effect", &self.0.effect)
            .field("status", &self.0.status)
            .field("message", &self.0.message)
            .field("reference_id", &self.0.reference_id)
            .field("request_id", &self.0.request_id)
            .field("source", &self.0.source.as_ref().map(ToString::to_string))
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source.as_ref() as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_effect_says_not_to_pay_in_another_way() {
        let error = Error::new(ErrorKind::Interrupted, "the connection broke").with_effect(Effect::Unknown);
        assert_eq!(
            error.to_string(),
            "the connection broke; money may have moved: resume by name, do not pay in another way"
        );
    }

    #[test]
    fn a_payment_is_named_by_operation_and_key() {
        let key: ReferenceId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        let error = Error::new(ErrorKind::Forbidden, "the merchant is not verified")
            .with_payment(Operation::new("payout").unwrap(), key)
            .with_request_id(Some("req-9".to_owned()));
        assert_eq!(
            error.to_string(),
            "payout 550e8400-e29b-41d4-a716-446655440000: the merchant is not verified (request req-9); \
             no money moved: settle it with the provider, then send the same name again"
        );
    }

    #[test]
    fn a_kind_is_the_same_word_everywhere() {
        for kind in [ErrorKind::NameTaken, ErrorKind::RateLimited, ErrorKind::Stopped] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{:?}", kind.as_str()));
        }
    }
}
