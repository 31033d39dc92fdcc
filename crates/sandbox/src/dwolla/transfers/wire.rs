//! How a transfer reads: as the provider writes it today, or as its document of 2018 does.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dwolla::books::Books;
use crate::dwolla::hal::{Answer, links};
use crate::dwolla::problem::Refusal;
use crate::dwolla::returns::Return;
use crate::dwolla::seed;
use crate::dwolla::switches::{FailureOfSound, FeesLink, Output};
use crate::dwolla::things::{Owner, Payee, Status, Transfer};
use crate::money::Cents;

/// On what occasion a transfer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Usual,
    /// In the list of the fees of a payment.
    Fee,
    /// In the reply to its cancellation.
    Cancelled,
}

impl Books {
    /// A transfer as somebody sees it who looks at this instant; nothing when it did not exist.
    pub(crate) fn show(&self, transfer: &Transfer, at: DateTime<Utc>, form: Form) -> Option<Value> {
        let status = transfer.status_at(at)?;
        let pen = self.pen();
        let seed_exact = self.switches.output == Output::SeedExact;
        let own = format!("/transfers/{}", pen.id(transfer.id));
        let another = |id: &Uuid| pen.link(&format!("/transfers/{}", pen.id(*id)), "transfer");
        let source_of = |id: Uuid| pen.link(&format!("/funding-sources/{}", pen.id(id)), "funding-source");
        let (from, to) = self.parties(transfer);
        let to_oneself = from == to;
        let destination = match &transfer.destination {
            Payee::FundingSource(id) if to_oneself => source_of(*id),
            Payee::FundingSource(_) => self.party(to),
            Payee::Email(email) => json!({ "href": format!("mailto:{email}") }),
        };
        let destination_source = match &transfer.destination {
            Payee::FundingSource(id) => Some(source_of(*id)),
            Payee::Email(_) => None,
        };
        let usual = form != Form::Fee;
        let modern = usual && !seed_exact;
        let cancellable = status == Status::Pending && transfer.is_cancellable(at);
        let still_linked = form == Form::Cancelled && seed_exact;
        let with_fees = match self.switches.fees_link {
            FeesLink::WithFees => !transfer.fees.is_empty(),
            FeesLink::Always => true,
            FeesLink::Never => false,
        };
        let failed = usual && status == Status::Failed;
        let mut shown = json!({
            "_links": links([
                ("self", Some(pen.link(&own, "transfer"))),
                ("source", Some(if to_oneself { source_of(transfer.source) } else { self.party(from) })),
                ("destination", Some(destination)),
                ("source-funding-source", modern.then(|| source_of(transfer.source))),
                ("destination-funding-source", destination_source.filter(|_| modern)),
                ("cancel", (cancellable || still_linked).then(|| pen.link(&own, "transfer"))),
                ("failure", failed.then(|| pen.link(&format!("{own}/failure"), "failure"))),
                ("fees", (modern && with_fees).then(|| pen.link(&format!("{own}/fees"), "fee"))),
                ("funding-transfer", transfer.funded_by.as_ref().map(another)),
                ("funded-transfer", transfer.funds.as_ref().map(another)),
                ("created-from-transfer", transfer.fee_of.as_ref().map(another)),
            ]),
            "id": pen.id(transfer.id),
            "status": status.name(),
            "amount": {
                "value": Cents(transfer.cents).decimal().to_string(),
                "currency": if seed_exact && form != Form::Usual { "usd" } else { "USD" },
            },
            "created": instant(transfer.created),
        });
        if usual && !transfer.metadata.is_empty() {
            shown["metadata"] = json!(transfer.metadata);
        }
        if let Some(clearing) = &transfer.clearing {
            shown["clearing"] = json!(clearing);
        }
        if let Some(correlation_id) = &transfer.correlation_id {
            shown["correlationId"] = json!(correlation_id);
        }
        if modern && transfer.begun && status == Status::Processed && self.touches_a_bank(transfer) {
            shown["individualAchId"] = json!(transfer.id.simple().to_string()[..8].to_uppercase());
        }
        Some(shown)
    }

    /// The fees of a payment, which is not HAL.
    pub(crate) fn fees(&self, id: Uuid) -> Result<Answer, Refusal> {
        let transfer = self.transfers.find(&id).ok_or_else(Refusal::not_found)?;
        let fees = transfer.fees.iter().filter_map(|fee| self.transfers.find(fee));
        let shown: Vec<Value> = fees.filter_map(|fee| self.show(fee, self.now, Form::Fee)).collect();
        Ok(Answer::ok(json!({ "total": shown.len(), "transactions": shown })))
    }

    /// Why a transfer failed.
    pub(crate) fn failure(&self, id: Uuid) -> Result<Answer, Refusal> {
        let transfer = self.transfers.find(&id).ok_or_else(Refusal::not_found)?;
        let failure = transfer.failure.as_ref().ok_or_else(|| match self.switches.failure_of_sound {
            FailureOfSound::NotFound => Refusal::not_found(),
            FailureOfSound::Forbidden => Refusal::forbidden(),
        })?;
        let code = Return::named(&failure.code).ok_or_else(Refusal::not_found)?;
        let pen = self.pen();
        let description = code.description;
        if self.switches.output == Output::SeedExact {
            let own = format!("/transfers/{}/failure", id.to_string().to_uppercase());
            let links = links([("self", Some(pen.link(&own, "failure")))]);
            return Ok(Answer::ok(
                json!({ "_links": links, "code": code.without_zero(), "description": description }),
            ));
        }
        let bank = format!("/funding-sources/{}", pen.id(failure.bank));
        let owner = self.sources.find(&failure.bank).map(|bank| bank.owner);
        let links = links([
            ("self", Some(pen.link(&format!("/transfers/{}/failure", pen.id(id)), "failure"))),
            ("failed-funding-source", Some(pen.link(&bank, "funding-source"))),
            ("customer", owner.filter(|owner| *owner != Owner::Account).map(|owner| self.party(Some(owner)))),
        ]);
        Ok(Answer::ok(json!({
            "_links": links,
            "code": code.code,
            "description": description,
            "explanation": code.explanation,
        })))
    }

    /// A link to somebody.
    pub(crate) fn party(&self, owner: Option<Owner>) -> Value {
        let pen = self.pen();
        match owner {
            Some(Owner::Customer(id)) => pen.link(&format!("/customers/{}", pen.id(id)), "customer"),
            _ => pen.link(&format!("/accounts/{}", pen.id(seed::ACCOUNT)), "account"),
        }
    }

    fn touches_a_bank(&self, transfer: &Transfer) -> bool {
        let is_bank = |id: &Uuid| self.sources.find(id).is_some_and(|source| source.is_bank());
        is_bank(&transfer.source) || matches!(&transfer.destination, Payee::FundingSource(id) if is_bank(id))
    }
}

/// An instant with milliseconds and `Z`.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
