//! Recording payments, many in one statement: those of this process come with their lease.

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::address::Value;
use super::writer::Write;
use super::{Result, Store};
use crate::error::{Effect, Error, ErrorKind};
use crate::journal::{Intent, Lease, PaymentId};
use crate::step::Timestamp;

/// The lock is waited for three seconds at most: a caller's own transaction may hold a name for as long as it likes.
/// A statement of a process that is called dead records nothing.
const INTEND: &str = "
    WITH alive AS MATERIALIZED (
        SELECT set_config('lock_timeout', '3s', true) FROM payonce.owners
        WHERE id = $1 AND NOT dead AND until > clock_timestamp()
    ), input AS (
        SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[],
                             $9::bytea[], $10::bigint[], $11::bigint[])
        AS i (merchant, rail, operation, name, reference_id, contents, expect, digest, at, epoch)
    ), made AS (
        INSERT INTO payonce.payments (merchant, rail, operation, name, reference_id, contents, expect, digest,
                                      created_at, updated_at)
        SELECT merchant, rail, operation, name, reference_id, contents, expect, digest, at, at FROM input
        WHERE EXISTS (SELECT FROM alive) ORDER BY merchant, rail, name
        ON CONFLICT (merchant, rail, name) DO NOTHING
        RETURNING id, merchant, rail, name
    ), held AS (
        INSERT INTO payonce.unfinished (payment, merchant, rail, operation, owner, epoch, standing, updated_at)
        SELECT made.id, merchant, rail, operation, $1, epoch, 'intended', at
        FROM made JOIN input USING (merchant, rail, name)
        RETURNING payment, epoch
    )
    SELECT payment, epoch FROM alive LEFT JOIN held ON true";

/// A payment that waits to be recorded.
#[derive(Debug)]
pub(super) struct NewPayment {
    pub(super) merchant: std::sync::Arc<str>,
    pub(super) intent: Intent,
    pub(super) at: Timestamp,
}

impl Write for NewPayment {
    /// None when there is one of that name.
    type Written = Option<Lease>;
    type Key = (String, String, String);
    type Store = Store;

    fn key(&self) -> Self::Key {
        let Intent { rail, name, .. } = &self.intent;
        (self.merchant.to_string(), rail.clone(), name.to_string())
    }

    async fn write(store: &Store, batch: &[Self]) -> Result<Vec<Result<Option<Lease>>>> {
        let mut columns = Columns::of(batch);
        // An owner that ran out is replaced, once: nothing of it is at stake here.
        for _ in 0..2 {
            let (owner, first) = store.owner.begin(batch.len()).await?;
            columns.epochs = (first..).take(batch.len()).collect();
            let made = match columns.insert(store, owner).await {
                Ok(made) => made,
                Err(error) => {
                    if error.effect() == Effect::Unknown {
                        columns.epochs.iter().for_each(|epoch| store.owner.doubt(*epoch));
                    }
                    return Err(error);
                }
            };
            match made {
                Some(made) => return Ok(columns.leases(&made)),
                None => store.owner.lost(owner),
            }
        }
        Err(Error::new(
            ErrorKind::Journal,
            "this process's lease in the journal runs out as soon as it is made",
        ))
    }

    fn unheard(store: &Store, written: Option<Lease>) {
        if let Some(lease) = written {
            store.owner.doubt(lease.epoch);
        }
    }
}

#[derive(Default)]
struct Columns<'a> {
    merchants: Vec<&'a str>,
    rails: Vec<&'a str>,
    operations: Vec<&'a str>,
    names: Vec<&'a str>,
    keys: Vec<Uuid>,
    contents: Vec<&'a str>,
    expects: Vec<String>,
    digests: Vec<Vec<u8>>,
    moments: Vec<i64>,
    epochs: Vec<i64>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [NewPayment]) -> Self {
        let mut columns = Self::default();
        for NewPayment { merchant, intent, at } in batch {
            columns.merchants.push(merchant);
            columns.rails.push(&intent.rail);
            columns.operations.push(intent.operation.as_str());
            columns.names.push(intent.name.as_str());
            columns.keys.push(intent.reference_id.as_uuid());
            columns.contents.push(&intent.contents);
            columns.expects.push(super::expectation(intent));
            columns.digests.push(intent.digest().to_vec());
            columns.moments.push(at.timestamp_millis());
        }
        columns
    }

    /// Which payments were made, by their epochs; none at all when the owner is no more.
    async fn insert(&self, store: &Store, owner: Uuid) -> Result<Option<Vec<(i64, i64)>>> {
        let values: &[Value<'_>] = &[
            (&owner, Type::UUID),
            (&self.merchants, Type::TEXT_ARRAY),
            (&self.rails, Type::TEXT_ARRAY),
            (&self.operations, Type::TEXT_ARRAY),
            (&self.names, Type::TEXT_ARRAY),
            (&self.keys, Type::UUID_ARRAY),
            (&self.contents, Type::TEXT_ARRAY),
            (&self.expects, Type::TEXT_ARRAY),
            (&self.digests, Type::BYTEA_ARRAY),
            (&self.moments, Type::INT8_ARRAY),
            (&self.epochs, Type::INT8_ARRAY),
        ];
        let rows = store.link.run(INTEND, values).await?;
        let made = rows.iter().filter_map(|row| Some((row.get::<_, Option<i64>>(1)?, row.get(0))));
        Ok((!rows.is_empty()).then(|| made.collect()))
    }

    fn leases(&self, made: &[(i64, i64)]) -> Vec<Result<Option<Lease>>> {
        let made: std::collections::HashMap<i64, i64> = made.iter().copied().collect();
        let lease =
            |epoch: &i64| made.get(epoch).map(|id| Lease { id: PaymentId(*id), epoch: *epoch, next: 0 });
        self.epochs.iter().map(|epoch| Ok(lease(epoch))).collect()
    }
}
