//! The one place between a call and the network.
//!
//! A generated call builds a request and hands it to the client's [`HttpTransport`]. Whatever a caller needs per
//! call (a token, a time limit, a cap on the size of a reply, a note of its status) goes into a transport made for
//! that call; a client around it ([`with_transport`](crate::transported)) costs three reference counts.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

/// The reply to a request, when it comes.
pub type Reply<'a> = Pin<Box<dyn Future<Output = reqwest::Result<reqwest::Response>> + Send + 'a>>;

/// A transport shared by all clones of a client.
pub type Transport = Arc<dyn HttpTransport>;

/// Sends the requests of a client.
pub trait HttpTransport: Debug + Send + Sync + 'static {
    /// Sends `request` over `http` and returns the reply, of whatever status.
    ///
    /// `operation` is the [`id`](crate::OperationMeta::id) of the call. An error means that no reply was received;
    /// the request may have arrived all the same.
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static str,
    ) -> Reply<'a>;
}

/// Sends each request as it is, without a token.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl HttpTransport for Direct {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        _operation: &'static str,
    ) -> Reply<'a> {
        Box::pin(http.execute(request))
    }
}

/// Gives a generated client its way to send: `with_transport`, and the hook that hands each request to the transport.
///
/// The generator looks for the hook on the client itself, so it has to be written in the client's own crate.
#[macro_export]
macro_rules! transported {
    ($client:ident) => {
        impl $client {
            /// The same client with another transport.
            pub fn with_transport(&self, transport: $crate::Transport) -> Self {
                Self { baseurl: self.baseurl.clone(), client: self.client.clone(), inner: transport }
            }
        }

        impl $crate::progenitor_client::ClientHooks<$crate::Transport> for $client {
            async fn exec(
                &self,
                request: reqwest::Request,
                info: &$crate::progenitor_client::OperationInfo,
            ) -> reqwest::Result<reqwest::Response> {
                self.inner.execute(&self.client, request, info.operation_id).await
            }
        }
    };
}
