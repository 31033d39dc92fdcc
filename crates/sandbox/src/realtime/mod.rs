//! The realtime channel: a Supabase Realtime WebSocket that tells a browser how its payment goes on. It is a courtesy,
//! as with the provider: nothing may be shipped on its word.
//!
//! A client connects to `/realtime/v1/websocket?apikey=...&vsn=...`, joins
//! `realtime:payment-intent:{session_id}:{reference_id}` with the key of that payment, and is told of each change to the
//! payment's row that happens from then on. A channel ends when its key does, by the virtual clock.

mod channel;
pub(crate) mod key;
mod message;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{self, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::feed::Change;
use crate::problem::Problem;
use channel::Channel;
use message::{Message, Version};

/// The key that lets a client connect: public, as the provider's own is, and good for nothing but a sandbox.
pub const REALTIME_ANON_KEY: &str = "sandbox-anon-key";

/// The largest message that is read.
const MESSAGE_LIMIT: usize = 64 * 1024;

/// The most channels of one connection.
const CHANNELS: usize = 100;

/// How long a client may be silent, in real time; the usual one sends a heartbeat every 25 seconds.
const SILENCE: Duration = Duration::from_secs(60);

pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new().route("/realtime/v1/websocket", get(connect))
}

#[derive(Deserialize)]
struct Asked {
    apikey: Option<String>,
    vsn: Option<String>,
}

async fn connect(
    State(app): State<Arc<App>>,
    Query(asked): Query<Asked>,
    upgrade: Result<WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection>,
) -> Response {
    if asked.apikey.as_deref() != Some(REALTIME_ANON_KEY) {
        return Problem::sentence(StatusCode::UNAUTHORIZED, "Invalid API key").into_response();
    }
    let Some(version) = Version::asked(asked.vsn.as_deref()) else {
        return Problem::sentence(StatusCode::BAD_REQUEST, "Unknown protocol version").into_response();
    };
    match upgrade {
        Ok(upgrade) => upgrade
            .max_message_size(MESSAGE_LIMIT)
            .max_frame_size(MESSAGE_LIMIT)
            .on_upgrade(move |socket| serve(Connection { app, version, socket, channels: HashMap::new() })),
        Err(_) => {
            Problem::sentence(StatusCode::UPGRADE_REQUIRED, "A WebSocket is served here").into_response()
        }
    }
}

/// One client and the channels it has joined, by their topics.
struct Connection {
    app: Arc<App>,
    version: Version,
    socket: WebSocket,
    channels: HashMap<String, Channel>,
}

/// The client has gone away.
struct Gone;

async fn serve(mut connection: Connection) {
    let app = Arc::clone(&connection.app);
    let mut changes = app.feed.subscribe();
    let mut heard = tokio::time::Instant::now();
    loop {
        let next_end = connection.channels.values().map(Channel::expires_at).min();
        let ended = async {
            match next_end {
                Some(at) => app.desk.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let done = tokio::select! {
            received = connection.socket.recv() => {
                heard = tokio::time::Instant::now();
                match received {
                    Some(Ok(ws::Message::Text(text))) => connection.receive(&text).await,
                    Some(Ok(ws::Message::Close(_)) | Err(_)) | None => Err(Gone),
                    Some(Ok(_)) => Ok(()),
                }
            }
            change = changes.recv() => match change {
                Ok(change) => connection.tell(&change).await,
                Err(RecvError::Lagged(_)) => connection.start_over().await,
                Err(RecvError::Closed) => Err(Gone),
            },
            () = ended => connection.end_expired().await,
            () = tokio::time::sleep_until(heard + SILENCE) => Err(Gone),
        };
        if done.is_err() {
            return;
        }
    }
}

impl Connection {
    async fn receive(&mut self, text: &str) -> Result<(), Gone> {
        // Like the provider's, the sandbox has nothing to say to what is no message.
        let Some(message) = Message::read(self.version, text) else { return Ok(()) };
        match message.event.as_str() {
            "heartbeat" if message.topic == "phoenix" => self.send(message.reply("ok", json!({}))).await,
            "phx_join" => self.join(message).await,
            "phx_leave" => {
                self.channels.remove(&message.topic);
                self.send(message.reply("ok", json!({}))).await?;
                self.send(Message { event: "phx_close".to_owned(), payload: json!({}), ..message }).await
            }
            "access_token" => self.renew(&message).await,
            _ if self.channels.contains_key(&message.topic) => Ok(()),
            _ => self.send(message.reply("error", json!({ "reason": "unmatched topic" }))).await,
        }
    }

    async fn join(&mut self, message: Message) -> Result<(), Gone> {
        let joined = if self.channels.len() >= CHANNELS {
            Err("ChannelRateLimitReached: too many channels".to_owned())
        } else {
            Channel::join(&message, self.app.desk.clock.now())
        };
        match joined {
            Ok((channel, response)) => {
                self.send(message.reply("ok", response)).await?;
                for greeting in channel.greetings() {
                    self.send(greeting).await?;
                }
                self.channels.insert(channel.topic().to_owned(), channel);
                Ok(())
            }
            Err(reason) => self.send(message.reply("error", json!({ "reason": reason }))).await,
        }
    }

    /// Takes a newer key for a channel; a bad one ends it.
    async fn renew(&mut self, message: &Message) -> Result<(), Gone> {
        let now = self.app.desk.clock.now();
        let Some(channel) = self.channels.get_mut(&message.topic) else { return Ok(()) };
        match channel.renew(&message.payload["access_token"], now) {
            Ok(()) => Ok(()),
            Err(why) => self.end(&message.topic, &why).await,
        }
    }

    async fn tell(&mut self, change: &Change) -> Result<(), Gone> {
        let Change::Execution(change) = change else { return Ok(()) };
        let rows: Vec<_> = self.channels.values().filter_map(|channel| channel.row(change)).collect();
        for row in rows {
            self.send(row).await?;
        }
        Ok(())
    }

    async fn end_expired(&mut self) -> Result<(), Gone> {
        let now = self.app.desk.clock.now();
        let over = |channel: &&Channel| channel.expires_at() <= now;
        let topics: Vec<_> =
            self.channels.values().filter(over).map(|channel| channel.topic().to_owned()).collect();
        for topic in topics {
            self.end(&topic, "InvalidJWTToken: the key has expired").await?;
        }
        Ok(())
    }

    async fn end(&mut self, topic: &str, why: &str) -> Result<(), Gone> {
        if let Some(channel) = self.channels.remove(topic) {
            for message in channel.end(why) {
                self.send(message).await?;
            }
        }
        Ok(())
    }

    /// Changes were lost on the way: every channel has to be joined anew.
    async fn start_over(&mut self) -> Result<(), Gone> {
        for channel in std::mem::take(&mut self.channels).into_values() {
            self.send(channel.broken()).await?;
        }
        Ok(())
    }

    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        let text = message.write(self.version);
        self.socket.send(ws::Message::Text(text.into())).await.map_err(|_| Gone)
    }
}
