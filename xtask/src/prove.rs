//! `cargo xtask prove [ARGS...]`: builds the proof and the command it attacks, and runs it.

use std::env;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{cargo, root, target};

/// Runs the suites; `arguments` go to the program, which knows them.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let build = ["build", "--quiet", "--locked", "--profile", "prove"];
    // In one go, so that both are made of the same crates.
    let packages = ["--package", "prove", "--package", "payonce-cli"];
    let built = cargo().args(build).args(packages).status().context("cannot start cargo")?;
    if !built.success() {
        bail!("the proof could not be built");
    }
    // Not by `cargo run`, which knows of one package only, and would build what both share once more, with fewer features.
    let program = target().join("prove").join(format!("prove{}", env::consts::EXE_SUFFIX));
    let mut prove = Command::new(&program);
    let status = prove.args(arguments).current_dir(root()).status();
    let status = status.with_context(|| format!("cannot start {}", program.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
