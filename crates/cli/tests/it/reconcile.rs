//! `payonce reconcile`: by its exit code, a script knows whether anything differs.

use crate::payonce::Shop;
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
    for wrong in [&["--expect", "payout"][..], &["--expect", "payout=@nowhere"], &["--rail", "dwolla"]] {
        shop.run(&[&["reconcile"], wrong].concat()).exits(2);
    }
    assert_eq!(shop.movements(), 2);
}
