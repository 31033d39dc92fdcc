//! Taking payments in hand, and letting go of them.
//!
//! The row of an unfinished payment is locked by whoever takes it, and so is the row of an owner by whoever calls it dead or
//! extends its life; so of two that disagree, the second sees what the first has made of it. What has been noted of a
//! payment is read by a statement of its own after it was taken: by then nobody else can add to it, and what was added
//! before is seen.

use tokio_postgres::Row;
use tokio_postgres::types::Type;

use super::address::Value;
use super::owner::Taking;
use super::read::{by_ids, record_of};
use super::{PostgresJournal, Result, Store};
use crate::error::{Error, ErrorKind};
use crate::journal::row::EventRow;
use crate::journal::{Claim, Lease, PaymentId, Record, Standing, damaged, left_out, not_parked};
use crate::step::{Entry, Event};

/// What both ways of taking begin with: this process lives, and those are dead whose time is up. The dead are told by what
/// is known for certain and for ever, not by their absence: a row that an owner of the last moment has taken is looked at
/// again with an older list. Who is called dead by this very statement is on the list of the next.
const DEAD: &str = "
    alive AS MATERIALIZED (
        SELECT set_config('lock_timeout', '3s', true) FROM payonce.owners
        WHERE id = $1 AND NOT dead AND until > clock_timestamp()
    ), buried AS (
        UPDATE payonce.owners SET dead = true WHERE NOT dead AND until < clock_timestamp() RETURNING id
    ), dead AS MATERIALIZED (
        SELECT id FROM payonce.owners WHERE dead
    )";

const CLAIM: &str = "
    , taken AS (
        UPDATE payonce.unfinished SET owner = $1, epoch = $2
        WHERE payment = $3 AND merchant = $4 AND EXISTS (SELECT FROM alive)
          AND (owner IS NULL OR owner = $1 OR owner IN (SELECT id FROM dead))
        RETURNING payment
    )
    SELECT (SELECT payment FROM taken), (SELECT count(*) FROM buried),
           EXISTS (SELECT FROM payonce.unfinished WHERE payment = $3 AND merchant = $4)
    FROM alive";

/// The operations take turns, so that the few of one do not wait behind the many of another. Which there are is found by
/// going from one to the next in the index, whatever lies between; the dead are gone through in the same way, those that left
/// something, a few at a time. The limits also keep the planner, which knows nothing of new tables, from thinking that this is
/// much work: compiling the statement would take a thousand times as long as it takes itself. A range of one operation, and not equality,
/// because only the index that is meant has its order.
const CLAIM_FREE: &str = "
    , kinds AS (
        SELECT NULL::uuid AS owner, (
            SELECT operation FROM payonce.unfinished
            WHERE owner IS NULL AND merchant = $3 AND rail = $4 ORDER BY operation LIMIT 1) AS operation
        UNION ALL SELECT NULL, (
            SELECT operation FROM payonce.unfinished
            WHERE owner IS NULL AND merchant = $3 AND rail = $4 AND operation > kinds.operation
            ORDER BY operation LIMIT 1)
        FROM kinds WHERE kinds.operation IS NOT NULL
    ), leavers AS MATERIALIZED (
        SELECT id FROM dead WHERE EXISTS (
            SELECT FROM payonce.unfinished WHERE owner = dead.id AND merchant = $3 AND rail = $4) LIMIT 16
    ), kinds_left AS (
        SELECT leavers.id AS owner, (
            SELECT operation FROM payonce.unfinished
            WHERE owner = leavers.id AND merchant = $3 AND rail = $4 ORDER BY operation LIMIT 1) AS operation
        FROM leavers
        UNION ALL SELECT kinds_left.owner, (
            SELECT operation FROM payonce.unfinished
            WHERE owner = kinds_left.owner AND merchant = $3 AND rail = $4 AND operation > kinds_left.operation
            ORDER BY operation LIMIT 1)
        FROM kinds_left WHERE kinds_left.operation IS NOT NULL
    ), free AS MATERIALIZED (
        SELECT l.payment, k.operation
        FROM (SELECT operation FROM kinds WHERE operation IS NOT NULL LIMIT 32) k CROSS JOIN LATERAL (
            SELECT payment FROM payonce.unfinished
            WHERE owner IS NULL AND merchant = $3 AND rail = $4 AND operation BETWEEN k.operation AND k.operation
            ORDER BY operation, payment LIMIT $5 FOR UPDATE SKIP LOCKED
        ) l
    ), left_behind AS MATERIALIZED (
        SELECT l.payment, k.operation
        FROM (SELECT owner, operation FROM kinds_left WHERE operation IS NOT NULL LIMIT 64) k CROSS JOIN LATERAL (
            SELECT payment FROM payonce.unfinished
            WHERE owner = k.owner AND merchant = $3 AND rail = $4 AND operation BETWEEN k.operation AND k.operation
            ORDER BY operation, payment LIMIT $5 FOR UPDATE SKIP LOCKED
        ) l
    ), chosen AS MATERIALIZED (
        SELECT payment FROM (
            SELECT payment, row_number() OVER (PARTITION BY operation ORDER BY payment) AS turn
            FROM (SELECT * FROM free UNION SELECT * FROM left_behind) either
        ) turns
        ORDER BY turn, payment LIMIT $5
    ), taken AS (
        UPDATE payonce.unfinished u SET owner = $1, epoch = $2 FROM chosen c
        WHERE u.payment = c.payment AND EXISTS (SELECT FROM alive)
        RETURNING u.payment
    )
    SELECT payment, (SELECT count(*) FROM buried) FROM alive LEFT JOIN taken ON true";

/// A failed payment is opened by whoever read it last: if another event had come meanwhile, its place would be taken.
const REOPEN: &str = "
    WITH alive AS MATERIALIZED (
        SELECT set_config('lock_timeout', '3s', true) FROM payonce.owners
        WHERE id = $1 AND NOT dead AND until > clock_timestamp()
    ), opened AS (
        UPDATE payonce.payments SET standing = 'intended', updated_at = $6, unpaid = false
        WHERE merchant = $3 AND id = $4 AND standing = 'failed' AND EXISTS (SELECT FROM alive)
          AND $5 = (SELECT count(*) FROM payonce.events WHERE payment = $4)
        RETURNING id, merchant, rail, operation, reference_id
    ), held AS (
        INSERT INTO payonce.unfinished (payment, merchant, rail, operation, owner, epoch, standing, updated_at)
        SELECT id, merchant, rail, operation, $1, $2, 'intended', $6 FROM opened
    ), noted AS (
        INSERT INTO payonce.events (payment, place, at, event, digest) SELECT id, $5::int, $6, $7, $8 FROM opened
    ), tried AS (
        INSERT INTO payonce.attempts (payment, attempt, merchant, reference_id)
        SELECT id, $9::int, merchant, $10 FROM opened
        WHERE reference_id <> $10
          AND NOT EXISTS (SELECT FROM payonce.attempts WHERE payment = $4 AND reference_id = $10)
    )
    SELECT id FROM alive LEFT JOIN opened ON true";

const RESOLVE: &str = "
    WITH decided AS (
        UPDATE payonce.payments SET standing = $4, updated_at = $5, unpaid = $4 IN ('failed', 'parked')
        WHERE merchant = $1 AND id = $2 AND standing = 'parked'
          AND $3 = (SELECT count(*) FROM payonce.events WHERE payment = $2)
        RETURNING id
    ), noted AS (
        INSERT INTO payonce.events (payment, place, at, event, digest) SELECT id, $3::int, $5, $6, $7 FROM decided
    )
    SELECT id FROM decided";

/// Whoever waits for payments is told that there are some.
const RELEASE: &str = "
    WITH released AS (
        UPDATE payonce.unfinished u SET owner = NULL FROM unnest($1::bigint[], $2::bigint[]) AS l (payment, epoch)
        WHERE u.payment = l.payment AND u.epoch = l.epoch AND u.owner = $3 AND u.merchant = $4
        RETURNING u.payment
    )
    SELECT pg_notify('payonce', '') FROM released LIMIT 1";

/// Takes one payment, unless another living process holds it.
pub(super) async fn claim(journal: &PostgresJournal, store: &Store, id: PaymentId) -> Result<Claim> {
    let sql = format!("WITH {DEAD}{CLAIM}");
    let merchant = journal.merchant_name();
    let (mut taking, rows) = take(store, &sql, &[(&id.0, Type::INT8), (&merchant, Type::TEXT)]).await?;
    let (taken, unfinished) = (rows[0].get::<_, Option<i64>>(0).is_some(), rows[0].get::<_, bool>(2));
    if !taken && unfinished {
        taking.kept = true;
        return Ok(Claim::Elsewhere);
    }
    let found = by_ids(store, merchant, &[id.0]).await?.pop();
    let found = found
        .ok_or_else(|| Error::new(ErrorKind::UnknownPayment, "the journal has no payment of that number"));
    let record = record_of(found?)?;
    taking.kept = true;
    if taken {
        return Ok(Claim::Ours(Lease { id, epoch: taking.epoch, next: record.entries.len() }, record));
    }
    // The events are the payment; the table of the unfinished only finds those that have not ended.
    let ended = Standing::of(&record.state()?).is_ended();
    if ended {
        Ok(Claim::Ended(record))
    } else {
        Err(damaged(&record.intent.name, "is called ended, which its events do not say"))
    }
}

/// Takes up to that many of the free ones.
pub(super) async fn claim_free(
    journal: &PostgresJournal,
    store: &Store,
    rail: &str,
    limit: usize,
) -> Result<Vec<(Lease, Record)>> {
    let sql = format!("WITH RECURSIVE {DEAD}{CLAIM_FREE}");
    let (merchant, limit) = (journal.merchant_name(), i64::try_from(limit).unwrap_or(i64::MAX));
    let values: &[Value<'_>] = &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&limit, Type::INT8)];
    let (mut taking, rows) = take(store, &sql, values).await?;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.get(0)).collect();
    let mut taken = Vec::with_capacity(ids.len());
    if !ids.is_empty() {
        for found in by_ids(store, merchant, &ids).await? {
            match record_of(found) {
                Ok(record) => {
                    let lease = Lease { id: record.id, epoch: taking.epoch, next: record.entries.len() };
                    taken.push((lease, record));
                }
                Err(error) => left_out(&error),
            }
        }
    }
    taking.kept = true;
    Ok(taken)
}

/// Takes what is free, and what is free because its owner has just been called dead.
async fn take<'s>(store: &'s Store, sql: &str, more: &[Value<'_>]) -> Result<(Taking<'s>, Vec<Row>)> {
    loop {
        let (mut taking, rows) = begin(store, sql, more).await?;
        let (taken, buried): (Option<i64>, i64) = (rows[0].get(0), rows[0].get(1));
        if taken.is_some() || buried == 0 {
            return Ok((taking, rows));
        }
        taking.kept = true;
    }
}

/// Asks under an owner that lives, which is the first parameter, and the epoch of the taking the second. An owner that
/// has run out is replaced, once: nothing of it is at stake here.
async fn begin<'s>(store: &'s Store, sql: &str, more: &[Value<'_>]) -> Result<(Taking<'s>, Vec<Row>)> {
    for _ in 0..2 {
        let taking = Taking::begin(&store.owner).await?;
        let (id, epoch) = (taking.id, taking.epoch);
        let mut values: Vec<Value<'_>> = vec![(&id, Type::UUID), (&epoch, Type::INT8)];
        values.extend(more.iter().cloned());
        let rows = store.link.run(sql, &values).await?;
        if !rows.is_empty() {
            return Ok((taking, rows));
        }
        taking.lost();
    }
    Err(Error::new(ErrorKind::Journal, "this process's lease in the journal runs out as soon as it is made"))
}

/// Lets go of payments; if that cannot be told the database now, as soon as it can.
pub(super) async fn release(journal: &PostgresJournal, store: &Store, leases: &[Lease]) -> Result<()> {
    let Some(owner) = store.owner.known().filter(|_| !leases.is_empty()) else { return Ok(()) };
    let merchant = journal.merchant_name();
    let payments: Vec<i64> = leases.iter().map(|lease| lease.id.0).collect();
    let epochs: Vec<i64> = leases.iter().map(|lease| lease.epoch).collect();
    let values: &[Value<'_>] = &[
        (&payments, Type::INT8_ARRAY),
        (&epochs, Type::INT8_ARRAY),
        (&owner, Type::UUID),
        (&merchant, Type::TEXT),
    ];
    let released = store.link.run(RELEASE, values).await;
    if released.is_err() {
        store.owner.let_go_later(leases);
    }
    released.map(drop)
}

pub(super) async fn reopen(
    journal: &PostgresJournal,
    store: &Store,
    record: &Record,
    again: &Entry,
) -> Result<Lease> {
    let Event::Again { attempt, reference_id } = &again.event else {
        return Err(Error::new(ErrorKind::Invalid, "only a further attempt can open a payment again"));
    };
    let (id, next) = (record.id, record.entries.len());
    let (merchant, place) = (journal.merchant_name(), next as i64);
    let EventRow { at, event, digest } = EventRow::of(id, next, again);
    let (digest, attempt) = (digest.to_vec(), i64::from(*attempt));
    let values: &[Value<'_>] = &[
        (&merchant, Type::TEXT),
        (&id.0, Type::INT8),
        (&place, Type::INT8),
        (&at, Type::INT8),
        (&event, Type::TEXT),
        (&digest, Type::BYTEA),
        (&attempt, Type::INT8),
        (&reference_id.as_uuid(), Type::UUID),
    ];
    let (mut taking, rows) = begin(store, REOPEN, values).await?;
    taking.kept = true;
    if rows[0].get::<_, Option<i64>>(0).is_none() {
        let message = "the payment has not failed, or was tried again already";
        return Err(Error::new(ErrorKind::NotFailed, message));
    }
    Ok(Lease { id, epoch: taking.epoch, next: next + 1 })
}

pub(super) async fn resolve(
    journal: &PostgresJournal,
    store: &Store,
    record: &Record,
    resolved: &Entry,
    standing: Standing,
) -> Result<()> {
    let (id, next) = (record.id, record.entries.len());
    let (merchant, place, word) = (journal.merchant_name(), next as i64, standing.as_str());
    let EventRow { at, event, digest } = EventRow::of(id, next, resolved);
    let digest = digest.to_vec();
    let values: &[Value<'_>] = &[
        (&merchant, Type::TEXT),
        (&id.0, Type::INT8),
        (&place, Type::INT8),
        (&word, Type::TEXT),
        (&at, Type::INT8),
        (&event, Type::TEXT),
        (&digest, Type::BYTEA),
    ];
    let decided = store.link.run(RESOLVE, values).await?;
    if decided.is_empty() { Err(not_parked()) } else { Ok(()) }
}
