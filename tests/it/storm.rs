//! The storm runner that is exported for other people's tests: this client passes it, and a naive one does not.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use dollr::raw::types::{CreateTransferSessionPayload, TransferExecutionPayload};
use dollr::{Builder, Dollr, usd};
use futures_util::FutureExt;
use payonce_sandbox::storm::{self, Seeds, World};
use uuid::Uuid;

use crate::world::{AMA, completed};

fn client(world: &World) -> Dollr {
    let builder = Builder::from_variables(world.env()).unwrap().journal_in_memory();
    let builder = builder.clock(Arc::new(world.clock())).first_answer(Duration::from_secs(24 * 3600));
    // In real time, unlike everything else.
    builder.request_timeout(Duration::from_secs(2)).build().unwrap()
}

#[tokio::test]
async fn three_salaries_are_paid_once_each_whatever_the_weather() {
    let seeds = Seeds::new(1..=5).speed(600);
    seeds
        .run(async |world| {
            let dollr = client(&world);
            for name in ["ama", "kofi", "musu"] {
                let payout = dollr.payout(format!("salary/{name}"), AMA, usd("10.00").unwrap());
                completed(&payout.send().await.unwrap()).await;
            }
            3
        })
        .await;
}

/// Pays as the provider's first example does: whatever goes wrong, it begins anew, with a new session and a new key.
async fn naive(dollr: &Dollr, now: impl Fn() -> dollr::Timestamp) {
    let raw = dollr.raw();
    loop {
        let ask = CreateTransferSessionPayload {
            amount: usd("10.00").unwrap().amount().into(),
            currency: "USD".to_owned(),
            expires_at: (now() + TimeDelta::minutes(15)).into(),
            from_wallet_id: 3,
            to_counterparty_id: 15,
        };
        let Ok(session) = raw.create_transfer_session(&ask).await else { continue };
        let session_id = session.into_inner().id.to_string();
        let order = TransferExecutionPayload { reference_id: Uuid::new_v4(), session_id };
        if raw.execute_transfer(&order).await.is_ok() {
            return;
        }
    }
}

/// What a run panics with.
async fn complaint(run: impl Future<Output = ()>) -> String {
    let panic = AssertUnwindSafe(run).catch_unwind().await.expect_err("the runner should have complained");
    *panic.downcast::<String>().unwrap()
}

#[tokio::test]
async fn a_client_that_takes_a_new_key_for_a_retry_is_caught_with_the_line_that_replays_it() {
    let storm = |seed| storm::Storm::new(seed).lost_replies(0.5);
    let run = Seeds::new(7..=9).storm(storm).run(async |world| {
        let dollr = client(&world);
        for _ in 0..5 {
            naive(&dollr, || world.clock().now()).await;
        }
        5
    });
    let complaint = complaint(run).await;
    let (seed, wrong) = complaint.strip_prefix("seed ").and_then(|words| words.split_once(": ")).unwrap();
    assert!(["7", "8", "9"].contains(&seed), "{complaint}");
    assert!(wrong.starts_with("5 payments were meant, and money moved "), "{complaint}");
    assert!(complaint.matches("\n  TRANSFER 10.00 USD under ").count() > 5, "{complaint}");
    let replay = format!(
        "to replay it alone: PAYONCE_STORM_SEED={seed} cargo test -- --exact storm::a_client_that_takes"
    );
    assert!(complaint.contains(&replay), "{complaint}");
}

#[tokio::test]
async fn a_payment_that_was_lost_a_silent_client_and_a_panic_are_complained_of_with_the_seed() {
    let lost = complaint(storm::seeds(1..=1, async |world| {
        let payout = client(&world).payout("one", AMA, usd("1.00").unwrap()).send().await.unwrap();
        completed(&payout).await;
        2..=3
    }));
    assert!(lost.await.starts_with("seed 1: 2 to 3 payments were meant, and money moved 1 times"));
    let silent = complaint(storm::seeds(1..=1, async |_| 0)).await;
    assert!(silent.starts_with("seed 1: the code under test sent nothing"), "{silent}");
    let panic =
        complaint(storm::seeds(4..=5, async |world| -> usize { panic!("at {}", world.seed()) })).await;
    assert!(panic.starts_with("seed 4: at 4\nto replay it alone: PAYONCE_STORM_SEED=4 "), "{panic}");
}
