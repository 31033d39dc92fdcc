//! Leases that have an end: who may write, and who takes over.

use super::*;

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

/// Payments that were taken together share the number of their taking. One of them that could not be let go of takes none
/// of the others with it, which are driven.
#[tokio::test]
async fn a_payment_that_could_not_be_let_go_of_takes_none_with_it_that_was_taken_beside_it() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::at(&url).unwrap();
    for name in ["a", "b"] {
        let (_, lease) = journal.intend(intent(name), now()).await.unwrap();
        journal.release(lease.unwrap()).await.unwrap();
    }
    let taken = journal.claim_free("dollr", 2).await.unwrap();
    let (let_go, driven) = (taken[0].0, taken[1].0);
    server.sql(name_of(&url), "ALTER TABLE payonce.unfinished RENAME TO away");
    assert!(journal.release(let_go).await.is_err());
    server.sql(name_of(&url), "ALTER TABLE payonce.away RENAME TO unfinished");
    journal.shared.running.get().unwrap().store.owner.beat().await.unwrap();
    journal.append(driven, sending(), Standing::Sending).await.unwrap();
    let other = PostgresJournal::at(&url).unwrap();
    let free = other.claim_free("dollr", 9).await.unwrap();
    assert_eq!((free.len(), free[0].0.id), (1, let_go.id));
}
