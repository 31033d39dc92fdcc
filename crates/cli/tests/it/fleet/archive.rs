//! `payonce journal archive`: what a person types, from paying to bringing a month back, and the ledger that sees each payment once.

use std::collections::BTreeSet;

use super::*;

const BATCH: &str =
    "name,operation,account,amount,currency\nb/1,payout,18,2.00,USD\nb/2,payout,18,3.00,USD\n";

/// What the guide has a person type, from that line on, run by a shell that ends at the first error.
fn typed(fleet: &Fleet, first: &str, month: &str) {
    let guide = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fleet.md")).unwrap();
    let blocks = guide.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let script = blocks.filter(|block| block.starts_with(first)).collect::<Vec<_>>().concat();
    let script = script.replace("202607", month);
    assert!(script.contains(first), "{first} is not in the guide");
    let ours = std::path::Path::new(env!("CARGO_BIN_EXE_payonce")).parent().unwrap();
    let programs = [ours, fleet.server.programs()].map(|path| path.display().to_string()).join(":");
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", &script]).current_dir(fleet.shop.directory.path());
    shell.env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap()));
    Ran::of(shell.env("PAYONCE_JOURNAL", &fleet.url).output().unwrap()).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_archived_is_told_as_before_and_is_not_paid_again_even_when_its_month_is_gone() {
    let Some(fleet) = Fleet::open().await else { return };
    std::fs::write(fleet.shop.directory.path().join("pay.csv"), BATCH).unwrap();
    fleet.run(&PAY).exits(0);
    fleet.run(&["batch", "run", "pay.csv", "--yes"]).exits(0);
    let told = |fleet: &Fleet| {
        let agrees = fleet.run(&["reconcile", "--since", "2000-01-01", "--until", "2100-01-01"]);
        [&["list", "--json"][..], &["export"], &["show", "pay/1"], &["show", "b/2", "--json"]]
            .map(|arguments| fleet.run(arguments).exits(0).out)
            .into_iter()
            .chain([agrees.out])
            .collect::<Vec<_>>()
    };
    let before = told(&fleet);
    let dry =
        fleet.run(&["journal", "archive", "--before", "2100-01-01", "--dry-run", "--json"]).exits(0).json();
    assert_eq!((&dry["archived"], &dry["payments"]), (&false.into(), &3.into()));
    let done = fleet.run(&["journal", "archive", "--before", "2100-01-01", "--json"]).exits(0).json();
    assert_eq!((&done["archived"], &done["payments"]), (&true.into(), &3.into()));
    assert_eq!(done["months"], dry["months"]);
    assert_eq!(
        done["events"].to_string(),
        fleet.sql("SELECT sum(array_length(string_to_array(events, E'\\n'), 1)) FROM payonce.archive")
    );
    assert_eq!(told(&fleet), before);
    fleet.run(&PAY).exits(0);
    fleet.run(&["batch", "run", "pay.csv", "--yes"]).exits(0);
    fleet.enqueue(["pay/2".to_owned()]).await;
    fleet.run(&["resume"]).exits(0);
    assert_eq!(fleet.shop.movements(), 4);
    let month = fleet.sql("SELECT DISTINCT month FROM payonce.archive");
    typed(&fleet, "psql \"$PAYONCE_JOURNAL\" -c 'ALTER TABLE payonce.archive DETACH", &month);
    assert_eq!(fleet.sql(&format!("SELECT to_regclass('payonce.archive_{month}') IS NULL")), "t");
    let refused = fleet.run(&PAY);
    assert!(refused.code != Some(0) && refused.err.contains("must not be paid again"), "{refused:?}");
    assert!(fleet.run(&["show", "pay/1"]).exits(1).err.contains("nothing was sent"));
    assert!(fleet.run(&["batch", "run", "pay.csv", "--yes"]).code != Some(0));
    assert_eq!(fleet.run(&["list", "--json", "--limit", "3"]).exits(0).out, before[0]);
    let reconciled = |fleet: &Fleet| {
        let ever = ["reconcile", "--since", "2000-01-01", "--until", "2100-01-01", "--json"];
        let found = fleet.run(&ever).exits(6).json();
        assert_eq!(found["payments"], 4, "{found}");
        let differences = found["differences"].as_array().unwrap().clone();
        differences.into_iter().filter(|one| one["difference"] == "unreadable").collect::<Vec<_>>()
    };
    let away = reconciled(&fleet);
    let told = |one: &serde_json::Value| {
        assert!(one["error"].as_str().unwrap().contains("no longer in the journal's database"), "{one}");
        one["there"]["completed"]["payee_amount"]["amount"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        away.iter().map(told).collect::<BTreeSet<_>>(),
        ["1.00", "2.00", "3.00"].map(str::to_owned).into()
    );
    assert_eq!(fleet.shop.movements(), 4);
    typed(&fleet, "pg_restore", &month);
    assert_eq!(fleet.run(&["show", "pay/1"]).exits(0).out, before[2]);
    assert_eq!(reconciled(&fleet), [serde_json::Value::Null; 0]);
    fleet.run(&PAY).exits(0);
    assert_eq!(fleet.shop.movements(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_are_archived_while_a_worker_drives_others() {
    let Some(fleet) = Fleet::open().await else { return };
    let worker = Worker::start(&mut fleet.command(&["work"]));
    for lot in 0..5 {
        fleet.enqueue((0..20).map(|n| format!("pay/{lot}/{n}"))).await;
        fleet.run(&["journal", "archive", "--before", "2100-01-01"]).exits(0);
    }
    until(SOON, "all are paid", || fleet.unfinished() == "0");
    fleet.run(&["journal", "archive", "--before", "2100-01-01"]).exits(0);
    worker.signal("-TERM");
    assert_eq!(worker.end().2, Some(0));
    assert_eq!(fleet.sql("SELECT count(*) FROM payonce.archive"), "100");
    assert_eq!(fleet.sql("SELECT count(*) FROM payonce.events"), "0");
    assert_eq!(fleet.run(&["list", "--standing", "completed"]).exits(0).out.lines().count(), 100);
    assert_eq!(fleet.shop.movements(), 100);
}
