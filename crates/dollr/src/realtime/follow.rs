//! The one task: it holds one connection while payments are followed, and joins a channel for each.
//!
//! It ends only by being aborted. Whatever goes wrong is waited out, with growing pauses; the payments are polled
//! meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use payonce::{Clock, Engine, Error, ErrorKind, ReferenceId, Secret, Timestamp};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::Live;
use super::message::{self, Heard};
use super::socket::{self, Socket};
use crate::orders::{Contents, Source};
use crate::rail::DollrRail;
use crate::raw::types::{CheckoutExecutionPayload, GetCollectionRealtimeKeyPayload};
use crate::transport::ask;

/// The most channels of a connection; what comes above that is polled alone.
const CHANNELS: usize = 100;

/// How often the server is asked whether it is there. One that has not answered by the next time is not.
const HEARTBEAT: TimeDelta = TimeDelta::seconds(25);

/// The pauses between attempts, of a connection or of a channel.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A key is renewed when a quarter of its life is left, or so much of it.
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// The longest lifetime of a key that is believed, in seconds.
const LONGEST_LIFETIME: i64 = 24 * 3600;

/// Follows whatever is wanted, for ever.
pub(super) async fn run(live: Arc<Live>, engine: Engine<DollrRail>) {
    let clock = Arc::clone(engine.rail().wire().clock());
    let mut failures = 0;
    loop {
        while live.wanted().is_empty() {
            live.changed.notified().await;
        }
        let mut opened = false;
        let why = match socket::connect(&live).await {
            Ok(socket) => {
                tracing::debug!("the realtime channel is connected");
                let mut connection = Connection::new(&live, &engine, &*clock, socket);
                let why = connection.serve().await;
                opened = connection.proven;
                why
            }
            Err(error) => Some(error),
        };
        let Some(error) = why else { continue };
        failures = if opened { 1 } else { failures + 1 };
        tracing::debug!(%error, failures, "the realtime channel is lost; payments are polled meanwhile");
        clock.sleep(pause(failures)).await;
    }
}

/// Doubles from the first to the longest.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_PAUSE)
}

/// A key and when it is renewed.
struct Key {
    text: Secret,
    renew_at: Timestamp,
}

/// The channel of one collection.
struct Channel {
    /// None until the journal was read.
    subject: Option<Subject>,
    /// When something is next to be done for it: join, or renew the key.
    due: Timestamp,
    /// Whether it is joined, or about to be.
    joined: bool,
    failures: u32,
}

/// What a channel is about.
#[derive(Clone)]
struct Subject {
    topic: String,
    session_id: i64,
    source: Source,
}

struct Connection<'a> {
    live: &'a Live,
    engine: &'a Engine<DollrRail>,
    clock: &'a dyn Clock,
    socket: Socket,
    channels: BTreeMap<ReferenceId, Channel>,
    /// The number of the last message.
    number: u64,
    /// The heartbeat that was not answered yet.
    unanswered: Option<u64>,
    beat_at: Timestamp,
    /// Whether the server has answered anything.
    proven: bool,
}

impl<'a> Connection<'a> {
    fn new(live: &'a Live, engine: &'a Engine<DollrRail>, clock: &'a dyn Clock, socket: Socket) -> Self {
        Self {
            live,
            engine,
            clock,
            socket,
            channels: BTreeMap::new(),
            number: 0,
            unanswered: None,
            beat_at: clock.now() + HEARTBEAT,
            proven: false,
        }
    }

    /// Follows what is wanted, until nothing is (`None`) or the connection is lost.
    async fn serve(&mut self) -> Option<Error> {
        loop {
            if let Err(error) = self.act().await {
                return Some(error);
            }
            let next = self.channels.values().map(|channel| channel.due).fold(self.beat_at, Timestamp::min);
            let wait = (next - self.clock.now()).to_std().unwrap_or_default();
            let heard = tokio::select! {
                heard = self.socket.next() => heard,
                () = self.live.changed.notified() => continue,
                () = self.clock.sleep(wait) => continue,
            };
            let done = match heard {
                Some(Ok(Message::Text(text))) => self.hear(&text).await,
                Some(Ok(Message::Close(_))) | None => Err(lost("was closed by the provider")),
                Some(Ok(_)) => Ok(()),
                Some(Err(_)) => Err(lost("broke")),
            };
            if let Err(error) = done {
                return Some(error);
            }
            if self.channels.is_empty() && self.live.wanted().is_empty() {
                let _ = self.socket.close(None).await;
                return None;
            }
        }
    }

    /// Does everything that is due.
    async fn act(&mut self) -> Result<(), Error> {
        let now = self.clock.now();
        if self.beat_at <= now {
            if self.unanswered.is_some() {
                return Err(lost("has fallen silent"));
            }
            self.beat_at = now + HEARTBEAT;
            self.number += 1;
            self.unanswered = Some(self.number);
            self.say(message::heartbeat(self.number)).await?;
        }
        let wanted = self.live.wanted();
        let left: Vec<_> = self.channels.keys().filter(|key| !wanted.contains(key)).copied().collect();
        for key in left {
            if let Some(Channel { subject: Some(subject), joined: true, .. }) = self.channels.remove(&key) {
                self.number += 1;
                self.say(message::leave(&subject.topic, self.number)).await?;
            }
        }
        for key in wanted {
            if self.channels.len() < CHANNELS || self.channels.contains_key(&key) {
                let fresh = Channel { subject: None, due: now, joined: false, failures: 0 };
                let due = self.channels.entry(key).or_insert(fresh).due;
                if due <= now {
                    self.tend(key).await?;
                }
            }
        }
        Ok(())
    }

    /// Joins a channel, or hands over a newer key.
    async fn tend(&mut self, reference_id: ReferenceId) -> Result<(), Error> {
        let Some(channel) = self.channels.get_mut(&reference_id) else { return Ok(()) };
        let prepared = match &channel.subject {
            Some(subject) => Ok(Some(subject.clone())),
            None => subject(self.engine, reference_id).await,
        };
        let asked = match prepared {
            Ok(Some(subject)) => {
                ask_key(self.engine, self.clock, reference_id, &subject).await.map(|key| (subject, key))
            }
            // The payment has ended, or is no collection that has been sent.
            Ok(None) => {
                self.live.leave(reference_id);
                return Ok(());
            }
            Err(error) => Err(error),
        };
        match asked {
            Ok((subject, key)) => {
                self.number += 1;
                let text = if channel.joined {
                    message::renew(&subject.topic, &key.text, self.number)
                } else {
                    message::join(&subject.topic, reference_id, &key.text, self.number)
                };
                (channel.joined, channel.due, channel.subject) = (true, key.renew_at, Some(subject));
                self.say(text).await
            }
            Err(error) => {
                tracing::debug!(%reference_id, %error, "no realtime key; the payment is polled");
                self.put_off(reference_id);
                Ok(())
            }
        }
    }

    /// Tries a channel again later. One whose key is only to be renewed goes on meanwhile.
    fn put_off(&mut self, reference_id: ReferenceId) {
        let now = self.clock.now();
        if let Some(channel) = self.channels.get_mut(&reference_id) {
            channel.failures += 1;
            channel.due = now + pause(channel.failures);
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), Error> {
        match message::read(text) {
            Some(Heard::Alive(number)) => {
                self.proven = true;
                if self.unanswered == Some(number) {
                    self.unanswered = None;
                }
            }
            Some(Heard::Joined(topic)) => {
                self.proven = true;
                // What happened before the channel was open was not told.
                self.news(&topic).await?;
            }
            Some(Heard::Changed(topic)) => self.news(&topic).await?,
            Some(Heard::Lost(topic)) => {
                if let Some(reference_id) = self.about(&topic) {
                    if let Some(channel) = self.channels.get_mut(&reference_id) {
                        channel.joined = false;
                    }
                    self.put_off(reference_id);
                }
            }
            None => {}
        }
        Ok(())
    }

    /// Has the engine read the status. What the message says is of no interest.
    async fn news(&mut self, topic: &str) -> Result<(), Error> {
        let Some(reference_id) = self.about(topic) else { return Ok(()) };
        if let Ok(false) = self.engine.nudge(reference_id).await {
            self.live.leave(reference_id);
        }
        Ok(())
    }

    fn about(&self, topic: &str) -> Option<ReferenceId> {
        let about =
            |channel: &Channel| channel.subject.as_ref().is_some_and(|subject| subject.topic == topic);
        self.channels.iter().find(|(_, channel)| about(channel)).map(|(key, _)| *key)
    }

    async fn say(&mut self, text: String) -> Result<(), Error> {
        let message = Message::Text(Utf8Bytes::from(text));
        self.socket.send(message).await.map_err(|_| lost("broke"))
    }
}

fn lost(how: &'static str) -> Error {
    Error::new(ErrorKind::Interrupted, format!("the realtime channel {how}"))
}

/// What the journal says the channel of that payment is, unless there is none to follow any more.
async fn subject(engine: &Engine<DollrRail>, reference_id: ReferenceId) -> Result<Option<Subject>, Error> {
    let Some(payment) = engine.find_by_reference(reference_id).await? else { return Ok(None) };
    let record = payment.record();
    let state = record.state()?;
    if state.outcome().is_some() || state.reference_id() != reference_id {
        return Ok(None);
    }
    let contents = serde_json::from_str(&record.intent.contents).ok();
    let Some(Contents::Collection { source, .. }) = contents else { return Ok(None) };
    let body = state.body().and_then(|body| serde_json::from_str::<CheckoutExecutionPayload>(body).ok());
    let Some(session_id) = body.and_then(|body| body.session_id.parse().ok()) else { return Ok(None) };
    Ok(Some(Subject { topic: message::topic(session_id, reference_id), session_id, source }))
}

async fn ask_key(
    engine: &Engine<DollrRail>,
    clock: &dyn Clock,
    reference_id: ReferenceId,
    subject: &Subject,
) -> Result<Key, Error> {
    let asked_at = clock.now();
    let (source_type, _) = subject.source.on_the_wire();
    let body = GetCollectionRealtimeKeyPayload {
        reference_id: reference_id.as_uuid(),
        session_id: subject.session_id,
        source_type,
    };
    let wire = engine.rail().wire();
    let reply = ask!(wire, |raw| raw.get_collection_realtime_key(&body)).success()?;
    // Seconds here; the access token's lifetime is in minutes.
    let life = TimeDelta::seconds(reply.expires_in.clamp(1, LONGEST_LIFETIME));
    let renew_at = asked_at + life - EARLY.min(life / 4);
    Ok(Key { text: Secret::new(reply.access_token.expose()), renew_at })
}
