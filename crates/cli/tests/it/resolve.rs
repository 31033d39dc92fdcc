//! A person decides about a parked payment, rightly and wrongly; the ledger has each payment once at most.

use chrono::Utc;
use payonce::ParkReason;
use payonce::journal::{Claim, Journal, Key, SqliteJournal, Standing};
use payonce::step::{Entry, Event};

use crate::payonce::Shop;

const AMA: [&str; 8] = ["payout", "salary/ama", "--account", "18", "--amount", "250", "--currency", "USD"];

/// A payment that was sent and that the engine gave up on. The process that sent it is dead; the provider made it or never
/// saw the request.
pub(crate) async fn parked(shop: &Shop, made: bool) {
    let call = shop.sandbox.on("POST /v1/executions/payout").nth(1);
    let held = if made { call.after_effect().hold() } else { call.before_effect().hold() };
    let mut command = shop.command(&AMA).spawn().unwrap();
    held.wait_until_held().await;
    command.kill().unwrap();
    command.wait().unwrap();
    if made {
        held.release();
    }
    // The rail's patience is a week; this is what it leads to.
    let journal = SqliteJournal::open(shop.directory.path().join("payonce.db")).unwrap();
    let key = Key::Name("salary/ama".parse().unwrap());
    let id = journal.find("dollr", key).await.unwrap().unwrap().id;
    let Claim::Ours(lease, _) = journal.claim(id).await.unwrap() else { panic!("it is not free") };
    let event = Event::Parked { reason: ParkReason::NoAnswer };
    journal.append(lease, vec![Entry { at: Utc::now(), event }], Standing::Parked).await.unwrap();
}

fn decide<'a>(decision: &[&'a str]) -> Vec<&'a str> {
    [&["resolve", "salary/ama", "--reason", "support looked", "--by", "ama", "--yes", "--json"], decision]
        .concat()
}

#[tokio::test]
async fn paid_is_for_good_and_nothing_is_sent_again() {
    let shop = Shop::open().await;
    let since = Utc::now().to_rfc3339();
    parked(&shop, true).await;
    let said = shop.run(&decide(&["--paid", "wrong"])).exits(4).json();
    assert_eq!(said["error"]["kind"], "contradicted");
    let known = shop.run(&["explain", "salary/ama", "--json"]).exits(0).json();
    assert_eq!((&known["provider"]["answer"], &known["money"]), (&"completed".into(), &"moved".into()));
    let id = known["provider"]["receipt"]["provider_transaction_id"].as_str().unwrap().to_owned();
    let said = shop.run(&decide(&["--paid", &id])).exits(0).json();
    assert_eq!((&said["decided"], &said["payment"]["standing"]), (&true.into(), &"completed".into()));
    assert_eq!(said["payment"]["provider_transaction_id"], id.as_str());
    shop.run(&AMA).exits(0);
    let refused = shop.run(&["again", "salary/ama", "--json"]).exits(1);
    assert_eq!(refused.json()["error"]["kind"], "not_failed");
    assert_eq!(
        shop.run(&["reconcile", "--since", &since, "--json"]).exits(0).json()["differences"],
        serde_json::json!([])
    );
    assert_eq!(shop.movements(), 1);
}

/// The provider has it, and the person says that it has not: as long as it answers, it is believed.
#[tokio::test]
async fn not_paid_is_refused_while_the_provider_says_otherwise() {
    let shop = Shop::open().await;
    parked(&shop, true).await;
    let said = shop.run(&decide(&["--not-paid"])).exits(4);
    assert_eq!(said.json()["error"]["kind"], "contradicted");
    assert!(said.err.contains("the provider says that the money moved"), "{}", said.err);
    assert_eq!(shop.run(&["show", "salary/ama", "--json"]).exits(0).json()["standing"], "parked");
    assert_eq!(shop.movements(), 1);
}

/// It made the payment and does not answer; the person is wrong, and tries it again.
#[tokio::test]
async fn a_person_who_is_wrong_does_not_pay_twice() {
    let shop = Shop::open().await;
    parked(&shop, true).await;
    let _ = shop.sandbox.on("GET /v1/status/*").before_effect().status(503);
    let said = shop.run(&decide(&["--not-paid"])).exits(3).json();
    assert_eq!((&said["decided"], &said["payment"]["standing"]), (&true.into(), &"failed".into()));
    // Nothing is sent by itself, and the same order is the same payment, which has failed.
    shop.run(&AMA).exits(3);
    shop.run(&["resume"]).exits(0);
    let before = shop.run(&["show", "salary/ama", "--json"]).exits(0).json();
    shop.sandbox.clear_faults();
    let again = shop.run(&["again", "salary/ama", "--wait", "--json"]).exits(0).json();
    assert_eq!((&again["standing"], &again["attempt"]), (&"completed".into(), &1.into()));
    assert_eq!(again["reference_id"], before["reference_id"]);
    assert_eq!(shop.movements(), 1);
}

/// The first request is still under way while the payment is tried again: before the fence, nothing else can be executed.
#[tokio::test]
async fn while_a_late_request_may_come_trying_again_only_looks() {
    let shop = Shop::open().await;
    parked(&shop, false).await;
    shop.run(&decide(&["--not-paid"])).exits(3);
    let looked = shop.sandbox.on("GET /v1/status/payout/*").nth(1).after_effect().hold();
    let mut again = shop.command(&["again", "salary/ama", "--wait"]).spawn().unwrap();
    looked.wait_until_held().await;
    assert_eq!(shop.movements(), 0);
    // Whatever is held arrives now, the first request too.
    shop.sandbox.clear_faults();
    while shop.movements() == 0 {
        tokio::task::yield_now().await;
    }
    again.kill().unwrap();
    again.wait().unwrap();
    let posts = |to: &str| shop.sandbox.requests().iter().filter(|it| it.operation == to).count();
    assert_eq!((posts("POST /v1/sessions/payout"), posts("POST /v1/executions/payout")), (1, 1));
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn nothing_is_decided_without_a_decision_a_reason_and_a_yes() {
    let shop = Shop::open().await;
    parked(&shop, false).await;
    for (arguments, code) in [
        (vec!["resolve", "salary/ama"], 5),
        (vec!["resolve", "salary/ama", "--not-paid"], 2),
        (vec!["resolve", "salary/ama", "--paid", "MP-1"], 2),
        (vec!["resolve", "salary/ama", "--not-paid", "--paid", "MP-1", "--reason", "x"], 2),
        (vec!["resolve", "salary/ama", "--not-paid", "--reason", "seen", "--by", "ama"], 2),
        (vec!["resolve", "salary/ama", "--not-paid", "--reason", "seen", "--yes"], 2),
        (vec!["resolve", "salary/ama", "--not-paid", "--reason", " ", "--by", "ama", "--yes"], 2),
        (decide(&["--not-paid", "--dry-run"]), 5),
        (vec!["resolve", "nobody"], 1),
    ] {
        let ran = shop.run(&arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
    }
    assert_eq!(shop.run(&["show", "salary/ama", "--json"]).exits(0).json()["standing"], "parked");
    let other = ["payout", "pay/2", "--account", "18", "--amount", "1", "--currency", "USD"];
    shop.sandbox.clear_faults();
    shop.run(&other).exits(0);
    let refused = shop.run(&["resolve", "pay/2", "--json"]).exits(1);
    assert_eq!(refused.json()["error"]["kind"], "not_parked");
}
