//! Orders given on the command line: what they print, how they exit, and what they leave in the ledger.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::payonce::{Ran, Shop};

const AMA: [&str; 8] = ["payout", "salary/ama", "--account", "18", "--amount", "250", "--currency", "USD"];

fn with<'a>(arguments: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [arguments, more].concat()
}

#[tokio::test]
async fn each_movement_is_made_and_told_in_one_line() {
    let shop = Shop::open().await;
    let usd = ["--currency", "USD", "--json"];
    for (order, operation, amount) in [
        (AMA.to_vec(), "payout", Some("250.00")),
        (
            vec!["transfer", "float/1", "--from-wallet", "3", "--to-counterparty", "15", "--amount", "9.5"],
            "transfer",
            Some("9.50"),
        ),
        (
            vec!["refund", "refund/7", "--intent", "9001", "--reason", "damaged", "--amount", "10.00"],
            "refund",
            Some("10.00"),
        ),
        (vec!["collection", "INV-101", "--invoice", "101", "--account", "18"], "collection", None),
        (vec!["collection", "ORD-201", "--order", "201", "--account", "18"], "collection", None),
    ] {
        let order = if operation == "payout" { with(&order, &["--json"]) } else { with(&order, &usd) };
        let said = shop.run(&order).exits(0).json();
        assert_eq!(said["operation"], operation);
        assert_eq!(said["standing"], "completed");
        assert_eq!(said["amount"].as_str(), amount);
        assert!(
            said["payer_amount"]["amount"].is_string() && said["payee_amount"]["amount"].is_string(),
            "{said}"
        );
        let key = said["reference_id"].as_str().unwrap().parse().unwrap();
        assert_eq!(shop.sandbox.ledger().payments(key), 1);
    }
    assert_eq!(shop.movements(), 5);
}

#[tokio::test]
async fn the_same_order_again_is_the_same_payment() {
    let shop = Shop::open().await;
    let first = shop.run(&AMA).exits(0);
    assert!(first.out.starts_with("salary/ama: payout of 250.00 USD: completed; charged "), "{}", first.out);
    assert_eq!(shop.run(&AMA).exits(0).out, first.out);
    assert_eq!(shop.run(&with(&AMA, &["--wait"])).exits(0).out, first.out);
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn the_same_name_for_another_order_is_refused_and_sends_nothing() {
    let shop = Shop::open().await;
    shop.run(&AMA).exits(0);
    let requests = shop.sandbox.request_count();
    let other = ["payout", "salary/ama", "--account", "18", "--amount", "251", "--currency", "USD", "--json"];
    let refused = shop.run(&other).exits(1);
    let error = &refused.json()["error"];
    assert_eq!((&error["kind"], &error["effect"]), (&"name_taken".into(), &"none".into()));
    assert!(refused.err.contains("no money moved"), "{}", refused.err);
    assert_eq!((shop.movements(), shop.sandbox.request_count()), (1, requests));
}

#[tokio::test]
async fn a_payment_that_the_provider_only_took_exits_with_4_and_resume_ends_it() {
    let shop = Shop::settling_after(Duration::from_millis(300)).await;
    let taken = shop.run(&with(&AMA, &["--json"])).exits(4).json();
    assert_eq!(taken["standing"], "pending");
    assert_eq!(shop.run(&["list", "--unfinished"]).exits(0).out.lines().count(), 1);
    let resumed = shop.run(&["resume", "--json"]).exits(0).json();
    assert_eq!(
        resumed,
        serde_json::json!({"taken_up": 1, "completed": 1, "failed": 0, "parked": 0, "under_way": 0, "left_alone": 0})
    );
    assert_eq!(shop.run(&["list", "--unfinished"]).exits(0).out, "");
    assert_eq!(
        shop.run(&["resume"]).exits(0).out,
        "0 taken up: 0 completed, 0 failed, 0 parked, 0 under way\n"
    );
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn waiting_ends_with_the_payment() {
    let shop = Shop::settling_after(Duration::from_millis(300)).await;
    assert_eq!(shop.run(&with(&AMA, &["--wait", "--json"])).exits(0).json()["standing"], "completed");
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_declined_payment_exits_with_3_and_can_be_tried_again() {
    let shop = Shop::open().await;
    let declined =
        ["payout", "bonus/ama", "--account", "21", "--amount", "1.00", "--currency", "USD", "--json"];
    let first = shop.run(&declined).exits(3).json();
    assert_eq!(first["standing"], "failed");
    assert!(first["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{first}");
    let again = shop.run(&["again", "bonus/ama", "--wait", "--json"]).exits(3).json();
    assert_eq!(again["attempt"], 2);
    assert_ne!(again["reference_id"], first["reference_id"]);
    let shown = shop.run(&["show", "bonus/ama", "--json"]).exits(0).json();
    assert_eq!(shown["reference_ids"], serde_json::json!([first["reference_id"], again["reference_id"]]));
    shop.run(&AMA).exits(0);
    let refused = shop.run(&["again", "salary/ama", "--json"]).exits(1);
    assert_eq!(refused.json()["error"]["kind"], "not_failed");
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_card_payment_waits_for_its_holder_and_says_so() {
    let shop = Shop::open().await;
    let collect =
        ["collection", "INV-111", "--invoice", "111", "--account", "31", "--currency", "USD", "--wait"];
    let mut command = shop.command(&collect).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(command.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("the card's holder must authorise it"), "{said}");
    let listed = shop.run(&["list", "--json", "--standing", "pending"]).exits(0).json();
    assert_eq!(shop.movements(), 0);
    assert!(shop.sandbox.confirm_card(listed["reference_id"].as_str().unwrap().parse().unwrap()));
    assert_eq!(command.wait().unwrap().code(), Some(0));
    assert_eq!(shop.movements(), 1);
}

/// The provider has acted and its answer is still on the way when the command is killed.
#[tokio::test]
async fn a_command_killed_in_the_middle_is_resumed_and_pays_once() {
    let shop = Shop::open().await;
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    let mut command = shop.command(&AMA).spawn().unwrap();
    held.wait_until_held().await;
    command.kill().unwrap();
    command.wait().unwrap();
    held.release();
    assert!(shop.run(&["list", "--standing", "sending"]).exits(0).out.contains("salary/ama"));
    assert_eq!(
        shop.run(&["resume"]).exits(0).out,
        "1 taken up: 1 completed, 0 failed, 0 parked, 0 under way\n"
    );
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_wrong_command_line_exits_with_2_and_sends_nothing() {
    let shop = Shop::open().await;
    for arguments in [
        vec![],
        vec!["payout"],
        vec!["payout", "a", "--account", "18", "--amount", "1"],
        vec!["payout", " a", "--account", "18", "--amount", "1", "--currency", "USD"],
        vec!["payout", "a", "--account", "-1", "--amount", "1", "--currency", "USD"],
        vec!["payout", "a", "--account", "18", "--amount", "1.001", "--currency", "USD"],
        vec!["payout", "a", "--account", "18", "--amount", "0", "--currency", "USD"],
        vec!["payout", "a", "--account", "18", "--amount", "1", "--currency", "usd"],
        vec!["payout", "a", "--account", "18", "--amount", "1", "--currency", "USD", "--passcode", "1"],
        vec!["collection", "a", "--account", "18", "--currency", "USD"],
        vec!["collection", "a", "--invoice", "1", "--order", "1", "--account", "18", "--currency", "USD"],
        vec!["list", "--standing", "lost"],
        vec!["sandbox", "--print-env", "--addr", "127.0.0.1:0"],
    ] {
        let ran = shop.run(&arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{arguments:?}: {ran:?}");
    }
    assert_eq!((shop.sandbox.request_count(), shop.movements()), (0, 0));
}

#[tokio::test]
async fn wrong_credentials_send_nothing_and_the_name_goes_on_with_the_right_ones() {
    let shop = Shop::open().await;
    let wrong = Ran::of(
        shop.command(&with(&AMA, &["--json"])).env("DOLLR_CLIENT_SECRET", "canary-4711").output().unwrap(),
    )
    .exits(1);
    let error = &wrong.json()["error"];
    assert_eq!((&error["kind"], &error["effect"]), (&"unauthorized".into(), &"none".into()));
    assert!(!wrong.out.contains("canary") && !wrong.err.contains("canary"), "{wrong:?}");
    assert_eq!(shop.movements(), 0);
    shop.run(&AMA).exits(0);
    assert_eq!(shop.movements(), 1);
}
