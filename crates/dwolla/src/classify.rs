//! What a call saw, and what it means for a payment. Pure: no network, no clock, no state.
//!
//! What must stay true: "the provider did not act" is said only when the request never left, or was turned away
//! before anything was done; the provider is taken to have said no only when the reply is its own (an object with a
//! `code`, not a proxy's page); a payment is looked for by its own key and nothing else; and it is called completed only
//! by a transfer that is about it and can be read whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use payonce::rail::{LookUp, Refusal, Report, Setback, Submission, Then};
use payonce::step::Refused;
use payonce::{Effect, Error, ErrorKind, Failure, Receipt, ReferenceId};
use payonce_rest::{Clean, Kept, redact, retry, setback, unreadable};

use crate::ids::TransferId;
use crate::links::{Link, Pin};
use crate::raw::enums::TransferStatus;
use crate::raw::types;
use crate::reader;
use crate::returns::ReturnCode;

/// What one call saw.
pub(crate) type Seen<T> = payonce_rest::Seen<T, Problem>;

/// The provider's own words on why not.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Of the API: a code, a sentence, the link to what is there already, and one entry for each thing that is wrong.
    Api { code: String, message: Option<String>, about: Option<String>, details: Vec<Detail> },
    /// Of the place where tokens are given out.
    Token { error: String, description: Option<String> },
}

/// One thing that is wrong with a request.
#[derive(Debug)]
pub(crate) struct Detail {
    code: String,
    path: Option<String>,
    message: Option<String>,
    about: Option<String>,
}

/// Every member of a refusal that is read.
const MEMBERS: [&str; 10] = [
    "code",
    "message",
    "_embedded",
    "errors",
    "path",
    "error",
    "error_description",
    "_links",
    "about",
    "href",
];

impl Problem {
    /// Reads the body of a refusal.
    pub(crate) fn read(body: &[u8], clean: Clean<'_>) -> Option<Self> {
        let Some(Kept::Object(mut body)) = Kept::read(body, &MEMBERS) else { return None };
        let mut word = |name| text(&mut body, name, clean);
        if let Some(code) = word("code") {
            let message = word("message");
            let about = about(&mut body, clean);
            let details = match body.remove("_embedded") {
                Some(Kept::Object(mut embedded)) => embedded.remove("errors"),
                _ => None,
            };
            let details = if let Some(Kept::List(details)) = details { details } else { Vec::new() };
            let details = details.into_iter().filter_map(|detail| Detail::read(detail, clean)).collect();
            return Some(Self::Api { code, message, about, details });
        }
        let error = word("error")?;
        Some(Self::Token { error, description: word("error_description") })
    }

    /// The link to what is there already, where that is why not: as it came, for the [pin](crate::links::Pin) to read.
    pub(crate) fn duplicate_of(&self) -> Option<&str> {
        let Self::Api { code, about, details, .. } = self else { return None };
        let mut all = details.iter().map(|detail| (&detail.code, &detail.about)).chain([(code, about)]);
        let is_duplicate = |code: &str| {
            ["duplicate", "duplicateresource"].iter().any(|known| code.eq_ignore_ascii_case(known))
        };
        all.find_map(|(code, about)| about.as_deref().filter(|_| is_duplicate(code)))
    }

    /// Whether the provider says it of what it was asked to do, and not of a token.
    fn is_of_the_api(&self) -> bool {
        matches!(self, Self::Api { .. })
    }
}

impl Detail {
    fn read(detail: Kept, clean: Clean<'_>) -> Option<Self> {
        let Kept::Object(mut members) = detail else { return None };
        let about = about(&mut members, clean);
        let mut word = |name| text(&mut members, name, clean);
        Some(Self { code: word("code")?, path: word("path"), message: word("message"), about })
    }
}

/// The link `about` of a refusal, or of a part of one.
fn about(object: &mut BTreeMap<&'static str, Kept>, clean: Clean<'_>) -> Option<String> {
    let Some(Kept::Object(mut links)) = object.remove("_links") else { return None };
    let Some(Kept::Object(mut about)) = links.remove("about") else { return None };
    text(&mut about, "href", clean)
}

fn text(object: &mut BTreeMap<&'static str, Kept>, name: &str, clean: Clean<'_>) -> Option<String> {
    match object.remove(name) {
        Some(Kept::Text(text)) => Some(clean(&text, None)).filter(|text| !text.is_empty()),
        _ => None,
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match self {
            Self::Api { code, message, details, .. } if details.is_empty() => {
                [Some(code), message.as_ref()].into_iter().flatten().cloned().collect::<Vec<_>>().join(": ")
            }
            Self::Api { details, .. } => details.iter().map(Detail::to_string).collect::<Vec<_>>().join("; "),
            Self::Token { error, description } => [Some(error), description.as_ref()]
                .into_iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(": "),
        };
        f.write_str(&redact(&said, []))
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)?;
        if let Some(path) = &self.path {
            write!(f, " at {path}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

/// What a send came to. The provider takes a transfer and says no more than where it is.
pub(crate) fn submission<T>(seen: Seen<T>) -> Submission {
    match seen {
        Seen::Success(..) => Submission::Accepted(Report::Pending { action: None }),
        Seen::Answer(head, problem) => match (head.status, problem) {
            // Turned away at the door, whoever keeps it.
            (401 | 403 | 429, problem) => Submission::NotSent(setback(&head, problem.as_ref())),
            // These speak of the connection's timing, not of the payment. And a key that is locked may be so because
            // it is being used, because it was, or because the provider failed while it was.
            (408 | 409 | 425, problem) => Submission::Unknown(setback(&head, problem.as_ref())),
            (400..=499, Some(problem)) if problem.is_of_the_api() => {
                let refusal = Refusal { reason: problem.to_string(), provider_at: head.at };
                Submission::Refused(Refused::Payment, refusal)
            }
            (_, problem) => Submission::Unknown(setback(&head, problem.as_ref())),
        },
        Seen::Unreadable(head, why) => Submission::Unknown(retry(unreadable(&head, why))),
        Seen::Broken(error) => Submission::Unknown(retry(error)),
        Seen::NotSent(setback) => Submission::NotSent(setback),
    }
}

/// Whether the provider itself says that it knows no such thing; a proxy's page does not say that.
pub(crate) fn is_missing<T>(seen: &Seen<T>) -> bool {
    matches!(seen, Seen::Answer(head, Some(Problem::Api { .. })) if head.status == 404)
}

/// What a list has of a payment.
#[derive(Debug, Default)]
pub(crate) struct Found {
    payments: Vec<types::Transfer>,
    has_fees: bool,
}

impl Found {
    /// Takes in a page: what has that key is the payment, or a fee of it.
    ///
    /// # Errors
    /// `Unreadable` when there is a transfer that does not say which it is: it may be the payment.
    pub(crate) fn add(&mut self, key: &str, page: Vec<types::Transfer>) -> Result<(), Error> {
        for transfer in page {
            let is_fee = transfer.links.created_from_transfer.is_some();
            match transfer.correlation_id.as_deref() {
                Some(theirs) if theirs == key && is_fee => self.has_fees = true,
                Some(theirs) if theirs == key => self.payments.push(transfer),
                None if !is_fee => {
                    let message = "the provider lists a transfer without saying which it is";
                    return Err(Error::new(ErrorKind::Unreadable, message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The payment, if there is one. Of a chain of transfers under one key, it is the one between two owners.
    ///
    /// # Errors
    /// A setback that stops when there are several: money may have moved more than once. `Unreadable` when there are
    /// only fees: the payment must be somewhere.
    pub(crate) fn only(self, pin: &Pin) -> Result<Option<types::Transfer>, Setback> {
        // A list that grows while it is read shows a transfer twice.
        let mut distinct: BTreeMap<TransferId, types::Transfer> = BTreeMap::new();
        for transfer in self.payments {
            distinct.entry(id(&transfer).map_err(retry)?).or_insert(transfer);
        }
        if distinct.len() > 1 {
            let legs = legs(&distinct, pin).map_err(retry)?;
            // A chain of legs alone says nothing of which of them is the payment.
            if legs.len() < distinct.len() {
                distinct.retain(|id, _| !legs.contains(id));
            }
        }
        if distinct.len() > 1 {
            let ids = distinct.keys().map(TransferId::as_str).collect::<Vec<_>>().join(" and ");
            let message = format!(
                "the provider has more than one transfer for this payment, so the money may have moved more than \
                 once; a person must look at {ids}"
            );
            let error = Error::new(ErrorKind::Unreadable, message).with_effect(Effect::Unknown);
            return Err(Setback { error, then: Then::Stop });
        }
        if distinct.is_empty() && self.has_fees {
            let message = "the provider lists a fee of the payment, and not the payment";
            return Err(retry(Error::new(ErrorKind::Unreadable, message)));
        }
        Ok(distinct.into_values().next())
    }
}

/// Those of the transfers that only bring the money of another one of them from a bank to its owner's balance, or from
/// there to a bank. Such a leg has a funding source for its source, and not an owner, and a link to or from the next one
/// in the chain. Two payments are never linked, so none is taken for the other's leg.
fn legs(transfers: &BTreeMap<TransferId, types::Transfer>, pin: &Pin) -> Result<BTreeSet<TransferId>, Error> {
    let (mut own, mut linked) = (Vec::new(), BTreeSet::new());
    for (id, types::Transfer { links, .. }) in transfers {
        if let Some(source) = &links.source
            && matches!(pin.read("source", &source.href)?, Link::FundingSource(_))
        {
            own.push(id);
        }
        for (rel, next) in
            [("funding-transfer", &links.funding_transfer), ("funded-transfer", &links.funded_transfer)]
        {
            let Some(next) = next else { continue };
            let next = pin.transfer(rel, &next.href)?;
            if next != *id && transfers.contains_key(&next) {
                linked.extend([id.clone(), next]);
            }
        }
    }
    Ok(own.into_iter().filter(|id| linked.contains(id)).cloned().collect())
}

/// Refuses a transfer that is another payment's. One that does not say is taken for the one that was asked for.
pub(crate) fn is_about(
    transfer: &types::Transfer,
    asked: &TransferId,
    key: ReferenceId,
) -> Result<(), Error> {
    let another = transfer.correlation_id.as_ref().is_some_and(|theirs| *theirs != key.to_string());
    if another || id(transfer)? != *asked {
        return Err(Error::new(ErrorKind::Unreadable, "the provider answered about another transfer"));
    }
    Ok(())
}

/// How a transfer stands.
#[derive(Debug)]
pub(crate) enum Standing {
    /// The provider's word on the payment.
    Told(Report),
    /// A bank sent the money back. Why is a further question.
    Returned,
}

/// What a transfer says of the payment of that key.
pub(crate) fn standing(key: ReferenceId, transfer: &types::Transfer) -> Result<Standing, Error> {
    let failed =
        |reason: &str| Standing::Told(Report::Failed(Failure { reason: reason.to_owned(), recorded: true }));
    Ok(match &transfer.status {
        TransferStatus::Processed => {
            let amount = reader::money("amount", &transfer.amount)?;
            Standing::Told(Report::Completed(Receipt {
                reference_id: key,
                payer_amount: amount,
                payee_amount: amount,
                provider_transaction_id: Some(id(transfer)?.to_string()),
            }))
        }
        TransferStatus::Failed => Standing::Returned,
        TransferStatus::Cancelled => failed("cancelled"),
        TransferStatus::Reclaimed => failed("reclaimed: nobody claimed the money"),
        // Whatever the provider adds, it is no end that is known here.
        _ => Standing::Told(Report::Pending { action: None }),
    })
}

/// The report of a transfer that a bank sent back, from what came of asking why. That it failed is certain; only an
/// answer that may come later is waited for.
pub(crate) fn returned(seen: Seen<types::TransferFailure>, clean: Clean<'_>) -> LookUp {
    let reason = match seen.answered() {
        Ok((why, _)) => {
            let code = ReturnCode::from(clean(&why.code, None));
            let said = clean(&why.description, None);
            let said =
                Some(said).filter(|said| !said.is_empty()).or_else(|| code.meaning().map(str::to_owned));
            match said {
                Some(said) => format!("returned by the bank with {code}: {said}"),
                None => format!("returned by the bank with {code}"),
            }
        }
        Err(setback) if will_pass(&setback.error) => return LookUp::Setback(setback),
        Err(_) => "returned by the bank; the provider does not say why".to_owned(),
    };
    LookUp::Found(Report::Failed(Failure { reason, recorded: true }))
}

/// Whether a question that brought this may bring an answer the next time. A fault of the provider's own may be about
/// this very transfer, and last.
fn will_pass(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Unavailable => error.status() != Some(500),
        kind => !matches!(
            kind,
            ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::Forbidden | ErrorKind::Unreadable
        ),
    }
}

/// The provider's id of a transfer.
pub(crate) fn id(transfer: &types::Transfer) -> Result<TransferId, Error> {
    TransferId::new(transfer.id.as_str()).checked().map_err(|_| {
        Error::new(ErrorKind::Unreadable, "the provider named a transfer by something that is no id")
    })
}
