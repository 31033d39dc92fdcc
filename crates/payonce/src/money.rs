//! Exact money: a decimal amount in major units with its currency, never a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

/// A three-letter ISO 4217 currency code in upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");
    /// Liberian dollar.
    pub const LRD: Self = Self(*b"LRD");
    /// Rwandan franc, which has no minor unit.
    pub const RWF: Self = Self(*b"RWF");

    /// Takes a code of three upper-case letters. Whether ISO lists it is checked when [`Money`] is made.
    ///
    /// # Errors
    /// `Invalid` when it is not three letters A to Z.
    pub fn new(code: &str) -> Result<Self, Error> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_uppercase) => Ok(Self(bytes)),
            _ => Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "{code:?} is not a currency code; three upper-case letters are expected, such as USD"
                ),
            )),
        }
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the constructor takes only ASCII letters")
    }

    /// How many decimal places the currency has, when ISO 4217 lists it.
    pub fn exponent(&self) -> Option<u32> {
        iso_currency::Currency::from_code(self.code())?.exponent().map(u32::from)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = Error;
    fn from_str(code: &str) -> Result<Self, Error> {
        Self::new(code)
    }
}

impl TryFrom<String> for Currency {
    type Error = Error;
    fn try_from(code: String) -> Result<Self, Error> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

/// An exact amount of one currency, in major units: `250.00 USD` is two hundred and fifty dollars.
///
/// Two values are equal when the amounts are equal as numbers, so `250 USD` equals `250.00 USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Money {
    #[serde(with = "rust_decimal::serde::str")]
    #[cfg_attr(feature = "schemars", schemars(with = "crate::schema::Amount"))]
    amount: Decimal,
    currency: Currency,
}

impl Money {
    /// Reads an amount that is to be paid: positive, and no finer than the currency's smallest unit.
    ///
    /// The scale is filled up to the currency's, so `250` and `250.00` become the same bytes in the journal and on
    /// the wire.
    ///
    /// # Errors
    /// `Invalid` when the text is not a plain decimal (`1e3`, `1,000` and blanks are refused), the amount is not
    /// positive, has more decimal places than the currency, or the currency is not in ISO 4217.
    ///
    /// ```
    /// use payonce::{Currency, Money};
    ///
    /// assert_eq!(Money::new("250", Currency::USD)?.to_string(), "250.00 USD");
    /// assert!(Money::new("0.001", Currency::USD).is_err());
    /// assert!(Money::new("10.50", Currency::RWF).is_err());
    /// # Ok::<(), payonce::Error>(())
    /// ```
    pub fn new(amount: &str, currency: Currency) -> Result<Self, Error> {
        let invalid = |why: String| Error::new(ErrorKind::Invalid, format!("the amount {amount:?} {why}"));
        let plain = !amount.is_empty() && amount.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
        let mut value = Decimal::from_str_exact(amount)
            .ok()
            .filter(|_| plain)
            .ok_or_else(|| invalid("is not a plain decimal number such as 250.00".to_owned()))?;
        let exponent = currency.exponent().ok_or_else(|| {
            invalid(format!("is in {currency}, which ISO 4217 does not list as a currency"))
        })?;
        if value <= Decimal::ZERO {
            return Err(invalid("is not positive".to_owned()));
        }
        if value.normalize().scale() > exponent {
            return Err(invalid(format!("is finer than {currency} allows ({exponent} decimal places)")));
        }
        value.rescale(exponent);
        if value.scale() != exponent {
            return Err(invalid("is too large".to_owned()));
        }
        Ok(Self { amount: value, currency })
    }

    /// An amount as a provider reported it, taken as it is: it may be zero, or finer than the currency.
    pub fn reported(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The amount in major units.
    pub fn amount(&self) -> Decimal {
        self.amount
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_kept_exactly_at_the_scale_of_the_currency() {
        for (given, kept) in [
            ("0.01", "0.01 USD"),
            ("0.29", "0.29 USD"),
            ("1.1", "1.10 USD"),
            ("100.00", "100.00 USD"),
            ("100.0000", "100.00 USD"),
            ("12345678901234.56", "12345678901234.56 USD"),
        ] {
            assert_eq!(Money::new(given, Currency::USD).unwrap().to_string(), kept);
        }
        assert_eq!(Money::new("5", Currency::RWF).unwrap().to_string(), "5 RWF");
    }

    #[test]
    fn anything_but_a_positive_plain_decimal_is_refused() {
        for bad in
            ["", "0", "0.00", "-1", "1e3", "1,000.00", " 1", "1 ", "+1", "1_000", "0.001", "NaN", "1.2.3"]
        {
            assert!(Money::new(bad, Currency::USD).is_err(), "{bad:?} was taken");
        }
        assert!(Money::new("79228162514264337593543950335", Currency::USD).is_err());
        assert!(Money::new("1.00", Currency::new("ZZZ").unwrap()).is_err());
    }

    #[test]
    fn money_survives_json_without_becoming_a_float() {
        let money = Money::new("500.00", Currency::USD).unwrap();
        let json = serde_json::to_string(&money).unwrap();
        assert_eq!(json, r#"{"amount":"500.00","currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), money);
    }

    #[test]
    fn an_amount_is_told_as_the_number_it_is() {
        let money = Money::new("12.5", Currency::USD).unwrap();
        assert_eq!((money.amount(), money.currency()), (Decimal::new(1250, 2), Currency::USD));
        assert_eq!(format!("{money:?}"), "Money { amount: 12.50, currency: USD }");
    }

    #[test]
    fn currency_codes_are_three_upper_case_letters() {
        for bad in ["usd", "US", "USDX", "U$D", ""] {
            assert!(Currency::new(bad).is_err(), "{bad:?} was taken");
        }
    }
}
