//! A provider as a model in memory: what it does with each payment, what it is told, and the ledger that judges. How it
//! goes about it is Dollr's or Dwolla's.
//!
//! Whoever it is, a payment is told by its contents alone, so that the ledger does not depend on the keys that it is
//! there to judge.

use std::collections::{HashMap, HashSet};

use dollr::ReferenceId;
use fastrand::Rng;
use serde::Serialize;

use super::dollr_model::{self, Guards};
use super::dwolla_model;
use super::world::{MINUTE, Millis, SECOND};

/// How long a status read may not know of an execution: what the engine's terms allow.
pub(super) const STALE: Millis = 10 * SECOND;

/// Who the provider is, and which of its guards it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Terrain {
    /// Dollr with these guards.
    Dollr(Guards),
    /// Dwolla, which has one guard: its keys, each for a day.
    Dwolla {
        /// Whether it keeps them at all.
        key_once: bool,
    },
}

impl Terrain {
    /// Whether the key alone keeps a payment from being made twice.
    pub(crate) fn key_once(self) -> bool {
        match self {
            Self::Dollr(guards) => guards.key_once,
            Self::Dwolla { key_once } => key_once,
        }
    }

    pub(super) fn rail(self) -> &'static str {
        match self {
            Self::Dollr(_) => "dollr",
            Self::Dwolla { .. } => "dwolla",
        }
    }
}

/// What the provider does with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Will {
    Complete,
    CompleteAfter(Millis),
    Decline,
    DeclineAfter(Millis),
    /// Refuses so many times, and then completes.
    Refuse(u32),
    /// Completes, but with another amount.
    Short,
}

/// How an execution stands.
pub(super) enum Stand {
    Pending,
    Declined,
    Moved,
}

/// A payment as the provider's books have it.
#[derive(Debug)]
pub(crate) struct Account {
    will: Will,
    pub(crate) moved: u32,
    /// Something happened to it that the engine's terms rule out: only "never twice" is asked of it.
    pub(crate) beyond_terms: bool,
    /// It was called failed by a journal that knew of nothing that was sent before then.
    unknown_before: Millis,
    pub(crate) sessions: u32,
    /// The keys that are declined for good, and may be followed by another.
    used_up: Vec<ReferenceId>,
    key: Option<ReferenceId>,
}

/// The provider.
pub(crate) struct Provider {
    pub(crate) terrain: Terrain,
    pub(crate) accounts: Vec<Account>,
    pub(super) rng: Rng,
    pub(super) dollr: dollr_model::Books,
    pub(super) dwolla: dwolla_model::Books,
    /// The processes that sent a key and have not looked it up since.
    unlooked: HashSet<(usize, ReferenceId)>,
    /// How many sends the journal of each process licenses.
    licences: HashMap<usize, i64>,
    /// Whether a process was overtaken: then what it was about to send comes without a licence, and in no order.
    pub(crate) overtaken: bool,
    /// When the journal was last lost: nobody knows what was sent before.
    lost_at: Option<Millis>,
    /// When a request was told that the payment is refused.
    refused: HashMap<u64, Millis>,
}

/// A request on its way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) number: u64,
    /// Who sent it, and when.
    pub(crate) process: usize,
    pub(crate) sent_at: Millis,
    pub(crate) operation: &'static str,
    /// What ends its path.
    pub(crate) id: String,
    pub(crate) query: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What the provider says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// When, if it is the provider's own word.
    pub(crate) at: Option<Millis>,
    pub(crate) retry_after: Option<u64>,
    pub(crate) location: Option<String>,
}

pub(super) fn said(now: Millis, status: u16, body: &impl Serialize) -> Said {
    let body = serde_json::to_vec(body).expect("a reply is plain data");
    Said { status, body, at: Some(now), ..Said::default() }
}

fn moves_money(message: &Message) -> bool {
    message.operation.starts_with("execute_") || message.operation == "initiate_transfer"
}

impl Provider {
    pub(crate) fn new(seed: u64, terrain: Terrain, payments: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let accounts = (0..payments).map(|_| Account::new(&mut rng)).collect();
        let dollr = dollr_model::Books::new(&mut rng);
        let dwolla = dwolla_model::Books::new(&mut rng);
        Self {
            terrain,
            accounts,
            rng,
            dollr,
            dwolla,
            unlooked: HashSet::new(),
            licences: HashMap::new(),
            overtaken: false,
            lost_at: None,
            refused: HashMap::new(),
        }
    }

    fn key(&self, message: &Message) -> ReferenceId {
        match self.terrain {
            Terrain::Dollr(_) => dollr_model::key(message),
            Terrain::Dwolla { .. } => dwolla_model::key(message),
        }
    }

    fn looked_for(&self, message: &Message) -> Option<ReferenceId> {
        match self.terrain {
            Terrain::Dollr(_) => dollr_model::looked_for(message),
            Terrain::Dwolla { .. } => self.dwolla.looked_for(message),
        }
    }

    /// Looks at a request as it is sent: what is promised of keys and bodies is promised of the wire.
    pub(crate) fn watch(&mut self, now: Millis, message: &Message) -> Result<(), String> {
        if let Some(key) = self.looked_for(message) {
            self.unlooked.retain(|(_, sent)| *sent != key);
        }
        if !moves_money(message) {
            return Ok(());
        }
        let key = self.key(message);
        let blind = !self.unlooked.insert((message.process, key));
        let licences = self.licences.entry(message.process).or_default();
        *licences -= 1;
        if !self.overtaken && *licences < 0 {
            return Err("a send of which the journal says nothing".to_owned());
        }
        if !self.overtaken && blind {
            return Err("a blind send: nothing was looked up since the last one".to_owned());
        }
        let payment = match self.terrain {
            Terrain::Dollr(_) => self.under_one_session(message)?,
            Terrain::Dwolla { .. } => self.dwolla.one_body(now, message)?,
        };
        let account = &mut self.accounts[payment];
        match account.key {
            // Of one who was overtaken: it is used up, and whether it does harm the ledger tells.
            _ if self.overtaken && account.used_up.contains(&key) => Ok(()),
            Some(known) if known != key && !account.used_up.contains(&known) => {
                Err(format!("payment {payment}: a new key while the old one can be executed"))
            }
            _ => {
                account.key = Some(key);
                Ok(())
            }
        }
    }

    /// What was sent certainly was not acted upon: it may be sent again without a look-up.
    pub(crate) fn forget(&mut self, message: &Message) {
        if moves_money(message) {
            self.unlooked.remove(&(message.process, self.key(message)));
        }
    }

    /// A process that starts has read no licence yet.
    pub(crate) fn revoke(&mut self, process: usize) {
        self.licences.remove(&process);
    }

    /// The journal is lost, and with it all that was known of what is on its way.
    pub(crate) fn lose_journal(&mut self, now: Millis) {
        self.overtaken = true;
        self.lost_at = Some(now);
    }

    /// The journal has it that no money moves, or not any more.
    pub(crate) fn called_failed(&mut self, payment: usize, failed: bool) {
        self.accounts[payment].unknown_before = self.lost_at.filter(|_| failed).unwrap_or_default();
    }

    /// The journal says that a send is about to be made.
    pub(crate) fn license(&mut self, process: usize, sends: usize) {
        *self.licences.entry(process).or_default() += sends as i64;
    }

    /// Takes a request in.
    pub(crate) fn answer(&mut self, now: Millis, message: &Message) -> Said {
        let said = match self.terrain {
            Terrain::Dollr(_) => self.answer_dollr(now, message),
            Terrain::Dwolla { .. } => self.answer_dwolla(now, message),
        };
        match said.status {
            400 => self.note_refusal(now, message.number),
            401 => self.forget(message),
            _ => {}
        }
        said
    }

    /// Notes that a request was told no: the engine's terms speak of executions that came before that.
    pub(crate) fn note_refusal(&mut self, now: Millis, number: u64) {
        self.refused.entry(number).or_insert(now);
    }

    /// The provider has failed over a request, whether it carried it out or not.
    pub(crate) fn failed(&mut self, now: Millis, message: &Message) {
        if moves_money(message) && self.terrain == (Terrain::Dwolla { key_once: true }) {
            self.dwolla.lock(now, message);
        }
    }

    /// Carries a payment out as it is going to be; nothing if it is refused.
    pub(super) fn carry_out(
        &mut self,
        now: Millis,
        payment: usize,
        key: ReferenceId,
        message: &Message,
    ) -> Option<Will> {
        let account = &mut self.accounts[payment];
        if let Will::Refuse(times) = &mut account.will
            && *times > 0
        {
            *times -= 1;
            return None;
        }
        let will = if account.used_up.is_empty() { account.will } else { Will::of(&mut self.rng) };
        let will = if let Will::Refuse(_) = will { Will::Complete } else { will };
        if matches!(will, Will::Decline | Will::DeclineAfter(_)) {
            account.used_up.push(key);
        } else {
            account.moved += 1;
        }
        account.beyond_terms |= self.refused.get(&message.number).is_some_and(|at| now > *at);
        // A copy from before the journal was lost: whoever called the payment failed since could not know of it.
        account.beyond_terms |= message.sent_at < account.unknown_before;
        Some(will)
    }

    /// The payment that moved more than once, if any did.
    pub(crate) fn moved_twice(&self) -> Option<(usize, u32)> {
        let mut accounts = self.accounts.iter().enumerate();
        accounts.find(|(_, account)| account.moved > 1).map(|(payment, account)| (payment, account.moved))
    }
}

impl Account {
    fn new(rng: &mut Rng) -> Self {
        Self {
            will: Will::of(rng),
            moved: 0,
            beyond_terms: false,
            unknown_before: 0,
            sessions: 0,
            used_up: Vec::new(),
            key: None,
        }
    }
}

impl Account {
    /// Whether the provider moves another amount than it was asked for.
    pub(crate) fn is_short(&self) -> bool {
        self.will == Will::Short
    }
}

impl Will {
    /// How an execution of that time stands now.
    pub(super) fn stands(self, since: Millis, now: Millis) -> Stand {
        match self {
            Self::CompleteAfter(wait) | Self::DeclineAfter(wait) if now < since + wait => Stand::Pending,
            Self::Decline | Self::DeclineAfter(_) => Stand::Declined,
            _ => Stand::Moved,
        }
    }

    fn of(rng: &mut Rng) -> Self {
        match rng.u8(0..40) {
            0..20 => Self::Complete,
            20..30 => Self::CompleteAfter(rng.i64(SECOND..MINUTE)),
            30 => Self::CompleteAfter(rng.i64(MINUTE..90 * MINUTE)),
            31..34 => Self::Decline,
            34..36 => Self::DeclineAfter(rng.i64(SECOND..5 * MINUTE)),
            36 => Self::Short,
            _ => Self::Refuse(rng.u32(1..4)),
        }
    }
}

/// The first of the ids that stand for payments.
const FIRST: i64 = 1000;

/// The id that stands for a payment, whatever it is the id of.
pub(crate) fn id(payment: usize) -> i64 {
    FIRST + payment as i64
}

pub(super) fn payment(id: i64) -> usize {
    usize::try_from(id - FIRST).expect("ids stand for payments")
}

/// What a payment comes to, in dollars.
pub(crate) fn amount(payment: usize) -> String {
    format!("{}.25", 10 + payment)
}
