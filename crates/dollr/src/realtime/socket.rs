//! The WebSocket: over the same TLS as the HTTP client, or in the clear to this machine alone.

use std::time::Duration;

use payonce::{Error, ErrorKind};
use reqwest::Url;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::Live;

/// How long connecting may take in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// The largest message that is read.
const LARGEST_MESSAGE: usize = 64 * 1024;

/// What the WebSocket goes over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wire for S {}

pub(super) type Socket = WebSocketStream<Box<dyn Wire>>;

/// Connects. The error holds nothing of the URL, which has the key in it.
pub(super) async fn connect(live: &Live) -> Result<Socket, Error> {
    let connected = tokio::time::timeout(PATIENCE, dial(live)).await;
    connected.unwrap_or_else(|_| Err(unreachable("did not answer in time")))
}

async fn dial(live: &Live) -> Result<Socket, Error> {
    let url = url(live)?;
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let stream = TcpStream::connect((host.as_str(), port))
        .await
        .map_err(|error| unreachable("could not be reached").with_source(error))?;
    // The messages are small and each is waited for.
    let _ = stream.set_nodelay(true);
    let stream: Box<dyn Wire> = if live.address.is_encrypted() {
        let name = ServerName::try_from(host).map_err(|_| unreachable("has a name that is none"))?;
        let connector = TlsConnector::from(std::sync::Arc::clone(&live.tls));
        let stream = connector.connect(name, stream).await;
        Box::new(stream.map_err(|error| unreachable("could not be reached over TLS").with_source(error))?)
    } else {
        Box::new(stream)
    };
    let limits = WebSocketConfig::default()
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let shaken = tokio_tungstenite::client_async_with_config(url.as_str(), stream, Some(limits)).await;
    let (socket, _) = shaken.map_err(|_| unreachable("did not accept the connection"))?;
    Ok(socket)
}

fn url(live: &Live) -> Result<Url, Error> {
    let scheme = if live.address.is_encrypted() { "wss" } else { "ws" };
    let rest = live.address.text.split_once(':').map_or("", |(_, rest)| rest);
    let mut url = Url::parse(&format!("{scheme}:{rest}/realtime/v1/websocket"))
        .map_err(|_| unreachable("has an address that is none"))?;
    url.query_pairs_mut().append_pair("apikey", live.anon_key.expose()).append_pair("vsn", "1.0.0");
    Ok(url)
}

fn unreachable(how: &'static str) -> Error {
    Error::new(ErrorKind::Unreachable, format!("the realtime channel {how}"))
}
