//! What one status call costs the process that makes it: instructions, and processor time with one call and with
//! many in flight.
//!
//! The provider is played by a process of its own, and each measurement is a process of its own, so that what is
//! counted is the client's work alone.

mod callgrind;
pub(crate) mod calls;
mod handwritten;
pub(crate) mod server;

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

pub(crate) use calls::Load;

use crate::report::{self, Machine, Table, median};

/// How many calls are in flight, and how many are measured.
const LOADS: [(u32, u32); 2] = [(1, 5_000), (64, 40_000)];

/// The ways to make the call. The first is what the others are compared with.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    /// `reqwest` with its own settings, and typed replies.
    Reqwest,
    /// The same with the facade's time limits, without redirects.
    ReqwestLimited,
    /// `dollr-raw`, on a client with `reqwest`'s own settings.
    Raw,
    /// `dollr`.
    Facade,
}

impl Way {
    fn label(self) -> &'static str {
        match self {
            Self::Reqwest => "reqwest, by hand",
            Self::ReqwestLimited => "  with time limits",
            Self::Raw => "dollr-raw",
            Self::Facade => "dollr",
        }
    }

    fn argument(self) -> &'static str {
        match self {
            Self::Reqwest => "reqwest",
            Self::ReqwestLimited => "reqwest-limited",
            Self::Raw => "raw",
            Self::Facade => "facade",
        }
    }
}

/// What a process that made calls says of them.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// Processor time of the process, user and system, in microseconds.
    pub(crate) cpu_us: i64,
    pub(crate) calls: u32,
}

#[derive(Serialize)]
struct Figures {
    machine: Machine,
    rounds: u32,
    ways: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    way: Way,
    /// None where callgrind is missing.
    instructions: Option<f64>,
    instructions_to_reqwest: Option<f64>,
    cpu_us_1: f64,
    cpu_us_1_to_reqwest: f64,
    cpu_us_64: f64,
    cpu_us_64_to_reqwest: f64,
}

/// Measures, prints the table and saves the figures.
pub(crate) fn run(rounds: u32) -> Result<()> {
    let server = server::Server::start()?;
    let ways = Way::value_variants();
    let mut samples = vec![[Vec::new(), Vec::new()]; ways.len()];
    for round in 0..rounds as usize {
        for (place, (in_flight, calls)) in LOADS.into_iter().enumerate() {
            for turn in 0..ways.len() {
                // Each round begins with another one.
                let way = (round + turn) % ways.len();
                let load = Load { way: ways[way], url: server.url().to_owned(), calls, in_flight };
                samples[way][place].push(cpu_us(&load)?);
            }
        }
    }
    let instructions = if callgrind::is_installed() {
        let counted = ways.iter().map(|&way| callgrind::instructions(way, server.url()).map(Some));
        counted.collect::<Result<Vec<_>>>()?
    } else {
        vec![None; ways.len()]
    };
    let cpu = |way: usize, load: usize| median(&samples[way][load]);
    let lines = ways.iter().enumerate().map(|(n, &way)| Line {
        way,
        instructions: instructions[n],
        instructions_to_reqwest: instructions[n].zip(instructions[0]).map(|(ours, theirs)| ours / theirs),
        cpu_us_1: cpu(n, 0),
        cpu_us_1_to_reqwest: cpu(n, 0) / cpu(0, 0),
        cpu_us_64: cpu(n, 1),
        cpu_us_64_to_reqwest: cpu(n, 1) / cpu(0, 1),
    });
    let figures = Figures { machine: Machine::here(), rounds, ways: lines.collect() };
    print(&figures);
    report::save("client", &figures)
}

/// Runs the load in a process of its own; microseconds of processor time a call.
fn cpu_us(load: &Load) -> Result<f64> {
    let output = load.command(&std::env::current_exe()?).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the calls by {} failed", load.way.argument());
    let spent: Spent = serde_json::from_slice(&output.stdout).context("reading what the calls took")?;
    Ok(spent.cpu_us as f64 / f64::from(spent.calls))
}

impl Load {
    /// The command line that makes these calls with this program.
    fn command(&self, program: &std::path::Path) -> Command {
        let mut command = Command::new(program);
        self.add_to(&mut command);
        command
    }

    fn add_to(&self, command: &mut Command) {
        command.args(["calls", self.way.argument(), &self.url]);
        command.args([self.calls.to_string(), self.in_flight.to_string()]);
    }
}

fn print(figures: &Figures) {
    let ratio = |ratio: f64| format!("{ratio:.3}x");
    let mut table = Table::new(&[
        "one status call",
        "instructions",
        "ratio",
        "us, 1 in flight",
        "ratio",
        "us, 64",
        "ratio",
    ]);
    for line in &figures.ways {
        table.row([
            line.way.label().to_owned(),
            line.instructions.map_or_else(|| "-".to_owned(), |n| format!("{n:.0}")),
            line.instructions_to_reqwest.map_or_else(|| "-".to_owned(), ratio),
            format!("{:.1}", line.cpu_us_1),
            ratio(line.cpu_us_1_to_reqwest),
            format!("{:.2}", line.cpu_us_64),
            ratio(line.cpu_us_64_to_reqwest),
        ]);
    }
    table.print(&format!("The client's own work, medians of {} rounds", figures.rounds));
    if figures.ways.iter().any(|line| line.instructions.is_none()) {
        println!("valgrind is not installed, so instructions were not counted.\n");
    }
}
