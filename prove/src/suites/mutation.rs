//! The tests of the engine, tried on a broken engine: each small change of the code that decides must be noticed.
//!
//! What must stay true: a change that no test notices is on the list in `prove/mutants.toml` with the reason why it
//! changes nothing that matters, and the list holds nothing that is not there any more.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use crate::suite::{Figures, Run, Scale, Stop, Suite};
use crate::tools;

pub(super) const SUITE: Suite = Suite {
    name: "mutation",
    claim: "Of all small changes to the code that decides, drives, schedules, journals and counts money, the tests of the \
            engine notice at least 95 in 100, and all of those to the decision.",
    run,
};

const CARGO_MUTANTS: &str = "27.1.0";

/// Where every change must be noticed.
const DECISION: &str = "crates/payonce/src/step.rs";

/// The code of the full run, and what a release looks at besides.
const FULL: [&str; 5] = [
    DECISION,
    "crates/payonce/src/drive.rs",
    "crates/payonce/src/schedule.rs",
    "crates/payonce/src/money.rs",
    "crates/payonce/src/name.rs",
];
const RELEASE: [&str; 5] = [
    "crates/payonce/src/journal/mod.rs",
    "crates/payonce/src/journal/sqlite.rs",
    "crates/payonce/src/journal/writer.rs",
    "crates/payonce/src/journal/memory.rs",
    "crates/payonce/src/journal/owner.rs",
];

/// How many of a hundred changes must be noticed.
const NOTICED: usize = 95;

/// A change that no test notices.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
struct Survivor {
    file: String,
    /// What is changed, in the words of `cargo mutants`, without the place.
    change: String,
    /// The line that is changed.
    line: String,
    /// Why nothing is wrong with it.
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    survivor: Vec<Survivor>,
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let root = tools::root()?;
    let listed = fs::read_to_string(root.join("prove/mutants.toml")).context("reading prove/mutants.toml")?;
    let listed: Listed = toml::from_str(&listed).context("prove/mutants.toml cannot be read")?;
    for survivor in &listed.survivor {
        if let Err(what) = is_there(root, survivor) {
            return Err(run.violation(what).into());
        }
    }
    let gone = Survivor { line: "there is no such line".to_owned(), ..sample() };
    if is_there(root, &gone).is_ok() {
        return Err(anyhow::anyhow!("a line that is not there was found").into());
    }
    let mut figures = Figures::default();
    figures.count("survivors on the list", listed.survivor.len(), "");
    if run.scale == Scale::Quick {
        figures.text("changes tried", "none; the full run tries them");
        return Ok(figures);
    }
    let files: Vec<_> = match run.scale {
        Scale::Release => FULL.into_iter().chain(RELEASE).collect(),
        _ => FULL.into(),
    };
    tried(run, root, &files, &listed.survivor, &mut figures)?;
    Ok(figures)
}

fn sample() -> Survivor {
    let text = String::new;
    Survivor { file: DECISION.to_owned(), change: text(), line: text(), reason: text() }
}

/// Whether the line that a survivor changes is still there, and why it is spared is still told.
fn is_there(root: &Path, survivor: &Survivor) -> Result<(), String> {
    let Survivor { file, change, line, reason } = survivor;
    let text = fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))?;
    if !text.lines().any(|text| text.trim() == line.trim()) {
        return Err(format!(
            "prove/mutants.toml spares {change:?} in a line that {file} has no more: {line}"
        ));
    }
    if file == DECISION || reason.len() < 20 {
        return Err(format!(
            "prove/mutants.toml spares {change:?} in {file} without a reason, which none may be"
        ));
    }
    Ok(())
}

/// Tries every change, and compares what went unnoticed with the list.
fn tried(
    run: &Run,
    root: &Path,
    files: &[&str],
    listed: &[Survivor],
    figures: &mut Figures,
) -> Result<(), Stop> {
    let mut command = tools::cargo_with(run, "cargo-mutants", CARGO_MUTANTS)?;
    command.args(["mutants", "--package", "payonce", "--no-shuffle", "--colors", "never", "--jobs", "2"]);
    command.args(["--minimum-test-timeout", "60", "--output"]).arg(&run.scratch);
    command.args(files.iter().flat_map(|file| ["--file", file]));
    // The documentation's examples take longest and notice least.
    command.args(["--", "--lib", "--tests"]).env_remove("CARGO_TARGET_DIR");
    // Hundreds of builds: nobody reads a backtrace of one.
    command.envs([("CARGO_PROFILE_DEV_DEBUG", "0"), ("CARGO_PROFILE_TEST_DEBUG", "0")]);
    // Unnoticed changes are told by its status, too; they are judged here.
    let told = command.output().context("starting cargo mutants")?;
    let out = run.scratch.join("mutants.out");
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap_or_default();
    let words =
        || format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    if !matches!(told.status.code(), Some(0 | 2 | 3)) {
        return Err(anyhow::anyhow!("cargo mutants did not come to an end: {}", words()).into());
    }
    let noticed = read("caught.txt").lines().count() + read("timeout.txt").lines().count();
    let missed = read("missed.txt");
    let missed = missed.lines().map(|line| place(root, line)).collect::<anyhow::Result<Vec<_>>>()?;
    let all = noticed + missed.len();
    figures.count("changes tried", all, "");
    figures.count("changes noticed", noticed, "");
    figures.count("changes that do not compile", read("unviable.txt").lines().count(), "");
    let of_decision = |told: &String| told.lines().filter(|line| line.starts_with(DECISION)).count();
    let noticed_there = of_decision(&read("caught.txt")) + of_decision(&read("timeout.txt"));
    figures.count("changes of the decision noticed", noticed_there, "");
    let known: BTreeSet<_> = listed.iter().map(|of| (&*of.file, &*of.change, of.line.trim())).collect();
    let found: BTreeMap<_, _> =
        missed.iter().map(|of| ((&*of.file, &*of.change, of.line.trim()), &of.reason)).collect();
    let unknown: Vec<_> = found.iter().filter(|(key, _)| !known.contains(*key)).collect();
    if !unknown.is_empty() {
        let told: Vec<_> = unknown.iter().map(|(_, what)| what.as_str()).collect();
        let told = told.join("\n  ");
        return Err(run
            .violation(format!("no test notices these changes, and no list tells of them:\n  {told}"))
            .into());
    }
    let stale = |key: &&(&str, &str, &str)| files.contains(&key.0) && !found.contains_key(*key);
    if let Some((file, change, _)) = known.iter().find(stale) {
        let what =
            format!("prove/mutants.toml spares {change:?} in {file}, which is noticed or not there any more");
        return Err(run.violation(what).into());
    }
    if noticed * 100 < all * NOTICED {
        return Err(run.violation(format!("of {all} changes only {noticed} were noticed")).into());
    }
    Ok(())
}

/// A line of `cargo mutants`: `file:line:column: change`. The line itself goes into `reason`, for whoever must act.
fn place(root: &Path, told: &str) -> anyhow::Result<Survivor> {
    let mut parts = told.splitn(4, ':');
    let mut part = || parts.next().with_context(|| format!("cargo mutants said {told:?}"));
    let (file, number, _, change) = (part()?, part()?.parse::<usize>()?, part()?, part()?);
    let text = fs::read_to_string(root.join(file))?;
    let line = text.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim();
    Ok(Survivor {
        file: file.to_owned(),
        change: change.trim().to_owned(),
        line: line.to_owned(),
        reason: told.to_owned(),
    })
}
