//! `payonce reconcile`: by its exit code, a script knows whether anything differs.

use payonce_sandbox::dwolla::{BANK, LATE_RETURNING_BANK};

use crate::payonce::{Banks, Shop};
use crate::resolve::parked;

#[tokio::test]
async fn the_exit_code_says_whether_anything_differs_and_the_gravest_comes_first() {
    let shop = Shop::open().await;
    // The sandbox has documents that were paid before.
    let since = chrono::Utc::now().to_rfc3339();
    let pay = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"];
    shop.run(&pay).exits(0);
    assert!(shop.run(&["reconcile", "--since", &since]).exits(0).out.ends_with("everything agrees\n"));
    parked(&shop, true).await;
    std::fs::write(shop.directory.path().join("names"), "pay/1\n\nnever/paid\n").unwrap();
    let found =
        shop.run(&["reconcile", "--since", &since, "--expect", "payout=@names", "--json"]).exits(6).json();
    let kinds: Vec<_> =
        found["differences"].as_array().unwrap().iter().map(|one| one["difference"].clone()).collect();
    assert_eq!(kinds, ["parked", "not_paid"]);
    assert_eq!(found["payments"], 3);
    assert_eq!(shop.run(&["reconcile", "--since", "2099-01-01", "--until", "2099-02-01"]).exits(0).err, "");
    for wrong in [&["--expect", "payout"][..], &["--expect", "payout=@nowhere"]] {
        shop.run(&[&["reconcile"], wrong].concat()).exits(2);
    }
    assert_eq!(shop.movements(), 2);
}

#[tokio::test]
async fn a_payment_that_cannot_be_read_is_told_of_and_the_others_are_compared_and_listed() {
    let shop = Shop::open().await;
    let since = chrono::Utc::now().to_rfc3339();
    for name in ["pay/1", "pay/2"] {
        shop.run(&["payout", name, "--account", "18", "--amount", "1.00", "--currency", "USD"]).exits(0);
    }
    shop.run(&["collection", "INV-101", "--invoice", "101", "--account", "18", "--currency", "USD"]).exits(0);
    shop.run(&["reconcile", "--since", &since]).exits(0);
    shop.damage("UPDATE events SET at = at + 1 WHERE payment = 2 AND place = 1");
    shop.damage("UPDATE payments SET contents = '[]' WHERE name = 'INV-101'");
    let found = shop.run(&["reconcile", "--since", &since, "--json"]).exits(6).json();
    let kinds: Vec<_> =
        found["differences"].as_array().unwrap().iter().map(|one| one["difference"].clone()).collect();
    assert_eq!(kinds, ["paid_there_only", "documents_in_doubt", "unreadable", "unreadable"], "{found}");
    assert_eq!((&found["payments"], &found["differences"][1]["payments"]), (&3.into(), &1.into()), "{found}");
    let unread = &found["differences"][2];
    assert_eq!(unread["payment"]["name"], "pay/2");
    assert_eq!(unread["there"]["completed"]["payee_amount"]["amount"], "1.00", "{unread}");
    assert!(unread["error"].as_str().unwrap().contains("payonce journal check"), "{unread}");
    // Whatever the period, it was expected.
    let later = ["reconcile", "--since", "2099-01-01", "--until", "2099-02-01", "--expect", "payout=pay/2"];
    assert!(shop.run(&later).exits(6).out.contains("unreadable  payout pay/2"));
    assert_eq!(shop.run(&["list"]).exits(0).out.lines().count(), 3);
    shop.damage("UPDATE payments SET standing = 'completef' WHERE name = 'pay/1'");
    let listed = shop.run(&["list"]).exits(1);
    assert_eq!((listed.out.lines().count(), listed.err.lines().count()), (2, 1), "{listed:?}");
    assert!(listed.err.contains("pay/1") && listed.err.contains("payonce journal check"), "{listed:?}");
    assert_eq!(shop.run(&["export"]).exits(1).out.lines().count(), 0);
    assert!(shop.run(&["reconcile", "--since", &since]).exits(6).out.ends_with("5 differences\n"));
    shop.run(&["journal", "check"]).exits(6);
    assert_eq!(shop.movements(), 3);
}

#[tokio::test]
async fn on_dwolla_a_bank_that_returned_the_money_late_is_found() {
    let banks = Banks::open().await;
    let [from, to] = [BANK, LATE_RETURNING_BANK].map(|bank| bank.to_string());
    let pay = ["transfer", "rent/1", "--from", &from, "--to", &to, "--amount", "9.00"];
    assert_eq!(banks.run(&pay).exits(4).err, "");
    banks.settle();
    banks.run(&["resume"]).exits(0);
    assert!(banks.run(&["reconcile"]).exits(0).out.ends_with("everything agrees\n"));
    assert!(banks.sandbox.simulate() > 0, "the bank returns it");
    let found = banks.run(&["reconcile", "--json"]).exits(6).json();
    let [difference] = &found["differences"].as_array().unwrap()[..] else { panic!("{found}") };
    assert_eq!(
        (&difference["difference"], &difference["payment"]["name"]),
        (&"completed_here_only".into(), &"rent/1".into())
    );
    assert!(difference["there"]["failed"]["reason"].as_str().unwrap().contains("R03"), "{found}");
    assert!(banks.run(&["reconcile"]).exits(6).out.contains("completed here only"));
    assert!(
        banks
            .run(&["reconcile", "--expect", "transfer=rent/2"])
            .exits(2)
            .err
            .contains("send the order again")
    );
    assert_eq!(banks.movements(), 0);
}
