//! The settings that may stand in a file: everything but the secrets.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use payonce_rest::Place;

use super::{Builder, Device};

/// The settings that may stand in a file, each of which may be left out. Read it in any format that `serde` knows, and
/// add the secrets.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use dollr::{Builder, Config, Secret};
///
/// let config: Config = serde_json::from_str(
///     r#"{ "client_id": "till-1", "base_url": "http://127.0.0.1:4010", "request_timeout_seconds": 10 }"#,
/// )?;
/// let secret = Secret::new("from your vault");
/// let dollr = Builder::from_config(config).client_secret(secret).journal_in_memory().build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// The client's id, from the merchant portal.
    pub client_id: Option<String>,
    /// Where the provider is.
    pub base_url: Option<String>,
    /// The merchant's stable identity in the derivation of keys; the client id without it.
    pub namespace: Option<String>,
    /// What sends the payouts.
    pub device: Option<Device>,
    /// The journal's file.
    pub journal: Option<PathBuf>,
    /// How long one request may take in all, in seconds.
    pub request_timeout_seconds: Option<u64>,
    /// How long sending waits for the provider's first answer, in seconds.
    pub first_answer_seconds: Option<u64>,
    /// How many payments are in the middle of a request at any time.
    pub concurrency: Option<usize>,
}

impl Builder {
    /// The settings as a file has them; what it leaves out is as usual. They are checked when the client is built.
    pub fn from_config(config: Config) -> Self {
        let mut builder = Self::default();
        let common = &mut builder.common;
        let Config { client_id, base_url, namespace, device, journal, concurrency, .. } = config;
        common.client_id = client_id;
        common.namespace = namespace;
        if let Some(base_url) = base_url {
            common.base_url = base_url;
        }
        if let Some(path) = journal {
            common.place = Place::File(path);
        }
        if let Some(limit) = config.request_timeout_seconds {
            common.request_timeout = Duration::from_secs(limit);
        }
        if let Some(limit) = config.first_answer_seconds {
            common.settings.first_answer = Duration::from_secs(limit);
        }
        common.settings.concurrency = concurrency.unwrap_or(common.settings.concurrency);
        builder.device = device.unwrap_or(builder.device);
        builder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_sets_what_it_names_and_nothing_else_and_a_secret_has_no_place_in_it() {
        let config: Config = serde_json::from_str(
            r#"{ "client_id": "c", "journal": "/tmp/j", "first_answer_seconds": 7, "concurrency": 2 }"#,
        )
        .unwrap();
        let common = Builder::from_config(config).common;
        assert_eq!(
            (common.client_id.as_deref(), common.base_url.as_str()),
            (Some("c"), super::super::BASE_URL)
        );
        assert_eq!((common.settings.first_answer, common.settings.concurrency), (Duration::from_secs(7), 2));
        assert!(matches!(common.place, Place::File(path) if path.as_os_str() == "/tmp/j"));
        assert!(serde_json::from_str::<Config>(r#"{ "client_secret": "canary" }"#).is_err());
    }
}
