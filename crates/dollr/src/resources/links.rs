//! Links for people: to a page where an invoice or order is paid, and to its receipt.

use std::sync::Arc;

use payonce::Error;
use reqwest::Url;

use super::{line, unreadable, wire};
use crate::client::Dollr;
use crate::raw::enums::SourceType;
use crate::raw::types;
use crate::transport::{Wire, ask};

impl Dollr {
    /// Links to payment pages and receipts.
    pub fn links(&self) -> Links {
        Links { wire: wire(self) }
    }
}

/// The number of an invoice or order, as people see it. A [`Document`](crate::Document) and a
/// [`SourceReceipt`](crate::SourceReceipt) can be given for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceNumber {
    /// An invoice's, such as `INV-2025-00042`.
    Invoice(String),
    /// An order's, such as `ORD-2025-00088`.
    Order(String),
}

impl SourceNumber {
    fn on_the_wire(self) -> Result<(SourceType, String), Error> {
        Ok(match self {
            Self::Invoice(number) => (SourceType::Invoice, line("the invoice's number", number)?),
            Self::Order(number) => (SourceType::Order, line("the order's number", number)?),
        })
    }
}

/// Links for people. Whoever has one can open the page, so treat it as the customer's.
///
/// ```no_run
/// use dollr::{Dollr, SourceNumber};
///
/// # async fn links(dollr: Dollr) -> Result<(), dollr::Error> {
/// let page = dollr.links().pay(SourceNumber::Invoice("INV-2025-00042".into())).await?;
/// println!("please pay at {page}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Links {
    wire: Arc<Wire>,
}

impl Links {
    /// The address of the page where it is paid. That somebody comes back from there is no proof of payment; the
    /// source's status is.
    ///
    /// # Errors
    /// `Refused` while it is not published or was not made as a payment link; `NotFound` when there is no such number;
    /// `Forbidden` while the merchant is not verified.
    pub async fn pay(&self, number: impl Into<SourceNumber>) -> Result<String, Error> {
        let (kind, number) = number.into().on_the_wire()?;
        let seen = ask!(self.wire, |raw| raw.get_payment_link(&number, &kind));
        address(seen.success()?)
    }

    /// The address of its receipt.
    ///
    /// # Errors
    /// `Refused` while it is not paid; `NotFound` when there is no such number; `Forbidden` while the merchant is not
    /// verified.
    pub async fn receipt(&self, number: impl Into<SourceNumber>) -> Result<String, Error> {
        let (kind, number) = number.into().on_the_wire()?;
        let seen = ask!(self.wire, |raw| raw.get_receipt_link(&number, &kind));
        address(seen.success()?)
    }
}

/// The address of a page for people, if it is one. A browser is sent there, so nothing but a page will do.
pub(crate) fn address(reply: types::LinkResponse) -> Result<String, Error> {
    match Url::parse(&reply.url) {
        Ok(url) if matches!(url.scheme(), "https" | "http") && url.has_host() => Ok(url.into()),
        _ => Err(unreadable("url", "address of a page")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_a_page_is_handed_on() {
        let read = |url: &str| address(types::LinkResponse { url: url.to_owned() });
        let long = format!("https://pay.example.com/{}", "x".repeat(500));
        assert_eq!(read(&long).unwrap(), long, "it is not cut");
        for bad in ["", "/pay/1", "javascript:alert(1)", "file:///etc/passwd", "mailto:a@example.com"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
