//! Enums that stay readable when the provider adds a value.
//!
//! Reading is lenient: a value nobody knew when this was built becomes `Unknown` and is written back unchanged.
//! Parsing what a person or a configuration says is strict, so that a typing error is not sent to the provider.

use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// A text that is none of an enum's known values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    kind: &'static str,
    value: String,
}

impl UnknownValue {
    /// The text, and the name of the enum that has no such value.
    pub fn new(kind: &'static str, value: &str) -> Self {
        Self { kind, value: value.to_owned() }
    }
}

impl fmt::Display for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a known {}", self.value, self.kind)
    }
}

impl std::error::Error for UnknownValue {}

/// Reads a JSON string and makes an enum of its text, without a copy of a known value.
#[doc(hidden)]
pub fn known_or<'de, D: Deserializer<'de>, E>(
    deserializer: D,
    make: impl FnOnce(&str) -> E,
) -> Result<E, D::Error> {
    deserializer.deserialize_str(Value(make))
}

struct Value<F>(F);

impl<E, F: FnOnce(&str) -> E> Visitor<'_> for Value<F> {
    type Value = E;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<R: Error>(self, value: &str) -> Result<E, R> {
        Ok((self.0)(value))
    }
}

/// Declares one open enum from pairs of variant and wire value. The crate that uses it depends on `serde`.
#[macro_export]
macro_rules! open_enum {
    ($name:ident { $($variant:ident = $value:literal,)+ }) => {
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = concat!("`", $value, "`")] $variant,)+
            /// A value that is not in the spec, exactly as it came.
            Unknown(String),
        }

        impl $name {
            /// The value on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)+
                    Self::Unknown(value) => value,
                }
            }

            /// Whether the value is in the spec.
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }

            fn known(value: &str) -> Option<Self> {
                match value {
                    $($value => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownValue;

            fn from_str(value: &str) -> Result<Self, $crate::UnknownValue> {
                Self::known(value).ok_or_else(|| $crate::UnknownValue::new(stringify!($name), value))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::known_or(deserializer, |value| {
                    Self::known(value).unwrap_or_else(|| Self::Unknown(value.to_owned()))
                })
            }
        }
    };
}

#[cfg(test)]
#[expect(unreachable_pub, reason = "what the macro declares is public, and a test is not")]
mod tests {
    crate::open_enum! {
        ExecutionStatus {
            Pending = "PENDING",
            Completed = "COMPLETED",
        }
    }

    #[test]
    fn a_value_added_by_the_provider_is_kept_as_it_came() -> serde_json::Result<()> {
        let status: ExecutionStatus = serde_json::from_str("\"ON_HOLD\"")?;
        assert_eq!(status, ExecutionStatus::Unknown("ON_HOLD".into()));
        assert!(!status.is_known());
        assert_eq!(serde_json::to_string(&status)?, "\"ON_HOLD\"");
        Ok(())
    }

    #[test]
    fn a_known_value_is_its_variant_and_a_mistyped_one_does_not_parse() {
        assert_eq!("COMPLETED".parse(), Ok(ExecutionStatus::Completed));
        let error = "COMPLETE".parse::<ExecutionStatus>().unwrap_err();
        assert_eq!(error.to_string(), "\"COMPLETE\" is not a known ExecutionStatus");
    }
}
