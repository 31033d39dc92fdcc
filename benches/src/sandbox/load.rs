//! The client: so many connections, each with one request under way, on one thread. Every server is asked by it.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PAYOUT_ACCOUNT};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::server::Server;

/// A request that can be made again and again.
#[derive(Clone)]
pub(super) struct Order {
    method: &'static str,
    path: &'static str,
    token: String,
    body: Bytes,
}

impl Order {
    /// Asks for the status of an invoice.
    pub(super) fn source_status(token: &str) -> Self {
        let path = "/v1/status/source?source_type=INVOICE&source_id=101";
        Self { method: "GET", path, token: token.to_owned(), body: Bytes::new() }
    }

    /// Opens a session to pay 10.00 USD out.
    pub(super) fn payout_session(token: &str) -> Self {
        let body = json!({ "payout_account_id": PAYOUT_ACCOUNT, "amount": 10.00, "currency": "USD" });
        Self::post("/v1/sessions/payout", token, &body)
    }

    pub(super) fn post(path: &'static str, token: &str, body: &serde_json::Value) -> Self {
        Self { method: "POST", path, token: token.to_owned(), body: body.to_string().into() }
    }

    fn request(&self) -> Result<Request<Full<Bytes>>> {
        let request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let request = match self.body.is_empty() {
            true => request,
            false => request.header(header::CONTENT_TYPE, "application/json"),
        };
        Ok(request.body(Full::new(self.body.clone()))?)
    }
}

/// A connection that is kept.
pub(super) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    pub(super) async fn open(addr: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // What breaks it, the next request is told.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self(sender))
    }

    /// Makes the request and reads the whole reply, whatever it says.
    pub(super) async fn answer(&mut self, order: &Order) -> Result<(StatusCode, Bytes)> {
        self.0.ready().await?;
        let reply = self.0.send_request(order.request()?).await?;
        let status = reply.status();
        Ok((status, reply.into_body().collect().await?.to_bytes()))
    }

    /// Makes the request and expects success.
    pub(super) async fn succeed(&mut self, order: &Order) -> Result<Bytes> {
        let (status, body) = self.answer(order).await?;
        ensure!(
            status == StatusCode::OK,
            "{} answered {status}: {}",
            order.path,
            String::from_utf8_lossy(&body)
        );
        Ok(body)
    }

    /// Obtains a token from a sandbox.
    pub(super) async fn token(&mut self) -> Result<String> {
        let credentials = json!({ "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET });
        let reply = self.succeed(&Order::post("/v1/jwt/client/obtain/token", "", &credentials)).await?;
        let reply: serde_json::Value = serde_json::from_slice(&reply)?;
        Ok(reply["access_token"].as_str().context("the reply holds no token")?.to_owned())
    }
}

/// What a load came to.
pub(super) struct Made {
    pub(super) per_s: f64,
    /// Processor time of the server for one request.
    pub(super) cpu_us: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Resident memory of the server when the load was done.
    pub(super) memory_mb: f64,
}

/// Makes the request over and over, so many at a time, first for `warm` without counting, then for `counted`.
pub(super) async fn make(
    server: &Server,
    order: &Order,
    in_flight: usize,
    warm: Duration,
    counted: Duration,
) -> Result<Made> {
    let mut connections = Vec::new();
    for _ in 0..in_flight {
        connections.push(Connection::open(server.addr).await?);
    }
    let (connections, _) = turn(connections, order, warm).await?;
    let (cpu, began) = (server.cpu_us()?, Instant::now());
    let (_, mut latencies) = turn(connections, order, counted).await?;
    let (cpu, elapsed) = (server.cpu_us()? - cpu, began.elapsed().as_secs_f64());
    latencies.sort();
    let count = latencies.len() as f64;
    Ok(Made {
        per_s: count / elapsed,
        cpu_us: cpu / count,
        p50_ms: percentile(&latencies, 50).as_secs_f64() * 1e3,
        p99_ms: percentile(&latencies, 99).as_secs_f64() * 1e3,
        memory_mb: server.memory()?.now_mb,
    })
}

/// Keeps every connection busy until the time is over; how long each request took.
async fn turn(
    connections: Vec<Connection>,
    order: &Order,
    time: Duration,
) -> Result<(Vec<Connection>, Vec<Duration>)> {
    let local = LocalSet::new();
    let latencies = Rc::new(RefCell::new(Vec::new()));
    let until = Instant::now() + time;
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|mut connection| {
            let (order, latencies) = (order.clone(), Rc::clone(&latencies));
            local.spawn_local(async move {
                loop {
                    let began = Instant::now();
                    if began >= until {
                        return anyhow::Ok(connection);
                    }
                    connection.succeed(&order).await?;
                    latencies.borrow_mut().push(began.elapsed());
                }
            })
        })
        .collect();
    local.await;
    let mut connections = Vec::with_capacity(tasks.len());
    for task in tasks {
        connections.push(task.await??);
    }
    Ok((connections, latencies.take()))
}

/// The smallest of the sorted samples that so many of a hundred do not exceed; zero when there are none.
fn percentile(sorted: &[Duration], of_100: usize) -> Duration {
    let rank = (sorted.len() * of_100).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_sample_that_so_many_do_not_exceed() {
        let samples: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&samples, 99), Duration::from_millis(198));
        assert_eq!(percentile(&samples, 50), Duration::from_millis(100));
        assert_eq!(percentile(&samples[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
