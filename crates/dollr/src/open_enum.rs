//! Enums that stay readable when the provider adds a value: it arrives, and is written down, as `Other`.

/// Declares one open enum over a raw one, from pairs of variant and wire value. The variants have the raw one's names.
macro_rules! open_enum {
    ($(#[$doc:meta])* $type:ident from $raw:ident { $($(#[$note:meta])* $variant:ident = $word:literal,)+ }) => {
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

        impl From<crate::raw::enums::$raw> for $type {
            fn from(value: crate::raw::enums::$raw) -> Self {
                Self::of(value.as_str())
            }
        }

        impl From<$type> for crate::raw::enums::$raw {
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

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    use crate::ExecutionStatus;
    use crate::raw::enums;

    #[test]
    fn a_value_that_the_provider_adds_comes_and_goes_as_it_is() {
        let status: ExecutionStatus = serde_json::from_str("\"ON_HOLD\"").unwrap();
        assert_eq!(status, ExecutionStatus::Other("ON_HOLD".to_owned()));
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"ON_HOLD\"");
        assert_eq!(
            enums::ExecutionStatus::from(status),
            enums::ExecutionStatus::Unknown("ON_HOLD".to_owned())
        );
    }

    #[test]
    fn a_known_value_is_its_variant_both_ways() {
        assert_eq!(ExecutionStatus::from(enums::ExecutionStatus::Failed), ExecutionStatus::Failed);
        assert_eq!(enums::ExecutionStatus::from(ExecutionStatus::Failed), enums::ExecutionStatus::Failed);
        assert_eq!(serde_json::to_string(&ExecutionStatus::Failed).unwrap(), "\"FAILED\"");
    }
}
