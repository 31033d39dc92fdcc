//! A server that runs: on a runtime and a thread of its own, so that it serves whatever the caller's runtime does: block,
//! pause its clock, or end. It stops when dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use crate::provider::Provider;
use crate::sandbox::StartError;
use crate::server;

/// A provider that is being served.
#[derive(Debug)]
pub(crate) struct Running {
    url: String,
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Serves a provider. It accepts connections once this returns. `open` is called on the server's runtime as soon as
    /// the address is known, `close` when no connection is left.
    pub(crate) async fn start<P: Provider>(
        addr: SocketAddr,
        provider: Arc<P>,
        open: impl FnOnce(Arc<P>) -> Router + Send + 'static,
        close: impl FnOnce(&P) + Send + 'static,
    ) -> Result<Self, StartError> {
        let (stop, stopping) = watch::channel(false);
        let (ready, listening) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                serve(addr, &provider, open, ready, stopping);
                close(&provider);
            })
            .map_err(StartError::Runtime)?;
        let addr = listening.await.expect("the sandbox's thread reports before it ends")?;
        Ok(Self { url: format!("http://{addr}"), addr, stop, thread: Some(thread) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Stops serving and closes every connection. The address and the file are free once this returns.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let (done, stopped) = oneshot::channel();
            std::thread::spawn(move || {
                let _ = thread.join();
                let _ = done.send(());
            });
            let _ = stopped.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic on the sandbox's thread has already been reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// The sandbox's thread: listens, reports, serves until told to stop. Connections end before this returns, so that
/// nothing is answered that is not kept.
fn serve<P: Provider>(
    addr: SocketAddr,
    provider: &Arc<P>,
    open: impl FnOnce(Arc<P>) -> Router,
    ready: oneshot::Sender<Result<SocketAddr, StartError>>,
    stopping: watch::Receiver<bool>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(source) => {
            // Whoever started the sandbox waits for this, or has given up.
            let _ = ready.send(Err(StartError::Runtime(source)));
            return;
        }
    };
    runtime.block_on(async {
        let listening = match TcpListener::bind(addr).await {
            Ok(listener) => listener.local_addr().map(|bound| (listener, bound)),
            Err(source) => Err(source),
        };
        match listening {
            Ok((listener, bound)) => {
                provider.desk().url.get_or_init(|| format!("http://{bound}"));
                let router = open(Arc::clone(provider));
                if ready.send(Ok(bound)).is_ok() {
                    server::serve(listener, router, provider.desk().client_timeout, stopping).await;
                }
            }
            Err(source) => {
                let _ = ready.send(Err(StartError::Listen { addr, source }));
            }
        }
    });
}
