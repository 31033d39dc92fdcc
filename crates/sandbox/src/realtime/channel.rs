//! One channel that a client has joined: the rows of one payment, for as long as its key is valid.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::key::{self, BadKey, Claims};
use super::message::Message;
use crate::feed::ExecutionChange;

const SCHEMA: &str = "public";
const TABLE: &str = "checkout_payment_intent_public_status";

/// One subscription within a channel.
#[derive(Clone, Debug)]
struct Subscription {
    id: u64,
    event: String,
}

/// A channel, from its join to its end.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    topic: String,
    join_ref: Value,
    claims: Claims,
    subscriptions: Vec<Subscription>,
}

impl Channel {
    /// Joins, or says why not.
    pub(super) fn join(message: &Message, now: DateTime<Utc>) -> Result<(Self, Value), String> {
        let claims = read_key(&message.payload["access_token"], now)?;
        if subject(&message.topic) != Some((claims.session_id, claims.reference_id)) {
            return Err("Unauthorized: the key is not for this channel topic".to_owned());
        }
        let mut subscriptions = Vec::new();
        let mut confirmed = Vec::new();
        let asked = message.payload["config"]["postgres_changes"].as_array();
        for (mut asked, id) in asked.into_iter().flatten().cloned().zip(1_u64..) {
            allowed(&asked, claims.reference_id)?;
            let event = asked["event"].as_str().unwrap_or("*").to_owned();
            // The number is unlike an index, so that no client gets by with one.
            let id = 40_503_000 + id;
            asked["id"] = json!(id);
            confirmed.push(asked);
            subscriptions.push(Subscription { id, event });
        }
        let (topic, join_ref) = (message.topic.clone(), message.join_ref.clone());
        let channel = Self { topic, join_ref, claims, subscriptions };
        Ok((channel, json!({ "postgres_changes": confirmed })))
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// When the key of the channel stops being valid.
    pub(super) fn expires_at(&self) -> DateTime<Utc> {
        self.claims.expires_at()
    }

    /// Takes a newer key for the same payment.
    pub(super) fn renew(&mut self, token: &Value, now: DateTime<Utc>) -> Result<(), String> {
        let claims = read_key(token, now)?;
        let same =
            claims.session_id == self.claims.session_id && claims.reference_id == self.claims.reference_id;
        if !same {
            return Err("Unauthorized: the key is not for this channel topic".to_owned());
        }
        self.claims = claims;
        Ok(())
    }

    /// What follows a join: who is present (nobody), and that the subscription works.
    pub(super) fn greetings(&self) -> Vec<Message> {
        let mut greetings = vec![self.say("presence_state", json!({}))];
        if !self.subscriptions.is_empty() {
            greetings.push(self.system("ok", "Subscribed to PostgreSQL"));
        }
        greetings
    }

    /// The end of a channel whose key is not valid any more.
    pub(super) fn end(&self, why: &str) -> Vec<Message> {
        vec![self.system("error", why), self.say("phx_close", json!({}))]
    }

    /// A channel whose client has to join again, because it was told less than everything.
    pub(super) fn broken(&self) -> Message {
        self.say("phx_error", json!({}))
    }

    /// The row of a change, if anyone in this channel asked for it.
    pub(super) fn row(&self, change: &ExecutionChange) -> Option<Message> {
        if change.reference_id != self.claims.reference_id || change.operation != "COLLECTION" {
            return None;
        }
        let kind = if change.new { "INSERT" } else { "UPDATE" };
        let wanted = |event: &str| event == "*" || event.eq_ignore_ascii_case(kind);
        let ids: Vec<_> =
            self.subscriptions.iter().filter(|asked| wanted(&asked.event)).map(|asked| asked.id).collect();
        if ids.is_empty() {
            return None;
        }
        let at = change.at.to_rfc3339_opts(SecondsFormat::Micros, false);
        let old = if change.new { json!({}) } else { json!({ "reference_id": change.reference_id }) };
        let data = json!({
            "schema": SCHEMA,
            "table": TABLE,
            "type": kind,
            "commit_timestamp": at,
            "columns": [
                { "name": "reference_id", "type": "uuid" },
                { "name": "status", "type": "text" },
                { "name": "session_id", "type": "int8" },
                { "name": "updated_at", "type": "timestamptz" },
            ],
            "record": {
                "reference_id": change.reference_id,
                "status": change.status,
                "session_id": change.session_id,
                "updated_at": at,
            },
            "old_record": old,
            "errors": null,
        });
        Some(self.say("postgres_changes", json!({ "ids": ids, "data": data })))
    }

    fn system(&self, status: &str, message: &str) -> Message {
        let channel = self.topic.strip_prefix("realtime:").unwrap_or(&self.topic);
        let payload = json!({ "channel": channel, "extension": "postgres_changes", "status": status,
            "message": message });
        self.say("system", payload)
    }

    fn say(&self, event: &str, payload: Value) -> Message {
        Message {
            join_ref: self.join_ref.clone(),
            reference: Value::Null,
            topic: self.topic.clone(),
            event: event.to_owned(),
            payload,
        }
    }
}

/// The session and the key that a topic names.
fn subject(topic: &str) -> Option<(i64, Uuid)> {
    let (session, reference) = topic.strip_prefix("realtime:payment-intent:")?.split_once(':')?;
    Some((session.parse().ok()?, reference.parse().ok()?))
}

fn read_key(token: &Value, now: DateTime<Utc>) -> Result<Claims, String> {
    key::read(token.as_str().unwrap_or_default(), now).map_err(|bad| {
        match bad {
            BadKey::Forged => "InvalidJWTToken: the key is not one that the provider gave out",
            BadKey::Expired => "InvalidJWTToken: the key has expired",
        }
        .to_owned()
    })
}

/// Only the rows of the key's own payment can be asked for.
fn allowed(asked: &Value, reference_id: Uuid) -> Result<(), String> {
    let event = asked["event"].as_str().unwrap_or("*");
    if !["*", "INSERT", "UPDATE", "DELETE"].contains(&event) {
        return Err(format!("Unable to subscribe to changes: no such event; there is {TABLE} with *"));
    }
    if asked["schema"] != SCHEMA || asked["table"] != TABLE {
        return Err(format!("Unable to subscribe to changes: only {SCHEMA}.{TABLE} is published"));
    }
    let filter = asked["filter"].as_str().and_then(|filter| filter.strip_prefix("reference_id=eq."));
    if filter.and_then(|id| id.parse::<Uuid>().ok()) != Some(reference_id) {
        return Err("Unauthorized: the filter has to be reference_id=eq. and the key's own".to_owned());
    }
    Ok(())
}
