//! Where the settings come from: the environment, and for secrets also a file or standard input.
//!
//! What must stay true: no secret is taken from the command line, a file that others can read is refused, and an
//! error names the setting and never shows its value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use payonce::Secret;
use payonce::journal::SqliteJournal;

use crate::facade::{Facade, Place, Variables};

/// The variable that asks for traces.
pub(crate) const LOG: &str = "PAYONCE_LOG";

/// The settings, as `--help` shows them.
pub(crate) const HELP: &str = "\
Environment:
  DOLLR_CLIENT_ID, DOLLR_CLIENT_SECRET    the credentials with Dollr
  DWOLLA_KEY, DWOLLA_SECRET               the credentials with Dwolla
  DOLLR_BASE_URL, DWOLLA_BASE_URL         where the provider is, if not at its public address
  DOLLR_NAMESPACE, DWOLLA_NAMESPACE       the merchant's identity in the derivation of keys (the client id; the key)
  DOLLR_PASSCODE, and DOLLR_PASSCODE_PHONE or DOLLR_PASSCODE_USER_ID
                                          what approves payouts, and whose it is
  DOLLR_DEVICE_NAME, _TYPE, _PLATFORM, _USER_AGENT, _CLIENT_IP
                                          what sends payouts
  PAYONCE_RAIL                            what a transfer goes over, dollr or dwolla (dollr)
  PAYONCE_JOURNAL                         the journal's file (payonce.db in the current directory)
  PAYONCE_LOG                             what to trace to standard error, for example dollr=debug

All of it but the device, the rail, the journal and the log can stand in a file instead, which --secrets names.";

/// The settings that `--secrets` may hold.
const KEYS: [&str; 11] = [
    "DOLLR_CLIENT_ID",
    "DOLLR_CLIENT_SECRET",
    "DOLLR_BASE_URL",
    "DOLLR_NAMESPACE",
    "DOLLR_PASSCODE",
    "DOLLR_PASSCODE_PHONE",
    "DOLLR_PASSCODE_USER_ID",
    "DWOLLA_KEY",
    "DWOLLA_SECRET",
    "DWOLLA_BASE_URL",
    "DWOLLA_NAMESPACE",
];

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{LOG} is not a list of filters such as dollr=debug,payonce=info")]
    Log,
    #[error("the secrets in {0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    #[cfg_attr(not(unix), expect(dead_code, reason = "file modes are a Unix notion"))]
    #[error("{0} may be read by others (mode {1:o}); make it private with chmod 600")]
    Exposed(String, u32),
    #[error("line {1} of {0} is not KEY=VALUE")]
    NotASetting(String, usize),
    #[error("line {1} of {0} sets {2}, which is not a setting; the settings are {keys}", keys = KEYS.join(", "))]
    UnknownKey(String, usize, String),
    #[error("line {1} of {0} sets {2} to nothing")]
    Empty(String, usize, &'static str),
    #[error("{0} sets {1} twice")]
    Twice(String, &'static str),
    #[error("{0} is set differently in the environment and in the secrets; keep one")]
    Conflict(&'static str),
    #[error("there is no journal at {0}; PAYONCE_JOURNAL or --journal names another")]
    NoJournal(PathBuf),
}

/// Where the journal is.
#[derive(Debug, Args)]
pub(crate) struct JournalFile {
    /// The journal's file.
    #[arg(
        long = "journal",
        value_name = "FILE",
        env = "PAYONCE_JOURNAL",
        default_value = "payonce.db",
        hide_env_values = true,
        display_order = 91
    )]
    path: PathBuf,
}

impl JournalFile {
    /// The journal: one that is not there is not made.
    pub(crate) fn open(&self) -> Result<SqliteJournal, crate::Error> {
        let journal = self.open_if_there()?;
        journal.ok_or_else(|| Problem::NoJournal(self.path.clone()).into())
    }

    /// The journal, which is made if there is none.
    pub(crate) fn open_or_make(&self) -> Result<SqliteJournal, crate::Error> {
        Ok(SqliteJournal::open(&self.path)?)
    }

    /// The journal, if there is one.
    pub(crate) fn open_if_there(&self) -> Result<Option<SqliteJournal>, crate::Error> {
        if !self.path.exists() {
            return Ok(None);
        }
        Ok(Some(SqliteJournal::open(&self.path)?))
    }
}

/// Whom to pay as, and where to write it down.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// Read DOLLR_CLIENT_ID, DOLLR_CLIENT_SECRET, DWOLLA_KEY, DWOLLA_SECRET and the like from this file too, or from
    /// standard input if it is `-`: lines of KEY=VALUE. A file that others can read is refused.
    #[arg(long, value_name = "FILE", display_order = 90)]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) journal: JournalFile,
}

impl Client {
    /// The client that the settings describe, with its journal.
    pub(crate) fn open<F: Facade>(&self) -> Result<F, crate::Error> {
        Ok(F::open(self.variables()?, Place::File(&self.journal.path))?)
    }

    /// The environment, and what the secrets add to it.
    pub(crate) fn variables(&self) -> Result<Variables, Problem> {
        let named = |(key, value): (OsString, OsString)| Some((key.into_string().ok()?, value));
        let mut variables: Variables = std::env::vars_os().filter_map(named).collect();
        let Some(path) = &self.secrets else { return Ok(variables) };
        for (key, value) in Secrets::read(path)?.0 {
            match variables.insert(key.to_owned(), value.expose().into()) {
                Some(other) if other != value.expose() => return Err(Problem::Conflict(key)),
                _ => {}
            }
        }
        Ok(variables)
    }
}

/// What a secrets file holds.
struct Secrets(BTreeMap<&'static str, Secret>);

impl Secrets {
    fn read(path: &Path) -> Result<Self, Problem> {
        if path == Path::new("-") {
            let text = std::io::read_to_string(std::io::stdin());
            let place = "standard input";
            return Self::parse(place, &text.map_err(|error| Problem::Unreadable(place.to_owned(), error))?);
        }
        let place = path.display().to_string();
        let unreadable = |error| Problem::Unreadable(place.clone(), error);
        let mut file = File::open(path).map_err(unreadable)?;
        // The open file is judged, not the path: another file cannot be slipped in between.
        #[cfg(unix)]
        {
            let metadata = file.metadata().map_err(unreadable)?;
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if mode & 0o077 != 0 {
                return Err(Problem::Exposed(place, mode));
            }
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(&place, &text)
    }

    /// Reads lines of `KEY=VALUE`, or of `export KEY=VALUE` as `payonce sandbox --print-env` prints them. Empty lines
    /// and those that begin with `#` are passed over.
    fn parse(place: &str, text: &str) -> Result<Self, Problem> {
        let mut settings = BTreeMap::new();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let Some((key, value)) = line.split_once('=') else {
                return Err(Problem::NotASetting(place.to_owned(), number));
            };
            let key = key.trim();
            let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
                return Err(Problem::UnknownKey(place.to_owned(), number, key.to_owned()));
            };
            if value.trim().is_empty() {
                return Err(Problem::Empty(place.to_owned(), number, known));
            }
            if settings.insert(known, Secret::new(value.trim())).is_some() {
                return Err(Problem::Twice(place.to_owned(), known));
            }
        }
        Ok(Self(settings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Secrets::parse("the file", text).err().unwrap().to_string()
    }

    #[test]
    fn lines_are_settings_comments_or_nothing() {
        let text = "# ours\n\nDOLLR_CLIENT_ID=me\nexport DOLLR_CLIENT_SECRET=a=b\n";
        let Secrets(settings) = Secrets::parse("the file", text).unwrap();
        assert_eq!(settings["DOLLR_CLIENT_ID"].expose(), "me");
        assert_eq!(settings["DOLLR_CLIENT_SECRET"].expose(), "a=b");
        assert_eq!(settings.len(), 2);
    }

    #[test]
    fn a_wrong_line_is_named_and_its_value_is_not_shown() {
        let unknown = problem("DOLLR_CLIENT_ID=me\nDOLLR_SECRET=canary-4711");
        assert!(unknown.contains("line 2 of the file sets DOLLR_SECRET"), "{unknown}");
        let twice = problem("DOLLR_PASSCODE=canary-4711\nDOLLR_PASSCODE=canary-4711");
        assert_eq!(twice, "the file sets DOLLR_PASSCODE twice");
        let bare = problem("canary-4711");
        assert_eq!(bare, "line 1 of the file is not KEY=VALUE");
        assert_eq!(problem("DOLLR_PASSCODE="), "line 1 of the file sets DOLLR_PASSCODE to nothing");
        for text in [unknown, twice, bare] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
}
