//! A server in front of the sandbox that speaks bytes, not HTTP: it passes requests on, and does to some of them
//! whatever it was told to, before or after the sandbox has acted.
//!
//! What must stay true: it never waits or pours for ever, whatever the client does, and it notes how long each client
//! put up with it and how much it swallowed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long and how much a client that notices nothing is served.
const LONGEST: Duration = Duration::from_secs(20);
const MOST: u64 = 256 << 20;

/// How long a drop of a drip takes.
const DROP: Duration = Duration::from_millis(20);

/// Which requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Token,
    /// What comes before the first send: a session of Dollr's, a look-up at Dwolla.
    Before,
    Execution,
    Status,
}

impl Target {
    /// Which a request is, after a send or before any.
    fn of(request: &str, after_send: bool) -> Option<Self> {
        let is = |start: &str| request.starts_with(start);
        match request {
            _ if is("POST /v1/jwt/") || is("POST /token ") => Some(Self::Token),
            _ if is("POST /v1/sessions/") => Some(Self::Before),
            _ if is("POST /v1/executions/") || is("POST /transfers ") => Some(Self::Execution),
            _ if is("GET /v1/status/") => Some(Self::Status),
            _ if is("GET /v1/") => None,
            _ if is("GET /") => Some(if after_send { Self::Status } else { Self::Before }),
            _ => None,
        }
    }
}

/// What a misdeed may want to know.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// The key of the payment that the request is about.
    pub(super) key: String,
    /// Its method and path.
    pub(super) line: String,
    /// The host and port that the client was told of.
    pub(super) here: String,
    /// A port of this machine where nobody may ever call.
    pub(super) elsewhere: u16,
}

/// What is sent in place of a reply.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) head: Vec<u8>,
    pub(super) unit: Vec<u8>,
    pub(super) times: u64,
    pub(super) tail: Vec<u8>,
    /// A unit at a time, with rests between.
    pub(super) slowly: bool,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Close,
    /// Says no more, and keeps the connection.
    Hold,
    Reset,
}

/// One thing that goes wrong at one place.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) target: Target,
    /// Whether the sandbox acts first, and its reply is swallowed.
    pub(super) after: bool,
    pub(super) act: fn(&Ask) -> Act,
}

/// What clients put up with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) misdeeds: u64,
    pub(super) longest: Duration,
    pub(super) swallowed: u64,
}

#[derive(Debug)]
struct Shared {
    behaves: AtomicBool,
    /// A payment was sent.
    sent: AtomicBool,
    tally: Mutex<Tally>,
}

/// The server; it ends with this.
pub(super) struct Front {
    pub(super) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Front {
    pub(super) async fn start(
        sandbox: SocketAddr,
        elsewhere: u16,
        plans: Vec<Plan>,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            behaves: AtomicBool::new(false),
            sent: AtomicBool::new(false),
            tally: Mutex::default(),
        });
        let (state, plans) = (Arc::clone(&shared), Arc::<[Plan]>::from(plans));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, plans) = (Arc::clone(&state), Arc::clone(&plans));
                tokio::spawn(async move {
                    // A client that hangs up has its reasons.
                    let _ = serve(stream, sandbox, elsewhere, &plans, &state).await;
                });
            }
        });
        Ok(Self { url, shared, task })
    }

    /// From here on every request is passed on, and its reply too.
    pub(super) fn behave(&self) {
        self.shared.behaves.store(true, Ordering::SeqCst);
    }

    pub(super) fn tally(&self) -> Tally {
        *self.shared.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(
    mut stream: TcpStream,
    sandbox: SocketAddr,
    elsewhere: u16,
    plans: &[Plan],
    shared: &Shared,
) -> std::io::Result<()> {
    let request = read_request(&mut stream).await?;
    let text = String::from_utf8_lossy(&request);
    let target = Target::of(&text, shared.sent.load(Ordering::SeqCst));
    if target == Some(Target::Execution) {
        shared.sent.store(true, Ordering::SeqCst);
    }
    let misbehaves = !shared.behaves.load(Ordering::SeqCst);
    let plan = plans.iter().find(|plan| misbehaves && target == Some(plan.target));
    let Some(plan) = plan else {
        let reply = pass_on(&request, sandbox).await?;
        return stream.write_all(&reply).await;
    };
    if plan.after {
        pass_on(&request, sandbox).await?;
    }
    let here = header(&text, "host").unwrap_or_default();
    let act = (plan.act)(&Ask { key: key_of(&text), line: line_of(&text), here, elsewhere });
    let (begin, mut swallowed) = (Instant::now(), 0);
    // Whether the client or the limit ended it does not matter here.
    let _ = timeout(LONGEST, perform(&mut stream, &act, &mut swallowed)).await;
    let mut tally = shared.tally.lock().unwrap_or_else(PoisonError::into_inner);
    tally.misdeeds += 1;
    tally.longest = tally.longest.max(begin.elapsed());
    tally.swallowed = tally.swallowed.max(swallowed);
    Ok(())
}

/// Reads one request with its body.
pub(in crate::suites) async fn read_request(
    stream: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<Vec<u8>> {
    let (mut read, mut chunk) = (Vec::new(), vec![0; 16 << 10]);
    loop {
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&chunk[..count]);
        let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if read.len() >= end + 4 + length.unwrap_or(0) {
            return Ok(read);
        }
    }
}

/// Has the sandbox answer, on a connection of its own. Its links lead here then, and not past this server.
pub(super) async fn pass_on(request: &[u8], sandbox: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut onward = TcpStream::connect(sandbox).await?;
    let line = request.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    onward.write_all(&request[..line]).await?;
    onward.write_all(b"connection: close\r\n").await?;
    onward.write_all(&request[line..]).await?;
    let mut reply = Vec::new();
    onward.read_to_end(&mut reply).await?;
    let there = sandbox.to_string();
    // A link of another length would need another length of the reply.
    if let Some(here) =
        header(&String::from_utf8_lossy(request), "host").filter(|here| here.len() == there.len())
    {
        let mut from = 0;
        while let Some(at) = reply[from..].windows(there.len()).position(|part| part == there.as_bytes()) {
            reply[from + at..][..there.len()].copy_from_slice(here.as_bytes());
            from += at + there.len();
        }
    }
    Ok(reply)
}

/// The key in a request's body or query, or at the end of its path.
fn key_of(request: &str) -> String {
    let after = |mark| request.split_once(mark).and_then(|(_, rest)| rest.get(..36));
    let named = after(r#""reference_id":""#).or(after(r#""correlationId":""#)).or(after("correlationId="));
    let path = request.lines().next().and_then(|line| line.split(' ').nth(1)?.rsplit('/').next());
    named.or(path).unwrap_or_default().to_owned()
}

fn line_of(request: &str) -> String {
    request.lines().next().unwrap_or_default().to_owned()
}

pub(in crate::suites) fn header(request: &str, name: &str) -> Option<String> {
    let mut lines = request.lines().skip(1).take_while(|line| !line.is_empty());
    lines.find_map(|line| {
        let (known, value) = line.split_once(": ")?;
        known.eq_ignore_ascii_case(name).then(|| value.to_owned())
    })
}

async fn perform(stream: &mut TcpStream, act: &Act, swallowed: &mut u64) -> std::io::Result<()> {
    stream.write_all(&act.head).await?;
    *swallowed += act.head.len() as u64;
    let at_once = if act.slowly { 1 } else { ((64 << 10) / act.unit.len().max(1)).max(1) as u64 };
    let block = act.unit.repeat(at_once.min(act.times) as usize);
    let mut left = act.times;
    while left > 0 && *swallowed < MOST {
        let units = left.min(at_once);
        let bytes = &block[..act.unit.len() * units as usize];
        stream.write_all(bytes).await?;
        *swallowed += bytes.len() as u64;
        left -= units;
        if act.slowly {
            tokio::time::sleep(DROP).await;
        }
    }
    stream.write_all(&act.tail).await?;
    match act.end {
        End::Close => stream.shutdown().await?,
        End::Reset => return stream.set_zero_linger(),
        End::Hold => {}
    }
    // Until the client hangs up.
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// A port where nobody may ever call; counts who does, and keeps what was said.
pub(super) struct Elsewhere {
    pub(super) port: u16,
    calls: Arc<AtomicU64>,
    said: Arc<Mutex<Vec<u8>>>,
    task: JoinHandle<()>,
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Elsewhere {
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (calls, said) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, heard) = (Arc::clone(&calls), Arc::clone(&said));
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                if let Ok(Ok(request)) = timeout(LONGEST, read_request(&mut stream)).await {
                    heard.lock().unwrap_or_else(PoisonError::into_inner).extend(request);
                }
                // The caller may be gone.
                let _ = answer_nothing(&mut stream).await;
            }
        });
        Ok(Self { port, calls, said, task })
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    pub(super) fn heard(&self, secret: &str) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).contains(secret)
    }
}

async fn answer_nothing(stream: &mut (impl AsyncWrite + Unpin)) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await
}
