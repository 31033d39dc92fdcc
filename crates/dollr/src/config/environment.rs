//! The settings as the environment has them: a convenience over the builder, with the same checks.

use std::ffi::OsString;

use payonce::{Error, Secret};
use payonce_rest::{Variables, setting};

use super::{Builder, Passcode};
#[cfg(feature = "realtime")]
use crate::realtime::Realtime;

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
    /// | `DOLLR_DEVICE_NAME`, `_TYPE`, `_PLATFORM`, `_USER_AGENT`, `_CLIENT_IP` | what sends the payouts | [`Device::default`](crate::Device::default) |
    /// | `DOLLR_REALTIME_URL`, `DOLLR_REALTIME_ANON_KEY` | the realtime channel; read with the feature `realtime` | none: payments are polled |
    /// | `PAYONCE_JOURNAL` | the journal's file, or the URL of a PostgreSQL database | `payonce.db` in the current directory |
    /// | `PAYONCE_MERCHANT` | whose payments in a database | `default` |
    ///
    /// # Errors
    /// `Configuration`, naming the variable and never its value, when one is malformed or contradicts another. A
    /// variable that is set to nothing is malformed.
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
        let variables = Variables::new(&variable);
        let read = |name| variables.text(name);
        let mut builder = Self::default();
        builder.common.read(&variables)?;
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
        #[cfg(feature = "realtime")]
        match (read("DOLLR_REALTIME_URL")?, read("DOLLR_REALTIME_ANON_KEY")?.map(Secret::new)) {
            (Some(url), Some(anon_key)) => builder.realtime = Some(Realtime::new(url, anon_key)),
            (None, None) => {}
            (Some(_), None) => {
                return Err(setting("DOLLR_REALTIME_URL is set, but DOLLR_REALTIME_ANON_KEY is not"));
            }
            (None, Some(_)) => {
                return Err(setting("DOLLR_REALTIME_ANON_KEY is set, but DOLLR_REALTIME_URL is not"));
            }
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use payonce::ErrorKind;
    use payonce_rest::Place;

    use super::super::{BASE_URL, Device};
    use super::*;
    use crate::Dollr;

    const COMPLETE: [(&str, &str); 5] = [
        ("DOLLR_CLIENT_ID", "client-1"),
        ("DOLLR_CLIENT_SECRET", "canary-secret"),
        ("DOLLR_PASSCODE", "canary-passcode"),
        ("DOLLR_PASSCODE_PHONE", "231771234567"),
        ("DOLLR_BASE_URL", "http://127.0.0.1:4010/"),
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
        let error = Builder::looked_up(read).unwrap_err();
        assert_eq!(error.message(), "DOLLR_CLIENT_ID is not Unicode text");
    }

    #[test]
    fn a_complete_environment_makes_a_client_and_the_defaults_are_the_providers() {
        let builder = configured(&[("DOLLR_DEVICE_NAME", Some("till")), ("DOLLR_BASE_URL", None)]).unwrap();
        assert_eq!(builder.common.base_url, BASE_URL);
        assert_eq!(builder.device, Device { name: "till".to_owned(), ..Device::default() });
        assert!(matches!(builder.common.place, Place::File(path) if path.as_os_str() == "payonce.db"));
        for base_url in ["http://127.0.0.1:4010/", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"]
        {
            built(&[("DOLLR_BASE_URL", Some(base_url))]).unwrap();
        }
        built(&[("DOLLR_PASSCODE", None), ("DOLLR_PASSCODE_PHONE", None)]).unwrap();
    }
}
