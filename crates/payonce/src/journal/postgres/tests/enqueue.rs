//! Payments that are recorded in a caller's own transaction, and who hears of them.

use super::*;

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
