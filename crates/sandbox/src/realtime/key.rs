//! The keys that open the realtime channel of one collection: JSON web tokens, as the provider gives them out.
//!
//! The signing key is public and in this file, like every secret of the sandbox: a key is checked so that a client is
//! seen to send the right one, not to keep anybody out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// How long a key lasts, in seconds, as the provider counts it.
pub(crate) const LIFETIME_SECONDS: i64 = 3_600;

const SIGNING_KEY: &[u8] = b"the sandbox signs realtime keys with this and everybody may know it";

/// `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// What a key says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) session_id: i64,
    pub(crate) reference_id: Uuid,
    /// Seconds since 1970, by the virtual clock.
    exp: i64,
    role: String,
}

/// Why a key opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadKey {
    /// It is not one of the sandbox's.
    Forged,
    /// Its time is over.
    Expired,
}

impl Claims {
    /// When the key stops being valid.
    pub(crate) fn expires_at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.exp, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

/// A key for the channel of one execution, valid for [`LIFETIME_SECONDS`] from now.
pub(crate) fn issue(session_id: i64, reference_id: Uuid, now: DateTime<Utc>) -> String {
    let exp = (now + TimeDelta::seconds(LIFETIME_SECONDS)).timestamp();
    let claims = Claims { session_id, reference_id, exp, role: "authenticated".to_owned() };
    let claims = serde_json::to_vec(&claims).expect("claims are plain data");
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(mac(&signed).finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// What a key says, if it is one of the sandbox's and its time is not over.
pub(crate) fn read(token: &str, now: DateTime<Utc>) -> Result<Claims, BadKey> {
    let (signed, signature) = token.rsplit_once('.').ok_or(BadKey::Forged)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BadKey::Forged)?;
    mac(signed).verify_slice(&signature).map_err(|_| BadKey::Forged)?;
    let claims = signed.split_once('.').and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok());
    let claims: Claims =
        claims.and_then(|claims| serde_json::from_slice(&claims).ok()).ok_or(BadKey::Forged)?;
    if claims.expires_at() > now { Ok(claims) } else { Err(BadKey::Expired) }
}

fn mac(signed: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_KEY).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_valid_for_its_time_and_as_it_was_given_out() {
        let now = Utc::now();
        let key = issue(55, Uuid::from_u128(7), now);
        let claims = read(&key, now).unwrap();
        assert_eq!((claims.session_id, claims.reference_id), (55, Uuid::from_u128(7)));
        assert_eq!(read(&key, now + TimeDelta::seconds(LIFETIME_SECONDS)), Err(BadKey::Expired));
        let other = issue(56, Uuid::from_u128(7), now);
        let (claims, signature) = (other.rsplit_once('.').unwrap().0, key.rsplit_once('.').unwrap().1);
        assert_eq!(read(&format!("{claims}.{signature}"), now), Err(BadKey::Forged));
        assert_eq!(read("nonsense", now), Err(BadKey::Forged));
    }
}
