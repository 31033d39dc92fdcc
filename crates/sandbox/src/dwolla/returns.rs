//! The return codes of the ACH network that the provider documents: what each means, when it arrives, and what it does
//! to the bank and to its customer.

use crate::dwolla::switches::BankRemoval;

/// What a return does to the customer whose bank it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    Suspended,
    Deactivated,
}

/// How long after the settlement a late return arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    BankingDays(u32),
    CalendarDays(u32),
}

/// One return code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Return {
    pub(crate) code: &'static str,
    pub(crate) description: &'static str,
    pub(crate) explanation: &'static str,
    pub(crate) window: Window,
    pub(crate) customer: Effect,
    /// Whether the bank has to be verified anew.
    pub(crate) unverifies: bool,
}

const SOON: Window = Window::BankingDays(2);
const LATE: Window = Window::CalendarDays(60);

const fn code(
    code: &'static str,
    description: &'static str,
    explanation: &'static str,
    window: Window,
    customer: Effect,
    unverifies: bool,
) -> Return {
    Return { code, description, explanation, window, customer, unverifies }
}

use Effect::{Deactivated, None as Untouched, Suspended};

/// Every code that is known.
pub(crate) const RETURNS: [Return; 25] = [
    code("R01", "Insufficient Funds", "The account holds less than the debit.", SOON, Untouched, false),
    code("R02", "Bank Account Closed", "The account has been closed.", SOON, Untouched, true),
    code(
        "R03",
        "No Account/Unable to Locate Account",
        "No account has this number and name.",
        SOON,
        Untouched,
        true,
    ),
    code(
        "R04",
        "Invalid Bank Account Number Structure",
        "No account can have such a number.",
        SOON,
        Untouched,
        true,
    ),
    code(
        "R05",
        "Unauthorized Debit to Consumer Account",
        "A consumer was debited as a company.",
        LATE,
        Suspended,
        true,
    ),
    code(
        "R06",
        "Returned per ODFI's Request",
        "The originating bank asked for it back.",
        SOON,
        Suspended,
        true,
    ),
    code(
        "R07",
        "Authorization Revoked by Customer",
        "The holder has withdrawn the permission.",
        LATE,
        Deactivated,
        true,
    ),
    code("R08", "Payment Stopped", "The holder has stopped this payment.", SOON, Untouched, true),
    code("R09", "Uncollected Funds", "The money in the account is not free yet.", SOON, Untouched, false),
    code(
        "R10",
        "Customer Advises Not Authorized",
        "The holder does not know the originator.",
        LATE,
        Suspended,
        true,
    ),
    code(
        "R11",
        "Entry Not per Authorization",
        "The debit is not what was agreed on.",
        LATE,
        Deactivated,
        true,
    ),
    code(
        "R12",
        "Branch Sold to Another Bank",
        "The account is with another bank today.",
        SOON,
        Untouched,
        false,
    ),
    code("R13", "Invalid Routing Number", "No bank has this routing number.", SOON, Untouched, true),
    code(
        "R14",
        "Representative Payee Deceased",
        "The payee's representative cannot act.",
        SOON,
        Suspended,
        false,
    ),
    code("R15", "Beneficiary or Holder Deceased", "The holder has died.", SOON, Suspended, true),
    code("R16", "Bank Account Frozen", "The account is frozen by its bank or by law.", SOON, Suspended, true),
    code("R17", "File Record Edit Criteria", "The bank could not process the entry.", SOON, Suspended, true),
    code("R20", "Non-Transaction Account", "The account takes no such entries.", SOON, Untouched, false),
    code("R22", "Invalid Individual ID", "The receiver's id is not the bank's.", SOON, Untouched, true),
    code("R23", "Credit Refused by Receiver", "The holder does not want the money.", SOON, Untouched, true),
    code(
        "R29",
        "Corporate Customer Not Authorized",
        "The company has not agreed to it.",
        SOON,
        Suspended,
        true,
    ),
    code("R31", "Permissible Return Entry", "Both banks agreed on the return.", SOON, Suspended, true),
    code("R37", "Source Document Presented", "The cheque was cashed as well.", LATE, Untouched, false),
    code("R38", "Stop Payment on Source Document", "The cheque was stopped.", LATE, Suspended, true),
    code("R51", "Item Ineligible or Improper", "The cheque could not be converted.", LATE, Suspended, true),
];

impl Return {
    /// The code with this name, such as `R01`.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        RETURNS.iter().find(|known| known.code == name)
    }

    /// Whether the bank is removed.
    pub(crate) fn removes(&self, rule: BankRemoval) -> bool {
        let kept: &[&str] = match rule {
            BankRemoval::Seed => &["R01"],
            BankRemoval::Page => &["R01", "R09", "R20"],
            BankRemoval::Table => &["R01", "R09", "R22"],
        };
        !kept.contains(&self.code)
    }

    /// As the document of 2018 writes the code: `R1`.
    pub(crate) fn without_zero(&self) -> String {
        self.code.replacen("R0", "R", 1)
    }
}

/// What the name of a bank forces on its transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forced {
    pub(crate) with: &'static Return,
    /// Only after the settlement.
    pub(crate) late: bool,
}

/// Reads the name of a bank: `R03`, or `R03-late`.
pub(crate) fn forced(name: &str) -> Option<Forced> {
    let (code, late) = name.strip_suffix("-late").map_or((name, false), |code| (code, true));
    Return::named(code).map(|with| Forced { with, late })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_bank_forces_any_known_code() {
        assert_eq!(forced("R01").map(|forced| (forced.with.code, forced.late)), Some(("R01", false)));
        assert_eq!(forced("R03-late").map(|forced| (forced.with.code, forced.late)), Some(("R03", true)));
        for name in ["R1", "r01", "R99", "Checking", "R01-soon", ""] {
            assert_eq!(forced(name), None, "{name}");
        }
    }

    #[test]
    fn the_three_documents_disagree_about_which_bank_is_removed() {
        let kept = |rule| -> Vec<&str> {
            RETURNS.iter().filter(|code| !code.removes(rule)).map(|code| code.code).collect()
        };
        assert_eq!(kept(BankRemoval::Seed), ["R01"]);
        assert_eq!(kept(BankRemoval::Page), ["R01", "R09", "R20"]);
        assert_eq!(kept(BankRemoval::Table), ["R01", "R09", "R22"]);
    }

    #[test]
    fn only_the_leading_zero_is_left_away() {
        let written = |code| Return::named(code).unwrap().without_zero();
        assert_eq!(
            (written("R01"), written("R10"), written("R20")),
            ("R1".into(), "R10".into(), "R20".into())
        );
    }
}
