//! The pace that all workers keep together.

use std::num::NonZeroU32;

use super::*;

/// Milliseconds of the database's clock.
fn millis(server: &TestPostgres, url: &str, moment: &str) -> i64 {
    let sql = format!("SELECT (extract(epoch FROM {moment}) * 1000)::bigint");
    server.sql(name_of(url), &sql).parse().unwrap()
}

#[tokio::test]
async fn all_workers_together_are_granted_no_more_than_the_rate_by_the_databases_clock() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    PostgresJournal::open(&url).await.unwrap();
    let (rate, began) = (NonZeroU32::new(200).unwrap(), millis(server, &url, "clock_timestamp()"));
    // Four workers with connections of their own, which ask as fast as they can.
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let journal = PostgresJournal::open(&url).await.unwrap();
                let mut granted = 0;
                for _ in 0..100 {
                    let one = journal.grant("dollr", rate, 1_000).await.unwrap().unwrap();
                    assert!(one.payments <= 20, "a lot is a tenth of a second: {one:?}");
                    assert!((one.payments == 0) != one.wait.is_zero(), "{one:?}");
                    assert!(one.wait <= Duration::from_millis(100), "{one:?}");
                    granted += i64::try_from(one.payments).unwrap();
                }
                granted
            })
        })
        .collect();
    let mut granted = 0;
    for worker in asking {
        granted += worker.await.unwrap();
    }
    let took = millis(server, &url, "clock_timestamp()") - began;
    let used = millis(server, &url, "(SELECT until FROM payonce.paces)") - began;
    assert!(granted >= 20, "somebody was granted something");
    // One lot ahead, and one that nobody had asked for before.
    assert!(granted <= took * 200 / 1000 + 40, "{granted} within {took} ms");
    assert!(used <= took + 100, "{used} ms of {took} ms are used up");
}

#[tokio::test]
async fn merchants_and_rails_have_a_pace_of_their_own_and_a_lot_is_no_more_than_is_wanted() {
    let Some(server) = TestPostgres::shared() else { return };
    let url = server.database();
    let acme = PostgresJournal::open(&url).await.unwrap();
    let zenith = acme.merchant("zenith").unwrap();
    let one = NonZeroU32::new(1).unwrap();
    for (journal, rail) in [(&acme, "dollr"), (&acme, "dwolla"), (&zenith, "dollr")] {
        assert_eq!(journal.grant(rail, one, 5).await.unwrap().unwrap().payments, 1, "{rail}");
        let next = journal.grant(rail, one, 5).await.unwrap().unwrap();
        assert!(next.payments == 0 && !next.wait.is_zero(), "{next:?}");
    }
    let many = NonZeroU32::new(10_000).unwrap();
    assert_eq!(zenith.grant("dwolla", many, 3).await.unwrap().unwrap().payments, 3);
}
