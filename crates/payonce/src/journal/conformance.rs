//! What every back end must do. Each test is run against each back end, with two handles that stand for two
//! processes on one store; dropping a handle is that process's death.

use std::sync::Arc;

#[cfg(all(unix, feature = "postgres"))]
use super::PostgresJournal;
use super::{
    Claim, Filter, Intent, Journal, Key, Lease, MemoryJournal, PaymentId, Record, SqliteJournal, Standing,
};
use crate::error::ErrorKind;
use crate::money::{Currency, Money};
use crate::name::{Name, Namespace, Operation, ReferenceId};
use crate::step::{Decision, Entry, Event, Expect, Failure, ParkReason, Receipt, Timestamp};

/// A store that several processes open.
trait Store {
    fn open(&self) -> Arc<dyn Journal>;
}

struct InMemory(MemoryJournal);

impl Store for InMemory {
    fn open(&self) -> Arc<dyn Journal> {
        Arc::new(self.0.another())
    }
}

struct InFile(tempfile::TempDir);

impl Store for InFile {
    fn open(&self) -> Arc<dyn Journal> {
        Arc::new(SqliteJournal::open(self.0.path().join("journal.db")).unwrap())
    }
}

#[cfg(all(unix, feature = "postgres"))]
struct InPostgres(String);

#[cfg(all(unix, feature = "postgres"))]
impl Store for InPostgres {
    fn open(&self) -> Arc<dyn Journal> {
        Arc::new(PostgresJournal::at(&self.0).unwrap())
    }
}

/// A journal in which whatever completes is archived before anybody can read it.
#[cfg(all(unix, feature = "postgres"))]
const ARCHIVED_AT_ONCE: &str = "
    CREATE FUNCTION payonce.at_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM payonce.archive_payments(NEW.merchant, ARRAY[NEW.id]); RETURN NULL; END $$;
    CREATE TRIGGER at_once AFTER UPDATE ON payonce.payments FOR EACH ROW
    WHEN (NEW.standing = 'completed' AND NEW.archived IS NULL) EXECUTE FUNCTION payonce.at_once();";

macro_rules! conformance {
    ($($test:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $test() { super::$test(super::InMemory(Default::default())).await })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test(super::InFile(tempfile::tempdir().unwrap())).await })*
        }
        #[cfg(all(unix, feature = "postgres"))]
        mod postgres {
            $(#[tokio::test] async fn $test() {
                let Some(server) = test_postgres::TestPostgres::shared() else { return };
                super::$test(super::InPostgres(server.database())).await
            })*
        }
        #[cfg(all(unix, feature = "postgres"))]
        mod postgres_archived {
            $(#[tokio::test] async fn $test() {
                let Some(server) = test_postgres::TestPostgres::shared() else { return };
                let url = server.database();
                super::PostgresJournal::open(&url).await.unwrap();
                let database = url.rsplit('/').next().unwrap();
                server.sql(database, super::ARCHIVED_AT_ONCE);
                super::$test(super::InPostgres(url.clone())).await;
                let left = "SELECT count(*) FROM payonce.payments WHERE standing = 'completed' AND archived IS NULL";
                assert_eq!(server.sql(database, left), "0");
            })*
        }
    };
}

conformance! {
    a_new_payment_comes_with_its_lease_and_an_old_one_without,
    one_name_is_one_payment_however_many_record_it_at_once,
    one_key_cannot_belong_to_two_payments,
    what_was_appended_is_read_back_in_order_by_any_process,
    a_payment_of_a_living_process_cannot_be_claimed,
    a_dead_process_loses_its_payments_at_once,
    a_lease_that_was_taken_over_writes_nothing_more,
    a_released_payment_can_be_claimed_by_anyone,
    free_payments_are_taken_earliest_first_and_shared_between_workers,
    what_a_living_process_holds_is_not_free_and_what_a_dead_one_held_is,
    the_few_of_one_operation_do_not_wait_behind_the_many_of_another,
    payments_are_let_go_of_together_and_only_those_that_are_still_ours,
    an_ended_payment_needs_no_lease,
    only_a_failed_payment_is_opened_again_and_only_once,
    only_a_parked_payment_is_decided_and_only_once,
    a_further_attempt_is_found_by_either_key,
    a_changed_namespace_is_refused,
    rails_do_not_see_each_others_payments,
    lists_are_filtered_and_paged,
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(1_795_000_000_000 + millis).unwrap()
}

fn entry(millis: i64, event: Event) -> Entry {
    Entry { at: at(millis), event }
}

fn intent(name: &str) -> Intent {
    let operation = Operation::new("payout").unwrap();
    let name = Name::new(name).unwrap();
    let namespace = Namespace::new("merchant-42").unwrap();
    Intent {
        rail: "dollr".to_owned(),
        reference_id: ReferenceId::derive(&namespace, &operation, &name, 1),
        operation,
        name,
        contents: r#"{"account":18}"#.to_owned(),
        expect: Expect::Amount(Money::new("250.00", Currency::USD).unwrap()),
    }
}

fn prepared() -> Event {
    Event::Prepared {
        body: r#"{"session_id":"88"}"#.to_owned(),
        expires_at: at(900_000),
        provider_at: Some(at(0)),
    }
}

fn completed(intent: &Intent) -> Event {
    let money = Money::new("250.00", Currency::USD).unwrap();
    let receipt = Receipt {
        reference_id: intent.reference_id,
        payer_amount: money,
        payee_amount: money,
        provider_transaction_id: Some("tx-1".to_owned()),
    };
    Event::Completed { receipt }
}

fn failed(recorded: bool) -> Event {
    Event::Failed { failure: Failure { reason: "declined".to_owned(), recorded } }
}

async fn find(journal: &dyn Journal, name: &str) -> Option<Record> {
    journal.find("dollr", Key::Name(Name::new(name).unwrap())).await.unwrap()
}

async fn a_new_payment_comes_with_its_lease_and_an_old_one_without(store: impl Store) {
    let journal = store.open();
    let (record, lease) = journal.intend(intent("a"), at(0)).await.unwrap();
    assert_eq!((record.intent.clone(), record.created_at), (intent("a"), at(0)));
    assert_eq!(lease.unwrap().id, record.id);
    let changed = Intent { contents: "{}".to_owned(), ..intent("a") };
    let (found, lease) = journal.intend(changed, at(1)).await.unwrap();
    assert_eq!((found, lease), (record, None));
}

async fn one_name_is_one_payment_however_many_record_it_at_once(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let tries: Vec<_> = (0..50)
        .map(|n| {
            let journal = Arc::clone(if n % 2 == 0 { &here } else { &there });
            tokio::spawn(async move { journal.intend(intent("a"), at(n)).await })
        })
        .collect();
    let mut leases = 0;
    for task in tries {
        leases += usize::from(task.await.unwrap().unwrap().1.is_some());
    }
    assert_eq!(leases, 1);
    let all = Filter { standing: None, unfinished: false, after: None, limit: 100 };
    assert_eq!(here.list("dollr", all).await.unwrap().len(), 1);
}

async fn one_key_cannot_belong_to_two_payments(store: impl Store) {
    let journal = store.open();
    journal.intend(intent("a"), at(0)).await.unwrap();
    let thief = Intent { name: Name::new("b").unwrap(), ..intent("a") };
    assert_eq!(journal.intend(thief, at(0)).await.unwrap_err().kind(), ErrorKind::Journal);
    assert!(find(&*journal, "b").await.is_none());
}

async fn what_was_appended_is_read_back_in_order_by_any_process(store: impl Store) {
    let journal = store.open();
    let (record, lease) = journal.intend(intent("a"), at(0)).await.unwrap();
    let entries = vec![
        entry(1, prepared()),
        entry(2, Event::Sending),
        entry(3, Event::Unknown { reason: "the connection broke".to_owned() }),
        entry(4, Event::NotFound { provider_at: Some(at(5)) }),
        entry(6, Event::Sending),
        entry(7, Event::Pending),
        entry(8, completed(&record.intent)),
    ];
    let (first, second) = entries.split_at(2);
    let lease = journal.append(lease.unwrap(), first.to_vec(), Standing::Sending).await.unwrap();
    journal.append(lease, second.to_vec(), Standing::Completed).await.unwrap();
    let read = find(&*store.open(), "a").await.unwrap();
    assert_eq!(read.entries, entries);
    assert_eq!(Standing::of(&read.state().unwrap()), Standing::Completed);
}

async fn a_payment_of_a_living_process_cannot_be_claimed(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, _) = here.intend(intent("a"), at(0)).await.unwrap();
    assert_eq!(there.claim(record.id).await.unwrap(), Claim::Elsewhere);
    assert!(there.is_held_elsewhere(record.id).await.unwrap());
    assert!(!here.is_held_elsewhere(record.id).await.unwrap());
    let Claim::Ours(lease, _) = here.claim(record.id).await.unwrap() else { panic!("its own process may") };
    here.release(lease).await.unwrap();
    assert!(!there.is_held_elsewhere(record.id).await.unwrap(), "nobody holds it");
}

async fn a_dead_process_loses_its_payments_at_once(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, lease) = here.intend(intent("a"), at(0)).await.unwrap();
    here.append(lease.unwrap(), vec![entry(1, prepared())], Standing::Prepared).await.unwrap();
    drop(here);
    // The dead handle's thread lets go of its lock when it ends; nothing tells us when that is.
    let claim = loop {
        match there.claim(record.id).await.unwrap() {
            Claim::Elsewhere => tokio::task::yield_now().await,
            claim => break claim,
        }
    };
    let Claim::Ours(lease, found) = claim else { panic!("{claim:?}") };
    assert_eq!(found.entries, [entry(1, prepared())]);
    assert_eq!(lease.next, 1);
}

async fn a_lease_that_was_taken_over_writes_nothing_more(store: impl Store) {
    let journal = store.open();
    let (record, old) = journal.intend(intent("a"), at(0)).await.unwrap();
    let Claim::Ours(new, _) = journal.claim(record.id).await.unwrap() else { panic!("not ours") };
    let refused = journal.append(old.unwrap(), vec![entry(1, prepared())], Standing::Prepared).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Stopped);
    assert!(find(&*journal, "a").await.unwrap().entries.is_empty());
    journal.append(new, vec![entry(1, prepared())], Standing::Prepared).await.unwrap();
}

async fn a_released_payment_can_be_claimed_by_anyone(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, lease) = here.intend(intent("a"), at(0)).await.unwrap();
    here.release(lease.unwrap()).await.unwrap();
    assert!(matches!(there.claim(record.id).await.unwrap(), Claim::Ours(..)));
    let stale = here.append(lease.unwrap(), vec![entry(1, prepared())], Standing::Prepared).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Stopped);
}

async fn free_payments_are_taken_earliest_first_and_shared_between_workers(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    for n in 0..5 {
        let (record, lease) = here.intend(intent(&format!("p{n}")), at(n)).await.unwrap();
        let lease =
            here.append(lease.unwrap(), vec![entry(n, prepared())], Standing::Prepared).await.unwrap();
        if n == 1 {
            let end = vec![entry(10, completed(&record.intent))];
            here.append(lease, end, Standing::Completed).await.unwrap();
        } else {
            here.release(lease).await.unwrap();
        }
    }
    let names = |taken: &[(Lease, Record)]| -> Vec<String> {
        taken.iter().map(|(_, record)| record.intent.name.to_string()).collect()
    };
    assert!(there.claim_free("dwolla", 9).await.unwrap().is_empty());
    assert!(there.claim_free("dollr", 0).await.unwrap().is_empty());
    let first = there.claim_free("dollr", 2).await.unwrap();
    assert_eq!(names(&first), ["p0", "p2"]);
    let second = here.claim_free("dollr", 9).await.unwrap();
    assert_eq!(names(&second), ["p3", "p4"]);
    assert!(there.claim_free("dollr", 9).await.unwrap().is_empty());
    let (lease, record) = first[0].clone();
    assert_eq!(record.entries, [entry(0, prepared())]);
    assert!(there.holds(lease));
    there.append(lease, vec![entry(20, Event::Sending)], Standing::Sending).await.unwrap();
}

async fn what_a_living_process_holds_is_not_free_and_what_a_dead_one_held_is(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, lease) = here.intend(intent("a"), at(0)).await.unwrap();
    for journal in [&here, &there] {
        assert!(journal.claim_free("dollr", 9).await.unwrap().is_empty());
    }
    drop(here);
    let (new, found) = loop {
        match there.claim_free("dollr", 9).await.unwrap().pop() {
            Some(taken) => break taken,
            None => tokio::task::yield_now().await,
        }
    };
    assert_eq!(found.id, record.id);
    let stale = there.append(lease.unwrap(), vec![entry(1, prepared())], Standing::Prepared).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Stopped);
    there.append(new, vec![entry(1, prepared())], Standing::Prepared).await.unwrap();
}

async fn the_few_of_one_operation_do_not_wait_behind_the_many_of_another(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let mut leases = Vec::new();
    for n in 0..200 {
        let operation = Operation::new(if n < 190 { "payout" } else { "refund" }).unwrap();
        let intent = Intent { operation, ..intent(&format!("p{n}")) };
        leases.extend(here.intend(intent, at(n)).await.unwrap().1);
    }
    // Half of them are free, and a process that died has left the other half, with the few.
    leases.truncate(100);
    here.release_all(leases).await.unwrap();
    drop(here);
    loop {
        let taken = there.claim_free("dollr", 20).await.unwrap();
        let of = |operation: &str| {
            taken.iter().filter(|(_, record)| record.intent.operation.as_str() == operation).count()
        };
        // Nothing tells us when the death is noticed.
        if of("refund") > 0 {
            assert_eq!((of("refund"), of("payout")), (10, 10));
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn payments_are_let_go_of_together_and_only_those_that_are_still_ours(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let mut leases = Vec::new();
    for name in ["a", "b", "c"] {
        leases.extend(here.intend(intent(name), at(0)).await.unwrap().1);
    }
    here.release(leases[0]).await.unwrap();
    let taken = there.claim_free("dollr", 9).await.unwrap();
    here.release_all(leases).await.unwrap();
    there.append(taken[0].0, vec![entry(1, prepared())], Standing::Prepared).await.unwrap();
    let freed = there.claim_free("dollr", 9).await.unwrap();
    let names: Vec<_> = freed.iter().map(|(_, record)| record.intent.name.as_str()).collect();
    assert_eq!(names, ["b", "c"]);
}

async fn an_ended_payment_needs_no_lease(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, lease) = here.intend(intent("a"), at(0)).await.unwrap();
    let end = vec![entry(1, completed(&record.intent))];
    here.append(lease.unwrap(), end.clone(), Standing::Completed).await.unwrap();
    let Claim::Ended(found) = there.claim(record.id).await.unwrap() else { panic!("not ended") };
    assert_eq!(found.entries, end);
}

async fn only_a_failed_payment_is_opened_again_and_only_once(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, lease) = here.intend(intent("a"), at(0)).await.unwrap();
    let again = entry(2, Event::Again { attempt: 1, reference_id: record.intent.reference_id });
    let error = here.reopen(&record, again.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFailed);
    here.append(lease.unwrap(), vec![entry(1, failed(false))], Standing::Failed).await.unwrap();
    let record = find(&*there, "a").await.unwrap();
    let lease = there.reopen(&record, again.clone()).await.unwrap();
    let error = here.reopen(&record, again).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFailed);
    there.append(lease, vec![entry(3, prepared())], Standing::Prepared).await.unwrap();
    assert_eq!(find(&*here, "a").await.unwrap().entries.len(), 3);
}

async fn only_a_parked_payment_is_decided_and_only_once(store: impl Store) {
    let (here, there) = (store.open(), store.open());
    let (record, lease) = here.intend(intent("a"), at(0)).await.unwrap();
    let decision = Decision::NotPaid { recorded: false };
    let resolved = entry(2, Event::Resolved { decision, by: "ama".to_owned(), reason: "seen".to_owned() });
    let error = here.resolve(&record, resolved.clone(), Standing::Failed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotParked);
    let parked = entry(1, Event::Parked { reason: ParkReason::NoAnswer });
    let lease = here.append(lease.unwrap(), vec![parked.clone()], Standing::Parked).await.unwrap();
    let read = find(&*there, "a").await.unwrap();
    assert_eq!(
        there.resolve(&record, resolved.clone(), Standing::Failed).await.unwrap_err().kind(),
        ErrorKind::NotParked,
        "it is not the payment that was read"
    );
    there.resolve(&read, resolved.clone(), Standing::Failed).await.unwrap();
    let error = here.resolve(&read, resolved.clone(), Standing::Failed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotParked);
    let late = here.append(lease, vec![entry(3, prepared())], Standing::Prepared).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Stopped);
    let Claim::Ended(found) = here.claim(record.id).await.unwrap() else { panic!("not ended") };
    assert_eq!(found.entries, [parked, resolved]);
    let failed = Filter { standing: Some(Standing::Failed), ..Filter::default() };
    assert_eq!(here.list("dollr", failed).await.unwrap()[0].as_ref().unwrap().updated_at, at(2));
    let again = entry(4, Event::Again { attempt: 1, reference_id: record.intent.reference_id });
    here.reopen(&found, again).await.unwrap();
}

async fn a_further_attempt_is_found_by_either_key(store: impl Store) {
    let journal = store.open();
    let (record, lease) = journal.intend(intent("a"), at(0)).await.unwrap();
    journal.append(lease.unwrap(), vec![entry(1, failed(true))], Standing::Failed).await.unwrap();
    let record = Record { entries: vec![entry(1, failed(true))], ..record };
    let second = ReferenceId::derive(
        &Namespace::new("merchant-42").unwrap(),
        &record.intent.operation,
        &record.intent.name,
        2,
    );
    let again = entry(2, Event::Again { attempt: 2, reference_id: second });
    journal.reopen(&record, again).await.unwrap();
    for key in [record.intent.reference_id, second] {
        let found = journal.find("dollr", Key::ReferenceId(key)).await.unwrap().unwrap();
        assert_eq!((found.id, found.state().unwrap().reference_id()), (record.id, second));
    }
    assert!(journal.find("dollr", Key::ReferenceId(intent("b").reference_id)).await.unwrap().is_none());
}

async fn a_changed_namespace_is_refused(store: impl Store) {
    let (old, new) = (Namespace::new("merchant-42").unwrap(), Namespace::new("rotated").unwrap());
    store.open().bind("dollr", &old).await.unwrap();
    let journal = store.open();
    let error = journal.bind("dollr", &new).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("merchant-42"), "{error}");
    journal.bind("dollr", &old).await.unwrap();
    journal.bind("dwolla", &new).await.unwrap();
}

async fn rails_do_not_see_each_others_payments(store: impl Store) {
    let journal = store.open();
    let namespace = Namespace::new("merchant-42").unwrap();
    for rail in ["dollr", "dwolla"] {
        journal.bind(rail, &namespace).await.unwrap();
    }
    journal.intend(intent("a"), at(0)).await.unwrap();
    let all = Filter { standing: None, unfinished: false, after: None, limit: 100 };
    assert!(journal.list("dwolla", all).await.unwrap().is_empty());
    for key in [Key::Name(Name::new("a").unwrap()), Key::ReferenceId(intent("a").reference_id)] {
        assert!(journal.find("dwolla", key).await.unwrap().is_none());
    }
}

async fn lists_are_filtered_and_paged(store: impl Store) {
    let journal = store.open();
    for n in 0..5 {
        let (record, lease) = journal.intend(intent(&format!("p{n}")), at(n)).await.unwrap();
        if n % 2 == 0 {
            let end = vec![entry(10 + n, completed(&record.intent))];
            journal.append(lease.unwrap(), end, Standing::Completed).await.unwrap();
        }
    }
    let list = async |standing, unfinished, after, limit| {
        let filter = Filter { standing, unfinished, after, limit };
        let page = journal.list("dollr", filter).await.unwrap();
        page.iter().map(|payment| payment.as_ref().unwrap().name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(None, false, None, 10).await, ["p0", "p1", "p2", "p3", "p4"]);
    assert_eq!(list(None, true, None, 10).await, ["p1", "p3"]);
    assert_eq!(list(Some(Standing::Completed), false, None, 2).await, ["p0", "p2"]);
    assert_eq!(list(None, false, Some(PaymentId(2)), 2).await, ["p2", "p3"]);
    let all = Filter { standing: None, unfinished: false, after: None, limit: 1 };
    let first = journal.list("dollr", all).await.unwrap().remove(0).unwrap();
    assert_eq!((first.created_at, first.updated_at, first.standing), (at(0), at(10), Standing::Completed));
}
