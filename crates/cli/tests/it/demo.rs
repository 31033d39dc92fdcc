//! The demonstration keeps every promise it prints.

use crate::payonce::{Ran, payonce};

/// Runs a demonstration of 30 payments and 3 kills, and checks everything it says. Returns how many it parked.
fn demonstrate(rail: &str, seed: &str, more: &[&str]) -> u64 {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--rail", rail, "--payments", "30", "--kills", "3", "--json", "--seed", seed];
    let mut command = payonce(directory.path(), &arguments);
    let ran = Ran::of(command.args(more).output().unwrap()).exits(0);
    let said = ran.json();
    let number = |key: &str| said[key].as_u64().unwrap_or_else(|| panic!("{key} in {said}"));
    assert_eq!(said["rail"], rail);
    assert_eq!((number("payments"), number("paid_twice"), number("lost")), (30, 0, 0), "{said}");
    assert_eq!(number("completed") + number("failed") + number("parked"), 30, "{said}");
    assert_eq!(number("ledger_movements"), number("completed"), "{said}");
    assert_eq!(said["ledger_balances"], true, "{said}");
    assert_eq!(said["journal_lost"], more.contains(&"--lose-journal"), "{said}");
    let met = said["in_flight_at_kill"].as_array().unwrap();
    assert_eq!((number("kills"), met.len()), (3, 3), "{said}");
    // Right after a journal was lost, what is on its way may be in no journal.
    let idle = met.iter().filter(|payments| payments.as_u64().is_none_or(|payments| payments == 0)).count();
    assert!(idle <= usize::from(more.contains(&"--lose-journal")), "{said}");
    assert!(number("faults_injected") > 0 && number("requests") > 60 && number("elapsed_ms") > 0, "{said}");
    assert_eq!(said["seed"].to_string(), seed);
    assert_eq!(ran.err.lines().filter(|line| line.starts_with("kill ")).count(), 3, "{}", ran.err);
    assert_eq!(directory.path().read_dir().unwrap().count(), 0, "it leaves nothing behind");
    // Whoever is parked was waited for until the provider forgot the key.
    assert_eq!(number("parked_but_paid"), 0, "{said}");
    assert!(number("parked") == 0 || number("hours_passed") >= 23, "{said}");
    number("parked")
}

#[test]
fn payments_through_kills_and_faults_are_made_once() {
    demonstrate("dollr", "1", &[]);
    demonstrate("dollr", "2", &[]);
}

#[test]
fn transfers_through_kills_and_faults_are_made_once() {
    demonstrate("dwolla", "1", &[]);
    demonstrate("dwolla", "2", &[]);
}

#[test]
fn a_transfer_whose_key_a_500_has_locked_is_parked_once_its_day_has_passed() {
    assert_eq!(demonstrate("dwolla", "5", &[]), 1);
}

#[test]
fn a_journal_lost_in_the_middle_pays_nothing_twice() {
    demonstrate("dollr", "3", &["--lose-journal"]);
    demonstrate("dwolla", "3", &["--lose-journal"]);
}

#[test]
fn the_proof_is_printed_as_text_too() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--payments", "10", "--kills", "1", "--seed", "4"];
    let ran = Ran::of(payonce(directory.path(), &arguments).output().unwrap()).exits(0);
    assert!(ran.out.contains("paid twice        0\nlost              0\nkills             1"), "{}", ran.out);
    assert!(ran.out.ends_with("Each payment was made once.\n"), "{}", ran.out);
}

#[test]
fn a_journal_cannot_be_lost_without_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["demo", "--kills", "0", "--lose-journal"];
    Ran::of(payonce(directory.path(), &arguments).output().unwrap()).exits(2);
}
