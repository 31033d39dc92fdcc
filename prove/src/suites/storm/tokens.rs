//! However many callers need a token at once, one request fetches it, and one more after each expiry.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use dollr::raw::{HttpTransport, Reply};
use dollr::{Clock, Dollr, ErrorKind, Operation, ReferenceId, Secret};
use payonce::journal::MemoryJournal;
use tokio::task::JoinSet;

use crate::bed;
use crate::suite::{Figures, Run, Stop};
use crate::virtual_time::Virtual;

/// How long a token lives, in minutes, as the provider says it.
const LIVES: u64 = 60;

/// How often the tokens run out.
const EXPIRIES: usize = 3;

/// Answers every request after a moment, and counts those for tokens.
#[derive(Debug)]
struct Counting {
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
                    (503, r#"{"detail":"gone"}"#.to_owned())
                } else {
                    (200, format!(r#"{{"access_token":"token-{number}","expires_in":{LIVES}}}"#))
                }
            } else {
                self.others.fetch_add(1, Ordering::Relaxed);
                (404, r#"{"detail":"Not found"}"#.to_owned())
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
    for fails in [false, true] {
        let counts = asked(callers, fails)?;
        let expected = EXPIRIES + 1;
        if counts != (expected, if fails { 0 } else { callers * expected }) {
            let (tokens, others) = counts;
            let what = format!(
                "{callers} callers and {EXPIRIES} expiries made {tokens} requests for a token (expected {expected}) \
                 and {others} others, where the provider {} tokens",
                if fails { "refuses" } else { "gives" }
            );
            return Err(run.violation(what).into());
        }
    }
    figures.count("callers that need a token at once", callers, "");
    figures.count("token requests per expiry", 1_u64, "");
    Ok(())
}

fn asked(callers: usize, fails: bool) -> Result<(usize, usize)> {
    bed::runtime()?.block_on(async {
        let time = Virtual::new();
        let counting = Arc::new(Counting {
            time: time.clone(),
            tokens: AtomicUsize::new(0),
            others: AtomicUsize::new(0),
            fails,
        });
        let transport: Arc<dyn HttpTransport> = Arc::clone(&counting) as Arc<dyn HttpTransport>;
        let dollr = Dollr::builder()
            .client_id("client")
            .client_secret(Secret::new("secret"))
            .base_url("http://127.0.0.1:1")
            .clock(Arc::new(time.clone()))
            .transport(transport)
            .journal_with(Arc::new(MemoryJournal::new()))
            .build()?;
        let key: ReferenceId = uuid::Uuid::from_u128(7).into();
        for round in 0..=EXPIRIES {
            let mut asking = JoinSet::new();
            for _ in 0..callers {
                let (dollr, time) = (dollr.clone(), time.clone());
                let payout = Operation::new("payout")?;
                asking.spawn(async move {
                    // The clock goes on only when nobody stirs: not before all callers have asked.
                    time.sleep(Duration::ZERO).await;
                    let answer = dollr.execution(&payout, key).await.map(drop);
                    time.sleep(Duration::ZERO).await;
                    answer
                });
            }
            time.run_until(time.now() + Duration::from_secs(10)).await;
            while let Some(answer) = asking.join_next().await {
                let error = answer?.err().context("there is nothing under this key")?;
                let expected = if fails { ErrorKind::Unavailable } else { ErrorKind::NotFound };
                ensure!(error.kind() == expected, "round {round}: {error:?}");
            }
            // Long enough for any token to have run out.
            time.run_until(time.now() + Duration::from_secs(LIVES * 60)).await;
        }
        Ok((counting.tokens.load(Ordering::Relaxed), counting.others.load(Ordering::Relaxed)))
    })
}
