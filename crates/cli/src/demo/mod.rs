//! The demonstration: payments through a storm of faults, from a process that is killed again and again, and the
//! proof from the provider's own books that each was paid once.
//!
//! The parent plays the provider and the executioner, a [`child`] process pays. What must stay true: the verdict
//! comes from the sandbox's ledger and the journal file, never from what the child says of itself.

pub(crate) mod child;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod proof;
pub(crate) mod provider;
pub(crate) mod run;

use std::process::ExitStatus;
use std::time::Duration;

use payonce_sandbox::StartError;

use crate::cmd_sandbox::because;

/// Why a demonstration proved nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}")]
    Impossible(&'static str),
    #[error("the sandbox did not start: {0}{because}", because = because(.0))]
    Sandbox(#[source] StartError),
    #[error("the paying process could not be started or watched: {0}")]
    Process(#[source] std::io::Error),
    #[error("the paying process ended by itself {0} times, the last time with {1}")]
    Child(usize, ExitStatus),
    #[error("the journal's directory could not be used: {0}")]
    Directory(#[source] std::io::Error),
    #[error(
        "not every payment had ended after {limit:?}: {movements} movements of {payments} payments were made"
    )]
    TimedOut { limit: Duration, movements: usize, payments: usize },
}
