//! `cargo xtask test [ARGS...]`: every test of the workspace, as one command.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cargo;

/// Runs the tests with `arguments` handed on to `cargo test`, whose output and exit status pass through unchanged.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let status = cargo()
        .args(["test", "--workspace", "--locked"])
        .args(arguments)
        .status()
        .context("cannot start cargo")?;
    // A runner that was stopped by a signal has no code; that is no success either.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}
