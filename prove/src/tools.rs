//! Tools that are not part of the toolchain: installed below the target directory, at the versions stated by whoever
//! needs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::Context;

use crate::suite::{Run, Stop};

/// The root of the repository.
pub(crate) fn root() -> Result<&'static Path, Stop> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the package lies below the root")?;
    Ok(root)
}

/// Where cargo builds.
pub(crate) fn target(run: &Run) -> Result<PathBuf, Stop> {
    let target =
        run.payonce.parent().and_then(Path::parent).context("the command lies in a profile's directory")?;
    Ok(target.to_owned())
}

/// A cargo that finds the installed subcommand.
pub(crate) fn cargo_with(run: &Run, package: &str, version: &str) -> Result<Command, Stop> {
    let tools = target(run)?.join("tools");
    let mark = tools.join(format!("{package}-{version}"));
    if !mark.exists() {
        println!("installing {package} {version} into {}", tools.display());
        let mut install = Command::new(cargo());
        install.args(["install", "--locked", "--quiet", package, "--version", version, "--root"]).arg(&tools);
        let installed = install.status().context("cannot start cargo")?;
        if !installed.success() {
            return Err(Stop::NotRun(format!("{package} {version} cannot be installed")));
        }
        fs::write(&mark, "").context("marking a tool as installed")?;
    }
    let others = env::var_os("PATH").unwrap_or_default();
    let paths = [tools.join("bin")].into_iter().chain(env::split_paths(&others));
    let paths =
        env::join_paths(paths).context("the path of the tools has a character that no path may have")?;
    let mut command = Command::new(cargo());
    command.current_dir(root()?).env("PATH", paths);
    Ok(command)
}

fn cargo() -> std::ffi::OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
