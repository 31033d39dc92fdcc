//! What every route shares.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::feed::{Change, Feed};
use crate::guard::Access;
use crate::problem::Problem;
use crate::requests::Requests;
use crate::store::{self, Store};
use crate::tokens::Tokens;

/// One sandbox: one store, one ledger in it, one clock, one set of faults.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    pub(crate) feed: Feed,
    pub(crate) access: Access,
    /// How long a client may take over the head, and again over the body, of a request; in real time.
    pub(crate) client_timeout: Duration,
    /// Where the sandbox is reached; set as soon as it listens.
    pub(crate) url: OnceLock<String>,
}

impl App {
    /// The address of a page, which is on this sandbox.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url.get().map_or("", String::as_str))
    }

    /// Puts everything but the clock back to the beginning.
    pub(crate) async fn reset(&self) -> Result<(), Problem> {
        self.store.run(store::reset).await?;
        self.tokens.forget();
        self.faults.clear();
        self.requests.clear();
        self.feed.tell(Change::Reset);
        Ok(())
    }
}
