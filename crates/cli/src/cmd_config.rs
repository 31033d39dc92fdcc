//! `payonce config`: where the settings come from, without the secrets.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::config::journal::Place;
use crate::config::profile::{self, ProfileName};
use crate::config::{Client, Problem, Settings};
use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::Rail;

/// Show the settings, and where each of them comes from.
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Path,
}

/// Show the settings as a payment would find them, and where each comes from. Secrets are not shown. With `--json` one
/// object a line.
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    client: Client,
}

/// One setting.
#[derive(Debug, Serialize)]
struct Shown {
    setting: &'static str,
    /// Not that of a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    secret: bool,
    from: String,
}

impl Config {
    pub(crate) fn run(self, json: bool) -> Result<Exit, Error> {
        match self.command {
            Command::Show(show) => show.run(json),
            Command::Path => {
                let path = profile::path().ok_or_else(|| Problem::NoHome(ProfileName::default()))?;
                if json {
                    print::json(&serde_json::json!({ "path": path, "exists": path.exists() }));
                } else {
                    print::line(path.display().to_string());
                }
                Ok(Exit::Done)
            }
        }
    }
}

impl Show {
    fn run(self, json: bool) -> Result<Exit, Error> {
        let rails = [Rail::Dollr, Rail::Dwolla];
        let settings = self.client.settings(&rails)?;
        let (journal, from) = self.client.journal.told_by()?;
        let value = Some(journal.told()?);
        let mut all = vec![Shown { setting: "journal", value, secret: false, from }];
        if let Place::Database(_, merchant) = &journal {
            let (value, from) = (Some(merchant.to_string()), self.client.journal.merchant_by()?);
            all.push(Shown { setting: "merchant", value, secret: false, from });
        }
        for rail in rails {
            let names = rail.setting_names();
            all.extend(
                [names.client_id, names.base_url, names.namespace].map(|name| shown(&settings, name, false)),
            );
            all.extend(rail.secrets().iter().map(|name| shown(&settings, name, true)));
        }
        for setting in all.iter().filter(|setting| json || setting.from != NOWHERE) {
            if json {
                print::json(setting);
            } else {
                let value = setting.value.as_deref().unwrap_or("(secret)");
                print::line(format!("{:<22}  {value}  from {}", setting.setting, setting.from));
            }
        }
        if let Some((variable, profile)) = self.client.journal.put_aside()? {
            print::note(format!(
                "payonce: nothing is taken from the profile {profile}: {variable} in the environment names another account"
            ));
        }
        Ok(Exit::Done)
    }
}

/// What is said of a setting that nothing sets.
const NOWHERE: &str = "nowhere";

fn shown(settings: &Settings, setting: &'static str, secret: bool) -> Shown {
    let value = settings.variables.get(setting);
    let from = match (value, settings.sources.get(setting)) {
        (None, _) => NOWHERE.to_owned(),
        (Some(_), Some(source)) => source.clone(),
        (Some(_), None) => "the environment".to_owned(),
    };
    let value = value.filter(|_| !secret).map(|value| value.to_string_lossy().into_owned());
    Shown { setting, value, secret, from }
}
