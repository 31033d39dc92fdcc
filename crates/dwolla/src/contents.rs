//! What the journal keeps of an order, and the request that is made of it.
//!
//! What must stay true: the same order is the same text in every version of this crate, because a name with another text
//! is refused; and the request that is made of it is the same bytes in every version, because the provider may take
//! another body under the same key for another transfer, and a journal that was lost leaves nothing else to repeat.

use std::collections::BTreeMap;

use payonce::{Currency, Error, ErrorKind, Money, ReferenceId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::FundingSourceId;
use crate::links::{Link, Owner, Pin};
use crate::orders::{Destination, invalid};
use crate::raw::enums::ClearingSpeed;
use crate::raw::types;

/// The most pairs of metadata that the provider takes.
const MOST_PAIRS: usize = 10;

/// The most characters of a key or a value of metadata.
const LONGEST_METADATA: usize = 254;

/// What one side of a payment pays to the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[allow(clippy::exhaustive_structs, reason = "it is written down by hand, and what it means is for life")]
pub struct Fee {
    /// Who pays it.
    pub charge_to: Owner,
    /// How much.
    pub amount: Money,
}

/// How fast each side is cleared, where it is not as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clearing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<ClearingSpeed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<ClearingSpeed>,
}

impl Clearing {
    fn is_as_usual(&self) -> bool {
        self.source.is_none() && self.destination.is_none()
    }
}

/// What the journal keeps of an order. The field names and their order are for life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    pub(crate) source: FundingSourceId,
    destination: Destination,
    pub(crate) amount: Money,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) fees: Vec<Fee>,
    #[serde(default, skip_serializing_if = "Clearing::is_as_usual")]
    pub(crate) clearing: Clearing,
}

impl Contents {
    pub(crate) fn new(source: FundingSourceId, destination: Destination, amount: Money) -> Self {
        let (metadata, fees, clearing) = (BTreeMap::new(), Vec::new(), Clearing::default());
        Self { source, destination, amount, metadata, fees, clearing }
    }

    /// Reads an order back from the journal.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| {
            let message = "the journal's record of the order cannot be understood";
            Error::new(ErrorKind::Journal, message).with_source(error)
        })
    }

    /// Checks everything that can be checked without the provider, and brings amounts to the currency's scale.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let Self { source, destination, amount, metadata, fees, clearing } = self;
        let amount = payable("the amount", amount)?;
        Ok(Self {
            source: source.checked()?,
            destination: destination.checked()?,
            amount,
            metadata: described(metadata)?,
            fees: charged(fees, amount)?,
            clearing,
        })
    }

    /// The request for it, under that key. Where the provider is becomes a part of it.
    pub(crate) fn body(&self, key: ReferenceId, pin: &Pin) -> String {
        let Self { source, destination, amount, metadata, fees, clearing } = self;
        let link = |href| types::Link { href, resource_type: None, type_: None };
        let fees = fees.iter().map(|Fee { charge_to, amount }| {
            let payer = match charge_to.clone() {
                Owner::Account(id) => Link::Account(id),
                Owner::Customer(id) => Link::Customer(id),
            };
            types::Fee {
                amount: written(*amount),
                links: types::FeeLinks { charge_to: link(pin.href(&payer)) },
            }
        });
        let request = types::InitiateTransfer {
            amount: written(*amount),
            clearing: (!clearing.is_as_usual()).then(|| types::Clearing {
                destination: clearing.destination.clone(),
                source: clearing.source.clone(),
            }),
            correlation_id: Some(key.to_string()),
            fees: fees.collect(),
            links: types::InitiateTransferLinks {
                destination: link(destination.href(pin)),
                source: link(pin.href(&Link::FundingSource(source.clone()))),
            },
            metadata: (!metadata.is_empty()).then(|| types::Metadata(metadata.clone())),
        };
        serde_json::to_string(&request).expect("a request is plain data")
    }
}

fn written(amount: Money) -> types::Amount {
    types::Amount { currency: amount.currency().to_string(), value: amount.amount().to_string() }
}

/// The amount with two decimal places, if the provider takes it.
fn payable(what: &str, amount: Money) -> Result<Money, Error> {
    if amount.currency() != Currency::USD {
        return Err(invalid(format!("{what} is in {}; the provider moves USD only", amount.currency())));
    }
    Money::new(&amount.amount().to_string(), Currency::USD)
}

fn described(metadata: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    if metadata.len() > MOST_PAIRS {
        let count = metadata.len();
        return Err(invalid(format!("there are {count} pairs of metadata; the provider takes {MOST_PAIRS}")));
    }
    for text in metadata.iter().flat_map(|(key, value)| [key, value]) {
        let length = text.chars().count();
        if length > LONGEST_METADATA {
            let message = format!(
                "a key or value of the metadata has {length} characters; the provider takes {LONGEST_METADATA}"
            );
            return Err(invalid(message));
        }
    }
    Ok(metadata)
}

/// Fees of one payer, which come to half of the amount at most.
fn charged(fees: Vec<Fee>, amount: Money) -> Result<Vec<Fee>, Error> {
    let mut sum = Decimal::ZERO;
    let mut checked: Vec<Fee> = Vec::with_capacity(fees.len());
    for Fee { charge_to, amount } in fees {
        let charge_to = match charge_to {
            Owner::Account(id) => Owner::Account(id.checked()?),
            Owner::Customer(id) => Owner::Customer(id.checked()?),
        };
        let amount = payable("a fee", amount)?;
        if checked.first().is_some_and(|first| first.charge_to != charge_to) {
            return Err(invalid("the fees are charged to more than one payer; the provider takes one"));
        }
        // What cannot be added up is more than half of anything.
        sum = sum.checked_add(amount.amount()).unwrap_or(Decimal::MAX);
        checked.push(Fee { charge_to, amount });
    }
    if sum > amount.amount() / Decimal::TWO {
        return Err(invalid(format!("the fees come to {sum} USD, which is more than half of {amount}")));
    }
    Ok(checked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AccountId, CustomerId};

    const SOURCE: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";
    const CUSTOMER: &str = "07d59716-ef22-4fe6-98e8-f3190233dfb8";
    const KEY: &str = "550e8400-e29b-41d4-a716-446655440000";

    fn money(amount: &str, currency: Currency) -> Money {
        Money::reported(amount.parse().unwrap(), currency)
    }

    fn usd(amount: &str) -> Money {
        money(amount, Currency::USD)
    }

    fn plain() -> Contents {
        Contents {
            source: SOURCE.into(),
            destination: Destination::Customer(CUSTOMER.to_uppercase().into()),
            amount: usd("225"),
            metadata: BTreeMap::new(),
            fees: Vec::new(),
            clearing: Clearing::default(),
        }
    }

    fn adorned() -> Contents {
        let note = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        Contents {
            metadata: BTreeMap::from([note("note", "completed work"), note("invoice", "\"7\"")]),
            fees: vec![Fee { charge_to: Owner::Customer(CUSTOMER.into()), amount: usd("4") }],
            clearing: Clearing {
                source: Some(ClearingSpeed::Standard),
                destination: Some(ClearingSpeed::NextAvailable),
            },
            ..plain()
        }
    }

    /// These texts are in journals. A change here would refuse every old name.
    #[test]
    fn the_journaled_text_of_an_order_is_for_life() {
        for (contents, text) in [
            (
                plain(),
                r#"{"source":"707177c3-bf15-4e7e-b37c-55c3898d9bf4","destination":{"customer":"07d59716-ef22-4fe6-98e8-f3190233dfb8"},"amount":{"amount":"225.00","currency":"USD"}}"#,
            ),
            (
                adorned(),
                r#"{"source":"707177c3-bf15-4e7e-b37c-55c3898d9bf4","destination":{"customer":"07d59716-ef22-4fe6-98e8-f3190233dfb8"},"amount":{"amount":"225.00","currency":"USD"},"metadata":{"invoice":"\"7\"","note":"completed work"},"fees":[{"charge_to":{"customer":"07d59716-ef22-4fe6-98e8-f3190233dfb8"},"amount":{"amount":"4.00","currency":"USD"}}],"clearing":{"source":"standard","destination":"next-available"}}"#,
            ),
        ] {
            let contents = contents.checked().unwrap();
            assert_eq!(serde_json::to_string(&contents).unwrap(), text);
            assert_eq!(Contents::read(text).unwrap(), contents);
        }
        for (destination, text) in [
            (Destination::FundingSource(SOURCE.into()), format!(r#"{{"funding_source":"{SOURCE}"}}"#)),
            (Destination::Account(SOURCE.into()), format!(r#"{{"account":"{SOURCE}"}}"#)),
            (Destination::Email("a@b.c".to_owned()), r#"{"email":"a@b.c"}"#.to_owned()),
        ] {
            assert_eq!(serde_json::to_string(&destination).unwrap(), text);
        }
    }

    /// Another body under the same key may be another transfer. A change here would make one of every payment whose
    /// journal was lost.
    #[test]
    fn the_bytes_of_the_request_are_for_life() {
        let pin = Pin::new("https://api-sandbox.dwolla.com/").unwrap();
        for (contents, body) in [
            (
                plain(),
                r#"{"amount":{"currency":"USD","value":"225.00"},"correlationId":"550e8400-e29b-41d4-a716-446655440000","_links":{"destination":{"href":"https://api-sandbox.dwolla.com/customers/07d59716-ef22-4fe6-98e8-f3190233dfb8"},"source":{"href":"https://api-sandbox.dwolla.com/funding-sources/707177c3-bf15-4e7e-b37c-55c3898d9bf4"}}}"#,
            ),
            (
                adorned(),
                r#"{"amount":{"currency":"USD","value":"225.00"},"clearing":{"destination":"next-available","source":"standard"},"correlationId":"550e8400-e29b-41d4-a716-446655440000","fees":[{"amount":{"currency":"USD","value":"4.00"},"_links":{"charge-to":{"href":"https://api-sandbox.dwolla.com/customers/07d59716-ef22-4fe6-98e8-f3190233dfb8"}}}],"_links":{"destination":{"href":"https://api-sandbox.dwolla.com/customers/07d59716-ef22-4fe6-98e8-f3190233dfb8"},"source":{"href":"https://api-sandbox.dwolla.com/funding-sources/707177c3-bf15-4e7e-b37c-55c3898d9bf4"}},"metadata":{"invoice":"\"7\"","note":"completed work"}}"#,
            ),
        ] {
            assert_eq!(contents.checked().unwrap().body(KEY.parse().unwrap(), &pin), body);
        }
    }

    #[test]
    fn every_destination_has_its_own_link() {
        let pin = Pin::new("http://127.0.0.1:4020").unwrap();
        for (destination, href) in [
            (Destination::from(FundingSourceId::new(SOURCE)), format!("funding-sources/{SOURCE}")),
            (Destination::from(CustomerId::new(CUSTOMER)), format!("customers/{CUSTOMER}")),
            (Destination::from(AccountId::new(CUSTOMER)), format!("accounts/{CUSTOMER}")),
        ] {
            assert_eq!(destination.href(&pin), format!("http://127.0.0.1:4020/{href}"));
        }
        assert_eq!(Destination::Email("ama@example.com".to_owned()).href(&pin), "mailto:ama@example.com");
    }

    #[test]
    fn an_address_that_a_url_would_read_otherwise_is_refused() {
        for good in ["ama@example.com", "o'neill+a=b@x.co.uk", "a.b_c-d@127.example"] {
            Destination::Email(good.to_owned()).checked().expect(good);
        }
        let long = format!("{}@example.com", "a".repeat(243));
        for bad in [
            "",
            "ama",
            "@example.com",
            "ama@",
            "a@b@c",
            "a b@c",
            "a?cc=b@c",
            "a%40b@c",
            "a&b@c",
            "é@c",
            "a@b/c",
            &long,
        ] {
            let error = Destination::Email(bad.to_owned()).checked().expect_err(bad);
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn amounts_are_dollars_and_cents() {
        for (amount, written) in [
            ("225", "225.00"),
            ("0.01", "0.01"),
            ("1.10", "1.10"),
            ("12345678901234.56", "12345678901234.56"),
        ] {
            assert_eq!(payable("the amount", usd(amount)).unwrap().amount().to_string(), written);
        }
        for bad in [usd("0"), usd("-1"), usd("0.001"), money("1", Currency::LRD)] {
            assert_eq!(payable("the amount", bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
    }

    #[test]
    fn the_limits_of_metadata_are_the_providers() {
        let pairs = |count: usize, key: usize, value: usize| {
            let pairs = (0..count).map(|n| (format!("{n:0>key$}"), "é".repeat(value)));
            Contents { metadata: pairs.collect(), ..plain() }.checked()
        };
        pairs(10, 254, 254).unwrap();
        for (count, key, value) in [(11, 2, 1), (1, 255, 1), (1, 1, 255)] {
            assert_eq!(pairs(count, key, value).unwrap_err().kind(), ErrorKind::Invalid);
        }
    }

    #[test]
    fn fees_have_one_payer_and_come_to_half_at_most() {
        let customer = || Owner::Customer(CUSTOMER.into());
        let charging = |fees: &[(Owner, &str)]| {
            let fees =
                fees.iter().map(|(payer, amount)| Fee { charge_to: payer.clone(), amount: usd(amount) });
            Contents { amount: usd("8.01"), fees: fees.collect(), ..plain() }.checked()
        };
        charging(&[(customer(), "4.00")]).unwrap();
        charging(&[
            (customer(), "2"),
            (customer(), "2"),
            (Owner::Customer(CUSTOMER.to_uppercase().into()), "0.00"),
        ])
        .unwrap_err();
        charging(&[(customer(), "2"), (Owner::Customer(CUSTOMER.to_uppercase().into()), "2")]).unwrap();
        for bad in [
            vec![(customer(), "4.01")],
            vec![(customer(), "2.00"), (customer(), "2.01")],
            vec![(customer(), "1"), (Owner::Account(CUSTOMER.into()), "1")],
            vec![(customer(), "0")],
            vec![(customer(), "0.001")],
            vec![(Owner::Customer("7".into()), "1")],
            vec![
                (customer(), "79228162514264337593543950335"),
                (customer(), "79228162514264337593543950335"),
            ],
        ] {
            assert_eq!(charging(&bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
        }
    }

    #[test]
    fn an_id_without_the_shape_of_one_is_refused() {
        for contents in [
            Contents { source: "7".into(), ..plain() },
            Contents { destination: CustomerId::new("../accounts").into(), ..plain() },
        ] {
            assert_eq!(contents.checked().unwrap_err().kind(), ErrorKind::Invalid);
        }
    }
}
