//! `payonce explain` with the provider and without it, and what counts as stuck.

use crate::payonce::{Ran, Shop, payonce};
use crate::resolve::parked;

#[tokio::test]
async fn without_credentials_the_providers_word_is_left_out_and_the_text_says_so() {
    let shop = Shop::open().await;
    shop.run(&["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"]).exits(0);
    let requests = shop.sandbox.request_count();
    let told = Ran::of(payonce(shop.directory.path(), &["explain", "pay/1"]).output().unwrap()).exits(0);
    assert!(
        told.out.contains("the provider   left out: the client id is missing (DOLLR_CLIENT_ID)"),
        "{}",
        told.out
    );
    assert_eq!(shop.sandbox.request_count(), requests);
    let with = shop.run(&["explain", "pay/1"]).exits(0);
    assert!(with.out.contains("the provider   completed: charged"), "{}", with.out);
}

#[tokio::test]
async fn a_provider_that_gives_no_answer_is_told_and_is_no_error() {
    let shop = Shop::open().await;
    parked(&shop, true).await;
    let _ = shop.sandbox.on("GET /v1/status/*").before_effect().status(503);
    let told = shop.run(&["explain", "salary/ama", "--json"]).exits(0).json();
    assert_eq!((&told["provider"]["answer"], &told["money"]), (&"none".into(), &"unknown".into()));
    assert!(told["advice"].as_str().unwrap().contains("payonce resolve salary/ama"), "{told}");
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_payment_is_explained_by_its_key_with_the_rule_of_each_step() {
    let shop = Shop::open().await;
    let _ = shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().drop_reply();
    let pay = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD", "--json"];
    let key = shop.run(&pay).exits(0).json()["reference_id"].as_str().unwrap().to_owned();
    let told = shop.run(&["explain", &key, "--json"]).exits(0).json();
    let rules: Vec<_> =
        told["events"].as_array().unwrap().iter().map(|event| event["rule"].clone()).collect();
    assert_eq!(rules, [2, 1, 3, 7]);
    assert_eq!(told["next"]["what"], "nothing");
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn the_parked_are_stuck_and_the_completed_are_not() {
    let shop = Shop::open().await;
    parked(&shop, true).await;
    shop.run(&["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"]).exits(0);
    let stuck = shop.run(&["list", "--stuck", "--json"]).exits(0).json();
    assert_eq!((&stuck["name"], &stuck["standing"]), (&"salary/ama".into(), &"parked".into()));
    assert_eq!(shop.run(&["list", "--since", "1h"]).exits(0).out.lines().count(), 2);
    assert_eq!(shop.run(&["list", "--since", "2099-01-01"]).exits(0).out, "");
}
