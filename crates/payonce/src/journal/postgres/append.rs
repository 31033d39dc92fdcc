//! Noting what happened to payments, many in one statement, each under its lease.

use tokio_postgres::types::Type;

use super::address::Value;
use super::writer::Write;
use super::{Result, Store};
use crate::journal::row::EventRow;
use crate::journal::{Lease, PaymentId, Standing, taken_over};
use crate::step::Entry;

/// The row of an unfinished payment is what everybody locks who takes it or writes to it; so whoever comes second sees
/// what the first has made of it. A payment that ends leaves the table of the unfinished.
const APPEND: &str = "
    WITH alive AS MATERIALIZED (
        SELECT set_config('lock_timeout', '3s', true) FROM payonce.owners
        WHERE id = $1 AND NOT dead AND until > clock_timestamp()
    ), input AS (
        SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::bool[])
        AS i (merchant, payment, epoch, standing, at, ended)
    ), moved AS (
        UPDATE payonce.unfinished u SET standing = i.standing, updated_at = coalesce(i.at, u.updated_at) FROM input i
        WHERE u.payment = i.payment AND u.merchant = i.merchant AND u.owner = $1 AND u.epoch = i.epoch
          AND NOT i.ended AND EXISTS (SELECT FROM alive)
        RETURNING u.payment
    ), gone AS (
        DELETE FROM payonce.unfinished u USING input i
        WHERE u.payment = i.payment AND u.merchant = i.merchant AND u.owner = $1 AND u.epoch = i.epoch
          AND i.ended AND EXISTS (SELECT FROM alive)
        RETURNING u.payment, u.merchant, i.standing, coalesce(i.at, u.updated_at) AS at
    ), ended AS (
        UPDATE payonce.payments p SET standing = g.standing, updated_at = g.at,
                                      unpaid = g.standing IN ('failed', 'parked')
        FROM gone g WHERE p.merchant = g.merchant AND p.id = g.payment
    ), written AS (
        SELECT payment FROM moved UNION ALL SELECT payment FROM gone
    ), noted AS (
        INSERT INTO payonce.events (payment, place, at, event, digest)
        SELECT e.* FROM unnest($8::bigint[], $9::int[], $10::bigint[], $11::text[], $12::bytea[])
            AS e (payment, place, at, event, digest)
        WHERE payment IN (SELECT payment FROM written)
    )
    SELECT payment FROM written";

/// Entries that wait to be written.
#[derive(Debug)]
pub(super) struct Append {
    pub(super) merchant: std::sync::Arc<str>,
    pub(super) lease: Lease,
    pub(super) entries: Vec<Entry>,
    pub(super) standing: Standing,
}

#[derive(Default)]
struct Columns<'a> {
    merchants: Vec<&'a str>,
    payments: Vec<i64>,
    epochs: Vec<i64>,
    standings: Vec<&'static str>,
    moments: Vec<Option<i64>>,
    ended: Vec<bool>,
    event_payments: Vec<i64>,
    places: Vec<i32>,
    event_moments: Vec<i64>,
    events: Vec<String>,
    digests: Vec<Vec<u8>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [Append]) -> Self {
        let mut columns = Self::default();
        for Append { merchant, lease, entries, standing } in batch {
            columns.merchants.push(merchant);
            columns.payments.push(lease.id.0);
            columns.epochs.push(lease.epoch);
            columns.standings.push(standing.as_str());
            columns.moments.push(entries.last().map(|entry| entry.at.timestamp_millis()));
            columns.ended.push(standing.is_ended());
            for (place, entry) in (lease.next..).zip(entries) {
                let EventRow { at, event, digest } = EventRow::of(lease.id, place, entry);
                columns.event_payments.push(lease.id.0);
                columns.places.push(i32::try_from(place).unwrap_or(i32::MAX));
                columns.event_moments.push(at);
                columns.events.push(event);
                columns.digests.push(digest.to_vec());
            }
        }
        columns
    }
}

impl Write for Append {
    type Written = Lease;
    type Key = PaymentId;
    type Store = Store;

    fn key(&self) -> PaymentId {
        self.lease.id
    }

    async fn write(store: &Store, batch: &[Self]) -> Result<Vec<Result<Lease>>> {
        let Some(owner) = store.owner.known() else {
            return Ok(batch.iter().map(|_| Err(taken_over())).collect());
        };
        let columns = Columns::of(batch);
        let values: &[Value<'_>] = &[
            (&owner, Type::UUID),
            (&columns.merchants, Type::TEXT_ARRAY),
            (&columns.payments, Type::INT8_ARRAY),
            (&columns.epochs, Type::INT8_ARRAY),
            (&columns.standings, Type::TEXT_ARRAY),
            (&columns.moments, Type::INT8_ARRAY),
            (&columns.ended, Type::BOOL_ARRAY),
            (&columns.event_payments, Type::INT8_ARRAY),
            (&columns.places, Type::INT4_ARRAY),
            (&columns.event_moments, Type::INT8_ARRAY),
            (&columns.events, Type::TEXT_ARRAY),
            (&columns.digests, Type::BYTEA_ARRAY),
        ];
        let written: std::collections::HashSet<i64> =
            store.link.run(APPEND, values).await?.iter().map(|row| row.get(0)).collect();
        let outcome = |append: &Self| {
            let Lease { id, next, .. } = append.lease;
            let ours = written.contains(&id.0);
            if ours {
                Ok(Lease { next: next + append.entries.len(), ..append.lease })
            } else {
                Err(taken_over())
            }
        };
        Ok(batch.iter().map(outcome).collect())
    }

    fn unheard(_: &Store, _: Lease) {}
}
