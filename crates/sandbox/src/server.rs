//! The accept loop. It is our own, and not a framework's, because a fault must be able to close or reset the very
//! connection its request came on.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The largest head of a request, in bytes, and the most headers in it; more is answered 431.
const HEAD_LIMIT: usize = 32 * 1024;
const HEADERS: usize = 64;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// With a FIN: the client sees the end of the stream.
    Close,
    /// With an RST: the client sees an error.
    Reset,
}

/// Lets a request end its own connection.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    phase: Arc<watch::Sender<Phase>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    Asked(How),
    Ended,
}

impl Cut {
    fn new() -> Self {
        Self { phase: Arc::new(watch::Sender::new(Phase::Open)) }
    }

    /// Ends the connection, and with it the request that asks for it, which goes no further.
    pub(crate) async fn sever<T>(&self, how: How) -> T {
        self.phase.send_replace(Phase::Asked(how));
        std::future::pending().await
    }

    /// Ends the connection and returns when it has ended; for work that is not part of the connection.
    pub(crate) async fn sever_from_outside(&self, how: How) {
        self.phase.send_if_modified(|phase| {
            let open = *phase == Phase::Open;
            if open {
                *phase = Phase::Asked(how);
            }
            open
        });
        // The sender lives in `self`, so the wait cannot fail.
        let _ = self.phase.subscribe().wait_for(|phase| *phase == Phase::Ended).await;
    }

    async fn asked(&self) -> How {
        let mut phase = self.phase.subscribe();
        loop {
            if let Phase::Asked(how) = *phase.borrow_and_update() {
                return how;
            }
            let _ = phase.changed().await;
        }
    }
}

/// Serves connections until told to stop. A client that takes longer than `patience` over the head of a request is cut off. Open connections end with the runtime.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let router = TowerToHyperService::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, router.clone(), patience));
            }
            // Out of file descriptors, most likely: wait for some to be closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, router: TowerToHyperService<Router>, patience: Duration) {
    // Without this a small reply can wait for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let cut = Cut::new();
    let service = service_fn(|request: Request<Incoming>| {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(cut.clone());
        router.call(Request::from_parts(parts, Body::new(body)))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_LIMIT)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // An error here is the client's going away, which needs no answer.
        _ = &mut connection => {}
        how = cut.asked() => {
            if how == How::Reset && let Some(parts) = connection.into_parts() {
                let _ = parts.io.inner().set_zero_linger();
            }
        }
    }
    cut.phase.send_replace(Phase::Ended);
}
