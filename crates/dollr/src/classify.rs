//! What a call saw, and what it means for a payment. Pure: no network, no clock, no state.
//!
//! What must stay true: "the provider did not act" is said only when the request never left, or was turned away
//! before anything was done; the provider is taken to have said no only when the reply is its own (a JSON object,
//! not a proxy's page); and a payment is called completed only by a reply that is about it and can be read whole.
//! Which field a refusal names decides; wording only refines it, and never turns doubt into certainty.

use std::collections::BTreeMap;
use std::fmt;

use payonce::rail::{LookUp, Order, Preparation, Prepared, Refusal, Report, Submission};
use payonce::step::Refused;
use payonce::{Error, Failure, Receipt, Timestamp};
use payonce_rest::{Clean, Head, Kept, redact, retry, setback, unreadable};

use crate::orders::Movement;
use crate::raw::types::ExecutionResponse;
use crate::status;

/// What one call saw.
pub(crate) type Seen<T> = payonce_rest::Seen<T, Problem>;

/// The provider's own words on why not: a JSON object, in FastAPI's shape when it has a `detail`.
#[derive(Debug)]
pub(crate) enum Problem {
    /// An object without a `detail` that could be read.
    Bare,
    /// `detail` is a sentence.
    Sentence(String),
    /// `detail` is a list, one entry for each field that is wrong.
    Fields(Vec<Field>),
}

/// One field that is wrong.
#[derive(Debug)]
pub(crate) struct Field {
    place: Vec<String>,
    message: String,
}

impl Problem {
    /// Reads the body of a refusal.
    pub(crate) fn read(body: &[u8], clean: Clean<'_>) -> Option<Self> {
        let Some(Kept::Object(mut body)) = Kept::read(body, &["detail", "loc", "msg"]) else { return None };
        Some(match body.remove("detail") {
            Some(Kept::Text(sentence)) => Self::Sentence(clean(&sentence, None)),
            Some(Kept::List(fields)) => {
                Self::Fields(fields.into_iter().map(|field| Field::read(field, clean)).collect())
            }
            _ => Self::Bare,
        })
    }

    fn field(&self, name: &str) -> Option<&Field> {
        let Self::Fields(fields) = self else { return None };
        fields.iter().find(|field| field.place.iter().any(|place| place == name))
    }

    /// Whether the provider says that it knows the key. Our keys are always well formed, so a complaint about the
    /// key is about its use, unless it plainly says that the key did not arrive as it was sent.
    fn knows_the_key(&self) -> bool {
        match self {
            Self::Sentence(sentence) => {
                says(sentence, &["reference"]) && says(sentence, &["duplicate", "exist", "conflict"])
            }
            Self::Fields(_) => self.field("reference_id").is_some_and(|field| {
                says(&field.message, &["duplicate", "exist", "conflict"])
                    || !says(&field.message, &["uuid", "required", "missing"])
            }),
            Self::Bare => false,
        }
    }

    /// Whether the refusal is of the session alone.
    fn names_the_session(&self) -> bool {
        match self {
            Self::Sentence(sentence) => says(sentence, &["session"]),
            _ => self.field("session_id").is_some(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self {
            Self::Sentence(sentence) => sentence.clone(),
            Self::Fields(fields) => {
                let fields =
                    fields.iter().map(|field| format!("{}: {}", field.place.join("."), field.message));
                fields.collect::<Vec<_>>().join("; ")
            }
            Self::Bare => String::new(),
        };
        if reason.is_empty() { f.write_str("no reason given") } else { f.write_str(&redact(&reason, [])) }
    }
}

impl Field {
    fn read(field: Kept, clean: Clean<'_>) -> Self {
        let mut members = if let Kept::Object(members) = field { members } else { BTreeMap::new() };
        let place = if let Some(Kept::List(place)) = members.remove("loc") { place } else { Vec::new() };
        let place = place.into_iter().filter_map(|part| match part {
            Kept::Text(name) => Some(clean(&name, None)),
            Kept::Number(index) => Some(index.to_string()),
            _ => None,
        });
        let message = match members.remove("msg") {
            Some(Kept::Text(message)) => clean(&message, None),
            _ => "no reason given".to_owned(),
        };
        Self { place: place.collect(), message }
    }
}

fn says(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// What a send came to.
pub(crate) fn submission(order: &Order, seen: Seen<ExecutionResponse>, clean: Clean<'_>) -> Submission {
    match seen {
        Seen::Success(reply, _) => match report(order, reply, clean) {
            Ok(report) => Submission::Accepted(report),
            Err(error) => Submission::Unknown(retry(error)),
        },
        Seen::Answer(head, problem) => match (head.status, problem) {
            // Turned away at the door, whoever keeps it.
            (401 | 403 | 429, problem) => Submission::NotSent(setback(&head, problem.as_ref())),
            // These speak of the connection's timing, not of the payment.
            (408 | 425, problem) => Submission::Unknown(setback(&head, problem.as_ref())),
            (409, Some(_)) => Submission::Known,
            (400..=499, Some(problem)) if problem.knows_the_key() => Submission::Known,
            (400..=499, Some(problem)) => {
                let about = if problem.names_the_session() { Refused::Session } else { Refused::Payment };
                Submission::Refused(about, refusal(&head, &problem))
            }
            (_, problem) => Submission::Unknown(setback(&head, problem.as_ref())),
        },
        Seen::Unreadable(head, why) => Submission::Unknown(retry(unreadable(&head, why))),
        Seen::Broken(error) => Submission::Unknown(retry(error)),
        Seen::NotSent(setback) => Submission::NotSent(setback),
    }
}

/// What a look-up came to. Only the provider's own 404 says that it does not know the key; a proxy's page does not.
pub(crate) fn look_up(order: &Order, seen: Seen<ExecutionResponse>, clean: Clean<'_>) -> LookUp {
    match seen {
        Seen::Answer(head, Some(Problem::Sentence(_) | Problem::Fields(_))) if head.status == 404 => {
            LookUp::NotFound(head.at)
        }
        seen => match seen.answered() {
            Ok((reply, _)) => match report(order, reply, clean) {
                Ok(report) => LookUp::Found(report),
                Err(error) => LookUp::Setback(retry(error)),
            },
            Err(setback) => LookUp::Setback(setback),
        },
    }
}

/// What a call on the way to a session came to: its reply, or what its failure means for the preparation.
pub(crate) fn step<T>(seen: Seen<T>) -> Result<(T, Option<Timestamp>), Preparation> {
    match seen {
        Seen::Answer(head, Some(problem)) if is_refusal(head.status) => {
            Err(match problem.field("expires_at") {
                // The expiry is ours to choose and was off by our clock; this very reply has told us the right time.
                Some(_) => Preparation::Setback(setback(&head, Some(&problem))),
                None => Preparation::Refused(refusal(&head, &problem)),
            })
        }
        seen => seen.answered().map_err(Preparation::Setback),
    }
}

/// What the opening of a session came to; `ready` makes the body and the expiry from the reply.
pub(crate) fn preparation<T>(
    seen: Seen<T>,
    ready: impl FnOnce(T) -> Result<(String, Timestamp), Error>,
) -> Preparation {
    match step(seen) {
        Ok((session, provider_at)) => match ready(session) {
            Ok((body, expires_at)) => Preparation::Ready(Prepared { body, expires_at, provider_at }),
            Err(error) => Preparation::Setback(retry(error)),
        },
        Err(preparation) => preparation,
    }
}

fn is_refusal(status: u16) -> bool {
    (400..=499).contains(&status) && !matches!(status, 401 | 403 | 408 | 425 | 429)
}

/// What the provider reports of a payment.
fn report(order: &Order, reply: ExecutionResponse, clean: Clean<'_>) -> Result<Report, Error> {
    let movement = Movement::of(&order.operation)?;
    status::is_about(&reply, movement, order.reference_id)?;
    let words = |text: &Option<String>| text.as_deref().map(|text| clean(text, reply.client_secret.as_ref()));
    match status::ExecutionStatus::from(reply.status.clone()) {
        status::ExecutionStatus::Completed => {
            let [payer_amount, payee_amount] = status::amounts(&reply)?;
            let provider_transaction_id = words(&reply.provider_transaction_id);
            let reference_id = order.reference_id;
            Ok(Report::Completed(Receipt {
                reference_id,
                payer_amount,
                payee_amount,
                provider_transaction_id,
            }))
        }
        status::ExecutionStatus::Failed => {
            let said = [words(&reply.gateway_message), words(&reply.wallet_message)];
            let said: Vec<_> = said.into_iter().flatten().filter(|words| !words.is_empty()).collect();
            let reason = if said.is_empty() { "no reason given".to_owned() } else { said.join("; ") };
            Ok(Report::Failed(Failure { reason, recorded: true }))
        }
        _ => Ok(Report::Pending { action: status::action(&reply) }),
    }
}

fn refusal(head: &Head, problem: &Problem) -> Refusal {
    Refusal { reason: problem.to_string(), provider_at: head.at }
}
