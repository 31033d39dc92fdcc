//! The four fields of the battle: fresh journals, shared journals, chosen moments, and a provider that is killed too.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dollr::{Filter, Name, Namespace, Operation, ReferenceId, Standing};
use payonce::journal::{Journal, SqliteJournal};
use payonce_sandbox::{CLIENT_ID, Guards, Ledger, Sandbox};

use crate::bed;
use crate::command::{Provider, Running, Shop};

/// What a field brought.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) kills: usize,
    pub(super) provider_kills: usize,
    pub(super) payments: usize,
    pub(super) wrong: Option<String>,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.provider_kills += other.provider_kills;
        self.payments += other.payments;
        self.wrong = self.wrong.take().or_else(|| other.wrong.clone());
    }

    fn wrong(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }
}

/// How long money takes to settle: longer than most kills take, so that they meet work in flight.
const SETTLES_AFTER: Duration = Duration::from_millis(40);

/// The exit code of a command whose payment completed.
const COMPLETED: i32 = 0;

/// The exit code of a command whose payment is still under way, or may be.
const UNDER_WAY: i32 = 4;

/// The exit code of a command that sent nothing.
const NOTHING_SENT: i32 = 1;

/// A worker: a part of a field, on one thread.
pub(super) struct Worker {
    pub(super) payonce: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) number: usize,
    pub(super) kills: usize,
    pub(super) draw: fastrand::Rng,
}

fn sandbox() -> Result<Sandbox> {
    let sandbox = bed::runtime()?.block_on(Sandbox::builder().settle_after(SETTLES_AFTER).start())?;
    Ok(sandbox)
}

fn key(namespace: &str, operation: &str, name: &str) -> Result<ReferenceId> {
    Ok(ReferenceId::derive(&Namespace::new(namespace)?, &Operation::new(operation)?, &Name::new(name)?, 1))
}

/// The command line of a payment, by turns each of the four movements.
fn order(sandbox: &Sandbox, number: usize, name: &str) -> (&'static str, Vec<String>) {
    let (movement, rest): (_, Vec<String>) = match number % 4 {
        0 => ("payout", ["--account", "18", "--amount", "1.00"].map(str::to_owned).into()),
        1 => {
            let to = ["--from-wallet", "3", "--to-counterparty", "15", "--amount", "1.00"];
            ("transfer", to.map(str::to_owned).into())
        }
        2 => {
            let intent = (9004 + number / 4 % 47).to_string();
            let of = ["--intent", &intent, "--amount", "0.01"];
            ("refund", of.map(str::to_owned).into())
        }
        _ => {
            let invoice = sandbox.seed_invoice(rust_decimal::Decimal::from(7), "USD").to_string();
            ("collection", ["--invoice", &invoice, "--account", "18"].map(str::to_owned).into())
        }
    };
    let mut line = vec![movement.to_owned(), name.to_owned()];
    line.extend(rest);
    line.extend(["--currency", "USD", "--wait"].map(str::to_owned));
    (movement, line)
}

impl Worker {
    fn shop(&self, sandbox: &Sandbox) -> Shop {
        Shop { payonce: self.payonce.clone(), url: sandbox.url().to_owned() }
    }

    fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.directory.join(format!("{name}-{}", self.number));
        fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
        Ok(place)
    }

    /// Each payment has a journal of its own; its process is killed some times at random, and then left to end.
    pub(super) fn fresh_journals(&mut self) -> Result<Tally> {
        let sandbox = sandbox()?;
        let (shop, place) = (self.shop(&sandbox), self.place("fresh")?);
        let mut tally = Tally::default();
        while tally.kills < self.kills && tally.wrong.is_none() {
            let number = tally.payments;
            tally.payments += 1;
            let name = format!("fresh/{number}");
            let (movement, line) = order(&sandbox, number, &name);
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            let journal = place.join(format!("{number}.db"));
            for _ in 0..self.draw.usize(2..8) {
                let process = shop.start(&journal, &line)?;
                thread::sleep(Duration::from_micros(self.draw.u64(1_000..70_000)));
                tally.kills += usize::from(process.kill()?);
            }
            let code = shop.start(&journal, &line)?.end()?;
            let paid = sandbox.ledger().payments(key(CLIENT_ID, movement, &name)?.as_uuid());
            if (code, paid) != (COMPLETED, 1) {
                tally.wrong(format!(
                    "{name}: a {movement} ended with exit code {code}, and was paid {paid} times"
                ));
            }
        }
        check_books(&sandbox.ledger(), &mut tally);
        Ok(tally)
    }

    /// The provider holds a request or its reply, and the process is killed just then.
    pub(super) fn chosen_moments(&mut self, guards: Guards, lose_journal: bool) -> Result<Tally> {
        let sandbox = sandbox()?;
        sandbox.guards(guards);
        let (shop, place) = (self.shop(&sandbox), self.place("chosen")?);
        let runtime = bed::runtime()?;
        let mut tally = Tally::default();
        while tally.kills < self.kills && tally.wrong.is_none() {
            let number = tally.payments;
            tally.payments += 1;
            let name = format!("chosen/{number}");
            let (movement, line) = order(&sandbox, number, &name);
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            let journal = place.join(format!("{number}.db"));
            let mut held = Vec::new();
            for round in 0..self.draw.usize(1..4) {
                let operation = ["POST /v1/executions/*", "POST /v1/sessions/*", "GET /v1/status/*"];
                // The request that moves the money is the one to be killed in.
                let operation = operation[if round == 0 { 0 } else { self.draw.usize(..3) }];
                let call = sandbox.on(operation).times(1);
                let gate = match self.draw.usize(..3) {
                    0 => call.before_effect().hold(),
                    1 => call.after_effect().hold(),
                    _ => call.in_reply().hold(),
                };
                let process = shop.start(&journal, &line)?;
                let reached = runtime.block_on(async {
                    tokio::time::timeout(Duration::from_millis(300), gate.wait_until_held()).await.is_ok()
                });
                if !reached {
                    // Nothing of the kind is asked any more; what the fault might hold later is not meant.
                    gate.release();
                }
                tally.kills += usize::from(process.kill()?);
                held.push(gate);
                // Some arrive before the next process asks, and some after it has paid.
                if self.draw.bool() {
                    held.drain(..).for_each(|gate| gate.release());
                }
            }
            if lose_journal {
                fs::rename(&journal, place.join("lost.db"))?;
                let _ = fs::remove_file(place.join(format!("{number}.db-wal")));
            }
            sandbox.clear_faults();
            let code = shop.start(&journal, &line)?.end()?;
            held.drain(..).for_each(|gate| gate.release());
            thread::sleep(Duration::from_millis(2));
            let paid = sandbox.ledger().payments(key(CLIENT_ID, movement, &name)?.as_uuid());
            if (code, paid) != (COMPLETED, 1) {
                tally.wrong(format!(
                    "{name}: a {movement} ended with exit code {code}, and was paid {paid} times"
                ));
            }
        }
        check_books(&sandbox.ledger(), &mut tally);
        Ok(tally)
    }

    /// Two processes pay the same plan out of one journal, and either is killed at random.
    pub(super) fn shared_journals(&mut self) -> Result<Tally> {
        let mut tally = Tally::default();
        let sandbox = sandbox()?;
        let (shop, place) = (self.shop(&sandbox), self.place("shared")?);
        let mut round = 0;
        while tally.kills < self.kills && tally.wrong.is_none() {
            round += 1;
            let plan = Plan { seed: (self.number * 1000 + round) as u64, payments: 120 };
            let journal = place.join(format!("{round}.db"));
            let kills = (self.kills - tally.kills).min(40);
            tally.kills += plan.paid_under_fire(&shop, &journal, kills, &mut self.draw)?;
            tally.payments += plan.payments;
            plan.check(&sandbox.ledger(), &journal, &mut tally)?;
        }
        check_books(&sandbox.ledger(), &mut tally);
        Ok(tally)
    }

    /// The same, and the provider is killed as well, and started again on its books.
    pub(super) fn mortal_provider(&mut self) -> Result<Tally> {
        let mut tally = Tally::default();
        let place = self.place("provider")?;
        let books = place.join("books.db");
        let mut provider = Provider::start(&self.payonce, Some(books.clone()))?;
        let mut plans = Vec::new();
        while tally.kills < self.kills {
            let plan = Plan { seed: (self.number * 1000 + 500 + plans.len()) as u64, payments: 60 };
            let journal = place.join(format!("{}.db", plans.len()));
            let shop = Shop { payonce: self.payonce.clone(), url: provider.url() };
            for _ in 0..8 {
                let processes = [plan.start(&shop, &journal)?, plan.start(&shop, &journal)?];
                thread::sleep(Duration::from_micros(self.draw.u64(20_000..90_000)));
                tally.provider_kills += usize::from(provider.kill()?);
                thread::sleep(Duration::from_micros(self.draw.u64(..5_000)));
                for process in processes {
                    tally.kills += usize::from(process.kill()?);
                }
                provider.start_again()?;
            }
            plan.finish(&shop, &journal)?;
            tally.payments += plan.payments;
            plans.push((plan, journal));
        }
        provider.kill()?;
        // The books are read by another process than the one that kept them.
        let sandbox = bed::runtime()?.block_on(Sandbox::builder().db(books).start())?;
        for (plan, journal) in plans {
            plan.check(&sandbox.ledger(), &journal, &mut tally)?;
        }
        check_books(&sandbox.ledger(), &mut tally);
        Ok(tally)
    }
}

/// Nobody was paid twice, and the books balance.
fn check_books(ledger: &Ledger, tally: &mut Tally) {
    let twice = ledger.paid_twice();
    if !twice.is_empty() {
        tally.wrong(format!("money moved more than once under {twice:?}"));
    }
    if !ledger.is_balanced() {
        tally.wrong("the ledger does not balance".to_owned());
    }
    let movements = ledger.movements().len();
    if movements > tally.payments {
        tally.wrong(format!("{movements} movements of {} payments", tally.payments));
    }
}

/// The payments that the demonstration's child makes of a seed.
struct Plan {
    seed: u64,
    payments: usize,
}

impl Plan {
    fn start(&self, shop: &Shop, journal: &Path) -> Result<Running> {
        let (seed, payments) = (self.seed.to_string(), self.payments.to_string());
        let line = ["demo-child", "--seed", &seed, "--payments", &payments, "--window", "8"];
        shop.start(journal, &line)
    }

    /// Two processes at a time, until so many were killed; then what is left is paid in peace.
    fn paid_under_fire(
        &self,
        shop: &Shop,
        journal: &Path,
        kills: usize,
        draw: &mut fastrand::Rng,
    ) -> Result<usize> {
        let mut killed = 0;
        for _ in 0..kills.div_ceil(2) {
            let processes = [self.start(shop, journal)?, self.start(shop, journal)?];
            for process in processes {
                thread::sleep(Duration::from_micros(draw.u64(500..50_000)));
                killed += usize::from(process.kill()?);
            }
        }
        self.finish(shop, journal)?;
        Ok(killed)
    }

    /// Pays what is left.
    fn finish(&self, shop: &Shop, journal: &Path) -> Result<()> {
        match self.start(shop, journal)?.end()? {
            0 => Ok(()),
            code @ (UNDER_WAY | NOTHING_SENT) => bail!("the last process ended with exit code {code}"),
            code => bail!("the last process ended with the unexpected exit code {code}"),
        }
    }

    /// Compares the journal with the ledger, payment by payment.
    fn check(&self, ledger: &Ledger, journal: &Path, tally: &mut Tally) -> Result<()> {
        let journal = SqliteJournal::open(journal)?;
        let all = Filter { standing: None, unfinished: false, after: None, limit: usize::MAX };
        let listed = bed::runtime()?.block_on(journal.list("dollr", all))?;
        let mine: Vec<_> = listed.into_iter().filter(|one| one.name.as_str().starts_with("demo/")).collect();
        if mine.len() != self.payments {
            tally.wrong(format!("{} of {} payments are in the journal", mine.len(), self.payments));
        }
        for payment in mine {
            let paid = ledger.payments(payment.reference_id.as_uuid());
            let right = match payment.standing {
                Standing::Completed => paid == 1,
                Standing::Failed => paid == 0,
                _ => false,
            };
            if !right {
                tally.wrong(format!("{} is {} and was paid {paid} times", payment.name, payment.standing));
            }
        }
        Ok(())
    }
}
