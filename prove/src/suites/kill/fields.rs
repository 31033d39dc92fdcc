//! The four fields of the battle: fresh journals, shared journals, chosen moments, and a provider that is killed too.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dollr::{Filter, Standing};
use payonce::journal::{Journal, SqliteJournal};
use payonce_sandbox::{Ledger, Sandbox};

use super::desk::Desk;
use crate::bed;
use crate::command::{Provider, Rail, Running, Shop};

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

    pub(super) fn wrong(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }
}

/// How long money takes to settle: longer than most kills take, so that they meet work in flight.
pub(super) const SETTLES_AFTER: Duration = Duration::from_millis(40);

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

impl Worker {
    fn shop(&self, rail: Rail, url: &str) -> Shop {
        Shop { payonce: self.payonce.clone(), rail, url: url.to_owned() }
    }

    fn place(&self, name: &str) -> Result<PathBuf> {
        let place = self.directory.join(format!("{name}-{}", self.number));
        fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
        Ok(place)
    }

    /// Each payment has a journal of its own; its process is killed some times at random, and then left to end.
    pub(super) fn fresh_journals(&mut self, desk: &Desk) -> Result<Tally> {
        let (shop, place) = (self.shop(desk.rail(), desk.url()), self.place("fresh")?);
        let mut tally = Tally::default();
        while tally.kills < self.kills && tally.wrong.is_none() {
            let number = tally.payments;
            tally.payments += 1;
            let name = format!("fresh/{number}");
            let (movement, line) = desk.order(number, &name);
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            let journal = place.join(format!("{number}.db"));
            for _ in 0..self.draw.usize(2..8) {
                let process = shop.start(&journal, &line)?;
                thread::sleep(Duration::from_micros(self.draw.u64(1_000..70_000)));
                tally.kills += usize::from(process.kill()?);
            }
            let code = shop.start(&journal, &line)?.end()?;
            desk.judge(code, movement, &name, &mut tally)?;
        }
        desk.check_books(&mut tally);
        Ok(tally)
    }

    /// The provider holds a request or its reply, and the process is killed just then.
    pub(super) fn chosen_moments(&mut self, desk: &Desk, lose_journal: bool) -> Result<Tally> {
        let (shop, place) = (self.shop(desk.rail(), desk.url()), self.place("chosen")?);
        let runtime = bed::runtime()?;
        let mut tally = Tally::default();
        while tally.kills < self.kills && tally.wrong.is_none() {
            let number = tally.payments;
            tally.payments += 1;
            let name = format!("chosen/{number}");
            let (movement, line) = desk.order(number, &name);
            let line: Vec<&str> = line.iter().map(String::as_str).collect();
            let journal = place.join(format!("{number}.db"));
            let mut held = Vec::new();
            for round in 0..self.draw.usize(1..4) {
                // The request that moves the money is the one to be killed in.
                let call = desk.on(if round == 0 { 0 } else { self.draw.usize(..3) }).times(1);
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
            desk.clear_faults();
            let code = shop.start(&journal, &line)?.end()?;
            held.drain(..).for_each(|gate| gate.release());
            thread::sleep(Duration::from_millis(2));
            desk.judge(code, movement, &name, &mut tally)?;
        }
        desk.check_books(&mut tally);
        Ok(tally)
    }

    /// Two processes pay the same plan out of one journal, and either is killed at random.
    pub(super) fn shared_journals(&mut self) -> Result<Tally> {
        let mut tally = Tally::default();
        let sandbox = sandbox()?;
        let (shop, place) = (self.shop(Rail::Dollr, sandbox.url()), self.place("shared")?);
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
        Desk::Dollr(sandbox).check_books(&mut tally);
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
            let shop = self.shop(Rail::Dollr, &provider.url());
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
        Desk::Dollr(sandbox).check_books(&mut tally);
        Ok(tally)
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
        let line =
            ["demo-child", "--rail", "dollr", "--seed", &seed, "--payments", &payments, "--window", "8"];
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
