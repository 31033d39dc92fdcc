//! A sandbox with a database file in a process of its own, which is killed in the middle of its work: what it has
//! acknowledged is there when the next one starts on the file.

use std::process::Stdio;
use std::time::Duration;

use payonce_sandbox::Sandbox;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::merchant::Merchant;

/// Names the database of the child, which is this very test binary.
const DATABASE: &str = "PAYONCE_SANDBOX_TEST_DATABASE";

/// Not a test of its own: the process that the test below kills. Without the variable it has nothing to do.
#[tokio::test]
async fn child() {
    let Some(database) = std::env::var_os(DATABASE) else { return };
    let sandbox = Sandbox::builder().db(database).start().await.unwrap();
    // The harness captures what is printed, so the address goes past it.
    use std::io::Write;
    let mut out = std::io::stderr();
    writeln!(out, "listening on {}", sandbox.url()).unwrap();
    std::future::pending::<()>().await;
}

async fn start(database: &std::path::Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::child", "--nocapture"])
        .env(DATABASE, database)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("the child says where it listens");
            if let Some(url) = line.strip_prefix("listening on ") {
                return url.to_owned();
            }
        }
    };
    let url = tokio::time::timeout(Duration::from_secs(20), url).await.unwrap();
    (child, url)
}

/// Pays until the sandbox is gone. Returns the keys whose payment was acknowledged.
async fn pay_until_it_dies(merchant: Merchant, acknowledged: tokio::sync::mpsc::UnboundedSender<Uuid>) {
    loop {
        let body = json!({ "payout_account_id": 26, "amount": 1, "currency": "USD" });
        let Ok((200, session)) = merchant.post("/v1/sessions/payout", body).await else { return };
        let key = Uuid::new_v4();
        match merchant.pay(&session["id"].to_string(), 26, key).await {
            Ok((200, _)) => acknowledged.send(key).unwrap(),
            _ => return,
        }
    }
}

#[tokio::test]
async fn a_killed_sandbox_has_lost_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("sandbox.db");
    let mut all = Vec::new();
    for round in 0..4 {
        let (mut child, url) = start(&database).await;
        let merchant = Merchant::at(&url).await;
        let (sender, mut acknowledged) = tokio::sync::mpsc::unbounded_channel();
        let mut payers = JoinSet::new();
        for _ in 0..4 {
            payers.spawn(pay_until_it_dies(merchant.clone(), sender.clone()));
        }
        drop(sender);
        // Each round a different distance into the work.
        for _ in 0..(8 + 7 * round) {
            all.push(acknowledged.recv().await.unwrap());
        }
        // SIGKILL: nothing of the process runs any more.
        child.kill().await.unwrap();
        while let Some(key) = acknowledged.recv().await {
            all.push(key);
        }
        while let Some(payer) = payers.join_next().await {
            payer.unwrap();
        }
    }
    let sandbox = Sandbox::builder().db(&database).start().await.unwrap();
    let ledger = sandbox.ledger();
    assert!(all.len() >= 8 + 15 + 22 + 29, "{} payments", all.len());
    for key in &all {
        assert_eq!(ledger.payments(*key), 1, "{key} was acknowledged");
    }
    assert!(ledger.is_balanced());
    assert!(ledger.paid_twice().is_empty());
    // What was on its way when a process died may have been kept, too, but never more than that.
    assert!(ledger.movements().len() <= all.len() + 4 * 4);
}
