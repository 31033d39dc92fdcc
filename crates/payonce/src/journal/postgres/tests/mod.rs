//! What only this back end must do, each in a file of its own, and what these tests share.

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

mod archive;
mod enqueue;
mod leases;
mod pace;
mod server;
mod tables;

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
