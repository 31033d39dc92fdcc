//! Reading payments: one, many, and lists of them.

use std::collections::HashMap;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::address::Value;
use super::{Result, Store, archive};
use crate::error::{Error, ErrorKind};
use crate::journal::row::entry;
use crate::journal::{
    Filter, Intent, Key, Listed, PaymentId, Record, Standing, Summary, damaged, not_driven, unread,
};
use crate::name::{Name, Operation};
use crate::step::{Entry, Timestamp};

const PAYMENT: &str =
    "SELECT id, rail, operation, name, reference_id, contents, expect, digest, created_at, updated_at
                       FROM payonce.payments";

/// The events, or the month that they were archived with. One statement sees either the ones or the other, also while they are
/// moved.
const EVENTS: &str =
    "SELECT payment, place, at, event, digest, NULL::integer FROM payonce.events WHERE payment = ANY ($2)
     UNION ALL
     SELECT id, NULL, NULL, NULL, NULL, archived FROM payonce.payments
     WHERE merchant = $1 AND id = ANY ($2) AND archived IS NOT NULL
     ORDER BY 1, 2";

/// A payment's row, and where the rest of it is.
pub(super) struct Found {
    payment: Row,
    rest: Rest,
}

/// What happened to a payment.
enum Rest {
    /// The rows of its events, in order.
    Events(Vec<Row>),
    /// It was archived with that month: its row there, if the month is in the database.
    Archived(i32, Option<Row>),
}

impl Found {
    pub(super) fn id(&self) -> PaymentId {
        PaymentId(self.payment.get(0))
    }
}

/// What cannot be what was written.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let what = format!("cannot be read ({error})");
    Error::new(ErrorKind::Record, not_driven("the journal's row of a payment", &what)).with_source(error)
}

fn moment(millis: i64) -> Result<Timestamp> {
    Timestamp::from_timestamp_millis(millis)
        .ok_or_else(|| unreadable(std::io::Error::other("a moment outside the calendar")))
}

/// Reads payments of one merchant with what has been noted of them, the earliest recorded first.
pub(super) async fn by_ids(store: &Store, merchant: &str, ids: &[i64]) -> Result<Vec<Found>> {
    let sql = format!("{PAYMENT} WHERE merchant = $1 AND id = ANY ($2) ORDER BY id");
    whole(store, &sql, &[(&merchant, Type::TEXT), (&ids, Type::INT8_ARRAY)]).await
}

/// Reads those payments with what happened to them. The first of the values is the merchant.
async fn whole(store: &Store, sql: &str, values: &[Value<'_>]) -> Result<Vec<Found>> {
    let payments = store.link.run(sql, values).await?;
    let ids: Vec<i64> = payments.iter().map(|row| row.get(0)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let merchant = &values[0];
    let mut events: HashMap<i64, Vec<Row>> = HashMap::new();
    let mut months: HashMap<i64, i32> = HashMap::new();
    for row in store.link.run(EVENTS, &[merchant.clone(), (&ids, Type::INT8_ARRAY)]).await? {
        match row.get::<_, Option<i32>>(5) {
            Some(month) => drop(months.insert(row.get(0), month)),
            None => events.entry(row.get(0)).or_default().push(row),
        }
    }
    let mut archived = archive::rows(store, merchant, &months).await?;
    let found = |payment: Row| {
        let id: i64 = payment.get(0);
        let rest = match months.get(&id) {
            Some(month) => Rest::Archived(*month, archived.remove(&id)),
            None => Rest::Events(events.remove(&id).unwrap_or_default()),
        };
        Found { payment, rest }
    };
    Ok(payments.into_iter().map(found).collect())
}

/// Checks that the record is the one that was written.
pub(super) fn record_of(found: Found) -> Result<Record> {
    let (row, id) = (&found.payment, found.id());
    let name = Name::new(text(row, 3)?).map_err(unreadable)?;
    let contents = match &found.rest {
        Rest::Events(_) => text(row, 5)?.to_owned(),
        Rest::Archived(_, Some(archived)) => text(archived, 1)?.to_owned(),
        Rest::Archived(month, None) => return Err(archive::away(&name, moment(row.get(9))?, *month)),
    };
    let intent = Intent {
        rail: text(row, 1)?.to_owned(),
        operation: Operation::new(text(row, 2)?).map_err(unreadable)?,
        name,
        reference_id: row.get::<_, Uuid>(4).into(),
        contents,
        expect: serde_json::from_str(text(row, 6)?).map_err(unreadable)?,
    };
    if intent.digest() != row.get::<_, &[u8]>(7) {
        return Err(damaged(&intent.name, "does not have the contents it was written with"));
    }
    let entries: Result<_> = match &found.rest {
        Rest::Events(events) => events.iter().enumerate().map(|one| noted((id, &intent), one)).collect(),
        Rest::Archived(_, archived) => {
            let lines = archived.as_ref().map(|row| text(row, 2)).transpose()?.map(|lines| lines.split('\n'));
            lines.into_iter().flatten().enumerate().map(|one| archive::noted((id, &intent), one)).collect()
        }
    };
    let record = Record { id, created_at: moment(row.get(8))?, entries: entries?, intent };
    if matches!(found.rest, Rest::Archived(..)) {
        archive::completed(&record)?;
    }
    Ok(record)
}

fn noted((id, intent): (PaymentId, &Intent), (expected, row): (usize, &Row)) -> Result<Entry> {
    let place = usize::try_from(row.get::<_, i32>(1)).unwrap_or(usize::MAX);
    entry((id, intent), (expected, place), row.get(2), text(row, 3)?, row.get(4))
}

pub(super) async fn find(store: &Store, merchant: &str, rail: &str, key: &Key) -> Result<Option<Record>> {
    let found = match key {
        Key::Name(name) => {
            let sql = format!("{PAYMENT} WHERE merchant = $1 AND rail = $2 AND name = $3");
            let name = name.as_str();
            whole(store, &sql, &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&name, Type::TEXT)]).await?
        }
        Key::ReferenceId(reference_id) => {
            let sql = format!(
                "{PAYMENT} WHERE merchant = $1 AND rail = $2 AND id = ANY (ARRAY(
                     SELECT id FROM payonce.payments WHERE reference_id = $3 AND merchant = $1
                     UNION ALL SELECT payment FROM payonce.attempts WHERE reference_id = $3 AND merchant = $1))"
            );
            let values: &[Value<'_>] =
                &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&reference_id.as_uuid(), Type::UUID)];
            whole(store, &sql, values).await?
        }
    };
    found.into_iter().next().map(record_of).transpose()
}

pub(super) async fn is_held_elsewhere(store: &Store, merchant: &str, id: PaymentId) -> Result<bool> {
    let ours = store.owner.known();
    let sql = "SELECT EXISTS (SELECT FROM payonce.unfinished u JOIN payonce.owners o ON o.id = u.owner
               WHERE u.merchant = $1 AND u.payment = $2 AND u.owner IS DISTINCT FROM $3
                 AND NOT o.dead AND o.until > clock_timestamp())";
    let values: &[Value<'_>] = &[(&merchant, Type::TEXT), (&id.0, Type::INT8), (&ours, Type::UUID)];
    Ok(store.link.run(sql, values).await?.first().is_some_and(|row| row.get(0)))
}

/// How a payment stands is kept beside those that have not ended, and by the payment itself when it has.
const LISTED: &str =
    "SELECT p.id, p.operation, p.name, p.reference_id, p.expect, coalesce(u.standing, p.standing),
                             p.created_at, coalesce(u.updated_at, p.updated_at)";

pub(super) async fn list(store: &Store, merchant: &str, rail: &str, filter: &Filter) -> Result<Vec<Listed>> {
    let standing = filter.standing;
    let from = if filter.unfinished || standing.is_some_and(|standing| !standing.is_ended()) {
        "FROM payonce.unfinished u JOIN payonce.payments p ON p.merchant = u.merchant AND p.id = u.payment
         WHERE u.merchant = $1 AND u.rail = $2 AND u.payment > $3"
    } else {
        "FROM payonce.payments p LEFT JOIN payonce.unfinished u ON u.payment = p.id
         WHERE p.merchant = $1 AND p.rail = $2 AND p.id > $3"
    };
    // The condition is the one of the partial index.
    let unpaid =
        if matches!(standing, Some(Standing::Failed | Standing::Parked)) { "AND p.unpaid" } else { "" };
    let sql = format!(
        "{LISTED} {from} {unpaid} AND ($4::text IS NULL OR coalesce(u.standing, p.standing) = $4)
         ORDER BY p.id LIMIT $5"
    );
    let after = filter.after.map_or(i64::MIN, |id| id.0);
    let standing = standing.map(Standing::as_str);
    let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
    let values: &[Value<'_>] = &[
        (&merchant, Type::TEXT),
        (&rail, Type::TEXT),
        (&after, Type::INT8),
        (&standing, Type::TEXT),
        (&limit, Type::INT8),
    ];
    Ok(store.link.run(&sql, values).await?.iter().map(listed).collect())
}

fn listed(row: &Row) -> Listed {
    let (id, reference_id) = (PaymentId(row.get(0)), row.get::<_, Uuid>(3).into());
    let operation = text(row, 1).and_then(|operation| Operation::new(operation).map_err(unreadable));
    let name = text(row, 2).and_then(|name| Name::new(name).map_err(unreadable));
    let known = (operation.as_ref().ok().cloned(), name.as_ref().ok().cloned(), Some(reference_id));
    let summary = || {
        Ok(Summary {
            id,
            operation: operation?,
            name: name?,
            reference_id,
            expect: serde_json::from_str(text(row, 4)?).map_err(unreadable)?,
            standing: text(row, 5)?.parse::<Standing>().map_err(unreadable)?,
            created_at: moment(row.get(6))?,
            updated_at: moment(row.get(7))?,
        })
    };
    summary().map_err(|error: Error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        unread(id, known, &cause)
    })
}

/// What is no text is no error of the connection.
fn text(row: &Row, column: usize) -> Result<&str> {
    row.try_get(column).map_err(unreadable)
}
