//! What the provider says at this moment of a transfer, read and typed.
//!
//! What must stay true: replies of 2018 and of today are read alike; every link is read through the pin, and one that
//! leads elsewhere makes the whole reply unreadable; and nothing here decides about a payment. A value that the provider
//! adds later is kept as it came.

use std::collections::BTreeMap;
use std::fmt;

use payonce::{Error, Money, Timestamp};
use payonce_rest::open_enum;
use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, FundingSourceId, TransferId};
use crate::links::{Link, Pin};
use crate::raw::types;
use crate::reader::Reader;
use crate::returns::ReturnCode;

open_enum! {
    /// How a transfer stands with the provider.
    TransferStatus from crate::raw::enums::TransferStatus {
        /// Not sent yet, or sent and not settled. It may still be cancelled, or fail.
        Pending = "pending",
        /// Settled. A bank may return it all the same, for up to 60 days: it is `failed` then.
        Processed = "processed",
        /// Cancelled, by a request or by the provider.
        Cancelled = "cancelled",
        /// Sent back by a bank; [`Transfers::failure`](crate::Transfers::failure) has the code.
        Failed = "failed",
        /// Sent to an e-mail address and never claimed. Only the provider's older documents know it.
        Reclaimed = "reclaimed",
    }
}

open_enum! {
    /// How fast one side of a transfer is cleared.
    ClearingSpeed from crate::raw::enums::ClearingSpeed {
        /// In three to four banking days.
        Standard = "standard",
        /// On the same day, if it is early enough.
        NextAvailable = "next-available",
        /// On the next banking day.
        NextDay = "next-day",
        /// On the same day.
        SameDay = "same-day",
    }
}

/// The provider's present word on one transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// How it stands.
    pub status: TransferStatus,
    /// What is moved.
    pub amount: Money,
    /// When it was made.
    pub created: Timestamp,
    /// Who pays: the owner of the source; for a movement between a bank and its owner's balance, the source itself.
    pub source: Option<Link>,
    /// Who is paid: the owner of the destination, the destination itself, or an e-mail address.
    pub destination: Option<Link>,
    /// The funding source that pays, where the provider says it.
    pub source_funding_source: Option<FundingSourceId>,
    /// The funding source that is paid, where the provider says it.
    pub destination_funding_source: Option<FundingSourceId>,
    /// The transfer that this one is a fee of.
    pub created_from_transfer: Option<TransferId>,
    /// The transfer that funds this one, where the money moves in more than one step.
    pub funding_transfer: Option<TransferId>,
    /// The transfer that this one funds. It may fail although this one is processed.
    pub funded_transfer: Option<TransferId>,
    /// The failed transfer that this one charges for.
    pub failed_transfer: Option<TransferId>,
    /// What was noted with it.
    pub metadata: BTreeMap<String, String>,
    /// How fast the source is debited, where it was asked for.
    pub source_clearing: Option<ClearingSpeed>,
    /// How fast the destination is credited, where it was asked for.
    pub destination_clearing: Option<ClearingSpeed>,
    /// What it can be found by in a list. Of a payment made here, it is the reference id.
    pub correlation_id: Option<String>,
    /// What the bank statement shows, once cleared.
    pub individual_ach_id: Option<String>,
    has_cancel_link: bool,
}

impl Transfer {
    /// Whether it can be cancelled, by the provider's own word: it is pending and has a link to cancel it. A transfer
    /// that was cancelled may still have the link.
    pub fn is_cancellable(&self) -> bool {
        self.has_cancel_link && self.status == TransferStatus::Pending
    }

    /// Whether it is the fee of another transfer, and no payment in itself.
    pub fn is_fee(&self) -> bool {
        self.created_from_transfer.is_some()
    }

    /// Reads a reply, or an item of a list.
    pub(crate) fn read(reply: types::Transfer, reader: Reader<'_>) -> Result<Self, Error> {
        let id = reader.id(&reply.id, "transfer's id", TransferId::checked)?;
        let links = reply.links;
        for (rel, link, own) in [
            ("self", &links.self_, Link::Transfer(id.clone())),
            ("cancel", &links.cancel, Link::Transfer(id.clone())),
            ("failure", &links.failure, Link::Failure(id.clone())),
            ("fees", &links.fees, Link::Fees(id.clone())),
        ] {
            reader.is_own(rel, link.as_ref(), &own)?;
        }
        let clearing = reply.clearing.unwrap_or_default();
        let speed = |speed: Option<crate::raw::enums::ClearingSpeed>| {
            speed.map(|speed| ClearingSpeed::of(&reader.text(speed.as_str())))
        };
        let metadata = reply.metadata.map(BTreeMap::from).unwrap_or_default();
        Ok(Self {
            status: TransferStatus::of(&reader.text(reply.status.as_str())),
            amount: reader.money("amount", &reply.amount)?,
            created: reply.created.utc(),
            source: reader.side("source", links.source, Pin::read)?,
            destination: reader.side("destination", links.destination, Pin::destination)?,
            source_funding_source: reader.link(
                "source-funding-source",
                links.source_funding_source,
                Pin::funding_source,
            )?,
            destination_funding_source: reader.link(
                "destination-funding-source",
                links.destination_funding_source,
                Pin::funding_source,
            )?,
            created_from_transfer: reader.link(
                "created-from-transfer",
                links.created_from_transfer,
                Pin::transfer,
            )?,
            funding_transfer: reader.link("funding-transfer", links.funding_transfer, Pin::transfer)?,
            funded_transfer: reader.link("funded-transfer", links.funded_transfer, Pin::transfer)?,
            failed_transfer: reader.link("failed-transfer", links.failed_transfer, Pin::transfer)?,
            metadata: metadata.iter().map(|(key, value)| (reader.text(key), reader.text(value))).collect(),
            source_clearing: speed(clearing.source),
            destination_clearing: speed(clearing.destination),
            correlation_id: reader.texts(reply.correlation_id),
            individual_ach_id: reader.texts(reply.individual_ach_id),
            has_cancel_link: links.cancel.is_some(),
            id,
        })
    }
}

/// Why a transfer failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransferFailure {
    /// The return code, which knows what it means and what became of the bank account.
    pub code: ReturnCode,
    /// The code in the provider's words.
    pub description: String,
    /// The code in a sentence of the provider's, where it has one.
    pub explanation: Option<String>,
    /// The funding source that failed, where the provider says it.
    pub failed_funding_source: Option<FundingSourceId>,
    /// Its owner, where the provider says it.
    pub customer: Option<CustomerId>,
}

impl TransferFailure {
    /// Reads a reply about the transfer that was asked for.
    pub(crate) fn read(
        transfer: &TransferId,
        reply: types::TransferFailure,
        reader: Reader<'_>,
    ) -> Result<Self, Error> {
        let links = reply.links.unwrap_or_default();
        reader.is_own("self", links.self_.as_ref(), &Link::Failure(transfer.clone()))?;
        Ok(Self {
            code: ReturnCode::from(reader.text(&reply.code)),
            description: reader.text(&reply.description),
            explanation: reader.texts(reply.explanation),
            failed_funding_source: reader.link(
                "failed-funding-source",
                links.failed_funding_source,
                Pin::funding_source,
            )?,
            customer: reader.link("customer", links.customer, Pin::customer)?,
        })
    }
}

/// `R01: Insufficient Funds`.
impl fmt::Display for TransferFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

#[cfg(test)]
mod tests {
    use payonce::ErrorKind;
    use serde_json::{Value, json};

    use super::*;

    use crate::returns::BankAfterReturn;

    const BASE: &str = "https://api-sandbox.dwolla.com";
    const ID: &str = "4c8ad8b8-3d69-e511-80db-0aa34a9b2388";

    fn read(reply: Value) -> Result<Transfer, Error> {
        let (pin, reply) = (Pin::new(BASE).unwrap(), serde_json::from_value(reply).unwrap());
        Transfer::read(reply, Reader { pin: &pin, clean: &clean })
    }

    fn clean(text: &str, _: Option<&crate::raw::Secret>) -> String {
        payonce_rest::redact(text, ["canary-secret"])
    }

    macro_rules! sample {
        ($name:literal) => {
            serde_json::from_str::<Value>(include_str!(concat!(
                "../../dwolla-raw/tests/samples/",
                $name,
                ".json"
            )))
            .unwrap()
        };
    }

    fn link(path: &str) -> Value {
        json!({ "href": format!("{BASE}{path}") })
    }

    /// A transfer as the provider writes one today.
    fn modern() -> Value {
        let hal = "application/vnd.dwolla.v1.hal+json";
        let link = |path: &str, kind: &str| json!({ "href": format!("{BASE}{path}"), "type": hal, "resource-type": kind });
        json!({
            "_links": {
                "self": link(&format!("/transfers/{ID}"), "transfer"),
                "cancel": link(&format!("/transfers/{ID}"), "transfer"),
                "source": link("/accounts/ca32853c-48fa-40be-ae75-77b37504581b", "account"),
                "destination": link("/customers/01b47cb2-52ac-42a7-926c-6f1f50b1f271", "customer"),
                "source-funding-source": link("/funding-sources/707177c3-bf15-4e7e-b37c-55c3898d9bf4", "funding-source"),
                "fees": link(&format!("/transfers/{ID}/fees"), "fee"),
            },
            "id": ID, "status": "pending", "amount": { "value": "225.00", "currency": "USD" },
            "created": "2026-11-02T19:42:32.950Z", "clearing": { "destination": "next-available", "source": "hourly" },
            "correlationId": "550e8400-e29b-41d4-a716-446655440000", "achDetails": { "anything": [1] },
        })
    }

    #[test]
    fn a_transfer_of_2018_and_one_of_today_are_read_alike() {
        let old = read(sample!("transfer")).unwrap();
        let new = read(modern()).unwrap();
        assert_eq!((&old.id, &old.source, &old.amount), (&new.id, &new.source, &new.amount));
        assert_eq!(old.destination, new.destination);
        assert_eq!(old.metadata["foo"], "bar");
        assert!(!old.is_cancellable() && new.is_cancellable() && !new.is_fee());
        assert_eq!(new.source_funding_source, Some("707177c3-bf15-4e7e-b37c-55c3898d9bf4".into()));
        assert_eq!(new.destination_clearing, Some(ClearingSpeed::NextAvailable));
        assert_eq!(new.source_clearing, Some(ClearingSpeed::Other("hourly".to_owned())));
    }

    #[test]
    fn fees_of_2018_name_their_parent_and_their_currency_in_small_letters() {
        let fees = sample!("fees");
        for (fee, amount) in fees["transactions"].as_array().unwrap().iter().zip(["2.00 USD", "1.00 USD"]) {
            let fee = read(fee.clone()).unwrap();
            assert_eq!(fee.created_from_transfer, Some("83eb4b5e-a5d9-e511-80de-0aa34a9b2388".into()));
            assert!(fee.is_fee());
            assert_eq!(fee.amount.to_string(), amount);
        }
    }

    #[test]
    fn a_cancelled_transfer_that_still_has_its_cancel_link_is_not_cancellable() {
        let cancelled = read(sample!("cancelled")).unwrap();
        assert_eq!(cancelled.status, TransferStatus::Cancelled);
        assert!(cancelled.has_cancel_link && !cancelled.is_cancellable());
        assert_eq!(cancelled.funding_transfer, Some("3c48c13a-0fc6-e511-80de-0aa34a9b2388".into()));
    }

    #[test]
    fn a_failure_of_2018_and_one_of_today_have_one_code() {
        let pin = Pin::new(BASE).unwrap();
        let reader = Reader { pin: &pin, clean: &clean };
        let read = |reply: Value| {
            let transfer = "e6d9a950-ac9e-e511-80dc-0aa34a9b2388".into();
            TransferFailure::read(&transfer, serde_json::from_value(reply).unwrap(), reader)
        };
        let old = read(sample!("failure")).unwrap();
        assert_eq!(
            (old.code.clone(), old.to_string().as_str()),
            (ReturnCode::R01, "R01: Insufficient Funds")
        );
        assert_eq!(old.code.bank(), BankAfterReturn::Kept);
        let new = read(json!({
            "_links": {
                "failed-funding-source": link("/funding-sources/707177c3-bf15-4e7e-b37c-55c3898d9bf4"),
                "customer": link("/customers/01b47cb2-52ac-42a7-926c-6f1f50b1f271"),
            },
            "code": "R01", "description": "Insufficient Funds", "explanation": "Said canary-secret",
        }));
        let new = new.unwrap();
        assert_eq!(new.code, old.code);
        assert_eq!(new.explanation.as_deref(), Some("Said [redacted]"));
        assert!(new.customer.is_some() && new.failed_funding_source.is_some());
        let other = json!({ "_links": { "self": link(&format!("/transfers/{ID}/failure")) }, "code": "R01", "description": "" });
        assert_eq!(read(other).unwrap_err().kind(), ErrorKind::Unreadable);
    }

    #[test]
    fn a_link_that_leads_elsewhere_makes_the_reply_unreadable_whichever_it_is() {
        for rel in [
            "self",
            "source",
            "destination",
            "source-funding-source",
            "destination-funding-source",
            "cancel",
            "failure",
            "fees",
            "funding-transfer",
            "funded-transfer",
            "created-from-transfer",
            "failed-transfer",
        ] {
            let mut reply = modern();
            reply["_links"][rel] = json!({ "href": format!("https://evil.example/transfers/{ID}") });
            let error = read(reply).expect_err(rel);
            assert_eq!(error.kind(), ErrorKind::Unreadable);
            assert!(error.message().contains(&format!("{rel:?}")), "{error}");
        }
    }

    #[test]
    fn a_link_of_another_transfer_is_not_taken_for_its_own() {
        let other = "/transfers/3c48c13a-0fc6-e511-80de-0aa34a9b2388";
        for (rel, path) in
            [("self", ""), ("cancel", ""), ("failure", "/failure"), ("fees", "/fees"), ("cancel", "/fees")]
        {
            let mut reply = modern();
            reply["_links"][rel] = link(&format!("{other}{path}"));
            assert!(read(reply).is_err(), "{rel}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_names_it() {
        for (pointer, value, field) in [
            ("/id", json!("7"), "transfer's id"),
            ("/amount/value", json!("1e3"), "amount"),
            ("/amount/value", json!(""), "amount"),
            ("/amount/currency", json!("dollars"), "amount"),
        ] {
            let mut reply = modern();
            *reply.pointer_mut(pointer).unwrap() = value;
            let error = read(reply).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unreadable);
            assert!(error.message().contains(field), "{error}");
        }
    }

    #[test]
    fn a_transfer_to_an_email_address_names_it() {
        let mut reply = modern();
        reply["_links"]["destination"] = json!({ "href": "mailto:johndoe@email.com" });
        reply["status"] = json!("reclaimed");
        let transfer = read(reply).unwrap();
        assert_eq!(transfer.destination, Some(Link::Email("johndoe@email.com".to_owned())));
        assert_eq!(transfer.status, TransferStatus::Reclaimed);
    }
}
