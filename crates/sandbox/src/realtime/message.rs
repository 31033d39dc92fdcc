//! Messages of a Phoenix channel, in both of its serializations: objects (version 1.0.0) and arrays (version 2.0.0).

use serde_json::{Value, json};

/// How the messages of a connection are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Objects,
    Arrays,
}

impl Version {
    /// The version a client asks for in `vsn`; without it the first.
    pub(super) fn asked(vsn: Option<&str>) -> Option<Self> {
        match vsn {
            None | Some("1.0.0") => Some(Self::Objects),
            Some("2.0.0") => Some(Self::Arrays),
            Some(_) => None,
        }
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Message {
    /// Names the join that a message belongs to, so that one of an earlier join is not taken for it.
    pub(super) join_ref: Value,
    /// Names the message that a reply answers.
    pub(super) reference: Value,
    pub(super) topic: String,
    pub(super) event: String,
    pub(super) payload: Value,
}

impl Message {
    /// Reads a message; `None` when it is none.
    pub(super) fn read(version: Version, text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        let mut members = match (version, value.as_array_mut()) {
            (Version::Arrays, Some(array)) if array.len() == 5 => std::mem::take(array),
            (Version::Objects, None) => {
                ["join_ref", "ref", "topic", "event", "payload"].map(|name| value[name].take()).to_vec()
            }
            _ => return None,
        }
        .into_iter();
        Some(Self {
            join_ref: members.next()?,
            reference: members.next()?,
            topic: members.next()?.as_str()?.to_owned(),
            event: members.next()?.as_str()?.to_owned(),
            payload: members.next()?,
        })
    }

    pub(super) fn write(&self, version: Version) -> String {
        let Self { join_ref, reference, topic, event, payload } = self;
        match version {
            Version::Objects => {
                json!({ "join_ref": join_ref, "ref": reference, "topic": topic, "event": event,
                "payload": payload })
            }
            Version::Arrays => json!([join_ref, reference, topic, event, payload]),
        }
        .to_string()
    }

    /// The answer to this message.
    pub(super) fn reply(&self, status: &str, response: Value) -> Self {
        Self {
            event: "phx_reply".to_owned(),
            payload: json!({ "status": status, "response": response }),
            ..self.clone()
        }
    }
}
