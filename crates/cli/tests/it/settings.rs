//! Where secrets may come from, and what is said when they may not.

use std::fs::{Permissions, set_permissions, write};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::payonce::{Ran, Shop, payonce};

const PAY: [&str; 8] = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"];

/// The sandbox's settings as a secrets file has them.
fn settings(shop: &Shop) -> String {
    let settings = shop.sandbox.env().into_iter().filter(|(key, _)| !key.starts_with("DOLLR_DEVICE"));
    settings.map(|(key, value)| format!("{key}={value}\n")).collect()
}

fn pay(shop: &Shop, secrets: &str) -> std::process::Command {
    let mut command = payonce(shop.directory.path(), &PAY);
    command.args(["--secrets", secrets]);
    command
}

#[tokio::test]
async fn secrets_are_read_from_a_private_file_and_refused_from_one_that_others_can_read() {
    let shop = Shop::open().await;
    let file = shop.directory.path().join("secrets");
    write(&file, settings(&shop)).unwrap();
    for mode in [0o644, 0o640, 0o602] {
        set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let refused = Ran::of(pay(&shop, "secrets").output().unwrap()).exits(1);
        assert!(refused.err.contains("chmod 600"), "{}", refused.err);
    }
    assert_eq!(shop.sandbox.request_count(), 0);
    set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    Ran::of(pay(&shop, "secrets").output().unwrap()).exits(0);
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn secrets_are_read_from_standard_input() {
    let shop = Shop::open().await;
    let mut command = pay(&shop, "-").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    command.stdin.take().unwrap().write_all(settings(&shop).as_bytes()).unwrap();
    assert!(command.wait().unwrap().success());
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_wrong_or_contradicting_setting_is_named_and_its_value_is_not_shown() {
    let shop = Shop::open().await;
    let file = shop.directory.path().join("secrets");
    for (text, words) in [
        ("DOLLR_CLIENT_SECRETS=canary-4711", "DOLLR_CLIENT_SECRETS, which is not a setting"),
        ("canary-4711", "line 1 of secrets is not KEY=VALUE"),
        ("DOLLR_CLIENT_SECRET=canary-4711", "DOLLR_CLIENT_SECRET is set differently"),
    ] {
        write(&file, text).unwrap();
        set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let mut command = shop.command(&PAY);
        let refused = Ran::of(command.args(["--secrets", "secrets", "--json"]).output().unwrap()).exits(1);
        assert!(refused.err.contains(words), "{}", refused.err);
        assert_eq!(refused.json()["error"]["effect"], "none");
        assert!(!refused.err.contains("canary") && !refused.out.contains("canary"), "{refused:?}");
    }
    assert_eq!(shop.sandbox.request_count(), 0);
}

#[tokio::test]
async fn missing_credentials_and_a_malformed_log_filter_are_named() {
    let shop = Shop::open().await;
    let bare = Ran::of(payonce(shop.directory.path(), &PAY).output().unwrap()).exits(1);
    assert!(bare.err.contains("DOLLR_CLIENT_ID"), "{}", bare.err);
    let log = Ran::of(shop.command(&PAY).env("PAYONCE_LOG", "dollr=loud").output().unwrap()).exits(1);
    assert!(log.err.contains("PAYONCE_LOG"), "{}", log.err);
    assert_eq!(shop.movements(), 0);
}

#[tokio::test]
async fn traces_go_to_standard_error_and_hold_no_secret() {
    let shop = Shop::open().await;
    let ran = Ran::of(shop.command(&PAY).env("PAYONCE_LOG", "trace").output().unwrap()).exits(0);
    assert!(ran.err.contains("reference_id="), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    for (variable, secret) in shop.sandbox.env() {
        let is_secret = ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE"].contains(&variable);
        assert!(!is_secret || !ran.err.contains(&secret), "{variable} is in the traces");
    }
}
