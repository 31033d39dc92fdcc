//! Reconciliation: the journal held against the provider's own word, for a period. Reads only, here and there.
//!
//! What must stay true: it asks about every attempt of every payment, an earlier one that failed too, because a failure
//! that was none is a double payment in the making; and what could not be asked, or not be read, is said to be so, never
//! left out.

mod difference;

use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};

pub use difference::{Compared, Difference, Here, Moved, NoDocument, Reconciliation, There};

use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::journal::{Filter, Key, Listed, Record, Summary, Unread};
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
    /// `Journal` when the journal cannot be read. What the provider could not be asked is a difference, and so is a payment
    /// whose record alone cannot be read: it is told of in whatever period, if not even its row says when it was recorded.
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
            let mut page = self.list(filter.clone()).await?;
            if !filter.turn(&page) {
                return Ok(all);
            }
            // Of one that cannot be read, nobody knows when it was recorded.
            page.retain(|listed| {
                listed.as_ref().map_or(true, |payment| period.contains(&payment.created_at))
            });
            let read = stream::iter(page).map(|listed| self.recorded(listed)).buffered(CONCURRENCY);
            let records: Vec<Result<Record, Difference<D>>> = read.try_collect().await?;
            let mut asked = Vec::new();
            for record in records {
                match record {
                    Ok(record) => {
                        for (key, here) in attempts(&record) {
                            asked.push(Ok((Order::of(&record.intent, key), here)));
                        }
                    }
                    Err(unreadable) => asked.push(Err(unreadable)),
                }
            }
            all.payments += asked.iter().filter(|asked| asked.is_ok()).count();
            let compared = stream::iter(asked).map(|asked| async move {
                match asked {
                    Ok((order, here)) => self.compare(order, here).await,
                    Err(unreadable) => Some(unreadable),
                }
            });
            let found: Vec<Option<Difference<D>>> = compared.buffered(CONCURRENCY).collect().await;
            all.differences.extend(found.into_iter().flatten());
        }
    }

    /// The record of a payment that was listed, or that it cannot be read.
    async fn recorded<D>(&self, listed: Listed) -> Result<Result<Record, Difference<D>>, Error> {
        let Summary { operation, name, reference_id, .. } = match listed {
            Ok(payment) => payment,
            Err(Unread { operation, name, reference_id, what, .. }) => {
                let known = name.zip(operation).zip(reference_id);
                let payment =
                    known.map(|((name, operation), reference_id)| Compared { name, operation, reference_id });
                return Ok(Err(Difference::Unreadable { payment, error: what, there: None }));
            }
        };
        let found = self.inner.find(Key::ReferenceId(reference_id)).await;
        let whole = found.and_then(|record| {
            let record = record.ok_or_else(|| {
                Error::new(ErrorKind::Record, "it is listed in the journal, and not found by its key")
            })?;
            record.state().map(|_| record)
        });
        match whole {
            Err(error) if error.kind() == ErrorKind::Record => {
                Ok(Err(Difference::unreadable(Compared { name, operation, reference_id }, &error)))
            }
            whole => whole.map(Ok),
        }
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

#[cfg(test)]
mod tests;
