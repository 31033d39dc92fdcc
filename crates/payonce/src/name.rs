//! What a payment is called, and the key the provider knows it by.
//!
//! The key is *derived*, never drawn at random: whoever knows the namespace, the operation, the name and the
//! attempt arrives at the same [`ReferenceId`], on any machine, with or without the journal. That is what makes a
//! lost journal or a racing replica meet the provider's own record instead of paying again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::error::{Error, ErrorKind};

/// The longest [`Name`], [`Namespace`] or [`Operation`], in bytes.
pub const MAX_LENGTH: usize = 200;

/// Checks the rule that names, namespaces and operations share.
///
/// Only printable ASCII is taken, because two spellings of one accented letter look alike and would be two payments.
fn check(what: &str, text: &str) -> Result<(), Error> {
    let problem = if text.is_empty() {
        "is empty".to_owned()
    } else if text.len() > MAX_LENGTH {
        format!("is {} bytes long; the most is {MAX_LENGTH}", text.len())
    } else if let Some(bad) = text.chars().find(|c| !(' '..='~').contains(c)) {
        format!("holds {bad:?}; only printable ASCII is allowed")
    } else if text.trim() != text {
        "begins or ends with a space".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Invalid, format!("{what} {problem}")))
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Takes the text after checking it.
            ///
            /// # Errors
            /// `Invalid` when it is empty, longer than [`MAX_LENGTH`] bytes, not printable ASCII, or begins or ends
            /// with a space.
            pub fn new(text: impl Into<String>) -> Result<Self, Error> {
                let text = text.into();
                check($what, &text)?;
                Ok(Self(text))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = Error;
            fn try_from(text: &str) -> Result<Self, Error> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(text: $type) -> String {
                text.0
            }
        }
    };
}

checked_text! {
    /// The permanent name of a payment, chosen by the caller: `salary/2026-11/ama`.
    ///
    /// The same name is the same payment in every process and every run. Build it from what the payment *is* (the
    /// pay run and the person, the invoice), never from the time or a counter: a name made anew for a retry is a
    /// second payment.
    Name, "the payment's name"
}

checked_text! {
    /// The merchant's stable identity in the derivation of keys.
    ///
    /// It must survive a rotation of credentials: under another namespace, old names get new keys.
    Namespace, "the namespace"
}

checked_text! {
    /// Which movement a payment is, in the provider's word: `payout`, `transfer`, `refund`, `collection`.
    Operation, "the operation"
}

/// The key of one attempt at one payment: a version-4-shaped UUID that the provider executes at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct ReferenceId(#[cfg_attr(feature = "schemars", schemars(with = "crate::schema::Uuid"))] Uuid);

impl ReferenceId {
    /// Derives the key of the `attempt`-th try (the first is 1).
    ///
    /// The first 16 bytes of the SHA-256 over, in this order: the 20 bytes `payonce-reference-id`; then namespace,
    /// operation and name, each as its length in bytes (64 bits, big endian) followed by the bytes; then the attempt
    /// (32 bits, big endian). The version nibble is set to 4 and the variant bits to `10`, because Dollr accepts
    /// only version-4 UUIDs (dollr-api §7.8). The recipe is for life: a change would pay every old name again.
    ///
    /// ```
    /// use payonce::{Name, Namespace, Operation, ReferenceId};
    ///
    /// let key = ReferenceId::derive(
    ///     &Namespace::new("merchant-42")?,
    ///     &Operation::new("payout")?,
    ///     &Name::new("salary/2026-11/ama")?,
    ///     1,
    /// );
    /// assert_eq!(key.to_string(), "fa9e99c2-402e-4628-9a96-13ece4abadcd");
    /// # Ok::<(), payonce::Error>(())
    /// ```
    pub fn derive(namespace: &Namespace, operation: &Operation, name: &Name, attempt: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"payonce-reference-id");
        for part in [namespace.as_str(), operation.as_str(), name.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(attempt.to_be_bytes());
        let digest = hash.finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The key as a UUID.
    pub fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ReferenceId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReferenceId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        Uuid::try_parse(text).map(Self).map_err(|source| {
            Error::new(ErrorKind::Invalid, "the reference id is not a UUID").with_source(source)
        })
    }
}

/// What can be taken for a payment's permanent name: text, which is checked when the order is sent, or a [`Name`].
pub trait IntoName {
    /// The name.
    ///
    /// # Errors
    /// `Invalid` when the text is no name.
    fn into_name(self) -> Result<Name, Error>;
}

impl IntoName for Name {
    fn into_name(self) -> Result<Name, Error> {
        Ok(self)
    }
}

impl IntoName for &Name {
    fn into_name(self) -> Result<Name, Error> {
        Ok(self.clone())
    }
}

impl IntoName for &str {
    fn into_name(self) -> Result<Name, Error> {
        Name::new(self)
    }
}

impl IntoName for String {
    fn into_name(self) -> Result<Name, Error> {
        Name::new(self)
    }
}

impl IntoName for &String {
    fn into_name(self) -> Result<Name, Error> {
        Name::new(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, operation: &str, name: &str, attempt: u32) -> String {
        let derived = ReferenceId::derive(
            &Namespace::new(namespace).unwrap(),
            &Operation::new(operation).unwrap(),
            &Name::new(name).unwrap(),
            attempt,
        );
        derived.to_string()
    }

    /// Computed outside Rust from the documented recipe. They may never change.
    #[test]
    fn derivation_matches_the_published_vectors() {
        for (namespace, operation, name, attempt, expected) in [
            ("merchant-42", "payout", "salary/2026-11/ama", 1, "fa9e99c2-402e-4628-9a96-13ece4abadcd"),
            ("merchant-42", "payout", "salary/2026-11/ama", 2, "c115ecb9-e84c-40ac-b35d-f8d2890f37d1"),
            ("merchant-42", "refund", "salary/2026-11/ama", 1, "462af869-3a89-4142-9a1b-cb5b2de19838"),
            ("m", "transfer", "a b", 4_294_967_295, "3f32e18f-6784-4bee-8851-6ef7aa94d9ae"),
        ] {
            assert_eq!(key(namespace, operation, name, attempt), expected);
        }
    }

    #[test]
    fn moving_a_letter_between_the_parts_changes_the_key() {
        assert_ne!(key("ab", "c", "d", 1), key("a", "bc", "d", 1));
        assert_ne!(key("a", "bc", "d", 1), key("a", "b", "cd", 1));
    }

    #[test]
    fn keys_are_version_four_uuids() {
        let uuid = Uuid::parse_str(&key("a", "b", "c", 1)).unwrap();
        assert_eq!(uuid.get_version_num(), 4);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn names_that_could_be_mistaken_for_another_are_refused() {
        for bad in ["", " a", "a ", "a\n", "é", "a\u{200b}b", &"x".repeat(MAX_LENGTH + 1)] {
            let error = Name::new(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
        }
        assert!(Name::new("x".repeat(MAX_LENGTH)).is_ok());
        assert!(serde_json::from_str::<Name>("\" a\"").is_err());
    }
}
