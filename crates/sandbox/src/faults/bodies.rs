//! Replies whose body is not what the API document promises. Apart from the body (and what says what it is) the reply
//! stays as it was: status, headers and framing are those of a whole HTTP message.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::channel::Channel;
use serde_json::{Map, Value, json};

use super::Action;

/// What an unknown value of an enum reads.
const UNKNOWN: &str = "NEVER_SEEN_BEFORE";

/// The members of replies that hold a value of an enum.
const ENUMS: [&str; 15] = [
    "bankAccountType",
    "fee_bearer",
    "gateway_provider",
    "method",
    "mode",
    "operation_type",
    "owner_party_type",
    "owner_type",
    "payment_method",
    "provider",
    "relationship_type",
    "source_kind",
    "source_status",
    "source_type",
    "status",
];

/// Whether an action changes the body of a reply.
pub(super) fn is_about_the_body(action: Action) -> bool {
    matches!(
        action,
        Action::TruncateBody
            | Action::GarbageBody
            | Action::EmptyBody
            | Action::OversizedBody { .. }
            | Action::SlowDrip { .. }
            | Action::WrongContentType
            | Action::UnknownEnum
            | Action::ExtraFields
            | Action::MissingFields
    )
}

/// A body that someone on the way answers, without the provider.
pub(super) fn of_a_stranger(action: Action) -> Response {
    let body: &'static [u8] = if action == Action::EmptyBody { b"" } else { GARBAGE };
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

const GARBAGE: &[u8] = b"<html>upstream connect error</html>";

/// The reply with its body spoilt.
pub(super) async fn spoilt(action: Action, reply: Response) -> Response {
    let (mut parts, body) = reply.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if let Action::SlowDrip { millis } = action {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        return Response::from_parts(parts, dripping(body, Duration::from_millis(millis)));
    }
    parts.headers.remove(CONTENT_LENGTH);
    let body: Vec<u8> = match action {
        Action::TruncateBody => body[..body.len() / 2].to_vec(),
        Action::EmptyBody => Vec::new(),
        Action::OversizedBody { bytes } => {
            let mut body = body.to_vec();
            body.resize(body.len().max(usize::try_from(bytes).unwrap_or(usize::MAX)), b' ');
            body
        }
        Action::WrongContentType => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            body.to_vec()
        }
        Action::UnknownEnum => rewritten(&body, unknown_enums),
        Action::ExtraFields => rewritten(&body, extra_fields),
        Action::MissingFields => rewritten(&body, missing_fields),
        _ => GARBAGE.to_vec(),
    };
    Response::from_parts(parts, Body::from(body))
}

/// A body that arrives byte by byte.
fn dripping(body: Bytes, pause: Duration) -> Body {
    let (mut sender, channel) = Channel::<Bytes, std::io::Error>::new(1);
    tokio::spawn(async move {
        for index in 0..body.len() {
            tokio::time::sleep(pause).await;
            if sender.send_data(body.slice(index..=index)).await.is_err() {
                // The client has gone away.
                return;
            }
        }
    });
    Body::new(channel)
}

/// Changes every object of a JSON body; any other body is left alone.
fn rewritten(body: &[u8], change: fn(&mut Map<String, Value>)) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(body) else { return body.to_vec() };
    every_object(&mut value, change);
    value.to_string().into_bytes()
}

fn every_object(value: &mut Value, change: fn(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|member| every_object(member, change));
            change(object);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| every_object(item, change)),
        _ => {}
    }
}

fn unknown_enums(object: &mut Map<String, Value>) {
    for (name, value) in object.iter_mut() {
        if value.is_string() && ENUMS.contains(&name.as_str()) {
            *value = json!(UNKNOWN);
        }
    }
}

fn extra_fields(object: &mut Map<String, Value>) {
    object.insert("a_new_field".to_owned(), json!("of a later version"));
    object.insert("another_new_field".to_owned(), json!({ "nested": [1, null, true] }));
}

/// Takes away every other member, in the order of their names.
fn missing_fields(object: &mut Map<String, Value>) {
    let mut names: Vec<_> = object.keys().cloned().collect();
    names.sort_unstable();
    for name in names.iter().skip(1).step_by(2) {
        object.remove(name);
    }
}
