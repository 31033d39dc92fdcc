//! Secrets as text, and the places that keep them for a profile.
//!
//! What must stay true: an error names the setting and the place, and never shows a value.

use std::collections::BTreeMap;
use std::path::Path;

use payonce::Secret;

use super::profile::{Kept, ProfileName};
use super::{KEYS, Problem, private};
use crate::rail::Rail;

/// What a secrets file holds: settings by the names of their variables.
pub(crate) struct Secrets(pub(crate) BTreeMap<&'static str, Secret>);

impl Secrets {
    /// Reads the file, or standard input if it is `-`.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        if path == Path::new("-") {
            let text = std::io::read_to_string(std::io::stdin());
            let place = "standard input";
            let text = text.map_err(|error| Problem::Unreadable(place.to_owned(), error))?;
            return Self::parse(place, &text, &KEYS);
        }
        Self::parse(&path.display().to_string(), &private::read(path)?, &KEYS)
    }

    /// Reads what is kept for a rail of a profile. Of what is in the environment, there is nothing to read.
    pub(super) fn kept(kept: &Kept, profile: &ProfileName, rail: Rail) -> Result<Self, Problem> {
        match kept {
            Kept::Environment => Ok(Self(BTreeMap::new())),
            Kept::File(path) => {
                Self::parse(&path.display().to_string(), &private::read(path)?, rail.secrets())
            }
            Kept::Keyring => keyring::read(profile, rail)
                .and_then(|text| Self::parse(&keyring::entry(profile, rail), &text, rail.secrets())),
        }
    }

    /// Keeps these for a rail of a profile; what was kept there is replaced. It is durable when this returns.
    pub(crate) fn keep(&self, kept: &Kept, profile: &ProfileName, rail: Rail) -> Result<(), Problem> {
        let lines = self.0.iter().map(|(key, value)| format!("{key}={}\n", value.expose()));
        let text: String = lines.collect();
        match kept {
            Kept::Environment => Ok(()),
            Kept::File(path) => private::write(path, &text),
            Kept::Keyring => keyring::write(profile, rail, &text),
        }
    }

    /// Those that were asked for one by one.
    pub(crate) fn of(settings: impl IntoIterator<Item = (&'static str, Secret)>) -> Self {
        Self(settings.into_iter().collect())
    }

    /// Reads lines of `KEY=VALUE`, or of `export KEY=VALUE` as `payonce sandbox --print-env` prints them. Empty lines
    /// and those that begin with `#` are passed over.
    pub(super) fn parse(place: &str, text: &str, keys: &'static [&'static str]) -> Result<Self, Problem> {
        let mut settings = BTreeMap::new();
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let Some((key, value)) = line.split_once('=') else {
                return Err(Problem::NotASetting(place.to_owned(), number));
            };
            let key = key.trim();
            let Some(known) = keys.iter().copied().find(|known| *known == key) else {
                return Err(Problem::UnknownKey(place.to_owned(), number, key.to_owned(), keys));
            };
            if value.trim().is_empty() {
                return Err(Problem::Empty(place.to_owned(), number, known));
            }
            if settings.insert(known, Secret::new(value.trim())).is_some() {
                return Err(Problem::Twice(place.to_owned(), known));
            }
        }
        Ok(Self(settings))
    }
}

/// The keyring of the operating system, in builds that have it.
pub(crate) mod keyring {
    use super::{Problem, ProfileName, Rail};

    /// What the entry of a rail of a profile is called, for people.
    pub(crate) fn entry(profile: &ProfileName, rail: Rail) -> String {
        format!("the keyring's entry payonce {profile}/{rail}")
    }

    #[cfg(feature = "keyring")]
    pub(super) use in_use::{read, write};

    #[cfg(feature = "keyring")]
    mod in_use {
        use keyring_core::Entry;

        use super::{Problem, ProfileName, Rail};

        pub(in super::super) fn read(profile: &ProfileName, rail: Rail) -> Result<String, Problem> {
            with(profile, rail, |entry| entry.get_password())
        }

        pub(in super::super) fn write(profile: &ProfileName, rail: Rail, text: &str) -> Result<(), Problem> {
            with(profile, rail, |entry| entry.set_password(text))
        }

        /// Does it on a thread of its own: what speaks to the keyring may wait in its own way.
        fn with<T: Send>(
            profile: &ProfileName,
            rail: Rail,
            act: impl FnOnce(Entry) -> keyring_core::Result<T> + Send,
        ) -> Result<T, Problem> {
            let user = format!("{profile}/{rail}");
            let act = || -> keyring_core::Result<T> {
                #[cfg(not(test))]
                if let Err(error) = keyring::Entry::store_status() {
                    return Err(keyring_core::Error::NoStorageAccess(error.to_string().into()));
                }
                act(Entry::new("payonce", &user)?)
            };
            let done = std::thread::scope(|scope| scope.spawn(act).join());
            let done = done.expect("speaking to the keyring does not panic");
            // The error of an entry that is no text carries its bytes.
            done.map_err(|error| match error {
                keyring_core::Error::BadEncoding(_) => "it holds no text".to_owned(),
                // A keyring that is locked shows no entries.
                keyring_core::Error::NoEntry => {
                    "it is not there, or the keyring is locked: unlock it, or store the secrets with payonce login"
                        .to_owned()
                }
                error @ keyring_core::Error::NoStorageAccess(_) => {
                    format!("{error}; unlock the keyring, or start the service that keeps it")
                }
                error => error.to_string(),
            })
            .map_err(|why| Problem::Keyring(super::entry(profile, rail), why))
        }
    }

    #[cfg(not(feature = "keyring"))]
    pub(super) fn read(profile: &ProfileName, rail: Rail) -> Result<String, Problem> {
        Err(Problem::Keyring(entry(profile, rail), WITHOUT.to_owned()))
    }

    #[cfg(not(feature = "keyring"))]
    pub(super) fn write(profile: &ProfileName, rail: Rail, _: &str) -> Result<(), Problem> {
        Err(Problem::Keyring(entry(profile, rail), WITHOUT.to_owned()))
    }

    #[cfg(not(feature = "keyring"))]
    const WITHOUT: &str =
        "this build knows no keyring; build it with --features keyring, or keep the secrets in a file";
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Secrets::parse("the file", text, &KEYS).err().unwrap().to_string()
    }

    #[test]
    fn lines_are_settings_comments_or_nothing() {
        let text = "# ours\n\nDOLLR_CLIENT_ID=me\nexport DOLLR_CLIENT_SECRET=a=b\n";
        let Secrets(settings) = Secrets::parse("the file", text, &KEYS).unwrap();
        assert_eq!(settings["DOLLR_CLIENT_ID"].expose(), "me");
        assert_eq!(settings["DOLLR_CLIENT_SECRET"].expose(), "a=b");
        assert_eq!(settings.len(), 2);
    }

    #[test]
    fn a_wrong_line_is_named_and_its_value_is_not_shown() {
        let unknown = problem("DOLLR_CLIENT_ID=me\nDOLLR_SECRET=canary-4711");
        assert!(unknown.contains("line 2 of the file sets DOLLR_SECRET"), "{unknown}");
        let twice = problem("DOLLR_PASSCODE=canary-4711\nDOLLR_PASSCODE=canary-4711");
        assert_eq!(twice, "the file sets DOLLR_PASSCODE twice");
        let bare = problem("canary-4711");
        assert_eq!(bare, "line 1 of the file is not KEY=VALUE");
        assert_eq!(problem("DOLLR_PASSCODE="), "line 1 of the file sets DOLLR_PASSCODE to nothing");
        for text in [unknown, twice, bare] {
            assert!(!text.contains("canary"), "{text}");
        }
    }

    #[cfg(feature = "keyring")]
    #[test]
    fn what_the_keyring_was_given_is_what_it_gives_and_each_rail_has_its_own() {
        keyring_core::set_default_store(keyring_core::mock::Store::new().unwrap());
        let profile: ProfileName = "live".parse().unwrap();
        let secrets = Secrets::of([("DOLLR_CLIENT_SECRET", Secret::new("canary-4711"))]);
        secrets.keep(&Kept::Keyring, &profile, Rail::Dollr).unwrap();
        let read = Secrets::kept(&Kept::Keyring, &profile, Rail::Dollr).unwrap();
        assert_eq!(read.0["DOLLR_CLIENT_SECRET"].expose(), "canary-4711");
        let missing = Secrets::kept(&Kept::Keyring, &profile, Rail::Dwolla).err().unwrap().to_string();
        assert!(missing.contains("payonce live/dwolla") && missing.contains("unlock it"), "{missing}");
    }
}
