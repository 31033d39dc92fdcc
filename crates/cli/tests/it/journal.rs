//! `payonce journal` and `payonce export`: the file is looked after while others use it.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::payonce::{Shop, payonce};

const PAY: [&str; 8] = ["payout", "pay/1", "--account", "18", "--amount", "1.00", "--currency", "USD"];

#[tokio::test]
async fn a_check_tells_what_is_wrong_and_what_to_do_and_exits_with_6() {
    let shop = Shop::open().await;
    shop.run(&PAY).exits(0);
    let sound = shop.run(&["journal", "check", "--json"]).exits(0).json();
    assert_eq!((&sound["sound"], &sound["payments"]), (&true.into(), &1.into()));
    let file = shop.directory.path().join("payonce.db");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = shop.run(&["journal", "check"]).exits(6);
    assert!(
        told.out.contains("others may read payonce.db (mode 644)") && told.out.contains("chmod 600"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_backup_is_private_pays_nobody_and_can_take_the_journals_place() {
    let shop = Shop::open().await;
    shop.run(&PAY).exits(0);
    shop.run(&["journal", "backup", "copy.db"]).exits(0);
    let copy = shop.directory.path().join("copy.db");
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = shop.run(&["show", "pay/1"]).exits(0).out;
    assert_eq!(shop.run(&["show", "pay/1", "--journal", "copy.db"]).exits(0).out, shown);
    shop.run(&[&PAY[..], &["--journal", "copy.db"]].concat()).exits(0);
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn a_journal_that_is_in_use_is_not_compacted() {
    let shop = Shop::open().await;
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    let mut paying = shop.command(&PAY).stdout(Stdio::null()).spawn().unwrap();
    held.wait_until_held().await;
    for more in [&["--dry-run"][..], &[]] {
        let refused = shop.run(&[&["journal", "compact"], more].concat()).exits(1);
        assert!(refused.err.contains("1 other process has the journal open"), "{}", refused.err);
    }
    shop.run(&["journal", "backup", "meanwhile.db"]).exits(0);
    held.release();
    assert!(paying.wait().unwrap().success());
    shop.run(&["journal", "compact"]).exits(0);
    assert_eq!(shop.movements(), 1);
}

#[tokio::test]
async fn an_export_is_every_payment_as_show_has_it() {
    let shop = Shop::open().await;
    for number in 1..=3 {
        let name = format!("pay/{number}");
        shop.run(&["payout", &name, "--account", "18", "--amount", "1.00", "--currency", "USD"]).exits(0);
    }
    let exported = shop.run(&["export"]).exits(0);
    let lines: Vec<_> = exported.out.lines().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(format!("{}\n", lines[1]), shop.run(&["show", "pay/2", "--json"]).exits(0).out);
    assert_eq!(shop.run(&["export", "--standing", "failed"]).exits(0).out, "");
    // Nobody reads it: that is no error, and it does not go on.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = payonce(shop.directory.path(), &["export"]).stdout(writer).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
