//! What the journal shows, and to whom.

use crate::payonce::{Shop, payonce};

async fn shop_with_payments(payments: usize) -> Shop {
    let shop = Shop::open().await;
    for number in 1..=payments {
        let name = format!("pay/{number}");
        shop.run(&["payout", &name, "--account", "18", "--amount", "1.00", "--currency", "USD"]).exits(0);
    }
    shop
}

#[tokio::test]
async fn a_list_is_in_order_and_can_be_cut_short() {
    let shop = shop_with_payments(3).await;
    let names = |arguments: &[&str]| -> Vec<String> {
        let ran = shop.run(arguments).exits(0);
        ran.out.lines().map(|line| line.rsplit("  ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["list"]), ["pay/1", "pay/2", "pay/3"]);
    assert_eq!(names(&["list", "--limit", "2"]), ["pay/1", "pay/2"]);
    assert_eq!(names(&["list", "--standing", "completed"]).len(), 3);
    assert_eq!(names(&["list", "--standing", "failed"]).len(), 0);
    let json = shop.run(&["list", "--json"]).exits(0);
    let listed: Vec<serde_json::Value> =
        json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(listed.len(), 3);
    assert_eq!((&listed[0]["name"], &listed[0]["amount"]), (&"pay/1".into(), &"1.00".into()));
}

#[tokio::test]
async fn a_payment_is_shown_by_name_and_by_key_with_all_its_events_and_no_secret() {
    let shop = shop_with_payments(1).await;
    let by_name = shop.run(&["show", "pay/1"]).exits(0);
    for words in
        ["pay/1: payout of 1.00 USD: completed", "a session was opened", "being sent", "completed: charged"]
    {
        assert!(by_name.out.contains(words), "{words}: {}", by_name.out);
    }
    let json = shop.run(&["show", "pay/1", "--json"]).exits(0);
    let key = json.json()["reference_id"].as_str().unwrap().to_owned();
    assert_eq!(shop.run(&["show", &key]).exits(0).out, by_name.out);
    assert_eq!(json.json()["events"][1]["event"], "sending");
    assert_eq!(json.json()["contents"]["payout"]["account"], 18);
    for text in [by_name.out, json.out] {
        for (variable, secret) in shop.sandbox.env() {
            let is_secret =
                ["DOLLR_CLIENT_SECRET", "DOLLR_PASSCODE", "DOLLR_PASSCODE_PHONE"].contains(&variable);
            assert!(!is_secret || !text.contains(&secret), "{variable} is in {text}");
        }
    }
    let unknown = shop.run(&["show", "pay/2", "--json"]).exits(1);
    assert_eq!(unknown.json()["error"]["kind"], "unknown_payment");
}

#[test]
fn a_journal_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [vec!["list"], vec!["show", "a"]] {
        let output = payonce(directory.path(), &arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("there is no journal at payonce.db"));
    }
    assert_eq!(directory.path().read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_reader_that_has_gone_away_is_no_error() {
    let shop = shop_with_payments(1).await;
    let order = ["payout", "pay/2", "--account", "18", "--amount", "1.00", "--currency", "USD"];
    for arguments in [&["list"][..], &["show", "pay/1"], &order, &["resume"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = shop.command(arguments).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
    assert_eq!(shop.movements(), 2);
}
