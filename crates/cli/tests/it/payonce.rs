//! The binary, in a directory and an environment of its own.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use payonce_sandbox::{DwollaSandbox, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

/// A sandbox that settles after so long, and a directory with the journal of the command that pays out of it.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    pub(crate) directory: TempDir,
}

impl Shop {
    pub(crate) async fn settling_after(settles_after: Duration) -> Self {
        let sandbox = Sandbox::builder().settle_after(settles_after).start().await.unwrap();
        Self { sandbox, directory: tempfile::tempdir().unwrap() }
    }

    /// A sandbox in which everything has settled when it is answered.
    pub(crate) async fn open() -> Self {
        Self::settling_after(Duration::ZERO).await
    }

    /// The command, with the sandbox's credentials in its environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = payonce(self.directory.path(), arguments);
        command.envs(self.sandbox.env());
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Changes the journal behind its back, as a failing disk does.
    pub(crate) fn damage(&self, sql: &str) {
        let journal = rusqlite::Connection::open(self.directory.path().join("payonce.db")).unwrap();
        assert_eq!(journal.execute(sql, []).unwrap(), 1, "{sql}");
    }

    /// How many movements of money the ledger has.
    pub(crate) fn movements(&self) -> usize {
        assert!(self.sandbox.ledger().is_balanced());
        self.sandbox.ledger().movements().len()
    }
}

/// The same on the other rail: a sandbox of banks, and a directory with the journal of the command that pays out of it.
pub(crate) struct Banks {
    pub(crate) sandbox: DwollaSandbox,
    pub(crate) directory: TempDir,
}

impl Banks {
    pub(crate) async fn open() -> Self {
        Self { sandbox: DwollaSandbox::start().await.unwrap(), directory: tempfile::tempdir().unwrap() }
    }

    /// The command, with the sandbox's credentials in its environment, on this rail unless it is told otherwise.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = payonce(self.directory.path(), arguments);
        command.envs(self.sandbox.env()).env("PAYONCE_RAIL", "dwolla");
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The banks at both ends of every transfer deal with it.
    pub(crate) fn settle(&self) {
        assert!(self.sandbox.simulate() > 0, "there was something to settle");
        self.sandbox.simulate();
    }

    /// How many transfers the ledger has whose money moved and was not brought back.
    pub(crate) fn movements(&self) -> usize {
        let ledger = self.sandbox.ledger();
        assert!(ledger.is_balanced());
        assert!(ledger.paid_twice().is_empty(), "{:?}", ledger.paid_twice());
        ledger.movements().len()
    }
}

/// The command in that directory, with nothing in its environment.
pub(crate) fn payonce(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_payonce"));
    command.args(arguments).current_dir(directory).env_clear().stdin(Stdio::null());
    command
}

/// What the command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The exit code, with everything that was said if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// The only thing on standard output, a JSON object on one line.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}
