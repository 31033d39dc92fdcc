//! `payonce probe`: what it says of a provider that keeps its guards, and of one that does not. The ledger is the judge.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use payonce_sandbox::dwolla::switches::Keys;
use payonce_sandbox::dwolla::{BALANCE, Switches, VERIFIED_BALANCE};
use payonce_sandbox::{Guards, Sandbox};

use crate::payonce::{Banks, Ran, Shop};

const PROBE: [&str; 10] =
    ["probe", "--yes", "--account", "18", "--amount", "1.00", "--currency", "USD", "--settle", "0"];

/// Each question and its answer.
fn answers(ran: &Ran) -> Vec<(String, String)> {
    let told = ran.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    told.map(|told| (told["question"].as_str().unwrap().into(), told["answer"].as_str().unwrap().into()))
        .collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(question, answer)| ((*question).to_owned(), (*answer).to_owned())).collect()
}

fn probe(shop: &Shop) -> Ran {
    shop.run(&[&PROBE[..], &["--json"]].concat())
}

async fn with(guards: Guards) -> Shop {
    let sandbox = Sandbox::builder().settle_after(Duration::ZERO).guards(guards).start().await.unwrap();
    Shop { sandbox, directory: tempfile::tempdir().unwrap() }
}

#[tokio::test]
async fn a_provider_that_keeps_its_guards_is_paid_once_however_often_it_is_probed() {
    let shop = Shop::open().await;
    let holds = [("status", "holds"), ("repeat", "holds"), ("key", "holds"), ("session", "holds")];
    let first = probe(&shop).exits(0);
    assert_eq!(answers(&first), pairs(&[&holds[..], &[("expiry", "later")]].concat()));
    // The session has not expired yet, and then it has.
    assert_eq!(answers(&probe(&shop).exits(0)), pairs(&[&holds[..], &[("expiry", "later")]].concat()));
    shop.sandbox.clock().advance(Duration::from_secs(3600));
    assert_eq!(answers(&probe(&shop).exits(0)), pairs(&[&holds[..], &[("expiry", "holds")]].concat()));
    assert_eq!(shop.movements(), 1);
    let notes = shop.directory.path().join("payonce.db-probe.jsonl");
    assert_eq!(notes.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let notes = std::fs::read_to_string(notes).unwrap();
    assert_eq!(notes.lines().count(), 15);
    for (variable, value) in shop.sandbox.env() {
        let secret = ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE"].contains(&variable);
        assert!(!secret || !(notes.contains(&value) || first.out.contains(&value)), "{variable}: {notes}");
    }
}

#[tokio::test]
async fn a_provider_that_does_not_keep_to_one_key_is_found_out_with_two_payments() {
    let shop = with(Guards { key_once: false, session_once: true }).await;
    let said = probe(&shop).exits(5);
    assert_eq!(answers(&said), pairs(&[("status", "holds"), ("repeat", "holds"), ("key", "broken")]));
    assert_eq!(shop.movements(), 2, "nothing more is sent after the first sign");
}

#[tokio::test]
async fn a_provider_that_does_not_keep_to_one_session_is_found_out_with_two_payments() {
    let shop = with(Guards { key_once: true, session_once: false }).await;
    let said = probe(&shop).exits(5);
    let answered = [("status", "holds"), ("repeat", "holds"), ("key", "holds"), ("session", "broken")];
    assert_eq!(answers(&said), pairs(&answered));
    assert_eq!(shop.movements(), 2);
}

#[tokio::test]
async fn a_provider_without_any_guard_is_found_out_by_the_first_repeat() {
    let shop = with(Guards { key_once: false, session_once: false }).await;
    let said = shop.run(&PROBE).exits(5);
    assert!(said.out.contains("BROKEN    the same request is carried out once: "), "{}", said.out);
    assert_eq!(shop.movements(), 2);
}

#[tokio::test]
async fn on_dwolla_the_same_key_with_the_same_bytes_is_one_transfer_or_the_probe_says_so() {
    let (from, to) = (BALANCE.to_string(), VERIFIED_BALANCE.to_string());
    let arguments = ["probe", "--yes", "--from", &from, "--to", &to, "--settle", "0", "--json"];
    let banks = Banks::open().await;
    for _ in 0..2 {
        assert_eq!(
            answers(&banks.run(&arguments).exits(0)),
            pairs(&[("status", "holds"), ("repeat", "holds")])
        );
    }
    assert_eq!(banks.movements(), 1);
    let banks = Banks::open().await;
    banks.sandbox.switches(Switches { keys: Keys::Ignored, ..Switches::default() });
    let said = banks.run(&arguments).exits(5);
    assert_eq!(answers(&said), pairs(&[("status", "holds"), ("repeat", "broken")]));
    assert_eq!(banks.sandbox.ledger().movements().len(), 2);
}

#[tokio::test]
async fn nothing_is_sent_before_somebody_has_agreed_and_nobody_is_there_to_ask() {
    let shop = Shop::open().await;
    let asked = shop.run(&["probe", "--account", "18"]).exits(2);
    assert!(asked.err.contains("pays 0.01 USD to payment account 18"), "{}", asked.err);
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    shop.run(&["probe", "--yes"]).exits(2);
    assert_eq!(shop.sandbox.request_count(), 0);
}

#[tokio::test]
async fn a_probe_that_is_killed_goes_on_with_the_same_payment() {
    let shop = Shop::open().await;
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(2).after_effect().hold();
    let mut killed = shop.command(&PROBE).spawn().unwrap();
    held.wait_until_held().await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    held.release();
    let said = probe(&shop).exits(0);
    assert_eq!(answers(&said).len(), 5, "{}", said.out);
    assert_eq!(shop.movements(), 1);
}
