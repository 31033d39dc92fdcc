//! How a client is configured: piece by piece, or by the environment.
//!
//! What must stay true: a setting that is missing or malformed is an error that names it and never shows its value; and
//! no configuration sends a secret over plain HTTP to another machine.

use std::ffi::OsString;
use std::sync::Arc;

use payonce::{Engine, Error, Secret};
use payonce_rest::{Common, Names, Ready, Variables};

use crate::client::Dwolla;
use crate::links::Pin;
use crate::rail::DwollaRail;
use crate::raw;
use crate::transport::{Credentials, Wire};

/// Where the provider is, unless told otherwise.
const BASE_URL: &str = "https://api.dwolla.com";

pub(crate) const NAMES: Names = Names {
    client_id: ("the key", "DWOLLA_KEY"),
    client_secret: ("the secret", "DWOLLA_SECRET"),
    base_url: ("the base URL", "DWOLLA_BASE_URL"),
    namespace: ("the namespace", "DWOLLA_NAMESPACE"),
};

const USER_AGENT: &str = concat!("dwolla-rust/", env!("CARGO_PKG_VERSION"));

payonce_rest::config! {
    /// The settings that may stand in a file, each of which may be left out. Read it in any format that `serde` knows, and
    /// add the secret.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use dwolla::{Builder, Config, Secret};
    ///
    /// let config: Config = serde_json::from_str(
    ///     r#"{ "key": "application-1", "base_url": "http://127.0.0.1:4011", "request_timeout_seconds": 10 }"#,
    /// )?;
    /// let secret = Secret::new("from your vault");
    /// let dwolla = Builder::from_config(config).secret(secret).journal_in_memory().build()?;
    /// # Ok(())
    /// # }
    /// ```
    Config {
        /// The application's key, from the provider's dashboard.
        key,
    }
}

/// The settings of a client. Only the application's key and secret have no default.
#[derive(Clone, Debug)]
pub struct Builder {
    common: Common,
}

impl Default for Builder {
    fn default() -> Self {
        Self { common: Common::new(NAMES, BASE_URL, USER_AGENT) }
    }
}

impl Builder {
    /// The settings as the environment has them.
    ///
    /// | variable | what | default |
    /// |---|---|---|
    /// | `DWOLLA_KEY`, `DWOLLA_SECRET` | the application's credentials | required |
    /// | `DWOLLA_BASE_URL` | where the provider is | `https://api.dwolla.com` |
    /// | `DWOLLA_NAMESPACE` | the merchant's identity in the derivation of keys | the key |
    /// | `PAYONCE_JOURNAL` | the journal's file, or the URL of a PostgreSQL database | `payonce.db` in the current directory |
    /// | `PAYONCE_MERCHANT` | whose payments in a database | `default` |
    ///
    /// # Errors
    /// `Configuration`, naming the variable and never its value, when one is malformed. A variable that is set to
    /// nothing is malformed.
    pub fn from_env() -> Result<Self, Error> {
        Self::looked_up(|name| std::env::var_os(name))
    }

    /// The settings as these variables have them, and none of the environment: those of a sandbox, or of a file.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_variables<K: AsRef<str>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, Error> {
        let variables: Vec<_> = variables.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self::looked_up(|name| {
            variables.iter().find(|(known, _)| known.as_ref() == name).map(|(_, value)| value.clone())
        })
    }

    fn looked_up(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let mut builder = Self::default();
        builder.common.read(&Variables::new(&variable))?;
        Ok(builder)
    }

    /// The settings as a file has them; what it leaves out is as usual. They are checked when the client is built.
    pub fn from_config(config: Config) -> Self {
        let mut builder = Self::default();
        config.common(&mut builder.common);
        builder
    }

    /// The application's key, from the provider's dashboard.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.common.client_id = Some(key.into());
        self
    }

    /// The application's secret, from the provider's dashboard.
    #[must_use]
    pub fn secret(mut self, secret: Secret) -> Self {
        self.common.client_secret = Some(secret);
        self
    }

    /// The merchant's stable identity in the derivation of keys; the application's key unless it is set. Set it before
    /// credentials are rotated, to the first of them: under another namespace, old names get new keys.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.common.namespace = Some(namespace.into());
        self
    }

    /// The client. Opens the journal; sends nothing.
    ///
    /// # Errors
    /// `Configuration`, naming the setting and never its value; `Journal` when the journal cannot be opened.
    pub fn build(self) -> Result<Dwolla, Error> {
        let Ready { client_id, client_secret, namespace, base, http } = self.common.ready()?;
        let Common { place, merchant, transport, settings, .. } = self.common;
        let (credentials, secrets) = Credentials::new(&client_id, &client_secret)?;
        let pin = Pin::new(&base.text)?;
        let bare = raw::Client::new_with_client(&base.text, http, transport);
        let wire = Arc::new(Wire::new(credentials, bare, secrets, Arc::clone(&settings.clock)));
        Ok(Dwolla::new(Engine::new(
            DwollaRail::new(wire, pin),
            place.open(merchant.as_deref())?,
            namespace,
            settings,
        )))
    }
}

payonce_rest::common_settings! {
    Builder
    /// ```no_run
    /// # fn example(builder: dwolla::Builder) -> Result<(), Box<dyn std::error::Error>> {
    /// let proxy = dwolla::reqwest::Proxy::https("http://proxy.internal:3128")?;
    /// let dwolla = builder.http(move |http| http.proxy(proxy.clone()).user_agent("till/2.1")).build()?;
    /// # Ok(())
    /// # }
    /// ```
}

#[cfg(test)]
mod tests {
    use payonce::ErrorKind;
    use payonce_rest::Place;

    use super::*;

    const COMPLETE: [(&str, &str); 3] = [
        ("DWOLLA_KEY", "key-1"),
        ("DWOLLA_SECRET", "canary-secret"),
        ("DWOLLA_BASE_URL", "http://127.0.0.1:4020/"),
    ];

    /// The complete environment with these changes; an unset variable is `None`.
    fn configured(changes: &[(&str, Option<&str>)]) -> Result<Builder, Error> {
        Builder::looked_up(|name| {
            let changed = changes.iter().find(|change| change.0 == name).map(|change| change.1);
            let value =
                changed.unwrap_or_else(|| COMPLETE.iter().find(|pair| pair.0 == name).map(|pair| pair.1));
            value.map(OsString::from)
        })
    }

    fn built(changes: &[(&str, Option<&str>)]) -> Result<Dwolla, Error> {
        configured(changes)?.journal_in_memory().build()
    }

    #[test]
    fn what_is_wrong_is_named_and_its_value_is_not_shown() {
        let bad = "canary-value\n";
        for (variable, value) in [
            ("DWOLLA_KEY", None),
            ("DWOLLA_KEY", Some(bad)),
            ("DWOLLA_KEY", Some("canary:value")),
            ("DWOLLA_SECRET", None),
            ("DWOLLA_SECRET", Some("")),
            ("DWOLLA_NAMESPACE", Some(bad)),
            ("DWOLLA_BASE_URL", Some(bad)),
            ("DWOLLA_BASE_URL", Some("http://canary-value.example")),
            ("DWOLLA_BASE_URL", Some("https://canary-value:x@example.com")),
            ("DWOLLA_BASE_URL", Some("https://example.com/?canary-value")),
            ("PAYONCE_JOURNAL", Some("")),
        ] {
            let error = built(&[(variable, value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{variable}: {value:?}");
            let text = format!("{error} {error:?}");
            assert!(text.contains(variable), "{value:?}: {text}");
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn a_complete_environment_makes_a_client_and_the_defaults_are_the_providers() {
        let builder = configured(&[("DWOLLA_BASE_URL", None)]).unwrap();
        assert_eq!(builder.common.base_url, BASE_URL);
        assert!(matches!(builder.common.place, Place::File(path) if path.as_os_str() == "payonce.db"));
        assert_eq!(built(&[]).unwrap().namespace().as_str(), "key-1");
        let named = built(&[("DWOLLA_NAMESPACE", Some("merchant-42"))]).unwrap();
        assert_eq!(named.namespace().as_str(), "merchant-42");
    }

    #[test]
    fn a_file_sets_what_it_names_and_nothing_else_and_a_secret_has_no_place_in_it() {
        let config: Config = serde_json::from_str(
            r#"{ "key": "k", "namespace": "n", "journal": "/tmp/j", "first_answer_seconds": 7, "concurrency": 2 }"#,
        )
        .unwrap();
        let common = Builder::from_config(config).common;
        assert_eq!((common.client_id.as_deref(), common.base_url.as_str()), (Some("k"), BASE_URL));
        assert_eq!(common.namespace.as_deref(), Some("n"));
        assert_eq!((common.settings.first_answer.as_secs(), common.settings.concurrency), (7, 2));
        assert!(matches!(common.place, Place::File(path) if path.as_os_str() == "/tmp/j"));
        assert!(serde_json::from_str::<Config>(r#"{ "secret": "canary" }"#).is_err());
    }

    #[test]
    fn no_debug_shows_the_secret() {
        let builder = configured(&[]).unwrap();
        let text = format!("{builder:?} {:?}", built(&[]).unwrap());
        assert!(!text.contains("canary") && !text.contains("a2V5LTE6"), "{text}");
    }
}
