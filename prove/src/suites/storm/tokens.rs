//! However many callers need a token at once, one request fetches it, and one more after each expiry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use dollr::raw::{HttpTransport, Reply};
use dollr::{Clock, Dollr, ErrorKind, Expect, Name, Operation, ReferenceId, Secret, usd};
use dwolla::Dwolla;
use payonce::BoxFuture;
use payonce::journal::MemoryJournal;
use payonce::rail::{LookUp, Order, Rail};
use tokio::task::JoinSet;

use crate::bed;
use crate::suite::{Figures, Run, Stop};
use crate::virtual_time::Virtual;

/// How long a token lives, in minutes.
const LIVES: u64 = 60;

/// How often the tokens run out.
const EXPIRIES: usize = 3;

/// Answers every request after a moment, and counts those for tokens.
#[derive(Debug)]
struct Counting {
    rail: &'static str,
    time: Virtual,
    tokens: AtomicUsize,
    others: AtomicUsize,
    /// Whether the provider has tokens to give.
    fails: bool,
}

impl HttpTransport for Counting {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static str,
    ) -> Reply<'a> {
        Box::pin(async move {
            self.time.sleep(Duration::from_millis(50)).await;
            let (status, body) = if operation == "obtain_token" {
                let number = self.tokens.fetch_add(1, Ordering::Relaxed);
                if self.fails {
                    (503, r#"{"detail":"gone","code":"gone"}"#.to_owned())
                } else {
                    // Dollr says it in minutes.
                    let lives = if self.rail == "dollr" { LIVES } else { LIVES * 60 };
                    let token = format!(r#""access_token":"token-{number}","token_type":"bearer""#);
                    (200, format!(r#"{{{token},"expires_in":{lives}}}"#))
                }
            } else {
                self.others.fetch_add(1, Ordering::Relaxed);
                (404, r#"{"detail":"Not found","code":"NotFound"}"#.to_owned())
            };
            let response =
                http::Response::builder().status(status).header("content-type", "application/json");
            drop(request);
            let response = response.body(body).expect("a status and a text make a response");
            Ok(response.into())
        })
    }
}

/// Has so many callers ask at once, again and again, with the token run out in between.
pub(super) fn once(run: &Run, callers: usize, figures: &mut Figures) -> Result<(), Stop> {
    for (rail, fails) in [("dollr", false), ("dollr", true), ("dwolla", false), ("dwolla", true)] {
        let counts = asked(rail, callers, fails)?;
        let expected = EXPIRIES + 1;
        if counts != (expected, if fails { 0 } else { callers * expected }) {
            let (tokens, others) = counts;
            let what = format!(
                "{rail}: {callers} callers and {EXPIRIES} expiries made {tokens} requests for a token (expected {expected}) \
                 and {others} others, where the provider {} tokens",
                if fails { "refuses" } else { "gives" }
            );
            return Err(run.violation(what).into());
        }
    }
    figures.count("callers that need a token at once", callers, "");
    figures.count("token requests per expiry, of either rail", 1_u64, "");
    Ok(())
}

/// A question that needs a token, and what its answer was.
type Asks = Box<dyn Fn() -> BoxFuture<'static, Option<ErrorKind>>>;

/// A client of the rail, which asks for what is not there.
fn client(rail: &str, time: &Virtual, transport: Arc<dyn HttpTransport>) -> Result<Asks> {
    let (clock, journal) = (Arc::new(time.clone()), Arc::new(MemoryJournal::new()));
    let key: ReferenceId = uuid::Uuid::from_u128(7).into();
    if rail == "dollr" {
        let builder = Dollr::builder().client_id("client").client_secret(Secret::new("secret"));
        let builder = builder.base_url("http://127.0.0.1:1").clock(clock).journal_with(journal);
        let (dollr, payout) = (builder.transport(transport).build()?, Operation::new("payout")?);
        return Ok(Box::new(move || {
            let (dollr, payout) = (dollr.clone(), payout.clone());
            Box::pin(async move { Some(dollr.execution(&payout, key).await.err()?.kind()) })
        }));
    }
    let builder = Dwolla::builder().key("client").secret(Secret::new("secret"));
    let builder = builder.base_url("http://127.0.0.1:1").clock(clock).journal_with(journal);
    let dwolla = builder.transport(transport).build()?;
    let id = uuid::Uuid::from_u128(7).to_string();
    let amount = usd("1.00")?;
    let order = Order {
        operation: Operation::new("transfer")?,
        name: Name::new("open")?,
        reference_id: key,
        contents: serde_json::json!({ "source": id, "destination": { "customer": id }, "amount": amount })
            .to_string(),
        expect: Expect::Amount(amount),
    };
    Ok(Box::new(move || {
        let (dwolla, order) = (dwolla.clone(), order.clone());
        Box::pin(async move {
            match dwolla.rail().look_up(&order).await {
                LookUp::Setback(setback) => Some(setback.error.kind()),
                _ => None,
            }
        })
    }))
}

fn asked(rail: &'static str, callers: usize, fails: bool) -> Result<(usize, usize)> {
    bed::runtime()?.block_on(async {
        let time = Virtual::new();
        let (tokens, others) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let counting = Arc::new(Counting { rail, time: time.clone(), tokens, others, fails });
        let ask = client(rail, &time, Arc::clone(&counting) as Arc<dyn HttpTransport>)?;
        for round in 0..=EXPIRIES {
            let mut asking = JoinSet::new();
            for _ in 0..callers {
                let (time, asked) = (time.clone(), ask());
                asking.spawn(async move {
                    // The clock goes on only when nobody stirs: not before all callers have asked.
                    time.sleep(Duration::ZERO).await;
                    let answer = asked.await;
                    time.sleep(Duration::ZERO).await;
                    answer
                });
            }
            time.run_until(time.now() + Duration::from_secs(10)).await;
            while let Some(answer) = asking.join_next().await {
                let kind = answer?.context("there is nothing under this key")?;
                let expected = if fails { ErrorKind::Unavailable } else { ErrorKind::NotFound };
                ensure!(kind == expected, "{rail}, round {round}: {kind:?}");
            }
            // Long enough for any token to have run out.
            time.run_until(time.now() + Duration::from_secs(LIVES * 60)).await;
        }
        Ok((counting.tokens.load(Ordering::Relaxed), counting.others.load(Ordering::Relaxed)))
    })
}
