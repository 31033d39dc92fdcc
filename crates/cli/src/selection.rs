//! Which payments of the journal a command is about: those that `list`, `export` and others pick out, read a page at a
//! time, so that a journal of any size takes the same memory.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use clap::Args;
use payonce::journal::{Filter, Journal, Key, Listed, PaymentId, Record, Standing, Summary};
use payonce::step::Event;
use payonce::{Error, ErrorKind, Timestamp};

use crate::rail::{Rail, Rails};

/// How many payments are read from the journal at a time.
pub(crate) const PAGE: usize = 500;

/// Which payments.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Only those that stand so: intended, prepared, sending, pending, completed, failed or parked.
    #[arg(long)]
    standing: Option<Standing>,
    /// Only those that have not ended.
    #[arg(long)]
    unfinished: bool,
    /// Only those that somebody should look at: parked, or unfinished for longer than is normal, counted from when the present
    /// attempt was asked for. Normal is up to 30 minutes on dollr and 5 days on dwolla, where banks take days.
    #[arg(long)]
    stuck: bool,
    /// Only those of which anything was noted since then: a date (2026-11-20), a time (2026-11-20T08:30:00Z; UTC if it names
    /// no zone), or so long ago (90s, 15m, 6h, 2d, 1w).
    #[arg(long, value_name = "WHEN", value_parser = when)]
    since: Option<Timestamp>,
    /// At most so many.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    pub(crate) rails: Rails,
}

/// How long a payment of that rail takes, when all is well.
fn normal(rail: Rail) -> TimeDelta {
    match rail {
        Rail::Dollr => TimeDelta::minutes(30),
        Rail::Dwolla => TimeDelta::days(5),
    }
}

impl Selection {
    /// The payments, in the order in which they were recorded.
    pub(crate) fn of<'j>(&self, journal: &'j dyn Journal) -> Selected<'j> {
        let unfinished = self.unfinished;
        let filter = Filter { standing: self.standing, unfinished, after: None, limit: PAGE };
        let pages = self.rails.each().iter().map(|rail| Page::new(*rail, &filter)).collect();
        let (stuck, since) = (self.stuck.then(Utc::now), self.since);
        Selected { journal, pages, stuck, since, left: self.limit.unwrap_or(usize::MAX), unread: None }
    }
}

/// Payments that are being read.
pub(crate) struct Selected<'j> {
    journal: &'j dyn Journal,
    pages: Vec<Page>,
    /// Only those that are stuck at that moment.
    stuck: Option<Timestamp>,
    since: Option<Timestamp>,
    left: usize,
    /// The last one that could not be read: it may be told of on either rail.
    unread: Option<PaymentId>,
}

impl Selected<'_> {
    /// The next one, if there is another. One that cannot be read is among those picked out, however it would stand.
    pub(crate) async fn next(&mut self) -> Result<Option<(Rail, Listed)>, Error> {
        while self.left > 0 {
            for page in &mut self.pages {
                page.fill(self.journal).await?;
            }
            // A payment's number says when it was recorded, whatever its rail.
            let first = self
                .pages
                .iter_mut()
                .filter(|page| !page.read.is_empty())
                .min_by_key(|page| number(&page.read[0]));
            let Some(Page { rail, read, .. }) = first else { break };
            let rail = *rail;
            let payment = match read.pop_front() {
                Some(Ok(payment)) => payment,
                Some(Err(unread)) if self.unread == Some(unread.id) => continue,
                Some(Err(unread)) => {
                    self.unread = Some(unread.id);
                    return Ok(Some((rail, Err(unread))));
                }
                None => break,
            };
            if self.since.is_some_and(|since| payment.updated_at < since) {
                continue;
            }
            if let Some(now) = self.stuck
                && !self.is_stuck(rail, &payment, now).await?
            {
                continue;
            }
            self.left -= 1;
            return Ok(Some((rail, Ok(payment))));
        }
        Ok(None)
    }

    async fn is_stuck(&self, rail: Rail, payment: &Summary, now: Timestamp) -> Result<bool, Error> {
        if payment.standing.is_ended() || now - payment.created_at < normal(rail) {
            return Ok(payment.standing == Standing::Parked);
        }
        match self.journal.find(rail.name(), Key::Name(payment.name.clone())).await {
            Ok(record) => Ok(record.is_none_or(|record| now - asked_at(&record) >= normal(rail))),
            // Nobody drives it.
            Err(error) if error.kind() == ErrorKind::Record => Ok(true),
            Err(error) => Err(error),
        }
    }
}

fn number(listed: &Listed) -> PaymentId {
    listed.as_ref().map_or_else(|unread| unread.id, |payment| payment.id)
}

/// When the present attempt was asked for.
pub(crate) fn asked_at(record: &Record) -> Timestamp {
    let again = record.entries.iter().rfind(|entry| matches!(entry.event, Event::Again { .. }));
    again.map_or(record.created_at, |entry| entry.at)
}

/// What was read of a rail's payments and is not told yet.
struct Page {
    rail: Rail,
    /// What to read next; nothing when all was read.
    rest: Option<Filter>,
    read: VecDeque<Listed>,
}

impl Page {
    fn new(rail: Rail, filter: &Filter) -> Self {
        Self { rail, rest: Some(filter.clone()), read: VecDeque::new() }
    }

    /// Reads on if everything was told.
    async fn fill(&mut self, journal: &dyn Journal) -> Result<(), Error> {
        if let (true, Some(filter)) = (self.read.is_empty(), &mut self.rest) {
            let page = journal.list(self.rail.name(), filter.clone()).await?;
            if !filter.turn(&page) {
                self.rest = None;
            }
            self.read = page.into();
        }
        Ok(())
    }
}

/// Reads a date, a time, or how long ago.
pub(crate) fn when(text: &str) -> Result<Timestamp, Error> {
    read_when(text, Utc::now())
}

fn read_when(text: &str, now: Timestamp) -> Result<Timestamp, Error> {
    let ago = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        let span = number.parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(seconds))?;
        now.checked_sub_signed(TimeDelta::try_seconds(span)?)
    };
    let time = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let bare = || {
        let formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        formats.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
    };
    let date = || text.parse::<NaiveDate>().ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    let read = ago().or_else(time).or_else(|| bare().or_else(date).map(|naive| naive.and_utc()));
    read.ok_or_else(|| {
        let message =
            "it is no date (2026-11-20), no time (2026-11-20T08:30:00Z) and no span (90s, 15m, 6h, 2d, 1w)";
        Error::new(ErrorKind::Invalid, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_a_time_or_so_long_ago() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-21T12:00:00Z");
        for (text, meant) in [
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T08:30:00Z", "2026-11-20T08:30:00Z"),
            ("2026-11-20T08:30:00+02:00", "2026-11-20T06:30:00Z"),
            ("2026-11-20 08:30", "2026-11-20T08:30:00Z"),
            ("2026-11-20T08:30:15", "2026-11-20T08:30:15Z"),
            ("90s", "2026-11-21T11:58:30Z"),
            ("15m", "2026-11-21T11:45:00Z"),
            ("6h", "2026-11-21T06:00:00Z"),
            ("2d", "2026-11-19T12:00:00Z"),
            ("1w", "2026-11-14T12:00:00Z"),
        ] {
            assert_eq!(read_when(text, now).unwrap(), at(meant), "{text}");
        }
        for bad in ["", "d", "2", "2y", "-2d", "yesterday", "2026-13-01", "99999999999d", "é"] {
            assert_eq!(read_when(bad, now).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
    }
}
