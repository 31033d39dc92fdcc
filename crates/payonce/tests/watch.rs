//! Watching a payment and nudging the engine: what is told, to how many, and what it costs the provider.
//!
//! Time passes only when everybody waits (`start_paused`), and a status read that the script does not have is a failure
//! of the test, so that no watcher can ask on its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payonce::journal::MemoryJournal;
use payonce::rail::{LookUp, Order, Preparation, Prepared, Report, Setback, Submission, Then};
use payonce::step::Expect;
use payonce::{
    BoxFuture, Clock, Currency, Engine, Error, ErrorKind, Failure, Money, Name, Namespace, Operation, Pace,
    Payment, Rail, Receipt, ReferenceId, Secret, Settings, Status, Timestamp, Watch,
};
use tokio::time::Instant;

/// The runtime's clock as a wall clock.
#[derive(Debug)]
struct Runtime(Instant);

impl Clock for Runtime {
    fn now(&self) -> Timestamp {
        Timestamp::from_timestamp(1_795_000_000, 0).unwrap() + self.0.elapsed()
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A provider that takes every payment and answers status reads by the script.
#[derive(Clone, Debug, Default)]
struct Provider(Arc<Mutex<VecDeque<LookUp>>>);

impl Provider {
    fn says(self, report: Report) -> Self {
        self.0.lock().unwrap().push_back(LookUp::Found(report));
        self
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Rail for Provider {
    fn name(&self) -> &'static str {
        "script"
    }
    async fn prepare(&self, _: &Order) -> Preparation {
        let expires_at = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        Preparation::Ready(Prepared { body: "{}".to_owned(), expires_at, provider_at: None })
    }
    async fn submit(&self, _: &Order, _: &str) -> Submission {
        Submission::Accepted(PENDING)
    }
    async fn look_up(&self, _: &Order) -> LookUp {
        self.0.lock().unwrap().pop_front().expect("a status read that nobody should have made")
    }
}

const PENDING: Report = Report::Pending { action: None };

fn asks(secret: &str) -> Report {
    Report::Pending { action: Some(Secret::new(secret)) }
}

fn money() -> Money {
    Money::new("250.00", Currency::USD).unwrap()
}

fn completed() -> Report {
    let reference_id = ReferenceId::from(uuid::Uuid::from_u128(7));
    Report::Completed(Receipt {
        reference_id,
        payer_amount: money(),
        payee_amount: money(),
        provider_transaction_id: None,
    })
}

fn declined() -> Report {
    Report::Failed(Failure { reason: "declined".to_owned(), recorded: true })
}

fn engine(provider: &Provider, journal: MemoryJournal, pace: Pace) -> Engine<Provider> {
    let settings = Settings { pace, clock: Arc::new(Runtime(Instant::now())), ..Settings::default() };
    Engine::new(provider.clone(), Arc::new(journal), Namespace::new("merchant-42").unwrap(), settings)
}

fn name() -> Name {
    Name::new("salary/2026-11/ama").unwrap()
}

async fn sent(engine: &Engine<Provider>) -> Payment<Provider> {
    let operation = Operation::new("payout").unwrap();
    engine.send(operation, name(), "{}".to_owned(), Expect::Amount(money())).await.unwrap()
}

async fn all(mut states: Watch<Provider>) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(state) = states.next().await {
        seen.push(match state {
            Ok(state) => state.to_string(),
            Err(error) => format!("error: {}", error.message()),
        });
    }
    assert!(states.next().await.is_none(), "a stream that has ended stays so");
    seen
}

const DONE: &str = "completed: 250.00 USD charged, 250.00 USD received";
const ASKED: &str = "the customer must authorise it";

#[tokio::test(start_paused = true)]
async fn a_watcher_sees_the_present_state_then_each_change_and_then_no_more() {
    let provider = Provider::default().says(PENDING).says(asks("one")).says(asks("one")).says(asks("two"));
    let provider = provider.says(completed());
    let payment = sent(&engine(&provider, MemoryJournal::new(), Pace::default())).await;
    assert_eq!(all(payment.watch()).await, ["pending", ASKED, ASKED, DONE]);
    assert_eq!(provider.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn several_watchers_see_the_same_and_one_that_is_dropped_changes_nothing() {
    let provider = Provider::default().says(PENDING).says(declined());
    let payment = sent(&engine(&provider, MemoryJournal::new(), Pace::default())).await;
    let mut dropped = payment.watch();
    assert!(matches!(dropped.next().await.unwrap().unwrap(), Status::Pending));
    drop(dropped);
    let (one, other) = tokio::join!(all(payment.watch()), all(payment.clone().watch()));
    assert_eq!(
        (one.as_slice(), other),
        (["pending", "failed: declined"].map(str::to_owned).as_slice(), one.clone())
    );
    assert_eq!(provider.left(), 0, "two watchers asked as often as none");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_stops_is_an_error_and_the_last_item() {
    let provider = Provider::default().says(PENDING);
    let error = Error::new(ErrorKind::Forbidden, "a person must act");
    provider.0.lock().unwrap().push_back(LookUp::Setback(Setback { error, then: Then::Stop }));
    let payment = sent(&engine(&provider, MemoryJournal::new(), Pace::default())).await;
    assert_eq!(all(payment.watch()).await, ["pending", "error: a person must act"]);
    // Whoever watches again has it driven again.
    provider.0.lock().unwrap().push_back(LookUp::Found(completed()));
    assert_eq!(all(payment.watch()).await, ["pending", DONE]);
}

#[tokio::test(start_paused = true)]
async fn a_found_payment_is_driven_while_it_is_watched() {
    let journal = MemoryJournal::new();
    let stuck = Provider::default();
    let error = Error::new(ErrorKind::Forbidden, "a person must act");
    stuck.0.lock().unwrap().push_back(LookUp::Setback(Setback { error, then: Then::Stop }));
    let first = engine(&stuck, journal.another(), Pace::default());
    sent(&first).await.settled().await.unwrap_err();
    let provider = Provider::default().says(PENDING).says(completed());
    let second = engine(&provider, journal.another(), Pace::default());
    let found = second.find(&name()).await.unwrap().unwrap();
    assert_eq!(all(found.watch()).await, ["pending", DONE]);
    assert_eq!(provider.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_payment_that_has_ended_is_one_item_and_nobody_is_asked() {
    let journal = MemoryJournal::new();
    let provider = Provider::default().says(completed());
    let engine = engine(&provider, journal, Pace::default());
    sent(&engine).await.settled().await.unwrap();
    let found = engine.find(&name()).await.unwrap().unwrap();
    assert_eq!(all(found.watch()).await, [DONE]);
}

/// Nobody would ask for an hour.
fn slow() -> Pace {
    let hour = Duration::from_secs(3600);
    Pace { first_poll: (hour, hour), slowest_poll: hour, ..Pace::default() }
}

#[tokio::test(start_paused = true)]
async fn a_nudge_has_the_status_read_soon_and_the_status_read_decides() {
    let provider = Provider::default().says(PENDING).says(completed());
    let engine = engine(&provider, MemoryJournal::new(), slow());
    let payment = sent(&engine).await;
    let began = Instant::now();
    for expected in [1, 0] {
        assert!(engine.nudge(payment.reference_id()).await.unwrap());
        while provider.left() > expected {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    payment.settled().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(!engine.nudge(payment.reference_id()).await.unwrap(), "it is driven no more");
}

#[tokio::test(start_paused = true)]
async fn a_nudge_finds_a_later_attempt_by_its_own_key() {
    let provider = Provider::default().says(declined());
    let engine = engine(&provider, MemoryJournal::new(), slow());
    let first = sent(&engine).await;
    first.settled().await.unwrap();
    let again = first.again().await.unwrap();
    assert_ne!(again.reference_id(), first.reference_id());
    let provider = provider.says(completed());
    let began = Instant::now();
    assert!(engine.nudge(again.reference_id()).await.unwrap());
    assert_eq!(all(first.watch()).await, ["pending", DONE], "the name's present attempt is watched");
    assert!(began.elapsed() < Duration::from_secs(10) && provider.left() == 0);
}
