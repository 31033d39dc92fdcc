//! `cargo xtask dist`: what is released of the command, in `target/dist`: the binary, shell completions and man pages.

use std::fs;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{cargo, target};

/// The largest that the binary may be, in bytes.
const LARGEST: u64 = 12 * 1024 * 1024;

/// Makes them anew. What was there before is removed.
pub(crate) fn run() -> Result<ExitCode> {
    let built =
        cargo().args(["build", "--profile", "shipped", "--locked", "--package", "payonce-cli"]).status();
    if !built.context("cannot start cargo")?.success() {
        return Ok(ExitCode::FAILURE);
    }
    let name = format!("payonce{}", std::env::consts::EXE_SUFFIX);
    let (binary, dist) = (target().join("shipped").join(&name), target().join("dist"));
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("cannot empty {}", dist.display()))?;
    }
    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    let bytes = fs::copy(&binary, dist.join(&name)).context("cannot copy the binary")?;
    if !Command::new(&binary).arg("dist").arg(&dist).status().context("cannot start the binary")?.success() {
        bail!("completions and man pages could not be made; to see why: {} dist DIRECTORY", binary.display());
    }
    println!("{}: {name} of {} KiB, completions and man pages", dist.display(), bytes >> 10);
    if bytes > LARGEST {
        bail!("the binary is larger than {} MiB", LARGEST >> 20);
    }
    Ok(ExitCode::SUCCESS)
}
