//! `payonce resume --watch`: it stays, takes up what others leave, and ends in an orderly way when it is told to.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::payonce::Shop;

const PAY: [&str; 8] = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"];

/// A command that stays, and the lines it prints.
struct Watching(Child, Lines<BufReader<ChildStdout>>);

impl Watching {
    fn start(shop: &Shop, arguments: &[&str]) -> Self {
        let mut command = shop.command(&[&["resume", "--watch"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self(child, lines)
    }

    fn line(&mut self) -> String {
        self.1.next().unwrap().unwrap()
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap().success());
    }

    /// What it said last, what it said to standard error, and its exit code.
    fn end(mut self) -> (String, String, Option<i32>) {
        let last = self.line();
        let output = self.0.wait_with_output().unwrap();
        (last, String::from_utf8(output.stderr).unwrap(), output.status.code())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_journal_takes_up_what_others_record_and_ends_when_told() {
    let shop = Shop::settling_after(Duration::from_millis(300)).await;
    let mut watching = Watching::start(&shop, &["--json"]);
    shop.run(&PAY).exits(4);
    let told: serde_json::Value = serde_json::from_str(&watching.line()).unwrap();
    assert_eq!(told, serde_json::json!({"name": "pay/1", "rail": "dollr", "standing": "completed"}));
    watching.signal("-INT");
    let (last, error, code) = watching.end();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["taken_up"], &last["completed"], code), (&1.into(), &1.into(), Some(0)), "{error}");
    assert_eq!(shop.movements(), 1);
}

/// The provider has acted and its answer is on the way when the signal comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_flight_is_brought_to_its_end_before_it_stops() {
    let shop = Shop::open().await;
    // Recorded, and never sent.
    let wrong = shop.command(&PAY).env("DOLLR_CLIENT_SECRET", "wrong").output().unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    let watching = Watching::start(&shop, &[]);
    held.wait_until_held().await;
    watching.signal("-TERM");
    held.release();
    let (last, error, code) = watching.end();
    // It has completed or was left pending; nothing was cut off, so nobody need look it up.
    let events = shop.run(&["show", "pay/1", "--json"]).exits(0).json()["events"].to_string();
    assert!(!events.contains("unknown"), "{events}");
    assert!(events.contains("completed"), "{events} {last} {error} {code:?}");
    assert_eq!(shop.movements(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_remains_when_it_is_told_to_stop() {
    let shop = Shop::settling_after(Duration::from_secs(3600)).await;
    shop.run(&PAY).exits(4);
    let polled = shop.sandbox.on("GET /v1/status/payout/*").nth(1).before_effect().hold();
    let watching = Watching::start(&shop, &[]);
    polled.wait_until_held().await;
    polled.release();
    watching.signal("-INT");
    let (last, error, code) = watching.end();
    assert_eq!(last, "1 taken up: 0 completed, 0 failed, 0 parked, 1 under way");
    assert!(error.contains("1 remain, and `payonce resume` takes them up again"), "{error}");
    assert_eq!(code, Some(4));
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_of_once_and_left_alone_and_the_others_are_driven() {
    let shop = Shop::settling_after(Duration::from_millis(300)).await;
    for name in ["pay/1", "pay/2", "pay/3", "pay/4"] {
        shop.run(&[&["payout", name], &PAY[2..]].concat()).exits(4);
    }
    shop.damage("UPDATE events SET at = at + 1 WHERE payment = 1 AND place = 1");
    shop.damage("UPDATE payments SET rail = 'dollq' WHERE name = 'pay/2'");
    shop.damage("UPDATE payments SET standing = 'pendinf' WHERE name = 'pay/4'");
    let dry = shop.run(&["resume", "--dry-run"]).exits(4);
    assert!(dry.err.contains("pay/2") && dry.err.contains("pay/4"), "{dry:?}");
    let resumed = shop.run(&["resume", "--json"]).exits(4);
    let came_to = resumed.json();
    let counts = ["taken_up", "completed", "left_alone"].map(|count| came_to[count].as_u64().unwrap());
    assert_eq!(counts, [1, 1, 3], "{resumed:?}");
    assert_eq!(resumed.err.lines().count(), 3, "{resumed:?}");
    for name in ["pay/1", "pay/2", "pay/4"] {
        assert!(resumed.err.contains(name), "{resumed:?}");
    }
    assert_eq!(shop.run(&["list", "--unfinished"]).exits(1).out.lines().count(), 1);
    assert_eq!(shop.movements(), 4);
}

#[tokio::test]
async fn a_dry_run_takes_up_nothing() {
    let shop = Shop::settling_after(Duration::from_secs(3600)).await;
    shop.run(&PAY).exits(4);
    let requests = shop.sandbox.request_count();
    assert_eq!(shop.run(&["resume", "--dry-run"]).exits(0).out, "1 would be taken up; nothing was done\n");
    assert_eq!(shop.sandbox.request_count(), requests);
}
