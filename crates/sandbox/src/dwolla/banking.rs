//! Banking days as the provider's banks count them: in Chicago, Monday to Friday, the federal holidays aside. Transfers
//! are handed to the bank at 16:00 there, whatever that is in UTC on that day.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeZone, Utc, Weekday};
use chrono_tz::America::Chicago;

use crate::dwolla::returns::Window;
use crate::dwolla::switches::BankHolidays;

/// The hour at which the file for the bank is made.
const EXPORT: u32 = 16;
/// The hour at which what was handed over on an earlier day is settled, and the one for the same day.
const MORNING: u32 = 9;
const EVENING: u32 = 18;

/// How long a bank takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speed {
    SameDay,
    NextDay,
    /// So many banking days.
    Standard(u32),
}

/// Which days are banking days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Calendar {
    pub(crate) holidays: BankHolidays,
}

impl Calendar {
    /// When what is asked for at this instant is handed to the bank, which is when it can no longer be cancelled.
    pub(crate) fn export_after(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let mut day = at.with_timezone(&Chicago).date_naive();
        while !self.is_banking_day(day) || at >= in_chicago(day, EXPORT) {
            day = day.succ_opt().unwrap_or(NaiveDate::MAX);
        }
        in_chicago(day, EXPORT)
    }

    /// When a bank is done with what is asked for at this instant.
    pub(crate) fn settled(self, at: DateTime<Utc>, speed: Speed) -> DateTime<Utc> {
        let export = self.export_after(at).with_timezone(&Chicago).date_naive();
        match speed {
            Speed::SameDay => in_chicago(export, EVENING),
            Speed::NextDay => in_chicago(self.later(export, 1), MORNING),
            Speed::Standard(days) => in_chicago(self.later(export, days), MORNING),
        }
    }

    /// When a late return of what was settled at this instant arrives.
    pub(crate) fn returned(self, at: DateTime<Utc>, window: Window) -> DateTime<Utc> {
        let settled = at.with_timezone(&Chicago).date_naive();
        match window {
            Window::BankingDays(days) => in_chicago(self.later(settled, days), MORNING),
            Window::CalendarDays(days) => in_chicago(settled + Days::new(u64::from(days)), MORNING),
        }
    }

    pub(crate) fn is_banking_day(self, day: NaiveDate) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
        !weekend && (self.holidays == BankHolidays::Ignored || !is_holiday(day))
    }

    /// The nth banking day after a day.
    fn later(self, mut day: NaiveDate, mut banking_days: u32) -> NaiveDate {
        while banking_days > 0 {
            day = day.succ_opt().unwrap_or(NaiveDate::MAX);
            banking_days -= u32::from(self.is_banking_day(day));
        }
        day
    }
}

/// The instant of a full hour in Chicago. None of the hours here is one that a change of the clocks skips or repeats.
fn in_chicago(day: NaiveDate, hour: u32) -> DateTime<Utc> {
    day.and_hms_opt(hour, 0, 0)
        .and_then(|local| Chicago.from_local_datetime(&local).single())
        .map_or(DateTime::<Utc>::MAX_UTC, |instant| instant.to_utc())
}

/// The holidays of the Federal Reserve. One that falls on a Sunday is kept on the Monday; one on a Saturday is lost.
fn is_holiday(day: NaiveDate) -> bool {
    let nth = (day.day() - 1) / 7 + 1;
    let last_of_month = day.day() + 7 > 31;
    let monday = day.weekday() == Weekday::Mon;
    let floating = match day.month() {
        1 | 2 => monday && nth == 3,
        5 => monday && last_of_month,
        9 => monday && nth == 1,
        10 => monday && nth == 2,
        11 => day.weekday() == Weekday::Thu && nth == 4,
        _ => false,
    };
    floating || is_fixed(day) || monday && day.pred_opt().is_some_and(is_fixed)
}

fn is_fixed(day: NaiveDate) -> bool {
    matches!((day.month(), day.day()), (1, 1) | (6, 19) | (7, 4) | (11, 11) | (12, 25))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBSERVED: Calendar = Calendar { holidays: BankHolidays::Observed };
    const IGNORED: Calendar = Calendar { holidays: BankHolidays::Ignored };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_file_is_made_at_four_in_chicago_on_banking_days() {
        for (asked, exported, why) in [
            ("2026-11-20T21:59:59Z", "2026-11-20T22:00:00Z", "before 16:00 on a Friday"),
            ("2026-11-20T22:00:00Z", "2026-11-23T22:00:00Z", "at 16:00 on a Friday: Monday"),
            ("2026-11-21T12:00:00Z", "2026-11-23T22:00:00Z", "on a Saturday: Monday"),
            ("2026-11-23T05:00:00Z", "2026-11-23T22:00:00Z", "on a Sunday evening in Chicago: Monday"),
            ("2026-07-01T20:30:00Z", "2026-07-01T21:00:00Z", "in summer 16:00 is 21:00 in UTC"),
            ("2026-07-01T21:00:00Z", "2026-07-02T21:00:00Z", "and not a moment later"),
            ("2026-03-06T22:30:00Z", "2026-03-09T21:00:00Z", "over the change to summer time"),
            ("2026-10-30T21:30:00Z", "2026-11-02T22:00:00Z", "over the change to winter time"),
            ("2026-11-25T22:30:00Z", "2026-11-27T22:00:00Z", "over Thanksgiving"),
            ("2026-12-24T23:00:00Z", "2026-12-28T22:00:00Z", "over Christmas and a weekend"),
            (
                "2026-07-03T12:00:00Z",
                "2026-07-03T21:00:00Z",
                "the Friday before a Saturday's holiday is worked",
            ),
            ("2027-07-04T12:00:00Z", "2027-07-06T21:00:00Z", "a Sunday's holiday is kept on the Monday"),
        ] {
            assert_eq!(OBSERVED.export_after(at(asked)), at(exported), "{why}");
        }
        assert_eq!(IGNORED.export_after(at("2026-11-25T22:30:00Z")), at("2026-11-26T22:00:00Z"));
    }

    #[test]
    fn a_bank_takes_banking_days_not_days() {
        let thursday = at("2026-11-19T15:00:00Z");
        for (speed, settled) in [
            (Speed::SameDay, "2026-11-20T00:00:00Z"),
            (Speed::NextDay, "2026-11-20T15:00:00Z"),
            (Speed::Standard(3), "2026-11-24T15:00:00Z"),
            // Thanksgiving does not count.
            (Speed::Standard(5), "2026-11-27T15:00:00Z"),
        ] {
            assert_eq!(OBSERVED.settled(thursday, speed), at(settled), "{speed:?}");
        }
    }

    #[test]
    fn the_holidays_of_2026_are_those_of_the_federal_reserve() {
        let days = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().iter_days().take(365);
        let holidays: Vec<String> = days.filter(|day| is_holiday(*day)).map(|day| day.to_string()).collect();
        assert_eq!(
            holidays,
            [
                "2026-01-01",
                "2026-01-19",
                "2026-02-16",
                "2026-05-25",
                "2026-06-19",
                "2026-07-04",
                "2026-09-07",
                "2026-10-12",
                "2026-11-11",
                "2026-11-26",
                "2026-12-25"
            ]
        );
    }
}
