//! Moments as the API writes them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDateTime, SecondsFormat, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in UTC, written as RFC 3339 with a `Z`.
///
/// A time without an offset, or with `UTC` spelled out, is read as UTC, because no API speaks of anything else and some
/// leave the offset out for a time that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The moment itself.
    pub const fn utc(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment)
    }
}

impl From<Timestamp> for DateTime<Utc> {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.0
    }
}

impl FromStr for Timestamp {
    type Err = chrono::ParseError;

    fn from_str(text: &str) -> Result<Self, chrono::ParseError> {
        let naive = |format| NaiveDateTime::parse_from_str(text, format).map(|time| time.and_utc());
        let moment = DateTime::parse_from_rfc3339(text)
            .map(|moment| moment.to_utc())
            .or_else(|_| naive("%Y-%m-%dT%H:%M:%S%.f"))
            .or_else(|_| naive("%Y-%m-%d %H:%M:%S%.f UTC"))?;
        // A moment of another year could not be written so that it can be read again.
        if (0..=9999).contains(&moment.year()) {
            return Ok(Self(moment));
        }
        DateTime::parse_from_rfc3339("").map(|moment| Self(moment.to_utc()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_with_and_without_an_offset_are_read_as_utc() -> Result<(), chrono::ParseError> {
        for (arrives, sent) in [
            ("2025-06-01T14:30:00Z", "2025-06-01T14:30:00Z"),
            ("2025-06-01T14:30:00", "2025-06-01T14:30:00Z"),
            ("2025-06-01T14:30:00.250000", "2025-06-01T14:30:00.250Z"),
            ("2025-06-01T16:30:00+02:00", "2025-06-01T14:30:00Z"),
            ("2025-06-01 14:30:00 UTC", "2025-06-01T14:30:00Z"),
            ("2025-06-01 14:30:00.250 UTC", "2025-06-01T14:30:00.250Z"),
        ] {
            assert_eq!(arrives.parse::<Timestamp>()?.to_string(), sent);
        }
        for no_moment in [
            "yesterday",
            "2025-06-01 14:30:00 CET",
            "+262142-12-31T23:59:59",
            "-0001-06-01T00:00:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert!(no_moment.parse::<Timestamp>().is_err(), "{no_moment}");
        }
        Ok(())
    }
}
