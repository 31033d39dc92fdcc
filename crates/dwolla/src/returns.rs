//! ACH return codes: why a bank sent money back.
//!
//! What must stay true: a code that is not listed here is kept as it came and claims nothing; and where the provider's own
//! documents disagree on what became of the bank account, this says so instead of choosing. The provider advises against
//! a way of working for each code: what counts is the funding source, read again.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! return_codes {
    ($($code:ident $meaning:literal, $window:expr, $removed:literal;)+) => {
        /// Why a bank sent money back, in the language of the ACH network.
        ///
        /// Read leniently: `R1` is `R01`. Of the network's eighty codes or so, those are listed that the provider
        /// describes; any other is [`Other`](Self::Other).
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum ReturnCode {
            $(#[doc = concat!($meaning, ".")] $code,)+
            /// A code that this version does not know, as it came.
            Other(String),
        }

        impl ReturnCode {
            /// Every code that is known here, in order.
            pub const KNOWN: &[Self] = &[$(Self::$code,)+];

            /// The code with its two digits: `R01`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$code => stringify!($code),)+
                    Self::Other(code) => code,
                }
            }

            fn known(code: &str) -> Option<Self> {
                match code {
                    $(stringify!($code) => Some(Self::$code),)+
                    _ => None,
                }
            }

            fn row(&self) -> Option<Row> {
                match self {
                    $(Self::$code => Some(Row { meaning: $meaning, window: $window, removed: $removed }),)+
                    Self::Other(_) => None,
                }
            }
        }
    };
}

/// What the provider's table says of a code.
struct Row {
    meaning: &'static str,
    window: ReturnWindow,
    removed: bool,
}

const DAYS: ReturnWindow = ReturnWindow::BankingDays(2);
const SIXTY: ReturnWindow = ReturnWindow::CalendarDays(60);

return_codes! {
    R01 "There was not enough money in the account", DAYS, false;
    R02 "The account is closed", DAYS, true;
    R03 "There is no such account, or it is not in that name", DAYS, true;
    R04 "The account number cannot be one", DAYS, true;
    R05 "A person's account was debited as a firm's, without authorization", SIXTY, true;
    R06 "The bank that sent the entry asked for its return", ReturnWindow::Varies, true;
    R07 "The authorization was revoked", SIXTY, true;
    R08 "The payment was stopped by the account's owner", DAYS, true;
    R09 "The money in the account was not collected yet", DAYS, false;
    R10 "The account's owner does not know the debit, or did not authorize it", SIXTY, true;
    R11 "The debit was not as it was authorized", SIXTY, true;
    R12 "The branch belongs to another bank by now", DAYS, true;
    R13 "The routing number is none", ReturnWindow::NextFile, true;
    R14 "The representative of the account's owner died or cannot act", DAYS, true;
    R15 "The account's owner or the beneficiary died", DAYS, true;
    R16 "The account is frozen, or sanctions forbid the entry", DAYS, true;
    R17 "The bank could not process the entry, or suspects the account", DAYS, true;
    R20 "The account is not one for such transactions", DAYS, true;
    R22 "The individual id is not right", DAYS, false;
    R23 "The receiver refused the credit", DAYS, true;
    R29 "The firm did not authorize the debit", DAYS, true;
    R31 "The bank was permitted to return the entry late", ReturnWindow::Varies, true;
    R37 "The source document was presented already", SIXTY, true;
    R38 "The source document was stopped", SIXTY, true;
    R51 "The entry for a returned check is not eligible or not proper", SIXTY, true;
}

/// How long after the entry a bank may send it back with that code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReturnWindow {
    /// So many days on which banks work.
    BankingDays(u8),
    /// So many days of the calendar.
    CalendarDays(u8),
    /// With the next file that the bank sends.
    NextFile,
    /// It depends on the case.
    Varies,
}

/// The places where the provider says which returns have it remove the bank account. They disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RemovalRule {
    /// The page on transfers, of 2018: for every code but `R01`.
    TransfersPage,
    /// The page on failures: for every code but `R01`, `R09` and `R20`.
    FailuresPage,
    /// The table of return codes: for the codes that it marks, which are all that it lists but `R01`, `R09` and `R22`.
    CodeTable,
}

impl RemovalRule {
    const ALL: [Self; 3] = [Self::TransfersPage, Self::FailuresPage, Self::CodeTable];
}

/// What became of the bank account that sent the money back, as far as the code tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "a caller must treat the doubtful one")]
pub enum BankAfterReturn {
    /// It can be used again.
    Kept,
    /// The provider removed it.
    Removed,
    /// The provider's documents disagree, or do not say: read the funding source again.
    Unsure,
}

impl ReturnCode {
    /// What it means, in a few words; none for a code that is not known here.
    pub fn meaning(&self) -> Option<&'static str> {
        self.row().map(|row| row.meaning)
    }

    /// How long after the entry a bank may send it back with this code; none for a code that is not known here.
    pub fn window(&self) -> Option<ReturnWindow> {
        self.row().map(|row| row.window)
    }

    /// Whether the provider removes the bank account after this code, if one goes by that rule; none where the rule
    /// says nothing of the code.
    pub fn removes_bank_by(&self, rule: RemovalRule) -> Option<bool> {
        match rule {
            RemovalRule::TransfersPage => Some(*self != Self::R01),
            RemovalRule::FailuresPage => Some(!matches!(self, Self::R01 | Self::R09 | Self::R20)),
            RemovalRule::CodeTable => self.row().map(|row| row.removed),
        }
    }

    /// What became of the bank account, where all of the provider's rules agree.
    ///
    /// ```
    /// use dwolla::{BankAfterReturn, ReturnCode};
    ///
    /// assert_eq!(ReturnCode::from("R1").bank(), BankAfterReturn::Kept);
    /// assert_eq!(ReturnCode::R03.bank(), BankAfterReturn::Removed);
    /// assert_eq!(ReturnCode::R20.bank(), BankAfterReturn::Unsure);
    /// ```
    pub fn bank(&self) -> BankAfterReturn {
        match RemovalRule::ALL.map(|rule| self.removes_bank_by(rule)) {
            [Some(true), Some(true), Some(true)] => BankAfterReturn::Removed,
            [Some(false), Some(false), Some(false)] => BankAfterReturn::Kept,
            _ => BankAfterReturn::Unsure,
        }
    }
}

impl From<&str> for ReturnCode {
    fn from(code: &str) -> Self {
        let number =
            code.strip_prefix(['R', 'r']).filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        let padded = match number {
            Some(rest) if (1..=2).contains(&rest.len()) => format!("R{rest:0>2}"),
            _ => return Self::Other(code.to_owned()),
        };
        Self::known(&padded).unwrap_or(Self::Other(padded))
    }
}

impl From<String> for ReturnCode {
    fn from(code: String) -> Self {
        Self::from(code.as_str())
    }
}

impl From<ReturnCode> for String {
    fn from(code: ReturnCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for ReturnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_2018_and_of_today_are_one() {
        for (text, code) in [("R1", ReturnCode::R01), ("R01", ReturnCode::R01), ("r03", ReturnCode::R03)] {
            assert_eq!(ReturnCode::from(text), code, "{text}");
        }
        assert_eq!(ReturnCode::R01.to_string(), "R01");
        assert_eq!(serde_json::to_string(&ReturnCode::from("R1")).unwrap(), "\"R01\"");
        assert_eq!(serde_json::from_str::<ReturnCode>("\"R9\"").unwrap(), ReturnCode::R09);
    }

    #[test]
    fn every_known_code_is_read_back_from_its_own_text() {
        for code in ReturnCode::KNOWN {
            assert_eq!(ReturnCode::from(code.as_str()), *code);
            assert!(code.meaning().is_some() && code.window().is_some(), "{code}");
        }
        assert_eq!(ReturnCode::KNOWN.len(), 25);
    }

    #[test]
    fn an_unknown_code_is_kept_and_claims_nothing() {
        for (text, kept) in [
            ("R99", "R99"),
            ("R8x", "R8x"),
            ("R", "R"),
            ("", ""),
            ("R001", "R001"),
            ("C01", "C01"),
            ("R٣", "R٣"),
            ("R01-late", "R01-late"),
        ] {
            let code = ReturnCode::from(text);
            assert_eq!(code, ReturnCode::Other(kept.to_owned()), "{text}");
            assert_eq!((code.meaning(), code.window()), (None, None));
            assert_eq!(code.bank(), BankAfterReturn::Unsure);
        }
        // A short spelling is folded, so that one unknown code is one value.
        assert_eq!(ReturnCode::from("R61"), ReturnCode::Other("R61".to_owned()));
    }

    #[test]
    fn the_bank_is_said_to_be_kept_or_removed_only_where_all_documents_agree() {
        let with =
            |bank| ReturnCode::KNOWN.iter().filter(move |code| code.bank() == bank).collect::<Vec<_>>();
        assert_eq!(with(BankAfterReturn::Kept), [&ReturnCode::R01]);
        assert_eq!(with(BankAfterReturn::Unsure), [&ReturnCode::R09, &ReturnCode::R20, &ReturnCode::R22]);
        assert_eq!(with(BankAfterReturn::Removed).len(), 21);
        assert_eq!(ReturnCode::R20.removes_bank_by(RemovalRule::CodeTable), Some(true));
        assert_eq!(ReturnCode::R20.removes_bank_by(RemovalRule::FailuresPage), Some(false));
        assert_eq!(ReturnCode::R22.removes_bank_by(RemovalRule::CodeTable), Some(false));
        assert_eq!(ReturnCode::from("R61").removes_bank_by(RemovalRule::CodeTable), None);
    }
}
