//! How a client is configured: piece by piece, or by the environment.
//!
//! What must stay true: a setting that is missing, malformed or contradicts another is an error that names it and
//! never shows its value; and no configuration sends a secret over plain HTTP to another machine.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use payonce::journal::{Journal, MemoryJournal, SqliteJournal};
use payonce::{Clock, Engine, Error, ErrorKind, Namespace, Pace, Secret, Settings};
use reqwest::Url;

use crate::client::Dollr;
use crate::rail::DollrRail;
use crate::raw::types;
use crate::transport::Wire;

/// Where the provider is, unless told otherwise.
const BASE_URL: &str = "https://api.heydollr.app";

/// Where the journal is, unless told otherwise: in the current directory.
const JOURNAL: &str = "payonce.db";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const USER_AGENT: &str = concat!("dollr-rust/", env!("CARGO_PKG_VERSION"));

/// What approves payouts: a code, and whose it is.
#[derive(Clone, Debug)]
pub struct Passcode {
    code: Secret,
    owner: Owner,
}

#[derive(Clone, Debug)]
enum Owner {
    Phone(Secret),
    UserId(Secret),
}

impl Passcode {
    /// A code that belongs to a phone number: digits only, with the country code and without a plus sign.
    pub fn of_phone(code: Secret, phone: impl Into<String>) -> Self {
        Self { code, owner: Owner::Phone(Secret::new(phone)) }
    }

    /// A code that belongs to a user of the provider.
    pub fn of_user(code: Secret, user_id: impl Into<String>) -> Self {
        Self { code, owner: Owner::UserId(Secret::new(user_id)) }
    }

    fn checked(self) -> Result<Self, Error> {
        if self.code.expose().is_empty() {
            return Err(wrong("the passcode", "DOLLR_PASSCODE", "is empty"));
        }
        match &self.owner {
            Owner::Phone(phone) if !is_phone(phone.expose()) => Err(wrong(
                "the passcode's phone number",
                "DOLLR_PASSCODE_PHONE",
                "is not 8 to 15 digits with the country code and without a plus sign",
            )),
            Owner::UserId(user_id) if user_id.expose().is_empty() => {
                Err(wrong("the passcode's user id", "DOLLR_PASSCODE_USER_ID", "is empty"))
            }
            _ => Ok(self),
        }
    }

    fn secrets(&self) -> [Secret; 2] {
        let (Owner::Phone(owner) | Owner::UserId(owner)) = &self.owner;
        [self.code.clone(), owner.clone()]
    }
}

fn is_phone(text: &str) -> bool {
    (8..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0')
}

/// What sends the payouts; the provider keeps it for its audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// What it is called.
    pub name: String,
    /// What kind of machine it is.
    pub kind: String,
    /// What it runs.
    pub platform: String,
    /// The software that speaks.
    pub user_agent: String,
    /// Its address.
    pub client_ip: String,
}

impl Default for Device {
    /// A server that runs this crate.
    fn default() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            kind: "SERVER".to_owned(),
            platform: std::env::consts::OS.to_ascii_uppercase(),
            user_agent: USER_AGENT.to_owned(),
            client_ip: "127.0.0.1".to_owned(),
        }
    }
}

/// Where payments are written down.
#[derive(Clone, Debug)]
enum Place {
    File(PathBuf),
    Memory,
    Given(Arc<dyn Journal>),
}

/// The settings of a client. Only the client's id and secret have no default.
#[derive(Clone, Debug)]
pub struct Builder {
    client_id: Option<String>,
    client_secret: Option<Secret>,
    base_url: String,
    namespace: Option<String>,
    passcode: Option<Passcode>,
    device: Device,
    place: Place,
    request_timeout: Duration,
    settings: Settings,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            client_id: None,
            client_secret: None,
            base_url: BASE_URL.to_owned(),
            namespace: None,
            passcode: None,
            device: Device::default(),
            place: Place::File(JOURNAL.into()),
            request_timeout: REQUEST_TIMEOUT,
            settings: Settings::default(),
        }
    }
}

impl Builder {
    /// The settings as the environment has them.
    ///
    /// | variable | what | default |
    /// |---|---|---|
    /// | `DOLLR_CLIENT_ID`, `DOLLR_CLIENT_SECRET` | the credentials | required |
    /// | `DOLLR_BASE_URL` | where the provider is | `https://api.heydollr.app` |
    /// | `DOLLR_NAMESPACE` | the merchant's identity in the derivation of keys | the client id |
    /// | `DOLLR_PASSCODE` | what approves payouts | none: payouts are refused here |
    /// | `DOLLR_PASSCODE_PHONE` or `DOLLR_PASSCODE_USER_ID` | whose passcode it is | one of the two, with a passcode |
    /// | `DOLLR_DEVICE_NAME`, `_TYPE`, `_PLATFORM`, `_USER_AGENT`, `_CLIENT_IP` | what sends the payouts | [`Device::default`] |
    /// | `PAYONCE_JOURNAL` | the journal's file | `payonce.db` in the current directory |
    ///
    /// # Errors
    /// `Configuration`, naming the variable and never its value, when one is malformed or contradicts another. A
    /// variable that is set to nothing is malformed.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let read = |name: &'static str| match variable(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Err(setting(format!("{name} is set, but empty"))),
            Some(value) => {
                value.into_string().map(Some).map_err(|_| setting(format!("{name} is not Unicode text")))
            }
        };
        let mut builder = Self { client_id: read("DOLLR_CLIENT_ID")?, ..Self::default() };
        builder.client_secret = read("DOLLR_CLIENT_SECRET")?.map(Secret::new);
        if let Some(base_url) = read("DOLLR_BASE_URL")? {
            builder.base_url = base_url;
        }
        builder.namespace = read("DOLLR_NAMESPACE")?;
        let code = read("DOLLR_PASSCODE")?.map(Secret::new);
        builder.passcode = match (code, read("DOLLR_PASSCODE_PHONE")?, read("DOLLR_PASSCODE_USER_ID")?) {
            (None, None, None) => None,
            (Some(code), Some(phone), None) => Some(Passcode::of_phone(code, phone)),
            (Some(code), None, Some(user_id)) => Some(Passcode::of_user(code, user_id)),
            (_, Some(_), Some(_)) => {
                return Err(setting(
                    "DOLLR_PASSCODE_PHONE and DOLLR_PASSCODE_USER_ID are both set; keep one",
                ));
            }
            (Some(_), None, None) => {
                return Err(setting(
                    "DOLLR_PASSCODE is set, but neither DOLLR_PASSCODE_PHONE nor DOLLR_PASSCODE_USER_ID is",
                ));
            }
            (None, Some(_), None) => {
                return Err(setting("DOLLR_PASSCODE_PHONE is set, but DOLLR_PASSCODE is not"));
            }
            (None, None, Some(_)) => {
                return Err(setting("DOLLR_PASSCODE_USER_ID is set, but DOLLR_PASSCODE is not"));
            }
        };
        for (name, field) in [
            ("DOLLR_DEVICE_NAME", &mut builder.device.name),
            ("DOLLR_DEVICE_TYPE", &mut builder.device.kind),
            ("DOLLR_DEVICE_PLATFORM", &mut builder.device.platform),
            ("DOLLR_DEVICE_USER_AGENT", &mut builder.device.user_agent),
            ("DOLLR_DEVICE_CLIENT_IP", &mut builder.device.client_ip),
        ] {
            if let Some(value) = read(name)? {
                *field = value;
            }
        }
        match variable("PAYONCE_JOURNAL") {
            Some(path) if path.is_empty() => return Err(setting("PAYONCE_JOURNAL is set, but empty")),
            Some(path) => builder.place = Place::File(path.into()),
            None => {}
        }
        Ok(builder)
    }

    /// The client's id, from the merchant portal.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The client's secret, from the merchant portal.
    #[must_use]
    pub fn client_secret(mut self, client_secret: Secret) -> Self {
        self.client_secret = Some(client_secret);
        self
    }

    /// Where the provider is: HTTPS, or HTTP on this machine.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The merchant's stable identity in the derivation of keys; the client id unless it is set. Set it before
    /// credentials are rotated, to the first client id: under another namespace, old names get new keys.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// What approves payouts. It is held in memory and added to each payout as it is sent; it is never journaled.
    #[must_use]
    pub fn passcode(mut self, passcode: Passcode) -> Self {
        self.passcode = Some(passcode);
        self
    }

    /// What sends the payouts.
    #[must_use]
    pub fn device(mut self, device: Device) -> Self {
        self.device = device;
        self
    }

    /// The journal's file; it is made if there is none.
    #[must_use]
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.place = Place::File(path.into());
        self
    }

    /// Keeps the journal in memory: payments that are on their way when the process ends are known to the provider
    /// alone then.
    #[must_use]
    pub fn journal_in_memory(mut self) -> Self {
        self.place = Place::Memory;
        self
    }

    /// Another journal.
    #[must_use]
    pub fn journal_with(mut self, journal: Arc<dyn Journal>) -> Self {
        self.place = Place::Given(journal);
        self
    }

    /// How fast payments are polled and retried.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.settings.pace = pace;
        self
    }

    /// Where the time is taken from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.settings.clock = clock;
        self
    }

    /// How long one request may take in all; 30 s unless it is set. (A connection must be made within 10 s.)
    #[must_use]
    pub fn request_timeout(mut self, limit: Duration) -> Self {
        self.request_timeout = limit;
        self
    }

    /// How many payments are in the middle of a request at any time; 32 unless it is set.
    #[must_use]
    pub fn concurrency(mut self, payments: usize) -> Self {
        self.settings.concurrency = payments;
        self
    }

    /// How long sending waits for the provider's first answer; 60 s unless it is set. The payment goes on.
    #[must_use]
    pub fn first_answer(mut self, limit: Duration) -> Self {
        self.settings.first_answer = limit;
        self
    }

    /// The client. Opens the journal; sends nothing.
    ///
    /// # Errors
    /// `Configuration`, naming the setting and never its value; `Journal` when the journal cannot be opened.
    pub fn build(self) -> Result<Dollr, Error> {
        let client_id =
            self.client_id.ok_or_else(|| wrong("the client id", "DOLLR_CLIENT_ID", "is missing"))?;
        let client_secret = self
            .client_secret
            .ok_or_else(|| wrong("the client secret", "DOLLR_CLIENT_SECRET", "is missing"))?;
        let base = Base::new(&self.base_url)?;
        let namespace = match self.namespace {
            Some(namespace) => Namespace::new(namespace).map_err(|_| {
                wrong("the namespace", "DOLLR_NAMESPACE", "is not up to 200 printable ASCII characters")
            })?,
            None => Namespace::new(client_id.clone()).map_err(|_| {
                wrong("the client id", "DOLLR_CLIENT_ID", "is not up to 200 printable ASCII characters")
            })?,
        };
        let passcode = self.passcode.map(Passcode::checked).transpose()?;
        let http = base.http(self.request_timeout)?;
        let mut secrets = vec![client_secret.clone()];
        secrets.extend(passcode.iter().flat_map(Passcode::secrets));
        let credentials = types::ClientCredentialObtainTokenPayload {
            client_id,
            client_secret: client_secret.expose().into(),
        };
        let clock = Arc::clone(&self.settings.clock);
        let wire = Arc::new(Wire::new(base.text, http, credentials, secrets, clock));
        let rail = DollrRail::new(wire, passcode.map(|passcode| approval(&passcode, self.device)));
        let journal: Arc<dyn Journal> = match self.place {
            Place::File(path) => Arc::new(SqliteJournal::open(path)?),
            Place::Memory => Arc::new(MemoryJournal::default()),
            Place::Given(journal) => journal,
        };
        Ok(Dollr::new(Engine::new(rail, journal, namespace, self.settings)))
    }
}

/// The passcode and device as they are added to each payout.
fn approval(passcode: &Passcode, device: Device) -> types::PasscodePayload {
    let (phone, user_id) = match &passcode.owner {
        Owner::Phone(phone) => (Some(phone.expose().to_owned()), None),
        Owner::UserId(user_id) => (None, Some(user_id.expose().to_owned())),
    };
    let Device { name, kind, platform, user_agent, client_ip } = device;
    types::PasscodePayload {
        device: types::PasscodeDevice { client_ip, name, platform, type_: kind, user_agent },
        token: types::PasscodeToken { code: passcode.code.expose().into(), phone, user_id },
    }
}

/// The provider's address, checked.
struct Base {
    /// Without a slash at the end.
    text: String,
    is_loopback: bool,
}

impl Base {
    fn new(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| wrong("the base URL", "DOLLR_BASE_URL", why);
        let url = Url::parse(text).map_err(|_| bad("is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("holds a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("holds a query or a fragment"));
        }
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = bare.parse::<std::net::IpAddr>();
        let is_loopback = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
        match url.scheme() {
            "https" => {}
            "http" if is_loopback => {}
            "http" => return Err(bad("must begin with https, except on this machine")),
            _ => return Err(bad("must begin with https")),
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), is_loopback })
    }

    /// The HTTP client for it.
    fn http(&self, limit: Duration) -> Result<reqwest::Client, Error> {
        let encrypted = self.text.starts_with("https:");
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(encrypted)?)
            .https_only(encrypted)
            .http1_only()
            // A redirect would carry the passcode or the client secret elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            // The engine is the only one who may send a second time.
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT.min(limit))
            .timeout(limit)
            .user_agent(USER_AGENT);
        if self.is_loopback {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| {
            Error::new(ErrorKind::Configuration, "the HTTP client could not be set up").with_source(error)
        })
    }
}

/// TLS by rustls with ring, and the machine's own roots of trust. The provider of the cryptography is ours alone: no
/// choice is made for the process.
fn tls(encrypted: bool) -> Result<rustls::ClientConfig, Error> {
    let failed = |error: rustls::Error| {
        Error::new(ErrorKind::Configuration, "TLS could not be set up on this machine").with_source(error)
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let mut config = if encrypted {
        let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(failed)?;
        config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
    } else {
        // Nobody is spoken to over TLS; a machine without roots of trust must do as well.
        config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn setting(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

fn wrong(what: &str, variable: &str, how: &str) -> Error {
    setting(format!("{what} {how} ({variable})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPLETE: [(&str, &str); 5] = [
        ("DOLLR_CLIENT_ID", "client-1"),
        ("DOLLR_CLIENT_SECRET", "canary-secret"),
        ("DOLLR_PASSCODE", "canary-passcode"),
        ("DOLLR_PASSCODE_PHONE", "231771234567"),
        ("DOLLR_BASE_URL", "http://127.0.0.1:4010/"),
    ];

    /// The complete environment with these changes; an unset variable is `None`.
    fn configured(changes: &[(&str, Option<&str>)]) -> Result<Builder, Error> {
        Builder::from_variables(|name| {
            let changed = changes.iter().find(|change| change.0 == name).map(|change| change.1);
            let value =
                changed.unwrap_or_else(|| COMPLETE.iter().find(|pair| pair.0 == name).map(|pair| pair.1));
            value.map(OsString::from)
        })
    }

    fn built(changes: &[(&str, Option<&str>)]) -> Result<Dollr, Error> {
        configured(changes)?.journal_in_memory().build()
    }

    #[test]
    fn what_is_wrong_is_named_and_its_value_is_not_shown() {
        let bad = "canary-value\n";
        for (changes, named) in [
            (vec![("DOLLR_CLIENT_ID", None)], "DOLLR_CLIENT_ID"),
            (vec![("DOLLR_CLIENT_ID", Some(bad))], "DOLLR_CLIENT_ID"),
            (vec![("DOLLR_CLIENT_SECRET", None)], "DOLLR_CLIENT_SECRET"),
            (vec![("DOLLR_CLIENT_SECRET", Some(""))], "DOLLR_CLIENT_SECRET"),
            (vec![("DOLLR_NAMESPACE", Some(bad))], "DOLLR_NAMESPACE"),
            (vec![("DOLLR_BASE_URL", Some(bad))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_BASE_URL", Some("http://canary-value.example"))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_BASE_URL", Some("http://127.0.0.1.canary-value.example"))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_BASE_URL", Some("http://127.0.0.1@canary-value.example"))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_BASE_URL", Some("https://canary-value:x@example.com"))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_BASE_URL", Some("https://example.com/?canary-value"))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_BASE_URL", Some("ftp://canary-value.example"))], "DOLLR_BASE_URL"),
            (vec![("DOLLR_PASSCODE", None)], "DOLLR_PASSCODE_PHONE is set, but DOLLR_PASSCODE is not"),
            (vec![("DOLLR_PASSCODE_PHONE", None)], "neither DOLLR_PASSCODE_PHONE nor DOLLR_PASSCODE_USER_ID"),
            (
                vec![
                    ("DOLLR_PASSCODE", None),
                    ("DOLLR_PASSCODE_PHONE", None),
                    ("DOLLR_PASSCODE_USER_ID", Some(bad)),
                ],
                "DOLLR_PASSCODE_USER_ID is set, but DOLLR_PASSCODE is not",
            ),
            (vec![("DOLLR_PASSCODE_USER_ID", Some(bad))], "DOLLR_PASSCODE_PHONE and DOLLR_PASSCODE_USER_ID"),
            (vec![("DOLLR_PASSCODE_PHONE", Some("+231771234567"))], "DOLLR_PASSCODE_PHONE"),
            (vec![("DOLLR_PASSCODE_PHONE", Some("canary-value"))], "DOLLR_PASSCODE_PHONE"),
            (vec![("DOLLR_PASSCODE_PHONE", Some("0771234567"))], "DOLLR_PASSCODE_PHONE"),
            (vec![("DOLLR_DEVICE_TYPE", Some(""))], "DOLLR_DEVICE_TYPE"),
            (vec![("PAYONCE_JOURNAL", Some(""))], "PAYONCE_JOURNAL"),
        ] {
            let error = built(&changes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{changes:?}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(named), "{changes:?}: {text}");
            assert!(!text.contains("canary") && !text.contains("771234567"), "{changes:?}: {text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let read = |name: &str| (name == "DOLLR_CLIENT_ID").then(|| OsString::from_vec(vec![0xff]));
        let error = Builder::from_variables(read).unwrap_err();
        assert_eq!(error.message(), "DOLLR_CLIENT_ID is not Unicode text");
    }

    #[test]
    fn a_complete_environment_makes_a_client_and_the_defaults_are_the_providers() {
        let builder = configured(&[("DOLLR_DEVICE_NAME", Some("till")), ("DOLLR_BASE_URL", None)]).unwrap();
        assert_eq!(builder.base_url, BASE_URL);
        assert_eq!(builder.device, Device { name: "till".to_owned(), ..Device::default() });
        assert!(matches!(builder.place, Place::File(path) if path == *JOURNAL));
        for base_url in ["http://127.0.0.1:4010/", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"]
        {
            built(&[("DOLLR_BASE_URL", Some(base_url))]).unwrap();
        }
        built(&[("DOLLR_PASSCODE", None), ("DOLLR_PASSCODE_PHONE", None)]).unwrap();
    }

    #[test]
    fn the_base_url_ends_without_a_slash() {
        assert_eq!(Base::new("https://example.com").unwrap().text, "https://example.com");
        assert_eq!(Base::new("https://example.com/dollr/").unwrap().text, "https://example.com/dollr");
    }

    #[test]
    fn tls_chooses_nothing_for_the_process() {
        tls(false).unwrap();
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }
}
