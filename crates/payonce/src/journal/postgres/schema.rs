//! The tables: made when there are none, brought up to date when they are old, and left alone when they are newer than
//! this program.

use super::Result;
use super::address::Link;
use crate::error::{Error, ErrorKind};

/// What leads from each format to the next. The first makes the tables.
const STEPS: [&str; 3] =
    [include_str!("schema.sql"), include_str!("schema-2.sql"), include_str!("schema-3.sql")];

/// Keeps two processes from changing the tables at once: the letters `pay1`.
const LOCK: i64 = 0x7061_7931;

/// Sees to it that the tables are of this format. Needs no right to change tables when they are.
///
/// # Errors
/// `Journal`, in plain words, when they are newer, or would have to be changed and may not be.
pub(super) async fn prepare(link: &Link) -> Result<()> {
    let format = format(link).await?;
    if known(format)? == STEPS.len() {
        return Ok(());
    }
    let changed = link.script(&script(format)).await;
    // Another process may have done it meanwhile; then this one has failed and changed nothing.
    match (self::format(link).await?, changed) {
        (now, _) if known(now)? == STEPS.len() => Ok(()),
        (_, Err(error)) => {
            let message = format!(
                "the journal's tables could not be made or changed; let a role that may do so open it once ({})",
                error.message()
            );
            Err(Error::new(ErrorKind::Journal, message).with_source(error))
        }
        (_, Ok(())) => Err(Error::new(ErrorKind::Journal, "the journal's tables are not as they were made")),
    }
}

/// The format that the tables have; none is 0.
async fn format(link: &Link) -> Result<i32> {
    let there = link.run("SELECT to_regclass('payonce.format') IS NOT NULL", &[]).await?;
    if !there.first().is_some_and(|row| row.get(0)) {
        return Ok(0);
    }
    let rows = link.run("SELECT max(version) FROM payonce.format", &[]).await?;
    Ok(rows.first().and_then(|row| row.get::<_, Option<i32>>(0)).unwrap_or(0))
}

/// How many steps that format is from nothing.
fn known(format: i32) -> Result<usize> {
    usize::try_from(format).ok().filter(|steps| *steps <= STEPS.len()).ok_or_else(|| {
        let message = format!(
            "the journal has format {format}, and this program knows formats up to {}: use the newer program that \
             wrote it",
            STEPS.len()
        );
        Error::new(ErrorKind::Journal, message)
    })
}

/// The steps from a format on, all or none. It fails when another process has taken them first.
fn script(format: i32) -> String {
    let done = usize::try_from(format).unwrap_or_default();
    let check = format!(
        "DO $do$ BEGIN
            IF to_regclass('payonce.format') IS NOT NULL THEN
                IF {format} <> (SELECT max(version) FROM payonce.format) THEN
                    RAISE EXCEPTION 'another process has changed the tables';
                END IF;
            END IF;
         END $do$;"
    );
    let steps: String = STEPS[done..].concat();
    // One message is one transaction.
    format!("SELECT pg_advisory_xact_lock({LOCK}); {check} {steps}")
}
