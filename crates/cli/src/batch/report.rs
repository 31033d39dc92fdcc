//! The page that a person prints or mails: the sums, how long it took, and each line, those that want somebody first.
//!
//! What must stay true: the page needs nothing but itself, and what came from outside is text on it and never markup; and it
//! holds a bounded number of lines, because a page of a million is read by nobody.

use std::io::Write;
use std::path::Path;

use askama::Template;
use chrono::Utc;

use super::result::Line;
use super::tally::{Stands, Tally};

/// So many lines of each kind are on the page; the file of rows has them all.
const MOST: usize = 10_000;

/// The ends of the spans that settlement times are counted in, in milliseconds, and what they are called.
const SPANS: [(i64, &str); 12] = [
    (500, "under 0.5 s"),
    (1_000, "0.5 to 1 s"),
    (2_000, "1 to 2 s"),
    (5_000, "2 to 5 s"),
    (10_000, "5 to 10 s"),
    (30_000, "10 to 30 s"),
    (60_000, "30 s to 1 min"),
    (300_000, "1 to 5 min"),
    (1_800_000, "5 to 30 min"),
    (86_400_000, "30 min to 1 day"),
    (259_200_000, "1 to 3 days"),
    (i64::MAX, "longer"),
];

/// What the page will say, gathered line by line.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    /// By how they stand, in the order of [`Stands::ALL`].
    lines: [Vec<Line>; 5],
    spans: [u64; SPANS.len()],
    fees: Tally,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'r> {
    file: &'r str,
    made_at: String,
    all: u64,
    sums: Vec<Summed>,
    fees: String,
    spans: Vec<Span>,
    groups: Vec<Group<'r>>,
}

/// How many lines stand so, and what they come to.
struct Summed {
    stands: &'static str,
    lines: u64,
    money: String,
}

/// A bar of the histogram.
struct Span {
    name: &'static str,
    lines: u64,
    percent: u64,
}

/// The lines that stand so.
struct Group<'r> {
    stands: &'static str,
    says: &'static str,
    lines: &'r [Line],
    all: u64,
}

impl Report {
    pub(super) fn new(file: &Path) -> Self {
        let name = file.file_name().unwrap_or(file.as_os_str());
        let file = name.to_string_lossy().into_owned();
        Self { file, lines: Default::default(), spans: [0; SPANS.len()], fees: Tally::default() }
    }

    pub(super) fn add(&mut self, line: Line) {
        if let (Stands::Paid, Some(from), Some(to)) = (line.stands, line.recorded_at, line.ended_at) {
            let took = (to - from).num_milliseconds();
            let span = SPANS.iter().position(|(end, _)| took < *end).unwrap_or(SPANS.len() - 1);
            self.spans[span] += 1;
        }
        if let Some(fee) = line.fee() {
            self.fees.add(Stands::Paid, line.rail, fee);
        }
        let kind = Stands::ALL.iter().position(|stands| *stands == line.stands).unwrap_or_default();
        if self.lines[kind].len() < MOST {
            self.lines[kind].push(line);
        }
    }

    /// Writes the page.
    pub(super) fn write(&self, tally: &Tally, into: &mut impl Write) -> std::io::Result<()> {
        let most = self.spans.iter().copied().max().unwrap_or_default().max(1);
        let first = self.spans.iter().position(|lines| *lines > 0);
        let last = self.spans.iter().rposition(|lines| *lines > 0);
        let shown = first.zip(last).map_or(0..0, |(first, last)| first..last + 1);
        let span = |at: usize| Span {
            name: SPANS[at].1,
            lines: self.spans[at],
            percent: self.spans[at] * 100 / most,
        };
        let sum = |stands: Stands| Summed {
            stands: stands.as_str(),
            lines: tally.lines(stands),
            money: tally.money(stands),
        };
        let groups = Stands::ALL.iter().zip(&self.lines).filter(|(_, lines)| !lines.is_empty());
        let page = Page {
            file: &self.file,
            made_at: Utc::now().format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            all: tally.all(),
            sums: Stands::ALL.iter().rev().map(|stands| sum(*stands)).filter(|sum| sum.lines > 0).collect(),
            fees: self.fees.money(Stands::Paid),
            spans: shown.map(span).collect(),
            groups: groups
                .map(|(stands, lines)| Group {
                    stands: stands.as_str(),
                    says: says(*stands),
                    lines,
                    all: tally.lines(*stands),
                })
                .collect(),
        };
        page.write_into(into).map_err(std::io::Error::other)
    }
}

/// What that means for whoever reads it.
fn says(stands: Stands) -> &'static str {
    match stands {
        Stands::Failed => "By these lines no money moved. Trying again is a decision: payonce again NAME.",
        Stands::Parked => {
            "Only a person can decide. Do not pay in another way before looking: payonce show NAME."
        }
        Stands::UnderWay => {
            "Money may have moved. Run the same file again, or payonce resume; do not pay in another way."
        }
        Stands::NotSent => "Nothing of these was sent. Run the same file again.",
        Stands::Paid => "The money moved.",
    }
}
