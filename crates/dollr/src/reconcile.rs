//! Reconciliation on this rail: to the payments of the journal come names that ought to have been paid, and the documents
//! that the provider can list. Reads only, here and there.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::ops::Range;

use futures_util::{StreamExt, stream};
use payonce::journal::{Filter, Listed};
use payonce::reconcile::{Compared, Here, Moved, There, attempts};
use payonce::{BoxFuture, Error, ErrorKind, Failure, IntoName, Name, Operation, Timestamp};

use crate::client::{Dollr, Payment};
use crate::orders::{Contents, Source};
use crate::status::{ExecutionStatus, SourceStatus};

/// The outcome of a reconciliation. Its `Display` is a table.
pub type Reconciliation = payonce::reconcile::Reconciliation<Source>;

/// One thing that does not agree, or has not ended. The documents are invoices and orders.
pub type Difference = payonce::reconcile::Difference<Source>;

/// How many payments are read from the journal at a time.
const PAGE: usize = 1000;

/// How many questions are open at any time.
const CONCURRENCY: usize = 8;

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
    ///
    /// A payment whose record in the journal cannot be read is a difference, with the provider's word on its first attempt.
    /// Where a document may have been paid by a collection that cannot be read, of whatever period, that is one, too.
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
    expected: Vec<Result<(Operation, Name), Error>>,
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
        let (mut asked, mut unreadable) = (Vec::new(), Vec::new());
        for named in expected {
            let (operation, name) = named?;
            let reference_id = client.engine().reference_id(&operation, &name);
            let payment = Compared { name, operation, reference_id };
            match client.find(&payment.name).await {
                Ok(None) => asked.push(payment),
                Ok(Some(_)) => {}
                Err(error) if error.kind() == ErrorKind::Record => {
                    unreadable.push(Difference::unreadable(payment, &error));
                }
                Err(error) => return Err(error),
            }
        }
        let mut all: Reconciliation = client.engine().reconcile(period.clone()).await?;
        all.payments += asked.len();
        let mut differences = Vec::new();
        for payment in asked {
            let there = stands(&client, &payment).await;
            differences.extend(Difference::between(payment, Here::Unknown, there));
        }
        unreadable.retain(|named| all.differences.iter().all(|found| found.payment() != named.payment()));
        differences.append(&mut unreadable);
        differences.append(&mut all.differences);
        all.payments += ask_by_key(&client, &mut differences).await;
        let collections = Collections::read(&client, &period).await?;
        for (payment, source) in &collections.unpaid {
            if let Some(paid) = by_other_means(&client, payment, *source).await {
                let same = |found: &Difference| found.payment() == Some(payment);
                match differences.iter_mut().find(|found| same(found)) {
                    Some(Difference::StillOpen { .. }) | None => {
                        differences.retain(|found| !same(found));
                        differences.push(paid);
                    }
                    // It says more.
                    Some(_) => {}
                }
            }
        }
        for paid in paid_documents(&client, &period).await? {
            all.documents += 1;
            let known = |source| collections.known.contains(source);
            if !matches!(&paid, Difference::PaidThereOnly { source, .. } if known(source)) {
                differences.push(paid);
            }
        }
        differences.extend(collections.doubt(&differences));
        Ok(Reconciliation { differences, ..all })
    }
}

impl IntoFuture for Reconcile {
    type Output = Result<Reconciliation, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// How the attempt with that key stands with the provider.
async fn stands(client: &Dollr, payment: &Compared) -> Result<There, Error> {
    let execution = match client.execution(&payment.operation, payment.reference_id).await {
        Ok(execution) => execution,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(There::Unknown),
        Err(error) => return Err(error),
    };
    Ok(match execution.status {
        ExecutionStatus::Completed => There::Completed(Moved {
            payer_amount: execution.payer_amount,
            payee_amount: execution.payee_amount,
        }),
        ExecutionStatus::Failed => {
            There::Failed(Failure { reason: "the provider says failed".to_owned(), recorded: true })
        }
        _ => There::Pending,
    })
}

/// Asks about the payments whose records cannot be read, which takes no more than their keys; says how many were answered.
async fn ask_by_key(client: &Dollr, differences: &mut [Difference]) -> usize {
    let unread = differences.iter().enumerate().filter_map(|(place, found)| match found {
        Difference::Unreadable { payment: Some(payment), .. } => Some((place, payment.clone())),
        _ => None,
    });
    let unread: Vec<_> = unread.collect();
    let asked = stream::iter(unread)
        .map(|(place, payment)| async move { (place, stands(client, &payment).await) })
        .buffer_unordered(CONCURRENCY);
    let mut answered = 0;
    for (place, answer) in asked.collect::<Vec<_>>().await {
        let Difference::Unreadable { error, there, .. } = &mut differences[place] else { continue };
        match answer {
            Ok(answer) => (answered, *there) = (answered + 1, Some(answer)),
            Err(none) => error.push_str(&format!("; the provider could not be asked: {}", none.message())),
        }
    }
    answered
}

/// What the collections of the journal are for.
#[derive(Default)]
struct Collections {
    /// What a collection of any time has been completed for, and whatever one of the period was for.
    known: HashSet<Source>,
    /// Collections of the period that came to nothing so far, for what none has been completed.
    unpaid: Vec<(Compared, Source)>,
    /// How many cannot be read, of any time, and what is wrong with the record of the first.
    unreadable: Option<(usize, String)>,
}

impl Collections {
    async fn read(client: &Dollr, period: &Range<Timestamp>) -> Result<Self, Error> {
        let (mut completed, mut all) = (HashSet::new(), Self::default());
        let mut filter = Filter { standing: None, unfinished: false, after: None, limit: PAGE };
        loop {
            let page = client.list(filter.clone()).await?;
            if !filter.turn(&page) {
                break;
            }
            for listed in page {
                let found = match of(client, listed).await {
                    Ok(Some(found)) => found,
                    Ok(None) => continue,
                    Err(error) if error.kind() == ErrorKind::Record => {
                        all.unreadable.get_or_insert_with(|| (0, error.message().to_owned())).0 += 1;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let record = found.record();
                let Ok(Contents::Collection { source, .. }) = serde_json::from_str(&record.intent.contents)
                else {
                    continue;
                };
                let in_period = period.contains(&record.created_at);
                if in_period {
                    all.known.insert(source);
                }
                for (reference_id, here) in attempts(record) {
                    let (name, operation) = (record.intent.name.clone(), record.intent.operation.clone());
                    match here {
                        Here::Completed(_) => drop(completed.insert(source)),
                        Here::Open | Here::Failed if in_period => {
                            all.unpaid.push((Compared { name, operation, reference_id }, source));
                        }
                        _ => {}
                    }
                }
            }
        }
        all.unpaid.retain(|(_, source)| !completed.contains(source));
        all.known.extend(completed);
        Ok(all)
    }

    /// What there is to say of those that cannot be read: something, if a document was paid that one of them may be for.
    fn doubt(self, differences: &[Difference]) -> Option<Difference> {
        let doubtful = |found: &Difference| {
            matches!(found, Difference::PaidThereOnly { .. } | Difference::PaidByOtherMeans { .. })
        };
        let (payments, error) = self.unreadable.filter(|_| differences.iter().any(doubtful))?;
        Some(Difference::DocumentsInDoubt { payments, error })
    }
}

/// The payment that was listed, if it is a collection.
async fn of(client: &Dollr, listed: Listed) -> Result<Option<Payment>, Error> {
    let reference_id = match listed {
        Ok(payment) if payment.operation.as_str() == "collection" => payment.reference_id,
        Err(unread) if unread.operation.as_ref().is_none_or(|said| said.as_str() == "collection") => {
            return Err(unread.into());
        }
        _ => return Ok(None),
    };
    let found = client.find_by_reference(reference_id).await?;
    let lost =
        || Error::new(ErrorKind::Record, "a payment is listed in the journal, and not found by its key");
    found.map(Some).ok_or_else(lost)
}

/// Whether what a collection was for has been paid without it.
async fn by_other_means(client: &Dollr, payment: &Compared, source: Source) -> Option<Difference> {
    let payment = payment.clone();
    match client.source_status(source).await {
        Ok(state) if state.status == SourceStatus::Paid => Some(Difference::PaidByOtherMeans {
            payment,
            source,
            number: state.number,
            total: state.total,
            paid_at: state.paid_at,
        }),
        Ok(_) => None,
        Err(error) => Some(Difference::unanswered(payment, &error)),
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
