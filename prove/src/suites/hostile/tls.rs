//! The same on the way into TLS: certificates that nobody vouches for, downgrades, and a server that speaks plainly.
//!
//! The attacked client is the real command, because its roots of trust can be set for a process alone. It keeps trying
//! while the server is bad; then the server turns good, and the same process must pay.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PASSCODE, PASSCODE_PHONE, Sandbox};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;

use super::front::{Elsewhere, pass_on, read_request};
use crate::suite::{Run, Stop};

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// How a server is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    UnknownIssuer,
    SelfSigned,
    Expired,
    NotYet,
    OtherName,
    /// Speaks HTTP on the port where TLS is expected.
    Plain,
    /// Sends the caller on, in plain HTTP.
    PlainRedirect,
    /// Agrees on TLS 1.0 only.
    Old,
    /// Ends the handshake with an alert.
    Alert,
    /// Hangs up in the handshake.
    HangsUp,
    /// Has a good certificate, and sends the caller on to plain HTTP elsewhere.
    Redirect,
}

const BAD: [Bad; 11] = [
    Bad::UnknownIssuer,
    Bad::SelfSigned,
    Bad::Expired,
    Bad::NotYet,
    Bad::OtherName,
    Bad::Plain,
    Bad::PlainRedirect,
    Bad::Old,
    Bad::Alert,
    Bad::HangsUp,
    Bad::Redirect,
];

/// Attacks one command for each; returns how many there were.
pub(super) async fn attack(run: &Run) -> Result<usize, Stop> {
    if super::has_proxy() {
        return Err(Stop::NotRun("this machine leads HTTPS through a proxy".to_owned()));
    }
    let trusted = issuer()?;
    let roots = run.scratch.join("roots.pem");
    std::fs::write(&roots, trusted.pem()).context("writing the roots of trust")?;
    let sandbox = Sandbox::builder().settle_after(Duration::from_millis(20)).start().await;
    let sandbox = sandbox.map_err(anyhow::Error::from)?;
    let elsewhere = Elsewhere::start().await.map_err(anyhow::Error::from)?;
    let lives = BAD.map(|bad| life(run, bad, &trusted, &roots, &sandbox, &elsewhere));
    for (bad, outcome) in BAD.into_iter().zip(futures_util::future::join_all(lives).await) {
        outcome.map_err(|error| run.violation(format!("{bad:?}: {error:#}")))?;
    }
    if elsewhere.calls() > 0 {
        return Err(run.violation("a client called a host that it was not configured for").into());
    }
    let ledger = sandbox.ledger();
    let movements = ledger.movements().len();
    if movements != BAD.len() || !ledger.paid_twice().is_empty() {
        let told = format!("{} payments were ordered and {movements} made", BAD.len());
        return Err(run.violation(told).into());
    }
    Ok(BAD.len())
}

async fn life(
    run: &Run,
    bad: Bad,
    trusted: &Issuer,
    roots: &Path,
    sandbox: &Sandbox,
    elsewhere: &Elsewhere,
) -> anyhow::Result<()> {
    let server = Server::start(bad, trusted, sandbox.addr(), elsewhere.port).await?;
    let mut payonce = Command::new(&run.payonce)
        .args(["payout", &format!("tls/{bad:?}"), "--account", "18", "--amount", "1.00"])
        .args(["--currency", "USD", "--wait"])
        .env_clear()
        .env("SSL_CERT_FILE", roots)
        .env("DOLLR_BASE_URL", &server.url)
        .env("DOLLR_CLIENT_ID", CLIENT_ID)
        .env("DOLLR_CLIENT_SECRET", CLIENT_SECRET)
        .env("DOLLR_PASSCODE", PASSCODE)
        .env("DOLLR_PASSCODE_PHONE", PASSCODE_PHONE)
        .env("PAYONCE_JOURNAL", run.scratch.join(format!("{bad:?}.db")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting the command")?;
    let limit = Duration::from_secs(60);
    let tried = tokio::time::timeout(limit, async {
        while server.seen.calls.load(Ordering::SeqCst) < 2 {
            anyhow::ensure!(payonce.try_wait()?.is_none(), "it gave up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    });
    let tried = tried.await.context("it was not tried twice")?;
    let told = server.seen.told.load(Ordering::SeqCst);
    server.seen.behaves.store(true, Ordering::SeqCst);
    if tried.is_ok() {
        tokio::time::timeout(limit, payonce.wait())
            .await
            .context("it hangs, although the server is good")??;
    }
    let output = payonce.wait_with_output().await?;
    let words = String::from_utf8_lossy(&output.stderr);
    tried.with_context(|| words.clone().into_owned())?;
    anyhow::ensure!(output.status.success(), "{}: {words}", output.status);
    anyhow::ensure!(
        told == 0 || bad == Bad::Redirect,
        "{told} bytes were told to a server nobody vouches for"
    );
    Ok(())
}

/// Trusts nobody; for a client that speaks plain HTTP.
pub(super) fn nobody() -> anyhow::Result<rustls::ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

#[derive(Debug, Default)]
struct Seen {
    behaves: AtomicBool,
    calls: AtomicU64,
    /// How many bytes beyond the handshake a bad server was told.
    told: AtomicU64,
}

struct Server {
    url: String,
    seen: Arc<Seen>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn start(bad: Bad, trusted: &Issuer, sandbox: SocketAddr, elsewhere: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        let good = acceptor(trusted, |_| ())?;
        let wicked = match bad {
            Bad::UnknownIssuer => acceptor(&issuer()?, |_| ())?,
            Bad::SelfSigned => self_signed()?,
            Bad::Expired => acceptor(trusted, |of| of.not_after = rcgen::date_time_ymd(2020, 1, 1))?,
            Bad::NotYet => acceptor(trusted, |of| of.not_before = rcgen::date_time_ymd(2090, 1, 1))?,
            Bad::OtherName => acceptor(trusted, |of| of.subject_alt_names.truncate(0))?,
            _ => good.clone(),
        };
        let seen = Arc::new(Seen::default());
        let state = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let behaves = state.behaves.load(Ordering::SeqCst);
                let (acceptor, state) = (if behaves { &good } else { &wicked }.clone(), Arc::clone(&state));
                tokio::spawn(async move {
                    let served = if behaves {
                        serve(stream, acceptor, |request| async move { pass_on(&request, sandbox).await })
                            .await
                    } else {
                        mistreat(stream, acceptor, bad, elsewhere, &state.told).await
                    };
                    // It may have been hung up on, and counts all the same.
                    let _ = served;
                    state.calls.fetch_add(u64::from(!behaves), Ordering::SeqCst);
                });
            }
        });
        Ok(Self { url, seen, task })
    }
}

async fn mistreat(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
    bad: Bad,
    elsewhere: u16,
    told: &AtomicU64,
) -> std::io::Result<()> {
    let away = format!(
        "HTTP/1.1 307 Away\r\nlocation: http://127.0.0.1:{elsewhere}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let bytes: &[u8] = match bad {
        Bad::Plain => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        Bad::PlainRedirect => away.as_bytes(),
        // A handshake record with a ServerHello of TLS 1.0 and an old cipher.
        Bad::Old => &[&[0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1][..], &[7; 32], &[0, 0, 0x2f, 0]].concat(),
        // protocol_version
        Bad::Alert => &[0x15, 3, 1, 0, 2, 2, 70],
        Bad::HangsUp => &[],
        _ => {
            let reply = async |request: Vec<u8>| {
                told.fetch_add(request.len() as u64, Ordering::SeqCst);
                Ok(away.clone().into_bytes())
            };
            return serve(stream, acceptor, reply).await;
        }
    };
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello).await?;
    stream.write_all(bytes).await?;
    stream.shutdown().await?;
    // What comes after the greeting: an alert has seven bytes, and a secret more.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await?;
    told.fetch_add(rest.len().saturating_sub(7) as u64, Ordering::SeqCst);
    Ok(())
}

async fn serve<F: Future<Output = std::io::Result<Vec<u8>>>>(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    reply: impl FnOnce(Vec<u8>) -> F,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let request = read_request(&mut stream).await?;
    let reply = reply(request).await?;
    stream.write_all(&reply).await?;
    stream.shutdown().await
}

fn issuer() -> anyhow::Result<Issuer> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "an issuer");
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// A server for `localhost`, changed so.
fn acceptor(issuer: &Issuer, change: impl FnOnce(&mut CertificateParams)) -> anyhow::Result<TlsAcceptor> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    change(&mut params);
    if params.subject_alt_names.is_empty() {
        params = CertificateParams::new(vec!["localhost.example".to_owned()])?;
    }
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    serving(certificate, &key)
}

fn self_signed() -> anyhow::Result<TlsAcceptor> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.self_signed(&key)?;
    serving(certificate, &key)
}

fn serving(certificate: rcgen::Certificate, key: &KeyPair) -> anyhow::Result<TlsAcceptor> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
