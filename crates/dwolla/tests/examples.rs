//! Every example runs twice, ends as it says, and pays nothing twice.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../../tests/shared/examples.rs"]
mod examples;

use examples::Example;
use payonce_sandbox::DwollaSandbox;

async fn run_twice(example: Example) {
    let sandbox = DwollaSandbox::start().await.unwrap();
    let moved = || {
        let ledger = sandbox.ledger();
        assert!(ledger.is_balanced() && ledger.paid_twice().is_empty(), "{}", example.name);
        ledger.movements().len()
    };
    let moved = example.runs_twice(sandbox.env(), moved).await;
    assert_eq!(moved[0], moved[1], "{} moved money {moved:?} times in all", example.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_ends_as_it_says_and_pays_once_however_often_it_runs() {
    examples::run_all(&[], run_twice).await;
}

#[test]
fn the_crates_documentation_names_every_example() {
    examples::are_named_in(include_str!("../src/lib.rs"));
}
