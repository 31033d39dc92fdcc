//! Several processes on one PostgreSQL journal: what is recorded in a transaction is paid with it, and no name is paid twice.

#![cfg(unix)]

use std::sync::Arc;

use chrono::Utc;
use dollr::journal::tokio_postgres::{Client, NoTls, connect};
use dollr::journal::{Enqueued, PostgresJournal};
use dollr::{Dollr, usd};
use sqlx_core::connection::Connection as _;
use sqlx_core::query_scalar::query_scalar;
use sqlx_postgres::PgConnection;
use test_postgres::TestPostgres;

use crate::world::{AMA, World, completed};

/// A process of its own: its connections and its lease are not another's.
async fn process(world: &World, url: &str) -> (Dollr, PostgresJournal) {
    let journal = PostgresJournal::open(url).await.unwrap();
    let dollr = world.client().journal_with(Arc::new(journal.clone())).build().unwrap();
    (dollr, journal)
}

async fn client(url: &str) -> Client {
    let (client, connection) = connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn a_payment_is_made_if_and_only_if_the_transaction_that_recorded_it_commits() {
    let Some(server) = TestPostgres::shared() else { return };
    let (world, url) = (World::start().await, server.database());
    let (worker, _) = process(&world, &url).await;
    let (service, journal) = process(&world, &url).await;
    let mut client = client(&url).await;
    let order = |name: &str| service.payout(name, AMA, usd("250.00").unwrap());
    let transaction = client.transaction().await.unwrap();
    order("salary/rolled-back").enqueue_in(&journal, &transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    let transaction = client.transaction().await.unwrap();
    assert_eq!(order("salary/ama").enqueue_in(&journal, &transaction).await.unwrap(), Enqueued::Recorded);
    assert_eq!(worker.resume().await.unwrap(), 0, "it has not committed");
    transaction.commit().await.unwrap();
    // The same again, in another transaction, is the same payment.
    let transaction = client.transaction().await.unwrap();
    assert_eq!(order("salary/ama").enqueue_in(&journal, &transaction).await.unwrap(), Enqueued::Known);
    transaction.commit().await.unwrap();
    assert_eq!(worker.resume().await.unwrap(), 1);
    worker.idle().await;
    completed(&worker.find("salary/ama").await.unwrap().unwrap()).await;
    assert!(worker.find("salary/rolled-back").await.unwrap().is_none());
    assert_eq!(world.movements(), 1);
}

/// By the SQL function alone, as a driver of any language would.
#[tokio::test]
async fn what_any_driver_records_by_the_function_is_paid() {
    let Some(server) = TestPostgres::shared() else { return };
    let (world, url) = (World::start().await, server.database());
    let (worker, _) = process(&world, &url).await;
    worker.resume().await.unwrap();
    let intent = worker.payout("salary/ama", AMA, usd("250.00").unwrap()).intent().unwrap();
    let digest: String = intent.digest().iter().map(|byte| format!("{byte:02x}")).collect();
    let database = url.rsplit('/').next().unwrap();
    let said = server.sql(
        database,
        &format!(
            "SELECT payonce.enqueue('default', '{}', '{}', '{}', '{}', '{}', '{}', '\\x{digest}', 1795000000000)",
            intent.rail,
            intent.operation,
            intent.name,
            intent.reference_id,
            intent.contents,
            serde_json::to_string(&intent.expect).unwrap(),
        ),
    );
    assert_eq!(said, "recorded");
    assert_eq!(worker.resume().await.unwrap(), 1);
    completed(&worker.find("salary/ama").await.unwrap().unwrap()).await;
    assert_eq!(world.movements(), 1);
}

/// In a transaction of `sqlx`, by the statement that the guide shows.
#[tokio::test]
async fn what_a_transaction_of_sqlx_records_is_paid_if_and_only_if_it_commits() {
    let Some(server) = TestPostgres::shared() else { return };
    let (world, url) = (World::start().await, server.database());
    let (worker, _) = process(&world, &url).await;
    worker.resume().await.unwrap();
    let mut shop = PgConnection::connect(&url).await.unwrap();
    for (name, commits) in [("salary/kofi", false), ("salary/ama", true), ("salary/ama", true)] {
        let intent = worker.payout(name, AMA, usd("250.00").unwrap()).intent().unwrap();
        let mut transaction = shop.begin().await.unwrap();
        let said: String = query_scalar("SELECT payonce.enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9)")
            .bind("default")
            .bind(&intent.rail)
            .bind(intent.operation.as_str())
            .bind(intent.name.as_str())
            .bind(intent.reference_id.as_uuid())
            .bind(&intent.contents)
            .bind(serde_json::to_string(&intent.expect).unwrap())
            .bind(&intent.digest()[..])
            .bind(Utc::now().timestamp_millis())
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_ne!(said, "taken");
        if commits { transaction.commit().await.unwrap() } else { transaction.rollback().await.unwrap() }
    }
    assert_eq!(worker.resume().await.unwrap(), 1);
    completed(&worker.find("salary/ama").await.unwrap().unwrap()).await;
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn processes_that_send_the_same_names_at_once_pay_each_once() {
    let Some(server) = TestPostgres::shared() else { return };
    let (world, url) = (World::start().await, server.database());
    let (here, _) = process(&world, &url).await;
    let (there, _) = process(&world, &url).await;
    let sending: Vec<_> = (0..20)
        .map(|n| {
            let dollr = if n % 2 == 0 { here.clone() } else { there.clone() };
            tokio::spawn(async move {
                let order = dollr.payout(format!("salary/{}", n / 2), AMA, usd("10.00").unwrap());
                completed(&order.send().await.unwrap()).await;
            })
        })
        .collect();
    for sent in sending {
        sent.await.unwrap();
    }
    assert_eq!(world.movements(), 10);
}
