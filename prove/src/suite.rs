//! What a suite is, what it is given, and what it hands back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scale {
    /// Seconds: for every change.
    Quick,
    /// Minutes: for every night.
    Full,
    /// As long as it takes: for every release.
    Release,
}

impl Scale {
    /// The one of the three that belongs to this scale.
    pub(crate) fn pick<T>(self, quick: T, full: T, release: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
            Self::Release => release,
        }
    }

    fn flag(self) -> &'static str {
        self.pick(" --quick", "", " --release")
    }
}

/// One run of one suite.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// The suite's name.
    pub(crate) suite: &'static str,
    /// How much is tried.
    pub(crate) scale: Scale,
    /// What every random choice is drawn from.
    pub(crate) seed: u64,
    /// An empty directory of its own, on the disk of the build.
    pub(crate) scratch: PathBuf,
    /// The command, built with the same profile.
    pub(crate) payonce: PathBuf,
}

impl Run {
    /// The one command that repeats this run.
    pub(crate) fn command(&self) -> String {
        format!("cargo xtask prove{} --suite {} --seed {}", self.scale.flag(), self.suite, self.seed)
    }

    /// A violation that this very run repeats.
    pub(crate) fn violation(&self, what: impl Into<String>) -> Violation {
        Violation { what: what.into(), seed: self.seed, trace: None, replay: self.command() }
    }
}

/// A suite.
pub(crate) struct Suite {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What holds if it passes, in one sentence.
    pub(crate) claim: &'static str,
    /// Runs it.
    pub(crate) run: fn(&Run) -> Result<Figures, Stop>,
}

/// What a suite counted and measured, in the order in which it is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Figures(pub(crate) Vec<Figure>);

/// One thing that was counted or measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: Value,
    pub(crate) unit: String,
}

/// A figure's value.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Count(u64),
    Measure(f64),
    Text(String),
}

impl Figures {
    /// Adds a count.
    pub(crate) fn count(&mut self, name: &str, value: impl TryInto<u64>, unit: &str) {
        self.add(name, Value::Count(value.try_into().unwrap_or(u64::MAX)), unit);
    }

    /// Adds a measurement.
    pub(crate) fn measure(&mut self, name: &str, value: f64, unit: &str) {
        self.add(name, Value::Measure(value), unit);
    }

    /// Adds words.
    pub(crate) fn text(&mut self, name: &str, value: impl Into<String>) {
        self.add(name, Value::Text(value.into()), "");
    }

    fn add(&mut self, name: &str, value: Value, unit: &str) {
        self.0.push(Figure { name: name.to_owned(), value, unit: unit.to_owned() });
    }
}

/// What was found to be broken.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Violation {
    /// What happened that must not.
    pub(crate) what: String,
    /// The seed under which it happened.
    pub(crate) seed: u64,
    /// A file that tells how it came to it.
    pub(crate) trace: Option<PathBuf>,
    /// The one command that repeats it.
    pub(crate) replay: String,
}

/// Why a suite brought no figures.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The promise is broken.
    Violated(Violation),
    /// Something that it needs is not there. On the build machine this is a failure.
    NotRun(String),
    /// The suite itself failed, which proves nothing and passes for nothing.
    Failed(anyhow::Error),
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Violated(violation)
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}
