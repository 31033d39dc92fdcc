//! Repository tasks, run as `cargo xtask <command>`.
//!
//! Every command works offline on the stable toolchain, so that a laptop and the build machine do the same thing.
//! One module per command; this file only chooses between them.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task talks to the person at the terminal")]

mod bench;
mod ci;
mod dist;
mod generate;
mod prove;
mod test;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
Usage: cargo xtask <command>

Commands:
  generate [--check]   Regenerate the raw clients from their published specs; --check only compares
  test [ARGS...]       Run every test of the workspace; ARGS go to `cargo test`
  bench [NAMES...]     Run the benchmarks `client`, `journal`, `postgres`, `fleet`, `batch` and `sandbox`, or those named;
                       --rounds N for other medians, --payments N for a larger database of the sandbox, --ended N for one of
                       fleets, --driven N for more payments of their workers
  prove [ARGS...]      Attack the promise and write a report: --quick (minutes) or --release (hours), --suite NAME,
                       --seed N; --list names the suites
  dist                 Build what is released of the command, with shell completions and man pages, in target/dist
  ci [--skip-tests]    Run everything a change must pass, stopping at the first failure
";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[][..]),
    };
    let outcome = match (command, rest) {
        ("generate", []) => generate::run(generate::Mode::Write).map(|()| ExitCode::SUCCESS),
        ("generate", [flag]) if flag == "--check" => {
            generate::run(generate::Mode::Check).map(|()| ExitCode::SUCCESS)
        }
        ("test", rest) => test::run(rest),
        ("bench", rest) => bench::run(rest),
        ("prove", rest) => prove::run(rest),
        ("dist", []) => dist::run(),
        ("ci", []) => ci::run(ci::Tests::Run),
        ("ci", [flag]) if flag == "--skip-tests" => ci::run(ci::Tests::Skip),
        ("help" | "-h" | "--help", []) => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// The root of the repository, which every path in these tasks is relative to.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the xtask package lies one level below the root of the repository")
        .to_path_buf()
}

/// The cargo that runs this task, at the root of the repository.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Where cargo builds, which is also the place for what a clean checkout must not contain.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}
