//! A plain loop over the file, which remembers nothing.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::provider::{Payout, Provider};

/// What to pay.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// Where the provider is.
    url: String,
    /// The file of payments.
    file: PathBuf,
    /// How many at a time.
    at_once: usize,
}

/// Pays each line of the file, and prints how many are completed.
pub(crate) fn run(load: Load) -> Result<()> {
    let text = std::fs::read_to_string(&load.file)?;
    let rows = text.lines().skip(1).map(row).collect::<Result<Vec<_>>>()?;
    let paid = tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(pay(load, rows))?;
    println!("{paid}");
    Ok(())
}

async fn pay(load: Load, rows: Vec<Payout>) -> Result<usize> {
    let provider = Arc::new(Provider::sign_in(crate::http(), load.url).await?);
    let permits = Arc::new(Semaphore::new(load.at_once));
    let mut payments = JoinSet::new();
    let mut paid = 0;
    for row in rows {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let provider = Arc::clone(&provider);
        payments.spawn(async move {
            let paid = complete(&provider, row).await;
            drop(permit);
            paid
        });
        while let Some(ended) = payments.try_join_next() {
            paid += usize::from(ended??);
        }
    }
    while let Some(ended) = payments.join_next().await {
        paid += usize::from(ended??);
    }
    Ok(paid)
}

/// Makes one payment, and says whether it is completed.
async fn complete(provider: &Provider, row: Payout) -> Result<bool> {
    let body = provider.open(&row).await?;
    Ok(provider.execute(&body).await? == "COMPLETED")
}

/// Reads a line of name, account, amount and currency, and makes a key that nobody can derive again.
fn row(line: &str) -> Result<Payout> {
    let mut cells = line.split(',').skip(1);
    let mut cell = || cells.next().context("a line has too few cells");
    let account = cell()?.parse()?;
    let amount = RawValue::from_string(cell()?.to_owned())?;
    let reference_id = uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid();
    Ok(Payout { reference_id, account, amount, currency: cell()?.to_owned() })
}
