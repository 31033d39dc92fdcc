//! Both rails in one journal: each payment stays on its own.

use std::process::Command;

use payonce_sandbox::dwolla::{BALANCE, BANK, CUSTOMER_BANK, VERIFIED_BALANCE};
use uuid::Uuid;

use crate::payonce::{Banks, Ran, Shop};

/// A merchant with both providers and one journal.
struct Merchant {
    shop: Shop,
    banks: Banks,
}

impl Merchant {
    async fn open() -> Self {
        Self { shop: Shop::open().await, banks: Banks::open().await }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.shop.command(arguments);
        command.envs(self.banks.sandbox.env());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    fn pay_by_phone(&self, name: &str) -> Ran {
        self.run(&["payout", name, "--account", "18", "--amount", "1.00", "--currency", "USD"])
    }

    /// Between balances, at once, or between banks, which take it and keep it.
    fn pay_by_bank(&self, name: &str, from: Uuid, to: Uuid) -> Ran {
        let (from_id, to) = (from.to_string(), to.to_string());
        let order = [
            "transfer", name, "--rail", "dwolla", "--from", &from_id, "--to", &to, "--amount", "2.00",
            "--wait",
        ];
        self.run(&order[..if from == BALANCE { 11 } else { 10 }])
    }

    /// The list's columns of rail and name.
    fn listed(&self, more: &[&str]) -> Vec<(String, String)> {
        let ran = self.run(&[&["list"], more].concat()).exits(0);
        let columns = |line: &str| {
            let columns: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            (columns[3].clone(), columns.last().unwrap().clone())
        };
        ran.out.lines().map(columns).collect()
    }

    fn movements(&self) -> (usize, usize) {
        (self.shop.movements(), self.banks.movements())
    }
}

fn pairs<'a>(pairs: &[(&'a str, &'a str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(rail, name)| ((*rail).to_owned(), (*name).to_owned())).collect()
}

#[tokio::test]
async fn a_list_has_both_rails_in_the_order_of_recording_and_says_which() {
    let merchant = Merchant::open().await;
    merchant.pay_by_phone("a").exits(0);
    merchant.pay_by_bank("b", BALANCE, VERIFIED_BALANCE).exits(0);
    merchant.pay_by_phone("c").exits(0);
    merchant.pay_by_bank("d", BANK, CUSTOMER_BANK).exits(4);
    let all = [("dollr", "a"), ("dwolla", "b"), ("dollr", "c"), ("dwolla", "d")];
    assert_eq!(merchant.listed(&[]), pairs(&all));
    assert_eq!(merchant.listed(&["--limit", "3"]), pairs(&all[..3]));
    assert_eq!(merchant.listed(&["--rail", "dwolla"]), pairs(&[all[1], all[3]]));
    assert_eq!(merchant.listed(&["--unfinished"]), pairs(&all[3..]));
    let json = merchant.run(&["list", "--json", "--rail", "dollr"]).exits(0);
    assert!(json.out.lines().all(|line| line.contains("\"rail\":\"dollr\"")), "{}", json.out);
    assert_eq!(merchant.movements(), (2, 2));
}

#[tokio::test]
async fn one_name_on_both_rails_is_two_payments_and_nothing_is_done_before_it_is_said_which() {
    let merchant = Merchant::open().await;
    merchant.pay_by_phone("pay/1").exits(0);
    merchant.pay_by_bank("pay/1", BALANCE, VERIFIED_BALANCE).exits(0);
    for arguments in [["show", "pay/1"], ["again", "pay/1"]] {
        let asked = merchant.run(&arguments).exits(2);
        assert!(asked.err.contains("say which is meant with --rail"), "{}", asked.err);
    }
    for (rail, operation) in [("dollr", "payout"), ("dwolla", "transfer")] {
        let shown = merchant.run(&["show", "pay/1", "--rail", rail, "--json"]).exits(0).json();
        assert_eq!((&shown["rail"], &shown["operation"]), (&rail.into(), &operation.into()));
        let key = shown["reference_id"].as_str().unwrap();
        assert_eq!(
            merchant.run(&["show", key, "--json"]).exits(0).json(),
            shown,
            "a key is on one rail only"
        );
    }
    assert_eq!(merchant.movements(), (1, 1));
}

#[tokio::test]
async fn what_only_one_rail_can_do_is_refused_in_words_on_the_other() {
    let merchant = Merchant::open().await;
    merchant.pay_by_phone("pay/1").exits(0);
    let requests = merchant.banks.sandbox.request_count();
    for (command, words) in
        [("cancel", "does not cancel payments"), ("fees", "does not charge fees as transfers")]
    {
        let refused = merchant.run(&[command, "pay/1"]).exits(2);
        assert!(refused.err.contains("pay/1 is on dollr") && refused.err.contains(words), "{}", refused.err);
    }
    assert_eq!(merchant.banks.sandbox.request_count(), requests);
    assert_eq!(merchant.movements(), (1, 0));
}

#[tokio::test]
async fn resuming_drives_the_rails_that_it_can_and_says_which_it_cannot_and_why() {
    let merchant = Merchant::open().await;
    merchant.pay_by_bank("bank", BANK, CUSTOMER_BANK).exits(4);
    let held = merchant.shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    let pay = ["payout", "phone", "--account", "18", "--amount", "1.00", "--currency", "USD"];
    let mut killed = merchant.command(&pay).spawn().unwrap();
    held.wait_until_held().await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    held.release();
    assert_eq!(merchant.listed(&["--unfinished"]), pairs(&[("dwolla", "bank"), ("dollr", "phone")]));

    // Without credentials for the one rail, the other's payments are driven all the same.
    let partly = merchant.shop.run(&["resume", "--json"]).exits(4);
    assert!(
        partly.err.contains("dwolla: 1 unfinished and left alone") && partly.err.contains("DWOLLA_KEY"),
        "{partly:?}"
    );
    let said = partly.json();
    assert_eq!(
        (&said["taken_up"], &said["completed"], &said["left_alone"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert_eq!(merchant.listed(&["--unfinished"]), pairs(&[("dwolla", "bank")]));
    merchant.banks.settle();
    assert_eq!(
        merchant.run(&["resume"]).exits(0).out,
        "1 taken up: 1 completed, 0 failed, 0 parked, 0 under way\n"
    );
    // With nothing unfinished, nothing is needed.
    let mut bare = crate::payonce::payonce(merchant.shop.directory.path(), &["resume"]);
    Ran::of(bare.output().unwrap()).exits(0);
    assert_eq!(merchant.movements(), (1, 1));
}
