//! The settings that may stand in a file: everything but the secrets.

use super::{Builder, Device};

payonce_rest::config! {
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
    Config {
        /// The client's id, from the merchant portal.
        client_id,
        /// What sends the payouts.
        device: Device,
    }
}

impl Builder {
    /// The settings as a file has them; what it leaves out is as usual. They are checked when the client is built.
    pub fn from_config(config: Config) -> Self {
        let mut builder = Self::default();
        config.common(&mut builder.common);
        builder.device = config.device.unwrap_or(builder.device);
        builder
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use payonce_rest::Place;

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
