//! What a claim of free payments costs, and a whole payment, among more and more payments that have ended.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use dollr::journal::{Journal, PostgresJournal};
use serde::Serialize;
use test_postgres::Postgres;
use tokio::runtime::Runtime;

use crate::plot::Plot;
use crate::report::{self, Table, median};
use crate::work::{intents, moment, whole_payments};

/// How many are free at a time, and how many of them a claim takes.
const FREE: usize = 2_048;
const TAKEN: usize = 32;

/// How many whole payments are written, and by how many callers.
const WHOLE: usize = 4_000;
const CALLERS: usize = 64;

#[derive(Serialize)]
pub(super) struct Line {
    ended: u32,
    claim_ms: f64,
    slowest_claim_ms: f64,
    payments_per_s: f64,
    size_mb: f64,
}

/// Fills a database tenfold again and again.
pub(super) fn measure(runtime: &Runtime, server: &Postgres, ended: u32) -> Result<Vec<Line>> {
    let url = server.database()?;
    let database = url.rsplit('/').next().context("the URL names a database")?;
    let worker = Arc::new(runtime.block_on(PostgresJournal::open(&url))?);
    let (mut lines, mut before) = (Vec::new(), 0);
    let mut sizes: Vec<u32> =
        (3..10).map(|power| 10_u32.pow(power)).take_while(|size| *size < ended).collect();
    sizes.push(ended);
    for size in sizes {
        for first in (before..size).step_by(1_000_000) {
            fill(server, database, first, (first + 1_000_000).min(size))?;
        }
        before = size;
        server.sql(database, "VACUUM ANALYZE")?;
        let claims = runtime.block_on(claims(&url, &worker, size))?;
        let intents = intents(&format!("among-{size}"), WHOLE)?;
        let payments_per_s = whole_payments(runtime, worker.clone(), CALLERS, intents)?;
        let size_mb =
            server.sql(database, "SELECT pg_database_size(current_database())")?.parse::<f64>()? / 1e6;
        let slowest_claim_ms = claims.iter().copied().fold(0.0, f64::max);
        lines.push(Line {
            ended: size,
            claim_ms: median(&claims),
            slowest_claim_ms,
            payments_per_s,
            size_mb,
        });
    }
    Ok(lines)
}

/// Payments that have ended, with the events that lead there; made by the database, because there are so many.
fn fill(server: &Postgres, database: &str, from: u32, to: u32) -> Result<()> {
    let fill = format!(
        "WITH made AS (
             INSERT INTO payonce.payments (merchant, rail, operation, name, reference_id, contents, expect, digest,
                                           created_at, standing, updated_at)
             SELECT 'default', 'dollr', 'payout', 'old/' || n, gen_random_uuid(), repeat('c', 80), repeat('e', 60),
                    sha256(n::text::bytea), 1795000000000, 'completed', 1795000000000
             FROM generate_series({from}, {to} - 1) n RETURNING id
         )
         INSERT INTO payonce.events (payment, place, at, event, digest)
         SELECT id, place, 1795000000000, repeat('e', 150), decode(repeat('00', 16), 'hex')
         FROM made, generate_series(0, 2) place"
    );
    server.sql(database, &fill)?;
    Ok(())
}

/// How long each claim takes, in milliseconds, until there are no more.
async fn claims(url: &str, worker: &PostgresJournal, size: u32) -> Result<Vec<f64>> {
    // Another process has recorded them and ended.
    let service = PostgresJournal::open(url).await?;
    for intent in intents(&format!("free-{size}"), FREE)? {
        let (_, lease) = service.intend(intent, moment()).await?;
        service.release(lease.context("a new payment comes with its lease")?).await?;
    }
    let (mut took, mut taken) = (Vec::new(), 0);
    while taken < FREE {
        let began = Instant::now();
        let claimed = worker.claim_free("dollr", TAKEN).await?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(claimed.len() == TAKEN, "{} of {TAKEN} were claimed", claimed.len());
        taken += claimed.len();
    }
    Ok(took)
}

pub(super) fn print(lines: &[Line]) -> Result<()> {
    let mut table = Table::new(&["ended", "claim of 32, ms", "slowest", "whole payments/s", "MB"]);
    for line in lines {
        table.row([
            line.ended.to_string(),
            format!("{:.2}", line.claim_ms),
            format!("{:.2}", line.slowest_claim_ms),
            format!("{:.0}", line.payments_per_s),
            format!("{:.0}", line.size_mb),
        ]);
    }
    table.print("Claims and payments among so many that have ended");
    let points =
        |of: fn(&Line) -> f64| lines.iter().map(|line| (f64::from(line.ended).log10(), of(line))).collect();
    let plot = Plot {
        title: "A claim of 32 free payments among ended ones".to_owned(),
        across: "ended payments, power of ten",
        up: "milliseconds",
        lines: vec![
            ("median", points(|line| line.claim_ms)),
            ("slowest", points(|line| line.slowest_claim_ms)),
        ],
    };
    let path = report::directory()?.join("postgres.svg");
    std::fs::write(&path, plot.svg()).with_context(|| path.display().to_string())?;
    println!("The plot is {}.", path.display());
    Ok(())
}
