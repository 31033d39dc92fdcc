//! Everything of the provider that moves no money: people, documents, accounts, prices.
//!
//! What must stay true: a question may be asked twice, a creation is sent once (the provider knows no key for it), and
//! a field that cannot be read is an error that names the field, never a panic and never a silent default.

use std::sync::Arc;

use payonce::{Currency, Error, ErrorKind, Money};
pub(crate) use payonce_rest::created;
use payonce_rest::hide;
use rust_decimal::Decimal;

use crate::client::Dollr;
use crate::phone::Phone;
use crate::transport::Wire;

pub(crate) mod accounts;
pub(crate) mod checkouts;
pub(crate) mod counterparties;
pub(crate) mod documents;
pub(crate) mod fees;
pub(crate) mod links;
pub(crate) mod merchant;
pub(crate) mod methods;
pub(crate) mod parties;
pub(crate) mod predictions;
pub(crate) mod words;

/// The way to the provider, as each resource's handle holds it.
pub(crate) fn wire(client: &Dollr) -> Arc<Wire> {
    Arc::clone(client.rail().wire())
}

/// Takes a person's number out of the provider's words on a refusal.
pub(crate) fn hiding(phone: &Phone) -> impl Fn(Error) -> Error {
    let (digits, shown) = (phone.digits().to_owned(), format!("{phone:?}"));
    move |error| hide(error, &digits, &shown)
}

/// Reads the provider's words, field by field.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a Wire);

impl Reader<'_> {
    /// Text for people: on one line, without secrets, not too long.
    pub(crate) fn text(self, text: &str) -> String {
        self.0.clean(text, None)
    }

    /// Text for people that may be missing.
    pub(crate) fn texts(self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(&text))
    }

    /// A number of a phone. It is not searched for secrets: the passcode's own number may be among them.
    pub(crate) fn phone(self, field: &str, digits: Option<&str>) -> Result<Option<Phone>, Error> {
        digits.map(|digits| Phone::new(digits).map_err(|_| unreadable(field, "phone number"))).transpose()
    }

    /// A currency.
    pub(crate) fn currency(self, field: &str, code: &str) -> Result<Currency, Error> {
        Currency::new(code).map_err(|_| unreadable(field, "currency"))
    }

    /// Several currencies, or the one that may be missing.
    pub(crate) fn currencies(self, field: &str, codes: &[String]) -> Result<Vec<Currency>, Error> {
        codes.iter().map(|code| self.currency(field, code)).collect()
    }

    /// An amount in the currency that another field names.
    pub(crate) fn money(self, field: &str, amount: Decimal, code: &str) -> Result<Money, Error> {
        Ok(Money::reported(amount, self.currency(field, code)?))
    }
}

/// The error for a field that is not what it should be.
pub(crate) fn unreadable(field: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unreadable, format!("the provider's {field} holds something that is no {what}"))
}

/// Refuses text that the provider cannot mean to keep: empty, or with control characters. `what` names it.
pub(crate) fn line(what: &str, text: String) -> Result<String, Error> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        let message = format!("{what} is empty or holds a control character");
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Ok(text)
}
