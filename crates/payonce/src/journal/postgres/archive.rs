//! The archive: completed payments of the past, a row each in the partition of the month in which they ended. What remains of
//! such a payment is the row with its name, its keys and how it ended.
//!
//! What must stay true: a payment is whole in one of both places at any moment, because it is moved by one statement; a record
//! that was archived reads as it did before, under the digests that its events were written with; and one that cannot be read
//! is an error, never a payment to which nothing happened.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::address::Value;
use super::read::{Found, by_ids, record_of};
use super::{PostgresJournal, Result, Store};
use crate::error::{Effect, Error, ErrorKind};
use crate::journal::row::entry;
use crate::journal::{Intent, PaymentId, Record, Standing, damaged};
use crate::name::Name;
use crate::step::{Entry, Timestamp};

/// How many payments one transaction looks at, and moves.
const LOT: i64 = 1_000;

/// Goes through the payments whose events are still where they were written, whoever's they are, and says which of them are
/// due. What was archived costs nothing here, however much it is.
const DUE: &str = "
    SELECT e.payment, payonce.month_of(p.updated_at)
    FROM (SELECT payment FROM payonce.events WHERE payment > $2 AND place = 0 ORDER BY payment LIMIT $4) e
    LEFT JOIN payonce.payments p ON p.merchant = $1 AND p.id = e.payment AND p.standing = 'completed'
                                AND p.archived IS NULL AND p.updated_at < $3
    ORDER BY e.payment";

/// What was moved to the archive, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Archived {
    /// How many payments.
    pub payments: u64,
    /// How many events, of all of them.
    pub events: u64,
    /// To which months, the earliest first.
    pub months: Vec<Month>,
    /// How many payments are damaged. They stay where they are, as evidence, and the log names them.
    pub damaged: u64,
}

/// One month of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Month {
    /// The month in which the payments ended, in UTC, as 2026-07.
    pub month: String,
    /// How many payments went there.
    pub payments: u64,
    /// How many events, of all of them.
    pub events: u64,
}

/// A month as the database numbers it.
struct Numbered(i32);

impl fmt::Display for Numbered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 100, self.0 % 100)
    }
}

#[derive(Default)]
struct Tally {
    months: BTreeMap<i32, (u64, u64)>,
    damaged: u64,
}

impl Tally {
    fn add(&mut self, month: i32, payments: u64, events: u64) {
        let counted = self.months.entry(month).or_default();
        *counted = (counted.0 + payments, counted.1 + events);
    }

    fn told(self) -> Archived {
        let mut told = Archived { damaged: self.damaged, ..Archived::default() };
        for (month, (payments, events)) in self.months.into_iter().filter(|(_, counted)| counted.0 > 0) {
            told.payments += payments;
            told.events += events;
            told.months.push(Month { month: Numbered(month).to_string(), payments, events });
        }
        told
    }
}

impl PostgresJournal {
    /// Moves what happened to this merchant's payments that completed before that moment to the archive, and what was asked for
    /// with it. They are found, listed and refused a second time as before; failed and parked ones stay, because a person may take
    /// them up.
    ///
    /// A thousand payments are moved at a time, all or none of them. A crash, a dropped future or an error leaves every payment
    /// whole, where it was or in the archive, and the next call goes on. Others may pay and archive meanwhile. It needs a right
    /// that workers do not: to execute `payonce.archive_payments`.
    ///
    /// # Errors
    /// `Journal` when the database fails or refuses. No money is ever at stake.
    ///
    /// ```no_run
    /// # async fn example(journal: payonce::journal::PostgresJournal) -> Result<(), Box<dyn std::error::Error>> {
    /// let archived = journal.archive("2026-08-01T00:00:00Z".parse()?).await?;
    /// println!("{} payments with {} events", archived.payments, archived.events);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn archive(&self, before: Timestamp) -> Result<Archived> {
        self.go_through(before, true).await
    }

    /// What [`archive`](Self::archive) would move. Nothing is changed.
    ///
    /// # Errors
    /// `Journal` when the database fails.
    pub async fn archivable(&self, before: Timestamp) -> Result<Archived> {
        self.go_through(before, false).await
    }

    async fn go_through(&self, before: Timestamp, moving: bool) -> Result<Archived> {
        let mut tally = Tally::default();
        let mut after = Some(i64::MIN);
        while let Some(last) = after {
            after = self.lot((last, before), moving, &mut tally).await.map_err(|error| {
                let message = format!("{}; each payment is whole, so do it again", error.message());
                Error::new(error.kind(), message).with_effect(Effect::None).with_source(error)
            })?;
        }
        Ok(tally.told())
    }

    /// Looks at the payments after that one, and says which was the last.
    async fn lot(
        &self,
        (after, before): (i64, Timestamp),
        moving: bool,
        tally: &mut Tally,
    ) -> Result<Option<i64>> {
        let (store, merchant) = (&self.running().await?.store, self.merchant_name());
        let before = before.timestamp_millis();
        let values: &[Value<'_>] =
            &[(&merchant, Type::TEXT), (&after, Type::INT8), (&before, Type::INT8), (&LOT, Type::INT8)];
        let seen = store.link.run(DUE, values).await?;
        let months: HashMap<i64, i32> =
            seen.iter().filter_map(|row| Some((row.get(0), row.get::<_, Option<i32>>(1)?))).collect();
        let due: Vec<i64> = months.keys().copied().collect();
        let mut sound = Vec::with_capacity(due.len());
        for found in if due.is_empty() { Vec::new() } else { by_ids(store, merchant, &due).await? } {
            match sound_record(found) {
                Ok(record) => sound.push(record),
                Err(error) => {
                    tracing::error!(%error, "a payment is not archived");
                    tally.damaged += 1;
                }
            }
        }
        if moving && !sound.is_empty() {
            let ids: Vec<i64> = sound.iter().map(|record| record.id.0).collect();
            let sql = "SELECT month, moved, events FROM payonce.archive_payments($1, $2)";
            for row in store.link.run(sql, &[(&merchant, Type::TEXT), (&ids, Type::INT8_ARRAY)]).await? {
                let count = |column| row.get::<_, i64>(column).unsigned_abs();
                tally.add(row.get(0), count(1), count(2));
            }
        } else {
            for record in sound {
                tally.add(months[&record.id.0], 1, record.entries.len() as u64);
            }
        }
        Ok(seen.last().map(|row| row.get(0)))
    }
}

/// The record of a payment that is called completed, if that is what it says.
fn sound_record(found: Found) -> Result<Record> {
    let record = record_of(found)?;
    completed(&record)?;
    Ok(record)
}

/// An archived record that lacks its end would be one of a payment that is under way.
pub(super) fn completed(record: &Record) -> Result<()> {
    match Standing::of(&record.state()?) {
        Standing::Completed => Ok(()),
        _ => Err(damaged(&record.intent.name, "is called completed, which its events do not say")),
    }
}

/// The rows of archived payments, in the months that are in the database.
pub(super) async fn rows(
    store: &Store,
    merchant: &Value<'_>,
    archived: &HashMap<i64, i32>,
) -> Result<HashMap<i64, Row>> {
    if archived.is_empty() {
        return Ok(HashMap::new());
    }
    let (ids, months): (Vec<i64>, Vec<i32>) = archived.iter().unzip();
    let sql = "SELECT payment, contents, events FROM payonce.archive
               WHERE merchant = $1 AND payment = ANY ($2) AND month = ANY ($3)";
    let values = &[merchant.clone(), (&ids, Type::INT8_ARRAY), (&months, Type::INT4_ARRAY)];
    Ok(store.link.run(sql, values).await?.into_iter().map(|row| (row.get(0), row)).collect())
}

/// Reads one line of an archived payment: a moment, a digest, and the event.
pub(super) fn noted((id, intent): (PaymentId, &Intent), (place, line): (usize, &str)) -> Result<Entry> {
    let mut words = line.splitn(3, ' ');
    let at = words.next().and_then(|at| at.parse().ok());
    // The digits are compared too, so that no changed byte goes unnoticed.
    let digest = words.next().and_then(|word| {
        u128::from_str_radix(word, 16).ok().filter(|digest| format!("{digest:032x}") == word)
    });
    match (at, digest, words.next()) {
        (Some(at), Some(digest), Some(event)) => {
            entry((id, intent), (place, place), at, event, &digest.to_be_bytes())
        }
        _ => Err(damaged(&intent.name, "holds an event that is not the one that was written")),
    }
}

/// The error for a payment whose month is not in the database.
pub(super) fn away(name: &Name, ended: Timestamp, month: i32) -> Error {
    let message = format!(
        "the payment {:?} completed at {}, and must not be paid again, by whatever name. Its particulars are in the \
         archive of {}, which is no longer in the journal's database; nothing was sent. To read them, attach \
         payonce.archive_{month} again",
        name.as_str(),
        ended.format("%Y-%m-%d %H:%M:%S UTC"),
        Numbered(month),
    );
    Error::new(ErrorKind::Record, message)
}
