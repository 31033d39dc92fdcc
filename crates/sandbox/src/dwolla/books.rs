//! The books as one piece of work sees them: what there is, and the ways to find it.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::hal::Pen;
use super::idempotency::Keyed;
use super::ledger::Journal;
use super::problem::Refusal;
use super::seed;
use super::switches::Switches;
use super::table::{Row, Table, Written};
use super::things::{Customer, FundingSource, Owner, Payee, Step, Token, Transfer};

/// Everything the provider knows.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) now: DateTime<Utc>,
    pub(crate) switches: Switches,
    /// The sandbox's own address.
    pub(crate) base: String,
    pub(crate) customers: Table<Customer>,
    pub(crate) sources: Table<FundingSource>,
    pub(crate) transfers: Table<Transfer>,
    pub(crate) tokens: Table<Token>,
    pub(crate) keys: Table<Keyed>,
    pub(crate) journal: Journal,
    found: Found,
}

/// The ways to find things. All of it follows from the tables.
#[derive(Debug, Default)]
struct Found {
    sources_of: HashMap<Owner, Vec<Uuid>>,
    transfers_of: HashMap<Owner, Vec<Uuid>>,
    /// By `Idempotency-Key` and by `correlationId`.
    transfers_named: HashMap<String, Vec<Uuid>>,
    keyed: HashMap<String, Vec<u64>>,
    /// What a simulation moves on, in the order in which it was made.
    waiting: BTreeSet<(u64, Uuid)>,
    /// What moves on by itself, in the order of time.
    due: BTreeSet<(DateTime<Utc>, Uuid)>,
    last_transfer: u64,
}

impl Books {
    pub(crate) fn new(now: DateTime<Utc>, switches: Switches) -> Self {
        Self {
            now,
            switches,
            base: String::new(),
            customers: Table::default(),
            sources: Table::default(),
            transfers: Table::default(),
            tokens: Table::default(),
            keys: Table::default(),
            journal: Journal::default(),
            found: Found::default(),
        }
    }

    pub(crate) fn pen(&self) -> Pen {
        Pen { base: self.base.clone(), output: self.switches.output }
    }

    /// Adds a funding source and returns its id.
    pub(crate) fn add_source(&mut self, mut source: FundingSource) -> Uuid {
        let id = source.id;
        source.number = self.sources.rows().count() as u64 + 1;
        self.found.sources_of.entry(source.owner).or_default().push(id);
        self.sources.put(source);
        id
    }

    /// The funding sources of somebody, in the order in which they were made.
    pub(crate) fn sources_of(&self, owner: Owner) -> impl Iterator<Item = &FundingSource> {
        let ids = self.found.sources_of.get(&owner).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.sources.find(id))
    }

    /// The balance of somebody who has one.
    pub(crate) fn balance_of(&self, owner: Owner) -> Option<&FundingSource> {
        self.sources_of(owner).find(|source| !source.is_bank())
    }

    /// Adds a transfer, whose number is given here.
    pub(crate) fn add_transfer(&mut self, mut transfer: Transfer) {
        transfer.number = self.found.last_transfer + 1;
        self.find(&transfer);
        self.transfers.put(transfer);
    }

    /// Changes a transfer that is there, and what it is found by.
    pub(crate) fn change_transfer(&mut self, id: Uuid, change: impl FnOnce(&mut Transfer)) {
        let Some(before) = self.transfers.find(&id) else { return };
        self.found.waiting.remove(&(before.number, id));
        if let Some(due) = before.due {
            self.found.due.remove(&(due, id));
        }
        self.transfers.change(&id, change);
        if let Some(after) = self.transfers.find(&id) {
            self.found.wait(after);
        }
    }

    /// The transfers that somebody takes part in, oldest first.
    pub(crate) fn transfers_of(&self, owner: Owner) -> impl DoubleEndedIterator<Item = &Transfer> {
        let ids = self.found.transfers_of.get(&owner).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.transfers.find(id))
    }

    /// The transfers with this `Idempotency-Key` or `correlationId`.
    pub(crate) fn named(&self, name: &str) -> &[Uuid] {
        self.found.transfers_named.get(name).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.found.transfers_named.keys().map(String::as_str)
    }

    /// What is remembered under an `Idempotency-Key`, oldest first.
    pub(crate) fn keyed_under(&self, key: &str) -> &[u64] {
        self.found.keyed.get(key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn add_key(&mut self, keyed: Keyed) {
        self.found.keyed.entry(keyed.name().to_owned()).or_default().push(keyed.key());
        self.keys.put(keyed);
    }

    /// The transfer that a bank has to deal with next and that is not among these.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = Uuid> {
        self.found.waiting.iter().map(|(_, id)| *id)
    }

    /// The first transfer that moves on by itself up to this instant.
    pub(crate) fn first_due(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Uuid)> {
        self.found.due.first().copied().filter(|(due, _)| *due <= now)
    }

    /// Who a transfer comes from and goes to. An email address is nobody's.
    pub(crate) fn parties(&self, transfer: &Transfer) -> (Option<Owner>, Option<Owner>) {
        let owner = |id: &Uuid| self.sources.find(id).map(|source| source.owner);
        let destination = match &transfer.destination {
            Payee::FundingSource(id) => owner(id),
            Payee::Email(_) => None,
        };
        (owner(&transfer.source), destination)
    }

    /// A customer of the application, or why not.
    pub(crate) fn customer(&self, id: Uuid) -> Result<&Customer, Refusal> {
        if id == seed::FOREIGN_CUSTOMER {
            return Err(Refusal::forbidden());
        }
        self.customers.find(&id).ok_or_else(Refusal::not_found)
    }

    /// Takes in a row of a file.
    pub(crate) fn read(&mut self, kind: &str, text: &str) -> Result<(), serde_json::Error> {
        match kind {
            Customer::KIND => self.customers.read(text),
            FundingSource::KIND => self.sources.read(text),
            Transfer::KIND => self.transfers.read(text),
            Token::KIND => self.tokens.read(text),
            Keyed::KIND => self.keys.read(text),
            _ => self.journal.postings.read(text),
        }
    }

    /// Finds everything anew, after the tables were read.
    pub(crate) fn index(&mut self) {
        self.found = Found::default();
        let mut sources: Vec<_> =
            self.sources.rows().map(|source| (source.number, source.owner, source.id)).collect();
        sources.sort_unstable();
        for (_, owner, id) in sources {
            self.found.sources_of.entry(owner).or_default().push(id);
        }
        let mut transfers: Vec<Transfer> = self.transfers.rows().cloned().collect();
        transfers.sort_unstable_by_key(|transfer| transfer.number);
        for transfer in &transfers {
            self.find(transfer);
        }
        for keyed in self.keys.rows() {
            self.found.keyed.entry(keyed.name().to_owned()).or_default().push(keyed.key());
        }
        self.journal.index();
    }

    /// What was changed since this was last asked.
    pub(crate) fn written(&mut self) -> Vec<Written> {
        let mut rows = Vec::new();
        self.customers.written(&mut rows);
        self.sources.written(&mut rows);
        self.transfers.written(&mut rows);
        self.tokens.written(&mut rows);
        self.keys.written(&mut rows);
        self.journal.postings.written(&mut rows);
        rows
    }

    /// Nobody wants to know what was changed.
    pub(crate) fn forget_changes(&mut self) {
        self.customers.forget_changes();
        self.sources.forget_changes();
        self.transfers.forget_changes();
        self.tokens.forget_changes();
        self.keys.forget_changes();
        self.journal.postings.forget_changes();
    }

    /// Puts everything but the clock, the switches and the address back to the beginning.
    pub(crate) fn reset(&mut self) {
        self.customers.clear();
        self.sources.clear();
        self.transfers.clear();
        self.tokens.clear();
        self.keys.clear();
        self.journal.postings.clear();
        self.index();
        seed::fill(self);
    }

    fn find(&mut self, transfer: &Transfer) {
        let (from, to) = self.parties(transfer);
        for owner in [from, to.filter(|to| Some(*to) != from)].into_iter().flatten() {
            self.found.transfers_of.entry(owner).or_default().push(transfer.id);
        }
        let key = transfer.key.as_deref();
        let correlation_id = transfer.correlation_id.as_deref();
        for name in [key, correlation_id.filter(|id| Some(*id) != key)].into_iter().flatten() {
            self.found.transfers_named.entry(name.to_owned()).or_default().push(transfer.id);
        }
        self.found.last_transfer = transfer.number;
        self.found.wait(transfer);
    }
}

impl Found {
    fn wait(&mut self, transfer: &Transfer) {
        if transfer.next.is_some_and(|step| step != Step::Reclaim) {
            self.waiting.insert((transfer.number, transfer.id));
        }
        if let Some(due) = transfer.due {
            self.due.insert((due, transfer.id));
        }
    }
}
