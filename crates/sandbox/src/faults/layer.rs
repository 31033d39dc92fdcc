//! Where faults meet requests. Every call of a provider's API passes here: it is read whole, noted, and carried out with
//! the faults that strike it.
//!
//! A struck call is carried out apart from its connection, so it takes effect even when the client has gone away in
//! the meantime, as it would with a real provider.

use std::sync::Arc;
use std::time::Duration;

use super::bodies::{is_about_the_body, of_a_stranger, spoilt};
use super::{Action, Arrival, Blow, Place};
use crate::clock::later;
use crate::provider::Provider;
use crate::server::{Cut, How};
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_LENGTH, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use http_body_util::channel::Channel;

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

/// What a provider holds on to, as an extension of its reply, for as long as the reply has not been sent.
#[derive(Clone)]
pub(crate) struct UntilAnswered {
    _held: Arc<dyn Send + Sync>,
}

impl UntilAnswered {
    pub(crate) fn hold(held: impl Send + Sync + 'static) -> Self {
        Self { _held: Arc::new(held) }
    }
}

/// Notes a call, decides its faults and carries it out. What is no operation of the API is noted as `(unknown)`.
pub(crate) async fn layer<P: Provider>(
    State(provider): State<Arc<P>>,
    path: Option<MatchedPath>,
    Extension(cut): Extension<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let desk = provider.desk();
    let body = match tokio::time::timeout(desk.client_timeout, to_bytes(body, BODY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return P::refusal(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large"),
        Err(_) => return P::refusal(StatusCode::REQUEST_TIMEOUT, "Request body too slow"),
    };
    let template = path.as_ref().map_or("(unknown)", MatchedPath::as_str);
    let operation = format!("{} {template}", parts.method);
    let reference_id = P::reference_id(&parts, template, &body);
    let uri = parts.uri.path_and_query().map_or("", |uri| uri.as_str());
    let blows = desk.faults.strike(Arrival { operation: &operation, reference_id, uri, body: &body });
    let actions = blows.iter().map(|blow| blow.action).collect();
    let number = desk.requests.arrived(desk.clock.now(), &operation, reference_id, actions);

    let delivery = Delivery { provider: Arc::clone(&provider), number, parts, body, next, cut: cut.clone() };
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
            desk.requests.answered(number, response.status().as_u16());
            let id = HeaderValue::try_from(P::request_id(number)).expect("a request id is ASCII");
            response.headers_mut().insert("x-request-id", id);
            response.extensions_mut().remove::<UntilAnswered>();
            response
        }
        End::Cut(how) => cut.sever(how).await,
    }
}

/// A call that can be handed to the provider, more than once if need be.
struct Delivery<P> {
    provider: Arc<P>,
    number: u64,
    parts: Parts,
    body: Bytes,
    next: Next,
    cut: Cut,
}

impl<P> Clone for Delivery<P> {
    fn clone(&self) -> Self {
        Self {
            provider: Arc::clone(&self.provider),
            number: self.number,
            parts: self.parts.clone(),
            body: self.body.clone(),
            next: self.next.clone(),
            cut: self.cut.clone(),
        }
    }
}

impl<P: Provider> Delivery<P> {
    async fn process(&self, view: Option<View>) -> Response {
        let mut request = Request::from_parts(self.parts.clone(), Body::from(self.body.clone()));
        if let Some(view) = view {
            request.extensions_mut().insert(view);
        }
        let reply = self.next.clone().run(request).await;
        self.provider.worded(reply, &self.body).await
    }
}

/// Carries out a call with its faults, in the order in which they were set.
async fn struck<P: Provider>(delivery: Delivery<P>, blows: Vec<Blow>) -> End {
    let mut deliveries = 1;
    let mut view = None;
    for blow in
        blows.iter().filter(|blow| blow.place == Place::BeforeEffect || is_about_delivery(blow.action))
    {
        match blow.action {
            Action::DuplicateDelivery => deliveries += 1,
            Action::DeliverLate { after_millis } => {
                // Counted from the arrival, whenever the task below begins.
                let at = later(delivery.provider.desk().clock.now(), Duration::from_millis(after_millis));
                tokio::spawn(deliver_late(delivery, at));
                return End::Cut(How::Close);
            }
            Action::StaleStatus { age_millis } => {
                let age = TimeDelta::from_std(Duration::from_millis(age_millis)).unwrap_or(TimeDelta::MAX);
                let at = delivery.provider.desk().clock.now().checked_sub_signed(age);
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
        // The provider has sent this reply when it hears of the request again.
        reply.extensions_mut().remove::<UntilAnswered>();
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

async fn deliver_late<P: Provider>(delivery: Delivery<P>, at: DateTime<Utc>) {
    let desk = delivery.provider.desk();
    desk.clock.sleep_until(at).await;
    let reply = delivery.process(None).await;
    desk.requests.delivered_late(delivery.number, desk.clock.now(), reply.status().as_u16());
}

/// Lets a fault strike between the steps of a call. `Some` when the call ends with it.
async fn interrupt<P: Provider>(delivery: &Delivery<P>, blow: &Blow) -> Option<End> {
    match blow.action {
        Action::DropReply => return Some(End::Cut(How::Close)),
        Action::Reset => return Some(End::Cut(How::Reset)),
        Action::Status { code } => {
            let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            delivery.provider.failed(&delivery.parts, &delivery.body, status).await;
            return Some(End::Reply(P::refusal(status, status.canonical_reason().unwrap_or("Error"))));
        }
        Action::TooManyRequests { retry_after } => {
            let mut reply = P::refusal(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
            if let Some(seconds) = retry_after {
                reply.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            return Some(End::Reply(reply));
        }
        Action::Delay { millis } => tokio::time::sleep(Duration::from_millis(millis)).await,
        Action::Hold => blow.gate.pass().await,
        Action::RevokeToken => delivery.provider.revoke(&delivery.parts.headers).await,
        _ => {}
    }
    None
}

/// A reply that is interrupted after half of its body.
async fn interrupted<P: Provider>(delivery: &Delivery<P>, blow: Blow, reply: Response) -> Response {
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
