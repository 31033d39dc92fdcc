//! Where faults meet requests. Every `/v1` call passes here: it is read whole, noted, and carried out with the faults
//! that strike it.
//!
//! A struck call is carried out apart from its connection, so it takes effect even when the client has gone away in
//! the meantime, as it would with a real provider.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_LENGTH, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::channel::Channel;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::bodies::{is_about_the_body, of_a_stranger, spoilt};
use super::{Action, Arrival, Blow, Place};
use crate::app::App;
use crate::clock::later;
use crate::problem::Problem;
use crate::server::{Cut, How};
use crate::switches::{ErrorText, in_pydantic_v2};

/// The largest request body that is read.
pub(crate) const BODY_LIMIT: usize = 64 * 1024;

/// A status read answers from the view at this instant, when a fault says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View(pub(crate) DateTime<Utc>);

/// How a struck call ends for its client.
enum End {
    Reply(Response),
    Cut(How),
}

#[derive(Deserialize)]
struct Peek {
    reference_id: Option<Uuid>,
}

/// Notes a call, decides its faults and carries it out. What is no operation of the API is noted as `(unknown)`.
pub(crate) async fn layer(
    State(app): State<Arc<App>>,
    path: Option<MatchedPath>,
    Extension(cut): Extension<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let refuse = |status, detail| Problem::sentence(status, detail).into_response();
    let body = match tokio::time::timeout(app.client_timeout, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return refuse(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large"),
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, "Request body too slow"),
    };
    let template = path.as_ref().map_or("(unknown)", MatchedPath::as_str);
    let operation = format!("{} {template}", parts.method);
    let reference_id = reference_id(&parts, template, &body);
    let uri = parts.uri.path_and_query().map_or("", |uri| uri.as_str());
    let blows = app.faults.strike(Arrival { operation: &operation, reference_id, uri, body: &body });
    let actions = blows.iter().map(|blow| blow.action).collect();
    let number = app.requests.arrived(app.clock.now(), &operation, reference_id, actions);

    let delivery = Delivery { app: Arc::clone(&app), parts, body, next, cut: cut.clone() };
    let end = if blows.is_empty() {
        End::Reply(delivery.process(None).await)
    } else {
        match tokio::spawn(struck(delivery, blows)).await {
            Ok(end) => end,
            Err(_) => End::Cut(How::Close),
        }
    };
    match end {
        End::Reply(mut response) => {
            app.requests.answered(number, response.status().as_u16());
            let id = HeaderValue::try_from(format!("req-{number:08}")).expect("a request id is ASCII");
            response.headers_mut().insert("x-request-id", id);
            response
        }
        End::Cut(how) => cut.sever(how).await,
    }
}

/// The reference id of a call: in the body of an execution, or at the end of the path of a status read.
fn reference_id(parts: &Parts, template: &str, body: &Bytes) -> Option<Uuid> {
    if template.ends_with("{reference_id}") {
        return parts.uri.path().rsplit('/').next().and_then(|last| last.parse().ok());
    }
    if body.is_empty() {
        return None;
    }
    serde_json::from_slice::<Peek>(body).ok().and_then(|peek| peek.reference_id)
}

/// A call that can be handed to the provider, more than once if need be.
#[derive(Clone)]
struct Delivery {
    app: Arc<App>,
    parts: Parts,
    body: Bytes,
    next: Next,
    cut: Cut,
}

impl Delivery {
    async fn process(&self, view: Option<View>) -> Response {
        let mut request = Request::from_parts(self.parts.clone(), Body::from(self.body.clone()));
        if let Some(view) = view {
            request.extensions_mut().insert(view);
        }
        let reply = self.next.clone().run(request).await;
        let text = self.app.store.terms().switches.error_text;
        if text == ErrorText::PydanticV2 && reply.status() == StatusCode::UNPROCESSABLE_ENTITY {
            return self.in_pydantic_v2(reply).await;
        }
        reply
    }

    async fn in_pydantic_v2(&self, reply: Response) -> Response {
        let status = reply.status();
        let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap_or_default();
        let reply = serde_json::from_slice(&body).unwrap_or_default();
        let input = serde_json::from_slice(&self.body).unwrap_or_default();
        (status, axum::Json(in_pydantic_v2(reply, &input))).into_response()
    }

    async fn revoke_token(&self) {
        self.app.tokens.revoke(&self.parts.headers).await;
    }
}

/// Carries out a call with its faults, in the order in which they were set.
async fn struck(delivery: Delivery, blows: Vec<Blow>) -> End {
    let mut deliveries = 1;
    let mut view = None;
    for blow in
        blows.iter().filter(|blow| blow.place == Place::BeforeEffect || is_about_delivery(blow.action))
    {
        match blow.action {
            Action::DuplicateDelivery => deliveries += 1,
            Action::DeliverLate { after_millis } => {
                // Counted from the arrival, whenever the task below begins.
                let at = later(delivery.app.clock.now(), Duration::from_millis(after_millis));
                tokio::spawn(deliver_late(delivery, at));
                return End::Cut(How::Close);
            }
            Action::StaleStatus { age_millis } => {
                let age = TimeDelta::from_std(Duration::from_millis(age_millis)).unwrap_or(TimeDelta::MAX);
                let at = delivery.app.clock.now().checked_sub_signed(age);
                view = Some(View(at.unwrap_or(DateTime::<Utc>::MIN_UTC)));
            }
            Action::GarbageBody | Action::EmptyBody => return End::Reply(of_a_stranger(blow.action)),
            _ => {
                if let Some(end) = interrupt(&delivery, blow).await {
                    return end;
                }
            }
        }
    }
    let mut reply = delivery.process(view).await;
    for _ in 1..deliveries {
        delivery.process(view).await;
    }
    for blow in blows.iter().filter(|blow| blow.place != Place::BeforeEffect) {
        match (blow.place, blow.action) {
            (_, action) if is_about_delivery(action) => {}
            (_, action) if is_about_the_body(action) => reply = spoilt(action, reply).await,
            (Place::InReply, Action::DropReply | Action::Reset | Action::Delay { .. } | Action::Hold) => {
                reply = interrupted(&delivery, blow.clone(), reply).await;
            }
            _ => {
                if let Some(end) = interrupt(&delivery, blow).await {
                    return end;
                }
            }
        }
    }
    End::Reply(reply)
}

/// Whether an action is about how the request is delivered, wherever it was asked for.
fn is_about_delivery(action: Action) -> bool {
    matches!(action, Action::DuplicateDelivery | Action::DeliverLate { .. } | Action::StaleStatus { .. })
}

async fn deliver_late(delivery: Delivery, at: DateTime<Utc>) {
    delivery.app.clock.sleep_until(at).await;
    delivery.process(None).await;
}

/// Lets a fault strike between the steps of a call. `Some` when the call ends with it.
async fn interrupt(delivery: &Delivery, blow: &Blow) -> Option<End> {
    match blow.action {
        Action::DropReply => return Some(End::Cut(How::Close)),
        Action::Reset => return Some(End::Cut(How::Reset)),
        Action::Status { code } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let detail = json!({ "detail": status.canonical_reason().unwrap_or("Error") });
            return Some(End::Reply((status, axum::Json(detail)).into_response()));
        }
        Action::TooManyRequests { retry_after } => {
            let detail = json!({ "detail": "Too Many Requests" });
            let mut reply = (StatusCode::TOO_MANY_REQUESTS, axum::Json(detail)).into_response();
            if let Some(seconds) = retry_after {
                reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            return Some(End::Reply(reply));
        }
        Action::Delay { millis } => tokio::time::sleep(Duration::from_millis(millis)).await,
        Action::Hold => blow.gate.pass().await,
        Action::RevokeToken => delivery.revoke_token().await,
        _ => {}
    }
    None
}

/// A reply that is interrupted after half of its body.
async fn interrupted(delivery: &Delivery, blow: Blow, reply: Response) -> Response {
    let (mut parts, body) = reply.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let (mut sender, channel) = Channel::<Bytes, std::io::Error>::new(1);
    let delivery = delivery.clone();
    tokio::spawn(async move {
        let half = body.len() / 2;
        // The client may go away at any point; there is nothing left to do for it then.
        let _ = sender.send_data(body.slice(..half)).await;
        // The connection writes out what it was given while it waits for the rest.
        tokio::time::sleep(Duration::from_millis(2)).await;
        match interrupt(&delivery, &blow).await {
            Some(End::Cut(how)) => delivery.cut.sever_from_outside(how).await,
            _ => {
                let _ = sender.send_data(body.slice(half..)).await;
            }
        }
    });
    Response::from_parts(parts, Body::new(channel))
}
