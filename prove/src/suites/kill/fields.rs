//! The four fields of the battle: fresh journals, shared journals, chosen moments, and a provider that is killed too.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::desk::Desk;
use super::plan::{Banks, Plan};
use crate::bed;
use crate::command::{Provider, Rail, Shop};

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

/// A worker: a part of a field, on one thread.
pub(super) struct Worker {
    pub(super) payonce: PathBuf,
    pub(super) directory: PathBuf,
    pub(super) number: usize,
    pub(super) kills: usize,
    pub(super) draw: fastrand::Rng,
}

impl Worker {
    fn shop(&self, rail: Rail, url: &str) -> Shop {
        Shop { payonce: self.payonce.clone(), rail, url: url.to_owned() }
    }

    fn place(&self, field: &str, rail: Rail) -> Result<PathBuf> {
        let place = self.directory.join(format!("{field}-{}-{}", rail.name(), self.number));
        fs::create_dir_all(&place).with_context(|| format!("making {}", place.display()))?;
        Ok(place)
    }

    /// Each payment has a journal of its own; its process is killed some times at random, and then left to end.
    pub(super) fn fresh_journals(&mut self, desk: &Desk) -> Result<Tally> {
        let (shop, place) = (self.shop(desk.rail(), desk.url()), self.place("fresh", desk.rail())?);
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
        let (shop, place) = (self.shop(desk.rail(), desk.url()), self.place("chosen", desk.rail())?);
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
    pub(super) fn shared_journals(&mut self, desk: &Desk) -> Result<Tally> {
        let mut tally = Tally::default();
        let (shop, place) = (self.shop(desk.rail(), desk.url()), self.place("shared", desk.rail())?);
        let _banks = Banks::of(desk.rail(), desk.url())?;
        let mut round = 0;
        while tally.kills < self.kills && tally.wrong.is_none() {
            round += 1;
            let kills = (self.kills - tally.kills).min(40);
            // As many as keep the processes at work from the first kill to the last.
            let seed = (self.number * 1000 + round) as u64;
            let plan = Plan { rail: desk.rail(), seed, payments: 3 * kills };
            let journal = place.join(format!("{round}.db"));
            tally.kills += plan.paid_under_fire(&shop, &journal, kills, &mut self.draw)?;
            tally.payments += plan.payments;
            plan.check(desk, &journal, &mut tally)?;
        }
        desk.check_books(&mut tally);
        Ok(tally)
    }

    /// The same, and the provider is killed as well, and started again on its books.
    pub(super) fn mortal_provider(&mut self, rail: Rail) -> Result<Tally> {
        let mut tally = Tally::default();
        let place = self.place("provider", rail)?;
        let books = place.join("books.db");
        let mut provider = Provider::start(&self.payonce, rail, Some(books.clone()))?;
        let (shop, banks) = (self.shop(rail, &provider.url()), Banks::of(rail, &provider.url())?);
        let mut plans = Vec::new();
        while tally.kills < self.kills {
            let rounds = (self.kills - tally.kills).div_ceil(2).min(8);
            let seed = (self.number * 1000 + 500 + plans.len()) as u64;
            let plan = Plan { rail, seed, payments: 8 * rounds };
            let journal = place.join(format!("{}.db", plans.len()));
            for _ in 0..rounds {
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
        drop(banks);
        provider.kill()?;
        // The books are read by another process than the one that kept them.
        let desk = Desk::on_books(rail, &books)?;
        for (plan, journal) in plans {
            plan.check(&desk, &journal, &mut tally)?;
        }
        desk.check_books(&mut tally);
        Ok(tally)
    }
}
