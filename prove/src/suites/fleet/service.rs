//! The service that wants payments made: it records each in a transaction of its own, beside a row of its own, and some of
//! these transactions roll back, or break off, or end with nobody knowing how.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use dollr::journal::PostgresJournal;
use dollr::{AccountId, CounterpartyId, Dollr, WalletId, usd};
use dwolla::{Dwolla, FundingSourceId};
use payonce::journal::tokio_postgres::types::ToSql;
use payonce::journal::tokio_postgres::{Client, Transaction};
use payonce::journal::{Enqueued, Intent};
use payonce_sandbox::dwolla::{BALANCE, VERIFIED_BALANCE};
use tokio::time::Instant;
use uuid::Uuid;

use super::base::Base;
use super::plan::MERCHANTS;
use super::providers::Providers;
use crate::bed;

/// What became of the transactions.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// Those that the database said were committed.
    pub(super) committed: Vec<Uuid>,
    /// Those that were rolled back, or never asked to commit.
    pub(super) abandoned: Vec<Uuid>,
    /// Those whose end is known by what is in the database alone.
    pub(super) unknown: usize,
}

/// The service.
pub(super) struct Service {
    base: Base,
    journal: PostgresJournal,
    dollr: Dollr,
    dwolla: Dwolla,
    draw: fastrand::Rng,
    next: usize,
    recorded: Recorded,
}

enum End {
    Committed,
    Abandoned,
    Unknown,
}

impl Service {
    /// Opens one, which sends nothing itself.
    pub(super) async fn open(base: &Base, providers: &Providers, seed: u64) -> Result<Self> {
        let journal = PostgresJournal::open(&base.url).await?;
        let shared: Arc<PostgresJournal> = Arc::new(journal.clone());
        let dollr = bed::client(&providers.dollr).journal_with(Arc::clone(&shared) as _).build()?;
        let dwolla = bed::dwolla_client(&providers.dwolla).journal_with(shared as _).build()?;
        let draw = fastrand::Rng::with_seed(seed);
        Ok(Self { base: base.clone(), journal, dollr, dwolla, draw, next: 0, recorded: Recorded::default() })
    }

    /// What has become of them so far.
    pub(super) fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// Records so many a second, until then.
    pub(super) async fn record(&mut self, rate: u32, until: Instant) -> Result<()> {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / rate);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut client = None;
        while ticks.tick().await < until {
            let (number, kind) = (self.next, self.draw.u32(..10));
            self.next += 1;
            let mut connected = match client.take() {
                Some(client) => client,
                // The database is away.
                None => match self.base.client().await {
                    Ok(client) => client,
                    Err(_) => continue,
                },
            };
            let (key, end) = self.one(&mut connected, number, kind).await?;
            let recorded = &mut self.recorded;
            match end {
                End::Committed => recorded.committed.push(key),
                End::Abandoned => recorded.abandoned.push(key),
                End::Unknown => recorded.unknown += 1,
            }
            // One that is dropped breaks off.
            client = Some(connected).filter(|connected| kind != 9 && !connected.is_closed());
        }
        Ok(())
    }

    /// Records exactly these, and lets nothing fail.
    pub(super) async fn record_all(&mut self, numbers: std::ops::Range<usize>) -> Result<()> {
        let mut client = self.base.client().await?;
        for number in numbers {
            if !matches!(self.one(&mut client, number, 0).await?, (_, End::Committed)) {
                bail!("a payment could not be recorded in peace");
            }
        }
        Ok(())
    }

    /// One transaction: kinds below 8 commit, the 8th is rolled back, the 9th breaks off with its connection.
    async fn one(&self, client: &mut Client, number: usize, kind: u32) -> Result<(Uuid, End)> {
        let intent = self.intent(number)?;
        let key = intent.reference_id.as_uuid();
        let Ok(transaction) = client.transaction().await else { return Ok((key, End::Abandoned)) };
        let due = transaction.execute("INSERT INTO shop.due VALUES ($1)", &[&key]).await;
        let enqueued = match due {
            Ok(_) => self.enqueue(&transaction, number, &intent).await,
            Err(_) => return Ok((key, End::Abandoned)),
        };
        match enqueued {
            Ok(true) => {}
            Ok(false) => bail!("a name that is new is called known"),
            Err(_) => return Ok((key, End::Abandoned)),
        }
        let end = match kind {
            9 => End::Abandoned,
            8 => transaction.rollback().await.map_or(End::Abandoned, |()| End::Abandoned),
            _ => transaction.commit().await.map_or(End::Unknown, |()| End::Committed),
        };
        Ok((key, end))
    }

    /// By the library, and every third by the function that any driver can call.
    async fn enqueue(&self, transaction: &Transaction<'_>, number: usize, intent: &Intent) -> Result<bool> {
        let merchant = merchant_of(number);
        if !number.is_multiple_of(3) {
            let journal = self.journal.merchant(merchant)?;
            let enqueued = match self.order(number)? {
                Order::Dollr(order) => order.enqueue_in(&journal, transaction).await?,
                Order::Dwolla(order) => order.enqueue_in(&journal, transaction).await?,
            };
            return Ok(enqueued == Enqueued::Recorded);
        }
        let sql = "SELECT payonce.enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let expect = serde_json::to_string(&intent.expect)?;
        let (operation, name) = (intent.operation.as_str(), intent.name.as_str());
        let (digest, now) = (intent.digest().to_vec(), chrono::Utc::now().timestamp_millis());
        let key = intent.reference_id.as_uuid();
        let values: [&(dyn ToSql + Sync); 9] =
            [&merchant, &intent.rail, &operation, &name, &key, &intent.contents, &expect, &digest, &now];
        let row = transaction.query_one(sql, &values).await?;
        Ok(row.get::<_, &str>(0) == "recorded")
    }

    fn intent(&self, number: usize) -> Result<Intent> {
        Ok(match self.order(number)? {
            Order::Dollr(order) => order.intent()?,
            Order::Dwolla(order) => order.intent()?,
        })
    }

    /// By turns on either rail.
    fn order(&self, number: usize) -> Result<Order> {
        let name = format!("fleet/{number}");
        let amount = usd("1.00").context("a dollar is an amount")?;
        Ok(match number % 4 {
            0 | 1 => Order::Dollr(self.dollr.payout(name, AccountId::new(18), amount)),
            2 => {
                let (wallet, counterparty) = (WalletId::new(3), CounterpartyId::new(15));
                Order::Dollr(self.dollr.transfer(name, wallet, counterparty, amount))
            }
            _ => {
                let [from, to] = [BALANCE, VERIFIED_BALANCE].map(|id| FundingSourceId::new(id.to_string()));
                Order::Dwolla(self.dwolla.transfer(name, from, to, amount))
            }
        })
    }
}

/// A third is the second merchant's.
fn merchant_of(number: usize) -> &'static str {
    MERCHANTS[usize::from(number / 4 % 3 == 2)]
}

enum Order {
    Dollr(dollr::Order),
    Dwolla(dwolla::Order),
}
