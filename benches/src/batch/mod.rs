//! A file of payouts, paid by `payonce batch run` and by what the provider's guides show: Python with `requests`, Node with
//! `fetch`, and a plain loop with `reqwest`. Only the first is durable.
//!
//! Each is a process of its own, asked as many calls at a time, against a sandbox that is one too. What counts is the
//! processor time of the paying process, because that depends least on what else the machine does.

pub(crate) mod plain;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;

use crate::report::{self, Machine, Table, median};
use crate::sandbox::server::Server;

/// How long the provider takes for each call, and how often the whole file is paid at least.
const LATENCIES: [(u64, u32); 2] = [(0, 3), (50, 1)];

/// How many payouts are under way at a time.
const AT_ONCE: usize = 32;

/// The payouts per second of processor time, as many times those of Python and of Node.
const GOAL_TO_SCRIPTS: f64 = 5.0;

/// The processor time, as many times that of the plain loop.
const GOAL_TO_PLAIN: f64 = 1.3;

/// The version of `requests` that is measured.
const REQUESTS: &str = "2.34.2";

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    Payonce,
    Plain,
    Python,
    Node,
}

impl Way {
    const ALL: [Self; 4] = [Self::Payonce, Self::Plain, Self::Python, Self::Node];

    fn label(self) -> &'static str {
        match self {
            Self::Payonce => "payonce batch run (durable)",
            Self::Plain => "a plain reqwest loop",
            Self::Python => "Python requests",
            Self::Node => "Node fetch",
        }
    }
}

#[derive(Serialize)]
struct Figures {
    machine: Machine,
    payouts: u32,
    at_once: usize,
    goal_to_scripts: f64,
    goal_to_plain: f64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    way: Way,
    latency_ms: u64,
    cpu_us: f64,
    payouts_per_cpu_second: f64,
    /// This way's processor time, as many times that of `payonce`.
    cpu_to_payonce: f64,
    seconds: f64,
}

/// What one run took.
struct Spent {
    cpu_us: f64,
    seconds: f64,
}

/// Measures, prints the tables and saves the figures.
pub(crate) fn run(rounds: Option<u32>, payouts: u32) -> Result<()> {
    let python = python()?;
    let there = |way: &Way| *way != Way::Python || python.is_some();
    let ways: Vec<Way> = Way::ALL.into_iter().filter(|way| there(way) && is_there(*way)).collect();
    let python = python.unwrap_or_default();
    let directory = tempfile::tempdir_in(report::directory()?)?;
    let file = directory.path().join("pay.csv");
    let mut lines = Vec::new();
    for (latency_ms, usual) in LATENCIES {
        let mut samples: Vec<Vec<Spent>> = ways.iter().map(|_| Vec::new()).collect();
        for round in 0..rounds.unwrap_or(usual) as usize {
            for turn in 0..ways.len() {
                // Each round begins with another one.
                let at = (round + turn) % ways.len();
                fs::write(&file, payments(payouts))?;
                samples[at].push(pay(ways[at], &python, &file, latency_ms, payouts)?);
            }
        }
        let middle =
            |of: fn(&Spent) -> f64, at: usize| median(&samples[at].iter().map(of).collect::<Vec<_>>());
        for (at, &way) in ways.iter().enumerate() {
            let cpu_us = middle(|spent| spent.cpu_us, at);
            lines.push(Line {
                way,
                latency_ms,
                cpu_us: cpu_us / f64::from(payouts),
                payouts_per_cpu_second: f64::from(payouts) / cpu_us * 1e6,
                cpu_to_payonce: cpu_us / middle(|spent| spent.cpu_us, 0),
                seconds: middle(|spent| spent.seconds, at),
            });
        }
    }
    let machine = Machine::here();
    let (goal_to_scripts, goal_to_plain) = (GOAL_TO_SCRIPTS, GOAL_TO_PLAIN);
    let figures = Figures { machine, payouts, at_once: AT_ONCE, goal_to_scripts, goal_to_plain, lines };
    print(&figures);
    report::save("batch", &figures)
}

/// Whether that way can be measured here; where it cannot, the terminal says why.
fn is_there(way: Way) -> bool {
    let there = way != Way::Node || succeeds(Command::new("node").args(["-e", "fetch"]));
    if !there {
        println!("{} is not measured: it is not installed.\n", way.label());
    }
    there
}

/// A Python that has `requests`, in the directory of results, where nothing outside of it is touched. None, and the reason
/// on the terminal, where it cannot be had.
fn python() -> Result<Option<PathBuf>> {
    let venv = report::directory()?.join(format!("requests-{REQUESTS}"));
    let python = venv.join("bin/python");
    let has = |python: &Path| succeeds(Command::new(python).args(["-c", "import requests"]));
    if !has(&python) {
        println!("Installing requests {REQUESTS} with pip.");
        let package = format!("requests=={REQUESTS}");
        let made = succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))
            && succeeds(Command::new(venv.join("bin/pip")).args(["install", "--quiet", &package]));
        if !made || !has(&python) {
            println!("Python requests is not measured: pip could not install it.\n");
            return Ok(None);
        }
    }
    Ok(Some(python))
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A file of so many payouts.
fn payments(payouts: u32) -> String {
    let header = "name,account,amount,currency\n".to_owned();
    let line = |n: u32| format!("salary/2026-11/{n:06},18,{}.{:02},USD\n", 100 + n % 400, n % 100);
    (0..payouts).fold(header, |text, n| text + &line(n))
}

/// Has a fresh sandbox paid out of in that way.
fn pay(way: Way, python: &Path, file: &Path, latency_ms: u64, payouts: u32) -> Result<Spent> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let sandbox = runtime.block_on(Server::sandbox(None, Duration::from_millis(latency_ms)))?;
    let url = format!("http://{}", sandbox.addr);
    let before = processor_time()?;
    let began = Instant::now();
    let output = command(way, python, &url, file)?.stdin(Stdio::null()).output()?;
    let seconds = began.elapsed().as_secs_f64();
    let cpu_us = processor_time()? - before;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{} failed: {said}{error}", way.label());
    let paid = match way {
        Way::Payonce => said.contains(&format!(
            "\"status\":\"paid\",\"rail\":\"dollr\",\"currency\":\"USD\",\"lines\":{payouts},"
        )),
        _ => said.trim() == payouts.to_string(),
    };
    ensure!(paid, "{} has not paid every line: {said}", way.label());
    Ok(Spent { cpu_us, seconds })
}

fn command(way: Way, python: &Path, url: &str, file: &Path) -> Result<Command> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/batch");
    let at_once = AT_ONCE.to_string();
    let mut command = Command::new("/usr/bin/env");
    match way {
        Way::Payonce => {
            let journal = file.with_file_name("payonce.db");
            for end in ["", "-wal", "-shm"] {
                let _ = fs::remove_file(format!("{}{end}", journal.display()));
            }
            command = payonce(url)?;
            command.args(["batch", "run", "--yes", "--no-fees", "--json"]).arg(file);
            command.args(["--concurrency", &at_once, "--journal"]).arg(journal);
        }
        Way::Plain => {
            command.arg(std::env::current_exe()?).args(["pay", url]).arg(file).arg(at_once);
        }
        Way::Python => {
            command.arg(python).arg(here.join("pay.py")).arg(url).arg(file).arg(at_once);
        }
        Way::Node => {
            command.arg("node").arg(here.join("pay.mjs")).arg(url).arg(file).arg(at_once);
        }
    }
    Ok(command)
}

/// The command, which is built beside this program, with what it needs to pay out of the sandbox at that URL.
pub(crate) fn payonce(url: &str) -> Result<Command> {
    let program = std::env::current_exe()?.with_file_name("payonce");
    ensure!(program.is_file(), "there is no {}; `cargo xtask bench` builds it", program.display());
    let mut command = Command::new(program);
    command.envs([
        ("DOLLR_BASE_URL", url),
        ("DOLLR_CLIENT_ID", "sandbox-client"),
        ("DOLLR_CLIENT_SECRET", "sandbox-secret"),
        ("DOLLR_PASSCODE", "sandbox-passcode"),
        ("DOLLR_PASSCODE_PHONE", "231770000000"),
    ]);
    Ok(command)
}

/// User and system time of the processes that were waited for so far, in microseconds.
fn processor_time() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let times = [usage.user_time(), usage.system_time()];
    Ok(times.iter().map(|time| time.tv_sec() * 1_000_000 + time.tv_usec()).sum::<i64>() as f64)
}

fn print(figures: &Figures) {
    for (latency_ms, _) in LATENCIES {
        let mut table = Table::new(&[
            "who pays",
            "us of CPU a payout",
            "payouts a CPU second",
            "CPU to payonce",
            "seconds",
        ]);
        for line in figures.lines.iter().filter(|line| line.latency_ms == latency_ms) {
            table.row([
                line.way.label().to_owned(),
                format!("{:.0}", line.cpu_us),
                format!("{:.0}", line.payouts_per_cpu_second),
                format!("{:.2}x", line.cpu_to_payonce),
                format!("{:.1}", line.seconds),
            ]);
        }
        let Figures { payouts, at_once, .. } = figures;
        table.print(&format!("{payouts} payouts, {at_once} at a time, {latency_ms} ms a call"));
    }
    println!(
        "Goals: Python and Node at {GOAL_TO_SCRIPTS}x or more, and the plain loop, which remembers nothing, at {:.2}x or more.\n",
        1.0 / GOAL_TO_PLAIN
    );
}
