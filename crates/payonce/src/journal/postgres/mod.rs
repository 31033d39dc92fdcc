//! The journal in a PostgreSQL database: one for all the workers of a fleet, and for several merchants.
//!
//! # Why no payment is driven by two
//!
//! *The row decides.* Every payment that has not ended has one row in `unfinished`, with its owner and the epoch of the
//! taking. Whoever takes a payment and whoever notes something of it changes that row, so PostgreSQL lets one wait for the
//! other, and the second looks at the row again as the first has left it (`READ COMMITTED`). A note under a lease that was
//! taken over finds another epoch and writes nothing; a taker that waited for a note finds it, because what has been noted
//! is read by a later statement. So the journal's order of events is one order, whatever processes do.
//!
//! *Time only decides who may take.* A payment is free when it has no owner or a dead one. An owner is dead when a taker
//! has called it so, after its time was up by the database's clock, in the row that extends its life too: so an owner that
//! is called dead was not extended, and one that is extended was not called dead. It never lives again. A taker goes by the
//! list of the dead, and not by who is missing among the living, because it may look at a row twice, the second time newer
//! than its list.
//!
//! *The wire.* A process that stood still between its note and its send asks [`Journal::holds`](super::Journal::holds): by
//! its own clock, which goes on while the machine sleeps, its last extension was sent so lately that the database cannot
//! have let the owner run out. What is left is the time from that question to the wire, for which five seconds are kept.
//!
//! # Nothing of a session
//!
//! Every statement is a transaction of its own and unnamed, with its types beside it: no `SET`, no lock that outlives it,
//! nothing prepared. So PgBouncer in transaction mode can stand between. Only the wait for new payments
//! takes a connection that reaches the server itself.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OnceCell, oneshot};
use tokio_postgres::types::Type;

use super::{
    Claim, Filter, Granted, Intent, Journal, Key, Lease, Listed, PaymentId, Record, Result, Standing,
    other_namespace,
};
use crate::clock::BoxFuture;
use crate::error::{Error, ErrorKind};
use crate::name::Namespace;
use crate::step::{Entry, Timestamp};

mod address;
mod append;
mod archive;
mod claim;
mod explain;
mod intend;
mod listen;
mod owner;
mod pace;
mod password;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

use address::{Address, Link, Value};
use append::Append;
pub use archive::{Archived, Month};
use intend::NewPayment;
use owner::{Owner, Terms};
use writer::Writer;

/// The merchant of a journal that holds one.
const ONLY: &str = "default";

/// What of an intent is written as JSON.
fn expectation(intent: &Intent) -> String {
    serde_json::to_string(&intent.expect).expect("an expectation is plain data")
}

/// A journal in a PostgreSQL database, for the payments of one merchant.
///
/// Any number of processes may open it. Each write is durable before it returns, and writes that wait together share one
/// statement. A process that ends leaves its payments free at once; those of one that died, or was cut off, are free when
/// its lease of 30 seconds has run out. Clones and other merchants' handles share their connections, at most ten in all,
/// and the lease.
#[derive(Clone)]
pub struct PostgresJournal {
    shared: Arc<Shared>,
    merchant: Arc<str>,
    /// The rails that the journal was found, or made, to be bound for, with their namespaces.
    bound: Arc<Mutex<HashMap<String, Namespace>>>,
}

/// What came of recording a payment in a transaction of the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third; the rest are errors")]
pub enum Enqueued {
    /// It is recorded if the transaction commits.
    Recorded,
    /// It was recorded before, with the same contents; nothing was written.
    Known,
}

#[derive(Debug)]
struct Shared {
    link: Link,
    terms: Terms,
    running: OnceCell<Running>,
}

/// What the writes need.
#[derive(Debug)]
struct Store {
    link: Link,
    owner: Arc<Owner>,
}

#[derive(Debug)]
struct Running {
    store: Arc<Store>,
    intends: Writer<NewPayment>,
    appends: Writer<Append>,
    news: Arc<Notify>,
    listening: OnceLock<tokio::task::JoinHandle<()>>,
    /// Dropped with the journal, which ends the lease.
    _alive: oneshot::Sender<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.get() {
            listening.abort();
        }
    }
}

impl fmt::Debug for PostgresJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresJournal")
            .field("address", &self.shared.link.address)
            .field("merchant", &self.merchant)
            .finish_non_exhaustive()
    }
}

impl PostgresJournal {
    /// Connects, checks that the database keeps what it confirms, and makes or updates the tables where that is needed
    /// and allowed.
    ///
    /// The URL is one of PostgreSQL's own. Without a password in it, `PGPASSWORD` is taken, or the password file. To
    /// another machine nothing goes in the clear unless it says `sslmode=disable`.
    ///
    /// # Errors
    /// `Configuration` when the URL cannot be read; `Journal`, in plain words, when the database cannot be reached, is
    /// older than PostgreSQL 15, is a replica, does not wait for its disk, or has tables of a newer version.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), payonce::Error> {
    /// use payonce::journal::PostgresJournal;
    ///
    /// let journal = PostgresJournal::open("postgres://payonce@db.internal/shop").await?;
    /// let other_shop = journal.merchant("other-shop")?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(url: &str) -> Result<Self> {
        let journal = Self::at(url)?;
        journal.running().await?;
        Ok(journal)
    }

    /// As [`open`](Self::open), but connects when it is first asked for something, and reports then what is wrong there.
    ///
    /// # Errors
    /// `Configuration` when the URL cannot be read.
    pub fn at(url: &str) -> Result<Self> {
        Self::with_terms(url, Terms::default())
    }

    fn with_terms(url: &str, terms: Terms) -> Result<Self> {
        let link = Link::new(Address::parse(url)?)?;
        Ok(Self {
            shared: Arc::new(Shared { link, terms, running: OnceCell::new() }),
            merchant: ONLY.into(),
            bound: Arc::default(),
        })
    }

    /// The payments of another merchant in the same database, over the same connections. Nothing of one merchant is seen
    /// through the handle of another: names, keys and namespaces are each one's own.
    ///
    /// # Errors
    /// `Invalid` when the name is empty, longer than 100 bytes, or holds control characters.
    pub fn merchant(&self, name: &str) -> Result<Self> {
        if name.is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
            let message = "a merchant's name has 1 to 100 bytes and no control characters";
            return Err(Error::new(ErrorKind::Invalid, message));
        }
        Ok(Self { shared: Arc::clone(&self.shared), merchant: name.into(), bound: Arc::default() })
    }

    /// Where the database is: its hosts and its name, and nothing else of the URL.
    pub fn address(&self) -> String {
        self.shared.link.address.to_string()
    }

    fn bound(&self) -> MutexGuard<'_, HashMap<String, Namespace>> {
        self.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn merchant_name(&self) -> &str {
        &self.merchant
    }

    /// Records a payment in a transaction of the caller's: it is paid, by any process that works on this journal, if and
    /// only if that transaction commits. The caller's process need not drive anything.
    ///
    /// # Errors
    /// `NameTaken` when the name belongs to a payment with other contents; `Journal` when the statement fails, which
    /// spoils the transaction. Nothing was written in either case, and what the caller did before is the caller's.
    pub async fn enqueue_in(
        &self,
        transaction: &tokio_postgres::Transaction<'_>,
        intent: &Intent,
        at: Timestamp,
    ) -> Result<Enqueued> {
        let (merchant, expect) = (self.merchant_name(), expectation(intent));
        let (operation, name) = (intent.operation.as_str(), intent.name.as_str());
        let (digest, at) = (intent.digest().to_vec(), at.timestamp_millis());
        let values: &[Value<'_>] = &[
            (&merchant, Type::TEXT),
            (&intent.rail, Type::TEXT),
            (&operation, Type::TEXT),
            (&name, Type::TEXT),
            (&intent.reference_id.as_uuid(), Type::UUID),
            (&intent.contents, Type::TEXT),
            (&expect, Type::TEXT),
            (&digest, Type::BYTEA),
            (&at, Type::INT8),
        ];
        let sql = "SELECT payonce.enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let rows = transaction.query_typed(sql, values).await.map_err(|error| explain::explain(&error))?;
        match rows.first().map(|row| row.get(0)) {
            Some("recorded") => Ok(Enqueued::Recorded),
            Some("known") => Ok(Enqueued::Known),
            _ => Err(Error::new(
                ErrorKind::NameTaken,
                format!("the name {name:?} already belongs to a payment with other contents"),
            )
            .with_payment(intent.operation.clone(), intent.reference_id)),
        }
    }

    /// Connects, checks and begins to write, once.
    async fn running(&self) -> Result<&Running> {
        let shared = &self.shared;
        shared
            .running
            .get_or_try_init(async || {
                let blame = |error: Error| {
                    let message = format!("{}: {}", shared.link.address, error.message());
                    Error::new(error.kind(), message).with_source(error)
                };
                schema::prepare(&shared.link).await.map_err(blame)?;
                let owner = Arc::new(Owner::new(shared.link.clone(), shared.terms));
                let (alive, dropped) = oneshot::channel();
                tokio::spawn(Arc::clone(&owner).live(dropped));
                let store = Arc::new(Store { link: shared.link.clone(), owner });
                Ok(Running {
                    intends: Writer::start(Arc::clone(&store)),
                    appends: Writer::start(Arc::clone(&store)),
                    store,
                    news: Arc::default(),
                    listening: OnceLock::new(),
                    _alive: alive,
                })
            })
            .await
    }
}

impl Journal for PostgresJournal {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            // What is bound never changes.
            if self.bound().get(rail) == Some(namespace) {
                return Ok(());
            }
            let link = &self.running().await?.store.link;
            let (merchant, text) = (self.merchant_name(), namespace.as_str());
            let values: &[Value<'_>] = &[(&merchant, Type::TEXT), (&rail, Type::TEXT), (&text, Type::TEXT)];
            // Read first: a role that may only read the binding is enough once it is there.
            let read = "SELECT namespace FROM payonce.bindings WHERE merchant = $1 AND rail = $2";
            let insert = "INSERT INTO payonce.bindings (merchant, rail, namespace) VALUES ($1, $2, $3)
                          ON CONFLICT DO NOTHING";
            let mut found = link.run(read, &values[..2]).await?;
            if found.is_empty() {
                link.run(insert, values).await?;
                found = link.run(read, &values[..2]).await?;
            }
            let remembered: &str = found.first().map_or("", |row| row.get(0));
            if remembered != text {
                return Err(other_namespace(rail, remembered));
            }
            self.bound().insert(rail.to_owned(), namespace.clone());
            Ok(())
        })
    }

    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>)>> {
        Box::pin(async move {
            let running = self.running().await?;
            let merchant = Arc::clone(&self.merchant);
            let new = NewPayment { merchant, intent: intent.clone(), at };
            if let Some(lease) = running.intends.run(new).await? {
                return Ok((
                    Record { id: lease.id, intent, created_at: at, entries: Vec::new() },
                    Some(lease),
                ));
            }
            let name = Key::Name(intent.name);
            let found = read::find(&running.store, self.merchant_name(), &intent.rail, &name).await?;
            let found = found.expect("the insertion met a row of that name, and rows are never removed");
            Ok((found, None))
        })
    }

    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim>> {
        Box::pin(async move { claim::claim(self, &self.running().await?.store, id).await })
    }

    fn claim_free<'a>(&'a self, rail: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<(Lease, Record)>>> {
        Box::pin(async move { claim::claim_free(self, &self.running().await?.store, rail, limit).await })
    }

    fn grant<'a>(
        &'a self,
        rail: &'a str,
        per_second: NonZeroU32,
        wanted: usize,
    ) -> BoxFuture<'a, Result<Option<Granted>>> {
        Box::pin(async move {
            let store = &self.running().await?.store;
            pace::grant(store, (self.merchant_name(), rail), per_second, wanted).await.map(Some)
        })
    }

    fn lease_left(&self) -> Option<Duration> {
        Some(self.shared.running.get().map_or(Duration::ZERO, |running| running.store.owner.left()))
    }

    fn holds(&self, lease: Lease) -> bool {
        self.shared.running.get().is_some_and(|running| running.store.owner.holds(lease.epoch))
    }

    fn stirred(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // Whoever waits here need not be the one who connects: it may not be polled while others wait for that.
            let Some(running) = self.shared.running.get() else { return std::future::pending().await };
            let stirred = running.news.notified();
            let (address, news) = (&self.shared.link.address, &running.news);
            running.listening.get_or_init(|| tokio::spawn(listen::listen(address.clone(), Arc::clone(news))));
            stirred.await;
        })
    }

    fn is_held_elsewhere(&self, id: PaymentId) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            read::is_held_elsewhere(&self.running().await?.store, self.merchant_name(), id).await
        })
    }

    fn append(&self, lease: Lease, entries: Vec<Entry>, standing: Standing) -> BoxFuture<'_, Result<Lease>> {
        let merchant = Arc::clone(&self.merchant);
        Box::pin(async move {
            self.running().await?.appends.run(Append { merchant, lease, entries, standing }).await
        })
    }

    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<()>> {
        self.release_all(vec![lease])
    }

    fn release_all(&self, leases: Vec<Lease>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { claim::release(self, &self.running().await?.store, &leases).await })
    }

    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease>> {
        Box::pin(async move { claim::reopen(self, &self.running().await?.store, record, &again).await })
    }

    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            claim::resolve(self, &self.running().await?.store, record, &resolved, standing).await
        })
    }

    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>>> {
        Box::pin(async move {
            let store = &self.running().await?.store;
            read::find(store, self.merchant_name(), rail, &key).await
        })
    }

    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>>> {
        Box::pin(async move {
            let store = &self.running().await?.store;
            read::list(store, self.merchant_name(), rail, &filter).await
        })
    }
}
