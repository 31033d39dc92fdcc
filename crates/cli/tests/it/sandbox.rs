//! The sandbox as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::payonce::{Ran, payonce};

#[test]
fn the_printed_variables_lead_to_the_sandbox_at_that_address() {
    let directory = tempfile::tempdir().unwrap();
    let ran = Ran::of(payonce(directory.path(), &["sandbox", "--print-env"]).output().unwrap()).exits(0);
    let lines: Vec<_> = ran.out.lines().collect();
    for line in [
        "export DOLLR_BASE_URL=http://127.0.0.1:4010",
        "export DOLLR_CLIENT_ID=sandbox-client",
        "export DOLLR_CLIENT_SECRET=sandbox-secret",
    ] {
        assert!(lines.contains(&line), "{line} in {lines:?}");
    }
    let arguments = ["sandbox", "--print-env", "--addr", "127.0.0.1:4999", "--json"];
    let json = Ran::of(payonce(directory.path(), &arguments).output().unwrap()).exits(0).json();
    assert_eq!(json["DOLLR_BASE_URL"], "http://127.0.0.1:4999");
}

#[test]
fn it_says_when_it_is_ready_takes_payments_and_stops_cleanly() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["sandbox", "--addr", "127.0.0.1:0", "--db", "sandbox.db"];
    let mut sandbox = payonce(directory.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.strip_prefix("payonce sandbox: listening on http://").unwrap().trim_end();

    let variables = ["sandbox", "--print-env", "--addr", url];
    let variables = Ran::of(payonce(directory.path(), &variables).output().unwrap()).exits(0);
    let variables = variables.out.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    // Account 26 completes before the execution is answered.
    let pay = ["payout", "pay/1", "--account", "26", "--amount", "1.00", "--currency", "USD"];
    Ran::of(payonce(directory.path(), &pay).envs(variables).output().unwrap()).exits(0);

    let stopped = Command::new("kill").args(["-TERM", &sandbox.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(sandbox.wait().unwrap().code(), Some(0));
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["sandbox", "--addr", "0.0.0.0:0", "--json"];
    let refused = Ran::of(payonce(directory.path(), &arguments).output().unwrap()).exits(1);
    assert_eq!(refused.json()["error"]["kind"], "sandbox");
}

#[test]
fn it_does_not_start_beside_credentials_that_look_live_and_does_not_show_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = payonce(directory.path(), &["sandbox", "--addr", "127.0.0.1:0"]);
    let refused = Ran::of(command.env("DOLLR_CLIENT_SECRET", "canary-4711").output().unwrap()).exits(1);
    assert!(
        refused.err.contains("DOLLR_CLIENT_SECRET") && !refused.err.contains("canary"),
        "{}",
        refused.err
    );
}

#[test]
fn both_providers_are_played_at_once_each_with_its_file_and_its_variables() {
    let directory = tempfile::tempdir().unwrap();
    let both = ["sandbox", "--rail", "dollr", "--rail", "dwolla"];
    let printed = [&both[..], &["--print-env"]].concat();
    let printed = Ran::of(payonce(directory.path(), &printed).output().unwrap()).exits(0);
    for line in [
        "export DOLLR_BASE_URL=http://127.0.0.1:4010",
        "export DWOLLA_BASE_URL=http://127.0.0.1:4011",
        "export DWOLLA_KEY=sandbox-key",
        "export DWOLLA_SECRET=sandbox-secret",
    ] {
        assert!(printed.out.lines().any(|printed| printed == line), "{line} in {}", printed.out);
    }

    let files = ["--db", "dollr.db", "--db", "dwolla.db", "--addr", "127.0.0.1:0", "--addr", "127.0.0.1:0"];
    let run = [&both[..], &files, &["--json"]].concat();
    let mut sandbox = payonce(directory.path(), &run).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    for rail in ["dollr", "dwolla"] {
        let said: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(said["rail"], rail);
        assert!(said["listening"].as_str().unwrap().starts_with("http://127.0.0.1:"));
        assert!(directory.path().join(format!("{rail}.db")).exists());
    }
    let stopped = Command::new("kill").args(["-TERM", &sandbox.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert_eq!(sandbox.wait().unwrap().code(), Some(0));
}

#[test]
fn dwolla_alone_says_which_it_is_and_refuses_what_is_not_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let alone = ["sandbox", "--rail", "dwolla", "--addr", "127.0.0.1:0"];
    let mut sandbox = payonce(directory.path(), &alone).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("payonce sandbox: listening on http://127.0.0.1:"), "{line}");
    assert!(line.trim_end().ends_with(" (dwolla)"), "{line}");
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();

    for wrong in [
        &["--expose-to-the-network-without-protection"][..],
        &["--rail", "dwolla"],
        &["--addr", "127.0.0.1:0"],
        &["--db", "a.db", "--db", "b.db"],
    ] {
        let arguments = [&alone[..], wrong].concat();
        Ran::of(payonce(directory.path(), &arguments).output().unwrap()).exits(2);
    }
    let mut command = payonce(directory.path(), &alone);
    let refused = Ran::of(command.env("DWOLLA_SECRET", "canary-4711").output().unwrap()).exits(1);
    assert!(refused.err.contains("DWOLLA_SECRET") && !refused.err.contains("canary"), "{}", refused.err);
}
