//! Text that may travel but may not be shown.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A secret of the API: a client secret, an access token, a passcode, a customer's 3-D Secure secret.
///
/// It is written to the wire like any string and wiped from memory when dropped. `Debug` prints `[redacted]`, there
/// is no `Display`, and the text is reached only by [`expose`](Secret::expose), which is easy to search for.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself. Keep it out of logs, errors and anything else that a person may read.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
