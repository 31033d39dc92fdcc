//! The access token: fetched when first needed, by one caller for all, and renewed before it expires.
//!
//! What must stay true: however many callers wait, one request fetches the token; a caller that is dropped while it
//! fetches leaves the next one free to; a failure is shared by those who waited for it, so that nobody queues for
//! the same failure; and the token's text never leaves this crate but in a header marked sensitive.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::TimeDelta;
use payonce::rail::{Setback, Then};
use payonce::{Clock, Error, ErrorKind, Secret, Timestamp};
use reqwest::header::HeaderValue;

/// A token is renewed when less than this remains of it.
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// The longest lifetime that is believed.
const LONGEST_LIFETIME: TimeDelta = TimeDelta::days(7);

/// The longest token that is taken, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;

/// One access token.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: Secret,
    /// `Bearer` and the text, marked sensitive.
    pub(crate) header: HeaderValue,
    renew_at: Timestamp,
}

impl Token {
    /// A token asked for at that time, which lives for so long.
    pub(crate) fn new(text: &str, asked_at: Timestamp, lives: Duration) -> Result<Self, Setback> {
        // A longer one than any server takes in a header would be refused again and again without a word about it.
        let header =
            HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| text.len() <= LONGEST_TOKEN);
        let mut header = header.ok_or_else(|| {
            let error =
                Error::new(ErrorKind::Unreadable, "the provider's access token cannot be put in a header");
            Setback { error, then: Then::Retry }
        })?;
        header.set_sensitive(true);
        let life = TimeDelta::from_std(lives).unwrap_or(LONGEST_LIFETIME).min(LONGEST_LIFETIME);
        // A token that never has five minutes left is used for half its life, not fetched anew for each call.
        let used_for = if life > EARLY { life - EARLY } else { life / 2 };
        Ok(Self { text: Secret::new(text), header, renew_at: asked_at + used_for })
    }
}

/// The last token there was. One that was refused is no longer used, but is still looked for in what the provider
/// says: the very reply that refuses it may repeat it.
#[derive(Debug)]
struct Held {
    token: Arc<Token>,
    refused: bool,
}

/// The token that all callers share.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    current: RwLock<Option<Held>>,
    /// How many fetches have come to an end.
    finished: AtomicU64,
    /// Held by the caller that fetches; holds the failure of the last fetch, if it failed.
    fetching: tokio::sync::Mutex<Option<Setback>>,
}

impl Tokens {
    /// The token, if there is one that need not be renewed.
    pub(crate) fn fresh(&self, now: Timestamp) -> Option<Arc<Token>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let usable = current.as_ref().filter(|held| !held.refused && now < held.token.renew_at);
        usable.map(|held| Arc::clone(&held.token))
    }

    /// The token as it is, for what must not be shown.
    pub(crate) fn any(&self) -> Option<Arc<Token>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|held| Arc::clone(&held.token))
    }

    /// Uses the token that the provider refused no more, unless another has taken its place.
    pub(crate) fn refused(&self, token: &Arc<Token>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = current.as_mut().filter(|held| Arc::ptr_eq(&held.token, token)) {
            held.refused = true;
        }
    }

    /// Waits for the fetch that is under way, or fetches.
    pub(crate) async fn renew(
        &self,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<Token, Setback>>,
    ) -> Result<Arc<Token>, Setback> {
        let finished = self.finished.load(Ordering::Acquire);
        let mut last = self.fetching.lock().await;
        if let Some(token) = self.fresh(clock.now()) {
            return Ok(token);
        }
        if let Some(setback) = &*last
            && self.finished.load(Ordering::Acquire) != finished
        {
            return Err(setback.clone());
        }
        let fetched = fetch.await.map(Arc::new);
        *last = fetched.as_ref().err().cloned();
        if let Ok(token) = &fetched {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) =
                Some(Held { token: Arc::clone(token), refused: false });
        }
        self.finished.fetch_add(1, Ordering::Release);
        fetched
    }
}
