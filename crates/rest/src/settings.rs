//! The settings that every facade's builder has: their defaults, how the environment gives them, and their checks.
//!
//! What must stay true: a setting that is missing or malformed is an error that names it, and the variable that gives it,
//! and never shows its value.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use payonce::journal::{Journal, MemoryJournal, SqliteJournal};
use payonce::{Error, ErrorKind, Namespace, Secret, Settings};
use payonce_wire::{Direct, Transport};

use crate::address::{Address, HttpSettings, tls};

/// Where the journal is, unless told otherwise: in the current directory.
const JOURNAL: &str = "payonce.db";

/// The merchant that is meant when none is named.
const MERCHANT: &str = "default";

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Where payments are written down.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a file, which is made if there is none.
    File(PathBuf),
    /// In a PostgreSQL database, by its URL, which may hold a password.
    Database(Secret),
    /// In memory, for as long as the process lives.
    Memory,
    /// In another journal.
    Given(Arc<dyn Journal>),
}

impl From<PathBuf> for Place {
    /// A file, unless it is the URL of a PostgreSQL database.
    fn from(path: PathBuf) -> Self {
        let url =
            path.to_str().filter(|text| text.starts_with("postgres://") || text.starts_with("postgresql://"));
        match url {
            Some(url) => Self::Database(Secret::new(url.to_owned())),
            None => Self::File(path),
        }
    }
}

impl Place {
    /// Opens the journal, for that merchant. A database is not asked for anything yet.
    ///
    /// # Errors
    /// `Journal` when it cannot be opened; `Configuration` when a URL cannot be read, this program knows no databases, or a
    /// merchant is named and the journal is in a file; `Invalid` when the merchant's name is none.
    pub fn open(self, merchant: Option<&str>) -> Result<Arc<dyn Journal>, Error> {
        let merchant = merchant.unwrap_or(MERCHANT);
        Ok(match self {
            Self::File(_) if merchant != MERCHANT => {
                let message = "a merchant is named (PAYONCE_MERCHANT), and a journal in a file holds the payments of one \
                               merchant, which has no name there: give each merchant a file of its own, or a database";
                return Err(setting(message));
            }
            Self::File(path) => Arc::new(SqliteJournal::open(path)?),
            #[cfg(feature = "postgres")]
            Self::Database(url) => {
                Arc::new(payonce::journal::PostgresJournal::at(url.expose())?.merchant(merchant)?)
            }
            #[cfg(not(feature = "postgres"))]
            Self::Database(_) => {
                let message =
                    "the journal is a URL, and this program was built without the feature `postgres`";
                return Err(Error::new(ErrorKind::Configuration, message));
            }
            Self::Memory => Arc::new(MemoryJournal::default()),
            Self::Given(journal) => journal,
        })
    }
}

/// What people call each of the settings that have a variable of the provider's own, and that variable.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// For example `("the client id", "DOLLR_CLIENT_ID")`.
    pub client_id: (&'static str, &'static str),
    /// The credentials' other half.
    pub client_secret: (&'static str, &'static str),
    /// Where the provider is.
    pub base_url: (&'static str, &'static str),
    /// The merchant's identity in the derivation of keys.
    pub namespace: (&'static str, &'static str),
}

/// The settings that every facade has. Only the client's id and secret have no default.
#[derive(Clone, Debug)]
pub struct Common {
    names: Names,
    user_agent: &'static str,
    /// The client's id.
    pub client_id: Option<String>,
    /// The client's secret.
    pub client_secret: Option<Secret>,
    /// Where the provider is.
    pub base_url: String,
    /// The merchant's stable identity in the derivation of keys; the client id without it.
    pub namespace: Option<String>,
    /// Where payments are written down.
    pub place: Place,
    /// Whose payments they are, in a database that holds those of several.
    pub merchant: Option<String>,
    /// How long one request may take in all.
    pub request_timeout: Duration,
    /// What the caller sets of the HTTP client.
    pub http: HttpSettings,
    /// Certificates, in PEM, that are trusted beside the machine's own.
    pub roots: Vec<u8>,
    /// What puts each request on the wire.
    pub transport: Transport,
    /// The engine's.
    pub settings: Settings,
}

/// Settings that were checked, and the HTTP client made of them.
#[derive(Debug)]
pub struct Ready {
    /// The client's id.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// The merchant's identity in the derivation of keys.
    pub namespace: Namespace,
    /// Where the provider is.
    pub base: Address,
    /// The HTTP client.
    pub http: reqwest::Client,
}

impl Common {
    /// The defaults, for a provider at that address.
    pub fn new(names: Names, base_url: &str, user_agent: &'static str) -> Self {
        Self {
            names,
            user_agent,
            client_id: None,
            client_secret: None,
            base_url: base_url.to_owned(),
            namespace: None,
            place: Place::File(JOURNAL.into()),
            merchant: None,
            request_timeout: REQUEST_TIMEOUT,
            http: HttpSettings::default(),
            roots: Vec::new(),
            transport: Arc::new(Direct),
            settings: Settings::default(),
        }
    }

    /// Takes from the variables what they give: those that have [`Names`], `PAYONCE_JOURNAL` and
    /// `PAYONCE_MERCHANT`.
    ///
    /// # Errors
    /// `Configuration`, naming the variable and never its value, when one is set to nothing or is no text.
    pub fn read(&mut self, variables: &Variables<'_>) -> Result<(), Error> {
        self.client_id = variables.text(self.names.client_id.1)?;
        self.client_secret = variables.text(self.names.client_secret.1)?.map(Secret::new);
        if let Some(base_url) = variables.text(self.names.base_url.1)? {
            self.base_url = base_url;
        }
        self.namespace = variables.text(self.names.namespace.1)?;
        if let Some(path) = variables.value("PAYONCE_JOURNAL")? {
            self.place = Place::from(PathBuf::from(path));
        }
        self.merchant = variables.text("PAYONCE_MERCHANT")?;
        Ok(())
    }

    /// Checks the settings, and makes the HTTP client. Nothing is sent.
    ///
    /// # Errors
    /// `Configuration`, naming the setting and its variable and never its value.
    pub fn ready(&self) -> Result<Ready, Error> {
        let names = self.names;
        let client_id = self.client_id.clone().ok_or_else(|| wrong(names.client_id, "is missing"))?;
        let client_secret =
            self.client_secret.clone().ok_or_else(|| wrong(names.client_secret, "is missing"))?;
        let base = Address::new(&self.base_url, names.base_url)?;
        let (namespace, name) = match &self.namespace {
            Some(namespace) => (namespace, names.namespace),
            None => (&client_id, names.client_id),
        };
        let namespace = Namespace::new(namespace.clone())
            .map_err(|_| wrong(name, "is not up to 200 printable ASCII characters"))?;
        let tls = tls(base.is_encrypted(), &self.roots)?;
        let http = base.http(tls, self.request_timeout, self.user_agent, &self.http)?;
        Ok(Ready { client_id, client_secret, namespace, base, http })
    }
}

/// Variables: those of the environment, or others in their place.
pub struct Variables<'a>(&'a dyn Fn(&str) -> Option<OsString>);

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Variables")
    }
}

impl<'a> Variables<'a> {
    /// Those that the function finds.
    pub fn new(find: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self(find)
    }

    /// A variable's value, if it is set.
    ///
    /// # Errors
    /// `Configuration`, naming it, when it is set to nothing.
    pub fn value(&self, name: &str) -> Result<Option<OsString>, Error> {
        match (self.0)(name) {
            Some(value) if value.is_empty() => Err(setting(format!("{name} is set, but empty"))),
            value => Ok(value),
        }
    }

    /// A variable's text, if it is set.
    ///
    /// # Errors
    /// `Configuration`, naming it, when it is set to nothing or is no text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Error> {
        let text = self.value(name)?.map(OsString::into_string).transpose();
        text.map_err(|_| setting(format!("{name} is not Unicode text")))
    }
}

/// The error for settings that make no client.
pub fn setting(message: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// The error for a setting that is not as it should be, and may have come by that variable.
pub fn wrong((what, variable): (&str, &str), how: &str) -> Error {
    setting(format!("{what} {how} ({variable})"))
}
