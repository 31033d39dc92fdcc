//! Every example runs twice, ends as it says, and pays nothing twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../tests/shared/examples.rs"]
mod examples;

use std::time::Duration;

use examples::Example;
use payonce_sandbox::{REALTIME_ANON_KEY, Sandbox};

/// Those that sell something new each time they run.
const SELLS_ANEW: [&str; 4] = ["card", "checkout_shortcut", "collect_order", "hosted_checkout"];

/// Those that are there only with a feature that is not on.
const LEFT_OUT: &[&str] = if cfg!(feature = "realtime") { &[] } else { &["realtime"] };

async fn run_twice(example: Example) {
    let sandbox = Sandbox::builder().settle_after(Duration::from_millis(300)).start().await.unwrap();
    let mut environment = sandbox.env();
    environment.push(("DOLLR_REALTIME_URL", sandbox.url().to_owned()));
    environment.push(("DOLLR_REALTIME_ANON_KEY", REALTIME_ANON_KEY.to_owned()));
    let moved = || {
        let ledger = sandbox.ledger();
        assert!(ledger.is_balanced() && ledger.paid_twice().is_empty(), "{}", example.name);
        ledger.movements().len()
    };
    let moved = example.runs_twice(environment, moved).await;
    let anew = SELLS_ANEW.contains(&example.name.as_str());
    assert_eq!(moved[0] != moved[1], anew, "{} moved money {moved:?} times in all", example.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_ends_as_it_says_and_pays_once_however_often_it_runs() {
    examples::run_all(LEFT_OUT, run_twice).await;
}

#[test]
fn the_crates_documentation_names_every_example() {
    examples::are_named_in(include_str!("../src/lib.rs"));
}
