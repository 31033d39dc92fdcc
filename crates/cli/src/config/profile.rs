//! Profiles: named settings in `config.toml`, for whatever neither the command line nor the environment says.
//!
//! What must stay true: no secret stands in the file, only where the secrets are; a key that means nothing is an error
//! with its line; an error shows no value; and what one profile says of an account is never mixed with another account
//! that the environment names.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use super::journal::{Merchant, Place};
use super::secrets::keyring;
use super::{Problem, private};
use crate::facade::Variables;
use crate::rail::Rail;

/// What a profile is called: letters, digits, `-` and `_`, because files are named after it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(crate) struct ProfileName(#[schemars(regex(pattern = "^[A-Za-z0-9_-]{1,64}$"))] String);

impl FromStr for ProfileName {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !fits || !(1..=64).contains(&name.len()) {
            return Err("a profile's name is 1 to 64 letters, digits, hyphens and underscores");
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for ProfileName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Default for ProfileName {
    /// The one that is meant when none is named.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

/// The settings of `payonce`, by profile. The one called `default` holds when no other is named.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ConfigFile {
    /// Each profile by its name.
    profile: BTreeMap<ProfileName, Profile>,
}

/// The settings of one profile.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    /// The journal: a file, where a relative path begins in the directory of the configuration, or the URL of a PostgreSQL
    /// database.
    pub(super) journal: Option<Place>,
    /// Whose payments they are, in a journal that is in a database.
    pub(super) merchant: Option<Merchant>,
    /// The account with Dollr.
    dollr: Option<Account>,
    /// The account with Dwolla.
    dwolla: Option<Account>,
}

/// An account with a provider.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Account {
    /// Where the provider is, if not at its public address.
    pub(crate) base_url: Option<String>,
    /// The client id; on Dwolla the application's key.
    pub(crate) client_id: Option<String>,
    /// The merchant's stable identity in the derivation of keys; the client id without it. Set it to the first client id
    /// before credentials are rotated.
    pub(crate) namespace: Option<String>,
    /// Where the secrets are.
    pub(crate) secrets: Kept,
}

/// Where the secrets of an account are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kept {
    /// In the environment.
    #[default]
    Environment,
    /// In the keyring of the operating system.
    Keyring,
    /// In a file of lines KEY=VALUE that nobody else can read. A relative path begins in the directory of the configuration.
    File(PathBuf),
}

impl Kept {
    /// The place, for people.
    pub(crate) fn place(&self, profile: &ProfileName, rail: Rail) -> String {
        match self {
            Self::Environment => "the environment".to_owned(),
            Self::Keyring => keyring::entry(profile, rail),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl Profile {
    /// What it says of a rail, if anything.
    pub(crate) fn account(&self, rail: Rail) -> Option<&Account> {
        match rail {
            Rail::Dollr => self.dollr.as_ref(),
            Rail::Dwolla => self.dwolla.as_ref(),
        }
    }

    /// The variable by which these settings name another account than the profile does, if one does.
    pub(super) fn differs(&self, variables: &Variables) -> Option<&'static str> {
        let rails = [Rail::Dollr, Rail::Dwolla].into_iter();
        let accounts = rails.filter_map(|rail| Some((rail.setting_names(), self.account(rail)?)));
        let mut named = accounts.flat_map(|(names, account)| {
            let given = |name: &str| variables.get(name);
            // Without a client id in the profile, the environment's is its own; without an address, it means the public one.
            let id = account.client_id.as_deref();
            let id_differs = given(names.client_id).is_some_and(|other| id.is_some_and(|id| other != id));
            let url = account.base_url.as_deref();
            let url_differs = given(names.base_url).is_some_and(|other| url.is_none_or(|url| other != url));
            [(id_differs, names.client_id), (url_differs, names.base_url)]
        });
        named.find(|(differs, _)| *differs).map(|(_, name)| name)
    }

    fn resolve(mut self, directory: &Path) -> Self {
        let secrets =
            [&mut self.dollr, &mut self.dwolla].into_iter().flatten().map(|account| &mut account.secrets);
        let files = secrets.filter_map(|kept| match kept {
            Kept::File(path) => Some(path),
            Kept::Environment | Kept::Keyring => None,
        });
        let journal = self.journal.iter_mut().filter_map(|place| match place {
            Place::File(path) => Some(path),
            Place::Database(..) => None,
        });
        for path in journal.chain(files) {
            *path = directory.join(&*path);
        }
        self
    }
}

/// Where the settings are, if this process has a home: `$XDG_CONFIG_HOME/payonce/config.toml`, or below `~/.config`.
pub(crate) fn path() -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    #[cfg(windows)]
    let home = std::env::home_dir();
    #[cfg(not(windows))]
    let home = absolute("HOME");
    let config = absolute("XDG_CONFIG_HOME").or_else(|| home.map(|home| home.join(".config")));
    config.map(|config| config.join("payonce").join("config.toml"))
}

/// The profile of that name, or of the usual one. The usual one need not be there.
pub(crate) fn find(name: Option<&ProfileName>) -> Result<Option<(ProfileName, Profile)>, Problem> {
    let Some(path) = path() else {
        return name.map_or(Ok(None), |name| Err(Problem::NoHome(name.clone())));
    };
    let mut file = read(&path)?;
    let wanted = name.cloned().unwrap_or_default();
    match (file.profile.remove(&wanted), name) {
        (Some(profile), _) => {
            let directory = path.parent().unwrap_or(Path::new("."));
            Ok(Some((wanted, profile.resolve(directory))))
        }
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let known = file.profile.keys().map(ToString::to_string).collect();
            Err(Problem::NoProfile(wanted, path, known))
        }
    }
}

/// What the file at that path says of a rail of a profile; nothing, if it says nothing.
pub(crate) fn account(path: &Path, name: &ProfileName, rail: Rail) -> Result<Account, Problem> {
    let profile = read(path)?.profile.remove(name);
    Ok(profile.and_then(|profile| profile.account(rail).cloned()).unwrap_or_default())
}

fn read(path: &Path) -> Result<ConfigFile, Problem> {
    let text = private::read_if_there(path)?;
    text.map_or(Ok(ConfigFile::default()), |text| parse(path, &text))
}

fn parse(path: &Path, text: &str) -> Result<ConfigFile, Problem> {
    toml_edit::de::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Problem::Malformed(path.to_owned(), line, explain(error.message()))
    })
}

/// What is wrong, without any value: a secret may stand in the wrong place.
fn explain(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let unknown = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        let near = known.iter().map(|known| (strsim::osa_distance(unknown, known), *known));
        let near = near.filter(|(edits, known)| *edits <= known.len() / 3).min();
        return match near {
            Some((_, near)) => format!("there is no setting {unknown}; did you mean {near}?"),
            None => format!("there is no setting {unknown}; there are {}", known.join(", ")),
        };
    }
    if message.starts_with("unknown variant") {
        let known: Vec<&str> = quoted.skip(1).collect();
        return format!("expected one of {}", known.join(", "));
    }
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("expected {expected}");
    }
    if message.starts_with("a profile's name") || message.starts_with("duplicate key") {
        return message.to_owned();
    }
    "this is not TOML".to_owned()
}

/// Writes what a login learned into the profile, which is made if there is none. The rest of the file stays as it is.
pub(crate) fn record(path: &Path, name: &ProfileName, rail: Rail, account: &Account) -> Result<(), Problem> {
    let text = private::read_if_there(path)?.unwrap_or_default();
    parse(path, &text)?;
    let mut document: DocumentMut = text.parse().expect("what was just understood is TOML");
    let profiles = table(document.as_table_mut(), "profile");
    let profile = table(profiles, &name.0);
    let settings = table(profile, rail.name());
    for (key, text) in [
        ("base_url", &account.base_url),
        ("client_id", &account.client_id),
        ("namespace", &account.namespace),
    ] {
        match text {
            Some(text) => settings[key] = value(text),
            None => drop(settings.remove(key)),
        }
    }
    settings["secrets"] = match &account.secrets {
        Kept::Environment => value("environment"),
        Kept::Keyring => value("keyring"),
        Kept::File(path) => {
            let mut kept = toml_edit::InlineTable::new();
            kept.insert("file", path.display().to_string().into());
            value(kept)
        }
    };
    let text = document.to_string();
    parse(path, &text)?;
    private::write(path, &text)
}

/// The table of that name, which is made if there is none, or if it is written in another way.
fn table<'t>(parent: &'t mut Table, key: &str) -> &'t mut Table {
    let item = parent.entry(key).or_insert_with(|| {
        let mut table = Table::new();
        // It gets a line of its own only if it holds more than tables.
        table.set_implicit(true);
        Item::Table(table)
    });
    if !item.is_table() {
        let inline = std::mem::take(item).into_table().unwrap_or_default();
        *item = Item::Table(inline);
    }
    item.as_table_mut().expect("it was made a table")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ConfigFile, String> {
        parse(Path::new("config.toml"), text).map_err(|problem| problem.to_string())
    }

    #[test]
    fn every_setting_has_its_place_and_what_is_left_out_is_as_usual() {
        let text = "[profile.live]\njournal = \"live.db\"\n[profile.live.dollr]\nclient_id = \"till-1\"\n\
                    namespace = \"merchant-42\"\nsecrets = { file = \"live.secrets\" }\n[profile.live.dwolla]\n\
                    secrets = \"keyring\"\n[profile.default]\n";
        let mut file = read(text).unwrap();
        let live = file.profile.remove(&"live".parse().unwrap()).unwrap().resolve(Path::new("/etc/payonce"));
        assert_eq!(format!("{:?}", live.journal.as_ref().unwrap()), "\"/etc/payonce/live.db\"");
        let dollr = live.account(Rail::Dollr).unwrap();
        assert_eq!(dollr.client_id.as_deref(), Some("till-1"));
        assert_eq!(dollr.secrets, Kept::File("/etc/payonce/live.secrets".into()));
        assert_eq!(live.account(Rail::Dwolla).unwrap().secrets, Kept::Keyring);
        assert!(file.profile[&ProfileName::default()].account(Rail::Dollr).is_none());
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_without_any_value() {
        for (text, words) in [
            (
                "\n[profile.live.dollr]\nclient_ids = \"canary\"",
                "line 3 of config.toml: there is no setting client_ids; did you mean client_id?",
            ),
            (
                "[profile.live]\npasscode = \"canary\"",
                "line 2 of config.toml: there is no setting passcode; there are journal, merchant, dollr, dwolla",
            ),
            ("profil = 1", "line 1 of config.toml: there is no setting profil"),
            (
                "[profile.live.dollr]\nsecrets = \"canary\"",
                "line 2 of config.toml: expected one of environment, keyring, file",
            ),
            ("[profile.live.dollr]\nclient_id = 4711", "line 2 of config.toml: expected a string"),
            ("[profile.\"canary/x\"]", "a profile's name is"),
            ("[profile.live]\njournal = canary", "line 2 of config.toml: "),
            ("[profile.live]\njournal = \"a\"\njournal = \"canary\"", "line 3 of config.toml: "),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(words), "{text:?}: {said}");
            assert!(!said.contains("canary") && !said.contains("4711"), "{text:?}: {said}");
        }
    }

    #[test]
    fn a_login_changes_its_own_account_and_leaves_the_rest_of_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("payonce").join("config.toml");
        let account = Account {
            client_id: Some("till-1".to_owned()),
            secrets: Kept::File("live.secrets".into()),
            ..Account::default()
        };
        record(&path, &"live".parse().unwrap(), Rail::Dollr, &account).unwrap();
        let first = private::read(&path).unwrap();
        assert_eq!(
            first,
            "[profile.live.dollr]\nclient_id = \"till-1\"\nsecrets = { file = \"live.secrets\" }\n"
        );
        private::write(&path, &format!("# ours\n[profile.live]\njournal = \"a.db\" # here\n\n{first}"))
            .unwrap();
        let account = Account { client_id: Some("key-2".to_owned()), ..Account::default() };
        record(&path, &"live".parse().unwrap(), Rail::Dwolla, &account).unwrap();
        let second = private::read(&path).unwrap();
        assert!(second.contains("# ours\n[profile.live]\njournal = \"a.db\" # here\n"), "{second}");
        assert!(
            second.contains("client_id = \"till-1\"") && second.contains("client_id = \"key-2\""),
            "{second}"
        );
    }

    #[test]
    fn another_account_is_another_client_id_or_another_address() {
        let profile = |text: &str| {
            let mut file = read(&format!("[profile.default.dollr]\n{text}")).unwrap();
            file.profile.remove(&ProfileName::default()).unwrap()
        };
        let variables = |name: &str, value: &str| Variables::from([(name.to_owned(), value.into())]);
        let live = profile("client_id = \"till-1\"");
        assert_eq!(live.differs(&variables("DOLLR_CLIENT_ID", "till-2")), Some("DOLLR_CLIENT_ID"));
        assert_eq!(
            live.differs(&variables("DOLLR_BASE_URL", "http://127.0.0.1:4010")),
            Some("DOLLR_BASE_URL")
        );
        assert_eq!(live.differs(&variables("DOLLR_CLIENT_ID", "till-1")), None);
        assert_eq!(live.differs(&variables("DOLLR_CLIENT_SECRET", "s")), None);
        assert_eq!(live.differs(&variables("DWOLLA_KEY", "k")), None);
        let anyone = profile("base_url = \"http://127.0.0.1:4010\"");
        assert_eq!(anyone.differs(&variables("DOLLR_CLIENT_ID", "till-2")), None);
        assert_eq!(anyone.differs(&variables("DOLLR_BASE_URL", "http://127.0.0.1:4010")), None);
    }
}
