//! What lies between a worker and the rest of the world: a wire of its own to the database and to each provider, which can
//! be cut, held up, or made to carry nothing, and which remembers what the worker has asked a provider to pay.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Where a wire leads.
#[derive(Clone, Debug)]
pub(super) enum Far {
    /// To the database's socket.
    Base(PathBuf),
    /// To a provider, and what is asked of it is remembered.
    Provider(String, Sends),
}

/// What a wire carries. What it holds back it carries later, unless it is cut before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Everything,
    /// Everything, until the worker notes that it is about to send a payment; then what it says, and nothing of what it is
    /// answered.
    UntilItSends,
    /// What the worker says, and nothing of what it is answered.
    Requests,
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Valve {
    flow: Flow,
    cuts: u64,
    /// When it was last closed behind a note.
    closed: Option<SystemTime>,
}

/// How the journal writes that a payment is about to be sent.
const ABOUT_TO_SEND: &[u8] = br#"{"event":"sending"}"#;

/// That a worker asked a provider to move money under this key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) key: Uuid,
    pub(super) at: SystemTime,
}

/// What one worker sent.
pub(super) type Sends = Arc<Mutex<Vec<Sent>>>;

/// A wire. It is cut when this is dropped.
pub(super) struct Wire {
    address: String,
    valve: Arc<watch::Sender<Valve>>,
    carrying: JoinHandle<()>,
}

impl Wire {
    /// Lays a wire to there.
    pub(super) async fn lay(far: Far) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("laying a wire")?;
        let address = listener.local_addr()?.to_string();
        if let Far::Provider(far, _) = &far {
            ensure!(far.len() == address.len(), "links from {far} cannot lead to {address}");
        }
        let valve = Arc::new(watch::Sender::new(Valve { flow: Flow::Everything, cuts: 0, closed: None }));
        let line = Line { far, near: address.clone(), valve: Arc::clone(&valve) };
        let carrying = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(line.clone().carry(near));
            }
        });
        Ok(Self { address, valve, carrying })
    }

    /// Where the near end is.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// From now on it carries that.
    pub(super) fn let_through(&self, flow: Flow) {
        self.valve.send_modify(|valve| valve.flow = flow);
    }

    /// Since when the worker waits to be told of a note that it is about to send, if it was let through until then.
    pub(super) fn closed(&self) -> Option<SystemTime> {
        self.valve.borrow().closed
    }

    /// Resets every connection. New ones are made as before.
    pub(super) fn cut(&self) {
        self.valve.send_modify(|valve| valve.cuts += 1);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrying.abort();
        self.cut();
    }
}

/// One connection's way.
#[derive(Clone)]
struct Line {
    far: Far,
    near: String,
    valve: Arc<watch::Sender<Valve>>,
}

impl Line {
    async fn carry(self, near: TcpStream) {
        let _ = near.set_nodelay(true);
        // Nobody at the far end hears of a connection that nothing can pass.
        let open = |valve: &Valve| valve.flow != Flow::Nothing;
        if self.valve.subscribe().wait_for(open).await.is_err() {
            return;
        }
        match self.far.clone() {
            Far::Base(path) => {
                if let Ok(far) = UnixStream::connect(path).await {
                    let close = |valve: &mut Valve| {
                        let about = valve.flow == Flow::UntilItSends;
                        if about {
                            *valve =
                                Valve { flow: Flow::Requests, closed: Some(SystemTime::now()), ..*valve };
                        }
                        about
                    };
                    let request = |bytes: &mut Vec<u8>| {
                        if find(bytes, ABOUT_TO_SEND).is_some() {
                            self.valve.send_if_modified(close);
                        }
                    };
                    self.between(near, far, request, |_| {}).await;
                }
            }
            Far::Provider(address, sends) => {
                if let Ok(far) = TcpStream::connect(&address).await {
                    let _ = far.set_nodelay(true);
                    let mut ear = Ear::new(sends);
                    let mut mask = Mask::new(&address, &self.near);
                    self.between(near, far, |bytes| ear.hear(bytes), |bytes| mask.put_on(bytes)).await;
                }
            }
        }
    }

    /// Carries both ways until either end hangs up, or the wire is cut.
    async fn between(
        &self,
        mut near: TcpStream,
        far: impl AsyncRead + AsyncWrite,
        request: impl FnMut(&mut Vec<u8>),
        reply: impl FnMut(&mut Vec<u8>),
    ) {
        let [mut valve, requests, replies] = [(); 3].map(|()| self.valve.subscribe());
        let born = valve.borrow().cuts;
        let (hear, tell) = near.split();
        let (read, write) = tokio::io::split(far);
        let hushed = [Flow::Requests, Flow::Nothing];
        tokio::select! {
            () = pump(hear, write, requests, &hushed[1..], request) => {}
            () = pump(read, tell, replies, &hushed, reply) => {}
            _ = valve.wait_for(|valve| valve.cuts != born) => {
                let _ = near.set_zero_linger();
            }
        }
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut valve: watch::Receiver<Valve>,
    held: &[Flow],
    mut passing: impl FnMut(&mut Vec<u8>),
) {
    let mut bytes = Vec::with_capacity(16 * 1024);
    while let Ok(1..) = from.read_buf(&mut bytes).await {
        passing(&mut bytes);
        let passed = valve.wait_for(|valve| !held.contains(&valve.flow)).await.is_ok();
        if !passed || to.write_all(&bytes).await.is_err() {
            return;
        }
        bytes.clear();
    }
}

/// Makes the links of a reply lead to the near end: they are to lead to where the worker asked.
struct Mask {
    far: Vec<u8>,
    near: Vec<u8>,
    /// What may be the beginning of a link.
    kept: Vec<u8>,
}

impl Mask {
    fn new(far: &str, near: &str) -> Self {
        let [far, near] = [far, near].map(|address| format!("http://{address}").into_bytes());
        Self { far, near, kept: Vec::new() }
    }

    fn put_on(&mut self, bytes: &mut Vec<u8>) {
        bytes.splice(0..0, self.kept.drain(..));
        while let Some(place) = find(bytes, &self.far) {
            bytes[place..place + self.far.len()].copy_from_slice(&self.near);
        }
        let open = (1..self.far.len()).rev().find(|length| bytes.ends_with(&self.far[..*length]));
        self.kept = bytes.split_off(bytes.len() - open.unwrap_or(0));
    }
}

/// Reads the requests of one connection.
struct Ear {
    sends: Sends,
    waiting: Vec<u8>,
}

impl Ear {
    fn new(sends: Sends) -> Self {
        Self { sends, waiting: Vec::new() }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        while let Some(end) = find(&self.waiting, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&self.waiting[..end]).into_owned();
            let length = header(&head, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            let whole = end + 4 + length;
            if self.waiting.len() < whole {
                return;
            }
            if let Some(key) = key_of(&head, &self.waiting[end + 4..whole]) {
                let sent = Sent { key, at: SystemTime::now() };
                self.sends.lock().unwrap_or_else(PoisonError::into_inner).push(sent);
            }
            self.waiting.drain(..whole);
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = lines.filter(|(given, _)| given.trim().eq_ignore_ascii_case(name));
    values.next().map(|(_, value)| value.trim())
}

/// The key of a request that moves money, on either rail.
fn key_of(head: &str, body: &[u8]) -> Option<Uuid> {
    if head.starts_with("POST /v1/executions/") {
        let body: serde_json::Value = serde_json::from_slice(body).ok()?;
        return body["reference_id"].as_str()?.parse().ok();
    }
    if head.starts_with("POST /transfers ") {
        return header(head, "idempotency-key")?.parse().ok();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_money_is_heard_however_it_is_cut_into_pieces() {
        let key = Uuid::from_u128(7);
        let body = format!(r#"{{"session_id":"s","reference_id":"{key}"}}"#);
        let execution = format!(
            "POST /v1/executions/payout HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let transfer =
            format!("POST /transfers HTTP/1.1\r\nIdempotency-Key: {key}\r\ncontent-length: 2\r\n\r\n{{}}");
        let all = format!("GET /v1/status/{key} HTTP/1.1\r\nhost: x\r\n\r\n{execution}{transfer}{execution}");
        for size in 1..all.len() {
            let mut ear = Ear::new(Sends::default());
            all.as_bytes().chunks(size).for_each(|piece| ear.hear(piece));
            let heard: Vec<Uuid> = ear.sends.lock().unwrap().iter().map(|sent| sent.key).collect();
            assert_eq!(heard, [key; 3], "in pieces of {size}");
        }
    }

    #[test]
    fn a_link_leads_to_the_near_end_however_it_is_cut_into_pieces() {
        let reply = |port: u16| {
            format!(r#"h {{"href":"http://127.0.0.1:{port}/a","and":"http://127.0.0.1:{port}"}}"#)
        };
        for size in 1..reply(10_000).len() {
            let mut mask = Mask::new("127.0.0.1:10000", "127.0.0.1:20000");
            let mut told = Vec::new();
            for piece in reply(10_000).as_bytes().chunks(size) {
                let mut piece = piece.to_vec();
                mask.put_on(&mut piece);
                told.extend(piece);
            }
            assert_eq!(String::from_utf8(told).unwrap(), reply(20_000), "in pieces of {size}");
        }
    }
}
