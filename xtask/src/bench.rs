//! `cargo xtask bench [NAMES...] [--rounds N]`: the benchmarks, built as a user would build the crates, run here.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::{cargo, target};

/// What may be named; without any, all are run.
const NAMES: [&str; 6] = ["client", "journal", "postgres", "fleet", "batch", "sandbox"];

/// Runs the named benchmarks, or all of them; `arguments` go to the benchmark program, which knows the names.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    // The benchmark of the command runs it, as it is released.
    let built =
        cargo().args(["build", "--quiet", "--release", "--locked", "--package", "payonce-cli"]).status();
    if !built.context("cannot start cargo")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let fleet = !arguments.iter().any(|argument| NAMES.contains(&argument.as_str()))
        || arguments.iter().any(|argument| argument == "fleet");
    if fleet && !jobs()? {
        println!("The payments of DBOS could not be built, so they are not measured.");
    }
    let status = cargo()
        .args(["run", "--quiet", "--release", "--locked", "--package", "payonce-benches", "--", "run"])
        .args(arguments)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds what the fleet is compared with. It has a workspace of its own, so nothing else builds it: a hundred crates from the
/// registry, and a newer compiler than is needed otherwise.
fn jobs() -> Result<bool> {
    let mut build = cargo();
    build.args(["build", "--quiet", "--release", "--locked", "--manifest-path", "benches/jobs/Cargo.toml"]);
    build.arg("--target-dir").arg(target().join("jobs"));
    Ok(build.status().context("cannot start cargo")?.success())
}
