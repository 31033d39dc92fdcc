//! How a run goes, for whoever watches: a live view on a terminal, plain lines otherwise.
//!
//! It shows and decides nothing. What it counts is this run's; the result counts by the journal.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use payonce::Money;

use super::tally::{Stands, Tally};
use crate::print;
use crate::rail::Rail;

/// How often the live view changes.
pub(super) const REFRESH: Duration = Duration::from_millis(200);

/// How often a plain line is written.
const PLAIN: Duration = Duration::from_secs(10);

const LIVE: &str = "{bar:24} {pos}/{len} lines, {per_sec}, {eta} left\n{msg}";

/// Tells how it goes, on standard error.
#[derive(Debug)]
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    began: Instant,
    told: Instant,
    all: u64,
    /// Lines that were answered, by how they stand.
    pub(super) tally: Tally,
    pub(super) in_flight: usize,
    pub(super) answered: u64,
}

impl Progress {
    pub(super) fn new(all: u64) -> Self {
        let live = std::io::stderr().is_terminal() && !print::is_quiet();
        let bar = live.then(|| {
            let style = ProgressStyle::with_template(LIVE).expect("the template is one of ours");
            ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::stderr()).with_style(style)
        });
        let now = Instant::now();
        Self { bar, began: now, told: now, all, tally: Tally::default(), in_flight: 0, answered: 0 }
    }

    /// A line was answered.
    pub(super) fn answered(&mut self, stands: Stands, rail: Rail, amount: Money) {
        self.answered += 1;
        self.tally.add(stands, rail, amount);
    }

    /// A line that was under way has ended.
    pub(super) fn ended(&mut self, stands: Stands, rail: Rail, amount: Money) {
        self.tally.take(Stands::UnderWay, rail, amount);
        self.tally.add(stands, rail, amount);
    }

    /// Shows how it stands, when it is time to.
    pub(super) fn show(&mut self) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.answered);
            bar.set_message(self.counts());
        } else if self.told.elapsed() >= PLAIN {
            self.told = Instant::now();
            let seconds = self.began.elapsed().as_secs().max(1);
            let left = self.all.saturating_sub(self.answered);
            let rate = self.answered / seconds;
            let time = left.checked_div(rate).map_or_else(String::new, |time| format!(", {time} s left"));
            let (answered, all, counts) = (self.answered, self.all, self.counts());
            print::note(format!("payonce: {answered} of {all} lines, {rate} a second{time}; {counts}"));
        }
    }

    fn counts(&self) -> String {
        let Self { tally, in_flight, .. } = self;
        let [failed, parked, under_way] =
            [Stands::Failed, Stands::Parked, Stands::UnderWay].map(|stands| tally.lines(stands));
        let parked = if parked == 0 { String::new() } else { format!(", {parked} parked") };
        let moved = tally.money(Stands::Paid);
        format!("{in_flight} in flight, {under_way} under way, {failed} failed{parked}; moved: {moved}")
    }

    /// Something happened that is worth a line of its own.
    pub(super) fn event(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| print::error(line)),
            None => print::error(line),
        }
    }

    /// Takes the live view away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
