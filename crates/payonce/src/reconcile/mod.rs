//! Reconciliation: the journal held against the provider's own word, for a period. Reads only, here and there.
//!
//! What must stay true: it asks about every attempt of every payment, an earlier one that failed too, because a failure
//! that was none is a double payment in the making; and what could not be asked is said to be so, never left out.

mod difference;

use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};

pub use difference::{Compared, Difference, Here, Moved, NoDocument, Reconciliation, There};

use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::journal::{Filter, Key, Record};
use crate::name::ReferenceId;
use crate::rail::{Order, Rail, Report};
use crate::step::{Decision, Event, Timestamp};

/// How many questions are open at any time.
const CONCURRENCY: usize = 8;

/// How many payments are read from the journal at a time.
const PAGE: usize = 1000;

impl<R: Rail> Engine<R> {
    /// Compares the journal with the provider, for the payments recorded in that period: each of their attempts is looked
    /// up once. Writes nothing, here or there.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read. What the provider could not be asked is a difference.
    pub async fn reconcile<D>(&self, period: Range<Timestamp>) -> Result<Reconciliation<D>, Error> {
        let mut all = Reconciliation {
            from: period.start,
            to: period.end,
            payments: 0,
            documents: 0,
            differences: Vec::new(),
        };
        let mut filter = Filter { standing: None, unfinished: false, after: None, limit: PAGE };
        loop {
            let page = self.list(filter.clone()).await?;
            let Some(last) = page.last() else { return Ok(all) };
            filter.after = Some(last.id);
            let mut keys = Vec::new();
            for payment in page.iter().filter(|payment| period.contains(&payment.created_at)) {
                keys.push(payment.reference_id);
            }
            let read = stream::iter(keys).map(|key| self.recorded(key)).buffered(CONCURRENCY);
            let records: Vec<Record> = read.try_collect().await?;
            let mut asked = Vec::new();
            for record in &records {
                for (key, here) in attempts(record) {
                    asked.push((Order::of(&record.intent, key), here));
                }
            }
            all.payments += asked.len();
            let compared = stream::iter(asked).map(|(order, here)| self.compare(order, here));
            let found: Vec<Option<Difference<D>>> = compared.buffered(CONCURRENCY).collect().await;
            all.differences.extend(found.into_iter().flatten());
        }
    }

    async fn recorded(&self, key: ReferenceId) -> Result<Record, Error> {
        let found = self.inner.find(Key::ReferenceId(key)).await?;
        found.ok_or_else(|| Error::new(ErrorKind::Journal, "a payment that is listed cannot be found"))
    }

    async fn compare<D>(&self, order: Order, here: Here) -> Option<Difference<D>> {
        let there = self.inner.asked(&order).await.map(|report| match report {
            None => There::Unknown,
            Some(Report::Pending { .. }) => There::Pending,
            Some(Report::Completed(receipt)) => There::Completed(Moved::from(&receipt)),
            Some(Report::Failed(failure)) => There::Failed(failure),
        });
        let Order { operation, name, reference_id, .. } = order;
        Difference::between(Compared { name, operation, reference_id }, here, there)
    }
}

/// The keys of a payment, and how the journal says that each has ended.
pub fn attempts(record: &Record) -> Vec<(ReferenceId, Here)> {
    let mut attempts = vec![(record.intent.reference_id, Here::Open)];
    for entry in &record.entries {
        let here = match &entry.event {
            Event::Completed { receipt } | Event::Resolved { decision: Decision::Paid { receipt }, .. } => {
                Here::Completed(Moved::from(receipt))
            }
            Event::Failed { .. } | Event::Resolved { decision: Decision::NotPaid { .. }, .. } => Here::Failed,
            Event::Parked { reason } => Here::Parked(reason.clone()),
            Event::Again { reference_id, .. } => {
                // After an outright refusal the key is the same, and what counts is how it ends now.
                attempts.retain(|(key, _)| key != reference_id);
                attempts.push((*reference_id, Here::Open));
                continue;
            }
            _ => continue,
        };
        if let Some(last) = attempts.last_mut() {
            last.1 = here;
        }
    }
    attempts
}
