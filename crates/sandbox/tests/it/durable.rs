//! With a database file a sandbox goes on where the last one was.

use std::time::Duration;

use payonce_sandbox::{PAYOUT_ACCOUNT, Sandbox};
use uuid::Uuid;

use crate::merchant::Merchant;

#[tokio::test]
async fn a_restart_on_the_same_file_and_address_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let first = Sandbox::builder().db(&file).start().await.unwrap();
    let merchant = Merchant::of(&first).await;
    let (settled, open) = (Uuid::new_v4(), Uuid::new_v4());
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    merchant.pay_out(&session, settled).await.unwrap();
    first.clock().advance(Duration::from_secs(600));
    let unused = merchant.payout_session(PAYOUT_ACCOUNT).await;
    let (addr, clock) = (first.addr(), first.clock().now());
    first.stop().await;

    let second = Sandbox::builder().db(&file).addr(addr).start().await.unwrap();
    assert!(second.clock().now() >= clock, "time does not run backwards");
    assert_eq!(merchant.status("payout", settled).await, "COMPLETED");
    assert_eq!(merchant.pay_out(&session, settled).await.unwrap().0, 200);
    assert_eq!(merchant.pay_out(&unused, open).await.unwrap().0, 200);
    assert_eq!(second.ledger().payments(settled), 1);
    assert_eq!(second.ledger().payments(open), 1);
    assert!(second.ledger().is_balanced());
}

#[tokio::test]
async fn one_file_serves_one_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    let _first = Sandbox::builder().db(&file).start().await.unwrap();
    let second = Sandbox::builder().db(&file).start().await.unwrap_err();
    assert_eq!(second.to_string(), "cannot use the sandbox's database");
}

#[tokio::test]
async fn a_reset_brings_the_seeded_merchant_back() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut merchant = Merchant::of(&sandbox).await;
    let before = sandbox.ledger().balance("wallet:3", "USD");
    let session = merchant.payout_session(PAYOUT_ACCOUNT).await;
    merchant.pay_out(&session, Uuid::new_v4()).await.unwrap();
    merchant.send(reqwest::Method::POST, "/_sandbox/reset", None).await.unwrap().error_for_status().unwrap();
    assert!(sandbox.ledger().movements().is_empty());
    assert_eq!(sandbox.ledger().balance("wallet:3", "USD"), before);
    merchant.renew_token().await;
    assert_eq!(merchant.payout_session(PAYOUT_ACCOUNT).await, "55");
}

#[tokio::test]
async fn a_dropped_sandbox_frees_its_address() {
    let sandbox = Sandbox::start().await.unwrap();
    let addr = sandbox.addr();
    Merchant::of(&sandbox).await;
    drop(sandbox);
    assert!(Sandbox::builder().addr(addr).start().await.is_ok());
}
