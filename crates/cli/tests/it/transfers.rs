//! Transfers on Dwolla, given on the command line: what they print, how they exit, and what they leave in the ledger.

use payonce_sandbox::dwolla::{
    BALANCE, BANK, CUSTOMER, CUSTOMER_BANK, LATE_RETURNING_BANK, SHORT_BANK, UNVERIFIED_BANK,
    VERIFIED_BALANCE, VERIFIED_CUSTOMER,
};
use serde_json::Value;

use crate::payonce::{Banks, Ran, payonce};

/// A transfer of that name, with these options.
fn transfer(name: &str, from: impl ToString, to: impl ToString, amount: &str) -> Vec<String> {
    let (from, to) = (from.to_string(), to.to_string());
    ["transfer", name, "--from", &from, "--to", &to, "--amount", amount].map(str::to_owned).to_vec()
}

fn run(banks: &Banks, order: &[String], more: &[&str]) -> Ran {
    banks.run(&order.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>())
}

/// From bank to bank, which takes the banks two turns.
fn invoice() -> Vec<String> {
    transfer("invoice/4711", BANK, CUSTOMER_BANK, "225.00")
}

#[tokio::test]
async fn every_destination_is_paid_and_told_in_one_line() {
    let banks = Banks::open().await;
    for (name, from, to) in [
        ("to/balance", BALANCE, VERIFIED_BALANCE.to_string()),
        ("to/customer", BALANCE, format!("customer:{VERIFIED_CUSTOMER}")),
        ("to/account", VERIFIED_BALANCE, format!("account:{}", payonce_sandbox::dwolla::ACCOUNT)),
        ("to/bank", BANK, CUSTOMER_BANK.to_string()),
        ("to/email", BANK, "ama@example.com".to_owned()),
    ] {
        let order = transfer(name, from, to, "2.5");
        let wait: &[&str] = if from == BANK { &["--json"] } else { &["--json", "--wait"] };
        let ran = run(&banks, &order, wait);
        let said = ran.json();
        assert_eq!((&said["rail"], &said["operation"]), (&"dwolla".into(), &"transfer".into()), "{said}");
        assert_eq!(said["amount"], "2.50");
        let (code, standing) = if from == BANK { (4, "pending") } else { (0, "completed") };
        assert_eq!((ran.code, &said["standing"]), (Some(code), &standing.into()), "{name}: {ran:?}");
        let key = said["reference_id"].as_str().unwrap();
        assert_eq!(banks.sandbox.ledger().payments(key), 1, "{name}");
    }
    assert_eq!(banks.movements(), 5);
}

#[tokio::test]
async fn a_transfer_carries_its_notes_its_fees_and_its_speed_and_the_fees_are_shown() {
    let banks = Banks::open().await;
    let fee = format!("customer:{CUSTOMER}=4");
    let more = ["--metadata", "note=completed work", "--metadata", "po=7=8", "--fee", &fee, "--fee", &fee];
    run(&banks, &invoice(), &[&more[..], &["--next-available"]].concat()).exits(4);
    let shown = banks.run(&["show", "invoice/4711", "--json"]).exits(0).json();
    let body = shown["events"].as_array().unwrap().iter().find_map(|event| event["body"].as_str());
    let body: Value = serde_json::from_str(body.unwrap()).unwrap();
    assert_eq!(body["metadata"], serde_json::json!({"note": "completed work", "po": "7=8"}), "{body}");
    assert_eq!(body["clearing"]["destination"], "next-available");
    assert_eq!(body["correlationId"], shown["reference_id"]);

    let fees = |arguments: &[&str]| banks.run(arguments).exits(0).out;
    let listed: Vec<Value> = fees(&["fees", "invoice/4711", "--json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(listed.len(), 2);
    let moved = banks.sandbox.ledger().movements();
    for fee in &listed {
        assert_eq!((&fee["status"], &fee["amount"]), (&"pending".into(), &"4.00".into()));
        assert_eq!(fee["created_from_transfer"], moved[0].transfer.to_string());
    }
    let text = fees(&["fees", "invoice/4711"]);
    assert_eq!(text.matches("pending").count(), 2, "{text}");
    assert_eq!(text.matches(&format!("4.00 USD  fee of {}", moved[0].transfer)).count(), 2, "{text}");
    assert_eq!(banks.movements(), 1, "fees are no payments of their own");
}

#[tokio::test]
async fn a_transfer_that_the_banks_have_is_resumed_to_its_end() {
    let banks = Banks::open().await;
    let first = run(&banks, &invoice(), &["--json"]).exits(4).json();
    assert_eq!(first["standing"], "pending");
    banks.settle();
    let resumed = banks.run(&["resume", "--json"]).exits(0).json();
    assert_eq!((&resumed["taken_up"], &resumed["completed"]), (&1.into(), &1.into()), "{resumed}");
    let told = run(&banks, &invoice(), &[]).exits(0);
    assert!(told.out.starts_with("invoice/4711: transfer of 225.00 USD: completed"), "{}", told.out);
    assert!(told.out.trim_end().ends_with("on dwolla"), "{}", told.out);
    assert_eq!(banks.movements(), 1);
}

/// The provider has acted and its answer is still on the way when the command is killed.
#[tokio::test]
async fn a_transfer_killed_in_the_middle_is_resumed_and_paid_once() {
    let banks = Banks::open().await;
    for (name, held) in [
        ("after", banks.sandbox.on("POST /transfers").nth(1).after_effect().hold()),
        ("before", banks.sandbox.on("POST /transfers").nth(2).before_effect().hold()),
    ] {
        let order = transfer(name, BALANCE, VERIFIED_BALANCE, "1.00");
        let order: Vec<&str> = order.iter().map(String::as_str).collect();
        let mut command = banks.command(&order).spawn().unwrap();
        held.wait_until_held().await;
        command.kill().unwrap();
        command.wait().unwrap();
        held.release();
        let killed = banks.run(&["list", "--standing", "sending"]).exits(0);
        assert!(killed.out.contains(name), "{}", killed.out);
        banks.run(&["resume"]).exits(0);
    }
    assert_eq!(banks.movements(), 2);
}

#[tokio::test]
async fn a_returned_transfer_exits_with_3_and_can_be_tried_again_under_a_new_key() {
    let banks = Banks::open().await;
    let order = transfer("rent/11", SHORT_BANK, CUSTOMER_BANK, "1.00");
    let first = run(&banks, &order, &["--json"]).exits(4).json();
    banks.sandbox.simulate();
    banks.run(&["resume"]).exits(3);
    let failed = run(&banks, &order, &["--json"]).exits(3).json();
    assert!(failed["reason"].as_str().is_some_and(|reason| reason.contains("R01")), "{failed}");
    assert_eq!(banks.movements(), 0);
    let again = banks.run(&["again", "rent/11", "--json"]).exits(4).json();
    assert_eq!(again["attempt"], 2);
    assert_ne!(again["reference_id"], first["reference_id"]);
    assert_eq!(banks.movements(), 1);
}

#[tokio::test]
async fn a_pending_transfer_is_cancelled_and_its_money_stays() {
    let banks = Banks::open().await;
    run(&banks, &invoice(), &[]).exits(4);
    assert_eq!(banks.movements(), 1);
    let said = banks.run(&["cancel", "invoice/4711", "--json"]).exits(0).json();
    assert_eq!((&said["cancelled"], &said["transfer_status"]), (&true.into(), &"cancelled".into()), "{said}");
    assert_eq!((&said["standing"], &said["reason"]), (&"failed".into(), &"cancelled".into()), "{said}");
    assert_eq!(banks.movements(), 0);
    let again = banks.run(&["cancel", "invoice/4711"]).exits(0);
    assert!(again.out.starts_with("invoice/4711: cancelled: its money does not move\n"), "{}", again.out);
    run(&banks, &invoice(), &[]).exits(3);
    assert_eq!(banks.movements(), 0, "the same name does not pay what was cancelled");
}

#[tokio::test]
async fn what_is_processed_or_with_the_bank_cannot_be_cancelled_and_moves_once() {
    let banks = Banks::open().await;
    run(&banks, &invoice(), &[]).exits(4);
    banks.sandbox.simulate();
    let with_the_bank = banks.run(&["cancel", "invoice/4711"]).exits(1);
    assert!(with_the_bank.out.contains("too late to cancel: the bank has it"), "{with_the_bank:?}");
    banks.sandbox.simulate();
    let said = banks.run(&["cancel", "invoice/4711", "--json"]).exits(1).json();
    assert_eq!(
        (&said["cancelled"], &said["transfer_status"]),
        (&false.into(), &"processed".into()),
        "{said}"
    );
    assert_eq!(said["standing"], "completed");
    assert_eq!(banks.movements(), 1);
}

/// The transfer is read as cancellable, and settles while the cancellation is under way.
#[tokio::test]
async fn a_cancellation_that_loses_against_settlement_says_that_the_money_moved() {
    let banks = Banks::open().await;
    run(&banks, &invoice(), &[]).exits(4);
    let held = banks.sandbox.on("POST /transfers/{id}").nth(1).before_effect().hold();
    let cancelling =
        banks.command(&["cancel", "invoice/4711", "--json"]).stdout(std::process::Stdio::piped()).spawn();
    let cancelling = cancelling.unwrap();
    held.wait_until_held().await;
    banks.settle();
    held.release();
    let lost = Ran::of(tokio::task::spawn_blocking(|| cancelling.wait_with_output().unwrap()).await.unwrap());
    let said = lost.exits(1).json();
    assert_eq!(
        (&said["cancelled"], &said["transfer_status"]),
        (&false.into(), &"processed".into()),
        "{said}"
    );
    assert_eq!(banks.movements(), 1);
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_asked_after() {
    let banks = Banks::open().await;
    run(&banks, &invoice(), &[]).exits(4);
    banks.sandbox.on("POST /transfers/{id}").nth(1).after_effect().drop_reply();
    assert_eq!(banks.run(&["cancel", "invoice/4711", "--json"]).exits(0).json()["cancelled"], true);
    assert_eq!(banks.movements(), 0);
}

#[tokio::test]
async fn what_was_never_made_is_neither_cancelled_nor_charged() {
    let banks = Banks::open().await;
    run(&banks, &transfer("other", BALANCE, VERIFIED_BALANCE, "1.00"), &["--wait"]).exits(0);
    for command in ["cancel", "fees"] {
        let unknown = banks.run(&[command, "invoice/4711", "--json"]).exits(1);
        assert_eq!(unknown.json()["error"]["kind"], "unknown_payment");
    }
    assert_eq!(banks.movements(), 1);
}

#[tokio::test]
async fn a_cancellation_that_finds_nothing_says_whether_something_may_still_come() {
    let banks = Banks::open().await;
    let held = banks.sandbox.on("POST /transfers").nth(1).before_effect().hold();
    let order = invoice();
    let mut killed = banks.command(&order.iter().map(String::as_str).collect::<Vec<_>>()).spawn().unwrap();
    held.wait_until_held().await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    let too_soon = banks.run(&["cancel", "invoice/4711", "--json"]).exits(4);
    assert!(too_soon.err.contains("one may still be on its way there"), "{}", too_soon.err);
    assert_eq!(too_soon.json()["error"]["effect"], "unknown");
    held.release();
    run(&banks, &invoice(), &[]).exits(4);
    banks.run(&["cancel", "invoice/4711"]).exits(0);
    assert_eq!(banks.movements(), 0);

    run(&banks, &transfer("refused", UNVERIFIED_BANK, CUSTOMER_BANK, "1.00"), &["--wait"]).exits(3);
    let refused = banks.run(&["cancel", "refused", "--json"]).exits(1);
    assert_eq!(refused.json()["error"]["effect"], "none");
    assert!(refused.err.contains("no money moves"), "{}", refused.err);
    assert_eq!(banks.movements(), 0);
}

#[tokio::test]
async fn options_of_the_other_rail_and_missing_ones_are_refused_in_words() {
    let banks = Banks::open().await;
    let (bank, email) = (BANK.to_string(), "ama@example.com");
    for (arguments, words) in [
        (vec!["--from-wallet", "3"], "--from-wallet belongs to dollr; say --from and --to, or --rail dollr"),
        (
            vec!["--rail", "dollr", "--from", &bank, "--next-available"],
            "--from, --next-available belongs to dwolla",
        ),
        (vec!["--from", &bank], "a transfer over dwolla needs --to"),
        (vec!["--to", email], "a transfer over dwolla needs --from"),
        (vec!["--rail", "dollr"], "a transfer over dollr needs --from-wallet"),
        (vec!["--from", &bank, "--to", "18"], "--to"),
        (vec!["--from", &bank, "--to", email, "--currency", "LRD"], "USD"),
        (vec!["--from", &bank, "--to", email, "--metadata", "note"], "there is no = in it"),
        (vec!["--from", &bank, "--to", email, "--fee", "ama=1"], "neither customer:ID nor account:ID"),
        (vec!["--rail", "swift"], "swift"),
    ] {
        let arguments = [&["transfer", "a", "--amount", "1.00"], &arguments[..]].concat();
        let refused = banks.run(&arguments).exits(2);
        assert!(refused.err.contains(words), "{words}: {}", refused.err);
        assert!(refused.out.is_empty(), "{refused:?}");
    }
    assert_eq!((banks.sandbox.request_count(), banks.movements()), (0, 0));
}

#[tokio::test]
async fn no_secret_of_the_other_rail_is_in_traces_or_on_the_screen() {
    let banks = Banks::open().await;
    let mut order = transfer("a", BALANCE, VERIFIED_BALANCE, "1.00");
    order.push("--wait".to_owned());
    let order: Vec<&str> = order.iter().map(String::as_str).collect();
    let ran = Ran::of(banks.command(&order).env("PAYONCE_LOG", "trace").output().unwrap()).exits(0);
    assert!(ran.err.contains("reference_id="), "{}", ran.err);
    assert!(!ran.err.contains("sandbox-secret") && !ran.out.contains("sandbox-secret"), "{}", ran.err);
    let mut wrong =
        banks.command(&["transfer", "b", "--from", &BALANCE.to_string(), "--to", "a@b.c", "--amount", "1"]);
    let wrong = Ran::of(wrong.env("DWOLLA_SECRET", "canary-4711").output().unwrap()).exits(1);
    assert!(!wrong.err.contains("canary") && !wrong.out.contains("canary"), "{wrong:?}");
    let bare = payonce(banks.directory.path(), &order).env("PAYONCE_RAIL", "dwolla").output().unwrap();
    assert!(Ran::of(bare).exits(1).err.contains("DWOLLA_KEY"));
    assert_eq!(banks.movements(), 1);
}

#[tokio::test]
async fn a_person_at_a_terminal_has_the_banks_settle() {
    let banks = Banks::open().await;
    run(&banks, &invoice(), &[]).exits(4);
    for transfers in [1, 1, 0] {
        let told = banks.run(&["simulate", "--json"]).exits(0).json();
        assert_eq!(told["transfers"], transfers, "{told}");
    }
    banks.run(&["resume"]).exits(0);
    assert_eq!(banks.sandbox.ledger().movements()[0].status, "processed");
    let production = banks.command(&["simulate"]).env("DWOLLA_BASE_URL", "https://api.dwolla.com").output();
    let refused = Ran::of(production.unwrap()).exits(2);
    assert!(refused.err.contains("this is production"), "{}", refused.err);
}

#[tokio::test]
async fn a_completed_payment_that_a_bank_sent_back_is_told_as_returned() {
    let banks = Banks::open().await;
    let order = transfer("invoice/4712", BANK, LATE_RETURNING_BANK, "1.00");
    run(&banks, &order, &[]).exits(4);
    banks.settle();
    banks.run(&["resume"]).exits(0);
    let returned = ["returned", "invoice/4712"];
    let told = banks.run(&returned).exits(0);
    assert_eq!(told.out, "invoice/4712: not returned; its transfer is processed\n");
    assert_eq!(banks.movements(), 1);

    banks.sandbox.simulate();
    assert_eq!(banks.movements(), 0);
    let told = banks.run(&returned).exits(3);
    let said = "invoice/4712: returned with R03 (There is no such account, or it is not in that name); the provider \
                removed the bank account\n";
    assert_eq!(told.out, said);
    let said = banks.run(&["returned", "invoice/4712", "--json"]).exits(3).json();
    assert_eq!((&said["returned"], &said["code"]), (&true.into(), &"R03".into()), "{said}");
    assert_eq!(
        (&said["standing"], &said["transfer_status"]),
        (&"completed".into(), &"failed".into()),
        "{said}"
    );
    // The payment stays what it was when everybody acted on it.
    banks.run(&["show", "invoice/4712", "--json"]).exits(0);
    banks.run(&["returned", "nothing"]).exits(1);
}
