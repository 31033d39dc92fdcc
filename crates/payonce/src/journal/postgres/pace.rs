//! One limit for all the workers of a merchant on a rail, by the database's clock.
//!
//! A row says until when what was granted lasts; whoever asks after that is granted his next payments, and moves it on by as
//! long as they are to take. So the sum holds however many ask, and what was granted to a worker that died is lost, and no
//! more.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio_postgres::types::Type;

use super::address::Value;
use super::{Result, Store};
use crate::journal::Granted;

/// What nobody asked for is kept for as long as one lot lasts, so that a look that comes a little late does not slow the
/// whole.
const GRANT: &str = "
    WITH granted AS (
        INSERT INTO payonce.paces AS p (merchant, rail, until)
        VALUES ($1, $2, clock_timestamp() + $3 * interval '1 microsecond')
        ON CONFLICT (merchant, rail) DO UPDATE
        SET until = greatest(p.until, clock_timestamp() - interval '100 milliseconds') + $3 * interval '1 microsecond'
        WHERE p.until <= clock_timestamp()
        RETURNING until
    )
    SELECT EXISTS (SELECT FROM granted),
           (SELECT extract(epoch FROM until - clock_timestamp()) * 1000000 FROM payonce.paces
            WHERE merchant = $1 AND rail = $2)::bigint";

pub(super) async fn grant(
    store: &Store,
    (merchant, rail): (&str, &str),
    per_second: NonZeroU32,
    wanted: usize,
) -> Result<Granted> {
    let payments = Granted::lot(per_second).min(wanted);
    let takes =
        i64::try_from(payments).unwrap_or(i64::MAX).saturating_mul(1_000_000) / i64::from(per_second.get());
    let values: &[Value<'_>] = &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&takes, Type::INT8)];
    let rows = store.link.run(GRANT, values).await?;
    let row = rows.first().expect("a selection without a table has one row");
    if row.get(0) {
        return Ok(Granted { payments, wait: Duration::ZERO });
    }
    // Another worker was granted the first lot of all at the same moment: then there was no row to be seen.
    let wait = row.get::<_, Option<i64>>(1).unwrap_or(0).max(1_000);
    Ok(Granted { payments: 0, wait: Duration::from_micros(wait.unsigned_abs()) })
}
