//! The provider's ids, one type each.
//!
//! The provider sends the same id as an integer here and as a string there; that ends at this crate's border. An id
//! is a number that is checked to be positive when it is read from text and, at the latest, when an order is sent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use payonce::{Error, ErrorKind};

macro_rules! id {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $type(#[cfg_attr(feature = "schemars", schemars(range(min = 1)))] i64);

        impl $type {
            /// The id of that number.
            pub const fn new(value: i64) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn value(self) -> i64 {
                self.0
            }

            /// Refuses a number that no id has.
            pub(crate) fn checked(self) -> Result<Self, Error> {
                if self.0 > 0 { Ok(self) } else { Err(malformed($what)) }
            }
        }

        impl From<i64> for $type {
            fn from(value: i64) -> Self {
                Self(value)
            }
        }

        impl FromStr for $type {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self, Error> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let value = text.parse().ok().filter(|_| digits);
                value.map(Self).ok_or_else(|| malformed($what))?.checked()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

fn malformed(what: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("{what} is not a positive whole number"))
}

id! {
    /// A payment account: where a payout goes to, or a collection comes from.
    AccountId, "the payment account's id"
}
id! {
    /// A person or firm the merchant deals with.
    PartyId, "the party's id"
}
id! {
    /// An item of an invoice or order.
    ItemId, "the item's id"
}
id! {
    /// A merchant: whoever the client's credentials belong to.
    MerchantId, "the merchant's id"
}
id! {
    /// A session, which one execution uses up.
    SessionId, "the session's id"
}
id! {
    /// A wallet of the merchant.
    WalletId, "the wallet's id"
}
id! {
    /// A counterparty of the merchant.
    CounterpartyId, "the counterparty's id"
}
id! {
    /// The payment intent of a completed collection, which can be refunded.
    PaymentIntentId, "the payment intent's id"
}
id! {
    /// An invoice.
    InvoiceId, "the invoice's id"
}
id! {
    /// An order.
    OrderId, "the order's id"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_from_digits_alone() {
        assert_eq!("18".parse::<AccountId>().unwrap(), AccountId::from(18));
        for bad in ["", "0", "-1", "+1", " 1", "1.0", "0x1", "99999999999999999999"] {
            let error = bad.parse::<AccountId>().unwrap_err();
            assert_eq!(error.message(), "the payment account's id is not a positive whole number", "{bad:?}");
        }
    }

    #[test]
    fn an_id_is_a_bare_number_in_the_journal() {
        assert_eq!(serde_json::to_string(&WalletId::from(3)).unwrap(), "3");
        assert!(InvoiceId::from(0).checked().is_err());
    }
}
