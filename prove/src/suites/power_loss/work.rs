//! Writers that keep a journal busy, and what each of its payments must look like after each of their writes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use dollr::{
    Currency, Entry, Event, Expect, Failure, Money, Name, Namespace, Operation, Receipt, ReferenceId,
    Standing, Timestamp,
};
use payonce::journal::{Intent, Journal, Lease, Record, SqliteJournal};

use crate::disk::Disk;

/// A write that was begun, or was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mark {
    /// The journal is tied to its namespace.
    Bound,
    Begun {
        payment: usize,
    },
    Done {
        payment: usize,
    },
}

/// How many writers there are.
const WRITERS: usize = 6;

/// How many payments are written before the journal is closed and opened again.
const SESSION: usize = 90;

pub(super) fn namespace() -> Namespace {
    Namespace::new("merchant-42").expect("a short word is a namespace")
}

fn operation() -> Operation {
    Operation::new("payout").expect("a short word is an operation")
}

fn key(payment: usize, attempt: u32) -> ReferenceId {
    ReferenceId::derive(&namespace(), &operation(), &name(payment), attempt)
}

fn name(payment: usize) -> Name {
    Name::new(format!("salary/{payment}")).expect("short ASCII text is a name")
}

fn at(payment: usize, step: usize) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs(1_795_000_000 + payment as u64 * 60 + step as u64)
}

fn usd() -> Money {
    Money::new("1.00", Currency::USD).expect("a dollar is an amount")
}

pub(super) fn intent(payment: usize) -> Intent {
    Intent {
        rail: "dollr".to_owned(),
        operation: operation(),
        name: name(payment),
        reference_id: key(payment, 1),
        // Some rows are larger than a page.
        contents: format!("{{\"note\":\"{}\"}}", "x".repeat(payment % 7 * 900)),
        expect: Expect::Amount(usd()),
    }
}

/// One write to a payment after its first.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Append(Vec<Entry>, Standing),
    Again(Entry),
}

impl Step {
    /// What it adds to the payment's record.
    pub(super) fn entries(&self) -> &[Entry] {
        match self {
            Self::Append(entries, _) => entries,
            Self::Again(entry) => std::slice::from_ref(entry),
        }
    }
}

/// The writes of a payment after its first. Every fourth payment fails and is tried again.
pub(super) fn steps(payment: usize) -> Vec<Step> {
    let mut number = 0;
    let mut entry = |event| {
        number += 1;
        Entry { at: at(payment, number), event }
    };
    let opened = |session: u32| Event::Prepared {
        body: format!("{{\"session\":{session},\"pad\":\"{}\"}}", "y".repeat(payment % 5 * 300)),
        expires_at: at(payment, 900),
        provider_at: None,
    };
    let fails = payment.is_multiple_of(4);
    let mut steps = vec![
        Step::Append(vec![entry(opened(1)), entry(Event::Sending)], Standing::Sending),
        Step::Append(vec![entry(Event::Pending)], Standing::Pending),
    ];
    if fails {
        let failure = Failure { reason: "declined".to_owned(), recorded: true };
        steps.push(Step::Append(vec![entry(Event::Failed { failure })], Standing::Failed));
        steps.push(Step::Again(entry(Event::Again { attempt: 2, reference_id: key(payment, 2) })));
        steps.push(Step::Append(vec![entry(opened(2)), entry(Event::Sending)], Standing::Sending));
    }
    let receipt = Receipt {
        reference_id: key(payment, if fails { 2 } else { 1 }),
        payer_amount: usd(),
        payee_amount: usd(),
        provider_transaction_id: None,
    };
    steps.push(Step::Append(vec![entry(Event::Completed { receipt })], Standing::Completed));
    steps
}

/// Writes so many payments into the journal in a watched directory.
pub(super) async fn write(disk: &Arc<Disk<Mark>>, directory: &Path, payments: usize) -> Result<()> {
    let file = directory.join("journal.db");
    for from in (0..payments).step_by(SESSION) {
        let journal = Arc::new(SqliteJournal::open(&file)?);
        journal.bind("dollr", &namespace()).await?;
        disk.mark(Mark::Bound);
        let until = payments.min(from + SESSION);
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let (disk, journal) = (Arc::clone(disk), Arc::clone(&journal));
            writers.push(tokio::spawn(async move {
                for payment in (from..until).filter(|payment| payment % WRITERS == writer) {
                    write_one(&disk, &journal, payment).await?;
                }
                anyhow::Ok(())
            }));
        }
        for writer in writers {
            writer.await??;
        }
        drop(journal);
        closed(directory).await?;
    }
    Ok(())
}

async fn write_one(disk: &Disk<Mark>, journal: &SqliteJournal, payment: usize) -> Result<()> {
    let (begun, done) = (Mark::Begun { payment }, Mark::Done { payment });
    disk.mark(begun);
    let (record, lease) = journal.intend(intent(payment), at(payment, 0)).await?;
    disk.mark(done);
    let mut lease = lease.context("a new payment comes with its lease")?;
    let mut record: Record = record;
    for step in steps(payment) {
        disk.mark(begun);
        lease = step_on(journal, &record, lease, &step).await?;
        disk.mark(done);
        record.entries.extend(step.entries().iter().cloned());
    }
    Ok(())
}

async fn step_on(journal: &SqliteJournal, record: &Record, lease: Lease, step: &Step) -> Result<Lease> {
    Ok(match step {
        Step::Append(entries, standing) => journal.append(lease, entries.clone(), *standing).await?,
        Step::Again(entry) => journal.reopen(record, entry.clone()).await?,
    })
}

/// Waits until the journal's threads have closed it, and folded its log into it.
async fn closed(directory: &Path) -> Result<()> {
    loop {
        let mut files = std::fs::read_dir(directory)?;
        let open =
            files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().contains("-owner-")));
        if !open {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
