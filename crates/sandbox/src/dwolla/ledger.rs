//! The double-entry books, and the judge of every promise made about them. A movement of money is a posting: entries on
//! named accounts that sum to zero. Nothing else changes a balance.
//!
//! A transfer takes its money from its source when it is made (its *principal*), into `transit`; a *settlement* hands it
//! on, a *reversal* brings it back. What a bank holds is the bank's business, so `bank:` may be negative, until the bank
//! sends the debit back; `balance:` and `transit` never are. What is missing in a balance from which a late return takes
//! its money back is `owed:`.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::books::Books;
use super::store::Store;
use super::table::{Row, Table};
use super::things::{Payee, Transfer};
use crate::ledger::as_text;
use crate::money::Cents;

/// The account for money that is on its way.
pub(crate) const TRANSIT: &str = "transit";
/// The account that everything came from when the books were opened.
const OPENING: &str = "opening";

/// What a posting is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Kind {
    Opening,
    Principal,
    Settlement,
    Reversal,
}

/// One posting.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Posting {
    number: u64,
    kind: Kind,
    transfer: Option<Uuid>,
    at: DateTime<Utc>,
    entries: Vec<(String, i64)>,
}

impl Row for Posting {
    const KIND: &'static str = "posting";
    type Key = u64;

    fn key(&self) -> u64 {
        self.number
    }
}

/// The postings and what follows from them.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) postings: Table<Posting>,
    balances: HashMap<String, i64>,
    /// How often the money of a transfer was taken and not brought back.
    moved: HashMap<Uuid, i64>,
}

impl Journal {
    pub(crate) fn post(
        &mut self,
        at: DateTime<Utc>,
        kind: Kind,
        transfer: Option<Uuid>,
        entries: &[(&str, i64)],
    ) {
        let sum: i128 = entries.iter().map(|(_, cents)| i128::from(*cents)).sum();
        assert_eq!(sum, 0, "the entries of a posting sum to zero");
        let number = self.postings.last().map_or(1, |last| last + 1);
        let entries = entries.iter().filter(|(_, cents)| *cents != 0);
        let entries = entries.map(|(account, cents)| ((*account).to_owned(), *cents)).collect();
        let posting = Posting { number, kind, transfer, at, entries };
        count(&mut self.balances, &mut self.moved, &posting);
        self.postings.put(posting);
    }

    /// Money that is there when the books are opened.
    pub(crate) fn open(&mut self, at: DateTime<Utc>, account: &str, cents: i64) {
        self.post(at, Kind::Opening, None, &[(OPENING, -cents), (account, cents)]);
    }

    pub(crate) fn balance(&self, account: &str) -> i64 {
        self.balances.get(account).copied().unwrap_or(0)
    }

    pub(crate) fn moved(&self, transfer: Uuid) -> i64 {
        self.moved.get(&transfer).copied().unwrap_or(0)
    }

    /// Takes in what a file holds.
    pub(crate) fn index(&mut self) {
        self.balances.clear();
        self.moved.clear();
        for posting in self.postings.rows() {
            count(&mut self.balances, &mut self.moved, posting);
        }
    }

    /// Sums everything up anew.
    fn is_balanced(&self) -> bool {
        let mut sums: HashMap<&str, i64> = HashMap::new();
        for posting in self.postings.rows() {
            if posting.entries.iter().map(|(_, cents)| i128::from(*cents)).sum::<i128>() != 0 {
                return false;
            }
            for (account, cents) in &posting.entries {
                *sums.entry(account).or_default() += cents;
            }
        }
        let own = |account: &str| account == TRANSIT || account.starts_with("balance:");
        self.balances.values().map(|cents| i128::from(*cents)).sum::<i128>() == 0
            && self.balances.iter().all(|(account, cents)| sums.get(account.as_str()) == Some(cents))
            && self.balances.iter().all(|(account, cents)| *cents >= 0 || !own(account))
    }
}

fn count(balances: &mut HashMap<String, i64>, moved: &mut HashMap<Uuid, i64>, posting: &Posting) {
    for (account, cents) in &posting.entries {
        *balances.entry(account.clone()).or_default() += cents;
    }
    let by = match posting.kind {
        Kind::Principal => 1,
        Kind::Reversal => -1,
        Kind::Opening | Kind::Settlement => 0,
    };
    if let Some(transfer) = posting.transfer.filter(|_| by != 0) {
        *moved.entry(transfer).or_default() += by;
    }
}

/// One payment whose money was taken and not brought back. Fees are no payments of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// The transfer.
    pub transfer: Uuid,
    /// The `Idempotency-Key` it was made under.
    pub idempotency_key: Option<String>,
    /// Its `correlationId`.
    pub correlation_id: Option<String>,
    /// In US dollars.
    #[serde(serialize_with = "as_text")]
    pub amount: Decimal,
    /// The funding source it came from.
    pub source: Uuid,
    /// The funding source it goes to; nothing when it goes to an email address.
    pub destination: Option<Uuid>,
    /// `pending` or `processed`.
    pub status: String,
    /// When it was made, by the virtual clock.
    pub created: DateTime<Utc>,
}

impl Movement {
    fn of(transfer: &Transfer) -> Self {
        let destination = match &transfer.destination {
            Payee::FundingSource(id) => Some(*id),
            Payee::Email(_) => None,
        };
        Self {
            transfer: transfer.id,
            idempotency_key: transfer.key.clone(),
            correlation_id: transfer.correlation_id.clone(),
            amount: Cents(transfer.cents).decimal(),
            source: transfer.source,
            destination,
            status: transfer.status().name().to_owned(),
            created: transfer.created,
        }
    }
}

/// One line of the books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The posting it is part of; the entries of a posting sum to zero.
    pub posting: u64,
    /// `OPENING`, `PRINCIPAL`, `SETTLEMENT` or `REVERSAL`.
    pub kind: String,
    /// The transfer, except for opening balances.
    pub transfer: Option<Uuid>,
    /// The account's name, for example `balance:` or `bank:` and the id of a funding source, or `transit`.
    pub account: String,
    /// In US dollars; positive when the account receives.
    #[serde(serialize_with = "as_text")]
    pub amount: Decimal,
}

pub(crate) fn payments(books: &Books, name: &str) -> u64 {
    let moved = books.named(name).iter().map(|transfer| books.journal.moved(*transfer));
    // A reversal follows its principal, so no transfer counts less than nothing.
    moved.sum::<i64>().cast_unsigned()
}

pub(crate) fn movements(books: &Books) -> Vec<Movement> {
    let mut all: Vec<&Transfer> = books.transfers.rows().collect();
    all.retain(|transfer| transfer.is_payment() && books.journal.moved(transfer.id) > 0);
    all.sort_unstable_by_key(|transfer| transfer.number);
    all.into_iter().map(Movement::of).collect()
}

pub(crate) fn paid_twice(books: &Books) -> Vec<String> {
    let mut names: Vec<String> =
        books.names().filter(|name| payments(books, name) > 1).map(str::to_owned).collect();
    names.sort_unstable();
    names
}

pub(crate) fn entries(books: &Books) -> Vec<Entry> {
    let of = |posting: &Posting| {
        let Posting { number, kind, transfer, .. } = *posting;
        let kind = serde_json::to_value(kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
        let kind = kind.unwrap_or_default();
        let lines = posting.entries.iter().map(move |(account, cents)| Entry {
            posting: number,
            kind: kind.clone(),
            transfer,
            account: account.clone(),
            amount: Cents(*cents).decimal(),
        });
        lines.collect::<Vec<_>>()
    };
    books.journal.postings.rows().flat_map(of).collect()
}

pub(crate) fn is_balanced(books: &Books) -> bool {
    books.journal.is_balanced()
}

/// A view of the books as they are at each call.
#[derive(Clone, Debug)]
pub struct Ledger {
    store: Arc<Store>,
}

impl Ledger {
    pub(crate) fn of(store: Arc<Store>) -> Self {
        Self { store }
    }

    /// How often money was moved, and not brought back, under this name: by transfers that have it as `Idempotency-Key`,
    /// as `correlationId`, or as both. Never more than one if nobody was paid twice. A transfer counts from the moment it
    /// is made until it fails, is cancelled or is reclaimed.
    pub fn payments(&self, name: &str) -> u64 {
        self.store.look(|books| payments(books, name))
    }

    /// Every payment whose money was moved and not brought back, oldest first.
    pub fn movements(&self) -> Vec<Movement> {
        self.store.look(movements)
    }

    /// The names, keys and correlation ids alike, under which money was moved more than once.
    pub fn paid_twice(&self) -> Vec<String> {
        self.store.look(paid_twice)
    }

    /// What the books say of an account, in US dollars: `balance:` or `bank:` and the id of a funding source, `transit`, or
    /// `owed:` and the id of a balance.
    pub fn balance(&self, account: &str) -> Decimal {
        Cents(self.store.look(|books| books.journal.balance(account))).decimal()
    }

    /// Every line of the books, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.store.look(entries)
    }

    /// Whether every posting sums to zero, as do the books as a whole, every balance is the sum of its entries, and neither
    /// a balance with the provider nor the money in transit is less than nothing.
    pub fn is_balanced(&self) -> bool {
        self.store.look(is_balanced)
    }
}
