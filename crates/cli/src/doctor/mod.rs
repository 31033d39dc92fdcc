//! What `payonce doctor` looks at, each in a file of its own, and how it is told.

pub(crate) mod drift;
pub(crate) mod journal;

use serde::Serialize;

use crate::rail::Rail;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Ok,
    /// Payments can be made, but somebody should know.
    Warning,
    /// Payments cannot be made, or not safely.
    Problem,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    check: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rail: Option<Rail>,
    pub(crate) state: State,
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_do: Option<String>,
}

impl Finding {
    pub(crate) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, rail: None, state: State::Ok, found: found.into(), to_do: None }
    }

    pub(crate) fn warning(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { state: State::Warning, to_do: Some(to_do.into()), ..Self::ok(check, found) }
    }

    pub(crate) fn problem(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { state: State::Problem, ..Self::warning(check, found, to_do) }
    }

    pub(crate) fn on(self, rail: Rail) -> Self {
        Self { rail: Some(rail), ..self }
    }

    /// It in one line.
    pub(crate) fn line(&self) -> String {
        let state = match self.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Problem => "PROBLEM",
        };
        let check = match self.rail {
            Some(rail) => format!("{rail} {}", self.check),
            None => self.check.to_owned(),
        };
        let mut line = format!("{state:<8}  {check:<18}  {}", self.found);
        if let Some(to_do) = &self.to_do {
            line.push_str(&format!(": {to_do}"));
        }
        line
    }
}
