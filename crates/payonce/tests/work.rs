//! A worker: what it takes up, what it keeps, and what it gives back. Time passes only when everybody waits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payonce::journal::{Filter, Intent, Journal, MemoryJournal};
use payonce::rail::{LookUp, Order, Preparation, Prepared, Report, Setback, Submission, Then};
use payonce::step::Expect;
use payonce::{
    BoxFuture, Clock, Currency, Engine, Error, ErrorKind, Limits, Money, Name, Namespace, Operation, Rail,
    Receipt, ReferenceId, Settings, Timestamp,
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

/// A provider that answers sends by the script, and then by taking every payment; it never ends one that it has taken.
#[derive(Clone, Debug, Default)]
struct Provider(Arc<Mutex<VecDeque<Submission>>>);

impl Rail for Provider {
    fn name(&self) -> &'static str {
        "script"
    }
    async fn prepare(&self, _: &Order) -> Preparation {
        let expires_at = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
        Preparation::Ready(Prepared { body: "{}".to_owned(), expires_at, provider_at: None })
    }
    async fn submit(&self, _: &Order, _: &str) -> Submission {
        self.0.lock().unwrap().pop_front().unwrap_or(Submission::Accepted(Report::Pending { action: None }))
    }
    async fn look_up(&self, _: &Order) -> LookUp {
        LookUp::Found(Report::Pending { action: None })
    }
}

fn money() -> Money {
    Money::new("250.00", Currency::USD).unwrap()
}

fn completed() -> Submission {
    Submission::Accepted(Report::Completed(Receipt {
        reference_id: ReferenceId::from(uuid::Uuid::from_u128(7)),
        payer_amount: money(),
        payee_amount: money(),
        provider_transaction_id: None,
    }))
}

fn stops(kind: ErrorKind) -> Submission {
    Submission::NotSent(Setback { error: Error::new(kind, "no"), then: Then::Stop })
}

/// A journal with so many payments that nobody drives.
async fn free(payments: usize) -> MemoryJournal {
    let journal = MemoryJournal::new();
    for n in 0..payments {
        let (operation, name) = (Operation::new("payout").unwrap(), Name::new(format!("pay/{n}")).unwrap());
        let namespace = Namespace::new("merchant-42").unwrap();
        let reference_id = ReferenceId::derive(&namespace, &operation, &name, 1);
        let (rail, contents, expect) = ("script".to_owned(), "{}".to_owned(), Expect::Amount(money()));
        let intent = Intent { rail, operation, name, reference_id, contents, expect };
        let at = Timestamp::from_timestamp(1_795_000_000, 0).unwrap();
        let (_, lease) = journal.intend(intent, at).await.unwrap();
        journal.release(lease.unwrap()).await.unwrap();
    }
    journal
}

/// A worker on another handle of the journal, as another process has it.
fn worker(
    journal: &MemoryJournal,
    answers: impl IntoIterator<Item = Submission>,
    limits: Limits,
) -> Engine<Provider> {
    let provider = Provider(Arc::new(Mutex::new(answers.into_iter().collect())));
    let settings = Settings { clock: Arc::new(Runtime(Instant::now())), ..Settings::default() };
    let namespace = Namespace::new("merchant-42").unwrap();
    let engine = Engine::new(provider, Arc::new(journal.another()), namespace, settings);
    let working = engine.clone();
    tokio::spawn(async move { working.work(limits).await.unwrap() });
    engine
}

async fn unfinished(journal: &MemoryJournal) -> usize {
    let filter = Filter { unfinished: true, limit: 1000, ..Filter::default() };
    journal.list("script", filter).await.unwrap().len()
}

async fn seconds(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_given_back_when_a_worker_is_told_to_stop() {
    let journal = free(100).await;
    let engine = worker(&journal, (0..10).map(|_| completed()), Limits::default());
    seconds(30).await;
    assert_eq!((unfinished(&journal).await, engine.vitals().in_hand), (90, 90));
    assert_eq!(engine.vitals().lease_left, None, "its lease lasts as long as it does");
    assert!(journal.claim_free("script", 200).await.unwrap().is_empty(), "the worker has them");
    assert!(engine.stop_within(Duration::from_secs(5)).await);
    assert_eq!(journal.claim_free("script", 200).await.unwrap().len(), 90);
    assert!(engine.vitals().stopping && engine.vitals().in_hand == 0);
}

/// Another worker may have credentials that are accepted.
#[tokio::test(start_paused = true)]
async fn a_worker_that_may_not_use_the_provider_lets_go_and_takes_nothing_for_a_minute() {
    let journal = free(1).await;
    let engine = worker(&journal, [stops(ErrorKind::Forbidden), completed()], Limits::default());
    seconds(50).await;
    assert_eq!(engine.vitals().in_hand, 0);
    let taken = journal.claim_free("script", 9).await.unwrap();
    assert_eq!(taken.len(), 1, "it is free for others");
    journal.release(taken[0].0).await.unwrap();
    seconds(15).await;
    assert_eq!(unfinished(&journal).await, 0, "and this one tries again");
}

/// Let go of, it would be taken up again at once, by this worker or another, and again.
#[tokio::test(start_paused = true)]
async fn a_payment_that_the_engine_stops_with_is_kept_and_tried_again_later() {
    let journal = free(1).await;
    let engine = worker(
        &journal,
        [stops(ErrorKind::Unreadable), stops(ErrorKind::Unreadable), completed()],
        Limits::default(),
    );
    while engine.vitals().in_hand == 0 {
        tokio::task::yield_now().await;
    }
    assert!(journal.claim_free("script", 9).await.unwrap().is_empty());
    seconds(10).await;
    assert_eq!((unfinished(&journal).await, engine.vitals().in_hand), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn no_more_are_in_hand_than_the_limit_whatever_waits_for_the_provider() {
    let journal = free(20).await;
    let engine = worker(&journal, [], Limits { hold: 7, ..Limits::default() });
    seconds(60).await;
    assert_eq!(engine.vitals().in_hand, 7);
    assert_eq!(journal.claim_free("script", 50).await.unwrap().len(), 13, "the others are left to others");
}

#[tokio::test(start_paused = true)]
async fn a_worker_alone_keeps_the_rate_by_itself() {
    let journal = free(40).await;
    let per_second = NonZeroU32::new(2);
    let engine = worker(&journal, (0..40).map(|_| completed()), Limits { per_second, ..Limits::default() });
    seconds(10).await;
    let done = 40 - unfinished(&journal).await;
    assert!((15..=21).contains(&done), "{done} within ten seconds");
    seconds(15).await;
    assert_eq!((unfinished(&journal).await, engine.vitals().in_hand), (0, 0));
}
