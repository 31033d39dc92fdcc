//! Which journal a command uses: a file, or one merchant's payments in a PostgreSQL database.
//!
//! What must stay true: a URL may hold a password, so it is never shown, neither whole nor in an error, and one with a
//! password on the command line, where every process of the machine could read it, is refused.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use payonce::Secret;
use payonce::journal::{Journal, SqliteJournal};
use schemars::JsonSchema;
use serde::Deserialize;

use super::profile::{self, Profile, ProfileName};
use super::{Problem, Settings};
use crate::facade::Variables;

/// The journal's file, where nothing names another.
const JOURNAL: &str = "payonce.db";

/// The variable that names the merchant.
const MERCHANT: &str = "PAYONCE_MERCHANT";

/// Where a journal is.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(from = "PathBuf")]
#[schemars(with = "PathBuf")]
pub(crate) enum Place {
    /// In a file.
    File(PathBuf),
    /// In a database, by its URL: the payments of one merchant.
    Database(Secret, Merchant),
}

/// Whose payments they are, in a journal that holds those of several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(crate) struct Merchant(#[schemars(length(min = 1, max = 100))] String);

impl Default for Merchant {
    /// The one that is meant when none is named.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl FromStr for Merchant {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
            return Err("a merchant's name has 1 to 100 bytes and no control characters");
        }
        Ok(Self(name.to_owned()))
    }
}

impl TryFrom<String> for Merchant {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl fmt::Display for Merchant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Self {
        match path.to_str().filter(|text| text.contains("://")) {
            Some(url) => Self::Database(Secret::new(url), Merchant::default()),
            None => Self::File(path),
        }
    }
}

impl From<OsString> for Place {
    fn from(text: OsString) -> Self {
        PathBuf::from(text).into()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Database(..) => f.write_str("Database"),
        }
    }
}

impl Place {
    /// Where it is, for people.
    pub(crate) fn told(&self) -> Result<String, payonce::Error> {
        match self {
            Self::File(path) => Ok(path.display().to_string()),
            #[cfg(feature = "postgres")]
            Self::Database(url, merchant) => Ok(database(url, merchant)?.address()),
            #[cfg(not(feature = "postgres"))]
            Self::Database(url, merchant) => database(url, merchant).map(|_| String::new()),
        }
    }

    /// The journal. A file that is not there is made; a database is asked for nothing yet.
    pub(crate) fn open(&self) -> Result<Arc<dyn Journal>, payonce::Error> {
        Ok(match self {
            Self::File(path) => Arc::new(SqliteJournal::open(path)?),
            Self::Database(url, merchant) => Arc::new(database(url, merchant)?),
        })
    }

    /// Whether anything may be there: of a database that is found out when it is asked.
    fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Database(..) => true,
        }
    }
}

/// A journal in a database.
#[cfg(feature = "postgres")]
pub(crate) type Database = payonce::journal::PostgresJournal;

/// There is no such journal, and no value of this type comes out of a URL.
#[cfg(not(feature = "postgres"))]
pub(crate) type Database = payonce::journal::MemoryJournal;

#[cfg(feature = "postgres")]
fn database(url: &Secret, merchant: &Merchant) -> Result<Database, payonce::Error> {
    payonce::journal::PostgresJournal::at(url.expose())?.merchant(&merchant.0)
}

#[cfg(not(feature = "postgres"))]
fn database(_: &Secret, _: &Merchant) -> Result<Database, payonce::Error> {
    let message = "the journal is a URL, and this program was built without the feature `postgres`";
    Err(payonce::Error::new(payonce::ErrorKind::Configuration, message))
}

/// The merchant that the environment names, if it does.
fn merchant_of(variables: &Variables) -> Result<Option<Merchant>, Problem> {
    let Some(name) = variables.get(MERCHANT) else { return Ok(None) };
    let name = name.to_str().ok_or(Problem::NoMerchant("it is not Unicode text"))?;
    name.parse().map(Some).map_err(Problem::NoMerchant)
}

/// Whether a database's URL holds a password.
fn has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let user = place.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || query.split('&').any(|pair| pair.starts_with("password="))
}

/// Where the journal is.
#[derive(Debug, Args)]
pub(crate) struct JournalPlace {
    /// The journal's file, or the URL of a PostgreSQL database, without a password; otherwise the profile's, or payonce.db in
    /// the current directory.
    #[arg(
        long = "journal",
        value_name = "FILE|URL",
        env = "PAYONCE_JOURNAL",
        hide_env_values = true,
        value_parser = OsStringValueParser::new().map(Place::from),
        display_order = 91
    )]
    pub(super) named: Option<Place>,
    /// The profile in the configuration file, for what neither the command line nor the environment says.
    #[arg(long, value_name = "NAME", env = "PAYONCE_PROFILE", hide_env_values = true, display_order = 92)]
    pub(super) profile: Option<ProfileName>,
}

impl JournalPlace {
    /// The journal: a file that is not there is not made.
    pub(crate) fn open(&self) -> Result<Arc<dyn Journal>, crate::Error> {
        match self.place()? {
            Place::File(path) if !path.exists() => Err(Problem::NoJournal(path).into()),
            place => Ok(place.open()?),
        }
    }

    /// The journal; a file that is not there is made.
    pub(crate) fn open_or_make(&self) -> Result<Arc<dyn Journal>, crate::Error> {
        Ok(self.place()?.open()?)
    }

    /// The journal, if there is one.
    pub(crate) fn open_if_there(&self) -> Result<Option<Arc<dyn Journal>>, crate::Error> {
        let place = self.place()?;
        Ok(if place.is_there() { Some(place.open()?) } else { None })
    }

    /// The journal's file, which is there.
    pub(crate) fn file(&self) -> Result<PathBuf, crate::Error> {
        match self.place()? {
            Place::File(path) if path.exists() => Ok(path),
            Place::File(path) => Err(Problem::NoJournal(path).into()),
            Place::Database(..) => Err(Problem::Database.into()),
        }
    }

    /// The journal's database.
    pub(crate) fn database(&self) -> Result<Database, crate::Error> {
        match self.place()? {
            Place::Database(url, merchant) => Ok(database(&url, &merchant)?),
            Place::File(_) => Err(Problem::NoDatabase.into()),
        }
    }

    /// The journal's file, whether it is there or not, for what is written beside it.
    pub(crate) fn path(&self) -> Result<PathBuf, Problem> {
        match self.place()? {
            Place::File(path) => Ok(path),
            Place::Database(..) => Err(Problem::NothingBeside),
        }
    }

    /// Where the journal is, whether it is there or not.
    pub(crate) fn place(&self) -> Result<Place, Problem> {
        let variables = Settings::of_environment().variables;
        let by_variable = merchant_of(&variables)?;
        let profile = match (&self.named, &by_variable) {
            (Some(_), Some(_)) => None,
            _ => self.profile(&variables)?,
        };
        let (journal, merchant) = profile.map(|(_, it)| (it.journal, it.merchant)).unwrap_or_default();
        let named = self.named.clone().or(journal).unwrap_or_else(|| Place::File(JOURNAL.into()));
        let merchant = by_variable.or(merchant).unwrap_or_default();
        let place = match named {
            Place::File(_) if merchant != Merchant::default() => {
                return Err(Problem::MerchantInFile(merchant));
            }
            Place::File(path) => Place::File(path),
            Place::Database(url, _) => Place::Database(url, merchant),
        };
        if let Place::Database(url, _) = &place
            && has_password(url.expose())
            && std::env::args_os().any(|it| it.to_str().is_some_and(|it| it.ends_with(url.expose())))
        {
            return Err(Problem::ShownPassword);
        }
        Ok(place)
    }

    /// Where the journal is, and what says so.
    pub(crate) fn told_by(&self) -> Result<(Place, String), Problem> {
        let told = match (&self.named, self.profile(&Settings::of_environment().variables)?) {
            (Some(_), _) => "--journal or PAYONCE_JOURNAL".to_owned(),
            (None, Some((name, Profile { journal: Some(_), .. }))) => format!("the profile {name}"),
            (None, _) => "the current directory".to_owned(),
        };
        Ok((self.place()?, told))
    }

    /// What names the merchant.
    pub(crate) fn merchant_by(&self) -> Result<String, Problem> {
        let variables = Settings::of_environment().variables;
        Ok(match (merchant_of(&variables)?, self.profile(&variables)?) {
            (Some(_), _) => "the environment".to_owned(),
            (None, Some((name, Profile { merchant: Some(_), .. }))) => format!("the profile {name}"),
            (None, _) => "nothing else".to_owned(),
        })
    }

    /// The profile that does not hold because a variable names another account, and that variable.
    pub(crate) fn put_aside(&self) -> Result<Option<(&'static str, ProfileName)>, Problem> {
        let Some((name, profile)) = profile::find(self.profile.as_ref())? else { return Ok(None) };
        Ok(profile.differs(&Settings::of_environment().variables).map(|variable| (variable, name)))
    }

    /// The profile that holds beside the environment.
    pub(crate) fn used(&self) -> Result<Option<ProfileName>, Problem> {
        Ok(self.profile(&Settings::of_environment().variables)?.map(|(name, _)| name))
    }

    /// The profile that holds beside these variables, if there is one. One that was asked for is not put aside in silence.
    pub(super) fn profile(&self, variables: &Variables) -> Result<Option<(ProfileName, Profile)>, Problem> {
        let Some((name, profile)) = profile::find(self.profile.as_ref())? else { return Ok(None) };
        match profile.differs(variables) {
            None => Ok(Some((name, profile))),
            Some(_) if self.profile.is_none() => Ok(None),
            Some(variable) => Err(Problem::AnotherAccount(variable, name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_seen_wherever_a_url_may_hold_it_and_is_never_shown() {
        for url in [
            "postgres://u:canary@h/d",
            "postgres://u:canary@h1,h2/d?sslmode=require",
            "postgres://u@h/d?password=canary",
        ] {
            assert!(has_password(url), "{url}");
            assert_eq!(format!("{:?}", Place::from(PathBuf::from(url))), "Database");
        }
        for url in
            ["postgres://u@h/d", "postgres://u@h:5432/d", "postgres://%2Frun%2Fpg:5432/d?sslmode=disable"]
        {
            assert!(!has_password(url), "{url}");
        }
    }
}
