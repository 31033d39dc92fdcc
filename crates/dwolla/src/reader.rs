//! How the provider's words become values: text without secrets, ids, amounts, and links that lead nowhere else.

use payonce::{Currency, Error, ErrorKind, Money};
use payonce_rest::Clean;
use rust_decimal::Decimal;

use crate::links::{Link, Pin};
use crate::raw::types;

/// Reads the provider's words, field by field.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) pin: &'a Pin,
    pub(crate) clean: Clean<'a>,
}

impl Reader<'_> {
    /// Text for people: on one line, without secrets, not too long.
    pub(crate) fn text(self, text: &str) -> String {
        (self.clean)(text, None)
    }

    /// Text for people that may be missing.
    pub(crate) fn texts(self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(&text))
    }

    /// An id, if it has the shape of one.
    pub(crate) fn id<Id: for<'i> From<&'i str>>(
        self,
        id: &str,
        field: &str,
        checked: impl Fn(Id) -> Result<Id, Error>,
    ) -> Result<Id, Error> {
        checked(id.into()).map_err(|_| unreadable(field, "id"))
    }

    /// Refuses a reply about something else than what was asked for.
    pub(crate) fn is_same<Id: PartialEq + for<'i> From<&'i str>>(
        self,
        theirs: &str,
        asked: &Id,
        what: &str,
    ) -> Result<(), Error> {
        if Id::from(theirs) != *asked {
            return Err(Error::new(
                ErrorKind::Unreadable,
                format!("the provider answered about another {what}"),
            ));
        }
        Ok(())
    }

    /// An amount.
    pub(crate) fn money(self, field: &str, amount: &types::Amount) -> Result<Money, Error> {
        money(field, amount)
    }

    /// What a link names that may be missing.
    pub(crate) fn link<T>(
        self,
        rel: &'static str,
        link: Option<types::Link>,
        read: impl Fn(&Pin, &'static str, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        link.map(|link| read(self.pin, rel, &link.href)).transpose()
    }

    /// What a side of a transfer is.
    pub(crate) fn side(
        self,
        rel: &'static str,
        link: Option<types::Link>,
        read: impl Fn(&Pin, &'static str, &str) -> Result<Link, Error>,
    ) -> Result<Option<Link>, Error> {
        Ok(self.link(rel, link, read)?.map(|side| match side {
            Link::Email(address) => Link::Email(self.text(&address)),
            Link::Other(path) => Link::Other(self.text(&path)),
            named => named,
        }))
    }

    /// Refuses a reply whose link names something else than it has to.
    pub(crate) fn is_own(
        self,
        rel: &'static str,
        link: Option<&types::Link>,
        own: &Link,
    ) -> Result<(), Error> {
        match link {
            Some(link) if self.pin.read(rel, &link.href)? != *own => {
                let message =
                    format!("the provider's link {rel:?} names something else than what was asked for");
                Err(Error::new(ErrorKind::Unreadable, message))
            }
            _ => Ok(()),
        }
    }
}

/// The error for a field that is not what it should be.
pub(crate) fn unreadable(field: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unreadable, format!("the provider's {field} holds something that is no {what}"))
}

/// An amount as the provider wrote it, with the currency in either case.
pub(crate) fn money(field: &str, amount: &types::Amount) -> Result<Money, Error> {
    let currency = Currency::new(&amount.currency.to_ascii_uppercase());
    let currency = currency.map_err(|_| unreadable(field, "currency"))?;
    let plain = amount.value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    let value = Decimal::from_str_exact(&amount.value).ok().filter(|_| plain);
    Ok(Money::reported(value.ok_or_else(|| unreadable(field, "decimal number"))?, currency))
}
