//! Bearer tokens. They look like a JWT and are opaque: the sandbox knows the ones it gave out, when each expires by the
//! virtual clock, and forgets those that were revoked. With a database file they outlive a restart.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rusqlite::params;
use uuid::Uuid;

use crate::merchants::Merchant;
use crate::problem::Problem;
use crate::store::Store;

/// How long a token lasts, in minutes, as the provider counts it.
pub(crate) const LIFETIME_MINUTES: i64 = 60;

/// The header `{"alg":"HS256","typ":"JWT"}`, which every token begins with.
const JWT_HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// What a token is good for.
#[derive(Clone, Copy, Debug)]
struct Pass {
    merchant: Merchant,
    expires_at: DateTime<Utc>,
}

/// The tokens in circulation. Checking one asks no database.
pub(crate) struct Tokens {
    valid: Mutex<HashMap<String, Pass>>,
    store: Arc<Store>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

impl Tokens {
    pub(crate) fn load(store: Arc<Store>) -> Result<Self, Problem> {
        let valid = store.ask(|books| {
            let tokens = books
                .db
                .prepare(
                    "SELECT token, expires_at, id, kind, verified, tier_id FROM tokens
                     JOIN merchants ON id = merchant_id",
                )?
                .query_map([], |row| {
                    let expires_at = crate::ledger::instant(row.get(1)?);
                    Ok((row.get(0)?, Pass { merchant: Merchant::from_columns(row, 2)?, expires_at }))
                })?
                .collect::<Result<_, _>>()?;
            Ok(tokens)
        })?;
        Ok(Self { valid: Mutex::new(valid), store })
    }

    /// Gives out a new token to a merchant.
    pub(crate) async fn issue(&self, merchant: Merchant) -> Result<String, Problem> {
        let token = format!("{JWT_HEADER}.{}.{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let kept = token.clone();
        let expires_at = self
            .store
            .run(move |books| {
                let expires_at = books.now + TimeDelta::minutes(LIFETIME_MINUTES);
                books
                    .db
                    .prepare_cached("DELETE FROM tokens WHERE expires_at <= ?1")?
                    .execute([books.micros()])?;
                books
                    .db
                    .prepare_cached(
                        "INSERT INTO tokens (token, merchant_id, expires_at) VALUES (?1, ?2, ?3)",
                    )?
                    .execute(params![kept, merchant.id, expires_at.timestamp_micros()])?;
                Ok(expires_at)
            })
            .await?;
        let mut valid = self.lock();
        let now = expires_at - TimeDelta::minutes(LIFETIME_MINUTES);
        valid.retain(|_, pass| pass.expires_at > now);
        valid.insert(token.clone(), Pass { merchant, expires_at });
        Ok(token)
    }

    /// Lets a request with a valid bearer token pass, and says whose it is.
    pub(crate) fn check(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Merchant, Problem> {
        if !headers.contains_key(AUTHORIZATION) {
            return Err(Problem::sentence(http::StatusCode::UNAUTHORIZED, "Not authenticated"));
        }
        let valid = self.lock();
        let pass = bearer(headers).and_then(|token| valid.get(token));
        pass.filter(|pass| pass.expires_at > now).map(|pass| pass.merchant).ok_or_else(Problem::unauthorized)
    }

    /// Makes the token of a request worthless from now on.
    pub(crate) async fn revoke(&self, headers: &HeaderMap) {
        let Some(token) = bearer(headers).map(str::to_owned) else { return };
        self.lock().remove(&token);
        // A sandbox that is stopping keeps no token anyway.
        let _ = self
            .store
            .run(move |books| {
                Ok(books.db.prepare_cached("DELETE FROM tokens WHERE token = ?1")?.execute([token])?)
            })
            .await;
    }

    /// Makes every token worthless.
    pub(crate) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Pass>> {
        self.valid.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
