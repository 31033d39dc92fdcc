//! The tables: who makes them, what is in them of whom, and rows that are not what was written.

use super::*;

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
         GRANT UPDATE ON payonce.paces TO worker;
         GRANT EXECUTE ON FUNCTION payonce.enqueue TO worker;",
    );
    let journal = PostgresJournal::open(&worker).await.unwrap();
    journal.bind("dollr", &Namespace::new("one").unwrap()).await.unwrap();
    let (record, lease) = journal.intend(intent("a"), now()).await.unwrap();
    let lease = journal.append(lease.unwrap(), sending(), Standing::Sending).await.unwrap();
    journal.release(lease).await.unwrap();
    for _ in 0..2 {
        journal.grant("dollr", std::num::NonZeroU32::MIN, 1).await.unwrap();
    }
    assert!(matches!(journal.claim(record.id).await.unwrap(), Claim::Ours(..)));
    let mut client = direct(&worker).await;
    let transaction = client.transaction().await.unwrap();
    journal.enqueue_in(&transaction, &intent("b"), now()).await.unwrap();
    transaction.commit().await.unwrap();
    server.sql(name, "INSERT INTO payonce.format VALUES (9)");
    let error = PostgresJournal::open(&url).await.unwrap_err();
    assert!(error.message().contains("format 9"), "{error}");
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

/// A journal of the first format, with payments that wait, is brought up to date by whoever opens it.
#[tokio::test]
async fn tables_of_the_first_format_are_brought_up_to_date_with_what_is_in_them() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let database = name_of(&url);
    server.sql(database, include_str!("../schema.sql"));
    let old = intent("old");
    let digest: String = old.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let (key, expect) = (old.reference_id, super::super::expectation(&old));
    let enqueue = format!(
        "SELECT payonce.enqueue('default', 'dollr', 'payout', 'old', '{key}', '{{}}', '{expect}', '\\x{digest}', 1)"
    );
    assert_eq!(server.sql(database, &enqueue), "recorded");
    let journal = PostgresJournal::open(&url).await.unwrap();
    assert_eq!(server.sql(database, "SELECT operation FROM payonce.unfinished"), "payout");
    // A program that was running at that moment does not say which operation it is.
    server.sql(
        database,
        "INSERT INTO payonce.unfinished (payment, merchant, rail, epoch, standing, updated_at)
                          SELECT 77, merchant, rail, 0, standing, 1 FROM payonce.unfinished",
    );
    assert_eq!(server.sql(database, &enqueue), "known");
    let taken = journal.claim_free("dollr", 9).await.unwrap();
    assert_eq!(taken.iter().map(|(_, record)| &record.intent).collect::<Vec<_>>(), [&old]);
}
