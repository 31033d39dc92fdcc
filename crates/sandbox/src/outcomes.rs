//! What a payment account does with a payment. The number of the account decides, so a test picks an outcome by
//! picking a payee or payer, and accounts created later obey the same table.

use std::time::Duration;

use crate::methods::Method;

/// How the far side of a payment behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Completes after the usual settling time.
    Approves,
    /// Fails after the usual settling time.
    Declines,
    /// Fails after the usual settling time for want of money on the far side.
    ShortOfFunds,
    /// Stays in `PROCESSING` for good.
    Stuck,
    /// Completes after [`SLOW`].
    Slow,
    /// Completes before the execution is answered.
    AtOnce,
    /// Waits for the card holder, then completes.
    CardApproves,
    /// Waits for the card holder, then fails.
    CardDeclines,
}

/// How long a slow approval takes, in virtual time.
pub(crate) const SLOW: Duration = Duration::from_secs(10 * 60);

/// Cards have no number here; a card account with this name is declined once its holder has confirmed.
pub(crate) const DECLINED_CARD: &str = "Declined Card";

/// An account created with this number is not active.
pub(crate) const INACTIVE_NUMBER: &str = "231770000005";

/// How a payment ends once the far side has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) completed: bool,
    pub(crate) gateway_message: &'static str,
}

impl Behaviour {
    /// The behaviour of an account, from the method it uses, its number and its name.
    pub(crate) fn of(method: Method, number: Option<&str>, account_name: &str) -> Self {
        if method.is_card() {
            return if account_name == DECLINED_CARD { Self::CardDeclines } else { Self::CardApproves };
        }
        match number.and_then(|number| number.strip_prefix("23177000000")) {
            Some("1") => Self::Declines,
            Some("2") => Self::ShortOfFunds,
            Some("3") => Self::Stuck,
            Some("4") => Self::Slow,
            Some("6") => Self::AtOnce,
            _ => Self::Approves,
        }
    }

    /// When and how a payment that starts now ends, given the usual settling time. `None` waits for a person, or for good.
    pub(crate) fn settles_after(self, usual: Duration) -> Option<Duration> {
        match self {
            Self::Approves | Self::Declines | Self::ShortOfFunds => Some(usual),
            Self::Slow => Some(SLOW.max(usual)),
            Self::AtOnce => Some(Duration::ZERO),
            Self::Stuck | Self::CardApproves | Self::CardDeclines => None,
        }
    }

    /// Whether the card holder has to confirm.
    pub(crate) fn needs_action(self) -> bool {
        matches!(self, Self::CardApproves | Self::CardDeclines)
    }

    /// How a payment ends.
    pub(crate) fn verdict(self) -> Verdict {
        match self {
            Self::Declines => Verdict { completed: false, gateway_message: "declined by the payer or payee" },
            Self::ShortOfFunds => Verdict { completed: false, gateway_message: "insufficient funds" },
            Self::CardDeclines => Verdict { completed: false, gateway_message: "card declined" },
            _ => Verdict { completed: true, gateway_message: "approved" },
        }
    }
}
