//! `cargo xtask bench [NAMES...] [--rounds N]`: the benchmarks, built as a user would build the crates, run here.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::cargo;

/// Runs the named benchmarks, or all of them; `arguments` go to the benchmark program, which knows the names.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    // The benchmark of the command runs it, as it is released.
    let built =
        cargo().args(["build", "--quiet", "--release", "--locked", "--package", "payonce-cli"]).status();
    if !built.context("cannot start cargo")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let status = cargo()
        .args(["run", "--quiet", "--release", "--locked", "--package", "payonce-benches", "--", "run"])
        .args(arguments)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
