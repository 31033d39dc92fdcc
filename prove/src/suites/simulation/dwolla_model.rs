//! Dwolla as a model in memory: tokens that live an hour, keys that live a day, and transfers that are looked for in
//! lists.
//!
//! What the provider's documents leave open is drawn for each world, so that the promise is tried with every answer to it.

use std::collections::HashMap;

use dollr::ReferenceId;
use dwolla::raw::types::InitiateTransfer;
use fastrand::Rng;
use serde_json::{Value, json};

use super::provider::{Message, Provider, STALE, Said, Stand, Terrain, Will, amount, payment, said};
use super::world::{HOUR, MINUTE, Millis, SECOND, at};

/// Where a client finds the provider.
pub(super) const BASE: &str = "http://127.0.0.1:9";
/// Where all money comes from.
pub(super) const SOURCE: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";
const OWNER: &str = "ca32853c-48fa-40be-ae75-77b37504581b";

/// How long a token lives, and how long a key, and a key's lock after the provider failed.
const TOKEN: Millis = HOUR;
const DAY: Millis = 24 * HOUR;

/// By then a request may come so late that no look-up of the engine can tell any more: after its window and its margin.
const WINDOW_CLOSES: Millis = 22 * HOUR + 30 * MINUTE;
const MARGIN: Millis = 590 * SECOND;

/// What the documents leave open.
#[derive(Debug)]
struct Habits {
    /// Whether the source is a customer's, and not the application's.
    customer: bool,
    /// Whether a refusal is what a repeat is answered.
    keeps_refusals: bool,
    /// Whether a key is locked after a 500.
    locks: bool,
    /// Whether a repeat after a day is answered as the first was.
    replays_late: bool,
    /// Whether two transfers may not have one `correlationId`.
    unique: bool,
    /// For how long a request is carried out, in which its key is taken.
    busy: Millis,
    /// Whether ids are in upper case.
    shouts: bool,
    /// Whether replies name what the document of 2018 does not.
    modern: bool,
}

/// What the provider keeps.
pub(super) struct Books {
    habits: Habits,
    transfers: Vec<Transfer>,
    keys: HashMap<ReferenceId, Keyed>,
    /// When each token was given out.
    tokens: Vec<Millis>,
    /// The body of every send under a key, and when the first was made.
    sent: HashMap<ReferenceId, (Vec<u8>, Millis)>,
}

struct Transfer {
    key: ReferenceId,
    payment: usize,
    will: Will,
    since: Millis,
    has_fee: bool,
}

/// What is remembered of a key.
#[derive(Default)]
struct Keyed {
    since: Millis,
    said: Option<Said>,
    locked_until: Millis,
}

impl Books {
    pub(super) fn new(rng: &mut Rng) -> Self {
        let habits = Habits {
            customer: rng.bool(),
            keeps_refusals: rng.u8(0..3) == 0,
            locks: rng.u8(0..3) > 0,
            replays_late: rng.u8(0..3) == 0,
            unique: rng.u8(0..3) == 0,
            busy: if rng.bool() { 0 } else { rng.i64(1..8 * SECOND) },
            shouts: rng.bool(),
            modern: rng.bool(),
        };
        let (keys, sent) = (HashMap::new(), HashMap::new());
        Self { habits, transfers: Vec::new(), keys, tokens: Vec::new(), sent }
    }

    /// The key that a request asks about.
    pub(super) fn looked_for(&self, message: &Message) -> Option<ReferenceId> {
        match message.operation {
            "list_account_transfers" | "list_customer_transfers" => Some(searched(message)),
            "retrieve_transfer" => self.named(&message.id).map(|(_, transfer)| transfer.key),
            _ => None,
        }
    }

    /// What is promised of bodies is promised of the wire: one for each key, and the key is in it. Says which payment
    /// it is for.
    pub(super) fn one_body(&mut self, now: Millis, message: &Message) -> Result<usize, String> {
        let (key, asked) = (key(message), read(message));
        if asked.correlation_id != Some(key.to_string()) {
            return Err("a body that does not say which key it is for".to_owned());
        }
        let (body, _) = self.sent.entry(key).or_insert_with(|| (message.body.clone(), now));
        if *body != message.body {
            return Err("one key, two bodies".to_owned());
        }
        Ok(paid(&asked))
    }

    /// The provider failed over a request: its key may be locked for a day.
    pub(super) fn lock(&mut self, now: Millis, message: &Message) {
        if self.habits.locks && self.admits(now, message) {
            let keyed =
                self.keys.entry(key(message)).or_insert_with(|| Keyed { since: now, ..Keyed::default() });
            keyed.locked_until = now + DAY;
        }
    }

    /// Whether the request has a token that lives.
    fn admits(&self, now: Millis, message: &Message) -> bool {
        let number = message.token.as_deref().and_then(|token| token.strip_prefix("Bearer t")?.parse().ok());
        let given = number.and_then(|number: usize| self.tokens.get(number));
        given.is_some_and(|given| now < given + TOKEN)
    }

    /// The transfer of an id, in either case.
    fn named(&self, id: &str) -> Option<(usize, &Transfer)> {
        let number = usize::from_str_radix(id.rsplit('-').next()?, 16).ok()?;
        self.transfers.get(number).map(|transfer| (number, transfer))
    }

    fn id(&self, number: usize) -> String {
        let id = format!("74c9129b-d14a-4511-80da-{number:012x}");
        if self.habits.shouts { id.to_uppercase() } else { id }
    }

    fn link(&self, path: &str) -> Value {
        let href = format!("{BASE}{path}");
        if self.habits.modern {
            json!({ "href": href, "type": "application/vnd.dwolla.v1.hal+json", "resource-type": "thing" })
        } else {
            json!({ "href": href })
        }
    }

    fn owner(&self) -> (&'static str, String) {
        match self.habits.customer {
            true => ("customer", format!("/customers/{OWNER}")),
            false => ("account", format!("/accounts/{OWNER}")),
        }
    }

    /// A transfer as it is shown.
    fn show(&self, now: Millis, number: usize) -> Value {
        let transfer = &self.transfers[number];
        let status = match (transfer.will.stands(transfer.since, now), number % 3) {
            (Stand::Pending, _) => "pending",
            (Stand::Moved, _) => "processed",
            (Stand::Declined, 0) => "failed",
            (Stand::Declined, 1) => "cancelled",
            (Stand::Declined, _) => "reclaimed",
        };
        let short = transfer.will == Will::Short;
        let value = if short { "0.01".to_owned() } else { amount(transfer.payment) };
        let id = self.id(number);
        let mut links = json!({
            "self": self.link(&format!("/transfers/{id}")),
            "source": self.link(&self.owner().1),
        });
        if status == "failed" {
            links["failure"] = self.link(&format!("/transfers/{id}/failure"));
        }
        json!({
            "_links": links,
            "id": id,
            "status": status,
            "amount": { "value": value, "currency": if number.is_multiple_of(2) { "USD" } else { "usd" } },
            "created": at(transfer.since),
            "correlationId": transfer.key.to_string(),
        })
    }

    /// The fee of a transfer, which has the same correlation.
    fn show_fee(&self, number: usize) -> Value {
        let transfer = &self.transfers[number];
        let id = format!("f{}", &self.id(number)[1..]);
        json!({
            "_links": {
                "self": self.link(&format!("/transfers/{id}")),
                "created-from-transfer": self.link(&format!("/transfers/{}", self.id(number))),
            },
            "id": id,
            "status": "pending",
            "amount": { "value": "1.00", "currency": "usd" },
            "created": at(transfer.since),
            "correlationId": transfer.key.to_string(),
        })
    }
}

/// The key that a request moves money under.
pub(super) fn key(message: &Message) -> ReferenceId {
    let key = message.idempotency_key.as_deref().expect("the facade sends keys");
    key.parse().expect("the facade's keys are reference ids")
}

/// The key whose transfers are listed.
fn searched(message: &Message) -> ReferenceId {
    let mut pairs = message.query.split('&');
    let key = pairs.find_map(|pair| pair.strip_prefix("correlationId=")).expect("the facade lists by key");
    key.parse().expect("the facade's keys are reference ids")
}

fn read(message: &Message) -> InitiateTransfer {
    serde_json::from_slice(&message.body).expect("the facade writes what the raw types read")
}

/// The payment that a request is for, by whom it pays.
fn paid(asked: &InitiateTransfer) -> usize {
    let whom = asked.links.destination.href.rsplit('/').next().unwrap_or_default();
    let whom = whom.split('@').next().unwrap_or_default();
    let digits = &whom[whom.len() - 12..];
    payment(digits.parse().expect("payees are told apart by their numbers"))
}

fn problem(now: Millis, status: u16, code: &str) -> Said {
    said(now, status, &json!({ "code": code, "message": "Look at the code." }))
}

/// The refusal of a payment.
pub(super) fn refusal(now: Millis, code: &str, path: &str) -> Said {
    let wrong = json!({ "code": code, "message": "No.", "path": path, "_links": {} });
    let body = json!({ "code": "ValidationError", "message": "No.", "_embedded": { "errors": [wrong] } });
    said(now, 400, &body)
}

impl Provider {
    /// Takes a request in.
    pub(super) fn answer_dwolla(&mut self, now: Millis, message: &Message) -> Said {
        if message.operation == "obtain_token" {
            self.dwolla.tokens.push(now);
            let token = format!("t{}", self.dwolla.tokens.len() - 1);
            let reply =
                json!({ "access_token": token, "token_type": "bearer", "expires_in": TOKEN / SECOND });
            return said(now, 200, &reply);
        }
        if !self.dwolla.admits(now, message) {
            return problem(now, 401, "ExpiredAccessToken");
        }
        match message.operation {
            "retrieve_funding_source" => {
                let (rel, path) = self.dwolla.owner();
                let links = json!({ rel: self.dwolla.link(&path) });
                let bank = json!({ "id": message.id, "status": "verified", "type": "bank", "_links": links });
                said(now, 200, &bank)
            }
            "initiate_transfer" => self.initiate(now, message),
            "retrieve_transfer" => self.retrieve(now, message),
            "retrieve_transfer_failure" => {
                said(now, 200, &json!({ "code": "R1", "description": "Insufficient Funds" }))
            }
            "list_account_transfers" | "list_customer_transfers" => self.list(now, message),
            other => unreachable!("the rail does not call {other}"),
        }
    }

    fn initiate(&mut self, now: Millis, message: &Message) -> Said {
        let key = key(message);
        let known = self.dwolla.keys.get(&key).filter(|_| self.terrain.key_once());
        if let Some(known) = known {
            let lives = now < known.since + DAY || self.dwolla.habits.replays_late;
            if now < known.locked_until || lives && now < known.since + self.dwolla.habits.busy {
                return problem(now, 409, "Conflict");
            }
            if let (true, Some(said)) = (lives, &known.said) {
                return Said { at: Some(now), ..said.clone() };
            }
        }
        if self.dwolla.habits.unique && self.dwolla.transfers.iter().any(|transfer| transfer.key == key) {
            return refusal(now, "Duplicate", "/correlationId");
        }
        let asked = read(message);
        let payment = paid(&asked);
        let first = self.dwolla.sent.get(&key).map_or(now, |(_, first)| *first);
        let said = match self.carry_out(now, payment, key, message) {
            Some(will) => {
                let account = &mut self.accounts[payment];
                account.beyond_terms |= now > first + WINDOW_CLOSES && now > message.sent_at + MARGIN;
                let has_fee = !asked.fees.is_empty();
                self.dwolla.transfers.push(Transfer { key, payment, will, since: now, has_fee });
                let place = format!("{BASE}/transfers/{}", self.dwolla.id(self.dwolla.transfers.len() - 1));
                Said { status: 201, at: Some(now), location: Some(place), ..Said::default() }
            }
            None => refusal(now, "Restricted", "/_links/destination/href"),
        };
        if said.status == 201 || self.dwolla.habits.keeps_refusals {
            let keyed = Keyed { since: now, said: Some(said.clone()), locked_until: 0 };
            self.dwolla.keys.insert(key, keyed);
        }
        said
    }

    /// Whether this reply comes from a replica that does not know the transfer yet.
    fn is_stale(&mut self, now: Millis, since: Millis) -> bool {
        now < since + STALE && self.rng.u8(0..4) == 0
    }

    fn retrieve(&mut self, now: Millis, message: &Message) -> Said {
        let known = self.dwolla.named(&message.id).map(|(number, transfer)| (number, transfer.since));
        match known {
            Some((number, since)) if !self.is_stale(now, since) => {
                said(now, 200, &self.dwolla.show(now, number))
            }
            _ => problem(now, 404, "NotFound"),
        }
    }

    fn list(&mut self, now: Millis, message: &Message) -> Said {
        let key = searched(message);
        let mut shown = Vec::new();
        for number in 0..self.dwolla.transfers.len() {
            let Transfer { key: theirs, since, has_fee, .. } = self.dwolla.transfers[number];
            if theirs != key || self.is_stale(now, since) {
                continue;
            }
            shown.push(self.dwolla.show(now, number));
            if has_fee {
                shown.push(self.dwolla.show_fee(number));
            }
        }
        let total = shown.len();
        said(now, 200, &json!({ "_links": {}, "_embedded": { "transfers": shown }, "total": total }))
    }
}

impl Terrain {
    /// Whether a day has to pass before something can go wrong here.
    pub(super) fn takes_days(self) -> bool {
        matches!(self, Self::Dwolla { .. })
    }
}
