//! Dwolla as a rail of the engine: write the request down, send exactly that, and find out what became of it.
//!
//! What must stay true: `submit` puts at most one request on the wire, and its body is the journaled bytes; the key in
//! the header and the `correlationId` in the body are both the reference id, so that the one guards a repeat for a day
//! and the other is found for ever; and "not found" is said only by the provider's own list, read to its end.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use payonce::rail::{LookUp, Order, Preparation, Prepared, Rail, Report, Setback, Submission, Then};
use payonce::step::Terms;
use payonce::{Error, ErrorKind, ReferenceId, Timestamp};
use payonce_rest::retry;
use serde::Deserialize;

use crate::classify::{self, Found, Seen, Standing};
use crate::contents::Contents;
use crate::ids::{FundingSourceId, TransferId};
use crate::links::{Owner, Pin};
use crate::orders;
use crate::raw;
use crate::raw::types;
use crate::transport::{Wire, ask, located, once};

/// How long after it was made ready a request may be sent: an hour less than the provider remembers its key.
const WINDOW: TimeDelta = TimeDelta::hours(23);

/// The most pages that are searched for one payment. A search by `correlationId` has one.
const MOST_PAGES: usize = 40;

/// The most that is kept in memory of payments and of funding sources each.
const MOST_KNOWN: usize = 10_000;

/// Dwolla, as the engine sees it.
pub struct DwollaRail {
    wire: Arc<Wire>,
    pin: Pin,
    /// Which transfer the provider made for a key, until it has ended.
    transfers: Known<ReferenceId, TransferId>,
    /// Who owns a funding source, which never changes.
    owners: Known<FundingSourceId, Owner>,
}

impl fmt::Debug for DwollaRail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DwollaRail").field("wire", &self.wire).finish_non_exhaustive()
    }
}

/// What was learned and can be learned again. It is bounded, and loses everything when it is full.
struct Known<K, V>(Mutex<HashMap<K, V>>);

impl<K: Eq + Hash, V: Clone> Known<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<K, V>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of(&self, key: &K) -> Option<V> {
        self.with(|known| known.get(key).cloned())
    }

    fn learn(&self, key: K, value: V) {
        self.with(|known| {
            if known.len() >= MOST_KNOWN {
                known.clear();
            }
            known.insert(key, value);
        });
    }

    fn forget(&self, key: &K) {
        self.with(|known| known.remove(key));
    }
}

/// What a list said of a payment.
struct Searched {
    transfer: Option<types::Transfer>,
    /// When the search began, by the provider's clock.
    at: Option<Timestamp>,
}

impl DwollaRail {
    /// What holds for every transfer. The provider forgets its keys after a day, and a bank may take more than a week.
    pub const TERMS: Terms = Terms {
        margin: Duration::from_secs(10 * 60),
        stale: Duration::from_secs(10),
        patience: Duration::from_secs(14 * 24 * 3600),
        sessions: 10,
        forgets_keys: true,
    };

    pub(crate) fn new(wire: Arc<Wire>, pin: Pin) -> Self {
        Self { wire, pin, transfers: Known::new(), owners: Known::new() }
    }

    pub(crate) fn wire(&self) -> &Arc<Wire> {
        &self.wire
    }

    pub(crate) fn pin(&self) -> &Pin {
        &self.pin
    }

    fn clean(&self) -> impl Fn(&str, Option<&raw::Secret>) -> String {
        |text, secret| self.wire.clean(text, secret)
    }

    /// Finds out who owns the source, in whose list a transfer from it is.
    async fn owner(&self, source: &FundingSourceId) -> Result<Owner, Setback> {
        if let Some(owner) = self.owners.of(source) {
            return Ok(owner);
        }
        let seen: Seen<_> = ask!(self.wire, |raw| raw.retrieve_funding_source(source.as_str()));
        if classify::is_missing(&seen) {
            // None is ever deleted, so the id is wrong, or the credentials are another application's.
            let message = format!("the provider knows no funding source {source} of this application");
            return Err(stop(Error::new(ErrorKind::NotFound, message).with_status(404)));
        }
        let (found, _) = seen.answered()?;
        let links = found.links.unwrap_or_default();
        let owner = match (links.customer, links.account) {
            (Some(link), _) => self.pin.customer("customer", &link.href).map(Owner::Customer),
            (None, Some(link)) => self.pin.account("account", &link.href).map(Owner::Account),
            (None, None) => {
                let message = "the provider does not say who owns the source";
                Err(Error::new(ErrorKind::Unreadable, message))
            }
        };
        let owner = owner.map_err(retry)?;
        self.owners.learn(source.clone(), owner.clone());
        Ok(owner)
    }

    async fn page(&self, owner: &Owner, key: &str, offset: i64) -> Seen<types::TransferList> {
        let (key, offset, no) = (Some(key), Some(offset).filter(|offset| *offset > 0), None);
        match owner {
            Owner::Customer(id) => ask!(self.wire, |raw| raw.list_customer_transfers(
                id.as_str(),
                key,
                no,
                no,
                None,
                offset,
                no,
                no,
                no,
                None
            )),
            Owner::Account(id) => ask!(self.wire, |raw| raw.list_account_transfers(
                id.as_str(),
                key,
                no,
                no,
                None,
                offset,
                no,
                no,
                no,
                None
            )),
        }
    }

    /// Searches the list of the source's owner for the payment, to its end.
    async fn search(&self, owner: &Owner, key: ReferenceId) -> Result<Searched, Setback> {
        let text = key.to_string();
        let (mut found, mut at, mut offset) = (Found::default(), None, 0);
        for page in 0..MOST_PAGES {
            let (list, said_at) = self.page(owner, &text, offset).await.answered()?;
            if page == 0 {
                at = said_at;
            }
            let listed = list.embedded.transfers;
            let (count, total) = (listed.len(), list.total);
            found.add(&text, listed).map_err(retry)?;
            offset += i64::try_from(count).unwrap_or(i64::MAX);
            if offset >= total {
                return found.only(&self.pin).map(|transfer| Searched { transfer, at });
            }
            if count == 0 {
                break;
            }
        }
        let message = "the provider's list of transfers has no end, or less in it than it says";
        Err(retry(Error::new(ErrorKind::Unreadable, message)))
    }

    /// Asks for the transfer that the provider named for that key; none if it knows it no more.
    async fn retrieve(&self, key: ReferenceId, id: &TransferId) -> Result<Option<types::Transfer>, Setback> {
        let seen: Seen<_> = ask!(self.wire, |raw| raw.retrieve_transfer(id.as_str()));
        if classify::is_missing(&seen) {
            return Ok(None);
        }
        let (transfer, _) = seen.answered()?;
        classify::is_about(&transfer, id, key).map_err(retry)?;
        Ok(Some(transfer))
    }

    /// Finds the transfer that was made for an order.
    async fn find(&self, order: &Order) -> Result<Searched, Setback> {
        let key = order.reference_id;
        if let Some(id) = self.transfers.of(&key) {
            match self.retrieve(key, &id).await {
                Ok(Some(transfer)) => return Ok(Searched { transfer: Some(transfer), at: None }),
                // What it was called by may be wrong; what is in the list is not.
                Ok(None) => self.transfers.forget(&key),
                Err(setback) => {
                    if setback.error.kind() == ErrorKind::Unreadable {
                        self.transfers.forget(&key);
                    }
                    return Err(setback);
                }
            }
        }
        let contents = Contents::read(&order.contents).map_err(stop)?;
        let owner = self.owner(&contents.source).await?;
        let searched = self.search(&owner, key).await?;
        if let Some(transfer) = &searched.transfer {
            self.transfers.learn(key, classify::id(transfer).map_err(retry)?);
        }
        Ok(searched)
    }

    /// The transfer that was made for an order, if the provider knows of one.
    pub(crate) async fn made(&self, order: &Order) -> Result<Option<types::Transfer>, Setback> {
        Ok(self.find(order).await?.transfer)
    }

    /// The provider's word on a payment, from the transfer that is it.
    async fn report(&self, key: ReferenceId, transfer: &types::Transfer) -> LookUp {
        let told = match classify::standing(key, transfer) {
            Ok(Standing::Told(report)) => LookUp::Found(report),
            Ok(Standing::Returned) => {
                let seen = ask!(self.wire, |raw| raw.retrieve_transfer_failure(&transfer.id));
                classify::returned(seen, &self.clean())
            }
            Err(error) => LookUp::Setback(retry(error)),
        };
        if let LookUp::Found(Report::Completed(_) | Report::Failed(_)) = &told {
            self.transfers.forget(&key);
        }
        told
    }
}

impl Rail for DwollaRail {
    fn name(&self) -> &'static str {
        "dwolla"
    }

    fn terms(&self) -> Terms {
        Self::TERMS
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        let contents = match understood(order) {
            Ok(contents) => contents,
            Err(error) => return Preparation::Setback(stop(error)),
        };
        match self.wire.provider_now().await {
            Ok(now) => Preparation::Ready(Prepared {
                body: contents.body(order.reference_id, &self.pin),
                expires_at: now + WINDOW,
                provider_at: Some(now),
            }),
            Err(setback) => Preparation::Setback(setback),
        }
    }

    async fn submit(&self, order: &Order, body: &str) -> Submission {
        let key = order.reference_id.to_string();
        if let Err(error) = journaled(body, &key) {
            return Submission::NotSent(stop(error));
        }
        // A token first: from then on, a process that stands still for an hour is turned away.
        let asked_at = self.wire.clock().now();
        if let Err(setback) = self.wire.provider_now().await {
            return Submission::NotSent(setback);
        }
        let waited = (self.wire.clock().now() - asked_at).to_std();
        if !waited.is_ok_and(|waited| waited <= Self::TERMS.margin) {
            let message = "the process stood still before the payment was sent";
            return Submission::NotSent(retry(Error::new(ErrorKind::Interrupted, message)));
        }
        let seen: Seen<Option<String>> =
            once!(self.wire, |raw| located(raw.initiate_transfer_exact(&key, body.to_owned().into())));
        // Without a place that can be read, the list tells.
        if let Seen::Success(Some(place), _) = &seen
            && let Ok(id) = self.pin.transfer("location", place)
        {
            self.transfers.learn(order.reference_id, id);
        }
        classify::submission(seen)
    }

    async fn look_up(&self, order: &Order) -> LookUp {
        match self.find(order).await {
            Ok(Searched { transfer: Some(transfer), .. }) => self.report(order.reference_id, &transfer).await,
            Ok(Searched { transfer: None, at }) => LookUp::NotFound(at),
            Err(setback) => LookUp::Setback(setback),
        }
    }
}

fn understood(order: &Order) -> Result<Contents, Error> {
    if order.operation != orders::operation() {
        let message = format!("{} is no transfer, and this provider makes nothing else", order.operation);
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    Contents::read(&order.contents)
}

/// Refuses a journaled body that is another payment's.
fn journaled(body: &str, key: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Keyed {
        correlation_id: String,
    }
    match serde_json::from_str::<Keyed>(body) {
        Ok(keyed) if keyed.correlation_id == key => Ok(()),
        _ => Err(Error::new(ErrorKind::Journal, "the journal's record of the request cannot be understood")),
    }
}

fn stop(error: Error) -> Setback {
    Setback { error, then: Then::Stop }
}
