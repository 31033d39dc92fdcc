//! What two processes pay out of one journal, and the banks that settle it.

use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Result, bail};
use dollr::{Filter, Secret, Standing};
use dwolla::Dwolla;
use payonce::journal::{Journal, SqliteJournal};
use payonce_sandbox::dwolla::{KEY, SECRET};

use super::desk::Desk;
use super::fields::Tally;
use crate::bed;
use crate::command::{Rail, Running, Shop};

/// The exit code of a command whose payment is still under way, or may be.
const UNDER_WAY: i32 = 4;

/// The exit code of a command that sent nothing.
const NOTHING_SENT: i32 = 1;

/// The payments that the demonstration's child makes of a seed.
pub(super) struct Plan {
    pub(super) rail: Rail,
    pub(super) seed: u64,
    pub(super) payments: usize,
}

impl Plan {
    pub(super) fn start(&self, shop: &Shop, journal: &Path) -> Result<Running> {
        let (seed, payments) = (self.seed.to_string(), self.payments.to_string());
        let rail = self.rail.name();
        let line = ["demo-child", "--rail", rail, "--seed", &seed, "--payments", &payments, "--window", "8"];
        shop.start(journal, &line)
    }

    /// Two processes at a time, until so many were killed; then what is left is paid in peace.
    pub(super) fn paid_under_fire(
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
    pub(super) fn finish(&self, shop: &Shop, journal: &Path) -> Result<()> {
        match self.start(shop, journal)?.end()? {
            0 => Ok(()),
            code @ (UNDER_WAY | NOTHING_SENT) => bail!("the last process ended with exit code {code}"),
            code => bail!("the last process ended with the unexpected exit code {code}"),
        }
    }

    /// Compares the journal with the ledger, payment by payment.
    pub(super) fn check(&self, desk: &Desk, journal: &Path, tally: &mut Tally) -> Result<()> {
        let journal = SqliteJournal::open(journal)?;
        let all = Filter { standing: None, unfinished: false, after: None, limit: usize::MAX };
        let listed = bed::runtime()?.block_on(journal.list(self.rail.name(), all))?;
        let mut mine: Vec<_> = listed.into_iter().collect::<Result<_, _>>()?;
        mine.retain(|one| one.name.as_str().starts_with("demo/"));
        if mine.len() != self.payments {
            tally.wrong(format!("{} of {} payments are in the journal", mine.len(), self.payments));
        }
        for payment in mine {
            let paid = desk.payments(payment.reference_id);
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

/// The banks behind a Dwolla, which deal with what waits for them until this is dropped. Mobile money needs none.
pub(super) struct Banks(Option<(mpsc::Sender<()>, JoinHandle<()>)>);

impl Banks {
    /// How often they do. A transfer from bank to bank takes them two turns.
    const TURN: Duration = Duration::from_millis(40);

    pub(super) fn of(rail: Rail, url: &str) -> Result<Self> {
        if rail == Rail::Dollr {
            return Ok(Self(None));
        }
        let settings = Dwolla::builder().key(KEY).secret(Secret::new(SECRET)).base_url(url);
        let (dwolla, runtime) = (settings.journal_in_memory().build()?, bed::runtime()?);
        let (open, closed) = mpsc::channel();
        let turns = thread::spawn(move || {
            while closed.recv_timeout(Self::TURN) == Err(mpsc::RecvTimeoutError::Timeout) {
                // A provider that was killed has no banks.
                let _ = runtime.block_on(dwolla.simulations().run());
            }
        });
        Ok(Self(Some((open, turns))))
    }
}

impl Drop for Banks {
    fn drop(&mut self) {
        if let Some((open, turns)) = self.0.take() {
            drop(open);
            let _ = turns.join();
        }
    }
}
