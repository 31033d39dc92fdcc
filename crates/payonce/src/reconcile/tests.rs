//! A journal in which something cannot be read: that is said, and everything else is compared.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::engine::Settings;
use crate::journal::{Intent, Journal, SqliteJournal, Standing};
use crate::money::{Currency, Money};
use crate::name::{Name, Namespace, Operation};
use crate::rail::{LookUp, Preparation, Submission};
use crate::step::{Entry, Expect, Receipt};

/// A provider that has completed whatever it is asked about.
#[derive(Debug)]
struct Provider;

impl Rail for Provider {
    fn name(&self) -> &'static str {
        "script"
    }
    async fn prepare(&self, order: &Order) -> Preparation {
        panic!("{} is only asked about", order.name)
    }
    async fn submit(&self, order: &Order, _: &str) -> Submission {
        panic!("{} is only asked about", order.name)
    }
    async fn look_up(&self, order: &Order) -> LookUp {
        LookUp::Found(Report::Completed(receipt(order.reference_id)))
    }
}

fn money() -> Money {
    Money::new("250.00", Currency::USD).unwrap()
}

fn receipt(reference_id: ReferenceId) -> Receipt {
    Receipt { reference_id, payer_amount: money(), payee_amount: money(), provider_transaction_id: None }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

/// The client of a journal with payments that have completed, recorded a second one after the other.
async fn paid(path: &Path, names: &[&str]) -> Engine<Provider> {
    let journal = SqliteJournal::open(path).unwrap();
    let (operation, namespace) = (Operation::new("payout").unwrap(), Namespace::new("merchant-42").unwrap());
    journal.bind("script", &namespace).await.unwrap();
    for (name, second) in names.iter().zip(0..) {
        let name = Name::new(*name).unwrap();
        let reference_id = ReferenceId::derive(&namespace, &operation, &name, 1);
        let (rail, contents, expect) = ("script".to_owned(), "{}".to_owned(), Expect::Amount(money()));
        let operation = operation.clone();
        let intent = Intent { rail, operation, name, reference_id, contents, expect };
        let (_, lease) = journal.intend(intent, at(second)).await.unwrap();
        let body = "{}".to_owned();
        let entries = [
            Event::Prepared { body, expires_at: at(900), provider_at: None },
            Event::Sending,
            Event::Completed { receipt: receipt(reference_id) },
        ];
        let entries = entries.into_iter().map(|event| Entry { at: at(second), event }).collect();
        journal.append(lease.unwrap(), entries, Standing::Completed).await.unwrap();
    }
    Engine::new(Provider, Arc::new(journal), namespace, Settings::default())
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_a_difference_and_the_rest_is_compared() {
    let dir = tempfile::tempdir().unwrap();
    for (damage, words) in [
        ("UPDATE events SET at = at + 1 WHERE payment = 2 AND place = 1", "not the one that was written"),
        ("DELETE FROM events WHERE payment = 2 AND place = 1", "lacks an event"),
        ("UPDATE payments SET contents = '[]' WHERE id = 2", "contents"),
        ("UPDATE payments SET expect = '{' WHERE id = 2", "cannot be read"),
        ("UPDATE payments SET standing = 'completef' WHERE id = 2", "cannot be read"),
        ("UPDATE events SET event = CAST(x'ff' AS TEXT) WHERE payment = 2 AND place = 0", "cannot be read"),
    ] {
        let path = dir.path().join(format!("{}.db", uuid::Uuid::new_v4()));
        let engine = paid(&path, &["a", "b", "c"]).await;
        let whole: Reconciliation = engine.reconcile(at(0)..at(9)).await.unwrap();
        assert_eq!((whole.payments, whole.differences.len()), (3, 0), "{whole}");
        rusqlite::Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        let found: Reconciliation = engine.reconcile(at(0)..at(9)).await.unwrap();
        assert_eq!(found.payments, 2, "{found}");
        let [Difference::Unreadable { payment: Some(payment), error, there: None }] = &found.differences[..]
        else {
            panic!("{damage}: {found}");
        };
        assert_eq!((payment.name.as_str(), payment.operation.as_str()), ("b", "payout"));
        assert!(error.contains(words) && error.contains("Restore the journal"), "{error}");
        assert!(found.to_string().contains("payout b"), "{found}");
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Reconciliation>(&json).unwrap(), found);
        // It is told of where it belongs, and everywhere when that cannot be told.
        let other: Reconciliation = engine.reconcile(at(2)..at(9)).await.unwrap();
        let told = usize::from(damage.contains("expect") || damage.contains("standing"));
        assert_eq!((other.payments, other.differences.len()), (1, told), "{damage}: {other}");
    }
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_at_all_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    let engine = paid(&path, &["a", "b"]).await;
    rusqlite::Connection::open(&path).unwrap().execute_batch("ALTER TABLE events RENAME TO lost").unwrap();
    let error = engine.reconcile::<NoDocument>(at(0)..at(9)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal, "{error}");
}
