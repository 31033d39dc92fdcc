//! What only this back end must do: leases with an end, merchants, a server that dies, and one that is not fit.

#![cfg(unix)]

use std::sync::Arc;
use std::time::Duration;

use test_postgres::TestPostgres;
use tokio_postgres::NoTls;

use super::owner::Terms;
use super::{Enqueued, PostgresJournal};
use crate::error::{Effect, ErrorKind};
use crate::journal::{Claim, Filter, Intent, Journal, Key, Standing};
use crate::money::{Currency, Money};
use crate::name::{Name, Namespace, Operation, ReferenceId};
use crate::step::{Entry, Event, Expect, Timestamp};

fn now() -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000, 0).unwrap()
}

fn intent(name: &str) -> Intent {
    let operation = Operation::new("payout").unwrap();
    let name = Name::new(name).unwrap();
    Intent {
        rail: "dollr".to_owned(),
        reference_id: ReferenceId::derive(&Namespace::new("merchant-42").unwrap(), &operation, &name, 1),
        operation,
        name,
        contents: "{}".to_owned(),
        expect: Expect::Amount(Money::new("1.00", Currency::USD).unwrap()),
    }
}

fn sending() -> Vec<Entry> {
    vec![Entry { at: now(), event: Event::Sending }]
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// A lease that is never extended after it was made: what a process looks like that was stopped.
fn standing_still(lease: Duration) -> Terms {
    Terms { lease, beat: Duration::from_secs(3600), margin: lease / 4 }
}

/// Speaks to the database behind the journal's back.
async fn direct(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn a_worker_that_wakes_after_its_lease_writes_nothing_and_sends_nothing() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let stopped = PostgresJournal::with_terms(&url, standing_still(Duration::from_secs(2))).unwrap();
    let other = PostgresJournal::at(&url).unwrap();
    let (record, lease) = stopped.intend(intent("a"), now()).await.unwrap();
    let lease = stopped.append(lease.unwrap(), sending(), Standing::Sending).await.unwrap();
    assert!(stopped.holds(lease));
    assert_eq!(other.claim(record.id).await.unwrap(), Claim::Elsewhere);
    let taken = loop {
        match other.claim_free("dollr", 1).await.unwrap().pop() {
            Some(taken) => break taken,
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert!(!stopped.holds(lease), "it gave up before it was taken over");
    assert_eq!(taken.1.entries, sending(), "what was noted last is seen");
    let late = stopped.append(lease, sending(), Standing::Sending).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Stopped);
    let claimed = stopped.claim(record.id).await.unwrap();
    assert_eq!(claimed, Claim::Elsewhere, "it comes back as another owner, which holds nothing");
    assert!(!stopped.holds(lease));
    other.append(taken.0, sending(), Standing::Sending).await.unwrap();
}

/// The lease has run out and nobody has noticed: what it wrote before stands, and nothing more is written under it.
#[tokio::test]
async fn nothing_is_written_under_a_lease_that_has_run_out_even_if_nobody_took_over() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::at(&url).unwrap();
    let (_, lease) = journal.intend(intent("a"), now()).await.unwrap();
    server.sql(name_of(&url), "UPDATE payonce.owners SET until = clock_timestamp() - interval '1 ms'");
    let late = journal.append(lease.unwrap(), sending(), Standing::Sending).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Stopped);
    let Claim::Ours(new, record) = journal.claim(lease.unwrap().id).await.unwrap() else {
        panic!("not ours")
    };
    assert!(record.entries.is_empty() && journal.holds(new) && !journal.holds(lease.unwrap()));
}

/// A note waits for the row while another transaction takes the payment: when that commits, the note writes nothing.
#[tokio::test]
async fn a_note_that_waited_while_the_payment_was_taken_over_writes_nothing() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = Arc::new(PostgresJournal::at(&url).unwrap());
    let (record, lease) = journal.intend(intent("a"), now()).await.unwrap();
    let mut taker = direct(&url).await;
    let taking = taker.transaction().await.unwrap();
    let take = format!("UPDATE payonce.unfinished SET owner = NULL WHERE payment = {}", record.id.0);
    taking.batch_execute(&take).await.unwrap();
    let noting = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.append(lease.unwrap(), sending(), Standing::Sending).await })
    };
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while server.sql(name_of(&url), waits) == "0" {
        tokio::task::yield_now().await;
    }
    taking.commit().await.unwrap();
    assert_eq!(noting.await.unwrap().unwrap_err().kind(), ErrorKind::Stopped);
    let found = journal.find("dollr", Key::Name(record.intent.name)).await.unwrap().unwrap();
    assert!(found.entries.is_empty());
}

/// The other way round: who takes the payment after a note that had not committed yet sees it.
#[tokio::test]
async fn a_taker_that_waited_for_a_note_reads_it() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let (here, there) = (PostgresJournal::at(&url).unwrap(), Arc::new(PostgresJournal::at(&url).unwrap()));
    let (record, lease) = here.intend(intent("a"), now()).await.unwrap();
    here.append(lease.unwrap(), sending(), Standing::Sending).await.unwrap();
    let late = intent("a");
    let mut writer = direct(&url).await;
    let writing = writer.transaction().await.unwrap();
    // What the note's statement does, with its commit held back.
    let row = crate::journal::row::EventRow::of(record.id, 1, &Entry { at: now(), event: Event::Pending });
    let id = record.id.0;
    writing
        .batch_execute(&format!("UPDATE payonce.unfinished SET standing = 'pending' WHERE payment = {id}"))
        .await
        .unwrap();
    let insert = "INSERT INTO payonce.events VALUES ($1, 1, $2, $3, $4)";
    writing.execute(insert, &[&id, &row.at, &row.event, &row.digest.to_vec()]).await.unwrap();
    server.sql(name_of(&url), "UPDATE payonce.owners SET until = clock_timestamp() - interval '1 ms'");
    let claiming = {
        let there = Arc::clone(&there);
        tokio::spawn(async move { there.claim(record.id).await })
    };
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while server.sql(name_of(&url), waits) == "0" {
        tokio::task::yield_now().await;
    }
    writing.commit().await.unwrap();
    let Claim::Ours(lease, found) = claiming.await.unwrap().unwrap() else { panic!("not taken") };
    assert_eq!((found.entries.len(), lease.next, found.intent), (2, 2, late));
}

#[tokio::test]
async fn what_is_enqueued_is_free_when_the_transaction_commits_and_never_was_when_it_does_not() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::open(&url).await.unwrap();
    let mut client = direct(&url).await;
    let transaction = client.transaction().await.unwrap();
    journal.enqueue_in(&transaction, &intent("lost"), now()).await.unwrap();
    transaction.rollback().await.unwrap();
    assert!(journal.claim_free("dollr", 9).await.unwrap().is_empty());
    let transaction = client.transaction().await.unwrap();
    let enqueued = journal.enqueue_in(&transaction, &intent("kept"), now()).await.unwrap();
    assert_eq!(enqueued, Enqueued::Recorded);
    assert_eq!(journal.enqueue_in(&transaction, &intent("kept"), now()).await.unwrap(), Enqueued::Known);
    let changed = Intent { contents: r#"{"x":1}"#.to_owned(), ..intent("kept") };
    let taken = journal.enqueue_in(&transaction, &changed, now()).await.unwrap_err();
    assert_eq!((taken.kind(), taken.effect()), (ErrorKind::NameTaken, Effect::None));
    assert!(journal.claim_free("dollr", 9).await.unwrap().is_empty(), "it has not committed");
    let stirred = journal.stirred();
    tokio::pin!(stirred);
    // Until it listens, it may stir for no reason; a look then finds nothing.
    let _ = tokio::time::timeout(Duration::from_millis(300), &mut stirred).await;
    transaction.commit().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), journal.stirred()).await.unwrap_or(());
    let taken = journal.claim_free("dollr", 9).await.unwrap();
    assert_eq!((taken.len(), &taken[0].1.intent), (1, &intent("kept")));
    journal.append(taken[0].0, sending(), Standing::Sending).await.unwrap();
}

#[tokio::test]
async fn a_worker_that_waits_is_woken_by_a_commit() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::open(&url).await.unwrap();
    let mut client = direct(&url).await;
    // The first wait ends when the listening stands.
    journal.stirred().await;
    let stirred = journal.stirred();
    let enqueue = async {
        let transaction = client.transaction().await.unwrap();
        journal.enqueue_in(&transaction, &intent("a"), now()).await.unwrap();
        transaction.commit().await.unwrap();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = stirred => {}
        () = enqueue => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("nobody was woken"),
    }
}

#[tokio::test]
async fn nothing_of_one_merchant_is_seen_by_another() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let acme = PostgresJournal::at(&url).unwrap().merchant("acme").unwrap();
    let zenith = acme.merchant("zenith").unwrap();
    let (record, lease) = acme.intend(intent("a"), now()).await.unwrap();
    acme.release(lease.unwrap()).await.unwrap();
    for key in [Key::Name(intent("a").name), Key::ReferenceId(intent("a").reference_id)] {
        assert!(zenith.find("dollr", key).await.unwrap().is_none());
    }
    assert!(zenith.list("dollr", Filter::default()).await.unwrap().is_empty());
    assert!(zenith.claim_free("dollr", 9).await.unwrap().is_empty());
    assert_eq!(zenith.claim(record.id).await.unwrap_err().kind(), ErrorKind::UnknownPayment);
    assert!(zenith.append(lease.unwrap(), sending(), Standing::Sending).await.is_err());
    // The same name and the same key are another payment there, and another namespace is no contradiction.
    let (theirs, lease) = zenith.intend(intent("a"), now()).await.unwrap();
    assert!(theirs.id != record.id && lease.is_some());
    acme.bind("dollr", &Namespace::new("one").unwrap()).await.unwrap();
    zenith.bind("dollr", &Namespace::new("two").unwrap()).await.unwrap();
    assert!(acme.bind("dollr", &Namespace::new("two").unwrap()).await.is_err());
    assert_eq!(acme.list("dollr", Filter::default()).await.unwrap().len(), 1);
    assert!(acme.merchant("").is_err());
}

/// The server is killed again and again while many write; whatever was confirmed is there afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_survives_a_server_that_is_killed() {
    let Some(server) = TestPostgres::start() else { return };
    let server = Arc::new(server);
    let url = server.database();
    let journal = Arc::new(PostgresJournal::open(&url).await.unwrap());
    let mut confirmed = Vec::new();
    for round in 0..3 {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let journal = Arc::clone(&journal);
                tokio::spawn(async move {
                    let mut confirmed = Vec::new();
                    for n in 0..10_000 {
                        let name = format!("{round}/{writer}/{n}");
                        let Ok((_, Some(lease))) = journal.intend(intent(&name), now()).await else { break };
                        let Ok(_) = journal.append(lease, sending(), Standing::Sending).await else { break };
                        confirmed.push(name);
                    }
                    confirmed
                })
            })
            .collect();
        while journal
            .find("dollr", Key::Name(Name::new(format!("{round}/0/5")).unwrap()))
            .await
            .unwrap()
            .is_none()
        {
            tokio::task::yield_now().await;
        }
        let killed = Arc::clone(&server);
        tokio::task::spawn_blocking(move || {
            killed.kill();
            killed.go();
        })
        .await
        .unwrap();
        for writer in writers {
            confirmed.extend(writer.await.unwrap());
        }
        // The connections that broke are found broken when they are used.
        while journal.find("dollr", Key::Name(intent("none").name)).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
    assert!(confirmed.len() >= 15, "{} were confirmed", confirmed.len());
    for name in confirmed {
        let found = journal.find("dollr", Key::Name(Name::new(name.clone()).unwrap())).await.unwrap();
        assert_eq!(found.map(|record| record.entries.len()), Some(1), "{name}");
    }
}

/// Whether a write happened whose connection was cut is not known, and is not said to be.
#[tokio::test]
async fn a_write_whose_connection_is_cut_is_in_doubt_and_leaves_no_payment_stuck() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let terms = Terms { beat: Duration::from_millis(200), ..Terms::default() };
    let journal = Arc::new(PostgresJournal::with_terms(&url, terms).unwrap());
    journal.intend(intent("first"), now()).await.unwrap();
    // The statement waits for the name, and its server process is ended there.
    let mut blocker = direct(&url).await;
    let blocking = blocker.transaction().await.unwrap();
    let block = "SELECT payonce.enqueue('default', 'dollr', 'payout', 'a', gen_random_uuid(), '', '', repeat('x', 32)::bytea, 1)";
    blocking.batch_execute(block).await.unwrap();
    let writing = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.intend(intent("a"), now()).await })
    };
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while server.sql(name_of(&url), cut) == "0" {
        tokio::task::yield_now().await;
    }
    let error = writing.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::Unknown), "{error}");
    blocking.rollback().await.unwrap();
    let other = PostgresJournal::at(&url).unwrap();
    let (record, lease) = other.intend(intent("a"), now()).await.unwrap();
    if lease.is_none() {
        // It had happened; the process that does not know lets go of it.
        while other.claim(record.id).await.unwrap() == Claim::Elsewhere {
            tokio::task::yield_now().await;
        }
    }
}

/// A caller's own transaction holds a name: whoever wants that name waits, and nobody else.
#[tokio::test]
async fn a_name_that_a_transaction_holds_keeps_nobody_else_waiting_for_long() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = Arc::new(PostgresJournal::open(&url).await.unwrap());
    let mut client = direct(&url).await;
    let transaction = client.transaction().await.unwrap();
    journal.enqueue_in(&transaction, &intent("held"), now()).await.unwrap();
    let callers: Vec<_> = ["held", "x", "y"]
        .map(|name| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move { journal.intend(intent(name), now()).await })
        })
        .into();
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.push(caller.await.unwrap());
    }
    let error = outcomes[0].as_ref().unwrap_err();
    assert!(error.message().contains("another transaction"), "{error}");
    assert_eq!(error.effect(), Effect::None);
    assert!(outcomes[1].is_ok() && outcomes[2].is_ok(), "{outcomes:?}");
}

#[tokio::test]
async fn a_database_that_may_lose_what_it_confirmed_or_is_no_primary_is_refused() {
    let Some(server) = TestPostgres::shared() else { return };
    for (setting, words) in [
        ("synchronous_commit = off", "synchronous_commit = off"),
        ("synchronous_commit = local", "synchronous_commit = local"),
        ("default_transaction_read_only = on", "read-only"),
    ] {
        let url = server.database();
        server.sql("postgres", &format!("ALTER DATABASE {} SET {setting}", name_of(&url)));
        let error = PostgresJournal::open(&url).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::None));
        assert!(error.message().contains(words), "{error}");
    }
}

#[tokio::test]
async fn tables_of_a_newer_format_are_refused_and_a_role_that_may_not_make_any_can_use_them() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let name = name_of(&url);
    server.sql(
        "postgres",
        "DO $$ BEGIN CREATE ROLE worker LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    );
    let worker = server.url("worker", name);
    let error = PostgresJournal::open(&worker).await.unwrap_err();
    assert!(error.message().contains("a role that may"), "{error}");
    PostgresJournal::open(&url).await.unwrap();
    server.sql(
        name,
        "GRANT USAGE ON SCHEMA payonce TO worker;
         GRANT SELECT ON ALL TABLES IN SCHEMA payonce TO worker;
         GRANT INSERT ON ALL TABLES IN SCHEMA payonce TO worker;
         REVOKE INSERT ON payonce.format FROM worker;
         GRANT UPDATE (standing, updated_at, unpaid) ON payonce.payments TO worker;
         GRANT UPDATE, DELETE ON payonce.unfinished TO worker;
         GRANT UPDATE, DELETE ON payonce.owners TO worker;
         GRANT EXECUTE ON FUNCTION payonce.enqueue TO worker;",
    );
    let journal = PostgresJournal::open(&worker).await.unwrap();
    journal.bind("dollr", &Namespace::new("one").unwrap()).await.unwrap();
    let (record, lease) = journal.intend(intent("a"), now()).await.unwrap();
    let lease = journal.append(lease.unwrap(), sending(), Standing::Sending).await.unwrap();
    journal.release(lease).await.unwrap();
    assert!(matches!(journal.claim(record.id).await.unwrap(), Claim::Ours(..)));
    let mut client = direct(&worker).await;
    let transaction = client.transaction().await.unwrap();
    journal.enqueue_in(&transaction, &intent("b"), now()).await.unwrap();
    transaction.commit().await.unwrap();
    server.sql(name, "INSERT INTO payonce.format VALUES (2)");
    let error = PostgresJournal::open(&url).await.unwrap_err();
    assert!(error.message().contains("format 2"), "{error}");
}

#[tokio::test]
async fn processes_that_open_an_empty_database_at_once_make_its_tables_once() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { PostgresJournal::open(&url).await.map(drop) })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn neither_the_journal_nor_its_errors_show_the_password() {
    let journal = PostgresJournal::at("postgres://app:canary@127.0.0.1:1/shop").unwrap();
    let error = journal.find("dollr", Key::Name(intent("a").name)).await.unwrap_err();
    let bad = PostgresJournal::at("postgres://app:canary@127.0.0.1:port/shop").unwrap_err();
    let shown = format!("{journal:?} {error} {error:?} {bad} {bad:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("127.0.0.1/shop"), "{shown}");
    assert_eq!(error.effect(), Effect::None, "{error}");
}

/// However many processes there ever were: each taking goes through the dead.
#[tokio::test]
async fn the_long_dead_are_forgotten_unless_they_left_something() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let terms = Terms { beat: Duration::from_millis(50), ..Terms::default() };
    let journal = PostgresJournal::with_terms(&url, terms).unwrap();
    let (left, _) = journal.intend(intent("left"), now()).await.unwrap();
    server.sql(
        name_of(&url),
        "UPDATE payonce.owners SET until = until - interval '2 hours', dead = true;
         INSERT INTO payonce.owners VALUES (gen_random_uuid(), now() - interval '2 hours', true),
                                           (gen_random_uuid(), now() - interval '1 minute', true)",
    );
    let other = PostgresJournal::with_terms(&url, terms).unwrap();
    other.intend(intent("other"), now()).await.unwrap();
    while server.sql(name_of(&url), "SELECT count(*) FROM payonce.owners WHERE dead") != "2" {
        tokio::task::yield_now().await;
    }
    assert!(matches!(other.claim(left.id).await.unwrap(), Claim::Ours(..)));
}

#[tokio::test]
async fn a_row_that_was_changed_is_not_driven_and_keeps_nobody_waiting() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::at(&url).unwrap();
    for name in ["a", "b"] {
        let (_, lease) = journal.intend(intent(name), now()).await.unwrap();
        let lease = journal.append(lease.unwrap(), sending(), Standing::Sending).await.unwrap();
        journal.release(lease).await.unwrap();
    }
    server.sql(name_of(&url), "UPDATE payonce.events SET at = at + 1 WHERE payment = 1");
    let taken = journal.claim_free("dollr", 1).await.unwrap();
    assert!(taken.is_empty(), "the damaged one is held and left out");
    let taken = journal.claim_free("dollr", 1).await.unwrap();
    assert_eq!(taken[0].1.intent.name.as_str(), "b");
    let error = journal.find("dollr", Key::Name(intent("a").name)).await.unwrap_err();
    assert!(error.message().contains("not the one"), "{error}");
}
