//! What was asked and answered, in a private file beside the journal, a JSON object a line.
//!
//! What must stay true: a session that is to expire is noted before it is waited for, so that whoever runs the command
//! again, after a crash too, finds it.

use std::path::{Path, PathBuf};

use payonce::{ReferenceId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Answer, Question};
use crate::config::{Problem, private};
use crate::rail::Rail;

/// One question and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) at: Timestamp,
    pub(crate) rail: Rail,
    /// The payment's name.
    pub(crate) name: String,
    pub(crate) question: Question,
    pub(crate) answer: Answer,
    pub(crate) seen: String,
    /// What is to be sent once it has expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<OpenSession>,
}

/// A session that nobody uses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OpenSession {
    pub(crate) reference_id: ReferenceId,
    pub(crate) body: String,
    /// By the provider's clock.
    pub(crate) expires_at: Timestamp,
}

/// The file.
pub(crate) struct Notes {
    pub(crate) path: PathBuf,
}

impl Notes {
    /// The notes beside that journal.
    pub(crate) fn beside(journal: &Path) -> Self {
        let mut path = journal.as_os_str().to_owned();
        path.push("-probe.jsonl");
        Self { path: path.into() }
    }

    /// The session that waits to be asked about. A line that is not understood is not ours.
    pub(crate) fn open_session(&self, rail: Rail) -> Result<Option<OpenSession>, Problem> {
        let text = private::read_if_there(&self.path)?.unwrap_or_default();
        let mut latest = text.lines().rev().filter_map(|line| serde_json::from_str::<Told>(line).ok());
        let last = latest.find(|told| told.rail == rail && told.question == Question::Expiry);
        Ok(last.and_then(|told| told.session))
    }

    /// Adds a line. It is durable when this returns.
    pub(crate) fn add(&self, told: &Told) -> Result<(), Problem> {
        let mut text = private::read_if_there(&self.path)?.unwrap_or_default();
        text.push_str(&serde_json::to_string(told).expect("what is noted is plain data"));
        text.push('\n');
        private::write(&self.path, &text)
    }
}
