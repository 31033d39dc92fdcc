//! What is made for packagers and editors: completions and man pages for every command, and schemas.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};

use serde_json::Value;
use tempfile::TempDir;

use crate::payonce::{Ran, payonce};

/// The commands below this one, as its help lists them.
fn commands(directory: &TempDir, of: &[&str]) -> Vec<String> {
    let help = Ran::of(payonce(directory.path(), &[of, &["--help"]].concat()).output().unwrap()).exits(0).out;
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let named = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named
        .map(|line| line.split_whitespace().next().unwrap().to_owned())
        .filter(|name| name != "help")
        .collect()
}

#[test]
fn every_command_has_a_man_page_and_completions_and_what_is_hidden_has_none() {
    let directory = tempfile::tempdir().unwrap();
    Ran::of(payonce(directory.path(), &["dist", "out"]).output().unwrap()).exits(0);
    let out = directory.path().join("out");
    let mut pages: BTreeSet<String> = ["payonce.1".to_owned()].into();
    let top = commands(&directory, &[]);
    assert!(top.len() > 15, "{top:?}");
    let completions: Vec<String> = read_dir(out.join("completions"))
        .unwrap()
        .map(|file| read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(completions.len(), 5);
    for name in &top {
        pages.insert(format!("payonce-{name}.1"));
        assert!(completions.iter().all(|text| text.contains(name.as_str())), "{name} cannot be completed");
        pages.extend(commands(&directory, &[name]).iter().map(|below| format!("payonce-{name}-{below}.1")));
    }
    let made =
        read_dir(out.join("man")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let made: BTreeSet<String> = made.filter(|name| !name.contains("-help")).collect();
    assert_eq!(made, pages);
    let page = read_to_string(out.join("man/payonce-payout.1")).unwrap();
    assert!(page.contains("payment account to pay to"), "{page}");
}

#[test]
fn a_schema_knows_every_setting_and_every_column_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let schema = |of: &str| -> Value {
        let ran = Ran::of(payonce(directory.path(), &["schema", of]).output().unwrap()).exits(0);
        serde_json::from_str(&ran.out).unwrap()
    };
    let config = schema("config");
    let account = &config["$defs"]["Account"];
    assert_eq!(account["additionalProperties"], false);
    let settings: Vec<_> = account["properties"].as_object().unwrap().keys().collect();
    assert_eq!(settings, ["base_url", "client_id", "namespace", "secrets"]);
    let row = schema("batch-row");
    assert_eq!(
        (&row["additionalProperties"], &row["required"]),
        (&false.into(), &serde_json::json!(["name", "amount"]))
    );
    assert_eq!(row["properties"]["rail"]["enum"], serde_json::json!(["dollr", "dwolla", null]));
    assert!(
        row["properties"]["funding_source"]["description"].as_str().unwrap().starts_with("The bank account")
    );
}
