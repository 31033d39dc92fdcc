//! Phone numbers as people write them, and as the provider takes them: E.164 digits without a plus sign.
//!
//! What must stay true: what is no international number is refused here, and no error, log or `Debug` shows a whole
//! number, because it is a person's.

use std::fmt;
use std::str::FromStr;

use payonce::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// A phone number with its country code.
///
/// `Debug` shows the last three digits; there is no `Display`. [`digits`](Self::digits) has them all.
///
/// ```
/// use dollr::Phone;
///
/// let phone = Phone::new("+231 770-000-000")?;
/// assert_eq!(phone.digits(), "231770000000");
/// assert_eq!(phone, Phone::new("00231770000000")?);
/// assert_eq!(format!("{phone:?}"), "Phone(...000)");
/// assert!(Phone::new("0770 000 000").is_err(), "no country code");
/// # Ok::<(), dollr::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// Reads a number that begins with its country code, behind `+`, `00` or nothing. Blanks, hyphens, dots, slashes
    /// and brackets between the digits are left out.
    ///
    /// # Errors
    /// `Invalid` when it is not 8 to 15 digits, begins with a national `0`, or holds anything else.
    pub fn new(text: &str) -> Result<Self, Error> {
        let is_filler = |c: char| c.is_whitespace() || matches!(c, '-' | '.' | '/' | '(' | ')');
        let text = text.trim();
        let bare = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
        // A zero in brackets is dialled inside the country only; with the country code it is another number.
        let national = bare.replace(char::is_whitespace, "").contains("(0)");
        let digits: String = bare.chars().filter(|&c| !is_filler(c)).collect();
        let whole = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole && !national && !digits.starts_with('0') { Ok(Self(digits)) } else { Err(malformed()) }
    }

    /// The digits, country code first.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

fn malformed() -> Error {
    Error::new(
        ErrorKind::Invalid,
        "the phone number is not 8 to 15 digits that begin with a country code, such as +231 770 000 000",
    )
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.len().saturating_sub(3);
        write!(f, "Phone(...{})", &self.0[shown..])
    }
}

impl FromStr for Phone {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl TryFrom<String> for Phone {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::new(&text)
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> String {
        phone.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_in_every_international_form() {
        for text in [
            "+231 770-000-000",
            "231770000000",
            "00231770000000",
            "00 231 770 000 000",
            " +231.770.000.000 ",
            "+231 (770) 000/000",
            "+231\u{a0}770\u{a0}000\u{a0}000",
        ] {
            assert_eq!(Phone::new(text).unwrap().digits(), "231770000000", "{text:?}");
        }
    }

    #[test]
    fn what_is_no_international_number_is_refused_and_not_shown() {
        for bad in [
            "",
            "+",
            "0770000000",
            "+0770000000",
            "000231770000000",
            "2317700",
            "2317700000001234",
            "+231 (0) 770 000 000",
            "+231 ( 0 ) 770 000 000",
            "++231770000000",
            "231770000000x12",
            "٢٣١٧٧٠٠٠٠٠٠٠",
        ] {
            let error = Phone::new(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
            assert!(!format!("{error} {error:?}").contains("77000000"), "{error}");
        }
    }

    #[test]
    fn a_number_is_written_as_digits_and_read_strictly() {
        let phone = Phone::new("+231 770 000 000").unwrap();
        assert_eq!(serde_json::to_string(&phone).unwrap(), "\"231770000000\"");
        assert_eq!(serde_json::from_str::<Phone>("\"+231770000000\"").unwrap(), phone);
        assert!(serde_json::from_str::<Phone>("\"0770000000\"").is_err());
    }
}
