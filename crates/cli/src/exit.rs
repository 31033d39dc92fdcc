//! How the command ends: the exit codes, and errors in the form in which a person or a script reads them.

use std::process::ExitCode;

use payonce::journal::Standing;
use payonce::{Effect, ErrorKind};
use serde::Serialize;

use crate::{batch, cmd_sandbox, config, demo, print};

/// The exit codes, as `--help` shows them.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done; of a payment: completed
  1  an error, and nothing was sent
  2  the command line or the order is wrong in itself
  3  the payment failed: no money moved
  4  the outcome is unknown, or the payment is still under way: give the same name again, or resume
  5  the payment is parked: a person must decide
  6  something was found: reconcile found differences, journal check something wrong, or journal archive something damaged
For payout, transfer, refund, collection, again and resolve, the code says how the payment stands when the command ends;
without --wait that is usually 4. For resume it says how the payments it took up stand, the worst of 5, 4, 3 and 0; what it had to leave alone is 4.
For cancel, 0 says that it is cancelled, 1 that it cannot be, and 4 that nobody knows: ask again. For returned, 0 says that
no bank sent it back so far, and 3 that one did.";

/// The exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Done = 0,
    Error = 1,
    Usage = 2,
    Failed = 3,
    UnderWay = 4,
    Parked = 5,
    Found = 6,
}

impl Exit {
    /// What a payment's standing says.
    pub(crate) fn of(standing: Standing) -> Self {
        match standing {
            Standing::Completed => Self::Done,
            Standing::Failed => Self::Failed,
            Standing::Parked => Self::Parked,
            _ => Self::UnderWay,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// From the engine or the facade, with what is known of the money.
    #[error(transparent)]
    Payment(#[from] payonce::Error),
    #[error(transparent)]
    Configuration(#[from] config::Problem),
    #[error(transparent)]
    Sandbox(#[from] cmd_sandbox::Problem),
    #[error(transparent)]
    Demo(#[from] demo::Problem),
    #[error(transparent)]
    Batch(#[from] batch::Problem),
    #[error("the signals that would stop it cannot be listened for: {0}")]
    Signals(std::io::Error),
    #[error("the runtime could not be started: {0}")]
    Runtime(std::io::Error),
}

/// An error as `--json` shows it.
#[derive(Serialize)]
struct Told {
    error: Cause,
}

#[derive(Serialize)]
struct Cause {
    kind: &'static str,
    /// `none`: the provider did not act. `unknown`: money may have moved.
    effect: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl Error {
    /// Tells what happened, whether money may have moved and what to do next, and returns the exit code.
    pub(crate) fn tell(&self, json: bool) -> Exit {
        print::error(format!("payonce: {self}"));
        if json {
            print::json(&Told { error: self.cause() });
        }
        self.exit()
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Payment(error) => match (error.kind(), error.effect()) {
                (ErrorKind::Parked, _) => Exit::Parked,
                (_, Effect::Unknown) => Exit::UnderWay,
                (ErrorKind::Invalid, Effect::None) => Exit::Usage,
                (_, Effect::None) => Exit::Error,
            },
            Self::Sandbox(cmd_sandbox::Problem::NoPort | cmd_sandbox::Problem::Usage(_))
            | Self::Demo(demo::Problem::Impossible(_)) => Exit::Usage,
            Self::Batch(problem) => problem.exit(),
            _ => Exit::Error,
        }
    }

    fn cause(&self) -> Cause {
        let payment = match self {
            Self::Payment(error) => Some(error),
            _ => None,
        };
        let kind = match self {
            Self::Payment(error) => error.kind().as_str(),
            Self::Configuration(_) => "configuration",
            Self::Sandbox(_) => "sandbox",
            Self::Demo(_) => "demo",
            Self::Batch(_) => "batch",
            Self::Runtime(_) | Self::Signals(_) => "runtime",
        };
        let effect = match payment.map(payonce::Error::effect) {
            Some(Effect::Unknown) => "unknown",
            Some(Effect::None) | None => "none",
        };
        Cause {
            kind,
            effect,
            message: self.to_string(),
            operation: payment.and_then(payonce::Error::operation).map(ToString::to_string),
            reference_id: payment.and_then(payonce::Error::reference_id).map(|id| id.to_string()),
            request_id: payment.and_then(payonce::Error::request_id).map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_effect_is_never_an_error_that_sent_nothing() {
        let error = |kind, effect| Error::from(payonce::Error::new(kind, "it broke").with_effect(effect));
        assert_eq!(error(ErrorKind::Journal, Effect::Unknown).exit(), Exit::UnderWay);
        assert_eq!(error(ErrorKind::Invalid, Effect::Unknown).exit(), Exit::UnderWay);
        assert_eq!(error(ErrorKind::Parked, Effect::None).exit(), Exit::Parked);
        assert_eq!(error(ErrorKind::Journal, Effect::None).exit(), Exit::Error);
        assert_eq!(error(ErrorKind::Invalid, Effect::None).exit(), Exit::Usage);
    }
}
