//! What several suites stand on: a provider, clients of it, and time that nobody has to wait for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::TimeDelta;
use dollr::{Builder, Clock, Dollr, Passcode, Secret, Timestamp};
use dwolla::Dwolla;
use payonce::BoxFuture;
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, DwollaSandbox, PASSCODE, PASSCODE_PHONE, Sandbox};

use crate::suite::Run;

/// How long a sender waits for a first answer: longer than any payment of a suite takes.
pub(crate) const FIRST_ANSWER: Duration = Duration::from_secs(3650 * 24 * 3600);

/// The provider's clock, which stands still until a client waits: then it is moved on by as much at once. A client of
/// another host has a clock that is off by `skew`.
#[derive(Clone, Debug)]
pub(crate) struct Stepping {
    clock: payonce_sandbox::Clock,
    skew: TimeDelta,
}

impl Stepping {
    /// Stops the provider's clock.
    pub(crate) fn of(clock: payonce_sandbox::Clock) -> Self {
        clock.freeze();
        Self { clock, skew: TimeDelta::zero() }
    }

    /// The clock of a host that is off by so much.
    pub(crate) fn off_by(&self, skew: TimeDelta) -> Self {
        Self { skew, ..self.clone() }
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

impl Clock for Stepping {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.skew
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // Whoever waits as long as this does not mean to be woken.
            if duration >= FIRST_ANSWER {
                std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
            self.clock.advance(duration);
        })
    }
}

/// The settings of a client of the sandbox, but for its journal and clock.
pub(crate) fn client(sandbox: &Sandbox) -> Builder {
    Dollr::builder()
        .client_id(CLIENT_ID)
        .client_secret(Secret::new(CLIENT_SECRET))
        .base_url(sandbox.url())
        .passcode(Passcode::of_phone(Secret::new(PASSCODE), PASSCODE_PHONE))
        .first_answer(FIRST_ANSWER)
}

/// The same of Dwolla's.
pub(crate) fn dwolla_client(sandbox: &DwollaSandbox) -> dwolla::Builder {
    Dwolla::builder()
        .key(payonce_sandbox::dwolla::KEY)
        .secret(Secret::new(payonce_sandbox::dwolla::SECRET))
        .base_url(sandbox.url())
        .first_answer(FIRST_ANSWER)
}

/// Starts a sandbox whose clock stands still.
pub(crate) fn sandbox() -> Result<(Sandbox, Arc<Stepping>)> {
    let sandbox = runtime()?.block_on(Sandbox::start()).context("starting a sandbox")?;
    let clock = Arc::new(Stepping::of(sandbox.clock()));
    Ok((sandbox, clock))
}

/// A runtime on the caller's own thread. To drop it is to crash everything that runs on it.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")
}

/// A directory in memory, for suites that open many files and do not ask whether the disk has them; where there is
/// none, the run's own.
pub(crate) fn in_memory(run: &Run) -> Result<PathBuf> {
    let memory = PathBuf::from("/dev/shm");
    let directory = if memory.is_dir() {
        memory.join(format!("prove-{}-{}", run.suite, std::process::id()))
    } else {
        run.scratch.join("memory")
    };
    std::fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    Ok(directory)
}
