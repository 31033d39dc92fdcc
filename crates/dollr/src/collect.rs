//! Document-first collection: the invoice or order, its publication and the payment, in one expression that can be run
//! again after a crash at any point.
//!
//! The payment's name is also the document's merchant reference. The order of things is what makes it safe:
//!
//! 1. the draft is found or made, and filled. Nobody can pay a draft, so one that a crash leaves does no harm;
//! 2. the payment is journaled, with the document's id, a digest of its contents and its total;
//! 3. the rail publishes the draft and opens the session, each time it prepares the payment.
//!
//! What must stay true: a name that the journal knows never gets a second document; what is collected is the total that
//! was asked for, which nobody can change once it is published; and without the journal the key is still the one that is
//! derived from the name, so that the provider's own record stands against a second payment.

use std::fmt::Write as _;
use std::sync::Arc;

use payonce::rail::{Preparation, Refusal};
use payonce::{Currency, Effect, Error, ErrorKind, IntoName, Money, Name, ReferenceId, Timestamp};
use sha2::{Digest, Sha256};

use crate::classify::{self, Seen};
use crate::client::{Dollr, Payment};
use crate::ids::{AccountId, CounterpartyId, InvoiceId, OrderId};
use crate::orders::{Contents, DocumentTerms, Movement, Order, Source};
use crate::raw::types::PaymentSourceStatusResponse;
use crate::resources::documents::{Asked, Calls as _, Document, DocumentId, NewItem, complete};
use crate::resources::words::FeeBearer;
use crate::status::{ExecutionStatus, SourceStatus};
use crate::transport::{Wire, ask};

impl Dollr {
    /// Collects from a payment account of a counterparty, for an invoice that is made for it: in one expression, and
    /// once, however often it is run.
    ///
    /// The payer is charged in `currency`; the items may be priced in another one.
    ///
    /// A name that the journal does not know costs a look at the provider's drafts and published documents of that
    /// currency, because an earlier run may have stopped before it was journaled, and the provider cannot be asked for a
    /// reference.
    ///
    /// ```no_run
    /// use dollr::{AccountId, CounterpartyId, Currency, Dollr, usd};
    ///
    /// # async fn collect(dollr: Dollr) -> Result<(), dollr::Error> {
    /// let (amara, her_wallet) = (CounterpartyId::from(15), AccountId::from(18));
    /// let collection = dollr
    ///     .collect("INV-7", amara, her_wallet, Currency::USD)
    ///     .note("Work in November")
    ///     .item("Consulting", 2, usd("125.00")?)
    ///     .send()
    ///     .await?;
    /// println!("{:?}", collection.settled().await?);
    /// println!("{}", dollr.source_of(&collection)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn collect(
        &self,
        name: impl IntoName,
        counterparty: CounterpartyId,
        account: impl Into<AccountId>,
        currency: Currency,
    ) -> Collect {
        let (account, asked) = (account.into(), Asked::new(counterparty, currency));
        Collect { client: self.clone(), name: name.into_name(), account, currency, order: false, asked }
    }

    /// Which invoice or order a collection is for, by the journal. Asks nothing of the provider.
    ///
    /// # Errors
    /// `Invalid` when the payment is no collection.
    pub fn source_of(&self, collection: &Payment) -> Result<Source, Error> {
        match serde_json::from_str(&collection.record().intent.contents) {
            Ok(Contents::Collection { source, .. }) => Ok(source),
            _ => {
                let message = format!("{} is a {}, no collection", collection.name(), collection.operation());
                Err(Error::new(ErrorKind::Invalid, message))
            }
        }
    }
}

/// A collection with a document of its own, that is asked for and not yet made. Nothing happens before
/// [`send`](Self::send).
#[derive(Clone, Debug)]
#[must_use = "nothing is collected before it is sent"]
pub struct Collect {
    client: Dollr,
    name: Result<Name, Error>,
    account: AccountId,
    currency: Currency,
    order: bool,
    asked: Asked,
}

impl Collect {
    /// Says what it is for, to the customer. The payment's name by default.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.asked.note = note.into();
        self
    }

    /// Adds a line: so many of that name, at that price each. All prices are in one currency, the document's.
    pub fn item(mut self, name: impl Into<String>, quantity: u32, price: Money) -> Self {
        self.asked.items.push(NewItem { name: name.into(), quantity, price });
        self
    }

    /// Says who bears the fees; the payer by default.
    pub fn fee_bearer(mut self, bearer: FeeBearer) -> Self {
        self.asked.fee_bearer = bearer;
        self
    }

    /// Says when the invoice is due. It is no part of what the name stands for: the date of the first run stays.
    pub fn due(mut self, due: Timestamp) -> Self {
        self.asked.due = Some(due);
        self
    }

    /// Makes an order instead of an invoice.
    pub fn as_order(mut self) -> Self {
        self.order = true;
        self
    }

    /// Makes the document and the payment, or takes up those of that name.
    ///
    /// When it returns `Ok`, the payment is in the journal, its document is published, and the provider has the payment
    /// or has ended it. Running the same expression again, now or after a crash at any point, goes on where it was: with
    /// the payment that the journal has under the name; or else with the document that has the name for its reference; and
    /// never makes a second payment. From the moment at which the payment is in the journal,
    /// [`resume`](Dollr::resume) goes on with it, too.
    ///
    /// What a crash can leave beside it is a draft, which nobody can pay and which the next run finishes.
    ///
    /// # Errors
    /// With [`effect`](Error::effect) `None` no money moved. `Invalid` was found before anything was sent, and
    /// `NameTaken` says that the name belongs to another payment, or its reference to a document with other contents.
    /// While the document is made ready, an error says so: send the same again. After that, as [`Order::send`].
    pub async fn send(self) -> Result<Payment, Error> {
        let Self { client, name, account, currency, order, mut asked } = self;
        let name = name?;
        let Some(first) = asked.items.first() else {
            return Err(Error::new(ErrorKind::Invalid, "a collection has at least one item"));
        };
        asked.currency = first.price.currency();
        asked.reference = Some(name.as_str().to_owned());
        if asked.note.is_empty() {
            asked.note = name.as_str().to_owned();
        }
        if order && asked.due.is_some() {
            return Err(Error::new(ErrorKind::Invalid, "an order has no due date"));
        }
        let asked = asked.checked()?;
        let kind = if order { OrderId::WHAT } else { InvoiceId::WHAT };
        let terms = DocumentTerms { digest: digest(kind, &asked), total: asked.total()? };
        let plan = Plan { client, name, account, currency, asked, terms };
        // Whatever is wrong with the rest is found before anything is created.
        plan.order(Source::Invoice(1.into())).contents.checked()?;
        if order { plan.send::<OrderId>().await } else { plan.send::<InvoiceId>().await }
    }
}

/// Tells documents apart that ask for something else. Its recipe is for life, because the journal keeps what it makes.
fn digest(kind: &str, asked: &Asked) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    part(kind);
    part(&asked.counterparty.to_string());
    part(asked.currency.code());
    part(asked.fee_bearer.as_str());
    part(&asked.note);
    for item in &asked.items {
        part(&item.name);
        part(&item.quantity.to_string());
        part(&item.price.amount().to_string());
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Lets one run of an expression at a time draw up its document, so that two in one process do not fill the same draft
/// twice. (Two processes may; then what came twice is taken out again, or one of them is told to send again.)
#[derive(Debug, Default)]
pub(crate) struct Drafting([tokio::sync::Mutex<()>; 32]);

impl Drafting {
    /// Waits for the turn of a name.
    async fn turn(&self, name: &Name) -> tokio::sync::MutexGuard<'_, ()> {
        let place = Sha256::digest(name.as_str())[0];
        self.0[usize::from(place) % self.0.len()].lock().await
    }
}

/// A collection that has been checked.
struct Plan {
    client: Dollr,
    name: Name,
    account: AccountId,
    currency: Currency,
    asked: Asked,
    terms: DocumentTerms,
}

impl Plan {
    fn wire(&self) -> &Arc<Wire> {
        self.client.rail().wire()
    }

    fn order(&self, source: Source) -> Order {
        let (account, currency, document) = (self.account, self.currency, Some(self.terms.clone()));
        Order::new(&self.client, &self.name, Contents::Collection { source, account, currency, document })
    }

    async fn send<Id: DocumentId>(&self) -> Result<Payment, Error> {
        let turn = self.client.drafting().turn(&self.name).await;
        if let Some(source) = self.journaled().await? {
            drop(turn);
            return self.order(source).send().await;
        }
        let drawn_up = self.document::<Id>().await;
        drop(turn);
        let (id, made) = match drawn_up {
            Ok(drawn_up) => drawn_up,
            // Perhaps because another process draws it up, too, and was faster.
            Err(error) => match self.journaled().await? {
                Some(source) => return self.order(source).send().await,
                None => return Err(self.not_ready::<Id>(error)),
            },
        };
        match self.order(id.into()).send().await {
            Err(error) if error.kind() == ErrorKind::NameTaken => {
                // Another run of the same expression was faster, with a document of its own.
                let Some(source) = self.journaled().await? else { return Err(error) };
                if made {
                    // Nobody knows of ours but us. Should this fail, a draft is left that nobody can pay.
                    let _ = Id::cancel(self.wire(), id).await;
                }
                self.order(source).send().await
            }
            sent => sent,
        }
    }

    /// The document of the payment that the journal has under the name, which has to be this one.
    async fn journaled(&self) -> Result<Option<Source>, Error> {
        let Some(payment) = self.client.engine().find(&self.name).await? else { return Ok(None) };
        let intent = &payment.record().intent;
        match serde_json::from_str(&intent.contents) {
            Ok(Contents::Collection { source, account, currency, document: Some(terms) })
                if (account, currency, &terms) == (self.account, self.currency, &self.terms) =>
            {
                Ok(Some(source))
            }
            _ => {
                let message = format!(
                    "the name {:?} already belongs to a {} with other contents",
                    self.name.as_str(),
                    intent.operation
                );
                let taken = Error::new(ErrorKind::NameTaken, message);
                Err(taken.with_payment(intent.operation.clone(), payment.reference_id()))
            }
        }
    }

    /// The document that has the name for its reference, complete; or a new draft. Also whether it was made just now.
    async fn document<Id: DocumentId>(&self) -> Result<(Id, bool), Error> {
        // One after the other, as a document passes through them: so none that moves on meanwhile is missed.
        let drafts = self.ours::<Id>(SourceStatus::Idle).await?;
        let published = self.ours::<Id>(SourceStatus::Active).await?;
        let known = self.known().await?;
        if let Some(status) = known
            && published.is_empty()
        {
            // The journal was lost, and the provider has the payment: money may have moved long ago.
            let lost = self.lost(&status).await.map_err(|error| error.with_effect(Effect::Unknown))?;
            if let Some(id) = lost {
                return Ok((id, false));
            }
        }
        if let Some(id) = self.fitting(published).await? {
            return Ok((id, false));
        }
        let wire = self.wire();
        let (draft, made) = match drafts.first() {
            Some(draft) => (Id::retrieve(wire, draft.id).await?, false),
            None => (Document { items: Some(Vec::new()), ..Id::create(wire, &self.asked).await? }, true),
        };
        Ok((complete(wire, draft, &self.asked).await?.id, made))
    }

    /// The document of a payment that the provider has, so standing, and the journal has not. A failed one may have none
    /// any more.
    async fn lost<Id: DocumentId>(&self, status: &ExecutionStatus) -> Result<Option<Id>, Error> {
        let mut documents = self.ours::<Id>(SourceStatus::Processing).await?;
        documents.extend(self.ours::<Id>(SourceStatus::Paid).await?);
        match self.fitting(documents).await? {
            None if *status != ExecutionStatus::Failed => {
                let message =
                    format!("the provider has the payment, but no {} of that reference for it", Id::WHAT);
                Err(Error::new(ErrorKind::Refused, message))
            }
            found => Ok(found),
        }
    }

    /// The first document that is what was asked for; an error when there are only others.
    async fn fitting<Id: DocumentId>(&self, documents: Vec<Document<Id>>) -> Result<Option<Id>, Error> {
        let mut unfit = None;
        for document in documents {
            let document = Id::retrieve(self.wire(), document.id).await?;
            match complete(self.wire(), document, &self.asked).await {
                Ok(document) => return Ok(Some(document.id)),
                Err(error) => unfit = unfit.or(Some(error)),
            }
        }
        unfit.map_or(Ok(None), Err)
    }

    /// The documents that stand so and have the name for their reference, oldest first. (The provider cannot be asked
    /// for a reference.)
    async fn ours<Id: DocumentId>(&self, status: SourceStatus) -> Result<Vec<Document<Id>>, Error> {
        let mut documents = Id::list(self.wire(), Some(self.asked.currency), Some(status)).await?;
        documents.retain(|document| document.reference.as_deref() == Some(self.name.as_str()));
        documents.sort_by_key(|document| document.id);
        Ok(documents)
    }

    /// How the payment's first attempt stands with the provider, if it has it.
    async fn known(&self) -> Result<Option<ExecutionStatus>, Error> {
        let operation = Movement::Collection.operation();
        let key = ReferenceId::derive(self.client.engine().namespace(), &operation, &self.name, 1);
        match self.client.execution(&operation, key).await {
            Ok(execution) => Ok(Some(execution.status)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says of an error that it came before the payment.
    fn not_ready<Id: DocumentId>(&self, cause: Error) -> Error {
        let message = format!(
            "the {} for {:?} could not be made ready: {}; this run collected nothing, and sending the same again goes on",
            Id::WHAT,
            self.name.as_str(),
            cause.message()
        );
        let error = Error::new(cause.kind(), message)
            .with_effect(cause.effect())
            .with_request_id(cause.request_id().map(str::to_owned));
        match cause.status() {
            Some(status) => error.with_status(status).with_source(cause),
            None => error.with_source(cause),
        }
    }
}

/// How the document of a collection stands on the way to its session.
struct Shown {
    status: SourceStatus,
    total: Option<Money>,
}

/// Publishes the document of a collection, unless it is already, and sees to it that its total is the one that was asked
/// for. May be repeated at any time.
pub(crate) async fn make_payable(wire: &Arc<Wire>, source: Source, total: Money) -> Result<(), Preparation> {
    let (mut shown, mut provider_at) = classify::step(status(wire, source).await)?;
    if shown.status == SourceStatus::Idle {
        must_come_to(source, &shown, total, provider_at)?;
        (shown, provider_at) = match classify::step(publish(wire, source).await) {
            // Perhaps because another process has published it a moment ago.
            Err(Preparation::Refused(refusal)) => match classify::step(status(wire, source).await)? {
                (Shown { status: SourceStatus::Idle, .. }, _) => return Err(Preparation::Refused(refusal)),
                shown => shown,
            },
            published => published?,
        };
    }
    must_come_to(source, &shown, total, provider_at)
}

/// Refuses a document with another total, because an item of it was changed, or arrived twice.
fn must_come_to(
    source: Source,
    shown: &Shown,
    total: Money,
    provider_at: Option<Timestamp>,
) -> Result<(), Preparation> {
    if shown.total == Some(total) {
        return Ok(());
    }
    let found = shown.total.map_or_else(|| "something unreadable".to_owned(), |total| total.to_string());
    let reason =
        format!("{source} comes to {found} instead of {total}; it was changed after it was drawn up");
    Err(Preparation::Refused(Refusal { reason, provider_at }))
}

async fn status(wire: &Arc<Wire>, source: Source) -> Seen<Shown> {
    let (kind, id) = source.on_the_wire();
    let seen = ask!(wire, |raw| raw.get_payment_source_status(id, &kind));
    seen.map(|reply: PaymentSourceStatusResponse| Shown {
        total: read(reply.total_amount, &reply.currency),
        status: reply.status.into(),
    })
}

async fn publish(wire: &Arc<Wire>, source: Source) -> Seen<Shown> {
    let id = source.on_the_wire().1.to_string();
    match source {
        Source::Invoice(_) => {
            let seen = ask!(wire, |raw| raw.publish_invoice(&id));
            seen.map(|it| Shown { total: read(it.total_amount, &it.currency), status: it.status.into() })
        }
        Source::Order(_) => {
            let seen = ask!(wire, |raw| raw.publish_order(&id));
            seen.map(|it| Shown { total: read(it.total_amount, &it.currency), status: it.status.into() })
        }
    }
}

fn read(amount: crate::raw::Amount, currency: &str) -> Option<Money> {
    Some(Money::reported(amount.decimal(), Currency::new(currency).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These are in journals. A change here would refuse every old name.
    #[test]
    fn the_digest_of_a_document_is_for_life_and_leaves_the_due_date_out() {
        let mut asked = Asked::new(15.into(), Currency::USD);
        asked.note = "Rice".to_owned();
        let price = crate::usd("9.50").unwrap();
        asked.items.push(NewItem { name: "Bag".to_owned(), quantity: 2, price });
        let first = digest("invoice", &asked);
        assert_eq!(first, "13c9d62e472bc4f499e6a52b5305b28ec4194813f0137913845cb01c8494596e");
        asked.due = Some(Timestamp::UNIX_EPOCH);
        assert_eq!(digest("invoice", &asked), first);
        assert_ne!(digest("order", &asked), first);
        asked.items[0].quantity = 3;
        assert_ne!(digest("invoice", &asked), first);
    }
}
