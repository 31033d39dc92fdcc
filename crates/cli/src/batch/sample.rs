//! A file to try: payments that the sandbox takes, a few of which it declines.

use std::fmt::Write;

use crate::rail::Rail;

const FIRST: [&str; 10] =
    ["ama", "kofi", "blessing", "james", "comfort", "musu", "prince", "hawa", "samuel", "fatu"];
const LAST: [&str; 10] =
    ["kamara", "cooper", "doe", "johnson", "kollie", "sirleaf", "weah", "tarpeh", "flomo", "massaquoi"];

/// Every so many lines, one is declined.
const DECLINED: u32 = 97;

/// The first line of the file.
pub(crate) fn header(rail: Rail) -> &'static str {
    match rail {
        Rail::Dollr => "name,operation,account,method,amount,currency,note",
        Rail::Dwolla => "name,rail,from,customer,funding_source,amount,currency,note",
    }
}

/// Line of that number, counted from 1. The same number is always the same line.
pub(crate) fn line(rail: Rail, number: u32) -> String {
    let at = |list: [&'static str; 10], by: u32| list[(number / by) as usize % list.len()];
    let (first, last) = (at(FIRST, 1), at(LAST, 10));
    let (units, cents) = (150 + number * 7 % 400, number * 25 % 100);
    let declined = number.is_multiple_of(DECLINED);
    let mut line = format!("salary/2026-11/{number:04}-{first}-{last},");
    let written = match rail {
        Rail::Dollr => {
            let account = if declined { 21 } else { 18 };
            write!(line, "payout,{account},MTN_MOMO_LBR,{units}.{cents:02},USD,November")
        }
        // A bank that returns what it gets stands for the declined account.
        Rail::Dwolla => {
            let (customer, bank) = match declined {
                true => ("", payonce_sandbox::dwolla::RETURNING_BANK.to_string()),
                false => ("07d59716-ef22-4fe6-98e8-f3190233dfb8", String::new()),
            };
            let from = payonce_sandbox::dwolla::BANK;
            write!(line, "dwolla,{from},{customer},{bank},{units}.{cents:02},USD,November")
        }
    };
    written.expect("text is written to memory");
    line
}
