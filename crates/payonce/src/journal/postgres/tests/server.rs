//! A server that dies, breaks off, or is not fit.

use super::*;

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
async fn neither_the_journal_nor_its_errors_show_the_password() {
    let journal = PostgresJournal::at("postgres://app:canary@127.0.0.1:1/shop").unwrap();
    let error = journal.find("dollr", Key::Name(intent("a").name)).await.unwrap_err();
    let bad = PostgresJournal::at("postgres://app:canary@127.0.0.1:port/shop").unwrap_err();
    let shown = format!("{journal:?} {error} {error:?} {bad} {bad:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("127.0.0.1/shop"), "{shown}");
    assert_eq!(error.effect(), Effect::None, "{error}");
}
