//! Enums that stay readable when the provider adds a value: it arrives, and is written down, as `Other`.

/// Declares one open enum over a raw one, from pairs of variant and wire value. The variants have the raw one's names.
///
/// The facade that uses it depends on `serde`.
#[macro_export]
macro_rules! open_enum {
    ($(#[$doc:meta])* $type:ident from $raw:path { $($(#[$note:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$note])* $variant,)+
            /// A value that this version does not know, as it came.
            Other(String),
        }

        impl $type {
            /// The provider's word for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Other(word) => word,
                }
            }

            fn of(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl From<$raw> for $type {
            fn from(value: $raw) -> Self {
                Self::of(value.as_str())
            }
        }

        impl From<$type> for $raw {
            fn from(value: $type) -> Self {
                value.as_str().parse().unwrap_or_else(|_| Self::Unknown(value.as_str().to_owned()))
            }
        }

        /// The provider's word for it.
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                Ok(Self::of(&word))
            }
        }
    };
}
