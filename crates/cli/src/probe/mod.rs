//! What `payonce probe` asks a provider, and what its answers mean. Pure: nothing here sends anything.
//!
//! What must stay true: "holds" is said only when the provider's own words rule a second movement of money out, and
//! what could be either is left open.

mod notes;

use payonce::Effect;
use payonce::rail::{LookUp, Report, Setback, Submission, Then};
use serde::{Deserialize, Serialize};

pub(crate) use notes::{Notes, OpenSession, Told};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// The very same request again: paid once?
    Repeat,
    /// The same key under a second session: paid once?
    Key,
    /// The same session under a second key: paid once?
    Session,
    /// A session that has expired: refused?
    Expiry,
    /// What was paid, and a key that was never used: does a status read tell the truth?
    Status,
}

impl Question {
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Repeat => "the same request is carried out once",
            Self::Key => "one key is carried out once",
            Self::Session => "one session is carried out once",
            Self::Expiry => "an expired session is refused",
            Self::Status => "a status read tells the truth",
        }
    }
}

/// How the assumption fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Holds,
    /// It can be asked later.
    Later,
    /// What was seen could mean either.
    Unclear,
    Broken,
}

/// The answer, and what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict(pub(crate) Answer, pub(crate) String);

fn broken(seen: impl Into<String>) -> Verdict {
    Verdict(Answer::Broken, seen.into())
}

fn unclear(setback: &Setback) -> Verdict {
    Verdict(Answer::Unclear, format!("no answer to go by: {}", setback.error))
}

/// What came of a payment that had been made being sent again, where `before` was known of it. Where the reply to a
/// repeat does not tell how the payment stands, only the look-up counts.
pub(crate) fn repeated(before: &Report, sent: &Submission, after: &LookUp, reply_tells: bool) -> Verdict {
    let said = match sent {
        Submission::Accepted(report) if reply_tells => {
            if let Some(verdict) = another(before, report) {
                return verdict;
            }
            "the reply is of the same payment".to_owned()
        }
        Submission::Accepted(_) => "the reply tells no payment from another".to_owned(),
        Submission::Known => "the provider said that it has the key".to_owned(),
        Submission::Refused(_, refusal) => format!("the provider said no: {}", refusal.reason),
        Submission::NotSent(setback) | Submission::Unknown(setback) => return unclear(setback),
    };
    match after {
        LookUp::Found(report) => another(before, report)
            .unwrap_or_else(|| Verdict(Answer::Holds, format!("{said}, and there is one payment"))),
        LookUp::NotFound(_) => broken(format!("{said}, but it does not know the key of what it has paid")),
        LookUp::Setback(setback)
            if setback.then == Then::Stop && setback.error.effect() == Effect::Unknown =>
        {
            broken(setback.error.to_string())
        }
        LookUp::Setback(setback) => unclear(setback),
    }
}

/// Whether what is reported is another payment than the one before, or may be.
fn another(before: &Report, report: &Report) -> Option<Verdict> {
    match (before, report) {
        (Report::Completed(before), Report::Completed(report)) => {
            match (&before.provider_transaction_id, &report.provider_transaction_id) {
                (Some(one), Some(other)) if one != other => {
                    Some(broken(format!("it was paid as {one}, and again as {other}")))
                }
                (Some(_), Some(_)) => None,
                _ => Some(Verdict(
                    Answer::Unclear,
                    "the provider gave no transaction id to tell two by".to_owned(),
                )),
            }
        }
        (Report::Completed(_), _) => {
            Some(broken("it was paid, and what is reported is under way or failed: another payment"))
        }
        _ => None,
    }
}

/// What came of sending what must never be carried out.
pub(crate) fn never(sent: &Submission, after: &LookUp) -> Verdict {
    match (sent, after) {
        (_, LookUp::Found(_)) | (Submission::Accepted(_), _) => broken("the provider carried it out"),
        (Submission::Refused(_, refusal), LookUp::NotFound(_)) => {
            Verdict(Answer::Holds, format!("the provider said no ({}) and knows no such key", refusal.reason))
        }
        (Submission::NotSent(setback) | Submission::Unknown(setback), _) => unclear(setback),
        (_, LookUp::Setback(setback)) => unclear(setback),
        (Submission::Known, LookUp::NotFound(_)) => {
            Verdict(Answer::Unclear, "the provider says that it has the key, and that it has not".to_owned())
        }
    }
}

/// What a status read says of what was paid, and of a key that was never used.
pub(crate) fn told(before: &Report, paid: &LookUp, unused: &LookUp) -> Verdict {
    match (paid, unused) {
        (LookUp::Setback(setback), _) | (_, LookUp::Setback(setback)) => unclear(setback),
        (LookUp::NotFound(_), _) => broken("it does not know what it has paid"),
        (_, LookUp::Found(_)) => broken("it knows a key that was never used"),
        (LookUp::Found(report), LookUp::NotFound(_)) => another(before, report).unwrap_or_else(|| {
            Verdict(Answer::Holds, "what was paid is known, and what was not is unknown".to_owned())
        }),
    }
}

#[cfg(test)]
mod tests {
    use payonce::rail::Refusal;
    use payonce::step::Refused;
    use payonce::{Error, ErrorKind, Receipt};

    use super::*;

    fn paid(transaction: Option<&str>) -> Report {
        let money = dollr::usd("0.01").unwrap();
        Report::Completed(Receipt {
            reference_id: uuid::Uuid::nil().into(),
            payer_amount: money,
            payee_amount: money,
            provider_transaction_id: transaction.map(str::to_owned),
        })
    }

    fn no() -> Submission {
        Submission::Refused(Refused::Session, Refusal { reason: "no".to_owned(), provider_at: None })
    }

    fn silence() -> Setback {
        Setback { error: Error::new(ErrorKind::Interrupted, "silence"), then: Then::Retry }
    }

    #[test]
    fn a_repeat_holds_only_where_a_second_payment_is_ruled_out() {
        let (before, same) = (paid(Some("t1")), LookUp::Found(paid(Some("t1"))));
        let answer = |sent: Submission, after: &LookUp, tells| repeated(&before, &sent, after, tells).0;
        assert_eq!(answer(no(), &same, true), Answer::Holds);
        assert_eq!(answer(Submission::Known, &same, true), Answer::Holds);
        assert_eq!(answer(Submission::Accepted(paid(Some("t1"))), &same, true), Answer::Holds);
        assert_eq!(answer(Submission::Accepted(paid(Some("t2"))), &same, true), Answer::Broken);
        assert_eq!(
            answer(Submission::Accepted(Report::Pending { action: None }), &same, true),
            Answer::Broken
        );
        assert_eq!(
            answer(Submission::Accepted(Report::Pending { action: None }), &same, false),
            Answer::Holds
        );
        assert_eq!(answer(Submission::Accepted(paid(None)), &same, true), Answer::Unclear);
        assert_eq!(answer(no(), &LookUp::NotFound(None), true), Answer::Broken);
        assert_eq!(answer(Submission::Unknown(silence()), &same, true), Answer::Unclear);
        let error = Error::new(ErrorKind::Unreadable, "two").with_effect(Effect::Unknown);
        assert_eq!(answer(no(), &LookUp::Setback(Setback { error, then: Then::Stop }), true), Answer::Broken);
        assert_eq!(answer(no(), &LookUp::Setback(silence()), true), Answer::Unclear);
    }

    #[test]
    fn what_must_never_be_carried_out_holds_only_where_it_was_refused_and_is_unknown() {
        let found = LookUp::Found(paid(None));
        assert_eq!(never(&no(), &LookUp::NotFound(None)).0, Answer::Holds);
        assert_eq!(never(&no(), &found).0, Answer::Broken);
        assert_eq!(never(&Submission::Accepted(paid(None)), &LookUp::NotFound(None)).0, Answer::Broken);
        assert_eq!(never(&Submission::Unknown(silence()), &found).0, Answer::Broken);
        assert_eq!(never(&Submission::Unknown(silence()), &LookUp::NotFound(None)).0, Answer::Unclear);
        assert_eq!(never(&Submission::Known, &LookUp::NotFound(None)).0, Answer::Unclear);
    }
}
