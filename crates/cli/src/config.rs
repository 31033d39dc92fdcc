//! Where the settings come from: the command line, then the environment, then a profile; for secrets also a file,
//! standard input or the keyring.
//!
//! What must stay true: no secret is taken from the command line, a file that others can read is refused, and an
//! error names the setting and never shows its value. A profile is one account and one journal: where the environment
//! names another account, nothing is taken from the profile.

pub(crate) mod journal;
pub(crate) mod private;
pub(crate) mod profile;
pub(crate) mod secrets;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::facade::{Facade, Place, Variables};
use crate::rail::Rail;
pub(crate) use journal::{JournalPlace, Merchant};
use profile::{Profile, ProfileName};
use secrets::Secrets;

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
  PAYONCE_PROFILE                         the profile in the configuration file (default)
  PAYONCE_RAIL                            what a transfer goes over, dollr or dwolla (dollr)
  PAYONCE_JOURNAL                         the journal: a file (payonce.db in the current directory), or the URL of a
                                          PostgreSQL database, whose password can stand in PGPASSWORD or PGPASSFILE
  PAYONCE_MERCHANT                        whose payments in a database (default)
  PAYONCE_LOG                             what to trace to standard error, for example dollr=debug

All of it but the profile, the device, the rail, the journal, the merchant and the log can stand in a file instead, which --secrets
names. What neither the command line nor the environment says is taken from a profile: `payonce login` makes one, and
`payonce config show` tells where each setting comes from.";

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

/// The variables of a rail's account.
#[derive(Clone, Copy)]
pub(crate) struct SettingNames {
    pub(crate) client_id: &'static str,
    pub(crate) client_secret: &'static str,
    pub(crate) base_url: &'static str,
    pub(crate) namespace: &'static str,
}

impl SettingNames {
    /// Whether it is one of them.
    pub(crate) fn has(self, name: &str) -> bool {
        [self.client_id, self.client_secret, self.base_url, self.namespace].contains(&name)
    }
}

impl Rail {
    /// The variables of its account.
    pub(crate) fn setting_names(self) -> SettingNames {
        let [client_id, client_secret, base_url, namespace] = match self {
            Self::Dollr => ["DOLLR_CLIENT_ID", "DOLLR_CLIENT_SECRET", "DOLLR_BASE_URL", "DOLLR_NAMESPACE"],
            Self::Dwolla => ["DWOLLA_KEY", "DWOLLA_SECRET", "DWOLLA_BASE_URL", "DWOLLA_NAMESPACE"],
        };
        SettingNames { client_id, client_secret, base_url, namespace }
    }

    /// The variables that hold its secrets.
    pub(crate) fn secrets(self) -> &'static [&'static str] {
        match self {
            Self::Dollr => {
                &["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE", "DOLLR_PASSCODE_USER_ID"]
            }
            Self::Dwolla => &["DWOLLA_SECRET"],
        }
    }
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{LOG} is not a list of filters such as dollr=debug,payonce=info")]
    Log,
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, std::io::Error),
    #[error("{0} cannot be written: {1}")]
    Unwritable(String, std::io::Error),
    #[cfg_attr(not(unix), expect(dead_code, reason = "file modes are a Unix notion"))]
    #[error("{0} may be read by others (mode {1:o}); make it private with chmod 600")]
    Exposed(String, u32),
    #[error("line {1} of {0} is not KEY=VALUE")]
    NotASetting(String, usize),
    #[error("line {1} of {0} sets {2}, which is not a setting; the settings are {keys}", keys = .3.join(", "))]
    UnknownKey(String, usize, String, &'static [&'static str]),
    #[error("line {1} of {0} sets {2} to nothing")]
    Empty(String, usize, &'static str),
    #[error("{0} sets {1} twice")]
    Twice(String, &'static str),
    #[error("{0} is set differently in the environment and in the secrets; keep one")]
    Conflict(&'static str),
    #[error("nothing can be written to {0}: {1}; files that are there are not overwritten")]
    NotWritten(PathBuf, std::io::Error),
    #[error(
        "the journal is in a database, and this command looks after a journal in a file; nothing was done. PostgreSQL's own \
         tools look after a database: back it up with pg_dump or a base backup, and check it with pg_amcheck (docs/fleet.md)"
    )]
    Database,
    #[error(
        "the journal is in a file, which needs no archive, and this command looks after a journal in a database; nothing was \
         done. `payonce journal compact` makes the file smaller"
    )]
    NoDatabase,
    #[error(
        "the journal is in a database, and this command writes beside the journal's file; nothing was sent. Name a file of \
         its own with --journal"
    )]
    NothingBeside,
    #[error(
        "the journal's URL on the command line holds a password, which every process of this machine can read there; \
         nothing was read or sent. Change the password, and put it into PGPASSWORD, the password file (PGPASSFILE), \
         PAYONCE_JOURNAL or a profile"
    )]
    ShownPassword,
    #[error("nothing can be answered at the address that --listen names: {0}")]
    NotListening(std::io::Error),
    #[error(
        "the merchant {0} is named, and a journal in a file holds the payments of one merchant, which has no name there: give \
         each merchant a file of its own, or put the journal into a database (docs/fleet.md)"
    )]
    MerchantInFile(Merchant),
    #[error("PAYONCE_MERCHANT names no merchant: {0}")]
    NoMerchant(&'static str),
    #[error(
        "there are no credentials, for no rail: payonce login, or set the variables that payonce --help lists"
    )]
    NoCredentials,
    #[error("there is no journal at {0}; PAYONCE_JOURNAL or --journal names another")]
    NoJournal(PathBuf),
    #[error("line {1} of {path}: {2}", path = .0.display())]
    Malformed(PathBuf, usize, String),
    #[error(
        "there is no profile {0}, because neither HOME nor XDG_CONFIG_HOME says where the configuration is"
    )]
    NoHome(ProfileName),
    #[error("{path} has no profile {0}{others}; payonce login --profile {0} makes it", path = .1.display(), others = listed(.2))]
    NoProfile(ProfileName, PathBuf, Vec<String>),
    #[error(
        "{0} names another account than the profile {1}, and nothing was sent; leave one of them out, or, where the \
         profile was not asked for, name the journal of that other account with --journal"
    )]
    AnotherAccount(&'static str, ProfileName),
    #[error("{0} cannot be used: {1}")]
    Keyring(String, String),
    #[error(
        "the profile {0} is of the client id {1}, whose names have keys of their own. If the same merchant has a new one, \
         log in with --namespace {1}; another merchant wants another --profile"
    )]
    OtherClient(ProfileName, String),
    #[error("{0} is missing in what standard input holds")]
    Missing(&'static str),
    #[error("the answer cannot be read from the terminal: {0}")]
    Terminal(std::io::Error),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(", but {}", names.join(", ")) }
}

/// Whom to pay as, and where to write it down.
#[derive(Debug, Args)]
pub(crate) struct Client {
    /// Read DOLLR_CLIENT_ID, DOLLR_CLIENT_SECRET, DWOLLA_KEY, DWOLLA_SECRET and the like from this file too, or from
    /// standard input if it is `-`: lines of KEY=VALUE. A file that others can read is refused.
    #[arg(long, value_name = "FILE", display_order = 90)]
    secrets: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) journal: JournalPlace,
}

impl Client {
    /// The client that the settings describe, with its journal.
    pub(crate) fn open<F: Facade>(&self) -> Result<F, crate::Error> {
        let variables = self.variables(&[F::RAIL])?;
        let place = self.journal.place()?;
        Ok(match place {
            journal::Place::File(path) => F::open(variables, Place::File(&path))?,
            place @ journal::Place::Database(..) => F::open(variables, Place::Open(place.open()?))?,
        })
    }

    /// The settings of these rails by the names of their variables.
    pub(crate) fn variables(&self, rails: &[Rail]) -> Result<Variables, Problem> {
        Ok(self.settings(rails)?.variables)
    }

    /// The settings of these rails: the environment, what the secrets add to it, and what the profile says beyond both.
    pub(crate) fn settings(&self, rails: &[Rail]) -> Result<Settings, Problem> {
        let mut settings = Settings::of_environment();
        let here = self.journal.profile(&settings.variables)?;
        if let Some(path) = &self.secrets {
            settings.add_secrets(path)?;
        }
        let Some((name, profile)) = here else { return Ok(settings) };
        match profile.differs(&settings.variables) {
            None => settings.add_profile(&name, &profile, rails).map(|()| settings),
            // The journal is named, so it is not the profile's that this account's payments would be written to.
            Some(_) if self.journal.profile.is_none() && self.journal.named.is_some() => Ok(settings),
            Some(variable) => Err(Problem::AnotherAccount(variable, name)),
        }
    }
}

/// The settings, and where each comes from that does not come from the environment.
pub(crate) struct Settings {
    pub(crate) variables: Variables,
    pub(crate) sources: BTreeMap<&'static str, String>,
}

impl Settings {
    /// Those of the process that have a name in Unicode.
    fn of_environment() -> Self {
        let named = |(key, value): (OsString, OsString)| Some((key.into_string().ok()?, value));
        Self { variables: std::env::vars_os().filter_map(named).collect(), sources: BTreeMap::new() }
    }

    fn add_secrets(&mut self, path: &Path) -> Result<(), Problem> {
        for (key, value) in Secrets::read(path)?.0 {
            match self.variables.insert(key.to_owned(), value.expose().into()) {
                Some(other) if other != value.expose() => return Err(Problem::Conflict(key)),
                _ => self.sources.insert(key, format!("--secrets {}", path.display())),
            };
        }
        Ok(())
    }

    /// Adds what is not set yet.
    fn add_profile(&mut self, name: &ProfileName, profile: &Profile, rails: &[Rail]) -> Result<(), Problem> {
        for rail in rails {
            let Some(account) = profile.account(*rail) else { continue };
            let names = rail.setting_names();
            let texts = [
                (names.client_id, &account.client_id),
                (names.base_url, &account.base_url),
                (names.namespace, &account.namespace),
            ];
            for (key, text) in texts {
                if let Some(text) = text {
                    self.add(key, text, || format!("the profile {name}"));
                }
            }
            let lacking = self.lacking(*rail);
            // Where nothing is lacking, there is no need to unlock a keyring.
            if !lacking.is_empty() {
                let kept = Secrets::kept(&account.secrets, name, *rail)?.0;
                for (key, value) in kept.into_iter().filter(|(key, _)| lacking.contains(key)) {
                    self.add(key, value.expose(), || account.secrets.place(name, *rail));
                }
            }
        }
        Ok(())
    }

    /// The secrets of a rail that are not set. A passcode and whose it is are one.
    fn lacking(&self, rail: Rail) -> Vec<&'static str> {
        let approves = |key: &str| key.starts_with("DOLLR_PASSCODE");
        let is_set = |key: &str| self.variables.contains_key(key);
        let alike =
            |key: &'static str| rail.secrets().iter().filter(move |other| approves(other) == approves(key));
        rail.secrets().iter().copied().filter(|key| !alike(key).any(|other| is_set(other))).collect()
    }

    fn add(&mut self, key: &'static str, value: &str, source: impl FnOnce() -> String) {
        if !self.variables.contains_key(key) {
            self.variables.insert(key.to_owned(), value.into());
            self.sources.insert(key, source());
        }
    }
}
