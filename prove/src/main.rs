//! The proof: suites that attack the promise, and a report of what they found. Run by `cargo xtask prove`.
//!
//! What must stay true: each suite can fail, and shows it by failing where the promise is broken on purpose; what it
//! found is written down before the next suite begins; and a violation comes with the one command that repeats it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a proof talks to the person at the terminal")]
#![allow(clippy::float_arithmetic, reason = "rates and durations are no money")]

mod bed;
mod command;
mod disk;
mod report;
mod suite;
mod suites;
mod tools;
mod virtual_time;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Instant, SystemTime};
use std::{env, fs};

use anyhow::{Context, Result};
use clap::Parser;
use peak_alloc::PeakAlloc;

use crate::report::{Finding, Report};
use crate::suite::{Run, Scale, Suite};
use crate::suites::SUITES;

/// Counts what the suites allocate, so that what a reply costs can be told to the byte.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Attacks the promise: no payment is made twice, none is lost, none hangs.
#[derive(Parser)]
#[command(name = "cargo xtask prove")]
struct Arguments {
    /// All suites together within minutes.
    #[arg(long, conflicts_with = "release")]
    quick: bool,
    /// The largest figures, however long they take.
    #[arg(long)]
    release: bool,
    /// Only this suite; may be given more than once.
    #[arg(long = "suite", value_name = "NAME")]
    suites: Vec<String>,
    /// What every random choice is drawn from; 1 for --quick and drawn anew otherwise.
    #[arg(long)]
    seed: Option<u64>,
    /// Name the suites and what each claims, and run none.
    #[arg(long)]
    list: bool,
    /// Be the process that the suite `canaries` listens to.
    #[arg(long, hide = true)]
    inside: bool,
}

impl Arguments {
    fn scale(&self) -> Scale {
        match (self.quick, self.release) {
            (true, _) => Scale::Quick,
            (_, true) => Scale::Release,
            _ => Scale::Full,
        }
    }

    /// A run that decides over a change must not fail by the luck of the draw; any other looks somewhere new.
    fn seed(&self) -> u64 {
        let now =
            || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_micros());
        self.seed.unwrap_or_else(|| if self.quick { 1 } else { now() as u64 & 0xFFFF_FFFF })
    }
}

fn main() -> ExitCode {
    // A suite that measures a process starts this program once more.
    if env::args().nth(1).as_deref() == Some(suites::SOAK_CHILD) {
        return suites::soak_child(env::args().skip(2));
    }
    match prove(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the suites. Returns whether all of them may pass.
fn prove(arguments: &Arguments) -> Result<bool> {
    if arguments.list {
        for suite in SUITES {
            println!("{:<12} {}", suite.name, suite.claim);
        }
        return Ok(true);
    }
    if arguments.inside {
        return suites::canaries::inside(arguments.seed()).map(|()| true);
    }
    let directory = directory()?;
    let report = Report::new(directory.clone())?;
    let (scale, seed) = (arguments.scale(), arguments.seed());
    let begin = Instant::now();
    let mut passed = true;
    for suite in chosen(&arguments.suites)? {
        let scratch = directory.join("scratch").join(suite.name);
        fresh(&scratch)?;
        let run = Run { suite: suite.name, scale, seed, scratch, payonce: directory.join(payonce()) };
        println!("== {} (seed {seed})", suite.name);
        let began = Instant::now();
        let outcome = (suite.run)(&run);
        let finding = Finding::new(suite, &run, outcome, began.elapsed(), report.origin());
        println!("{}", finding.text());
        report.save(&finding)?;
        passed &= finding.may_pass(env::var_os("CI").is_some_and(|value| value == "true"));
    }
    report.write()?;
    println!("The report is {}; all of it took {:.0?}.", report.path().display(), begin.elapsed());
    Ok(passed)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Suite>> {
    if names.is_empty() {
        return Ok(SUITES.iter().collect());
    }
    let find = |name: &String| {
        SUITES.iter().find(|suite| suite.name == name).with_context(|| {
            let names: Vec<_> = SUITES.iter().map(|suite| suite.name).collect();
            format!("no suite is called {name:?}; there are {}", names.join(", "))
        })
    };
    names.iter().map(find).collect()
}

/// Where this program lies, and beside it the command that it attacks and what it writes.
fn directory() -> Result<PathBuf> {
    let program = env::current_exe()?;
    let directory = program.parent().context("the program lies in no directory")?;
    Ok(directory.to_owned())
}

fn payonce() -> String {
    format!("payonce{}", env::consts::EXE_SUFFIX)
}

fn fresh(directory: &Path) -> Result<()> {
    if directory.exists() {
        fs::remove_dir_all(directory).with_context(|| format!("clearing {}", directory.display()))?;
    }
    fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))
}
