//! What the suites found: one file for each, and a report made of whatever files there are, so that suites can be run
//! one at a time.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, thread};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::suite::{Figures, Run, Scale, Stop, Suite, Value, Violation};
use crate::suites::SUITES;

/// Where and of what a finding was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    commit: String,
    /// Whether there were changes beside that commit.
    dirty: bool,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    rustc: String,
}

impl Origin {
    fn here() -> Self {
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
        let memory = memory.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        let kernel =
            fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "unknown".to_owned());
        Self {
            commit: said(Command::new("git").args(["rev-parse", "--short=12", "HEAD"])),
            dirty: !said(Command::new("git").args(["status", "--porcelain"])).is_empty(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory.unwrap_or_default() / 1024,
            kernel: kernel.trim().to_owned(),
            rustc: said(Command::new("rustc").arg("--version")),
        }
    }
}

fn said(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_owned()
}

/// How a suite ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Held,
    Violated(Violation),
    NotRun(String),
    Failed(String),
}

/// What one run of one suite found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Finding {
    suite: String,
    claim: String,
    verdict: Verdict,
    scale: Scale,
    seed: u64,
    figures: Figures,
    seconds: f64,
    command: String,
    origin: Origin,
}

impl Finding {
    pub(crate) fn new(
        suite: &Suite,
        run: &Run,
        outcome: Result<Figures, Stop>,
        took: Duration,
        origin: &Origin,
    ) -> Self {
        let (verdict, figures) = match outcome {
            Ok(figures) => (Verdict::Held, figures),
            Err(Stop::Violated(violation)) => (Verdict::Violated(violation), Figures::default()),
            Err(Stop::NotRun(why)) => (Verdict::NotRun(why), Figures::default()),
            Err(Stop::Failed(error)) => (Verdict::Failed(format!("{error:#}")), Figures::default()),
        };
        Self {
            suite: suite.name.to_owned(),
            claim: suite.claim.to_owned(),
            verdict,
            scale: run.scale,
            seed: run.seed,
            figures,
            seconds: took.as_secs_f64(),
            command: run.command(),
            origin: origin.clone(),
        }
    }

    /// Whether a change may pass with this. A suite that could not be run passes on a laptop only.
    pub(crate) fn may_pass(&self, strict: bool) -> bool {
        match self.verdict {
            Verdict::Held => true,
            Verdict::NotRun(_) => !strict,
            Verdict::Violated(_) | Verdict::Failed(_) => false,
        }
    }

    /// What a person is told of it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{} after {:.1} s\n", self.verdict.words(), self.seconds);
        for figure in &self.figures.0 {
            let _ = writeln!(text, "  {}: {} {}", figure.name, figure.value.words(), figure.unit);
        }
        text
    }
}

impl Verdict {
    fn words(&self) -> String {
        match self {
            Self::Held => "held".to_owned(),
            Self::Violated(violation) => {
                let trace = violation.trace.as_ref().map(|path| format!("; trace: {}", path.display()));
                let trace = trace.unwrap_or_default();
                format!("**VIOLATED**: {}{trace}; to repeat it: `{}`", violation.what, violation.replay)
            }
            Self::NotRun(why) => format!("not run: {why}"),
            Self::Failed(why) => format!("**FAILED** (which proves nothing): {why}"),
        }
    }
}

impl Value {
    fn words(&self) -> String {
        match self {
            Self::Count(count) => grouped(*count),
            Self::Measure(measure) if *measure >= 1000.0 => grouped(*measure as u64),
            Self::Measure(measure) => format!("{measure:.3}"),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A count with its thousands set apart.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The directory of findings.
pub(crate) struct Report {
    directory: PathBuf,
    origin: Origin,
}

impl Report {
    /// The findings in that directory.
    pub(crate) fn new(directory: PathBuf) -> Result<Self> {
        fs::create_dir_all(&directory)?;
        Ok(Self { directory, origin: Origin::here() })
    }

    /// Where and of what findings are made here.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where the report is.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("report.md")
    }

    /// Writes one finding down, in place of the last one of that suite.
    pub(crate) fn save(&self, finding: &Finding) -> Result<()> {
        write_json(&self.file_of(&finding.suite), finding)
    }

    /// Makes the report of every finding there is.
    pub(crate) fn write(&self) -> Result<()> {
        let findings: Vec<Finding> = SUITES
            .iter()
            .filter_map(|suite| fs::read(self.file_of(suite.name)).ok())
            .filter_map(|text| serde_json::from_slice(&text).ok())
            .collect();
        fs::write(self.path(), markdown(&findings))?;
        write_json(&self.directory.join("report.json"), &findings)
    }

    fn file_of(&self, suite: &str) -> PathBuf {
        self.directory.join(format!("{suite}.json"))
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

fn markdown(findings: &[Finding]) -> String {
    let mut text = "# What the proof found\n".to_owned();
    let mut last = None;
    for finding in findings {
        // Findings of one run share their origin; it is told once.
        if last != Some(&finding.origin) {
            let Origin { commit, dirty, cores, memory_mib, kernel, rustc } = &finding.origin;
            let changed = if *dirty { ", with changes" } else { "" };
            let _ = writeln!(
                text,
                "\nCommit {commit}{changed}; {cores} cores, {memory_mib} MiB, Linux {kernel}, {rustc}."
            );
            last = Some(&finding.origin);
        }
        let scale = format!("{:?}", finding.scale).to_lowercase();
        let (seed, seconds) = (finding.seed, finding.seconds);
        let _ = writeln!(text, "\n## {}\n\n{}\n", finding.suite, finding.claim);
        let _ = writeln!(text, "- {}, {scale}, seed {seed}, {seconds:.1} s", finding.verdict.words());
        for figure in &finding.figures.0 {
            let _ = writeln!(text, "- {}: {} {}", figure.name, figure.value.words(), figure.unit);
        }
        let _ = writeln!(text, "- again: `{}`", finding.command);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 1234567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
