//! The network between the facade and the provider: what it loses, delays, doubles, garbles and makes up.
//!
//! It is the facade's transport, so all of the facade above the socket is the real one. A request that was put on its
//! way arrives or not whatever becomes of its sender.

use std::io;

use bytes::Bytes;
use dollr::raw::{HttpTransport, Reply};
use fastrand::Rng;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, LOCATION, RETRY_AFTER};

use super::provider::{Message, Said, Terrain};
use super::world::{HOUR, MINUTE, Millis, Pigeonhole, SECOND, World, at};
use super::{dollr_model, dwolla_model};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The facade's way to the provider, from one process.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub(crate) world: World,
    pub(crate) process: usize,
}

/// What the sender sees.
enum Seen {
    Reply(Said),
    /// The head of a reply, and a body that breaks off.
    Half(Said),
    /// No reply, and nobody knows why.
    Broken,
    /// No connection: nothing was sent.
    NotSent,
}

impl HttpTransport for Network {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static str,
    ) -> Reply<'a> {
        let header = |name| request.headers().get(name)?.to_str().ok().map(str::to_owned);
        let message = Message {
            process: self.process,
            operation,
            id: request.url().path().rsplit('/').next().unwrap_or_default().to_owned(),
            query: request.url().query().unwrap_or_default().to_owned(),
            idempotency_key: header(&IDEMPOTENCY_KEY),
            token: header(&AUTHORIZATION),
            body: request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default().to_vec(),
            ..Message::default()
        };
        let seen = self.send(message);
        Box::pin(async move {
            match seen.await {
                Seen::Reply(said) => Ok(response(said, None)),
                Seen::Half(said) => Ok(response(said, Some(()))),
                Seen::Broken => Err(broken().await),
                Seen::NotSent => Err(http.get("no address").build().expect_err("that is no address")),
            }
        })
    }
}

impl Network {
    fn send(&self, mut message: Message) -> Pigeonhole<Seen> {
        let hole = Pigeonhole::new();
        let (plan, trip) = {
            let mut world = self.world.lock();
            world.requests += 1;
            (message.number, message.sent_at) = (world.requests, world.now);
            world.note("send", self.process as u64, message.number);
            world.note_bytes(message.operation.as_bytes());
            world.note_bytes(&message.body);
            let now = world.now;
            if let Err(what) = world.provider.watch(now, &message) {
                world.violated(|| what);
            }
            let (mishap, terrain) = (world.mishap(), world.provider.terrain);
            let plan = if mishap { Plan::drawn(&mut world.rng, terrain) } else { Plan::Good };
            (plan, world.trip())
        };
        self.carry_out(message, plan, trip, &hole);
        hole
    }

    /// Puts a request on its way, and its reply.
    fn carry_out(&self, message: Message, plan: Plan, trip: Millis, hole: &Pigeonhole<Seen>) {
        let sees = Sees { process: self.process, hole: hole.clone() };
        let world = &self.world;
        match plan {
            Plan::Good => sees.answer_of(world, trip, message, Seen::Reply),
            Plan::NotSent => {
                world.lock().provider.forget(&message);
                sees.after(world, trip, Seen::NotSent);
            }
            Plan::TurnedAway(said) => {
                world.lock().provider.forget(&message);
                sees.after(world, trip + 20, Seen::Reply(said));
            }
            Plan::Lost(wait) => sees.after(world, wait, Seen::Broken),
            Plan::ReplyLost(wait) => {
                arrive(world, trip, message);
                sees.after(world, trip + wait, Seen::Broken);
            }
            Plan::Late(late, wait) => {
                arrive(world, late, message);
                sees.after(world, wait, Seen::Broken);
            }
            Plan::Twice(late) => {
                arrive(world, late, message.clone());
                sees.answer_of(world, trip, message, Seen::Reply);
            }
            Plan::SecondAnswers(later) => {
                arrive(world, trip, message.clone());
                sees.answer_of(world, trip + later, message, Seen::Reply);
            }
            Plan::Half => sees.answer_of(world, trip, message, Seen::Half),
            Plan::Garbled => sees.answer_of(world, trip, message, |mut said| {
                said.body.truncate(said.body.len() / 2);
                Seen::Reply(said)
            }),
            Plan::Instead(said, arrives) => {
                let failed = (said.status == 500).then(|| message.clone());
                if arrives {
                    arrive(world, trip, message);
                }
                if let Some(message) = failed {
                    world.after(trip + 10, move |world| {
                        let mut inner = world.lock();
                        let now = inner.now;
                        inner.provider.failed(now, &message);
                    });
                }
                sees.after(world, trip + 20, Seen::Reply(said));
            }
            Plan::Refused(session, copy) => {
                // Of a copy that comes after the refusal only the session's fence knows.
                let copy = copy.map(|copy| if session { copy } else { copy % (trip + 20) });
                if let Some(copy) = copy {
                    arrive(world, copy, message.clone());
                }
                sees.refusal(world, trip + 20, message.number, session);
            }
        }
    }
}

/// Has a request arrive, and its reply go nowhere.
fn arrive(world: &World, wait: Millis, message: Message) {
    world.after(wait, move |world| {
        delivered(world, &message);
    });
}

fn delivered(world: &World, message: &Message) -> Said {
    let mut world = world.lock();
    let now = world.now;
    world.note("arrive", 0, message.number);
    let said = world.provider.answer(now, message);
    world.note_bytes(&said.body);
    if let Some((payment, moved)) = world.provider.moved_twice() {
        world.violated(|| format!("payment {payment} moved {moved} times"));
    }
    said
}

/// Whoever waits for a reply.
struct Sees {
    process: usize,
    hole: Pigeonhole<Seen>,
}

impl Sees {
    fn after(self, world: &World, wait: Millis, seen: Seen) {
        world.after(wait, move |world| self.hole.put(world, self.process, seen));
    }

    /// The request arrives after that time; what is seen is made of the answer.
    fn answer_of(
        self,
        world: &World,
        wait: Millis,
        message: Message,
        seen: impl FnOnce(Said) -> Seen + Send + 'static,
    ) {
        world.after(wait, move |world| {
            let said = delivered(world, &message);
            let back = world.lock().trip();
            self.after(world, back, seen(said));
        });
    }

    /// Somebody says no, by the provider's clock.
    fn refusal(self, world: &World, wait: Millis, number: u64, session: bool) {
        world.after(wait, move |world| {
            let mut inner = world.lock();
            let now = inner.now;
            if !session {
                inner.provider.note_refusal(now, number);
            }
            let terrain = inner.provider.terrain;
            drop(inner);
            let said = match terrain {
                Terrain::Dollr(_) => {
                    let name = if session { "session_id" } else { "payment_account_id" };
                    dollr_model::field(now, name, "is not valid")
                }
                Terrain::Dwolla { .. } => dwolla_model::refusal(now, "Invalid", "/_links/source/href"),
            };
            self.hole.put(world, self.process, Seen::Reply(said));
        });
    }
}

/// What becomes of one request.
enum Plan {
    Good,
    NotSent,
    Lost(Millis),
    ReplyLost(Millis),
    Late(Millis, Millis),
    Twice(Millis),
    SecondAnswers(Millis),
    Half,
    Garbled,
    /// Somebody at the door says that nothing was done.
    TurnedAway(Said),
    /// A reply that is not the provider's; whether the request arrives all the same.
    Instead(Said, bool),
    /// A refusal, of the session or the payment, while a copy may be under way.
    Refused(bool, Option<Millis>),
}

impl Plan {
    fn drawn(rng: &mut Rng, terrain: Terrain) -> Self {
        let time_out = if rng.bool() { 30 * SECOND } else { rng.i64(1..5 * SECOND) };
        match rng.u8(0..22) {
            0 | 1 => Self::NotSent,
            2..=4 => Self::Lost(time_out),
            5..=8 => Self::ReplyLost(time_out),
            9 | 10 => Self::Late(lateness(rng), time_out),
            11 => Self::Twice(lateness(rng)),
            12 => Self::SecondAnswers(rng.i64(1..3 * SECOND)),
            13 => Self::Half,
            14 => Self::Garbled,
            15 => Self::TurnedAway(turned_away(rng, terrain)),
            16 | 17 => Self::Instead(fault(rng, terrain), rng.bool()),
            18 => Self::Refused(false, None),
            // There are no sessions there.
            20 | 21 if terrain.takes_days() => Self::Refused(false, None),
            19 => Self::Refused(false, Some(rng.i64(1..6 * SECOND))),
            20 => Self::Refused(true, None),
            _ => Self::Refused(true, Some(rng.i64(1..40 * MINUTE))),
        }
    }
}

/// How late a request may come: soon, before its session expires, about then, behind the fence, and long after.
fn lateness(rng: &mut Rng) -> Millis {
    match rng.u8(0..5) {
        0 => rng.i64(SECOND..MINUTE),
        1 => rng.i64(MINUTE..15 * MINUTE),
        2 => rng.i64(14 * MINUTE..18 * MINUTE),
        3 => rng.i64(17 * MINUTE..40 * MINUTE),
        _ => rng.i64(HOUR..5 * HOUR),
    }
}

fn made_up(status: u16, body: &str, retry_after: Option<u64>) -> Said {
    Said { status, body: body.as_bytes().to_vec(), retry_after, ..Said::default() }
}

/// What the provider says in one sentence, in its own words for that.
fn words(terrain: Terrain, status: u16, code: &str, retry_after: Option<u64>) -> Said {
    let body = match terrain {
        Terrain::Dollr(_) => format!(r#"{{"detail":"{code}"}}"#),
        Terrain::Dwolla { .. } => format!(r#"{{"code":"{code}","message":"Look at the code."}}"#),
    };
    made_up(status, &body, retry_after)
}

/// Turned away at the door: nothing was done.
fn turned_away(rng: &mut Rng, terrain: Terrain) -> Said {
    match rng.u8(0..6) {
        0 => words(terrain, 403, "Forbidden", None),
        1 | 2 => words(terrain, 401, "ExpiredAccessToken", None),
        3 => words(terrain, 429, "TooManyRequests", None),
        _ => made_up(429, "", Some(rng.u64(1..120))),
    }
}

/// A fault on the way or of the provider: nobody knows what was done.
fn fault(rng: &mut Rng, terrain: Terrain) -> Said {
    match rng.u8(0..9) {
        0 => made_up(404, "<h1>Not Found</h1>", None),
        1 => words(terrain, 408, "time-out", None),
        2 => made_up(425, "", None),
        3 => made_up(503, "", Some(rng.u64(1..60))),
        4 => made_up(200, "<html>Welcome</html>", None),
        5 => made_up(302, "", None),
        6 => words(terrain, 500, "ServerError", None),
        7 if terrain.takes_days() => words(terrain, 409, "Conflict", None),
        _ => made_up(502, "<h1>Bad Gateway</h1>", None),
    }
}

fn response(said: Said, breaks_off: Option<()>) -> reqwest::Response {
    let mut head = http::Response::builder().status(said.status).header(CONTENT_TYPE, "application/json");
    if let Some(moment) = said.at {
        head = head.header(DATE, at(moment).format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    }
    if let Some(seconds) = said.retry_after {
        head = head.header(RETRY_AFTER, seconds);
    }
    if let Some(place) = said.location {
        head = head.header(LOCATION, place);
    }
    let body = match breaks_off {
        None => reqwest::Body::from(said.body),
        Some(()) => breaking(said.body),
    };
    head.body(body).expect("a status and a few headers make a response").into()
}

/// A body of which half comes, and then the connection breaks.
fn breaking(mut body: Vec<u8>) -> reqwest::Body {
    body.truncate(body.len() / 2);
    let chunks = [Ok(Bytes::from(body)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    reqwest::Body::wrap_stream(futures_util::stream::iter(chunks))
}

/// The error of a connection that breaks before anything came.
async fn broken() -> reqwest::Error {
    let response: reqwest::Response = http::Response::new(breaking(Vec::new())).into();
    response.bytes().await.expect_err("the body breaks off")
}
