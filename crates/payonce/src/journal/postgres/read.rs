//! Reading payments: one, many, and lists of them.

use std::collections::HashMap;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::address::Value;
use super::{Result, Store};
use crate::error::{Error, ErrorKind};
use crate::journal::row::entry;
use crate::journal::{Filter, Intent, Key, PaymentId, Record, Standing, Summary, damaged};
use crate::name::{Name, Operation};
use crate::step::Timestamp;

const PAYMENT: &str = "SELECT id, rail, operation, name, reference_id, contents, expect, digest, created_at FROM payonce.payments";

const EVENTS: &str = "SELECT payment, place, at, event, digest FROM payonce.events
                      WHERE payment = ANY ($1) ORDER BY payment, place";

/// A payment's row, and the rows of its events in order.
pub(super) struct Found {
    payment: Row,
    events: Vec<Row>,
}

/// What cannot be what was written.
fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message =
        "a row of the journal cannot be read, and its payment is not driven: its database is damaged";
    Error::new(ErrorKind::Journal, message).with_source(error)
}

fn moment(millis: i64) -> Result<Timestamp> {
    Timestamp::from_timestamp_millis(millis)
        .ok_or_else(|| unreadable(std::io::Error::other("a moment outside the calendar")))
}

/// Reads payments of one merchant with what has been noted of them, the earliest recorded first.
pub(super) async fn by_ids(store: &Store, merchant: &str, ids: &[i64]) -> Result<Vec<Found>> {
    let sql = format!("{PAYMENT} WHERE merchant = $1 AND id = ANY ($2) ORDER BY id");
    with_events(store, &sql, &[(&merchant, Type::TEXT), (&ids, Type::INT8_ARRAY)]).await
}

async fn with_events(store: &Store, sql: &str, values: &[Value<'_>]) -> Result<Vec<Found>> {
    let payments = store.link.run(sql, values).await?;
    let ids: Vec<i64> = payments.iter().map(|row| row.get(0)).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut events: HashMap<i64, Vec<Row>> = HashMap::new();
    for row in store.link.run(EVENTS, &[(&ids, Type::INT8_ARRAY)]).await? {
        events.entry(row.get(0)).or_default().push(row);
    }
    let found = |payment: Row| Found { events: events.remove(&payment.get(0)).unwrap_or_default(), payment };
    Ok(payments.into_iter().map(found).collect())
}

/// Checks that the record is the one that was written.
pub(super) fn record_of(found: Found) -> Result<Record> {
    let row = &found.payment;
    let id = PaymentId(row.get(0));
    let intent = Intent {
        rail: row.get(1),
        operation: Operation::new(row.get::<_, String>(2)).map_err(unreadable)?,
        name: Name::new(row.get::<_, String>(3)).map_err(unreadable)?,
        reference_id: row.get::<_, Uuid>(4).into(),
        contents: row.get(5),
        expect: serde_json::from_str(row.get(6)).map_err(unreadable)?,
    };
    if intent.digest() != row.get::<_, &[u8]>(7) {
        return Err(damaged(&intent.name, "does not have the contents it was written with"));
    }
    let mut entries = Vec::with_capacity(found.events.len());
    for row in &found.events {
        let place = usize::try_from(row.get::<_, i32>(1)).unwrap_or(usize::MAX);
        let (at, event, digest) = (row.get(2), row.get(3), row.get(4));
        entries.push(entry((id, &intent), (entries.len(), place), at, event, digest)?);
    }
    Ok(Record { id, intent, created_at: moment(row.get(8))?, entries })
}

pub(super) async fn find(store: &Store, merchant: &str, rail: &str, key: &Key) -> Result<Option<Record>> {
    let found = match key {
        Key::Name(name) => {
            let sql = format!("{PAYMENT} WHERE merchant = $1 AND rail = $2 AND name = $3");
            let name = name.as_str();
            with_events(store, &sql, &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&name, Type::TEXT)])
                .await?
        }
        Key::ReferenceId(reference_id) => {
            let sql = format!(
                "{PAYMENT} WHERE merchant = $1 AND rail = $2 AND id = ANY (ARRAY(
                     SELECT id FROM payonce.payments WHERE reference_id = $3 AND merchant = $1
                     UNION ALL SELECT payment FROM payonce.attempts WHERE reference_id = $3 AND merchant = $1))"
            );
            let values: &[Value<'_>] =
                &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&reference_id.as_uuid(), Type::UUID)];
            with_events(store, &sql, values).await?
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

pub(super) async fn list(store: &Store, merchant: &str, rail: &str, filter: &Filter) -> Result<Vec<Summary>> {
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
    store.link.run(&sql, values).await?.iter().map(summary).collect()
}

fn summary(row: &Row) -> Result<Summary> {
    Ok(Summary {
        id: PaymentId(row.get(0)),
        operation: Operation::new(row.get::<_, String>(1)).map_err(unreadable)?,
        name: Name::new(row.get::<_, String>(2)).map_err(unreadable)?,
        reference_id: row.get::<_, Uuid>(3).into(),
        expect: serde_json::from_str(row.get(4)).map_err(unreadable)?,
        standing: row.get::<_, &str>(5).parse().map_err(unreadable)?,
        created_at: moment(row.get(6))?,
        updated_at: moment(row.get(7))?,
    })
}
