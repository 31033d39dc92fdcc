//! The bundle for the provider's support: complete, and without what is nobody's business there.

use std::fs::{metadata, read_to_string};
use std::os::unix::fs::PermissionsExt;

use crate::payonce::Shop;
use crate::resolve::parked;

#[tokio::test]
async fn the_bundle_holds_what_support_asks_for_and_no_secret_and_no_number() {
    let shop = Shop::open().await;
    parked(&shop, true).await;
    let decide = [
        "resolve",
        "salary/ama",
        "--not-paid",
        "--yes",
        "--by",
        "ama@example.com",
        "--reason",
        "called +231 77 123 4567 about it",
        "--json",
    ];
    let _ = shop.sandbox.on("GET /v1/status/*").before_effect().status(503);
    shop.run(&decide).exits(3);
    let made = shop.run(&["evidence", "salary/ama", "--out", "for support", "--merchant", "5"]).exits(0);
    assert!(made.out.contains("for support"), "{}", made.out);
    let directory = shop.directory.path().join("for support");
    let [json, text] = ["evidence.json", "evidence.txt"].map(|name| {
        assert_eq!(metadata(directory.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
        read_to_string(directory.join(name)).unwrap()
    });
    let bundle: serde_json::Value = serde_json::from_str(&json).unwrap();
    let key = shop.run(&["show", "salary/ama", "--json"]).json()["reference_id"].clone();
    assert_eq!(bundle["reference_ids"][0], key);
    assert_eq!(bundle["requests"][0]["method"], "POST");
    assert_eq!(bundle["requests"][0]["url"], format!("{}/v1/executions/payout", shop.sandbox.url()));
    assert_eq!(bundle["requests"][0]["body"]["reference_id"], key);
    assert_eq!(bundle["responses"]["status_now"]["answer"], "none");
    assert_eq!(bundle["merchant"]["merchant_id"], "5");
    assert_eq!(bundle["means"]["contents"]["payout"]["account"], 18);
    for (place, text) in [("json", &json), ("text", &text)] {
        for (variable, secret) in shop.sandbox.env() {
            let is_secret =
                ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE"].contains(&variable);
            assert!(!is_secret || !text.contains(&secret), "{variable} is in the {place}");
        }
        for personal in ["77 123 4567", "771234567", "ama@example.com"] {
            assert!(!text.contains(personal), "{personal} is in the {place}: {text}");
        }
        assert!(text.contains("[...567]") && text.contains(key.as_str().unwrap()), "{text}");
    }
    let again = shop.run(&["evidence", "salary/ama", "--out", "for support"]).exits(1);
    assert!(again.err.contains("not overwritten"), "{}", again.err);
    assert_eq!(shop.movements(), 1);
}

/// A secret that a person wrote into a reason is in the journal, and leaves it no further.
#[tokio::test]
async fn a_secret_of_the_settings_is_taken_out_wherever_it_stands() {
    let shop = Shop::open().await;
    parked(&shop, false).await;
    let secret = "canary-4711";
    let decide =
        ["resolve", "salary/ama", "--not-paid", "--yes", "--by", "ama", "--reason", "with canary-4711"];
    shop.run(&decide).exits(3);
    for json in [&["--json"][..], &[]] {
        let mut command = shop.command(&[&["evidence", "salary/ama"], json].concat());
        let output = command.env("DOLLR_PASSCODE", secret).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("with [redacted]") && !text.contains(secret), "{text}");
    }
}
