//! The provider's ids, one type each.
//!
//! The provider writes the same id in upper case here and in lower case there. An id is folded to lower case when it is
//! made, so that two spellings are equal, sort together and are one text in the journal. What has not the shape of an id
//! is found when it is read, and at the latest before it is sent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use payonce::{Error, ErrorKind};

macro_rules! id {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema), schemars(extend("format" = "uuid")))]
        #[serde(from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// The id of that text, in upper or lower case.
            pub fn new(id: impl Into<String>) -> Self {
                let mut id = id.into();
                id.make_ascii_lowercase();
                Self(id)
            }

            /// The id in lower case.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Refuses a text that no id has.
            #[allow(dead_code, reason = "not every kind of id is sent")]
            pub(crate) fn checked(self) -> Result<Self, Error> {
                if is_uuid(&self.0) { Ok(self) } else { Err(malformed($what)) }
            }
        }

        impl From<&str> for $type {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $type {
            fn from(id: String) -> Self {
                Self::new(id)
            }
        }

        impl From<$type> for String {
            fn from(id: $type) -> Self {
                id.0
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                Self::new(text).checked()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

/// Whether the text has the shape of an id: a UUID with its four hyphens, of whatever version.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == uuid::fmt::Hyphenated::LENGTH && Uuid::try_parse(text).is_ok()
}

fn malformed(what: &str) -> Error {
    Error::new(
        ErrorKind::Invalid,
        format!("{what} has not the shape of an id: 32 hexadecimal digits with hyphens"),
    )
}

id! {
    /// An account with the provider; the application's own is one.
    AccountId, "the account's id"
}
id! {
    /// A customer of the application.
    CustomerId, "the customer's id"
}
id! {
    /// A bank account or a balance: what a transfer comes from, or goes to.
    FundingSourceId, "the funding source's id"
}
id! {
    /// A transfer, as the provider knows it.
    TransferId, "the transfer's id"
}
id! {
    /// A customer's consent to debits from a bank account that is to be added.
    OnDemandAuthorizationId, "the on-demand authorization's id"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_and_lower_case_are_one_id() {
        let upper = TransferId::new("4C8AD8B8-3D69-E511-80DB-0AA34A9B2388");
        assert_eq!(upper, "4c8ad8b8-3d69-e511-80db-0aa34a9b2388".parse().unwrap());
        let json = serde_json::to_string(&upper).unwrap();
        assert_eq!(json, "\"4c8ad8b8-3d69-e511-80db-0aa34a9b2388\"");
        let read: TransferId = serde_json::from_str("\"4C8AD8B8-3D69-E511-80DB-0AA34A9B2388\"").unwrap();
        assert_eq!(read, upper);
    }

    #[test]
    fn what_has_not_the_shape_of_an_id_is_refused() {
        for bad in [
            "",
            "1",
            "../customers",
            "4c8ad8b83d69e51180db0aa34a9b2388",
            "{4c8ad8b8-3d69-e511-80db-0aa34a9b2388}",
            "urn:uuid:4c8ad8b8-3d69-e511-80db-0aa34a9b2388",
            "4c8ad8b8-3d69-e511-80db-0aa34a9b238/",
            "4c8ad8b8-3d69-e511-80db-0aa34a9b2388 ",
            "4c8ad8b8-3d69-e511-80db-0aa34a9b238g",
        ] {
            let error = bad.parse::<FundingSourceId>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
            assert!(FundingSourceId::new(bad).checked().is_err(), "{bad:?}");
        }
    }
}
