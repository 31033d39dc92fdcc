//! A sandbox with a database file, stopped, or killed in the middle of its work: what it has acknowledged is there when
//! the next one starts on the file.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use payonce_sandbox::dwolla::{BALANCE, BANK, CUSTOMER_BANK, VERIFIED_BALANCE};
use payonce_sandbox::{DwollaSandbox, Sandbox};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{Application, transfer};

/// Names the database of the child, which is this very test binary.
const DATABASE: &str = "PAYONCE_DWOLLA_SANDBOX_TEST_DATABASE";

/// Not a test of its own: the process that a test below kills. Without the variable it has nothing to do.
#[tokio::test]
async fn child() {
    let Some(database) = std::env::var_os(DATABASE) else { return };
    let sandbox = DwollaSandbox::builder().db(database).start().await.unwrap();
    // The harness captures what is printed, so the address goes past it.
    use std::io::Write;
    writeln!(std::io::stderr(), "listening on {}", sandbox.url()).unwrap();
    std::future::pending::<()>().await;
}

async fn start(database: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "dwolla::killed::child", "--nocapture"])
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

/// Pays until the sandbox is gone, and tells of each payment that was acknowledged.
async fn pay_until_it_dies(application: Application, acknowledged: mpsc::UnboundedSender<(String, Uuid)>) {
    loop {
        let key = Uuid::new_v4().to_string();
        match application.keyed("/transfers", &key, &transfer(BALANCE, VERIFIED_BALANCE, "1.00")).await {
            Ok(reply) if reply.status == 201 => acknowledged.send((key, reply.made())).unwrap(),
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
        let application = Application::at(&url).await;
        let (sender, mut acknowledged) = mpsc::unbounded_channel();
        let mut payers = JoinSet::new();
        for _ in 0..4 {
            payers.spawn(pay_until_it_dies(application.clone(), sender.clone()));
        }
        drop(sender);
        // Each round a different distance into the work.
        for _ in 0..(8 + 7 * round) {
            all.push(acknowledged.recv().await.unwrap());
        }
        // SIGKILL: nothing of the process runs any more.
        child.kill().await.unwrap();
        while let Some(payment) = acknowledged.recv().await {
            all.push(payment);
        }
        payers.join_all().await;
    }
    let sandbox = DwollaSandbox::builder().db(&database).start().await.unwrap();
    let application = Application::of(&sandbox).await;
    let ledger = sandbox.ledger();
    assert!(all.len() >= 8 + 15 + 22 + 29, "{} payments", all.len());
    for (key, transfer) in &all {
        assert_eq!(ledger.payments(key), 1, "{key} was acknowledged");
        assert_eq!(application.status(*transfer).await, "processed");
    }
    // The key is still good: the same request names the same transfer.
    let (key, made) = &all[0];
    let replay =
        application.keyed("/transfers", key, &transfer(BALANCE, VERIFIED_BALANCE, "1.00")).await.unwrap();
    assert_eq!(replay.made(), *made);
    assert!(ledger.is_balanced() && ledger.paid_twice().is_empty());
    // What was on its way when a process died may have been kept, too, but never more than that.
    assert!(ledger.movements().len() <= all.len() + 4 * 4);
}

#[tokio::test]
async fn a_sandbox_that_starts_again_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("sandbox.db");
    let sandbox = DwollaSandbox::builder().db(&database).start().await.unwrap();
    let application = Application::of(&sandbox).await;
    let mut body = transfer(BANK, CUSTOMER_BANK, "10.00");
    body["metadata"] = json!({ "note": "kept" });
    let made = application.keyed("/transfers", "kept", &body).await.unwrap().made();
    sandbox.simulate();
    sandbox.clock().freeze();
    sandbox.clock().advance(Duration::from_secs(60));
    let now = sandbox.clock().now();
    let before = application.get(&format!("/transfers/{made}")).await.body;
    let entries = sandbox.ledger().entries();
    sandbox.stop().await;

    let sandbox = DwollaSandbox::builder().db(&database).start().await.unwrap();
    assert_eq!(sandbox.clock().now(), now);
    assert_eq!(sandbox.ledger().entries(), entries);
    let again = Application { url: sandbox.url().to_owned(), ..application };
    let after = again.get(&format!("/transfers/{made}")).await.body;
    assert_eq!(after["metadata"], before["metadata"]);
    assert_eq!(sandbox.simulate(), 1);
    assert_eq!(again.status(made).await, "processed");
    let reset = again.http.post(format!("{}/_sandbox/reset", sandbox.url())).send().await.unwrap();
    assert_eq!(reset.status(), 204);
    sandbox.stop().await;

    let sandbox = DwollaSandbox::builder().db(&database).start().await.unwrap();
    assert!(sandbox.ledger().movements().is_empty() && sandbox.ledger().is_balanced());
}

#[tokio::test]
async fn a_file_of_another_provider_or_of_a_running_sandbox_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (dollr, dwolla) = (folder.path().join("dollr.db"), folder.path().join("dwolla.db"));
    Sandbox::builder().db(&dollr).start().await.unwrap().stop().await;
    let running = DwollaSandbox::builder().db(&dwolla).start().await.unwrap();
    assert!(DwollaSandbox::builder().db(&dollr).start().await.is_err());
    assert!(DwollaSandbox::builder().db(&dwolla).start().await.is_err());
    running.stop().await;
    assert!(Sandbox::builder().db(&dwolla).start().await.is_err());
    let network = DwollaSandbox::builder().addr("0.0.0.0:0".parse().unwrap()).start().await;
    assert!(network.is_err(), "it serves this machine only");
}
