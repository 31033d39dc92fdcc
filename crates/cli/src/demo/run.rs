//! The run: the child pays, the parent watches the provider's side and kills the child at moments drawn from the
//! seed. A moment is reached when the ledger holds so many movements and one of them has just been made, so that a
//! kill meets work in flight; what it met is then read from the dead process's journal.
//!
//! Whoever waits for something that only time brings (the end of a day, after which a locked key proves nothing more)
//! need not wait for long: while nothing else goes on, time passes by the hour, for the provider and the child alike.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use payonce::journal::{Filter, Journal, SqliteJournal, Standing};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::child::STEP;
use super::plan::Planned;
use super::provider::Provider;
use super::{Problem, progress::Progress};
use crate::config::LOG;
use crate::rail::Rail;

/// How often the parent looks at the provider.
const LOOK: Duration = Duration::from_millis(10);

/// A movement is fresh for so long: its payment cannot have settled yet.
const FRESH: chrono::TimeDelta = chrono::TimeDelta::milliseconds(40);

/// The kill follows within this time. With [`FRESH`] it is well under the time in which a payment settles.
const LATEST_MILLIS: u64 = 40;

/// In so many turns nothing must have gone on before time passes faster: more than half a second.
const QUIET_TURNS: u32 = 4;

/// How often the child may end by itself and be started again.
const MISHAPS: usize = 3;

/// When to kill, and whether the journal goes with the process.
#[derive(Debug)]
pub(crate) struct Moment {
    movements: usize,
    after: Duration,
    lose_journal: bool,
}

/// A kill, and what it met.
#[derive(Debug)]
pub(crate) struct Kill {
    /// How many payments stood between their first send and their end.
    pub(crate) in_flight: usize,
}

/// Draws the moments: one in each of as many equal parts of the run as there are kills. The last fifth of the
/// movements is left out, so that there is work in flight at every moment.
pub(crate) fn draw_moments(
    seed: u64,
    movements: usize,
    kills: usize,
    lose_journal: bool,
) -> VecDeque<Moment> {
    // Another stream of numbers than the plan's.
    let mut draw = fastrand::Rng::with_seed(!seed);
    let span = movements * 4 / 5;
    let losing = (lose_journal && kills > 0).then(|| draw.usize(..kills));
    (0..kills)
        .map(|kill| {
            let (from, to) = (span * kill / kills, span * (kill + 1) / kills);
            Moment {
                movements: 1 + draw.usize(from..to.max(from + 1)),
                after: Duration::from_millis(draw.u64(..LATEST_MILLIS)),
                lose_journal: losing == Some(kill),
            }
        })
        .collect()
}

/// A run from the first payment to the last.
pub(crate) struct Run<'r> {
    pub(crate) rail: Rail,
    pub(crate) provider: &'r Provider,
    pub(crate) plan: &'r [Planned],
    pub(crate) seed: u64,
    /// Where the journal is, and nothing else.
    pub(crate) directory: &'r Path,
    pub(crate) moments: VecDeque<Moment>,
    pub(crate) kills: Vec<Kill>,
    /// How many hours were let pass.
    pub(crate) hours: u64,
    pub(crate) progress: Progress,
    pub(crate) limit: Duration,
}

impl Run<'_> {
    /// Starts the child over and over until it has nothing left to pay.
    pub(crate) async fn finish(&mut self) -> Result<(), crate::Error> {
        let started = Instant::now();
        let deadline = started + self.limit;
        let mut mishaps = 0;
        loop {
            let mut child = self.start_child().map_err(Problem::Process)?;
            // Waiting for a process would close this; the child ends when it is closed.
            let mut line = child.stdin.take().expect("the child's standard input is a pipe");
            let watched = tokio::time::timeout_at(deadline, self.watch(&mut child, &mut line, started)).await;
            let Ok(watched) = watched else {
                let movements = self.provider.moved().len();
                let (limit, payments) = (self.limit, self.plan.len());
                return Err(Problem::TimedOut { limit, movements, payments }.into());
            };
            match watched.map_err(Problem::Process)? {
                Watched::Killed(moment) => self.take_stock(&moment).await?,
                Watched::Ended(status) if status.success() => return Ok(()),
                Watched::Ended(status) => {
                    mishaps += 1;
                    self.progress.event(&format!("the paying process ended by itself with {status}"));
                    if mishaps == MISHAPS {
                        return Err(Problem::Child(mishaps, status).into());
                    }
                }
            }
        }
    }

    /// Starts the paying process, with nothing of our environment but what it needs.
    fn start_child(&self) -> std::io::Result<Child> {
        let kept = [LOG, "RUST_BACKTRACE", "SystemRoot"];
        let kept = kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        // A payment stays under way for about as long as it takes to settle. The window makes the run long enough for
        // every kill.
        let window = (self.plan.len() / (self.moments.len() + self.kills.len() + 1)).clamp(2, 32);
        Command::new(std::env::current_exe()?)
            .args(["demo-child", "--rail", self.rail.name()])
            .args(["--seed", &self.seed.to_string()])
            .args(["--payments", &self.plan.len().to_string()])
            .args(["--window", &window.to_string()])
            .args(["--at", &self.provider.now().to_rfc3339()])
            .env_clear()
            .envs(kept)
            .envs(self.provider.env())
            .env("PAYONCE_JOURNAL", self.directory.join("journal.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }

    /// Watches the provider until the next moment, or until the child ends by itself.
    async fn watch(
        &mut self,
        child: &mut Child,
        line: &mut ChildStdin,
        started: Instant,
    ) -> std::io::Result<Watched> {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut turn = interval(self.provider.turns());
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut requests = self.provider.request_count();
        let (mut moved, mut quiet) = (0, 0);
        loop {
            tokio::select! {
                status = child.wait() => return Ok(Watched::Ended(status?)),
                _ = turn.tick() => {
                    let movements = self.provider.moved().len();
                    let goes_on = self.provider.turn() || movements != std::mem::replace(&mut moved, movements);
                    quiet = if goes_on { 0 } else { quiet + 1 };
                    if quiet > QUIET_TURNS {
                        self.pass_an_hour(line).await;
                    }
                    continue;
                }
                _ = look.tick() => {}
            }
            let before = std::mem::replace(&mut requests, self.provider.request_count());
            if before == requests || (self.moments.is_empty() && !self.progress.is_due()) {
                continue;
            }
            let movements = self.provider.moved();
            if self.progress.is_due() {
                let (moved, kills, faults) =
                    (movements.len(), self.kills.len(), self.provider.faults_fired());
                let line = format!(
                    "{moved} movements of {} payments, {kills} kills, {faults} faults in {requests} requests, {} s",
                    self.plan.len(),
                    started.elapsed().as_secs()
                );
                self.progress.now(&line);
            }
            let now = self.provider.now();
            let fresh = movements.last().is_some_and(|movement| now - movement.at < FRESH);
            let reached = self.moments.front().is_some_and(|moment| movements.len() >= moment.movements);
            if fresh
                && reached
                && let Some(moment) = self.moments.pop_front()
            {
                tokio::time::sleep(moment.after).await;
                child.start_kill()?;
                let status = child.wait().await?;
                return Ok(if was_killed(status) { Watched::Killed(moment) } else { Watched::Ended(status) });
            }
        }
    }

    /// Lets an hour pass for the provider, and for the child.
    async fn pass_an_hour(&mut self, line: &mut ChildStdin) {
        self.provider.pass(STEP);
        self.hours += 1;
        // A child that hears nothing any more has ended, which is seen next.
        let _ = line.write_all(&[1]).await;
    }

    /// Reads from the dead process's journal what the kill met, and loses the journal if that was drawn.
    async fn take_stock(&mut self, moment: &Moment) -> Result<(), crate::Error> {
        let in_flight = {
            let journal = SqliteJournal::open(self.directory.join("journal.db"))?;
            let unfinished = Filter { standing: None, unfinished: true, after: None, limit: self.plan.len() };
            let unfinished = journal.list(self.rail.name(), unfinished).await?;
            unfinished
                .iter()
                .flatten()
                .filter(|p| matches!(p.standing, Standing::Sending | Standing::Pending))
                .count()
        };
        self.kills.push(Kill { in_flight });
        let (kill, of) = (self.kills.len(), self.kills.len() + self.moments.len());
        let mut line = format!("kill {kill} of {of}: {in_flight} payments in flight");
        if moment.lose_journal {
            std::fs::remove_dir_all(self.directory).map_err(Problem::Directory)?;
            std::fs::create_dir(self.directory).map_err(Problem::Directory)?;
            line.push_str("; the journal is deleted");
        }
        self.progress.event(&line);
        Ok(())
    }
}

/// How a child came to its end.
enum Watched {
    Killed(Moment),
    Ended(ExitStatus),
}

#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    const SIGKILL: i32 = 9;
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGKILL)
}

#[cfg(not(unix))]
fn was_killed(status: ExitStatus) -> bool {
    !status.success()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_of_a_run_come_in_order_and_before_its_last_fifth() {
        for (movements, kills) in [(180, 5), (450, 20), (27, 3), (9, 9)] {
            for seed in 0..50 {
                let moments = draw_moments(seed, movements, kills, true);
                let at: Vec<_> = moments.iter().map(|moment| moment.movements).collect();
                assert_eq!(at.len(), kills);
                assert!(at.is_sorted() && at[0] >= 1 && at[kills - 1] <= movements * 4 / 5 + 1, "{at:?}");
                assert_eq!(moments.iter().filter(|moment| moment.lose_journal).count(), 1);
            }
        }
    }
}
