//! Storms for other people's tests: run payment code against a provider that fails in every way, once for each seed, and
//! let the ledger judge.
//!
//! ```no_run
//! use payonce_sandbox::storm;
//!
//! # async fn pay(_url: &str, _name: &str) {}
//! #[tokio::test]
//! async fn three_salaries_are_paid_once_each_whatever_the_weather() {
//!     storm::seeds(1..=10, async |world| {
//!         for name in ["ama", "kofi", "musu"] {
//!             pay(world.url(), name).await; // the code under test, with all its retries
//!         }
//!         3 // so many payments were meant
//!     })
//!     .await;
//! }
//! ```
//!
//! Each seed gets a sandbox of its own, with a storm that strikes about one call in four: lost requests and replies,
//! delays, resets, errors before and after the effect, garbage, 429, expired tokens. When the code is through, whatever
//! is still on its way arrives, and the runner looks into the books: they balance, no key was executed twice, and money
//! moved exactly as often as it was meant to. A new key for a retry is how most double payments come about, and the
//! ledger sees those as one movement too many.
//!
//! A failure says the seed, what moved, and the line that replays it alone; so does a panic in the code under test:
//!
//! ```text
//! seed 3: 3 payments were meant, and money moved 4 times
//!   PAYOUT 10.00 USD under 51ed4fa0-37a6-4d2e-a1a5-b7e6e0cb8f54
//!   ...
//! to replay it alone: PAYONCE_STORM_SEED=3 cargo test -- --exact three_salaries_are_paid_once_each_whatever_the_weather
//! ```
//!
//! The sandbox's time runs 60 times faster than the wall's. A client made with `dollr` lives in it with
//! `builder.clock(Arc::new(world.clock()))`, under the feature `clock`; its
//! [`env`](crate::Sandbox::env) is what `dollr::Builder::from_variables` takes. Then give it time, too: a
//! `first_answer` of an hour is a minute here.
//!
//! A single fault at a chosen place is for [`Sandbox::on`](crate::Sandbox::on), which [`World`] gives too:
//! `world.on("POST /v1/executions/payout").nth(1).after_effect().drop_reply()`.

use std::env;
use std::fmt::Write as _;
use std::ops::{Deref, RangeInclusive};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

pub use crate::faults::Storm;
use crate::sandbox::Sandbox;

/// The variable that has one seed run alone.
pub const SEED: &str = "PAYONCE_STORM_SEED";

/// What is still on its way has arrived after this, in virtual time.
const AFTERMATH: Duration = Duration::from_secs(24 * 3600);

/// The sandbox of one seed, with its storm. It can be used as the sandbox it is.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    sandbox: Arc<Sandbox>,
}

impl World {
    /// The seed, for the code's own draws.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl Deref for World {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

/// How many payments the code under test meant to make: a number, or a range where it may have given up on some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant(RangeInclusive<usize>);

impl From<usize> for Meant {
    fn from(payments: usize) -> Self {
        Self(payments..=payments)
    }
}

impl From<RangeInclusive<usize>> for Meant {
    fn from(payments: RangeInclusive<usize>) -> Self {
        Self(payments)
    }
}

/// A storm that strikes about one call in four, in every way there is.
pub fn usual(seed: u64) -> Storm {
    Storm::new(seed)
        .lost_requests(0.04)
        .lost_replies(0.05)
        .delays(0.04)
        .resets(0.04)
        .errors_before(0.03)
        .errors_after(0.03)
        .too_many(0.01)
        .garbage(0.03)
        .expired_tokens(0.01)
}

/// Runs the code once for each seed, each in a [usual] storm. [`Seeds`] has more to set.
///
/// # Panics
/// With the seed and the line that replays it, when the code panics, when money moved twice or not as often as it was
/// meant to, when the books do not balance, or when nothing was sent at all.
pub async fn seeds<M: Into<Meant>>(seeds: RangeInclusive<u64>, code: impl AsyncFn(World) -> M) {
    Seeds::new(seeds).run(code).await;
}

/// Seeds, and what the weather is to be under each.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before it is run"]
pub struct Seeds {
    seeds: RangeInclusive<u64>,
    storm: fn(u64) -> Storm,
    speed: u32,
}

impl Seeds {
    /// These seeds, or the one that `PAYONCE_STORM_SEED` names.
    pub fn new(seeds: RangeInclusive<u64>) -> Self {
        Self { seeds, storm: usual, speed: 60 }
    }

    /// Another storm than the [usual] one.
    pub fn storm(mut self, storm: fn(u64) -> Storm) -> Self {
        self.storm = storm;
        self
    }

    /// How many virtual seconds pass in one real second; 60 unless it is set.
    pub fn speed(mut self, speed: u32) -> Self {
        self.speed = speed;
        self
    }

    /// Runs the code once for each seed, one after the other.
    ///
    /// # Panics
    /// As [`seeds`].
    pub async fn run<M: Into<Meant>>(self, code: impl AsyncFn(World) -> M) {
        let seeds = match env::var(SEED) {
            Ok(seed) => {
                let seed = seed.parse().unwrap_or_else(|_| panic!("{SEED} is not a number"));
                seed..=seed
            }
            Err(_) => self.seeds.clone(),
        };
        for seed in seeds {
            let sandbox = Sandbox::builder().speed(self.speed).start().await;
            let sandbox = Arc::new(sandbox.unwrap_or_else(|error| panic!("the sandbox: {error}")));
            sandbox.storm((self.storm)(seed));
            let world = World { seed, sandbox: Arc::clone(&sandbox) };
            let done = AssertUnwindSafe(code(world)).catch_unwind().await;
            let meant = done.unwrap_or_else(|panic| {
                // The panic's own words were printed when it happened; this is what they lack.
                let said = panic.downcast_ref::<String>().cloned();
                let said = said.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                match said {
                    Some(said) => panic!("seed {seed}: {said}\n{}", replay(seed)),
                    None => resume_unwind(panic),
                }
            });
            if let Err(wrong) = judged(&sandbox, &meant.into()) {
                panic!("seed {seed}: {wrong}\n{}", replay(seed));
            }
        }
    }
}

/// The line that runs this seed alone. The test's name is its thread's.
fn replay(seed: u64) -> String {
    let thread = std::thread::current();
    let test = thread.name().filter(|name| *name != "main" && !name.starts_with("tokio"));
    let filter = test.map(|name| format!(" -- --exact {name}")).unwrap_or_default();
    format!("to replay it alone: {SEED}={seed} cargo test{filter}")
}

/// What the books say, once everything has arrived.
fn judged(sandbox: &Sandbox, meant: &Meant) -> Result<(), String> {
    if sandbox.request_count() == 0 {
        return Err("the code under test sent nothing to the sandbox".to_owned());
    }
    sandbox.clear_faults();
    sandbox.clock().advance(AFTERMATH);
    let ledger = sandbox.ledger();
    if !ledger.is_balanced() {
        return Err("the books do not balance".to_owned());
    }
    let twice = ledger.paid_twice();
    if !twice.is_empty() {
        return Err(format!("money moved more than once under the same key: {twice:?}"));
    }
    let movements = ledger.movements();
    if meant.0.contains(&movements.len()) {
        return Ok(());
    }
    let (least, most) = (meant.0.start(), meant.0.end());
    let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let mut wrong = format!("{wanted} payments were meant, and money moved {} times", movements.len());
    for movement in movements {
        let (operation, amount, currency) = (&movement.operation, movement.amount, &movement.currency);
        let _ = write!(wrong, "\n  {operation} {amount} {currency} under {}", movement.reference_id);
    }
    Err(wrong)
}
