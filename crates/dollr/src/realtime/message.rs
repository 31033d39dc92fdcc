//! The messages of a Phoenix channel as Supabase Realtime speaks it, version 1.0.0: what is said, and what is understood.

use payonce::{ReferenceId, Secret};
use serde_json::{Value, json};

const TABLE: &str = "checkout_payment_intent_public_status";

/// The channel of one collection.
pub(super) fn topic(session_id: i64, reference_id: ReferenceId) -> String {
    format!("realtime:payment-intent:{session_id}:{reference_id}")
}

/// Asks to hear of every change to the payment's row.
pub(super) fn join(topic: &str, reference_id: ReferenceId, key: &Secret, number: u64) -> String {
    let changes = json!([{
        "event": "*",
        "schema": "public",
        "table": TABLE,
        "filter": format!("reference_id=eq.{reference_id}"),
    }]);
    let config = json!({
        "broadcast": { "ack": false, "self": false },
        "presence": { "key": "" },
        "postgres_changes": changes,
        "private": false,
    });
    say(topic, "phx_join", json!({ "config": config, "access_token": key.expose() }), number)
}

/// Hands over a newer key.
pub(super) fn renew(topic: &str, key: &Secret, number: u64) -> String {
    say(topic, "access_token", json!({ "access_token": key.expose() }), number)
}

/// Leaves a channel.
pub(super) fn leave(topic: &str, number: u64) -> String {
    say(topic, "phx_leave", json!({}), number)
}

/// Asks whether anybody is there.
pub(super) fn heartbeat(number: u64) -> String {
    say("phoenix", "heartbeat", json!({}), number)
}

fn say(topic: &str, event: &str, payload: Value, number: u64) -> String {
    let number = number.to_string();
    json!({ "topic": topic, "event": event, "payload": payload, "ref": number, "join_ref": number })
        .to_string()
}

/// What a message means. The topic is the channel's; the server's words are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The heartbeat of that number is answered.
    Alive(u64),
    /// The channel is open.
    Joined(String),
    /// There is news, whatever it is.
    Changed(String),
    /// The channel was refused, or is no more.
    Lost(String),
}

/// Understands a message, if it means anything here.
pub(super) fn read(text: &str) -> Option<Heard> {
    let message: Value = serde_json::from_str(text).ok()?;
    let topic = message["topic"].as_str()?;
    let status = message["payload"]["status"].as_str();
    let heard: fn(String) -> Heard = match (message["event"].as_str()?, status) {
        ("phx_reply", _) if topic == "phoenix" => {
            return message["ref"].as_str()?.parse().ok().map(Heard::Alive);
        }
        ("phx_reply", Some("ok")) => Heard::Joined,
        ("postgres_changes", _) => Heard::Changed,
        ("phx_reply" | "system", Some("error")) | ("phx_close" | "phx_error", _) => Heard::Lost,
        _ => return None,
    };
    Some(heard(topic.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_sorted_by_what_it_means() {
        let topic = "realtime:payment-intent:5:x".to_owned();
        for (event, payload, meaning) in [
            ("phx_reply", json!({ "status": "ok" }), Some(Heard::Joined(topic.clone()))),
            ("phx_reply", json!({ "status": "error" }), Some(Heard::Lost(topic.clone()))),
            ("system", json!({ "status": "ok" }), None),
            ("system", json!({ "status": "error" }), Some(Heard::Lost(topic.clone()))),
            ("phx_close", json!({}), Some(Heard::Lost(topic.clone()))),
            ("phx_error", json!({}), Some(Heard::Lost(topic.clone()))),
            ("postgres_changes", json!({ "data": 1 }), Some(Heard::Changed(topic.clone()))),
            ("presence_state", json!({}), None),
        ] {
            let message = json!({ "topic": topic, "event": event, "payload": payload, "ref": null });
            assert_eq!(read(&message.to_string()), meaning, "{message}");
        }
        let beat = json!({ "topic": "phoenix", "event": "phx_reply", "ref": "7", "payload": {} });
        assert_eq!(read(&beat.to_string()), Some(Heard::Alive(7)));
        for noise in ["", "[]", "{}", "{\"topic\":1}", "null"] {
            assert_eq!(read(noise), None);
        }
    }
}
