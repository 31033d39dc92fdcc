//! A seeded mix of faults for demonstrations. What happens to a call depends on the seed, the call and how often that
//! same call was made, so a retry draws anew and every payment gets through in the end.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Action, Arrival, Place};

/// How likely each fault of a storm is, from 0 (never) to 1 (always). A call is struck by one of them at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storm {
    seed: u64,
    lost_requests: f64,
    lost_replies: f64,
    delays: f64,
    resets: f64,
    errors_before: f64,
    errors_after: f64,
    too_many: f64,
    garbage: f64,
    expired_tokens: f64,
}

macro_rules! chances {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(mut self, probability: f64) -> Self {
            self.$name = probability;
            self
        })*
    };
}

impl Storm {
    /// Calm weather; the same seed and the same calls give the same faults.
    pub fn new(seed: u64) -> Self {
        Self { seed, ..Self::default() }
    }

    chances! {
        /// The connection closes before the provider has seen the request.
        lost_requests
        /// The connection closes after the provider has acted.
        lost_replies
        /// The request waits between 5 and 250 ms.
        delays
        /// The connection is reset, before or after the provider has acted.
        resets
        /// 500, 502 or 503 before the provider has acted.
        errors_before
        /// 500, 502 or 503 after the provider has acted.
        errors_after
        /// 429 with `Retry-After: 1`, before the provider has acted.
        too_many
        /// The provider has acted and its reply is not JSON.
        garbage
        /// The request's token is revoked before it is looked at.
        expired_tokens
    }

    fn chances(&self) -> [f64; 9] {
        [
            self.lost_requests,
            self.lost_replies,
            self.delays,
            self.resets,
            self.errors_before,
            self.errors_after,
            self.too_many,
            self.garbage,
            self.expired_tokens,
        ]
    }
}

/// A storm and how often it has seen each call.
#[derive(Debug)]
pub(crate) struct Raging {
    storm: Storm,
    seen: HashMap<u64, u64>,
}

impl Raging {
    pub(crate) fn new(storm: Storm) -> Self {
        Self { storm, seen: HashMap::new() }
    }

    pub(crate) fn draw(&mut self, arrival: Arrival<'_>) -> Option<(Place, Action)> {
        let identity = match arrival.reference_id {
            Some(reference_id) => fingerprint(&[arrival.operation.as_bytes(), reference_id.as_bytes()]),
            None => fingerprint(&[arrival.operation.as_bytes(), arrival.uri.as_bytes(), arrival.body]),
        };
        let seen = self.seen.entry(identity).or_default();
        *seen += 1;
        let roll = |kind: u64| mix(&[self.storm.seed, identity, *seen, kind]);
        let which =
            self.storm.chances().into_iter().zip(0..).position(|(chance, kind)| hits(chance, roll(kind)))?;
        let detail = roll(99);
        let status = Action::Status { code: [500, 502, 503][(detail % 3) as usize] };
        Some(match which {
            0 => (Place::BeforeEffect, Action::DropReply),
            1 => (Place::AfterEffect, Action::DropReply),
            2 => (Place::BeforeEffect, Action::Delay { millis: 5 + detail % 246 }),
            3 if detail % 2 == 0 => (Place::BeforeEffect, Action::Reset),
            3 => (Place::AfterEffect, Action::Reset),
            4 => (Place::BeforeEffect, status),
            5 => (Place::AfterEffect, status),
            6 => (Place::BeforeEffect, Action::TooManyRequests { retry_after: Some(1) }),
            7 => (Place::AfterEffect, Action::GarbageBody),
            _ => (Place::BeforeEffect, Action::RevokeToken),
        })
    }
}

/// Whether a roll falls under a probability.
#[expect(clippy::float_arithmetic, reason = "a probability, not money")]
pub(super) fn hits(probability: f64, roll: u64) -> bool {
    // 53 bits are what a double holds exactly.
    ((roll >> 11) as f64) < probability * (1_u64 << 53) as f64
}

/// Mixes numbers into one that looks random (the finaliser of SplitMix64).
pub(super) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0x9e37_79b9_7f4a_7c15, |state: u64, part| {
        let mut z = state.wrapping_add(*part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// The FNV-1a hash: fixed for all time, unlike the standard library's.
fn fingerprint(parts: &[&[u8]]) -> u64 {
    parts
        .iter()
        .flat_map(|part| part.iter().chain(&[0xff]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_retried_call_draws_anew_and_gets_through() {
        let storm = Storm::new(1).lost_requests(0.4).lost_replies(0.4);
        for payment in 0..200_u128 {
            let mut raging = Raging::new(storm);
            let arrival = Arrival {
                operation: "POST /v1/executions/payout",
                reference_id: Some(Uuid::from_u128(payment)),
                uri: "",
                body: b"",
            };
            assert!((0..100).any(|_| raging.draw(arrival).is_none()), "a call is not struck for ever");
        }
    }

    #[test]
    fn calm_weather_strikes_nothing() {
        let mut raging = Raging::new(Storm::new(3));
        let arrival =
            Arrival { operation: "GET /v1/status/source", reference_id: None, uri: "?a", body: b"" };
        assert!((0..1000).all(|_| raging.draw(arrival).is_none()));
    }
}
