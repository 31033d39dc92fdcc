//! A file paid: checked whole, then line by line, as many at a time as was asked for.
//!
//! What must stay true: what is paid is the copy that was checked; each line is sent under its name by the facade, so that a
//! line of an earlier run, however that ended, is gone on with and never paid again; and an interruption lets the calls in
//! flight be answered first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use payonce::journal::Journal;
use payonce::{BoxFuture, Effect, Error, ErrorKind, Money, Settlement};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::check;
use super::orders::{Clients, Sent};
use super::progress::{Progress, REFRESH};
use super::rows::Row;
use super::source::Source;
use super::tally::{Stands, Tally};
use crate::rail::Rail;
use crate::stop::Stop;

/// So many payments that the provider has are followed to their end; the journal tells the ends of all.
const FOLLOWED: usize = 5_000;

/// After so many lines that the provider would not have and the journal does not hold, nothing more is sent.
const MOST_REFUSED: usize = 1_000;

/// How lines are paid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How many at a time.
    pub(crate) concurrency: usize,
    /// How many a second at most.
    pub(crate) rate: Option<u32>,
    /// How long a line waits for the provider's first answer before another takes its place.
    pub(crate) patience: Duration,
    /// How long to wait for ends after the last line was sent.
    pub(crate) wait: Duration,
}

impl Default for Pace {
    /// 16 at a time, as fast as they go, a minute for an answer and a minute for the ends.
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { concurrency: 16, rate: None, patience: minute, wait: minute }
    }
}

/// Why a run stopped before the end of the file.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Somebody asked for it.
    Interrupted,
    /// Every further line would meet the same.
    Error(Error),
}

/// What a run leaves behind besides the journal.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// Why lines were not paid of which the journal may say nothing, by their number.
    pub(crate) refused: BTreeMap<u64, String>,
    pub(crate) stopped: Option<Stopped>,
    /// Whether the provider may have heard of any line.
    pub(crate) sent: bool,
}

/// A line that was answered: which, and how.
type Answered = (u64, Rail, Money, Result<Sent, Error>);
/// A payment that has ended.
type Ended = (Rail, Money, Result<Settlement, Error>);

/// Pays the lines of a file that was checked.
pub(crate) struct Run<'r> {
    clients: &'r Clients,
    pace: Pace,
    progress: Progress,
    left: Left,
    in_flight: FuturesUnordered<BoxFuture<'static, Answered>>,
    under_way: FuturesUnordered<BoxFuture<'static, Ended>>,
    /// How many lines in a row had no answer in time.
    unanswered: usize,
}

impl<'r> Run<'r> {
    /// A run over so many lines.
    pub(crate) fn new(clients: &'r Clients, pace: Pace, lines: u64) -> Self {
        let (in_flight, under_way) = (FuturesUnordered::new(), FuturesUnordered::new());
        let (progress, left) = (Progress::new(lines), Left::default());
        Self { clients, pace, progress, left, in_flight, under_way, unanswered: 0 }
    }

    /// Pays each line, and waits for the ends as long as was asked for.
    pub(crate) async fn pay(mut self, source: &Source, usual: Rail) -> Result<Left, crate::Error> {
        let mut rows = std::pin::pin!(check::rows(source, usual)?.fuse());
        let mut shown = ticking(REFRESH);
        let mut paced = self.pace.rate.map(|rate| ticking(Duration::from_secs(1) / rate.max(1)));
        let mut stop = Stop::listen().map_err(crate::Error::Signals)?;
        let mut over = false;
        while !(over && self.in_flight.is_empty()) {
            let more = !over && self.in_flight.len() < self.pace.concurrency;
            tokio::select! {
                biased;
                () = stop.asked() => {
                    if std::mem::replace(&mut over, true) && self.interrupted() {
                        break;
                    }
                    self.interrupt();
                }
                _ = shown.tick() => self.progress.show(),
                Some(answered) = self.in_flight.next() => over |= self.answered(answered),
                Some(ended) = self.under_way.next() => self.ended(ended),
                row = async { turn(&mut paced).await; rows.next().await }, if more => match row {
                    None => over = true,
                    Some(row) => {
                        // The copy was checked, and nobody can have changed it.
                        let row = row?.map_err(|_| changed())?;
                        self.send(row)?;
                    }
                }
            }
            self.progress.in_flight = self.in_flight.len();
        }
        if self.left.stopped.is_none() {
            self.wait(&mut stop).await;
        }
        self.progress.clear();
        Ok(self.left)
    }

    fn send(&mut self, row: Row) -> Result<(), Error> {
        let (line, rail, amount) = (row.line, row.order.rail(), row.amount);
        let order = self.clients.order(&row)?;
        self.in_flight.push(Box::pin(async move { (line, rail, amount, order.send().await) }));
        Ok(())
    }

    /// Takes note of an answer. Says whether nothing more is to be sent.
    fn answered(&mut self, (line, rail, amount, answer): Answered) -> bool {
        let stands = match answer {
            Ok(Sent::Ended(settlement)) => stands(&Ok(settlement)),
            Ok(Sent::Taken(end)) => {
                if self.under_way.len() < FOLLOWED {
                    self.under_way.push(Box::pin(end.map(move |end| (rail, amount, end))));
                }
                Stands::UnderWay
            }
            Err(error) => {
                let stands = stands(&Err(error.clone()));
                if stands == Stands::NotSent {
                    return self.refused(line, rail, amount, error);
                }
                self.progress.event(&format!("payonce: line {line}: {error}"));
                self.left.sent = true;
                self.progress.answered(stands, rail, amount);
                return self.is_silent(error);
            }
        };
        self.unanswered = 0;
        self.left.sent = true;
        self.progress.answered(stands, rail, amount);
        false
    }

    /// Whether the provider has left as many lines in a row without an answer as are paid at a time: the others would only
    /// wait in the same way, and are better off unsent.
    fn is_silent(&mut self, error: Error) -> bool {
        self.unanswered += usize::from(error.kind() == ErrorKind::Deadline);
        let silent = self.unanswered >= self.pace.concurrency;
        if silent {
            self.left.stopped.get_or_insert(Stopped::Error(error));
        }
        silent
    }

    fn refused(&mut self, line: u64, rail: Rail, amount: Money, error: Error) -> bool {
        self.progress.answered(Stands::Failed, rail, amount);
        let everybodys = matches!(
            error.kind(),
            ErrorKind::Configuration
                | ErrorKind::Journal
                | ErrorKind::Record
                | ErrorKind::Unauthorized
                | ErrorKind::Forbidden
        );
        if !everybodys {
            self.left.refused.insert(line, error.message().to_owned());
            self.progress.event(&format!("payonce: line {line}: {error}"));
        }
        let over = everybodys || self.left.refused.len() >= MOST_REFUSED;
        if over {
            self.left.stopped.get_or_insert(Stopped::Error(error));
        }
        over
    }

    fn ended(&mut self, (rail, amount, end): Ended) {
        self.progress.ended(stands(&end), rail, amount);
    }

    fn interrupted(&self) -> bool {
        matches!(self.left.stopped, Some(Stopped::Interrupted))
    }

    fn interrupt(&mut self) {
        self.left.stopped = Some(Stopped::Interrupted);
        let count = self.in_flight.len();
        self.progress.event(&format!(
            "payonce: interrupted; {count} calls are in flight and waited for; again to leave them"
        ));
    }

    /// Waits for the ends of what the provider has.
    async fn wait(&mut self, stop: &mut Stop) {
        let clients = self.clients.clone();
        let idle = async {
            let dollr = async {
                if let Some(dollr) = &clients.dollr {
                    dollr.idle().await
                }
            };
            let dwolla = async {
                if let Some(dwolla) = &clients.dwolla {
                    dwolla.idle().await
                }
            };
            join(dollr, dwolla).await
        };
        let mut idle = std::pin::pin!(idle);
        let until = Instant::now() + self.pace.wait;
        let mut shown = ticking(REFRESH);
        loop {
            tokio::select! {
                biased;
                () = stop.asked() => {
                    self.left.stopped = Some(Stopped::Interrupted);
                    return;
                }
                Some(ended) = self.under_way.next() => self.ended(ended),
                _ = &mut idle => return,
                () = sleep_until(until) => return,
                _ = shown.tick() => self.progress.show(),
            }
        }
    }
}

/// How a line stands by what was said of it last.
fn stands(end: &Result<Settlement, Error>) -> Stands {
    match end {
        Ok(Settlement::Completed(_)) => Stands::Paid,
        Ok(Settlement::Failed(_)) => Stands::Failed,
        Err(error) => match (error.kind(), error.effect()) {
            (ErrorKind::Parked, _) => Stands::Parked,
            (_, Effect::Unknown) => Stands::UnderWay,
            (_, Effect::None) => Stands::NotSent,
        },
    }
}

fn ticking(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

async fn turn(paced: &mut Option<Interval>) {
    if let Some(paced) = paced {
        paced.tick().await;
    }
}

fn changed() -> Error {
    Error::new(ErrorKind::Invalid, "a line that was in order is so no more: the disk may be broken")
}

/// The clients of the rails that the lines go over, all with one journal.
pub(crate) fn clients(
    variables: crate::facade::Variables,
    journal: &Arc<dyn Journal>,
    tally: &Tally,
    pace: Pace,
) -> Result<Clients, Error> {
    let Pace { concurrency, patience, .. } = pace;
    let dollr = tally.has(Rail::Dollr).then(|| {
        let builder = dollr::Builder::from_variables(variables.clone())?;
        builder.journal_with(Arc::clone(journal)).concurrency(concurrency).first_answer(patience).build()
    });
    let dwolla = tally.has(Rail::Dwolla).then(|| {
        let builder = dwolla::Builder::from_variables(variables.clone())?;
        builder.journal_with(Arc::clone(journal)).concurrency(concurrency).first_answer(patience).build()
    });
    Ok(Clients { dollr: dollr.transpose()?, dwolla: dwolla.transpose()? })
}

/// The file that stands beside that of the payments: `salaries.csv.result.csv`.
pub(crate) fn beside(file: &Path, end: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
