//! `payonce doctor`: what is well, what is not, and that it says so by its exit code and moves no money.

use std::fs::{Permissions, set_permissions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::Value;

use crate::payonce::{Banks, Ran, Shop, payonce};

/// The findings by check, with those of a rail as `dollr api`.
fn found(ran: &Ran) -> Vec<(String, Value)> {
    let finding = |line: &str| -> (String, Value) {
        let finding: Value = serde_json::from_str(line).unwrap();
        let rail = finding["rail"].as_str().map(|rail| format!("{rail} ")).unwrap_or_default();
        (format!("{rail}{}", finding["check"].as_str().unwrap()), finding)
    };
    ran.out.lines().map(finding).collect()
}

fn state<'f>(found: &'f [(String, Value)], check: &str) -> &'f str {
    let found = found.iter().find(|finding| finding.0 == check);
    found.unwrap_or_else(|| panic!("nothing is said of {check}")).1["state"].as_str().unwrap()
}

#[tokio::test]
async fn where_all_is_well_it_says_so_of_both_rails_and_nothing_is_paid() {
    let (shop, banks) = (Shop::open().await, Banks::open().await);
    let mut command = shop.command(&["doctor", "--json"]);
    let ran = Ran::of(command.envs(banks.sandbox.env()).output().unwrap()).exits(0);
    let found = found(&ran);
    for check in [
        "dollr credentials",
        "dollr clock",
        "dollr api",
        "dwolla credentials",
        "dwolla clock",
        "disk",
        "journal",
    ] {
        assert_eq!(state(&found, check), "ok", "{check}: {}", ran.out);
    }
    // A sandbox is not where real money is.
    assert_eq!(state(&found, "dollr reachable"), "warning");
    assert_eq!(shop.movements() + banks.movements(), 0);
    assert!(!shop.directory.path().join("payonce.db").exists(), "no journal is made by looking for it");
    for (variable, value) in shop.sandbox.env().into_iter().chain(banks.sandbox.env()) {
        let secret = ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE", "DWOLLA_SECRET"];
        assert!(!secret.contains(&variable) || !ran.out.contains(&value), "{variable}: {}", ran.out);
    }
}

#[tokio::test]
async fn wrong_credentials_an_unreachable_provider_and_no_settings_are_problems_with_something_to_do() {
    let shop = Shop::open().await;
    let wrong = shop.command(&["doctor"]).env("DOLLR_CLIENT_SECRET", "canary-4711").output().unwrap();
    let wrong = Ran::of(wrong).exits(1);
    assert!(
        wrong.out.contains("PROBLEM   dollr credentials") && wrong.out.contains("payonce login"),
        "{}",
        wrong.out
    );
    assert!(!wrong.out.contains("canary") && !wrong.err.contains("canary"), "{wrong:?}");
    let nobody = shop.command(&["doctor"]).env("DOLLR_BASE_URL", "http://127.0.0.1:1").output().unwrap();
    let nobody = Ran::of(nobody).exits(1);
    assert!(nobody.out.contains("PROBLEM   dollr reachable"), "{}", nobody.out);
    let bare = Ran::of(payonce(shop.directory.path(), &["doctor"]).output().unwrap()).exits(1);
    assert!(bare.out.contains("PROBLEM   credentials"), "{}", bare.out);
}

#[tokio::test]
async fn a_clock_that_is_off_is_a_warning() {
    let shop = Shop::open().await;
    shop.sandbox.clock().advance(Duration::from_secs(3600));
    let ran = shop.run(&["doctor"]).exits(0);
    assert!(ran.out.contains("warning   dollr clock") && ran.out.contains(" s ahead: set"), "{}", ran.out);
}

#[tokio::test]
async fn an_exposed_journal_is_a_problem_and_an_unfinished_payment_a_warning() {
    let shop = Shop::settling_after(Duration::from_secs(3600)).await;
    shop.run(&["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"]).exits(4);
    let waiting = shop.run(&["doctor"]).exits(0);
    assert!(waiting.out.contains("payonce.db has 1 unfinished: payonce resume"), "{}", waiting.out);
    let journal = shop.directory.path().join("payonce.db");
    set_permissions(&journal, Permissions::from_mode(0o644)).unwrap();
    let exposed = shop.run(&["doctor"]).exits(1);
    assert!(
        exposed.out.contains("PROBLEM   journal") && exposed.out.contains("chmod 600"),
        "{}",
        exposed.out
    );
}

/// A provider that grants every token and publishes this document, at the address that is returned.
fn publishing(document: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut request, mut length) = (BufReader::new(stream.try_clone().unwrap()), 0);
            let mut asked = String::new();
            request.read_line(&mut asked).unwrap();
            let mut header = String::new();
            while request.read_line(&mut header).unwrap() > 2 {
                if let Some(bytes) = header.to_lowercase().strip_prefix("content-length:") {
                    length = bytes.trim().parse().unwrap();
                }
                header.clear();
            }
            request.read_exact(&mut vec![0; length]).unwrap();
            let body = match asked.contains("/openapi.json") {
                true => &document,
                false => r#"{"access_token":"t","expires_in":60,"token_type":"bearer"}"#,
            };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
            write!(stream, "{head}content-type: application/json\r\n\r\n{body}").unwrap();
        }
    });
    url
}

#[tokio::test]
async fn an_api_that_has_changed_is_a_warning_that_names_the_operation() {
    let shop = Shop::open().await;
    let published = |that: &str, this: &str| {
        let url = publishing(dollr::raw::DOCUMENT.replace(that, this));
        Ran::of(shop.command(&["doctor"]).env("DOLLR_BASE_URL", url).output().unwrap()).exits(0).out
    };
    let gone = published("/executions/payout\"", "/executions/payouts\"");
    assert!(gone.contains("1 of 59 operations differ: POST /{version}/executions/payout is gone"), "{gone}");
    let none = published("\"paths\"", "\"places\"");
    assert!(none.contains("what is at /openapi.json describes no API"), "{none}");
    assert!(none.contains("the provider did not say what time it is"), "{none}");
}
