//! Checkouts: everything that a payment needs made in one call, and a page on which the customer pays.
//!
//! What must stay true: that a customer comes back from the page proves nothing, because an address can be typed; only
//! the provider's word on the source does, and it is asked for the source that the checkout was created with, never for
//! one that the customer's browser names.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use payonce::{BoxFuture, Currency, Error, ErrorKind, Money, Timestamp};

use super::words::Relationship;
use super::{Reader, created, line, unreadable, wire};
use crate::client::Dollr;
use crate::ids::{CounterpartyId, PartyId};
use crate::orders::{Source, payable};
use crate::phone::Phone;
use crate::raw::enums::{CheckoutMode, SourceType};
use crate::raw::types::{
    CreateCheckoutSourceLinkResponse, CreateCheckoutSourceRequestPayload, LinkResponse,
    PaymentSourceItemInput,
};
use crate::status::{SourceState, SourceStatus};
use crate::transport::{Wire, ask};

/// How long after its expiry a checkout is still watched for a payment that was begun in time.
const GRACE: Duration = Duration::from_secs(60);

impl Dollr {
    /// A checkout for a customer with that phone number: an invoice that can be paid at once, for a counterparty that is
    /// found or made, and a page on which to pay it. Nothing happens before it is awaited.
    ///
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use dollr::{Currency, Dollr, Phone, Sale, usd};
    ///
    /// # async fn checkout(dollr: Dollr) -> Result<(), dollr::Error> {
    /// let checkout = dollr
    ///     .checkout(Phone::new("+231 771 234 567")?, Currency::USD)
    ///     .name("Amara Kamara")
    ///     .item("Strategy session", usd("250.00")?)
    ///     .success_url("https://shop.example/thanks")
    ///     .await?;
    /// // Keep `checkout.source` beside the customer's basket, then send the browser to `checkout.url`.
    ///
    /// // When the browser comes back, or at any time: what the provider says. The address it comes back to is no proof.
    /// if checkout.verify().await?.is_paid() {
    ///     println!("ship {}", checkout.number);
    /// }
    ///
    /// // Or wait for the end.
    /// match checkout.ended_within(Duration::from_secs(900)).await? {
    ///     Sale::Paid(state) => println!("{} paid, ship it", state.total),
    ///     Sale::Canceled(_) | Sale::Expired(_) => println!("not paid"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn checkout(&self, phone: Phone, currency: Currency) -> CreateCheckout {
        CreateCheckout {
            client: self.clone(),
            phone,
            currency,
            items: Vec::new(),
            order: false,
            direct: false,
            name: None,
            email: None,
            relationship: None,
            counterparty: None,
            reference: None,
            note: None,
            due: None,
            success_url: None,
            cancel_url: None,
            expires_at: None,
        }
    }

    /// Waits until an invoice or order is paid, by whatever means, or canceled, but no longer than `limit`.
    ///
    /// # Errors
    /// `Deadline` when the limit passes first; the customer may still pay. `NotFound` and others that no waiting mends
    /// at once.
    pub async fn ended_within(&self, source: impl Into<Source>, limit: Duration) -> Result<Sale, Error> {
        watch(self, source.into(), None, limit).await
    }
}

/// How a sale ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "callers must treat each")]
pub enum Sale {
    /// It is paid: the provider says so.
    Paid(SourceState),
    /// It was withdrawn for good, unpaid.
    Canceled(SourceState),
    /// The checkout's time was over before anybody paid. The invoice or order itself is still there: cancel it, or check
    /// out anew.
    Expired(SourceState),
}

/// A checkout that was created. `Debug` does not show the address, because whoever knows it sees the customer's page.
#[derive(Clone)]
#[non_exhaustive]
pub struct Checkout {
    /// What is paid for. Keep it: it is what to ask the provider about when the customer comes back.
    pub source: Source,
    /// The number the provider gave it, for people.
    pub number: String,
    /// How it stood when it was created.
    pub status: SourceStatus,
    /// Where the customer pays.
    pub url: String,
    /// Who is to pay.
    pub counterparty: CounterpartyId,
    /// The person or firm behind the counterparty.
    pub party: PartyId,
    /// What it comes to.
    pub total: Money,
    /// The merchant's own reference.
    pub reference: Option<String>,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// Until when it can be paid on the page.
    pub expires_at: Option<Timestamp>,
    client: Dollr,
}

impl fmt::Debug for Checkout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkout")
            .field("source", &self.source)
            .field("number", &self.number)
            .field("status", &self.status)
            .field("total", &self.total)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl From<&Checkout> for Source {
    fn from(checkout: &Checkout) -> Self {
        checkout.source
    }
}

impl Checkout {
    /// Asks the provider how it stands now. This, and no redirect, says whether it is paid.
    ///
    /// # Errors
    /// What kept the provider's word from being read.
    pub async fn verify(&self) -> Result<SourceState, Error> {
        self.client.source_status(self.source).await
    }

    /// Waits until it is paid, canceled or expired, but no longer than `limit`.
    ///
    /// # Errors
    /// As [`Dollr::ended_within`].
    pub async fn ended_within(&self, limit: Duration) -> Result<Sale, Error> {
        watch(&self.client, self.source, self.expires_at, limit).await
    }
}

/// Reads the status of a source again and again, at the pace that the provider advises.
async fn watch(
    client: &Dollr,
    source: Source,
    expires_at: Option<Timestamp>,
    limit: Duration,
) -> Result<Sale, Error> {
    let wire = wire(client);
    let clock = Arc::clone(wire.clock());
    let mut deadline = clock.sleep(limit);
    let mut wait = Duration::from_secs(2);
    loop {
        let trouble = match client.source_status(source).await {
            Ok(state) => {
                let over = expires_at.is_some_and(|at| wire.now_there() > at + GRACE);
                match state.status {
                    SourceStatus::Paid => return Ok(Sale::Paid(state)),
                    SourceStatus::Canceled => return Ok(Sale::Canceled(state)),
                    SourceStatus::Active if over => return Ok(Sale::Expired(state)),
                    _ => None,
                }
            }
            Err(error) if passes(&error) => Some(error),
            Err(error) => return Err(error),
        };
        tokio::select! {
            () = clock.sleep(wait) => {}
            () = &mut deadline => {
                let message = format!("{source} was neither paid nor canceled within {} s", limit.as_secs());
                let late = Error::new(ErrorKind::Deadline, message);
                return Err(match trouble {
                    Some(error) => late.with_source(error),
                    None => late,
                });
            }
        }
        wait = (wait + wait / 2).min(Duration::from_secs(15));
    }
}

/// Whether waiting may mend it.
fn passes(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unreachable
            | ErrorKind::Interrupted
            | ErrorKind::Unavailable
            | ErrorKind::Unreadable
            | ErrorKind::RateLimited
    )
}

/// A checkout that is asked for and not yet created. Nothing happens before it is awaited.
///
/// Awaiting it sends it once. The provider knows no key for it: each time, another invoice or order is made. A crash in
/// the middle may leave one that nobody was shown and nobody pays.
///
/// # Errors
/// `Invalid`, before anything is sent, when it has no items, or one in another currency; `Refused` when the provider says
/// no; `Forbidden` while the merchant is not verified. An error that leaves open whether it was created says so.
#[derive(Clone, Debug)]
#[must_use = "a checkout is not created before it is awaited"]
pub struct CreateCheckout {
    client: Dollr,
    phone: Phone,
    currency: Currency,
    items: Vec<(String, Money)>,
    order: bool,
    direct: bool,
    name: Option<String>,
    email: Option<String>,
    relationship: Option<Relationship>,
    counterparty: Option<CounterpartyId>,
    reference: Option<String>,
    note: Option<String>,
    due: Option<Timestamp>,
    success_url: Option<String>,
    cancel_url: Option<String>,
    expires_at: Option<Timestamp>,
}

impl CreateCheckout {
    /// Adds one thing that is sold, in the currency of the checkout.
    pub fn item(mut self, name: impl Into<String>, price: Money) -> Self {
        self.items.push((name.into(), price));
        self
    }

    /// Makes an order instead of an invoice.
    pub fn as_order(mut self) -> Self {
        self.order = true;
        self
    }

    /// Makes it for [`Dollr::collection`] instead of for a page: the checkout is its source.
    pub fn direct(mut self) -> Self {
        self.direct = true;
        self
    }

    /// Names the customer, should the phone number be new to the merchant.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Gives the customer's email address, should the phone number be new to the merchant.
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Says what the customer is to the merchant; a customer by default.
    pub fn relationship(mut self, relationship: Relationship) -> Self {
        self.relationship = Some(relationship);
        self
    }

    /// Says which counterparty it is for. It has to be the one with that phone number.
    pub fn counterparty(mut self, counterparty: CounterpartyId) -> Self {
        self.counterparty = Some(counterparty);
        self
    }

    /// Gives it the merchant's own reference. It is free text and makes nothing happen once only.
    pub fn reference(mut self, reference: impl Into<String>) -> Self {
        self.reference = Some(reference.into());
        self
    }

    /// Says what it is for, to the customer.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Says when the invoice is due.
    pub fn due(mut self, due: Timestamp) -> Self {
        self.due = Some(due);
        self
    }

    /// Where the customer's browser goes after paying. That it goes there proves nothing.
    pub fn success_url(mut self, url: impl Into<String>) -> Self {
        self.success_url = Some(url.into());
        self
    }

    /// Where the customer's browser goes when the customer gives up.
    pub fn cancel_url(mut self, url: impl Into<String>) -> Self {
        self.cancel_url = Some(url.into());
        self
    }

    /// Until when it can be paid on the page.
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires_at = Some(at);
        self
    }

    fn body(self) -> Result<CreateCheckoutSourceRequestPayload, Error> {
        if self.items.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, "a checkout has at least one item"));
        }
        let items = self.items.into_iter().map(|(name, price)| {
            let (name, price) = (line("an item's name", name)?, payable(price)?);
            if price.currency() != self.currency {
                let message =
                    format!("the item {name:?} is priced in {}, not in {}", price.currency(), self.currency);
                return Err(Error::new(ErrorKind::Invalid, message));
            }
            let currency = price.currency().to_string();
            Ok(PaymentSourceItemInput { amount: price.amount().into(), currency, name })
        });
        Ok(CreateCheckoutSourceRequestPayload {
            cancel_url: self.cancel_url,
            counterparty_id: self
                .counterparty
                .map(|id| id.checked().map(CounterpartyId::value))
                .transpose()?,
            currency: self.currency.to_string(),
            due_date: self.due.map(Into::into),
            expires_at: self.expires_at.map(Into::into),
            items: items.collect::<Result<_, _>>()?,
            mode: if self.direct { CheckoutMode::Direct } else { CheckoutMode::Hosted },
            note: self.note,
            party_email: self.email,
            party_name: self.name.map(|name| line("the customer's name", name)).transpose()?,
            party_phone: self.phone.into(),
            party_relationship: self.relationship.map(Into::into),
            reference_id: self.reference.map(|text| line("the reference", text)).transpose()?,
            source_kind: if self.order { SourceType::Order } else { SourceType::Invoice },
            success_url: self.success_url,
        })
    }

    async fn run(self) -> Result<Checkout, Error> {
        let client = self.client.clone();
        let wire = wire(&client);
        let body = self.body()?;
        let seen = ask!(wire, |raw| raw.create_checkout_source(&body));
        let reply = created(seen, "the checkout", "list the invoices or orders")?;
        if reply.source_type != body.source_kind || reply.mode != body.mode {
            let message = "the provider created another checkout than was asked for";
            return Err(Error::new(ErrorKind::Unreadable, message));
        }
        read(&wire, client, reply)
    }
}

fn read(wire: &Wire, client: Dollr, reply: CreateCheckoutSourceLinkResponse) -> Result<Checkout, Error> {
    let reader = Reader(wire);
    let source = match reply.source_type {
        SourceType::Invoice => Source::Invoice(reply.source_id.into()),
        SourceType::Order => Source::Order(reply.source_id.into()),
        _ => return Err(unreadable("source_type", "invoice and no order")),
    };
    Ok(Checkout {
        source,
        number: reader.text(&reply.source_number),
        status: reply.source_status.into(),
        url: super::links::address(LinkResponse { url: reply.url })?,
        counterparty: reply.counterparty_id.into(),
        party: reply.party_id.into(),
        total: reader.money("currency", reply.total_amount.decimal(), &reply.currency)?,
        reference: reader.texts(reply.reference_id),
        due: reply.due_date.map(crate::raw::Timestamp::utc),
        expires_at: reply.expires_at.map(crate::raw::Timestamp::utc),
        client,
    })
}

impl IntoFuture for CreateCheckout {
    type Output = Result<Checkout, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
