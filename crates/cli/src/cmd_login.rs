//! `payonce login`: asks for credentials, tries them, and keeps them for a profile.
//!
//! What must stay true: a secret is typed unseen or comes by standard input, never by the command line; nothing is kept
//! that the provider did not accept; and a profile whose payments have keys of one client does not become another's.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::Secret;
use serde::Serialize;

use crate::config::profile::{self, Account, Kept, ProfileName};
use crate::config::secrets::Secrets;
use crate::config::{Problem, SettingNames};
use crate::exit::{Error, Exit};
use crate::facade::{Facade, Place, Variables};
use crate::print;
use crate::rail::Rail;

/// Ask for the credentials with a provider, try them, and keep them in a profile.
///
/// On a terminal it asks, and what is secret is not shown. Otherwise it reads lines of KEY=VALUE from standard input, by
/// the names of the variables: `payonce sandbox --print-env | payonce login --profile sandbox`. The environment is not
/// read. The credentials are tried by fetching an access token, which moves nothing; nothing is kept if that fails.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The profile to keep them in, which is made if there is none.
    #[arg(long, value_name = "NAME", env = "PAYONCE_PROFILE", hide_env_values = true)]
    profile: Option<ProfileName>,
    /// The provider that they are for.
    #[arg(long, env = "PAYONCE_RAIL", default_value = "dollr", hide_env_values = true)]
    rail: Rail,
    /// Where the provider is, if not at its public address.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The merchant's identity in the derivation of keys: its first client id, if it has had others.
    #[arg(long, value_name = "TEXT")]
    namespace: Option<String>,
    /// Where to keep the secrets: in a file beside the configuration that only you can read, or in the keyring of the
    /// operating system, in a build that knows it.
    #[arg(long, value_enum, default_value_t)]
    keep: Keep,
}

/// Where secrets are kept.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Keep {
    #[default]
    File,
    Keyring,
}

/// The answers, by the names of their variables.
type Answers = Vec<(&'static str, Secret)>;

/// What was kept, and where.
#[derive(Serialize)]
struct Kepts<'k> {
    profile: String,
    rail: Rail,
    client_id: &'k str,
    configuration: &'k Path,
    secrets: &'k str,
}

impl Login {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let name = self.profile.clone().unwrap_or_default();
        let path = profile::path().ok_or_else(|| Problem::NoHome(name.clone()))?;
        let before = profile::account(&path, &name, self.rail)?;
        let names = self.rail.setting_names();
        let answers = if std::io::stdin().is_terminal() { self.ask(names)? } else { from_stdin(self.rail)? };
        let account = self.account(&name, before, names, &answers)?;
        self.try_out(&account, names, &answers).await?;

        let directory = path.parent().unwrap_or(Path::new("."));
        let kept = match &account.secrets {
            Kept::File(file) => Kept::File(directory.join(file)),
            other => other.clone(),
        };
        // Secrets first: a crash in between leaves a file that nothing names.
        let secret = |(key, _): &(&'static str, Secret)| self.rail.secrets().contains(key);
        Secrets::of(answers.into_iter().filter(secret)).keep(&kept, &name, self.rail)?;
        profile::record(&path, &name, self.rail, &account)?;
        let (client_id, secrets) = (account.client_id.unwrap_or_default(), kept.place(&name, self.rail));
        if json {
            let (client_id, secrets) = (client_id.as_str(), secrets.as_str());
            let kept = Kepts {
                profile: name.to_string(),
                rail: self.rail,
                client_id,
                configuration: &path,
                secrets,
            };
            print::json(&kept);
        } else {
            print::line(format!("{} took the credentials of {client_id}.", self.rail));
            print::line(format!(
                "The profile {name} is in {}, its secrets are in {secrets}.",
                path.display()
            ));
        }
        Ok(Exit::Done)
    }

    /// Asks at the terminal.
    fn ask(&self, names: SettingNames) -> Result<Answers, Problem> {
        let mut answers = vec![
            (names.client_id, shown(&format!("{} ({})", self.rail.id_in_words(), self.rail))?),
            (names.client_secret, unseen("its secret (not shown)")?),
        ];
        if self.rail == Rail::Dollr {
            let passcode = unseen("the passcode for payouts (not shown; empty if there is none)")?;
            if !passcode.expose().is_empty() {
                answers.push(("DOLLR_PASSCODE", passcode));
                let phone = "the phone number that the passcode belongs to, digits with the country code";
                answers.push(("DOLLR_PASSCODE_PHONE", shown(phone)?));
            }
        }
        Ok(answers)
    }

    /// What the profile will say, if it may.
    fn account(
        &self,
        name: &ProfileName,
        before: Account,
        names: SettingNames,
        answers: &Answers,
    ) -> Result<Account, Problem> {
        let answer =
            |key| answers.iter().find(|answer| answer.0 == key).map(|answer| answer.1.expose().to_owned());
        let client_id = answer(names.client_id).ok_or(Problem::Missing(names.client_id))?;
        answer(names.client_secret).ok_or(Problem::Missing(names.client_secret))?;
        let given = self.namespace.clone().or_else(|| answer(names.namespace));
        if let (Some(other), None, None) = (&before.client_id, &before.namespace, &given)
            && *other != client_id
        {
            return Err(Problem::OtherClient(name.clone(), other.clone()));
        }
        Ok(Account {
            base_url: self.base_url.clone().or_else(|| answer(names.base_url)).or(before.base_url),
            client_id: Some(client_id),
            namespace: given.or(before.namespace),
            secrets: match self.keep {
                Keep::File => Kept::File(PathBuf::from(format!("{name}.{}.secrets", self.rail))),
                Keep::Keyring => Kept::Keyring,
            },
        })
    }

    /// Has the provider say whether it takes them.
    async fn try_out(&self, account: &Account, names: SettingNames, answers: &Answers) -> Result<(), Error> {
        let answers = answers.iter().map(|(key, value)| ((*key).to_owned(), value.expose().into()));
        let mut variables: Variables = answers.collect();
        for (key, text) in [(names.base_url, &account.base_url), (names.namespace, &account.namespace)] {
            if let Some(text) = text {
                variables.insert(key.to_owned(), text.into());
            }
        }
        match self.rail {
            Rail::Dollr => Dollr::open(variables, Place::Memory)?.sign_in().await?,
            Rail::Dwolla => Dwolla::open(variables, Place::Memory)?.sign_in().await?,
        };
        Ok(())
    }
}

impl Rail {
    fn id_in_words(self) -> &'static str {
        match self {
            Self::Dollr => "the client id",
            Self::Dwolla => "the application's key",
        }
    }
}

fn from_stdin(rail: Rail) -> Result<Answers, Problem> {
    // Another rail's settings may stand there too, because a sandbox can play both.
    let mine = |key: &str| rail.secrets().contains(&key) || rail.setting_names().has(key);
    let Secrets(settings) = Secrets::read(Path::new("-"))?;
    Ok(settings.into_iter().filter(|(key, _)| mine(key)).collect())
}

/// Asks for what may be seen.
fn shown(question: &str) -> Result<Secret, Problem> {
    let mut answer = String::new();
    let asked = write!(std::io::stderr(), "{question}: ");
    asked.and_then(|()| std::io::stdin().lock().read_line(&mut answer)).map_err(Problem::Terminal)?;
    Ok(Secret::new(answer.trim()))
}

/// Asks for what may not.
fn unseen(question: &str) -> Result<Secret, Problem> {
    let answer = rpassword::prompt_password(format!("{question}: ")).map_err(Problem::Terminal)?;
    Ok(Secret::new(answer.trim()))
}
