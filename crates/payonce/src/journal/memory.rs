//! The journal in memory, for tests and for callers whose payments need not outlive the process.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::turns::Turns;
use super::{
    Claim, Filter, Intent, Journal, Key, Lease, Listed, PaymentId, Record, Result, Standing, Summary,
    not_parked, other_namespace, taken_over,
};
use crate::clock::BoxFuture;
use crate::error::{Error, ErrorKind};
use crate::name::{Name, Namespace, ReferenceId};
use crate::step::{Entry, Event, Timestamp};

/// A journal that is gone with the process. Only [the provider's guards](crate) are left then.
#[derive(Debug)]
pub struct MemoryJournal {
    store: Arc<Mutex<Store>>,
    /// Alive as long as this handle is; payments point to it.
    owner: Arc<()>,
}

#[derive(Debug, Default)]
struct Store {
    bindings: BTreeMap<String, String>,
    payments: Vec<Payment>,
    names: BTreeMap<(String, Name), PaymentId>,
    keys: BTreeMap<ReferenceId, PaymentId>,
}

#[derive(Debug)]
struct Payment {
    record: Record,
    standing: Standing,
    updated_at: Timestamp,
    owner: Weak<()>,
    epoch: i64,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self { store: Arc::default(), owner: Arc::new(()) }
    }

    /// A second handle on the same payments, as another process would have it: dropping either is that process's
    /// death.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { store: Arc::clone(&self.store), owner: Arc::new(()) }
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ours(&self, owner: &Weak<()>) -> bool {
        std::ptr::eq(owner.as_ptr(), Arc::as_ptr(&self.owner))
    }
}

impl Store {
    fn payment(&mut self, id: PaymentId) -> Result<&mut Payment> {
        let index = usize::try_from(id.0 - 1).ok();
        index
            .and_then(|index| self.payments.get_mut(index))
            .ok_or_else(|| Error::new(ErrorKind::UnknownPayment, "the journal has no payment of that number"))
    }
}

/// Completes at once with what was done under the lock.
fn done<'a, T: Send + 'a>(result: Result<T>) -> BoxFuture<'a, Result<T>> {
    Box::pin(ready(result))
}

impl MemoryJournal {
    fn do_intend(&self, intent: Intent, at: Timestamp) -> Result<(Record, Option<Lease>)> {
        let mut store = self.lock();
        let name = (intent.rail.clone(), intent.name.clone());
        if let Some(id) = store.names.get(&name).copied() {
            return Ok((store.payment(id)?.record.clone(), None));
        }
        if store.keys.contains_key(&intent.reference_id) {
            return Err(Error::new(ErrorKind::Journal, "the key belongs to another payment"));
        }
        let id = PaymentId(store.payments.len() as i64 + 1);
        store.names.insert(name, id);
        store.keys.insert(intent.reference_id, id);
        let record = Record { id, intent, created_at: at, entries: Vec::new() };
        store.payments.push(Payment {
            record: record.clone(),
            standing: Standing::Intended,
            updated_at: at,
            owner: Arc::downgrade(&self.owner),
            epoch: 1,
        });
        Ok((record, Some(Lease { id, epoch: 1, next: 0 })))
    }

    fn do_claim(&self, id: PaymentId) -> Result<Claim> {
        let mut store = self.lock();
        let payment = store.payment(id)?;
        if payment.standing.is_ended() {
            return Ok(Claim::Ended(payment.record.clone()));
        }
        if payment.owner.strong_count() > 0 && !self.is_ours(&payment.owner) {
            return Ok(Claim::Elsewhere);
        }
        payment.owner = Arc::downgrade(&self.owner);
        payment.epoch += 1;
        let lease = Lease { id, epoch: payment.epoch, next: payment.record.entries.len() };
        Ok(Claim::Ours(lease, payment.record.clone()))
    }

    fn do_claim_free(&self, rail: &str, limit: usize) -> Result<Vec<(Lease, Record)>> {
        let mut store = self.lock();
        let mut turns = Turns::default();
        for Payment { record, standing, owner, .. } in &store.payments {
            if record.intent.rail == rail && !standing.is_ended() && owner.strong_count() == 0 {
                turns.add(record.intent.operation.as_str(), record.id);
            }
        }
        let take = |id: PaymentId| {
            let payment = store.payment(id)?;
            payment.owner = Arc::downgrade(&self.owner);
            payment.epoch += 1;
            let (id, next) = (payment.record.id, payment.record.entries.len());
            Ok((Lease { id, epoch: payment.epoch, next }, payment.record.clone()))
        };
        turns.first(limit).into_iter().map(take).collect()
    }

    fn do_append(&self, lease: Lease, entries: Vec<Entry>, standing: Standing) -> Result<Lease> {
        let mut store = self.lock();
        let payment = store.payment(lease.id)?;
        if payment.epoch != lease.epoch || !self.is_ours(&payment.owner) {
            return Err(taken_over());
        }
        payment.updated_at = entries.last().map_or(payment.updated_at, |entry| entry.at);
        payment.record.entries.extend(entries);
        payment.standing = standing;
        if standing.is_ended() {
            payment.owner = Weak::new();
        }
        Ok(Lease { next: payment.record.entries.len(), ..lease })
    }

    fn do_reopen(&self, record: &Record, again: Entry) -> Result<Lease> {
        let Event::Again { reference_id, .. } = again.event else {
            return Err(Error::new(ErrorKind::Invalid, "only a further attempt can open a payment again"));
        };
        let mut store = self.lock();
        let payment = store.payment(record.id)?;
        if payment.standing != Standing::Failed || payment.record.entries.len() != record.entries.len() {
            return Err(Error::new(
                ErrorKind::NotFailed,
                "the payment has not failed, or was tried again already",
            ));
        }
        payment.updated_at = again.at;
        payment.record.entries.push(again);
        payment.standing = Standing::Intended;
        payment.owner = Arc::downgrade(&self.owner);
        payment.epoch += 1;
        let lease = Lease { id: record.id, epoch: payment.epoch, next: payment.record.entries.len() };
        store.keys.insert(reference_id, record.id);
        Ok(lease)
    }

    fn do_resolve(&self, record: &Record, resolved: Entry, standing: Standing) -> Result<()> {
        let mut store = self.lock();
        let payment = store.payment(record.id)?;
        if payment.standing != Standing::Parked || payment.record.entries.len() != record.entries.len() {
            return Err(not_parked());
        }
        payment.updated_at = resolved.at;
        payment.record.entries.push(resolved);
        payment.standing = standing;
        payment.epoch += 1;
        Ok(())
    }

    fn do_list(&self, rail: &str, filter: &Filter) -> Vec<Listed> {
        let store = self.lock();
        let wanted = |payment: &&Payment| {
            payment.record.intent.rail == rail
                && filter.after.is_none_or(|after| payment.record.id > after)
                && filter.standing.is_none_or(|standing| payment.standing == standing)
                && !(filter.unfinished && payment.standing.is_ended())
        };
        let summary = |payment: &Payment| Summary {
            id: payment.record.id,
            operation: payment.record.intent.operation.clone(),
            name: payment.record.intent.name.clone(),
            reference_id: payment.record.intent.reference_id,
            expect: payment.record.intent.expect,
            standing: payment.standing,
            created_at: payment.record.created_at,
            updated_at: payment.updated_at,
        };
        store.payments.iter().filter(wanted).take(filter.limit).map(summary).map(Ok).collect()
    }
}

impl Journal for MemoryJournal {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<()>> {
        let mut store = self.lock();
        let remembered =
            store.bindings.entry(rail.to_owned()).or_insert_with(|| namespace.as_str().to_owned());
        let same = remembered == namespace.as_str();
        done(if same { Ok(()) } else { Err(other_namespace(rail, remembered)) })
    }

    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>)>> {
        done(self.do_intend(intent, at))
    }

    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim>> {
        done(self.do_claim(id))
    }

    fn claim_free<'a>(&'a self, rail: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<(Lease, Record)>>> {
        done(self.do_claim_free(rail, limit))
    }

    fn is_held_elsewhere(&self, id: PaymentId) -> BoxFuture<'_, Result<bool>> {
        let mut store = self.lock();
        let held = store
            .payment(id)
            .map(|payment| payment.owner.strong_count() > 0 && !self.is_ours(&payment.owner));
        done(held)
    }

    fn append(&self, lease: Lease, entries: Vec<Entry>, standing: Standing) -> BoxFuture<'_, Result<Lease>> {
        done(self.do_append(lease, entries, standing))
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<()>> {
        let mut store = self.lock();
        done(store.payment(lease.id).map(|payment| {
            if payment.epoch == lease.epoch && self.is_ours(&payment.owner) {
                payment.owner = Weak::new();
            }
        }))
    }

    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease>> {
        done(self.do_reopen(record, again))
    }

    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<()>> {
        done(self.do_resolve(record, resolved, standing))
    }

    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>>> {
        let mut store = self.lock();
        let id = match key {
            Key::Name(name) => store.names.get(&(rail.to_owned(), name)).copied(),
            Key::ReferenceId(reference_id) => store.keys.get(&reference_id).copied(),
        };
        let record = id.and_then(|id| store.payment(id).ok()).map(|payment| payment.record.clone());
        done(Ok(record.filter(|record| record.intent.rail == rail)))
    }

    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>>> {
        done(Ok(self.do_list(rail, &filter)))
    }
}
