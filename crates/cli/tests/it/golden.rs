//! The text of every command, whole, as golden files in `golden/`. What differs from run to run is replaced by a word.
//!
//! `SNAPSHOTS=overwrite cargo test -p payonce-cli --test it golden` writes them anew; the diff is for a person to read.

use std::path::Path;
use std::process::Command;

use payonce_sandbox::dwolla::{BANK, CUSTOMER_BANK};
use regex_lite::Regex;
use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::payonce::{Banks, Ran, Shop, payonce};
use crate::resolve::parked;

/// What differs from run to run, and the word that stands for it.
const DIFFERS: [(&str, &str); 7] = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00| UTC)?", "[TIME]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[UUID]"),
    (r"http://127\.0\.0\.1:\d+", "[URL]"),
    (r"from \d+ to", "from [N] to"),
    (r"\d+ bytes", "[N] bytes"),
    (r#""bytes(_before|_after)?":\d+"#, r#""bytes$1":"[N]""#),
    (r"payonce \d+\.\d+\.\d+", "payonce [VERSION]"),
];

/// Commands and what they said, one after the other.
#[derive(Default)]
struct Transcript(String);

impl Transcript {
    /// Runs the command and notes what it said, and its exit code if it is not 0.
    fn run(&mut self, mut command: Command) -> Ran {
        let arguments: Vec<_> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        let words =
            arguments.iter().map(|it| if it.contains([' ', '"']) { format!("{it:?}") } else { it.clone() });
        self.0.push_str(&format!("$ payonce {}\n", words.collect::<Vec<_>>().join(" ")));
        let ran = Ran::of(command.output().unwrap());
        self.0.push_str(&ran.out);
        ran.err.lines().for_each(|line| self.0.push_str(&format!("! {line}\n")));
        match ran.code {
            Some(0) => {}
            code => self.0.push_str(&format!("? {}\n", code.unwrap())),
        }
        self.0.push('\n');
        ran
    }

    /// Compares it with the golden file of that name.
    #[track_caller]
    fn is(self, name: &str) {
        let mut text = self.0;
        for (pattern, word) in DIFFERS {
            text = Regex::new(pattern).unwrap().replace_all(&text, word).into_owned();
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(format!("{name}.txt"));
        let golden = Data::read_from(&path, Some(DataFormat::Text)).raw();
        Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV).eq(text, golden);
    }
}

const AMA: [&str; 8] = ["payout", "salary/ama", "--account", "18", "--amount", "250", "--currency", "USD"];

#[test]
fn the_help_of_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let mut all = Transcript::default();
    let commands = [
        vec![],
        vec!["demo"],
        vec!["payout"],
        vec!["transfer"],
        vec!["refund"],
        vec!["collection"],
        vec!["again"],
        vec!["cancel"],
        vec!["fees"],
        vec!["resume"],
        vec!["work"],
        vec!["list"],
        vec!["show"],
        vec!["explain"],
        vec!["resolve"],
        vec!["evidence"],
        vec!["reconcile"],
        vec!["export"],
        vec!["journal"],
        vec!["journal", "check"],
        vec!["journal", "backup"],
        vec!["journal", "archive"],
        vec!["journal", "compact"],
        vec!["sandbox"],
        vec!["simulate"],
        vec!["returned"],
        vec!["batch"],
        vec!["batch", "check"],
        vec!["batch", "run"],
        vec!["batch", "report"],
        vec!["batch", "sample"],
        vec!["login"],
        vec!["config"],
        vec!["config", "show"],
        vec!["config", "path"],
        vec!["doctor"],
        vec!["probe"],
        vec!["schema"],
    ];
    for command in commands {
        all.run(payonce(directory.path(), &[&command[..], &["--help"]].concat())).exits(0);
    }
    all.is("help");
}

#[tokio::test]
async fn payments_on_dollr() {
    let shop = Shop::open().await;
    let mut said = Transcript::default();
    let json = [&AMA[..], &["--json"]].concat();
    for arguments in [
        &AMA[..],
        &json,
        &["payout", "salary/ama", "--account", "18", "--amount", "251", "--currency", "USD"],
        &["payout", "bonus/ama", "--account", "21", "--amount", "1.00", "--currency", "USD", "--wait"],
        &["again", "bonus/ama", "--wait"],
        &["again", "salary/ama"],
        &[
            "transfer",
            "float/1",
            "--from-wallet",
            "3",
            "--to-counterparty",
            "15",
            "--amount",
            "9.5",
            "--currency",
            "USD",
        ],
        &[
            "refund",
            "refund/7",
            "--intent",
            "9001",
            "--reason",
            "damaged",
            "--amount",
            "10",
            "--currency",
            "USD",
        ],
        &["collection", "INV-101", "--invoice", "101", "--account", "18", "--currency", "USD"],
        &["list"],
        &["list", "--standing", "failed", "--json"],
        &["list", "--since", "2d", "--limit", "1"],
        &["list", "--since", "soon"],
        &["list", "--stuck"],
        &["show", "bonus/ama"],
        &["show", "salary/ama", "--json"],
        &["show", "nobody"],
        &["resume"],
        &["resume", "--json"],
        &["resume", "--dry-run"],
        &["--quiet", "show", "salary/ama"],
        &["export", "--limit", "1"],
    ] {
        said.run(shop.command(arguments));
    }
    said.is("dollr");
    assert_eq!(shop.movements(), 4);
}

const WAGES: &str = "\
name,operation,account,amount,currency,note
wages/ama,payout,18,250.00,USD,November
wages/kofi,payout,19,75.50,USD,
wages/declined,payout,21,10.00,USD,
";

const WRONG: &str = "\
name,operation,account,amount,currency
wages/ama,payout,18,\"1,250.00\",USD
wages/ama,payout,18,1.00E+02,USD
,payout,x,5.001,USD
";

#[tokio::test]
async fn a_file_of_payments() {
    let shop = Shop::open().await;
    let directory = shop.directory.path();
    std::fs::write(directory.join("wages.csv"), WAGES).unwrap();
    std::fs::write(directory.join("wrong.csv"), WRONG).unwrap();
    let mut said = Transcript::default();
    for arguments in [
        &["batch", "sample", "--lines", "2"][..],
        &["batch", "check", "wrong.csv"],
        &["batch", "check", "wages.csv"],
        &["batch", "run", "wages.csv"],
        &["batch", "run", "wages.csv", "--dry-run"],
        &["batch", "run", "wages.csv", "--yes"],
        &["batch", "run", "wages.csv", "--yes", "--json"],
        &["batch", "report", "wages.csv"],
        &["batch", "check", "missing.csv"],
    ] {
        said.run(shop.command(arguments));
    }
    std::fs::write(directory.join("wages.csv"), WAGES.replace("75.50", "57.50")).unwrap();
    said.run(shop.command(&["batch", "run", "wages.csv", "--yes"]));
    said.is("batch");
    assert_eq!(shop.movements(), 2);
}

#[tokio::test]
async fn payments_on_dwolla() {
    let banks = Banks::open().await;
    let (from, to) = (BANK.to_string(), CUSTOMER_BANK.to_string());
    let fee = format!("customer:{}=4.00", payonce_sandbox::dwolla::CUSTOMER);
    let pay = ["transfer", "invoice/1", "--from", &from, "--to", &to, "--amount", "225", "--fee", &fee];
    let mut said = Transcript::default();
    for arguments in [
        &pay[..],
        &["fees", "invoice/1"],
        &["cancel", "invoice/1"],
        &["cancel", "invoice/1"],
        &["fees", "nobody"],
        &["list"],
        &["explain", "invoice/1"],
        &["evidence", "invoice/1"],
    ] {
        said.run(banks.command(arguments));
    }
    said.is("dwolla");
}

#[tokio::test]
async fn what_happened_and_why() {
    let shop = Shop::open().await;
    // The sandbox has documents that were paid before.
    let since = chrono::Utc::now().to_rfc3339();
    let mut said = Transcript::default();
    let _ = shop.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().drop_reply();
    said.run(shop.command(&AMA)).exits(0);
    for arguments in [
        &["explain", "salary/ama"][..],
        &["explain", "salary/ama", "--json"],
        &["explain", "nobody"],
        &["evidence", "salary/ama"],
        &["reconcile", "--since", &since],
        &["reconcile", "--since", &since, "--expect", "payout=salary/kofi"],
        &["reconcile", "--since", &since, "--expect", "payout=salary/kofi", "--json"],
        &["reconcile", "--rail", "dwolla"],
    ] {
        said.run(shop.command(arguments));
    }
    said.run(payonce(shop.directory.path(), &["explain", "salary/ama"]));
    said.is("explain");
}

#[tokio::test]
async fn decisions_on_a_parked_payment() {
    let shop = Shop::open().await;
    let mut said = Transcript::default();
    parked(&shop, false).await;
    let why = ["--reason", "the provider's support found nothing", "--by", "ama"];
    let decide = |more: &[&'static str]| [&["resolve", "salary/ama"], more, &why[..]].concat();
    for arguments in [
        vec!["list", "--stuck"],
        vec!["resolve", "salary/ama"],
        vec!["resolve", "salary/ama", "--not-paid"],
        decide(&["--not-paid"]),
        decide(&["--not-paid", "--dry-run"]),
        decide(&["--not-paid", "--yes"]),
        decide(&["--not-paid", "--yes"]),
        vec!["show", "salary/ama"],
    ] {
        said.run(shop.command(&arguments));
    }
    said.is("resolve");
}

#[tokio::test]
async fn looking_after_the_journal() {
    let shop = Shop::open().await;
    let mut said = Transcript::default();
    shop.run(&AMA).exits(0);
    for arguments in [
        &["journal", "check"][..],
        &["journal", "check", "--json"],
        &["journal", "backup", "backup.db", "--dry-run"],
        &["journal", "backup", "backup.db"],
        &["journal", "backup", "backup.db"],
        &["journal", "compact", "--dry-run"],
        &["journal", "compact"],
        &["journal", "archive", "--before", "2026-08-01"],
        &["journal", "check", "--journal", "nowhere.db"],
    ] {
        said.run(shop.command(arguments));
    }
    said.is("journal");
}

#[tokio::test]
async fn setting_up() {
    let shop = Shop::open().await;
    let mut all = Transcript::default();
    for arguments in [
        &["config", "show"][..],
        &["config", "show", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["probe", "--account", "18"],
        &["probe", "--account", "18", "--yes", "--name", "probe/1", "--settle", "0"],
        &["probe", "--account", "18", "--yes", "--name", "probe/1", "--settle", "0", "--json"],
        &["config", "path"],
    ] {
        all.run(shop.command(arguments));
    }
    all.run(payonce(shop.directory.path(), &["doctor"])).exits(1);
    assert_eq!(shop.movements(), 1);
    let Transcript(text) = all;
    let text = text.replace(&shop.directory.path().display().to_string(), "[DIRECTORY]");
    let text =
        Regex::new("probe/\\d{4}-\\d\\d-\\d\\d").unwrap().replace_all(&text, "probe/[DAY]").into_owned();
    Transcript(text).is("setup");
}
