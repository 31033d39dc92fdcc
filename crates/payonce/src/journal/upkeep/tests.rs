//! Journals that are sound, damaged, open elsewhere, or written to meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::journal::{Filter, Journal, SqliteJournal};
use crate::money::{Currency, Money};
use crate::name::{Name, Operation};
use crate::step::{Entry, Expect, Timestamp};

fn intent(name: &str) -> Intent {
    let (operation, name) = (Operation::new("payout").unwrap(), Name::new(name).unwrap());
    let reference_id = ReferenceId::derive(&Namespace::new("merchant-42").unwrap(), &operation, &name, 1);
    let expect = Expect::Amount(Money::new("1.00", Currency::USD).unwrap());
    Intent { rail: "dollr".to_owned(), operation, name, reference_id, contents: "{}".to_owned(), expect }
}

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000, 0).unwrap()
}

/// A journal of so many payments, each with an event, that nobody has open.
async fn journal(path: &Path, payments: usize) {
    let journal = SqliteJournal::open(path).unwrap();
    journal.bind("dollr", &Namespace::new("merchant-42").unwrap()).await.unwrap();
    for n in 0..payments {
        let (_, lease) = journal.intend(intent(&format!("p{n}")), now()).await.unwrap();
        let prepared = Event::Prepared { body: "{}".to_owned(), expires_at: now(), provider_at: None };
        let entry = Entry { at: now(), event: prepared };
        journal.append(lease.unwrap(), vec![entry], Standing::Prepared).await.unwrap();
    }
    drop(journal);
    while living(path).unwrap() > 0 {
        tokio::task::yield_now().await;
    }
}

fn raw(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_sound_journal_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    journal(&path, 3).await;
    let health = check(&path).unwrap();
    assert_eq!((health.payments, health.events, health.processes), (3, 3, 0));
    assert!(health.is_sound(), "{health:?}");
    let open = SqliteJournal::open(&path).unwrap();
    assert_eq!(check(&path).unwrap().processes, 1);
    drop(open);
}

#[tokio::test]
async fn each_kind_of_damage_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    for (name, damage, words) in [
        ("amount", "UPDATE payments SET expect = replace(expect, '1.00', '9.00') WHERE id = 1", "contents"),
        ("event", "UPDATE events SET at = at + 1 WHERE payment = 1", "not the one that was written"),
        ("lost", "PRAGMA foreign_keys = OFF; DELETE FROM payments WHERE id = 1", "belong to no payment"),
        ("standing", "UPDATE payments SET standing = 'completed' WHERE id = 1", "its events say prepared"),
        ("namespace", "UPDATE bindings SET namespace = 'rotated'", "does not follow from its name"),
        ("key", "UPDATE payments SET reference_id = randomblob(16) WHERE id = 1", "cannot be read"),
        ("mode", "PRAGMA journal_mode = DELETE", "write-ahead log is off"),
    ] {
        let path = dir.path().join(name);
        journal(&path, 2).await;
        raw(&path, damage);
        let health = check(&path).unwrap();
        let told: Vec<_> = health.findings.iter().map(ToString::to_string).collect();
        assert!(
            told.iter().any(|finding| finding.contains(words)) || name == "key" && !told.is_empty(),
            "{name}: {told:?}"
        );
        assert!(compact(&path).unwrap_err().message().contains("nothing was done"));
        assert!(name == "mode" || backup(&path, dir.path().join("copy")).is_err());
    }
    assert!(std::fs::read_dir(dir.path()).unwrap().all(|file| {
        let name = file.unwrap().file_name();
        !name.to_string_lossy().contains("partial") && name != "copy"
    }));
}

#[tokio::test]
async fn a_page_that_is_damaged_is_found_and_the_file_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    journal(&path, 300).await;
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 4096;
    bytes[end..].fill(0xAA);
    std::fs::write(&path, &bytes).unwrap();
    assert!(!check(&path).unwrap().is_sound());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

#[cfg(unix)]
#[tokio::test]
async fn files_that_others_may_read_or_replace_are_found() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    journal(&path, 1).await;
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&path, 0o640);
    set(dir.path(), 0o777);
    let told: Vec<_> = check(&path).unwrap().findings.iter().map(ToString::to_string).collect();
    assert!(told.len() == 2 && told[0].contains("mode 640") && told[1].contains("mode 777"), "{told:?}");
    assert!(told.iter().all(|finding| finding.contains("chmod")), "{told:?}");
    set(&path, 0o600);
    set(dir.path(), 0o1777);
    assert!(check(&path).unwrap().is_sound());
}

#[test]
fn what_is_no_journal_is_refused_and_none_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    assert!(check(&path).is_err() && backup(&path, dir.path().join("b")).is_err() && compact(&path).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    std::fs::write(&path, "hello").unwrap();
    assert!(check(&path).is_err());
}

/// A process goes on writing; what it had written when the copy began is in the copy, whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_taken_while_others_write_and_can_be_opened() {
    let dir = tempfile::tempdir().unwrap();
    let (path, copy) = (dir.path().join("journal.db"), dir.path().join("backup.db"));
    journal(&path, 500).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = Arc::new(SqliteJournal::open(&path).unwrap());
    let (writing, stopped) = (Arc::clone(&writer), Arc::clone(&stop));
    let writes = tokio::spawn(async move {
        let mut n = 0;
        while !stopped.load(Ordering::Relaxed) {
            writing.intend(intent(&format!("meanwhile/{n}")), now()).await.unwrap();
            n += 1;
        }
        n
    });
    let health = {
        let (path, copy) = (path.clone(), copy.clone());
        tokio::task::spawn_blocking(move || backup(path, copy)).await.unwrap().unwrap()
    };
    stop.store(true, Ordering::Relaxed);
    let written = writes.await.unwrap();
    assert!(health.payments >= 500 && health.payments <= 500 + written, "{health:?} {written}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let restored = SqliteJournal::open(&copy).unwrap();
    let all = Filter { limit: usize::MAX, ..Filter::default() };
    assert_eq!(restored.list("dollr", all).await.unwrap().len() as u64, health.payments);
    assert!(backup(&path, &copy).unwrap_err().message().contains("already"));
}

#[tokio::test]
async fn compaction_waits_for_nobody_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    journal(&path, 200).await;
    let open = SqliteJournal::open(&path).unwrap();
    assert!(compact(&path).unwrap_err().message().contains("1 other process"));
    drop(open);
    while living(&path).unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    let (whole, compacted) = (check(&path).unwrap(), compact(&path).unwrap());
    assert!(compacted.after <= compacted.before, "{compacted:?}");
    assert_eq!(check(&path).unwrap(), whole);
}
