//! A disk that is full, broken, read-only or damaged, a journal of the future, and hosts whose clocks are an hour apart:
//! a plain error before the wire, nothing lost, and the payment is made once when the trouble is mended.

mod command;
mod damage;
mod failing;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::TimeDelta;
use dollr::{
    AccountId, Clock, Dollr, Effect, Error, ErrorKind, Name, Namespace, Operation, ReferenceId, Settlement,
    usd,
};
use payonce_sandbox::{CLIENT_ID, Sandbox};
use rust_decimal::Decimal;

use super::crash_points::{Walk, safe};
use crate::bed::{self, Stepping};
use crate::suite::{Figures, Run, Stop, Suite};

/// The suite.
pub(crate) const SUITE: Suite = Suite {
    name: "disk",
    claim: "With a full, failing, read-only or damaged disk, a journal of a newer version, or clocks an hour apart, \
            there is a plain error before the wire, and the payment is made once when the trouble is mended.",
    run,
};

/// Two hosts that take turns, whose clocks are an hour apart each way.
const APART: &[TimeDelta] = &[TimeDelta::hours(1), TimeDelta::hours(-1)];

fn run(run: &Run) -> Result<Figures, Stop> {
    let directory = bed::in_memory(run)?;
    let figures = all(run, &directory);
    if figures.is_ok() {
        let _ = fs::remove_dir_all(&directory);
    }
    figures
}

fn all(run: &Run, directory: &Path) -> Result<Figures, Stop> {
    let mut figures = Figures::default();
    failing::walk(run, &directory.join("failing"), &mut figures)?;
    damage::walk(run, &directory.join("damage"), &mut figures)?;
    command::walk(run, &directory.join("command"), &mut figures)?;
    for (number, (name, terrain)) in safe().into_iter().enumerate() {
        let pairs = run.scale.pick(0, 20, 1);
        let walk = Walk { terrain, skews: APART, pairs, seed: run.seed };
        let walked = walk.all(&directory.join(format!("apart-{number}")))?;
        if let Some(violation) = walked.violation {
            return Err(run.violation(format!("clocks an hour apart, {name}: {violation}")).into());
        }
        figures.count(&format!("payments with clocks an hour apart, {name}"), walked.payments, "");
    }
    Ok(figures)
}

/// A provider, and payments that are told apart by their numbers.
struct Till {
    sandbox: Sandbox,
    clock: Arc<Stepping>,
    made: u32,
}

/// One payment of a dollar to account 18.
struct Payment {
    name: String,
    key: ReferenceId,
}

impl Till {
    fn open() -> Result<Self> {
        let (sandbox, clock) = bed::sandbox()?;
        Ok(Self { sandbox, clock, made: 0 })
    }

    fn next(&mut self) -> Result<Payment> {
        self.made += 1;
        let name = format!("payout/{}", self.made);
        let operation = Operation::new("payout")?;
        let key = ReferenceId::derive(&Namespace::new(CLIENT_ID)?, &operation, &Name::new(&*name)?, 1);
        Ok(Payment { name, key })
    }

    fn client(&self, journal: &Path) -> Result<Dollr, Error> {
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as Arc<dyn Clock>;
        bed::client(&self.sandbox).clock(clock).journal(journal).build()
    }

    fn paid(&self, payment: &Payment) -> u64 {
        self.sandbox.ledger().payments(payment.key.as_uuid())
    }

    /// Takes up what is open and makes the payment, in a process of its own.
    fn make(&self, payment: &Payment, journal: &Path) -> Result<Result<Settlement, Error>> {
        let runtime = bed::runtime()?;
        let made = runtime.block_on(async {
            let dollr = self.client(journal).map_err(|error| error.with_effect(Effect::Unknown))?;
            dollr.resume().await.map_err(|error| error.with_effect(Effect::Unknown))?;
            dollr.idle().await;
            let order = dollr.payout(&*payment.name, AccountId::new(18), usd("1.00")?);
            order.send().await?.settled().await
        });
        drop(runtime);
        closed(journal)?;
        Ok(made)
    }

    /// Makes the payment with nothing in the way, and says what is wrong if it was not made just once.
    fn mended(&self, payment: &Payment, journal: &Path) -> Result<Option<String>> {
        let made = self.make(payment, journal)?;
        let paid = self.paid(payment);
        Ok(match made {
            Ok(Settlement::Completed(_)) if paid == 1 => None,
            other => Some(format!("when it was mended, it came to {other:?} and was paid {paid} times")),
        })
    }

    /// What account 18 received, and whether anything went anywhere else.
    fn received(&self) -> Result<Decimal> {
        // Whatever moved has settled by then.
        self.clock.advance(Duration::from_secs(10));
        let ledger = self.sandbox.ledger();
        if !ledger.is_balanced() || !ledger.paid_twice().is_empty() {
            bail!("the books are wrong");
        }
        Ok(ledger.balance("account:18", "USD"))
    }
}

/// What is wrong with an error of the journal, if anything is: a person has to understand it.
fn unclear(error: &Error) -> Option<String> {
    let text = error.to_string();
    let plain = [
        "disk",
        "damaged",
        "cannot be",
        "not a journal",
        "newer",
        "locked",
        "read-only",
        "lacks",
        "holds",
        "does not have the contents",
        "others may read",
        "another was given",
        "understood",
    ];
    let right = matches!(error.kind(), ErrorKind::Journal | ErrorKind::Record | ErrorKind::Configuration);
    let code = text.contains("SqliteFailure") || text.contains("Error code") || text.contains('\n');
    (!right || code || !plain.iter().any(|words| text.contains(words)))
        .then(|| format!("an error that a person cannot act upon: {:?}: {text}", error.kind()))
}

/// Waits until a journal's threads have let go of it.
fn closed(journal: &Path) -> Result<()> {
    let directory = journal.parent().context("a journal lies in a directory")?;
    let name = journal.file_name().context("a journal has a name")?.to_string_lossy().into_owned();
    let lock = format!("{name}-owner-");
    for _ in 0..10_000 {
        let mut files = fs::read_dir(directory)?;
        let held =
            files.any(|file| file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with(&lock)));
        if !held {
            return Ok(());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    bail!("the threads of the journal {} did not end", journal.display())
}

/// Makes a directory and says where a journal lies in it.
fn journal_in(directory: &Path) -> Result<PathBuf> {
    fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    Ok(directory.join("journal.db"))
}
