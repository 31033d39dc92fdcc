//! The durable record, written *before* the wire.
//!
//! A journal holds, for each payment, what was intended and the append-only list of what happened since. It decides
//! nothing; [`crate::step`] does. What every back end must keep true, and the conformance suite checks:
//!
//! - a write is durable when its future returns `Ok`, and has not happened at all when it returns `Err`, unless the
//!   error's effect is `Unknown`;
//! - one name is one payment, and one key belongs to one payment, by constraints of the store and not by code;
//! - only the holder of a payment's lease can append to it, and a lease that was taken over can write nothing more.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::clock::BoxFuture;
use crate::error::{Error, ErrorKind};
use crate::name::{Name, Namespace, Operation, ReferenceId};
use crate::step::{Entry, Expect, Outcome, State, Timestamp};

#[cfg(test)]
mod conformance;
mod disk;
mod memory;
mod owner;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod sqlite;
mod turns;
pub mod upkeep;
mod writer;

pub use disk::network_file_system;
pub use memory::MemoryJournal;
#[cfg(feature = "postgres")]
pub use postgres::{Archived, Enqueued, Month, PostgresJournal};
pub use sqlite::SqliteJournal;
/// The driver whose transactions a payment can be recorded in.
#[cfg(feature = "postgres")]
pub use tokio_postgres;

type Result<T, E = Error> = std::result::Result<T, E>;

/// A payment's number in its journal, ascending in the order in which payments were recorded. It means nothing
/// outside that journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct PaymentId(pub(crate) i64);

/// A payment as it was intended. None of it ever changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "back ends read it, the engine builds it")]
pub struct Intent {
    /// The rail it goes over.
    pub rail: String,
    /// Which movement.
    pub operation: Operation,
    /// Its permanent name.
    pub name: Name,
    /// The key of its first attempt.
    pub reference_id: ReferenceId,
    /// What the caller asked for, in the rail's own JSON, without secrets.
    pub contents: String,
    /// What the provider must move.
    pub expect: Expect,
}

impl Intent {
    /// What tells two payments of one name apart. It is kept beside the contents, so that a damaged record is
    /// noticed.
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        let expect = serde_json::to_string(&self.expect).expect("an expectation is plain data");
        for part in [&self.rail, self.operation.as_str(), self.name.as_str(), &self.contents, &expect] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(self.reference_id.as_uuid().as_bytes());
        hash.finalize().into()
    }
}

/// A payment and everything that is known to have happened to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "back ends build it")]
pub struct Record {
    /// Its number in the journal.
    pub id: PaymentId,
    /// What was intended.
    pub intent: Intent,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// What happened since, oldest first.
    pub entries: Vec<Entry>,
}

impl Record {
    /// Folds the entries.
    ///
    /// # Errors
    /// `Record` when they cannot have happened in that order: the payment is not driven then.
    pub fn state(&self) -> Result<State> {
        let mut state = State::intended(self.intent.expect, self.intent.reference_id, self.created_at);
        for entry in &self.entries {
            state.apply(entry).map_err(|source| {
                damaged(&self.intent.name, "holds events in an impossible order").with_source(source)
            })?;
        }
        Ok(state)
    }
}

/// How a payment stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Standing {
    /// Recorded; nothing was sent.
    Intended,
    /// A session is open; nothing that the provider may have acted upon was sent.
    Prepared,
    /// Sent, and nobody knows yet what became of it.
    Sending,
    /// The provider has it.
    Pending,
    /// The money moved.
    Completed,
    /// The money did not move.
    Failed,
    /// A person must decide.
    Parked,
}

impl Standing {
    /// Every standing, in the order of a payment's life.
    pub const ALL: [Self; 7] = [
        Self::Intended,
        Self::Prepared,
        Self::Sending,
        Self::Pending,
        Self::Completed,
        Self::Failed,
        Self::Parked,
    ];

    /// The standing of a payment in that state.
    pub fn of(state: &State) -> Self {
        match state.outcome() {
            Some(Outcome::Completed(_)) => Self::Completed,
            Some(Outcome::Failed(_)) => Self::Failed,
            Some(Outcome::Parked(_)) => Self::Parked,
            None if state.is_seen() => Self::Pending,
            None if state.in_doubt() => Self::Sending,
            None if state.body().is_some() => Self::Prepared,
            None => Self::Intended,
        }
    }

    /// Whether the payment has come to an end.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Parked)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intended => "intended",
            Self::Prepared => "prepared",
            Self::Sending => "sending",
            Self::Pending => "pending",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Parked => "parked",
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Standing {
    type Err = Error;
    fn from_str(word: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|standing| standing.as_str() == word).ok_or_else(|| {
            let words = Self::ALL.map(Self::as_str).join(", ");
            Error::new(ErrorKind::Invalid, format!("{word:?} is not a standing; the standings are {words}"))
        })
    }
}

/// One payment in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[allow(clippy::exhaustive_structs, reason = "back ends build it")]
pub struct Summary {
    /// Its number in the journal.
    pub id: PaymentId,
    /// Which movement.
    pub operation: Operation,
    /// Its permanent name.
    pub name: Name,
    /// The key of its first attempt.
    pub reference_id: ReferenceId,
    /// What the provider must move.
    pub expect: Expect,
    /// How it stands.
    pub standing: Standing,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When anything was last noted.
    pub updated_at: Timestamp,
}

/// One payment of a list, or why it cannot be read, which says nothing of the others.
pub type Listed = std::result::Result<Summary, Unread>;

/// A payment whose row in the journal cannot be read. It is not driven, and must not be paid by another name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "back ends build it")]
pub struct Unread {
    /// Its number in the journal.
    pub id: PaymentId,
    /// Which movement, if that can be read.
    pub operation: Option<Operation>,
    /// Its permanent name, if that can be read.
    pub name: Option<Name>,
    /// The key of its first attempt, if that can be read.
    pub reference_id: Option<ReferenceId>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Unread {}

impl From<Unread> for Error {
    fn from(unread: Unread) -> Self {
        Self::new(ErrorKind::Record, unread.what)
    }
}

/// Which payments to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(default)]
#[allow(clippy::exhaustive_structs, reason = "callers build it")]
pub struct Filter {
    /// Only those of this standing.
    pub standing: Option<Standing>,
    /// Only those that have not ended.
    pub unfinished: bool,
    /// Only those recorded after this one.
    pub after: Option<PaymentId>,
    /// At most so many.
    pub limit: usize,
}

impl Default for Filter {
    /// The first hundred, however they stand.
    fn default() -> Self {
        Self { standing: None, unfinished: false, after: None, limit: 100 }
    }
}

impl Filter {
    /// Goes on after that page of a list. False when there was nothing on it: then the list is at its end.
    pub fn turn(&mut self, page: &[Listed]) -> bool {
        let last =
            page.last().map(|last| last.as_ref().map_or_else(|unread| unread.id, |payment| payment.id));
        self.after = last.or(self.after);
        last.is_some()
    }
}

/// How to find one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "back ends must treat both")]
pub enum Key {
    /// By its name.
    Name(Name),
    /// By the key of any of its attempts.
    ReferenceId(ReferenceId),
}

/// The right to drive one payment. A lease that another process took over can write nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "back ends build it")]
pub struct Lease {
    /// Which payment.
    pub id: PaymentId,
    /// Tells this holding of the payment from every other; every write checks it.
    pub epoch: i64,
    /// The place of the next entry.
    pub next: usize,
}

/// What came of asking for a payment's lease.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "the engine must treat each")]
pub enum Claim {
    /// It is ours.
    Ours(Lease, Record),
    /// Another living process drives it.
    Elsewhere,
    /// It has ended, and nobody need drive it.
    Ended(Record),
}

/// What came of asking for leave to take payments up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "back ends build it")]
pub struct Granted {
    /// So many may be taken up.
    pub payments: usize,
    /// If none: for how long it is no use to ask again.
    pub wait: Duration,
}

impl Granted {
    /// The most that is granted at a time: what a tenth of a second allows, and at least one.
    pub fn lot(per_second: NonZeroU32) -> usize {
        usize::try_from(per_second.get() / 10).unwrap_or(usize::MAX).max(1)
    }
}

/// Where payments are written down.
///
/// Its methods return boxed futures so that an engine can hold any back end behind one pointer. Dropping a future
/// does not undo the write it asked for.
pub trait Journal: fmt::Debug + Send + Sync + 'static {
    /// Ties the journal to the namespace of a rail, the first time, and checks it ever after.
    ///
    /// # Errors
    /// `Configuration` when the journal remembers another namespace: under it old names would get new keys.
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<()>>;

    /// Records a payment, or finds the one of that name. A new payment comes with its lease.
    ///
    /// The caller compares the digests: a found payment may have other contents.
    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>)>>;

    /// Takes the lease of an unfinished payment unless another living process holds it. A lease that this process
    /// held already is replaced.
    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim>>;

    /// Takes up to `limit` unfinished payments of a rail that no living process holds, this one's own not among them: the
    /// operations take turns, and within each the earliest recorded is first. Callers at the same time, in whatever process, share the free ones between them.
    ///
    /// A payment whose record is damaged is held and left out, and the log says so: it must not be driven, and must not
    /// keep the others waiting.
    fn claim_free<'a>(&'a self, rail: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<(Lease, Record)>>>;

    /// Asks for leave to take up to `wanted` payments of a rail up, of which all processes together take no more than
    /// `per_second`. None where the processes have no clock and no place in common: then each keeps the pace by itself.
    fn grant<'a>(
        &'a self,
        _rail: &'a str,
        _per_second: NonZeroU32,
        _wanted: usize,
    ) -> BoxFuture<'a, Result<Option<Granted>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// How long this process may go on with what it holds if it does not reach the journal again; zero when it holds
    /// nothing. None where a lease lasts as long as its process.
    fn lease_left(&self) -> Option<Duration> {
        None
    }

    /// Whether the lease still keeps every other process from driving the payment, as far as can be told without asking.
    /// It is asked after the last write before a send. Where a lease lasts as long as its process, there is nothing to
    /// ask.
    fn holds(&self, _lease: Lease) -> bool {
        true
    }

    /// Completes when there may be free payments that were not there when it was called. A back end that is told of none
    /// never completes it, and one that is may miss some: a caller looks from time to time anyway, and asks anew after the
    /// journal failed.
    fn stirred(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// Whether another living process holds the payment, and drives it. Where no other process can, there is nothing to
    /// ask.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    fn is_held_elsewhere(&self, _id: PaymentId) -> BoxFuture<'_, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Appends to a payment. Returns the lease to use from now on.
    ///
    /// # Errors
    /// `Stopped` when the lease was taken over; `Journal` when the write failed.
    fn append(&self, lease: Lease, entries: Vec<Entry>, standing: Standing) -> BoxFuture<'_, Result<Lease>>;

    /// Lets go of a payment that this process stops driving.
    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<()>>;

    /// Lets go of many payments; a back end that can does it in one write. Those that another process has taken over are
    /// left to it.
    fn release_all(&self, leases: Vec<Lease>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            for lease in leases {
                self.release(lease).await?;
            }
            Ok(())
        })
    }

    /// Opens a failed payment again with an `Again` entry, if nothing was appended since it was read.
    ///
    /// # Errors
    /// `NotFailed` when it is not, or no longer, the failed payment that was read.
    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease>>;

    /// Ends a parked payment with a person's decision, if nothing was appended since it was read.
    ///
    /// # Errors
    /// `NotParked` when it is not, or no longer, the parked payment that was read.
    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<()>>;

    /// Finds one payment.
    ///
    /// # Errors
    /// `Record` when it is there and cannot be read; `Journal` when the journal cannot be.
    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>>>;

    /// Lists payments in the order in which they were recorded. One whose row cannot be read is listed as such, if it may
    /// be of that rail, and keeps no other from being listed.
    ///
    /// # Errors
    /// `Journal` when the journal cannot be read.
    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>>>;
}

/// The error for a payment whose record cannot be trusted.
fn damaged(name: &Name, what: &str) -> Error {
    Error::new(ErrorKind::Record, not_driven(&format!("the journal's record of {:?}", name.as_str()), what))
}

/// What to do about a record that cannot be trusted.
const MEND: &str = "Restore the journal from a backup or decide by the provider's own record; of a journal in a file, \
                    `payonce journal check` tells all that is damaged";

/// What is said of a payment whose record cannot be trusted.
fn not_driven(which: &str, what: &str) -> String {
    format!("{which} {what}; it is not driven, because that would be guessing. {MEND}")
}

/// A payment whose row cannot be read, by what of it can be.
fn unread(
    id: PaymentId,
    (operation, name, reference_id): (Option<Operation>, Option<Name>, Option<ReferenceId>),
    cause: &dyn fmt::Display,
) -> Unread {
    let which = match &name {
        Some(name) => format!("{:?}", name.as_str()),
        None => format!("payment number {}", id.0),
    };
    let what = format!(
        "the journal's row of {which} cannot be read ({cause}); it must not be paid by another name. {MEND}"
    );
    Unread { id, operation, name, reference_id, what }
}

/// Says in the log of a payment that it was taken and is not handed out.
fn left_out(error: &Error) {
    tracing::error!(%error, "a free payment is held, and not driven");
}

/// The error for a lease that another process took over.
fn taken_over() -> Error {
    Error::new(ErrorKind::Stopped, "another process has taken over this payment")
}

/// The error for a payment that is not the parked one that a person decided about.
fn not_parked() -> Error {
    Error::new(ErrorKind::NotParked, "the payment is not parked, or somebody decided about it already")
}

/// The error for a journal that belongs to another namespace.
fn other_namespace(rail: &str, remembered: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!(
            "this journal belongs to the {rail} namespace {remembered:?}, and another was given: under it, old \
             names would get new keys and be paid again. Set the namespace back, or use another journal"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money};
    use crate::step::Event;

    #[test]
    fn a_payment_stands_in_the_word_for_what_has_happened_to_it() {
        let at = Timestamp::UNIX_EPOCH;
        let money = Money::new("1.00", Currency::USD).unwrap();
        let (operation, name) = (Operation::new("payout").unwrap(), Name::new("a").unwrap());
        let key = ReferenceId::derive(&Namespace::new("merchant-42").unwrap(), &operation, &name, 1);
        let (body, reason) = ("{}".to_owned(), String::new());
        let life = [
            (Event::Prepared { body, expires_at: at, provider_at: None }, Standing::Prepared),
            (Event::Sending, Standing::Sending),
            (Event::NotSent { reason: reason.clone() }, Standing::Prepared),
            (Event::Sending, Standing::Sending),
            (Event::Unknown { reason }, Standing::Sending),
            (Event::Pending, Standing::Pending),
        ];
        let mut state = State::intended(Expect::Amount(money), key, at);
        assert_eq!(Standing::of(&state), Standing::Intended);
        for (event, standing) in life {
            state.apply(&Entry { at, event: event.clone() }).unwrap();
            assert_eq!(Standing::of(&state), standing, "after {event:?}");
        }
    }

    #[test]
    fn what_a_tenth_of_a_second_allows_is_granted_at_a_time_and_one_at_least() {
        let lots = [1, 19, 20, 250, 1000].map(|n| Granted::lot(NonZeroU32::new(n).unwrap()));
        assert_eq!(lots, [1, 1, 2, 25, 100]);
    }
}
