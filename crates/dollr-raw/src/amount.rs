//! Amounts of money as they travel: exact decimals that keep their digits and their scale.
//!
//! JSON numbers are read and written as text, never through a float, so nothing is rounded on the way. A number that
//! cannot be held exactly is refused. The two types differ only in how they are written.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// An exact decimal that is written as a bare JSON number: `500.00` is sent as `500.00`.
///
/// Reads a JSON number or a string holding one. Works with `serde_json` only, and not below `flatten` or in an
/// untagged enum, because the number's own text is gone there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

/// An exact decimal that is written as text: in a query, or in a JSON string such as `"12.50"`.
///
/// Reads what [`Amount`] reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AmountText(Decimal);

/// The text is no decimal number, or has more digits than can be held exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmountError;

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a decimal number that can be held exactly")
    }
}

impl std::error::Error for AmountError {}

macro_rules! decimal_newtype {
    ($name:ident) => {
        impl $name {
            /// The number itself.
            pub const fn decimal(self) -> Decimal {
                self.0
            }
        }

        impl From<Decimal> for $name {
            fn from(decimal: Decimal) -> Self {
                Self(decimal)
            }
        }

        impl From<$name> for Decimal {
            fn from(amount: $name) -> Self {
                amount.0
            }
        }

        impl FromStr for $name {
            type Err = AmountError;

            fn from_str(text: &str) -> Result<Self, AmountError> {
                exact(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = Box::<RawValue>::deserialize(deserializer)?;
                let text = raw.get();
                let unquoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
                unquoted.parse().map_err(D::Error::custom)
            }
        }
    };
}

decimal_newtype!(Amount);
decimal_newtype!(AmountText);

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl Serialize for AmountText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Reads a decimal number without rounding; an exponent is resolved (`1e3` is `1000`).
fn exact(text: &str) -> Result<Decimal, AmountError> {
    // The decimal's own parser would also take `1_000`.
    if text.contains('_') {
        return Err(AmountError);
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i64>().map_err(|_| AmountError)?),
        None => (text, 0),
    };
    let decimal = Decimal::from_str_exact(digits).map_err(|_| AmountError)?;
    shift(decimal, exponent).ok_or(AmountError)
}

/// Moves the decimal point to the right, or to the left where `places` is negative; none if digits would be lost.
fn shift(mut decimal: Decimal, places: i64) -> Option<Decimal> {
    let scale = i64::from(decimal.scale()).checked_sub(places)?;
    match u32::try_from(scale) {
        Ok(scale) => decimal.set_scale(scale).ok().map(|()| decimal),
        Err(_) => {
            let zeros = u32::try_from(scale.checked_neg()?).ok()?;
            decimal.set_scale(0).ok()?;
            decimal.checked_mul(Decimal::try_from_i128_with_scale(10_i128.checked_pow(zeros)?, 0).ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives, and what is sent when it is sent again.
    const ROUND_TRIPS: [(&str, &str); 16] = [
        ("0.1", "0.1"),
        ("0.01", "0.01"),
        ("0.29", "0.29"),
        ("1.10", "1.10"),
        ("3", "3"),
        ("100.00", "100.00"),
        ("500.00", "500.00"),
        ("\"12.50\"", "12.50"),
        ("12345678901234.56", "12345678901234.56"),
        ("1234567890123456.78", "1234567890123456.78"),
        ("9007199254740993", "9007199254740993"),
        ("79228162514264337593543950335", "79228162514264337593543950335"),
        ("1e3", "1000"),
        ("1.5E+2", "150"),
        ("25e-3", "0.025"),
        ("-7.00", "-7.00"),
    ];

    #[test]
    fn amounts_keep_every_digit_both_ways() -> serde_json::Result<()> {
        for (arrives, sent) in ROUND_TRIPS {
            assert_eq!(serde_json::to_string(&serde_json::from_str::<Amount>(arrives)?)?, sent, "{arrives}");
            let text: AmountText = serde_json::from_str(arrives)?;
            assert_eq!(serde_json::to_string(&text)?, format!("\"{sent}\""), "{arrives}");
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be_held_exactly_is_refused() {
        let too_long = "0.12345678901234567890123456789";
        let too_large = "79228162514264337593543950336";
        for text in [
            too_long,
            too_large,
            "1e-29",
            "1e29",
            "1e999999999999",
            "\"1_000\"",
            "\"x\"",
            "\"\"",
            "null",
            "true",
        ] {
            assert!(serde_json::from_str::<Amount>(text).is_err(), "{text}");
            assert!(serde_json::from_str::<AmountText>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_absent_amount_is_none_and_a_list_is_exact() -> serde_json::Result<()> {
        assert_eq!(serde_json::from_str::<Option<Amount>>("null")?, None);
        let amounts: Vec<Amount> = serde_json::from_reader("[1.10, \"2.20\"]".as_bytes())?;
        assert_eq!(serde_json::to_string(&amounts)?, "[1.10,2.20]");
        Ok(())
    }
}
