//! Reconciliation: the journal held against the provider's own word, for a period. Reads only, here and there.
//!
//! What must stay true: it asks about every attempt of every payment, an earlier one that failed too, because a failure
//! that was none is a double payment in the making; and what could not be asked is said to be so, never left out.

mod difference;

use std::collections::HashSet;
use std::future::IntoFuture;
use std::ops::Range;

use futures_util::{StreamExt, TryStreamExt, stream};
use payonce::journal::{Filter, Record};
use payonce::step::{Decision, Event, Outcome};
use payonce::{BoxFuture, Error, ErrorKind, Failure, IntoName, Operation, ReferenceId, Timestamp};

pub use difference::{Compared, Difference, Moved, Reconciliation};

use crate::client::Dollr;
use crate::orders::{Contents, Source};
use crate::status::{Execution, ExecutionStatus, SourceStatus};

/// How many questions are open at any time.
const CONCURRENCY: usize = 8;

/// How many payments are read from the journal at a time.
const PAGE: usize = 1000;

impl Dollr {
    /// Compares the journal with the provider, for the payments recorded and the documents paid in that period. Nothing
    /// happens before it is awaited.
    ///
    /// ```no_run
    /// # async fn example(dollr: dollr::Dollr) -> Result<(), Box<dyn std::error::Error>> {
    /// let (from, to) = ("2026-11-01T00:00:00Z".parse()?, "2026-12-01T00:00:00Z".parse()?);
    /// let november = dollr.reconcile(from..to).await?;
    /// println!("{november}");
    /// if !november.differences.is_empty() {
    ///     std::fs::write("november.json", serde_json::to_string(&november)?)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # What can be seen, and what cannot
    ///
    /// The provider has no list of executions: it answers for a key, and the keys are the journal's. So a payment that
    /// the journal knows is compared whole; a payout, transfer or refund that it does not know is not found, unless its
    /// name is given with [`expecting`](Reconcile::expecting), from which the key follows. Invoices and orders can be
    /// listed: one that was paid in the period, and by no collection of the journal, is found even after the journal
    /// was lost. The list is read whole, and a document that was paid in another period is left out of it.
    pub fn reconcile(&self, period: Range<Timestamp>) -> Reconcile {
        Reconcile { client: self.clone(), period, expected: Vec::new() }
    }
}

/// A reconciliation that is asked for. Reads only, when it is awaited.
#[derive(Clone, Debug)]
#[must_use = "nothing is compared before it is awaited"]
pub struct Reconcile {
    client: Dollr,
    period: Range<Timestamp>,
    expected: Vec<Result<(Operation, payonce::Name), Error>>,
}

impl Reconcile {
    /// Names that ought to have been paid, whenever: those that the journal does not know are asked about by the key
    /// that follows from the name. With a lost journal this is how to find what was paid.
    ///
    /// ```no_run
    /// # async fn example(dollr: dollr::Dollr, period: std::ops::Range<dollr::Timestamp>) -> Result<(), dollr::Error> {
    /// let payout = dollr::Operation::new("payout")?;
    /// let staff = ["ama", "kofi"].map(|who| format!("salary/2026-11/{who}"));
    /// println!("{}", dollr.reconcile(period).expecting(&payout, staff).await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn expecting(
        mut self,
        operation: &Operation,
        names: impl IntoIterator<Item = impl IntoName>,
    ) -> Self {
        let named = names.into_iter().map(|name| Ok((operation.clone(), name.into_name()?)));
        self.expected.extend(named);
        self
    }

    async fn run(self) -> Result<Reconciliation, Error> {
        let Self { client, period, expected } = self;
        let journal = Journaled::read(&client, &period).await?;
        let mut asked: Vec<Asked> = Vec::new();
        for named in expected {
            let (operation, name) = named?;
            if client.find(&name).await?.is_none() {
                let reference_id = client.engine().reference_id(&operation, &name);
                let compared = Compared { name, operation, reference_id };
                asked.push(Asked { compared, here: Here::Unknown, source: None });
            }
        }
        asked.extend(journal.asked);
        let payments = asked.len();
        let differences =
            stream::iter(asked).map(|asked| asked.compare(&client, &journal.collected)).buffered(CONCURRENCY);
        let mut differences: Vec<_> = differences.filter_map(std::future::ready).collect().await;
        let mut documents = 0;
        for paid in paid_documents(&client, &period).await? {
            documents += 1;
            let known =
                matches!(&paid, Difference::PaidThereOnly { source, .. } if journal.known.contains(source));
            if !known {
                differences.push(paid);
            }
        }
        Ok(Reconciliation { from: period.start, to: period.end, payments, documents, differences })
    }
}

impl IntoFuture for Reconcile {
    type Output = Result<Reconciliation, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// What the journal says of a key.
#[derive(Clone, Debug)]
enum Here {
    /// It does not know it.
    Unknown,
    /// It has not ended.
    Open,
    Ended(Outcome),
}

/// A key to ask about.
#[derive(Clone, Debug)]
struct Asked {
    compared: Compared,
    here: Here,
    /// What the collection was for.
    source: Option<Source>,
}

/// What is to be compared of the journal.
struct Journaled {
    asked: Vec<Asked>,
    /// What a collection of the journal, of any time, has been completed for.
    collected: HashSet<Source>,
    /// That, and whatever a collection of the period was for.
    known: HashSet<Source>,
}

impl Journaled {
    async fn read(client: &Dollr, period: &Range<Timestamp>) -> Result<Self, Error> {
        let mut all = Self { asked: Vec::new(), collected: HashSet::new(), known: HashSet::new() };
        let mut filter = Filter { standing: None, unfinished: false, after: None, limit: PAGE };
        loop {
            let page = client.list(filter.clone()).await?;
            let Some(last) = page.last() else { return Ok(all) };
            filter.after = Some(last.id);
            let wanted = page.iter().filter(|payment| {
                period.contains(&payment.created_at) || payment.operation.as_str() == "collection"
            });
            let keys: Vec<_> = wanted.map(|payment| payment.reference_id).collect();
            let records = stream::iter(keys)
                .map(|key| async move {
                    let found = client.find_by_reference(key).await?;
                    found.map(|payment| payment.record().clone()).ok_or_else(|| {
                        Error::new(ErrorKind::Journal, "a payment that is listed cannot be found")
                    })
                })
                .buffered(CONCURRENCY);
            let records: Vec<Record> = records.try_collect().await?;
            for record in records {
                all.take(&record, period.contains(&record.created_at));
            }
        }
    }

    fn take(&mut self, record: &Record, in_period: bool) {
        let source = match serde_json::from_str(&record.intent.contents) {
            Ok(Contents::Collection { source, .. }) => Some(source),
            _ => None,
        };
        let attempts = attempts(record);
        if let Some(source) = source {
            let completed = |(_, here): &(_, Here)| matches!(here, Here::Ended(Outcome::Completed(_)));
            if attempts.iter().any(completed) {
                self.collected.insert(source);
                self.known.insert(source);
            }
            if in_period {
                self.known.insert(source);
            }
        }
        if in_period {
            self.asked.extend(attempts.into_iter().map(|(reference_id, here)| {
                let (name, operation) = (record.intent.name.clone(), record.intent.operation.clone());
                Asked { compared: Compared { name, operation, reference_id }, here, source }
            }));
        }
    }
}

/// The keys of a payment, and how the journal says that each has ended.
fn attempts(record: &Record) -> Vec<(ReferenceId, Here)> {
    let mut attempts = vec![(record.intent.reference_id, Here::Open)];
    for entry in &record.entries {
        let here = match &entry.event {
            Event::Completed { receipt } => Here::Ended(Outcome::Completed(receipt.clone())),
            Event::Failed { failure } => Here::Ended(Outcome::Failed(failure.clone())),
            Event::Parked { reason } => Here::Ended(Outcome::Parked(reason.clone())),
            Event::Resolved { decision: Decision::Paid { receipt }, .. } => {
                Here::Ended(Outcome::Completed(receipt.clone()))
            }
            Event::Resolved { decision: Decision::NotPaid { recorded }, reason, .. } => {
                Here::Ended(Outcome::Failed(Failure { reason: reason.clone(), recorded: *recorded }))
            }
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

impl Asked {
    /// Asks the provider, and says what differs.
    async fn compare(self, client: &Dollr, collected: &HashSet<Source>) -> Option<Difference> {
        let Self { compared: payment, here, source } = self;
        let there = match client.execution(&payment.operation, payment.reference_id).await {
            Ok(execution) => Some(execution),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Some(Difference::unanswered(payment, &error)),
        };
        let completed = there.as_ref().filter(|there| there.status == ExecutionStatus::Completed);
        let status = there.as_ref().map(|there| there.status.clone());
        match (here, completed) {
            (Here::Ended(Outcome::Completed(receipt)), Some(there)) => {
                let (here, there) = (Moved::from(&receipt), Moved::from(there));
                (here != there).then_some(Difference::AmountDiffers { payment, here, there })
            }
            (Here::Ended(Outcome::Completed(receipt)), None) => {
                Some(Difference::CompletedHereOnly { payment, here: Moved::from(&receipt), there: status })
            }
            (Here::Ended(Outcome::Parked(reason)), there) => {
                Some(Difference::Parked { payment, reason, there: status, moved: there.map(Moved::from) })
            }
            (Here::Unknown, None) => Some(Difference::NotPaid { payment, there: status }),
            (_, Some(there)) => Some(Difference::CompletedThereOnly { payment, there: Moved::from(there) }),
            (here, None) => {
                // A collection that came to nothing: its invoice may have been paid in another way.
                if let Some(source) = source.filter(|source| !collected.contains(source)) {
                    match client.source_status(source).await {
                        Ok(state) if state.status == SourceStatus::Paid => {
                            return Some(Difference::PaidByOtherMeans {
                                payment,
                                source,
                                number: state.number,
                                total: state.total,
                                paid_at: state.paid_at,
                            });
                        }
                        Ok(_) => {}
                        Err(error) => return Some(Difference::unanswered(payment, &error)),
                    }
                }
                matches!(here, Here::Open).then_some(Difference::StillOpen { payment, there: status })
            }
        }
    }
}

/// Every invoice and order that was paid in the period.
async fn paid_documents(client: &Dollr, period: &Range<Timestamp>) -> Result<Vec<Difference>, Error> {
    let mut paid = Vec::new();
    macro_rules! add {
        ($documents:expr) => {
            for document in $documents.list().status(SourceStatus::Paid).await? {
                if let Some(paid_at) = document.paid_at.filter(|at| period.contains(at)) {
                    let (source, number, total) = (document.id.into(), document.number, document.total);
                    paid.push(Difference::PaidThereOnly { source, number, total, paid_at });
                }
            }
        };
    }
    add!(client.invoices());
    add!(client.orders());
    Ok(paid)
}

impl From<&Execution> for Moved {
    fn from(execution: &Execution) -> Self {
        Self { payer_amount: execution.payer_amount, payee_amount: execution.payee_amount }
    }
}
