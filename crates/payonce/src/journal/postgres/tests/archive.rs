//! The archive: what is moved, by whom, what is read of it, and what is left when a month is gone or a move breaks off.

use super::*;
use crate::journal::Record;
use crate::step::{Failure, ParkReason, Receipt};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn end_of_time() -> Timestamp {
    at("2100-01-01T00:00:00Z")
}

/// A payment that ends so, at that moment.
async fn ended(journal: &PostgresJournal, name: &str, moment: &str, standing: Standing) -> Record {
    let intent = intent(name);
    let (_, lease) = journal.intend(intent.clone(), at(moment)).await.unwrap();
    let amount = Money::new("1.00", Currency::USD).unwrap();
    let reference_id = intent.reference_id;
    let end = match standing {
        Standing::Completed => Event::Completed {
            receipt: Receipt {
                reference_id,
                payer_amount: amount,
                payee_amount: amount,
                // Whatever the provider writes.
                provider_transaction_id: Some("tx \n\"é\" \\ 1".to_owned()),
            },
        },
        Standing::Failed => {
            Event::Failed { failure: Failure { reason: "declined".to_owned(), recorded: false } }
        }
        _ => Event::Parked { reason: ParkReason::NoAnswer },
    };
    let body = r#"{"session_id":"88"}"#.to_owned();
    let prepared = Event::Prepared { body, expires_at: at(moment), provider_at: None };
    let entries = [prepared, Event::Sending, end].map(|event| Entry { at: at(moment), event }).to_vec();
    journal.append(lease.unwrap(), entries, standing).await.unwrap();
    found(journal, name).await
}

async fn completed(journal: &PostgresJournal, name: &str, moment: &str) -> Record {
    ended(journal, name, moment, Standing::Completed).await
}

async fn found(journal: &PostgresJournal, name: &str) -> Record {
    journal.find("dollr", Key::Name(Name::new(name).unwrap())).await.unwrap().unwrap()
}

/// The completed payments that are not whole in exactly one of both places.
const TORN: &str = "
    SELECT count(*) FROM payonce.payments p
    LEFT JOIN (SELECT payment, count(*) AS events FROM payonce.events GROUP BY payment) e ON e.payment = p.id
    LEFT JOIN payonce.archive a ON a.payment = p.id
    WHERE NOT CASE WHEN a.payment IS NULL THEN e.events = 3 AND p.archived IS NULL AND p.contents = '{}'
                   ELSE e.payment IS NULL AND p.archived = a.month AND p.contents = '' AND a.contents = '{}' END";

#[tokio::test]
async fn an_archived_payment_reads_as_before_and_its_name_and_keys_are_taken() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::open(&url).await.unwrap();
    let old = completed(&journal, "old", "2026-07-31T23:59:59.999Z").await;
    let young = completed(&journal, "young", "2026-08-01T00:00:00Z").await;
    ended(&journal, "failed", "2026-07-01T00:00:00Z", Standing::Failed).await;
    ended(&journal, "parked", "2026-07-01T00:00:00Z", Standing::Parked).await;
    journal.intend(intent("open"), at("2026-07-01T00:00:00Z")).await.unwrap();
    let listed = journal.list("dollr", Filter::default()).await.unwrap();
    let would = journal.archivable(young.created_at).await.unwrap();
    assert_eq!(server.sql(name_of(&url), "SELECT count(*) FROM payonce.archive"), "0");
    let moved = journal.archive(young.created_at).await.unwrap();
    assert_eq!(moved, would);
    assert_eq!((moved.payments, moved.events, moved.damaged), (1, 3, 0));
    assert_eq!(moved.months.iter().map(|month| &*month.month).collect::<Vec<_>>(), ["2026-07"]);
    let moved = journal.archive(end_of_time()).await.unwrap();
    assert_eq!(moved.months.iter().map(|month| &*month.month).collect::<Vec<_>>(), ["2026-08"]);
    assert_eq!(journal.archive(end_of_time()).await.unwrap().payments, 0, "the others have not completed");
    assert_eq!(server.sql(name_of(&url), "SELECT count(DISTINCT payment) FROM payonce.events"), "2");
    assert_eq!(journal.list("dollr", Filter::default()).await.unwrap(), listed);
    for record in [&old, &young] {
        assert_eq!(&found(&journal, record.intent.name.as_str()).await, record);
        let key = Key::ReferenceId(record.intent.reference_id);
        assert_eq!(journal.find("dollr", key).await.unwrap().as_ref(), Some(record));
        assert_eq!(journal.intend(record.intent.clone(), now()).await.unwrap(), (record.clone(), None));
        assert_eq!(journal.claim(record.id).await.unwrap(), Claim::Ended(record.clone()));
        let mut client = direct(&url).await;
        let transaction = client.transaction().await.unwrap();
        let known = journal.enqueue_in(&transaction, &record.intent, now()).await.unwrap();
        assert_eq!(known, Enqueued::Known);
        let changed = Intent { contents: "[]".to_owned(), ..record.intent.clone() };
        let taken = journal.enqueue_in(&transaction, &changed, now()).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::NameTaken);
    }
    let thief = Intent { name: Name::new("thief").unwrap(), ..old.intent };
    assert_eq!(journal.intend(thief, now()).await.unwrap_err().kind(), ErrorKind::Journal);
}

/// Two archive at once, others pay and read meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_at_the_same_time_and_payments_beside_them_do_each_other_no_harm() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = Arc::new(PostgresJournal::open(&url).await.unwrap());
    let moment = |n: usize| format!("2026-0{}-10T00:00:00Z", 1 + n % 4);
    let paying = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move {
            let mut records = Vec::new();
            for n in 0..400 {
                records.push(completed(&journal, &format!("pay/{n}"), &moment(n)).await);
                // Whatever is being done to it, it reads as it was.
                let earlier: &Record = &records[n / 2];
                assert_eq!(&found(&journal, earlier.intent.name.as_str()).await, earlier);
            }
            records
        })
    };
    let archiving: Vec<_> = (0..2)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let journal = PostgresJournal::open(&url).await.unwrap();
                let (mut moved, began) = (0, std::time::Instant::now());
                let all = "SELECT count(*) = 400 FROM payonce.archive";
                let client = direct(&url).await;
                while !client.query_one(all, &[]).await.unwrap().get::<_, bool>(0) {
                    assert!(began.elapsed() < Duration::from_secs(120), "{moved} were moved");
                    moved += journal.archive(end_of_time()).await.unwrap().payments;
                }
                moved
            })
        })
        .collect();
    let records = paying.await.unwrap();
    let mut moved = 0;
    for one in archiving {
        moved += one.await.unwrap();
    }
    assert_eq!(moved, 400, "each was moved by one of them");
    assert_eq!(server.sql(name_of(&url), TORN), "0");
    assert_eq!(server.sql(name_of(&url), "SELECT count(DISTINCT month) FROM payonce.archive"), "4");
    for record in &records {
        assert_eq!(&found(&journal, record.intent.name.as_str()).await, record);
    }
}

#[tokio::test]
async fn a_move_that_is_cut_off_has_not_happened_and_the_next_goes_on() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = Arc::new(PostgresJournal::open(&url).await.unwrap());
    for n in 0..20 {
        completed(&journal, &format!("pay/{n}"), "2026-07-01T00:00:00Z").await;
    }
    // The move waits for an event in its middle, and its server process is ended there.
    let mut blocker = direct(&url).await;
    let blocking = blocker.transaction().await.unwrap();
    blocking.batch_execute("SELECT FROM payonce.events WHERE payment = 10 FOR UPDATE").await.unwrap();
    let moving = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.archive(end_of_time()).await })
    };
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE wait_event_type = 'Lock' AND datname = current_database()";
    while server.sql(name_of(&url), cut) == "0" {
        assert!(!moving.is_finished(), "it waits for the event");
        tokio::task::yield_now().await;
    }
    let error = moving.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::None), "{error}");
    assert!(error.message().contains("do it again"), "{error}");
    assert_eq!(server.sql(name_of(&url), "SELECT count(*) FROM payonce.archive"), "0");
    assert_eq!(server.sql(name_of(&url), TORN), "0");
    blocking.rollback().await.unwrap();
    assert_eq!(journal.archive(end_of_time()).await.unwrap().payments, 20);
    assert_eq!(server.sql(name_of(&url), TORN), "0");
}

/// The server is killed while lots are moved one after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_between_two_lots_leaves_every_payment_whole() {
    let Some(server) = TestPostgres::start() else { return };
    let server = Arc::new(server);
    let url = server.database();
    let journal = Arc::new(PostgresJournal::open(&url).await.unwrap());
    let paying: Vec<_> = (0..3_000)
        .map(|n| {
            let journal = Arc::clone(&journal);
            tokio::spawn(
                async move { completed(&journal, &format!("pay/{n}"), "2026-07-01T00:00:00Z").await },
            )
        })
        .collect();
    for one in paying {
        one.await.unwrap();
    }
    let moving = {
        let journal = Arc::clone(&journal);
        tokio::spawn(async move { journal.archive(end_of_time()).await })
    };
    while server.sql(name_of(&url), "SELECT count(*) FROM payonce.archive") == "0" {
        assert!(!moving.is_finished(), "something is moved");
        tokio::task::yield_now().await;
    }
    let killed = Arc::clone(&server);
    tokio::task::spawn_blocking(move || {
        killed.kill();
        killed.go();
    })
    .await
    .unwrap();
    // It may have been through before.
    let broke_off = moving.await.unwrap().is_err();
    assert_eq!(server.sql(name_of(&url), TORN), "0");
    let rest = loop {
        // The connections that broke are found broken when they are used.
        match journal.archive(end_of_time()).await {
            Ok(rest) => break rest.payments,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Journal, "{error}"),
        }
    };
    assert!(rest < 3_000 && (rest == 0 || broke_off), "{rest} were left");
    assert_eq!(server.sql(name_of(&url), "SELECT count(*) FROM payonce.archive"), "3000");
    assert_eq!(server.sql(name_of(&url), TORN), "0");
}

#[tokio::test]
async fn an_archived_row_that_was_changed_in_any_place_is_refused_and_so_is_one_to_be_archived() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::open(&url).await.unwrap();
    let record = completed(&journal, "a", "2026-07-01T00:00:00Z").await;
    completed(&journal, "b", "2026-07-01T00:00:00Z").await;
    server.sql(name_of(&url), "UPDATE payonce.events SET at = at + 1 WHERE payment = 2 AND place = 1");
    let moved = journal.archive(end_of_time()).await.unwrap();
    assert_eq!((moved.payments, moved.damaged), (1, 1));
    assert_eq!(server.sql(name_of(&url), "SELECT count(*) FROM payonce.events WHERE payment = 2"), "3");
    let whole = server.sql(name_of(&url), "SELECT events FROM payonce.archive");
    let client = direct(&url).await;
    let write = async |text: &str| {
        client.execute("UPDATE payonce.archive SET events = $1", &[&text]).await.unwrap();
    };
    let refused = async || {
        let error = journal.find("dollr", Key::Name(record.intent.name.clone())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Record);
        assert!(error.message().contains("not driven"), "{error}");
        let claimed = journal.claim(record.id).await;
        assert!(claimed.is_err(), "{claimed:?}");
    };
    for place in 0..whole.len() {
        for other in [b'0', b' ', b'A', b'\n'] {
            let mut bytes = whole.clone().into_bytes();
            if bytes[place] == other {
                continue;
            }
            bytes[place] = other;
            // A character of two bytes is no text any more, which the database itself refuses.
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            write(&changed).await;
            refused().await;
        }
    }
    write(whole.lines().next().unwrap()).await;
    refused().await;
    write("").await;
    refused().await;
    write(&whole).await;
    assert_eq!(found(&journal, "a").await, record);
    server.sql(name_of(&url), "UPDATE payonce.archive SET contents = '{ }'");
    refused().await;
}

#[tokio::test]
async fn a_payment_whose_month_is_gone_is_an_error_that_says_so_and_is_never_paid_again() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::open(&url).await.unwrap();
    let record = completed(&journal, "a", "2026-07-14T12:00:00Z").await;
    let kept = completed(&journal, "b", "2026-08-14T12:00:00Z").await;
    let listed = journal.list("dollr", Filter::default()).await.unwrap();
    journal.archive(end_of_time()).await.unwrap();
    server.sql(
        name_of(&url),
        "ALTER TABLE payonce.archive DETACH PARTITION payonce.archive_202607 CONCURRENTLY",
    );
    let later = completed(&journal, "late", "2026-07-20T00:00:00Z").await;
    let error = journal.archive(end_of_time()).await.unwrap_err();
    assert!(error.message().contains("archive_202607 is no part of the archive any more"), "{error}");
    server.sql(name_of(&url), "DROP TABLE payonce.archive_202607");
    // Also when there is such a month again, with others in it.
    for _ in 0..2 {
        let key = Key::ReferenceId(record.intent.reference_id);
        for error in [
            journal.find("dollr", Key::Name(record.intent.name.clone())).await.unwrap_err(),
            journal.find("dollr", key).await.unwrap_err(),
            journal.intend(record.intent.clone(), now()).await.unwrap_err(),
            journal.claim(record.id).await.unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Record, Effect::None), "{error}");
            for words in
                ["completed at 2026-07-14 12:00:00 UTC", "the archive of 2026-07", "nothing was sent"]
            {
                assert!(error.message().contains(words), "{error}");
            }
        }
        assert!(journal.claim_free("dollr", 9).await.unwrap().is_empty());
        assert_eq!(journal.list("dollr", Filter::default()).await.unwrap()[..2], listed);
        assert_eq!(found(&journal, "b").await, kept);
        journal.archive(end_of_time()).await.unwrap();
    }
    assert_eq!(found(&journal, "late").await, later);
}

/// The words of the guide are what is given, with these roles in place of its own.
fn granted(server: &TestPostgres, url: &str, roles: [&str; 2]) {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/fleet.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let mut grants = guide.split("```sql\n").skip(1).map(|block| block.split("```").next().unwrap());
    let grants = grants.find(|block| block.contains("GRANT")).unwrap();
    for role in roles {
        server.sql("postgres", &format!("CREATE ROLE {role} LOGIN"));
    }
    let [worker, archivist] = roles;
    let service = grants.find("-- For services").unwrap();
    let archive = grants.find("-- For whoever archives").unwrap();
    assert!(service < archive);
    let grants = format!("{}{}", &grants[..service], &grants[archive..]);
    let grants = grants.replace("TO worker", &format!("TO {worker}"));
    server.sql(name_of(url), &grants.replace("TO archivist", &format!("TO {archivist}")));
}

#[tokio::test]
async fn the_grants_of_the_guide_are_enough_for_workers_and_for_whoever_archives_and_no_more() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    PostgresJournal::open(&url).await.unwrap();
    granted(server, &url, ["worker_of_guide", "archivist_of_guide"]);
    let as_worker = server.url("worker_of_guide", name_of(&url));
    let as_archivist = server.url("archivist_of_guide", name_of(&url));
    let worker = PostgresJournal::open(&as_worker).await.unwrap();
    worker.bind("dollr", &Namespace::new("one").unwrap()).await.unwrap();
    let (record, lease) = worker.intend(intent("open"), now()).await.unwrap();
    worker.release(lease.unwrap()).await.unwrap();
    assert!(matches!(worker.claim(record.id).await.unwrap(), Claim::Ours(..)));
    worker.grant("dollr", std::num::NonZeroU32::MIN, 1).await.unwrap();
    let record = completed(&worker, "a", "2026-07-01T00:00:00Z").await;
    let refused = worker.archive(end_of_time()).await.unwrap_err();
    assert!(refused.message().contains("may not do that"), "{refused}");
    let archivist = PostgresJournal::open(&as_archivist).await.unwrap();
    assert_eq!(archivist.archivable(end_of_time()).await.unwrap().payments, 1);
    assert_eq!(archivist.archive(end_of_time()).await.unwrap().payments, 1);
    assert_eq!(found(&worker, "a").await, record);
    assert_eq!(found(&archivist, "a").await, record);
    for role in [&as_worker, &as_archivist] {
        let client = direct(role).await;
        for sql in [
            "DELETE FROM payonce.events",
            "UPDATE payonce.events SET event = ''",
            "UPDATE payonce.payments SET contents = ''",
            "UPDATE payonce.payments SET archived = NULL",
            "UPDATE payonce.archive SET contents = ''",
            "DELETE FROM payonce.archive",
            "INSERT INTO payonce.archive VALUES (202607, 'default', 1, '', '')",
            "DELETE FROM payonce.archive_202607",
            "CREATE TABLE payonce.other ()",
            "DROP TABLE payonce.archive_202607",
        ] {
            let error = client.batch_execute(sql).await.unwrap_err();
            let code = error.as_db_error().map(|said| said.code().code().to_owned());
            assert_eq!(code.as_deref(), Some("42501"), "{sql}");
        }
    }
    assert!(archivist.intend(intent("b"), now()).await.is_err(), "it records nothing");
}

/// What a program does that was running when the tables were brought up to date: it reads the row and the events, as it always
/// has, and folds what it finds.
#[tokio::test]
async fn a_program_of_the_second_format_takes_an_archived_payment_for_damaged_and_not_for_one_that_waits() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let journal = PostgresJournal::open(&url).await.unwrap();
    let record = completed(&journal, "a", "2026-07-01T00:00:00Z").await;
    journal.archive(end_of_time()).await.unwrap();
    let client = direct(&url).await;
    let row = client
        .query_one("SELECT contents, digest FROM payonce.payments WHERE name = 'a'", &[])
        .await
        .unwrap();
    let read = Intent { contents: row.get(0), ..record.intent };
    assert_ne!(
        read.digest().as_slice(),
        row.get::<_, &[u8]>(1),
        "it is refused before its events are folded"
    );
    // And there is nothing that it could claim or take up again.
    assert_eq!(server.sql(name_of(&url), "SELECT count(*) FROM payonce.unfinished"), "0");
    assert_eq!(server.sql(name_of(&url), "SELECT standing FROM payonce.payments"), "completed");
}
