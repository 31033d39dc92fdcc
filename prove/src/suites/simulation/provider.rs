//! The provider as a model in memory: sessions, executions, guards, and the ledger that judges.
//!
//! It reads and writes the very bodies of the wire, through the types of the raw crate. Which payment a session is for
//! is told by its contents alone, so that the ledger does not depend on the keys that it is there to judge.

use std::collections::{HashMap, HashSet};

use dollr::ReferenceId;
use dollr::raw::enums::{ExecutionStatus, OperationType, SessionStatus};
use dollr::raw::types as wire;
use fastrand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::world::{MINUTE, Millis, SECOND, at};

/// How long a session lives when the provider decides.
const LIFETIME: Millis = 15 * MINUTE;
/// How long a status read may not know of an execution: what the engine's terms allow.
const STALE: Millis = 10 * SECOND;
/// When the engine's terms promise that nothing is under way any more: their margin, less the staleness.
const MARGIN: Millis = 110 * SECOND;

/// The provider's guards.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guards {
    /// One reference id is executed at most once.
    pub(crate) key_once: bool,
    /// One session is executed at most once, and never after its expiry.
    pub(crate) session_once: bool,
}

/// What the provider does with a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Will {
    Complete,
    CompleteAfter(Millis),
    Decline,
    DeclineAfter(Millis),
    /// Refuses so many times, and then completes.
    Refuse(u32),
    /// Completes, but with another amount.
    Short,
}

/// A payment as the provider's books have it.
#[derive(Debug)]
pub(crate) struct Account {
    will: Will,
    pub(crate) moved: u32,
    /// Something happened to it that the engine's terms rule out: only "never twice" is asked of it.
    pub(crate) beyond_terms: bool,
    pub(crate) sessions: u32,
    /// The keys that are declined for good, and may be followed by another.
    used_up: Vec<ReferenceId>,
    key: Option<ReferenceId>,
}

struct Session {
    payment: usize,
    kind: OperationType,
    expires_at: Millis,
    used: bool,
    /// The body of every send under it.
    body: Option<Vec<u8>>,
}

struct Execution {
    kind: OperationType,
    payment: usize,
    will: Will,
    since: Millis,
}

/// The provider.
pub(crate) struct Provider {
    pub(crate) guards: Guards,
    pub(crate) accounts: Vec<Account>,
    rng: Rng,
    /// How it answers a key that it knows: as the first time, by a conflict, or by a validation error.
    repeats: u8,
    sessions: Vec<Session>,
    executions: HashMap<ReferenceId, Execution>,
    /// The processes that sent a key and have not looked it up since.
    unlooked: HashSet<(usize, ReferenceId)>,
    /// How many sends the journal of each process licenses.
    licences: HashMap<usize, i64>,
    /// Whether a process was overtaken: then what it was about to send comes without a licence, and in no order.
    pub(crate) overtaken: bool,
    /// When a request was told that the payment is refused.
    refused: HashMap<u64, Millis>,
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) number: u64,
    pub(crate) operation: &'static str,
    /// What ends its path.
    pub(crate) key: String,
    pub(crate) body: Vec<u8>,
}

/// What the provider says.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// When, if it is the provider's own word.
    pub(crate) at: Option<Millis>,
    pub(crate) retry_after: Option<u64>,
}

fn said(now: Millis, status: u16, body: &impl Serialize) -> Said {
    let body = serde_json::to_vec(body).expect("a reply is plain data");
    Said { status, body, at: Some(now), retry_after: None }
}

fn sentence(now: Millis, status: u16, words: &str) -> Said {
    Said { status, body: format!(r#"{{"detail":"{words}"}}"#).into_bytes(), at: Some(now), retry_after: None }
}

/// The refusal of a field.
pub(crate) fn field(now: Millis, name: &str, words: &str) -> Said {
    let body = format!(r#"{{"detail":[{{"loc":["body","{name}"],"msg":"{words}","type":"value_error"}}]}}"#);
    Said { status: 422, body: body.into_bytes(), at: Some(now), retry_after: None }
}

fn read<T: DeserializeOwned>(message: &Message) -> T {
    serde_json::from_slice(&message.body).expect("the facade writes what the raw types read")
}

impl Provider {
    pub(crate) fn new(seed: u64, guards: Guards, payments: usize) -> Self {
        let mut rng = Rng::with_seed(seed);
        let accounts = (0..payments).map(|_| Account::new(&mut rng)).collect();
        let repeats = rng.u8(0..3);
        Self {
            guards,
            accounts,
            rng,
            repeats,
            sessions: Vec::new(),
            executions: HashMap::new(),
            unlooked: HashSet::new(),
            licences: HashMap::new(),
            overtaken: false,
            refused: HashMap::new(),
        }
    }

    /// Looks at a request as it is sent: what is promised of keys and bodies is promised of the wire.
    pub(crate) fn watch(&mut self, process: usize, message: &Message) -> Result<(), String> {
        if message.operation.ends_with("_status") {
            let key = message.key.parse().expect("the facade asks by key");
            self.unlooked.retain(|(_, sent)| *sent != key);
        }
        if !message.operation.starts_with("execute_") {
            return Ok(());
        }
        let (key, session) = key_and_session(message);
        let blind = !self.unlooked.insert((process, key));
        let licences = self.licences.entry(process).or_default();
        *licences -= 1;
        if !self.overtaken && *licences < 0 {
            return Err("a send of which the journal says nothing".to_owned());
        }
        if !self.overtaken && blind {
            return Err("a blind send: nothing was looked up since the last one".to_owned());
        }
        let Some(session) = self.sessions.get_mut(session) else {
            return Err("an unknown session".to_owned());
        };
        match &session.body {
            Some(body) if *body != message.body => return Err("one session, two bodies".to_owned()),
            Some(_) => {}
            None => session.body = Some(message.body.clone()),
        }
        let account = &mut self.accounts[session.payment];
        match account.key {
            Some(known) if known != key && !account.used_up.contains(&known) => {
                Err(format!("payment {}: a new key while the old one can be executed", session.payment))
            }
            _ => {
                account.key = Some(key);
                Ok(())
            }
        }
    }

    /// What was sent certainly did not arrive: it may be sent again without a look-up.
    pub(crate) fn forget(&mut self, process: usize, message: &Message) {
        if message.operation.starts_with("execute_") {
            self.unlooked.remove(&(process, key_and_session(message).0));
        }
    }

    /// A process that starts has read no licence yet.
    pub(crate) fn revoke(&mut self, process: usize) {
        self.licences.remove(&process);
    }

    /// The journal says that a send is about to be made.
    pub(crate) fn license(&mut self, process: usize, sends: usize) {
        *self.licences.entry(process).or_default() += sends as i64;
    }

    /// Takes a request in.
    pub(crate) fn answer(&mut self, now: Millis, message: &Message) -> Said {
        let said = match message.operation {
            "obtain_token" => {
                let reply = wire::ObtainTokenResponse { access_token: "token".into(), expires_in: 30 };
                said(now, 200, &reply)
            }
            "create_payout_session" => self.open_payout(now, &read(message)),
            "create_transfer_session" => self.open_transfer(now, &read(message)),
            "create_refund_session" => self.open_refund(now, &read(message)),
            "create_checkout_session" => self.open_checkout(now, &read(message)),
            operation if operation.starts_with("execute_") => self.execute(now, message),
            _ => self.status(now, message),
        };
        if said.status == 400 {
            self.note_refusal(now, message.number);
        }
        said
    }

    /// Notes that a request was told no: the engine's terms speak of executions that came before that.
    pub(crate) fn note_refusal(&mut self, now: Millis, number: u64) {
        self.refused.entry(number).or_insert(now);
    }

    fn open(&mut self, kind: OperationType, payment: usize, expires_at: Millis) -> i64 {
        self.accounts[payment].sessions += 1;
        self.sessions.push(Session { payment, kind, expires_at, used: false, body: None });
        self.sessions.len() as i64
    }

    fn open_payout(&mut self, now: Millis, ask: &wire::CreatePayoutSessionPayload) -> Said {
        let expires_at = now + LIFETIME;
        let id = self.open(OperationType::Payout, payment(ask.payout_account_id), expires_at);
        let reply = wire::PayoutSessionResponse {
            amount: ask.amount,
            created_at: at(now).into(),
            currency: ask.currency.clone(),
            expires_at: at(expires_at).into(),
            id,
            payout_account_id: ask.payout_account_id,
            status: SessionStatus::Active,
            updated_at: at(now).into(),
            wallet_id: 1,
        };
        said(now, 200, &reply)
    }

    fn open_transfer(&mut self, now: Millis, ask: &wire::CreateTransferSessionPayload) -> Said {
        let Some(expires_at) = asked(now, ask.expires_at) else {
            return field(now, "expires_at", "must lie in the future");
        };
        let id = self.open(OperationType::Transfer, payment(ask.to_counterparty_id), expires_at);
        let reply = wire::TransferSessionResponse {
            amount: ask.amount,
            created_at: at(now).into(),
            currency: ask.currency.clone(),
            expires_at: at(expires_at).into(),
            from_wallet_id: ask.from_wallet_id,
            id,
            status: SessionStatus::Active,
            to_counterparty_id: ask.to_counterparty_id,
            updated_at: at(now).into(),
        };
        said(now, 200, &reply)
    }

    fn open_refund(&mut self, now: Millis, ask: &wire::CreateRefundSessionPayload) -> Said {
        let Some(expires_at) = asked(now, ask.expires_at) else {
            return field(now, "expires_at", "must lie in the future");
        };
        let id = self.open(OperationType::Refund, payment(ask.original_payment_intent_id), expires_at);
        let reply = wire::RefundSessionResponse {
            amount: ask.amount,
            created_at: at(now).into(),
            expires_at: at(expires_at).into(),
            id,
            original_payment_intent_id: ask.original_payment_intent_id,
            reason: ask.reason.clone(),
            status: SessionStatus::Active,
            updated_at: at(now).into(),
        };
        said(now, 200, &reply)
    }

    fn open_checkout(&mut self, now: Millis, ask: &wire::CreateCheckoutSessionPayload) -> Said {
        if self.guards.key_once && self.accounts[payment(ask.source_id)].moved > 0 {
            return sentence(now, 400, "the invoice is paid");
        }
        let expires_at = now + LIFETIME;
        let id = self.open(OperationType::Collection, payment(ask.source_id), expires_at);
        let reply = wire::CheckoutSessionResponse {
            created_at: at(now).into(),
            expires_at: at(expires_at).into(),
            id,
            payment_account_id: None,
            source_id: ask.source_id,
            source_type: ask.source_type.clone(),
            status: SessionStatus::Active,
            updated_at: at(now).into(),
        };
        said(now, 200, &reply)
    }

    fn execute(&mut self, now: Millis, message: &Message) -> Said {
        let (key, index) = key_and_session(message);
        if self.guards.key_once && self.executions.contains_key(&key) {
            return match self.repeats {
                0 => self.report(now, key),
                1 => sentence(now, 409, "conflict"),
                _ => field(now, "reference_id", "already exists"),
            };
        }
        let session = &self.sessions[index];
        if self.guards.session_once && session.used {
            return field(now, "session_id", "was used");
        }
        if self.guards.session_once && now >= session.expires_at {
            return field(now, "session_id", "has expired");
        }
        let (number, kind, expires_at) = (session.payment, session.kind.clone(), session.expires_at);
        let account = &mut self.accounts[number];
        if let Will::Refuse(times) = &mut account.will
            && *times > 0
        {
            *times -= 1;
            return sentence(now, 400, "the account cannot receive this");
        }
        let will = if account.used_up.is_empty() { account.will } else { Will::of(&mut self.rng) };
        let will = if let Will::Refuse(_) = will { Will::Complete } else { will };
        self.sessions[index].used = true;
        let account = &mut self.accounts[number];
        if matches!(will, Will::Decline | Will::DeclineAfter(_)) {
            account.used_up.push(key);
        } else {
            account.moved += 1;
        }
        let late = !self.guards.session_once && now > expires_at + MARGIN;
        let denied = self.refused.get(&message.number).is_some_and(|at| now > *at);
        account.beyond_terms |= late || denied;
        let execution = Execution { kind, payment: number, will, since: now };
        self.executions.entry(key).or_insert(execution);
        self.report(now, key)
    }

    fn status(&mut self, now: Millis, message: &Message) -> Said {
        let key: ReferenceId = message.key.parse::<ReferenceId>().expect("the facade asks by key");
        let Some(execution) = self.executions.get(&key) else {
            return sentence(now, 404, "not found");
        };
        if now < execution.since + STALE && self.rng.u8(0..4) == 0 {
            return sentence(now, 404, "not found");
        }
        self.report(now, key)
    }

    fn report(&mut self, now: Millis, key: ReferenceId) -> Said {
        let execution = self.executions.get(&key).expect("only what was executed is reported");
        let status = match execution.will {
            Will::CompleteAfter(wait) | Will::DeclineAfter(wait) if now < execution.since + wait => {
                ExecutionStatus::Pending
            }
            Will::Decline | Will::DeclineAfter(_) => ExecutionStatus::Failed,
            _ => ExecutionStatus::Completed,
        };
        let amount = amount(execution.payment);
        let amount = if execution.will == Will::Short { "0.01" } else { &amount };
        let amount: dollr::raw::Amount = amount.parse().expect("an amount is an amount");
        let currency = if execution.will == Will::Short { "LRD" } else { "USD" };
        let reply = wire::ExecutionResponse {
            client_secret: None,
            gateway_message: None,
            operation_type: execution.kind.clone(),
            payee_amount: amount,
            payee_currency: currency.to_owned(),
            payer_amount: amount,
            payer_currency: currency.to_owned(),
            payment_intent_id: None,
            provider_transaction_id: None,
            reference_id: key.as_uuid(),
            requires_action: None,
            status,
            wallet_message: None,
        };
        said(now, 200, &reply)
    }
}

impl Account {
    fn new(rng: &mut Rng) -> Self {
        Self {
            will: Will::of(rng),
            moved: 0,
            beyond_terms: false,
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

fn payment(id: i64) -> usize {
    usize::try_from(id - FIRST).expect("ids stand for payments")
}

/// What a payment comes to, in dollars.
pub(crate) fn amount(payment: usize) -> String {
    format!("{}.25", 10 + payment)
}

/// The expiry that was asked for, if it lies in the future.
fn asked(now: Millis, expires_at: dollr::raw::Timestamp) -> Option<Millis> {
    let wanted = (expires_at.utc() - at(0)).num_milliseconds();
    (wanted > now).then_some(wanted)
}

/// What every request that moves money says.
#[derive(serde::Deserialize)]
struct Asked {
    reference_id: String,
    session_id: String,
}

fn key_and_session(message: &Message) -> (ReferenceId, usize) {
    let asked: Asked = read(message);
    let key = asked.reference_id.parse().expect("the facade sends keys");
    let session: usize = asked.session_id.parse().expect("the facade sends sessions by number");
    (key, session - 1)
}
