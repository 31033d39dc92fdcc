//! Dollr as a model in memory: sessions, executions, and its two guards.
//!
//! It reads and writes the very bodies of the wire, through the types of the raw crate. Which payment a session is for
//! is told by its contents alone, so that the ledger does not depend on the keys that it is there to judge.

use std::collections::HashMap;

use dollr::ReferenceId;
use dollr::raw::enums::{ExecutionStatus, OperationType, SessionStatus};
use dollr::raw::types as wire;
use fastrand::Rng;
use serde::de::DeserializeOwned;

use super::provider::{Message, Provider, STALE, Said, Stand, Terrain, Will, amount, payment, said};
use super::world::{MINUTE, Millis, SECOND, at};

/// How long a session lives when the provider decides.
const LIFETIME: Millis = 15 * MINUTE;
/// When the engine's terms promise that nothing is under way any more: their margin, less the staleness.
const MARGIN: Millis = 110 * SECOND;

/// The provider's guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guards {
    /// One reference id is executed at most once.
    pub(crate) key_once: bool,
    /// One session is executed at most once, and never after its expiry.
    pub(crate) session_once: bool,
}

/// What the provider keeps.
pub(super) struct Books {
    /// How it answers a key that it knows: as the first time, by a conflict, or by a validation error.
    repeats: u8,
    sessions: Vec<Session>,
    executions: HashMap<ReferenceId, Execution>,
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

impl Books {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self { repeats: rng.u8(0..3), sessions: Vec::new(), executions: HashMap::new() }
    }
}

fn sentence(now: Millis, status: u16, words: &str) -> Said {
    Said { status, body: format!(r#"{{"detail":"{words}"}}"#).into_bytes(), at: Some(now), ..Said::default() }
}

/// The refusal of a field.
pub(super) fn field(now: Millis, name: &str, words: &str) -> Said {
    let body = format!(r#"{{"detail":[{{"loc":["body","{name}"],"msg":"{words}","type":"value_error"}}]}}"#);
    Said { status: 422, body: body.into_bytes(), at: Some(now), ..Said::default() }
}

fn read<T: DeserializeOwned>(message: &Message) -> T {
    serde_json::from_slice(&message.body).expect("the facade writes what the raw types read")
}

/// The key that a request moves money under.
pub(super) fn key(message: &Message) -> ReferenceId {
    key_and_session(message).0
}

/// The key that a request asks about.
pub(super) fn looked_for(message: &Message) -> Option<ReferenceId> {
    let asks = message.operation.ends_with("_status");
    asks.then(|| message.id.parse().expect("the facade asks by key"))
}

impl Provider {
    /// What is promised of bodies is promised of the wire: one for each session. Says which payment it is for.
    pub(super) fn under_one_session(&mut self, message: &Message) -> Result<usize, String> {
        let (_, session) = key_and_session(message);
        let Some(session) = self.dollr.sessions.get_mut(session) else {
            return Err("an unknown session".to_owned());
        };
        match &session.body {
            Some(body) if *body != message.body => return Err("one session, two bodies".to_owned()),
            Some(_) => {}
            None => session.body = Some(message.body.clone()),
        }
        Ok(session.payment)
    }

    /// Takes a request in.
    pub(super) fn answer_dollr(&mut self, now: Millis, message: &Message) -> Said {
        match message.operation {
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
        }
    }

    fn open(&mut self, kind: OperationType, payment: usize, expires_at: Millis) -> i64 {
        self.accounts[payment].sessions += 1;
        self.dollr.sessions.push(Session { payment, kind, expires_at, used: false, body: None });
        self.dollr.sessions.len() as i64
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
        if self.terrain.key_once() && self.accounts[payment(ask.source_id)].moved > 0 {
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
        if self.terrain.key_once() && self.dollr.executions.contains_key(&key) {
            return match self.dollr.repeats {
                0 => self.report(now, key),
                1 => sentence(now, 409, "conflict"),
                _ => field(now, "reference_id", "already exists"),
            };
        }
        let session = &self.dollr.sessions[index];
        if self.sessions_hold() && session.used {
            return field(now, "session_id", "was used");
        }
        if self.sessions_hold() && now >= session.expires_at {
            return field(now, "session_id", "has expired");
        }
        let (number, kind, expires_at) = (session.payment, session.kind.clone(), session.expires_at);
        let Some(will) = self.carry_out(now, number, key, message) else {
            return sentence(now, 400, "the account cannot receive this");
        };
        self.dollr.sessions[index].used = true;
        self.accounts[number].beyond_terms |= !self.sessions_hold() && now > expires_at + MARGIN;
        let execution = Execution { kind, payment: number, will, since: now };
        self.dollr.executions.entry(key).or_insert(execution);
        self.report(now, key)
    }

    fn status(&mut self, now: Millis, message: &Message) -> Said {
        let key = looked_for(message).expect("the facade asks by key");
        let Some(execution) = self.dollr.executions.get(&key) else {
            return sentence(now, 404, "not found");
        };
        if now < execution.since + STALE && self.rng.u8(0..4) == 0 {
            return sentence(now, 404, "not found");
        }
        self.report(now, key)
    }

    fn report(&mut self, now: Millis, key: ReferenceId) -> Said {
        let execution = self.dollr.executions.get(&key).expect("only what was executed is reported");
        let status = match execution.will.stands(execution.since, now) {
            Stand::Pending => ExecutionStatus::Pending,
            Stand::Declined => ExecutionStatus::Failed,
            Stand::Moved => ExecutionStatus::Completed,
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

    /// Whether a session is executed once, and not after its expiry.
    fn sessions_hold(&self) -> bool {
        matches!(self.terrain, Terrain::Dollr(Guards { session_once: true, .. }))
    }
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
