//! `payonce batch run`: every line is paid once, whatever becomes of the process, and the result says who was paid.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use payonce_sandbox::dwolla::{BALANCE, VERIFIED_BALANCE};

use crate::payonce::{Banks, Ran, Shop};

const RUN: [&str; 6] = ["batch", "run", "pay.csv", "--yes", "--concurrency", "4"];

/// So many payouts to an account that takes them.
fn payouts(lines: u32) -> String {
    (1..=lines).fold("name,account,amount,currency\n".to_owned(), |mut text, line| {
        writeln!(text, "salary/{line:04},18,{line}.25,USD").unwrap();
        text
    })
}

/// So many transfers between balances, which are processed at once.
fn transfers(lines: u32) -> String {
    (1..=lines).fold("name,rail,from,funding_source,amount\n".to_owned(), |mut text, line| {
        writeln!(text, "invoice/{line:04},dwolla,{BALANCE},{VERIFIED_BALANCE},{line}.25").unwrap();
        text
    })
}

/// The rows of the result by their names.
fn results(directory: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut rows = csv::Reader::from_path(directory.join("pay.csv.result.csv")).unwrap();
    let rows = rows.deserialize().map(|row| row.expect("a row of the result is whole"));
    rows.map(|row: BTreeMap<String, String>| (row["name"].clone(), row)).collect()
}

fn killed(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

fn silent(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[tokio::test]
async fn a_file_is_paid_and_the_result_and_the_report_say_who_was_paid() {
    let shop = Shop::open().await;
    let path = shop.directory.path();
    let text = "name,operation,account,phone,fullname,wallet,counterparty,intent,amount,currency,note\n\
                pay/1,,18,,,,,,250.00,USD,=HYPERLINK(1)\n-pay/2,,,231771234567,Amara Kamara,,,,10.00,USD,\n\
                pay/3,transfer,,,,3,15,,900.00,USD,<script>alert(1)</script>\n\
                pay/4,refund,,,,,,9001,10.00,USD,damaged\npay/5,,21,,,,,,1.00,USD,\n";
    fs::write(path.join("pay.csv"), text).unwrap();
    let said = shop.run(&[&RUN[..], &["--json"]].concat()).exits(3).json();
    assert_eq!(said["lines"], 5);
    assert_eq!(shop.movements(), 4);
    let results = results(path);
    assert_eq!(results.len(), 5);
    for (name, status, fee) in [
        ("pay/1", "paid", "3.75"),
        ("'-pay/2", "paid", "0.15"),
        ("pay/3", "paid", "0.00"),
        ("pay/5", "failed", ""),
    ] {
        assert_eq!(
            (results[name]["status"].as_str(), results[name]["fee"].as_str()),
            (status, fee),
            "{name}"
        );
    }
    assert_eq!(results["pay/1"]["note"], "'=HYPERLINK(1)");
    assert!(results["pay/5"]["reason"].contains("DECLINED") || !results["pay/5"]["reason"].is_empty());
    for (name, row) in &results {
        let paid = u64::from(row["status"] == "paid");
        assert_eq!(shop.sandbox.ledger().payments(row["reference_id"].parse().unwrap()), paid, "{name}");
        assert_eq!(row["provider_transaction_id"].is_empty(), paid == 0, "{name}");
    }
    let page = fs::read_to_string(path.join("pay.csv.report.html")).unwrap();
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"), "{page}");
    let (failed, paid) = (page.find("1 failed").unwrap(), page.find("4 paid").unwrap());
    assert!(failed < paid, "failures come first");
    assert_eq!(fs::metadata(path.join("pay.csv.result.csv")).unwrap().mode() & 0o777, 0o600);
}

/// Each time it is killed while the provider has acted on one line and not answered.
#[tokio::test]
async fn killed_three_times_and_run_again_each_line_is_paid_once() {
    let shop = Shop::open().await;
    let path = shop.directory.path();
    fs::write(path.join("pay.csv"), payouts(60)).unwrap();
    for nth in [7, 9, 12] {
        let held = shop.sandbox.on("POST /v1/executions/payout").nth(nth).after_effect().hold();
        let run = silent(&mut shop.command(&RUN));
        held.wait_until_held().await;
        killed(run);
        held.release();
        let told = shop.run(&["batch", "report", "pay.csv"]).exits(4);
        assert!(told.out.contains("not sent") && told.out.contains("paid"), "{}", told.out);
        whole(path, 60);
    }
    shop.run(&RUN).exits(0);
    all_paid_once(&shop, 60);
    let requests = shop.sandbox.request_count();
    shop.run(&RUN).exits(0);
    assert_eq!(
        (shop.movements(), shop.sandbox.request_count()),
        (60, requests),
        "a further run asks nothing"
    );
}

#[tokio::test]
async fn killed_three_times_on_the_other_rail_each_line_is_paid_once() {
    let banks = Banks::open().await;
    let path = banks.directory.path();
    fs::write(path.join("pay.csv"), transfers(40)).unwrap();
    for nth in [5, 7, 6] {
        let held = banks.sandbox.on("POST /transfers").nth(nth).after_effect().hold();
        let run = silent(&mut banks.command(&RUN));
        held.wait_until_held().await;
        killed(run);
        held.release();
        whole(path, 0);
    }
    banks.run(&RUN).exits(0);
    assert_eq!(banks.movements(), 40);
    assert!(results(path).values().all(|row| row["status"] == "paid"));
}

/// The result, where there is one, has a row for each line, whoever was killed when.
fn whole(directory: &Path, lines: usize) {
    if directory.join("pay.csv.result.csv").exists() || lines > 0 {
        assert_eq!(results(directory).len(), lines);
    }
}

fn all_paid_once(shop: &Shop, lines: usize) {
    let results = results(shop.directory.path());
    assert_eq!((results.len(), shop.movements()), (lines, lines));
    for (name, row) in &results {
        assert_eq!(row["status"], "paid", "{name}");
        assert_eq!(shop.sandbox.ledger().payments(row["reference_id"].parse().unwrap()), 1, "{name}");
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_paid_is_paid_as_it_was_checked() {
    let shop = Shop::open().await;
    let file = shop.directory.path().join("pay.csv");
    fs::write(&file, payouts(20)).unwrap();
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(3).after_effect().hold();
    let mut run = silent(&mut shop.command(&["batch", "run", "pay.csv", "--yes", "--concurrency", "1"]));
    held.wait_until_held().await;
    fs::write(&file, payouts(20).replace(".25", "9999.25")).unwrap();
    held.release();
    assert_eq!(run.wait().unwrap().code(), Some(0));
    all_paid_once(&shop, 20);
    let changed = shop.run(&RUN).exits(1);
    assert!(
        changed.out.contains("pay.csv:2: amount: read \"19999.25\"; expected 1.25, as"),
        "{}",
        changed.out
    );
    assert_eq!(shop.movements(), 20);
}

#[tokio::test]
async fn nothing_is_sent_while_a_line_is_wrong_or_nobody_has_agreed() {
    let shop = Shop::open().await;
    let file = shop.directory.path().join("pay.csv");
    fs::write(&file, payouts(20).replace("7.25", "7,25")).unwrap();
    shop.run(&RUN).exits(2);
    fs::write(&file, payouts(20)).unwrap();
    let asked = shop.run(&["batch", "run", "pay.csv", "--no-fees"]).exits(2);
    assert!(asked.err.contains("--yes") && asked.out.contains("20 lines in order"), "{asked:?}");
    let mut bare = crate::payonce::payonce(shop.directory.path(), &RUN);
    assert!(Ran::of(bare.output().unwrap()).exits(1).err.contains("DOLLR_CLIENT_ID"));
    assert_eq!((shop.sandbox.request_count(), shop.movements()), (0, 0));
    let left: Vec<PathBuf> =
        fs::read_dir(shop.directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [file], "what sends nothing leaves nothing");
}

#[tokio::test]
async fn an_interrupted_run_ends_its_calls_says_what_remains_and_is_gone_on_with() {
    let shop = Shop::open().await;
    fs::write(shop.directory.path().join("pay.csv"), payouts(30)).unwrap();
    let held = shop.sandbox.on("POST /v1/executions/payout").nth(10).after_effect().hold();
    let run = shop.command(&["batch", "run", "pay.csv", "--yes", "--concurrency", "1"]);
    let run = { run }.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    held.wait_until_held().await;
    let interrupted = Command::new("kill").args(["-INT", &run.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    held.release();
    let ran = Ran::of(run.wait_with_output().unwrap()).exits(4);
    assert!(ran.err.contains("run `payonce batch run pay.csv` again"), "{}", ran.err);
    let results = results(shop.directory.path());
    let stands = |status: &str| results.values().filter(|row| row["status"] == status).count();
    let paid = stands("paid");
    assert!((10..30).contains(&paid), "{paid} paid");
    assert_eq!((stands("not sent"), shop.movements()), (30 - paid, paid));
    shop.run(&RUN).exits(0);
    all_paid_once(&shop, 30);
}

#[tokio::test]
async fn what_is_under_way_when_the_waiting_ends_is_told_as_such_and_settles_later() {
    let shop = Shop::settling_after(Duration::from_millis(300)).await;
    fs::write(shop.directory.path().join("pay.csv"), payouts(5)).unwrap();
    let ran = shop.run(&[&RUN[..], &["--wait", "0"]].concat()).exits(4);
    assert!(ran.out.contains("under way          5"), "{}", ran.out);
    shop.run(&RUN).exits(0);
    all_paid_once(&shop, 5);
}

#[tokio::test]
async fn credentials_that_are_wrong_for_every_line_are_told_once_and_stop_the_run() {
    let shop = Shop::open().await;
    fs::write(shop.directory.path().join("pay.csv"), payouts(50)).unwrap();
    let mut wrong = shop.command(&RUN);
    let ran = Ran::of(wrong.env("DOLLR_CLIENT_SECRET", "canary-4711").output().unwrap()).exits(1);
    assert!(ran.err.lines().count() < 10 && !format!("{ran:?}").contains("canary"), "{ran:?}");
    assert_eq!(shop.movements(), 0);
    shop.run(&RUN).exits(0);
    all_paid_once(&shop, 50);
}

#[tokio::test]
async fn a_phone_that_is_no_operators_is_told_and_keeps_nobody_else_from_being_paid() {
    let shop = Shop::open().await;
    let text = "name,phone,fullname,amount,currency\na,231771234567,Amara Kamara,1.00,USD\n\
                b,12025550123,Somebody Else,2.00,USD\nc,231770000005,Inactive,3.00,USD\nd,231772345678,Blessing Cooper,4.00,USD\n";
    fs::write(shop.directory.path().join("pay.csv"), text).unwrap();
    shop.run(&RUN).exits(3);
    let results = results(shop.directory.path());
    let told: Vec<_> =
        results.values().map(|row| (row["status"].as_str(), row["reason"].is_empty())).collect();
    assert_eq!(told, [("paid", true), ("failed", false), ("failed", false), ("paid", true)]);
    assert_eq!(shop.movements(), 2);
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_not_sent_the_whole_file() {
    let shop = Shop::open().await;
    fs::write(shop.directory.path().join("pay.csv"), payouts(50)).unwrap();
    let silence = shop.sandbox.on("POST /v1/sessions/payout").before_effect().hold();
    let ran = shop.run(&[&RUN[..], &["--patience", "1"]].concat()).exits(4);
    assert!(
        ran.err.contains("payonce: stopped: ") && ran.err.contains("no answer within 1 s"),
        "{}",
        ran.err
    );
    let stood = results(shop.directory.path());
    let not_sent = stood.values().filter(|row| row["status"] == "not sent").count();
    assert!((40..50).contains(&not_sent), "{not_sent} not sent");
    assert_eq!(shop.movements(), 0);
    silence.release();
    shop.sandbox.clear_faults();
    shop.run(&RUN).exits(0);
    all_paid_once(&shop, 50);
}

/// Whoever has the result open while a run replaces it goes on reading the old one.
#[tokio::test]
async fn the_result_is_replaced_as_a_whole() {
    let shop = Shop::open().await;
    let result = shop.directory.path().join("pay.csv.result.csv");
    fs::write(shop.directory.path().join("pay.csv"), payouts(3)).unwrap();
    shop.run(&RUN).exits(0);
    let mut open = fs::File::open(&result).unwrap();
    fs::write(shop.directory.path().join("pay.csv"), payouts(9)).unwrap();
    shop.run(&RUN).exits(0);
    let old = std::io::read_to_string(&mut open).unwrap();
    assert_eq!(old.lines().count(), 4);
    assert_eq!(fs::read_to_string(&result).unwrap().lines().count(), 10);
    assert_eq!(parts(shop.directory.path()), Vec::<PathBuf>::new());
}

/// What a run is writing and has not put in its place.
fn parts(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|end| end == "part")).collect()
}

/// It is killed when a part of the rows is in the file that will be the result.
#[tokio::test]
async fn killed_while_it_writes_the_result_it_leaves_the_old_one_and_the_next_run_clears_up() {
    let shop = Shop::open().await;
    let path = shop.directory.path();
    fs::write(path.join("pay.csv"), payouts(3)).unwrap();
    shop.run(&RUN).exits(0);
    fs::write(path.join("pay.csv"), payouts(40_000)).unwrap();
    let mut writes = silent(&mut shop.command(&["batch", "report", "pay.csv"]));
    let half = loop {
        assert_eq!(writes.try_wait().unwrap(), None, "it ended before it was seen to write");
        match parts(path).pop() {
            Some(part) if fs::metadata(&part).is_ok_and(|part| part.len() > 0) => break part,
            _ => tokio::task::yield_now().await,
        }
    };
    killed(writes);
    assert!(half.exists());
    whole(path, 3);
    shop.run(&["batch", "report", "pay.csv"]).exits(4);
    whole(path, 40_000);
    assert_eq!(parts(path), [&*half], "it may be another run's, which has only begun");
    let before = SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(&half).unwrap().set_modified(before).unwrap();
    shop.run(&["batch", "report", "pay.csv"]).exits(4);
    whole(path, 40_000);
    assert_eq!(parts(path), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn the_sample_is_a_file_that_the_sandboxes_take() {
    let (shop, banks) = (Shop::open().await, Banks::open().await);
    for rail in ["dollr", "dwolla"] {
        let sample = shop.run(&["batch", "sample", "--lines", "100", "--rail", rail]).exits(0).out;
        fs::write(shop.directory.path().join("pay.csv"), sample).unwrap();
        let mut run = shop.command(&[&RUN[..], &["--wait", "0"]].concat());
        let ran = Ran::of(run.envs(banks.sandbox.env()).output().unwrap());
        assert_eq!(ran.code, Some(if rail == "dollr" { 3 } else { 4 }), "{ran:?}");
        assert_eq!(results(shop.directory.path()).len(), 100);
    }
    assert_eq!(shop.movements(), 99);
}
