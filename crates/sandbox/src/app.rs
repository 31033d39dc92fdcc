//! What every route shares.

use std::sync::Arc;

use crate::clock::Clock;
use crate::faults::Faults;
use crate::feed::{Change, Feed};
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
}

impl App {
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
