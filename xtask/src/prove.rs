//! `cargo xtask prove [ARGS...]`: builds the proof and the command it attacks, and runs it.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cargo;

/// Runs the suites; `arguments` go to the program, which knows them.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let build = ["build", "--quiet", "--locked", "--profile", "prove"];
    // In one go, so that both are made of the same crates.
    let packages = ["--package", "prove", "--package", "payonce-cli"];
    let built = cargo().args(build).args(packages).status().context("cannot start cargo")?;
    if !built.success() {
        bail!("the proof could not be built");
    }
    let run = ["run", "--quiet", "--locked", "--profile", "prove", "--package", "prove", "--"];
    let status = cargo().args(run).args(arguments).status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
