//! The engine's rules, each with a test that fails when the line that keeps it is taken out.
//!
//! A scripted provider says what it will answer and writes down what it was asked; a clock stands still unless a
//! test moves it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use payonce::drive::{self, Pause, Turn, Work};
use payonce::journal::{
    Claim, Filter, Intent, Journal, Key, Lease, Listed, MemoryJournal, PaymentId, Record, Standing,
};
use payonce::rail::{LookUp, Order, Preparation, Prepared, Refusal, Report, Setback, Submission, Then};
use payonce::step::{Entry, Event, Expect, Outcome, Refused, Terms};
use payonce::{
    BoxFuture, Clock, Currency, Effect, Engine, Error, ErrorKind, Failure, Money, Name, Namespace, Operation,
    Pace, ParkReason, Rail, Receipt, ReferenceId, Settings, Settlement, Status, Timestamp,
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_795_000_000 + seconds, 0).unwrap()
}

#[derive(Clone, Debug, Default)]
struct StoppedClock(Arc<Mutex<i64>>);

impl StoppedClock {
    fn set(&self, seconds: i64) {
        *self.0.lock().unwrap() = seconds;
    }
}

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        at(*self.0.lock().unwrap())
    }
    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(pending())
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Prepare(ReferenceId),
    Submit(ReferenceId, String),
    LookUp(ReferenceId),
}

#[derive(Debug, Default)]
struct Lines {
    terms: Terms,
    preparations: VecDeque<Preparation>,
    submissions: VecDeque<Option<Submission>>,
    look_ups: VecDeque<LookUp>,
    /// The next look-up takes until then.
    slow: Option<(StoppedClock, i64)>,
    calls: Vec<Call>,
}

/// A provider that answers by the script. A call that is not in it is a failure of the test.
#[derive(Clone, Debug, Default)]
struct Script(Arc<Mutex<Lines>>);

impl Script {
    fn prepares(self, session: &str, expires_at: i64) -> Self {
        let prepared = Prepared { body: session.to_owned(), expires_at: at(expires_at), provider_at: None };
        self.0.lock().unwrap().preparations.push_back(Preparation::Ready(prepared));
        self
    }
    fn refuses_to_prepare(self) -> Self {
        self.0.lock().unwrap().preparations.push_back(Preparation::Refused(refusal()));
        self
    }
    fn answers(self, submission: Submission) -> Self {
        self.0.lock().unwrap().submissions.push_back(Some(submission));
        self
    }
    fn hangs(self) -> Self {
        self.0.lock().unwrap().submissions.push_back(None);
        self
    }
    fn finds(self, look_up: LookUp) -> Self {
        self.0.lock().unwrap().look_ups.push_back(look_up);
        self
    }
    /// What was asked since the last time, in words: `prepare`, `submit BODY`, `look up`.
    fn calls(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.0.lock().unwrap().calls);
        let word = |call: &Call| match call {
            Call::Prepare(_) => "prepare".to_owned(),
            Call::Submit(_, body) => format!("submit {body}"),
            Call::LookUp(_) => "look up".to_owned(),
        };
        calls.iter().map(word).collect()
    }
    fn keys(&self) -> Vec<ReferenceId> {
        let key = |call: &Call| match call {
            Call::Prepare(key) | Call::Submit(key, _) | Call::LookUp(key) => *key,
        };
        self.0.lock().unwrap().calls.iter().map(key).collect()
    }
}

impl Rail for Script {
    fn name(&self) -> &'static str {
        "script"
    }
    fn terms(&self) -> Terms {
        self.0.lock().unwrap().terms
    }
    async fn prepare(&self, order: &Order) -> Preparation {
        let mut lines = self.0.lock().unwrap();
        lines.calls.push(Call::Prepare(order.reference_id));
        lines.preparations.pop_front().expect("an unscripted prepare")
    }
    async fn submit(&self, order: &Order, body: &str) -> Submission {
        let answer = {
            let mut lines = self.0.lock().unwrap();
            lines.calls.push(Call::Submit(order.reference_id, body.to_owned()));
            lines.submissions.pop_front()
        };
        match answer.expect("an unscripted submit") {
            Some(answer) => answer,
            None => pending().await,
        }
    }
    async fn look_up(&self, order: &Order) -> LookUp {
        let mut lines = self.0.lock().unwrap();
        lines.calls.push(Call::LookUp(order.reference_id));
        if let Some((clock, seconds)) = lines.slow.take() {
            clock.set(seconds);
        }
        lines.look_ups.pop_front().expect("an unscripted look-up")
    }
}

fn money(amount: &str) -> Money {
    Money::new(amount, Currency::USD).unwrap()
}

fn key(attempt: u32) -> ReferenceId {
    let (operation, name) = (Operation::new("payout").unwrap(), Name::new("salary/2026-11/ama").unwrap());
    ReferenceId::derive(&Namespace::new("merchant-42").unwrap(), &operation, &name, attempt)
}

fn intent() -> Intent {
    Intent {
        rail: "script".to_owned(),
        operation: Operation::new("payout").unwrap(),
        name: Name::new("salary/2026-11/ama").unwrap(),
        reference_id: key(1),
        contents: "{}".to_owned(),
        expect: Expect::Amount(money("250.00")),
    }
}

fn receipt(payer: Money, payee: Money) -> Receipt {
    Receipt { reference_id: key(1), payer_amount: payer, payee_amount: payee, provider_transaction_id: None }
}

fn completed() -> Report {
    Report::Completed(receipt(money("255.00"), money("250.00")))
}

fn declined() -> Report {
    Report::Failed(Failure { reason: "declined".to_owned(), recorded: true })
}

fn refusal() -> Refusal {
    Refusal { reason: "account is not active".to_owned(), provider_at: None }
}

fn setback(then: Then) -> Setback {
    Setback { error: Error::new(ErrorKind::Interrupted, "the connection broke"), then }
}

fn unknown() -> Submission {
    Submission::Unknown(setback(Then::Retry))
}

const PENDING: Report = Report::Pending { action: None };

/// A payment under the eyes of a test: each `turn` is one wake-up of the engine in a fresh process.
struct Bench {
    script: Script,
    journal: MemoryJournal,
    clock: StoppedClock,
}

impl Bench {
    fn new(script: Script) -> Self {
        Self { script, journal: MemoryJournal::new(), clock: StoppedClock::default() }
    }

    async fn turn(&self) -> Result<Turn, Error> {
        let (record, _) = self.journal.intend(intent(), self.clock.now()).await?;
        let (lease, record) = match self.journal.claim(record.id).await? {
            Claim::Ours(lease, record) => (lease, record),
            Claim::Ended(record) => return Ok(Turn::Ended(record.state()?.outcome().cloned().unwrap())),
            Claim::Elsewhere => panic!("there is only one process"),
        };
        let mut work = Work::new(lease, &record)?;
        drive::advance(&self.script, &self.journal, &self.clock, &mut work).await
    }

    async fn pause(&self) -> Pause {
        match self.turn().await.unwrap() {
            Turn::Pause(pause) => pause,
            Turn::Ended(outcome) => panic!("ended: {outcome:?}"),
        }
    }

    async fn end(&self) -> Outcome {
        match self.turn().await.unwrap() {
            Turn::Ended(outcome) => outcome,
            Turn::Pause(pause) => panic!("rests: {pause:?}"),
        }
    }

    async fn events(&self) -> Vec<Event> {
        let found = self.journal.find("script", Key::Name(intent().name)).await.unwrap().unwrap();
        found.entries.into_iter().map(|entry| entry.event).collect()
    }
}

fn failed(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Failed(failure) => &failure.reason,
        outcome => panic!("{outcome:?}"),
    }
}

mod rule_1_journal_first {
    use super::*;

    /// A journal in which one kind of access always fails.
    #[derive(Debug)]
    struct Full(MemoryJournal, &'static str);

    impl Full {
        fn fails(&self, access: &str) -> bool {
            self.1 == access
        }
    }

    fn full<T>() -> Result<T, Error> {
        Err(Error::new(ErrorKind::Journal, "the disk of the journal is full"))
    }

    impl Journal for Full {
        fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<(), Error>> {
            if self.fails("bind") { Box::pin(async { full() }) } else { self.0.bind(rail, namespace) }
        }
        fn intend(
            &self,
            intent: Intent,
            at: Timestamp,
        ) -> BoxFuture<'_, Result<(Record, Option<Lease>), Error>> {
            if self.fails("intend") { Box::pin(async { full() }) } else { self.0.intend(intent, at) }
        }
        fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim, Error>> {
            if self.fails("claim") { Box::pin(async { full() }) } else { self.0.claim(id) }
        }
        fn claim_free<'a>(
            &'a self,
            rail: &'a str,
            limit: usize,
        ) -> BoxFuture<'a, Result<Vec<(Lease, Record)>, Error>> {
            self.0.claim_free(rail, limit)
        }
        fn append(
            &self,
            lease: Lease,
            entries: Vec<Entry>,
            standing: Standing,
        ) -> BoxFuture<'_, Result<Lease, Error>> {
            let failing = self.fails("append");
            if failing { Box::pin(async { full() }) } else { self.0.append(lease, entries, standing) }
        }
        fn holds(&self, _: Lease) -> bool {
            !self.fails("holds")
        }
        fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), Error>> {
            self.0.release(lease)
        }
        fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease, Error>> {
            self.0.reopen(record, again)
        }
        fn resolve<'a>(
            &'a self,
            record: &'a Record,
            resolved: Entry,
            standing: Standing,
        ) -> BoxFuture<'a, Result<(), Error>> {
            self.0.resolve(record, resolved, standing)
        }
        fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
            if self.fails("find") { Box::pin(async { full() }) } else { self.0.find(rail, key) }
        }
        fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>, Error>> {
            self.0.list(rail, filter)
        }
    }

    /// Only a lease with an end can run out, and whoever took the payment over may have sent it.
    #[tokio::test]
    async fn a_lease_that_may_have_run_out_sends_nothing() {
        let script = Script::default().prepares("s1", 900);
        let (journal, clock) = (Full(MemoryJournal::new(), "holds"), StoppedClock::default());
        let (record, lease) = journal.intend(intent(), clock.now()).await.unwrap();
        let mut work = Work::new(lease.unwrap(), &record).unwrap();
        let turn = drive::advance(&script, &journal, &clock, &mut work).await.unwrap();
        assert!(matches!(turn, Turn::Pause(Pause::Retry)), "{turn:?}");
        assert_eq!(script.calls(), ["prepare"]);
        let record = journal.find("script", Key::Name(intent().name)).await.unwrap().unwrap();
        assert!(matches!(record.entries.last().unwrap().event, Event::NotSent { .. }), "{record:?}");
        assert!(!record.state().unwrap().in_doubt());
    }

    #[tokio::test]
    async fn a_new_payment_is_made_without_being_read_back_from_the_journal() {
        let accepted = Submission::Accepted(Report::Pending { action: None });
        let script = Script::default().prepares("s1", 900).answers(accepted);
        let namespace = Namespace::new("merchant-42").unwrap();
        let journal = Arc::new(Full(MemoryJournal::new(), "find"));
        let engine = Engine::new(script.clone(), journal, namespace, Settings::default());
        let Intent { operation, name, contents, expect, .. } = intent();
        engine.send(operation, name, contents, expect).await.unwrap();
        assert_eq!(script.calls(), ["prepare", "submit s1"]);
    }

    #[tokio::test]
    async fn a_failed_journal_write_stops_the_payment_before_the_wire() {
        let script = Script::default().prepares("s1", 900);
        let settings = Settings::default();
        let namespace = Namespace::new("merchant-42").unwrap();
        let journal = Arc::new(Full(MemoryJournal::new(), "append"));
        let engine = Engine::new(script.clone(), journal, namespace, settings);
        let Intent { operation, name, contents, expect, .. } = intent();
        let error = engine.send(operation, name, contents, expect).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::None));
        assert_eq!(script.calls(), ["prepare"]);
    }

    #[tokio::test]
    async fn of_a_payment_that_cannot_be_taken_up_nobody_says_that_no_money_moved() {
        let bench = Bench::new(Script::default().prepares("s1", 900).hangs());
        assert!(tokio::time::timeout(Duration::ZERO, bench.turn()).await.is_err());
        for access in ["bind", "intend", "claim"] {
            let error = refused(&bench.script, &bench.journal, access).await;
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::Unknown), "{access}");
        }
    }

    #[tokio::test]
    async fn of_a_new_payment_that_cannot_be_recorded_it_is_known_that_no_money_moved() {
        for access in ["bind", "intend"] {
            let error = refused(&Script::default(), &MemoryJournal::new(), access).await;
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Journal, Effect::None), "{access}");
        }
    }

    /// Why a process whose journal fails at that did not make the payment.
    async fn refused(script: &Script, journal: &MemoryJournal, access: &'static str) -> Error {
        let journal = Arc::new(Full(journal.another(), access));
        let namespace = Namespace::new("merchant-42").unwrap();
        let engine = Engine::new(script.clone(), journal, namespace, Settings::default());
        let Intent { operation, name, contents, expect, .. } = intent();
        engine.send(operation, name, contents, expect).await.unwrap_err()
    }

    #[tokio::test]
    async fn body_and_intention_are_in_the_journal_while_the_request_is_on_the_wire() {
        let bench = Bench::new(Script::default().prepares("s1", 900).hangs());
        let hung = tokio::time::timeout(Duration::ZERO, bench.turn()).await;
        assert!(hung.is_err());
        let events = bench.events().await;
        assert!(
            matches!(&events[..], [Event::Prepared { body, .. }, Event::Sending] if body == "s1"),
            "{events:?}"
        );
    }
}

#[tokio::test]
async fn rule_2_one_attempt_keeps_its_key_and_a_session_keeps_its_body() {
    let script = Script::default()
        .prepares("s1", 900)
        .answers(unknown())
        .finds(LookUp::NotFound(None))
        .answers(unknown())
        .finds(LookUp::NotFound(None))
        .finds(LookUp::NotFound(None))
        .prepares("s2", 2000)
        .answers(Submission::Accepted(completed()));
    let bench = Bench::new(script);
    bench.pause().await;
    bench.pause().await;
    bench.clock.set(900 + 120);
    bench.end().await;
    let keys = bench.script.keys();
    assert!(keys.iter().all(|used| *used == key(1)), "{keys:?}");
    let calls = bench.script.calls();
    assert_eq!(
        calls,
        ["prepare", "submit s1", "look up", "submit s1", "look up", "look up", "prepare", "submit s2"]
    );
}

#[tokio::test]
async fn rule_3_after_an_ambiguous_send_it_looks_before_it_sends() {
    let script = Script::default().prepares("s1", 900).answers(unknown()).finds(LookUp::Found(completed()));
    let bench = Bench::new(script);
    assert!(matches!(bench.end().await, Outcome::Completed(_)));
    assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up"]);
}

#[tokio::test]
async fn rule_3_a_look_up_without_an_answer_is_no_licence_to_send() {
    let mut script = Script::default().prepares("s1", 900).answers(unknown());
    for _ in 0..3 {
        script = script.finds(LookUp::Setback(setback(Then::Retry)));
    }
    let bench = Bench::new(script);
    for _ in 0..3 {
        assert_eq!(bench.pause().await, Pause::Retry);
    }
    assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up", "look up"]);
}

mod rule_4_the_fence {
    use super::*;

    #[tokio::test]
    async fn while_the_session_lives_only_the_same_session_is_sent() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(unknown())
            .finds(LookUp::NotFound(None))
            .answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        assert_eq!(bench.pause().await, Pause::Retry);
        bench.clock.set(899);
        bench.end().await;
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "submit s1"]);
    }

    #[tokio::test]
    async fn between_expiry_and_margin_nothing_is_sent() {
        let script = Script::default().prepares("s1", 900).answers(unknown()).finds(LookUp::NotFound(None));
        let bench = Bench::new(script);
        bench.pause().await;
        for second in [900, 1019] {
            bench.clock.set(second);
            assert_eq!(bench.pause().await, Pause::Until(at(1020)));
        }
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up"]);
    }

    #[tokio::test]
    async fn behind_the_fence_it_takes_a_fresh_look_to_open_another_session() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(unknown())
            .finds(LookUp::NotFound(None))
            .finds(LookUp::Found(completed()));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(1020);
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up"]);
    }

    #[tokio::test]
    async fn by_the_providers_clock_too_the_same_session_goes_again_until_it_expires_and_not_later() {
        for (there, sent) in [(1, 2), (899, 2), (900, 1), (901, 1)] {
            let script = Script::default();
            script.0.lock().unwrap().preparations.push_back(Preparation::Ready(Prepared {
                body: "s1".to_owned(),
                expires_at: at(900),
                provider_at: Some(at(0)),
            }));
            let script = script
                .answers(unknown())
                .finds(LookUp::NotFound(Some(at(there))))
                .answers(Submission::Accepted(completed()));
            let bench = Bench::new(script);
            bench.pause().await;
            bench.clock.set(10);
            let ended = matches!(bench.turn().await.unwrap(), Turn::Ended(Outcome::Completed(_)));
            let calls = bench.script.calls();
            let submitted = calls.iter().filter(|call| *call == "submit s1").count();
            assert_eq!((submitted, ended), (sent, sent == 2), "told at {there}: {calls:?}");
        }
    }

    #[tokio::test]
    async fn a_clock_that_jumps_ahead_does_not_open_it() {
        let script = Script::default();
        script.0.lock().unwrap().preparations.push_back(Preparation::Ready(Prepared {
            body: "s1".to_owned(),
            expires_at: at(900),
            provider_at: Some(at(0)),
        }));
        let script = script
            .answers(unknown())
            .finds(LookUp::NotFound(Some(at(1))))
            .finds(LookUp::NotFound(Some(at(2))));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(3600);
        assert_eq!(bench.pause().await, Pause::Retry);
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up"]);
    }

    #[tokio::test]
    async fn a_refused_session_waits_for_it_too_and_never_ends_the_payment() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Refused(Refused::Session, refusal()))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::NotFound(None))
            .prepares("s2", 2000)
            .answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        assert_eq!(bench.pause().await, Pause::Until(at(1020)));
        bench.clock.set(1020);
        bench.end().await;
        assert_eq!(
            bench.script.calls(),
            ["prepare", "submit s1", "look up", "look up", "prepare", "submit s2"]
        );
    }

    #[tokio::test]
    async fn sessions_are_not_used_up_without_end() {
        let mut script = Script::default();
        for n in 0..10 {
            script = script
                .prepares(&format!("s{n}"), 900 + n * 2000)
                .answers(Submission::Refused(Refused::Session, refusal()))
                .finds(LookUp::NotFound(None))
                .finds(LookUp::NotFound(None));
        }
        let bench = Bench::new(script);
        for n in 0..10 {
            bench.pause().await;
            bench.clock.set(1020 + n * 2000);
        }
        assert_eq!(bench.end().await, Outcome::Parked(ParkReason::SessionsUsedUp));
    }
}

#[tokio::test]
async fn rule_5_after_pending_not_found_is_a_stale_replica() {
    let script = Script::default()
        .prepares("s1", 900)
        .answers(Submission::Accepted(PENDING))
        .finds(LookUp::NotFound(None))
        .finds(LookUp::NotFound(None))
        .finds(LookUp::Found(completed()));
    let bench = Bench::new(script);
    assert_eq!(bench.pause().await, Pause::Poll);
    assert_eq!(bench.pause().await, Pause::Poll);
    bench.clock.set(5000);
    assert_eq!(bench.pause().await, Pause::Poll);
    assert!(matches!(bench.end().await, Outcome::Completed(_)));
    assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up", "look up"]);
}

#[tokio::test]
async fn rule_5_a_key_the_provider_knows_is_never_sent_again() {
    let script = Script::default()
        .prepares("s1", 900)
        .answers(Submission::Known)
        .finds(LookUp::NotFound(None))
        .finds(LookUp::Found(completed()));
    let bench = Bench::new(script);
    assert_eq!(bench.pause().await, Pause::Poll);
    assert!(matches!(bench.end().await, Outcome::Completed(_)));
    assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up"]);
}

mod rule_6_refusals {
    use super::*;

    #[tokio::test]
    async fn a_refusal_is_believed_only_after_a_look_up_that_is_not_stale() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::NotFound(None));
        let bench = Bench::new(script);
        assert_eq!(bench.pause().await, Pause::Until(at(11)));
        bench.clock.set(11);
        assert_eq!(failed(&bench.end().await), "account is not active");
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up"]);
    }

    /// The dates of replies are cut to the second: refused at 0.9 and asked at 10.1 is not yet ten seconds later.
    #[tokio::test]
    async fn a_look_up_that_is_dated_just_so_late_may_be_stale() {
        let refusal = Refusal { provider_at: Some(at(0)), ..refusal() };
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Refused(Refused::Payment, refusal))
            .finds(LookUp::NotFound(Some(at(0))))
            .finds(LookUp::NotFound(Some(at(10))))
            .finds(LookUp::NotFound(Some(at(11))));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(100);
        assert_eq!(bench.pause().await, Pause::Retry);
        failed(&bench.end().await);
    }

    /// An answer that was long on its way, or long unread, is as old as the question.
    #[tokio::test]
    async fn a_look_up_is_as_old_as_its_question() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::Found(completed()));
        let bench = Bench::new(script);
        bench.script.0.lock().unwrap().slow = Some((bench.clock.clone(), 60));
        bench.pause().await;
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up", "look up"]);
    }

    #[tokio::test]
    async fn a_refusal_of_a_repeat_does_not_hide_the_success() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(unknown())
            .finds(LookUp::NotFound(None))
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(LookUp::Found(completed()));
        let bench = Bench::new(script);
        bench.pause().await;
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
    }

    #[tokio::test]
    async fn a_payment_sent_twice_is_called_failed_only_behind_the_fence() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(unknown())
            .finds(LookUp::NotFound(None))
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::NotFound(None));
        let bench = Bench::new(script);
        bench.pause().await;
        assert_eq!(bench.pause().await, Pause::Until(at(1020)));
        bench.clock.set(1019);
        assert_eq!(bench.pause().await, Pause::Until(at(1020)));
        bench.clock.set(1020);
        failed(&bench.end().await);
    }

    #[tokio::test]
    async fn a_send_that_was_turned_away_does_not_count_as_sent() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::NotSent(setback(Then::Retry)))
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(LookUp::NotFound(None));
        let bench = Bench::new(script);
        assert_eq!(bench.pause().await, Pause::Retry);
        assert_eq!(bench.pause().await, Pause::Until(at(11)));
    }

    #[tokio::test]
    async fn a_refusal_to_open_a_session_is_checked_against_the_providers_record() {
        // The journal was lost: this payment has been made, and the provider will not open a second session.
        let script = Script::default().refuses_to_prepare().finds(LookUp::Found(completed()));
        let bench = Bench::new(script);
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(bench.script.calls(), ["prepare", "look up"]);
    }
}

mod rule_7_amounts {
    use super::*;

    async fn settle(payer: Money, payee: Money) -> Outcome {
        let report = Report::Completed(receipt(payer, payee));
        Bench::new(Script::default().prepares("s1", 900).answers(Submission::Accepted(report))).end().await
    }

    #[tokio::test]
    async fn another_amount_or_currency_parks_with_both_values() {
        let lrd = Money::new("250.00", Currency::LRD).unwrap();
        for (payer, payee) in [(money("25.00"), money("24.00")), (lrd, lrd)] {
            let Outcome::Parked(reason) = settle(payer, payee).await else { panic!("not parked") };
            let words = reason.to_string();
            assert!(words.contains("250.00 USD") && words.contains(&payer.to_string()), "{words}");
        }
    }

    #[tokio::test]
    async fn fees_on_either_side_are_no_difference() {
        for (payer, payee) in [("255.00", "250.00"), ("250.00", "245.00"), ("250", "250.0")] {
            let outcome = settle(money(payer), money(payee)).await;
            assert!(matches!(outcome, Outcome::Completed(_)), "{outcome:?}");
        }
    }
}

#[tokio::test]
async fn rule_7_where_only_the_currency_is_known_it_is_the_payers() {
    let lrd = Money::new("250.00", Currency::LRD).unwrap();
    for (payer, payee, good) in [(lrd, money("1.30"), true), (money("1.30"), lrd, false)] {
        let intent = Intent { expect: Expect::PayerCurrency(Currency::LRD), ..intent() };
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Accepted(Report::Completed(receipt(payer, payee))));
        let journal = MemoryJournal::new();
        let (record, lease) = journal.intend(intent, at(0)).await.unwrap();
        let mut work = Work::new(lease.unwrap(), &record).unwrap();
        let turn = drive::advance(&script, &journal, &StoppedClock::default(), &mut work).await.unwrap();
        let Turn::Ended(outcome) = turn else { panic!("{turn:?}") };
        assert_eq!(matches!(outcome, Outcome::Completed(_)), good, "{outcome:?}");
    }
}

#[tokio::test]
async fn what_the_customer_must_authorise_with_is_shown_and_not_journaled() {
    let action = payonce::Secret::new("pi_1_secret_2");
    let script = Script::default()
        .prepares("s1", FAR)
        .answers(Submission::Accepted(Report::Pending { action: Some(action) }))
        .finds(LookUp::Setback(Setback {
            error: Error::new(ErrorKind::Forbidden, "not verified"),
            then: Then::Stop,
        }));
    let journal = MemoryJournal::new();
    let payment = send(&engine(&script, &journal), "250.00").await.unwrap();
    let Status::NeedsAction { client_secret } = payment.status().await.unwrap() else { panic!("no action") };
    assert_eq!(client_secret.expose(), "pi_1_secret_2");
    assert!(!format!("{journal:?}").contains("pi_1_secret_2"));
}

/// An engine with a pace that wastes no time, on the machine's clock.
fn engine(script: &Script, journal: &MemoryJournal) -> Engine<Script> {
    let soon = Duration::from_millis(1);
    let pace = Pace { first_poll: (soon, soon), slowest_poll: soon, first_retry: soon, slowest_retry: soon };
    let settings = Settings { pace, ..Settings::default() };
    let namespace = Namespace::new("merchant-42").unwrap();
    Engine::new(script.clone(), Arc::new(journal.another()), namespace, settings)
}

async fn send(engine: &Engine<Script>, amount: &str) -> Result<payonce::Payment<Script>, Error> {
    let Intent { operation, name, contents, .. } = intent();
    engine.send(operation, name, contents, Expect::Amount(money(amount))).await
}

/// An expiry that is far away by the machine's clock.
const FAR: i64 = 1_000_000_000;

#[tokio::test]
async fn rule_8_a_name_with_other_contents_is_refused_before_any_request() {
    let script = Script::default().prepares("s1", FAR).answers(Submission::Accepted(completed()));
    let journal = MemoryJournal::new();
    let engine = engine(&script, &journal);
    send(&engine, "250.00").await.unwrap();
    script.calls();
    let error = send(&engine, "251.00").await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NameTaken, Effect::None));
    assert!(error.message().contains("250.00 USD"), "{error}");
    let other = Operation::new("transfer").unwrap();
    let Intent { name, contents, expect, .. } = intent();
    let error = engine.send(other, name, contents, expect).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NameTaken);
    assert!(script.calls().is_empty());
}

#[tokio::test]
async fn rule_8_the_same_contents_are_the_same_payment() {
    let script = Script::default().prepares("s1", FAR).answers(Submission::Accepted(completed()));
    let engine = engine(&script, &MemoryJournal::new());
    for _ in 0..3 {
        let payment = send(&engine, "250.00").await.unwrap();
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
    }
    assert_eq!(script.calls(), ["prepare", "submit s1"]);
}

mod rule_9_again {
    use super::*;

    #[tokio::test]
    async fn a_failed_payment_stays_failed_until_someone_decides() {
        let script = Script::default().prepares("s1", FAR).answers(Submission::Accepted(declined()));
        let engine = engine(&script, &MemoryJournal::new());
        for _ in 0..3 {
            let payment = send(&engine, "250.00").await.unwrap();
            assert!(matches!(payment.settled().await.unwrap(), Settlement::Failed(_)));
        }
        engine.resume().await.unwrap();
        engine.idle().await;
        assert_eq!(script.calls(), ["prepare", "submit s1"]);
    }

    #[tokio::test]
    async fn a_recorded_failure_is_tried_again_under_the_next_key() {
        let script = Script::default()
            .prepares("s1", FAR)
            .answers(Submission::Accepted(declined()))
            .prepares("s2", FAR)
            .answers(Submission::Accepted(completed()));
        let engine = engine(&script, &MemoryJournal::new());
        let first = send(&engine, "250.00").await.unwrap();
        let second = first.again().await.unwrap();
        assert!(matches!(second.settled().await.unwrap(), Settlement::Completed(_)));
        assert_eq!((first.reference_id(), second.reference_id()), (key(1), key(2)));
        assert_eq!(script.keys(), [key(1), key(1), key(2), key(2)]);
        let found = engine.find_by_reference(key(1)).await.unwrap().unwrap();
        assert_eq!(found.reference_id(), key(2));
    }

    #[tokio::test]
    async fn an_outright_refusal_keeps_the_key_and_waits_for_the_fence() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::NotFound(None))
            .finds(LookUp::NotFound(None))
            .prepares("s2", 3000)
            .answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(11);
        failed(&bench.end().await);
        let record = bench.journal.find("script", Key::Name(intent().name)).await.unwrap().unwrap();
        let again = Event::Again { attempt: 1, reference_id: key(1) };
        let entry = Entry { at: at(11), event: again };
        bench.journal.reopen(&record, entry).await.unwrap();
        bench.clock.set(11);
        assert_eq!(bench.pause().await, Pause::Until(at(1020)));
        bench.clock.set(1020);
        bench.end().await;
        let keys = bench.script.keys();
        assert!(keys.iter().all(|used| *used == key(1)), "{keys:?}");
    }

    #[tokio::test]
    async fn nothing_but_a_failed_payment_is_tried_again() {
        let script = Script::default().prepares("s1", FAR).answers(Submission::Accepted(completed()));
        let engine = engine(&script, &MemoryJournal::new());
        let payment = send(&engine, "250.00").await.unwrap();
        assert_eq!(payment.again().await.unwrap_err().kind(), ErrorKind::NotFailed);
    }
}

mod a_person_decides_on_a_parked_payment {
    use payonce::step::Decision;

    use super::*;

    /// An engine over a journal that holds the payment, parked after these events.
    async fn parked(script: &Script, before: Vec<Event>, reason: ParkReason) -> payonce::Payment<Script> {
        let journal = MemoryJournal::new();
        let (_, lease) = journal.intend(intent(), at(0)).await.unwrap();
        let events = before.into_iter().chain([Event::Parked { reason }]);
        let entries = events.map(|event| Entry { at: at(1), event }).collect();
        journal.append(lease.unwrap(), entries, Standing::Parked).await.unwrap();
        engine(script, &journal).find(&intent().name).await.unwrap().unwrap()
    }

    fn sent() -> Vec<Event> {
        let prepared = Event::Prepared { body: "s1".to_owned(), expires_at: at(900), provider_at: None };
        vec![prepared, Event::Sending, Event::Unknown { reason: "broken".to_owned() }]
    }

    fn by_hand() -> Receipt {
        let id = Some("MP-77".to_owned());
        Receipt { provider_transaction_id: id, ..receipt(money("250.00"), money("250.00")) }
    }

    const NOWHERE: LookUp = LookUp::NotFound(None);

    #[tokio::test]
    async fn paid_is_the_end_and_nothing_is_ever_sent_again() {
        let script = Script::default().finds(NOWHERE);
        let payment = parked(&script, sent(), ParkReason::NoAnswer).await;
        let payment = payment.resolve_as_paid(by_hand(), "ama", "the bank's statement").await.unwrap();
        let Settlement::Completed(receipt) = payment.settled().await.unwrap() else { panic!("not paid") };
        assert_eq!(receipt, by_hand());
        assert_eq!(payment.again().await.unwrap_err().kind(), ErrorKind::NotFailed);
        let last = payment.record().entries.last().unwrap().event.clone();
        let Event::Resolved { decision: Decision::Paid { .. }, by, reason } = last else {
            panic!("{last:?}")
        };
        assert_eq!((by.as_str(), reason.as_str()), ("ama", "the bank's statement"));
        assert_eq!(script.calls(), ["look up"]);
    }

    #[tokio::test]
    async fn not_paid_sends_nothing_before_somebody_tries_again_and_that_keeps_the_key_behind_the_fence() {
        let found = LookUp::Found(completed());
        let script = Script::default().finds(LookUp::Setback(setback(Then::Retry))).finds(found);
        let payment = parked(&script, sent(), ParkReason::NoAnswer).await;
        let payment = payment.resolve_as_not_paid("ama", "support looked").await.unwrap();
        let Settlement::Failed(failure) = payment.settled().await.unwrap() else { panic!("not failed") };
        assert!(!failure.recorded && failure.reason.contains("support looked"), "{failure:?}");
        assert_eq!(script.calls(), ["look up"]);
        // The person was wrong: the look-up that trying again begins with finds the money.
        let again = payment.again().await.unwrap();
        assert_eq!(again.reference_id(), key(1));
        assert!(matches!(again.settled().await.unwrap(), Settlement::Completed(_)));
        assert_eq!(script.calls(), ["look up"]);
    }

    #[tokio::test]
    async fn a_decision_against_the_providers_word_is_refused_and_leaves_the_payment_parked() {
        let pending = || LookUp::Found(PENDING);
        let script = Script::default()
            .finds(LookUp::Found(completed()))
            .finds(pending())
            .finds(LookUp::Found(declined()));
        let payment = parked(&script, sent(), ParkReason::StillPending).await;
        for _ in 0..2 {
            let error = payment.resolve_as_not_paid("ama", "it never came").await.unwrap_err();
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Contradicted, Effect::Unknown));
        }
        let error = payment.resolve_as_paid(by_hand(), "ama", "it came").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contradicted);
        assert!(matches!(payment.status().await.unwrap(), Status::Parked(_)));
        assert_eq!(script.calls(), ["look up", "look up", "look up"]);
    }

    #[tokio::test]
    async fn the_providers_own_receipt_stands_before_a_persons_and_another_id_is_refused() {
        let told = Receipt { provider_transaction_id: Some("MP-78".to_owned()), ..by_hand() };
        let script =
            Script::default().finds(LookUp::Found(Report::Completed(told))).finds(LookUp::Found(completed()));
        let payment = parked(&script, sent(), ParkReason::StillPending).await;
        let error = payment.resolve_as_paid(by_hand(), "ama", "it came").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Contradicted);
        assert!(error.message().contains("MP-78"), "{error}");
        let payment = payment.resolve_as_paid(by_hand(), "ama", "it came").await.unwrap();
        let Settlement::Completed(receipt) = payment.settled().await.unwrap() else { panic!("not paid") };
        assert_eq!(
            (receipt.payer_amount, receipt.provider_transaction_id),
            (money("255.00"), Some("MP-77".to_owned()))
        );
    }

    #[tokio::test]
    async fn a_failure_that_the_provider_recorded_is_tried_again_under_the_next_key() {
        let script = Script::default()
            .finds(LookUp::Found(declined()))
            .prepares("s2", FAR)
            .answers(Submission::Accepted(PENDING));
        let mut before = sent();
        before.push(Event::Pending);
        let payment = parked(&script, before, ParkReason::StillPending).await;
        let payment = payment.resolve_as_not_paid("ama", "declined").await.unwrap();
        assert_eq!(payment.again().await.unwrap().reference_id(), key(2));
    }

    #[tokio::test]
    async fn only_a_parked_payment_can_be_decided_and_only_with_a_name_and_a_reason() {
        let script = Script::default().finds(NOWHERE).finds(NOWHERE).finds(NOWHERE);
        let payment = parked(&script, Vec::new(), ParkReason::NeverTaken).await;
        for (by, reason) in [("", "why"), ("ama", " "), ("ama", "two\nlines")] {
            let error = payment.resolve_as_not_paid(by, reason).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        let first = Script::default().finds(NOWHERE);
        let payment = parked(&first, Vec::new(), ParkReason::NeverTaken).await;
        payment.resolve_as_not_paid("ama", "never left").await.unwrap();
        let error = payment.resolve_as_paid(by_hand(), "kofi", "it did").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotParked);
    }

    /// The provider itself said which money moved.
    #[tokio::test]
    async fn money_that_the_provider_said_it_moved_cannot_be_decided_away() {
        let script = Script::default().finds(NOWHERE);
        let moved = receipt(money("999.00"), money("999.00"));
        let reason = ParkReason::AmountDiffers { intended: Expect::Amount(money("250.00")), receipt: moved };
        let payment = parked(&script, sent(), reason).await;
        let error = payment.resolve_as_not_paid("ama", "it never came").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(matches!(payment.status().await.unwrap(), Status::Parked(_)));
    }

    #[tokio::test]
    async fn a_look_up_reads_and_changes_nothing() {
        let script = Script::default().finds(LookUp::Found(declined())).finds(NOWHERE);
        let payment = parked(&script, sent(), ParkReason::NoAnswer).await;
        assert!(matches!(payment.look_up().await.unwrap(), Some(Report::Failed(_))));
        assert!(payment.look_up().await.unwrap().is_none());
        assert!(matches!(payment.status().await.unwrap(), Status::Parked(ParkReason::NoAnswer)));
    }
}

mod rule_10_a_dropped_future_is_a_crash {
    use super::*;

    /// The call in flight brings its answer into the journal; the payment is free for others, and whoever waits hears of it.
    #[tokio::test]
    async fn an_engine_that_is_told_to_stop_finishes_what_is_in_flight_and_begins_nothing() {
        let script = Script::default()
            .prepares("s1", FAR)
            .answers(Submission::Accepted(PENDING))
            .finds(LookUp::Found(completed()));
        let journal = MemoryJournal::new();
        let slow = Duration::from_secs(3600);
        let pace = Pace { first_poll: (slow, slow), slowest_poll: slow, ..Pace::default() };
        let namespace = Namespace::new("merchant-42").unwrap();
        let settings = Settings { pace, ..Settings::default() };
        let here = Engine::new(script.clone(), Arc::new(journal.another()), namespace, settings);
        let payment = send(&here, "250.00").await.unwrap();
        here.stop().await;
        assert_eq!(payment.settled().await.unwrap_err().kind(), ErrorKind::Stopped);
        assert_eq!(here.resume().await.unwrap(), 1);
        here.idle().await;
        assert_eq!(script.calls(), ["prepare", "submit s1"]);
        let there = engine(&script, &journal);
        there.resume().await.unwrap();
        there.idle().await;
        let payment = there.find(&intent().name).await.unwrap().unwrap();
        assert!(matches!(payment.status().await.unwrap(), Status::Completed(_)));
    }

    #[tokio::test]
    async fn what_the_caller_dropped_is_still_made_once() {
        let script = Script::default()
            .prepares("s1", FAR)
            .answers(Submission::Accepted(PENDING))
            .finds(LookUp::Found(completed()));
        let engine = engine(&script, &MemoryJournal::new());
        // Polled once: recorded and put in hand, nothing more.
        let mut sending = Box::pin(send(&engine, "250.00"));
        let polled =
            std::future::poll_fn(|context| std::task::Poll::Ready(sending.as_mut().poll(context))).await;
        assert!(polled.is_pending());
        drop(sending);
        engine.resume().await.unwrap();
        engine.idle().await;
        let payment = engine.find(&intent().name).await.unwrap().unwrap();
        assert!(matches!(payment.status().await.unwrap(), Status::Completed(_)));
        assert_eq!(script.calls(), ["prepare", "submit s1", "look up"]);
    }

    #[tokio::test]
    async fn whoever_follows_a_process_that_died_in_the_middle_of_a_send_looks_first() {
        let script = Script::default().prepares("s1", 900).hangs().finds(LookUp::Found(completed()));
        let bench = Bench::new(script);
        assert!(tokio::time::timeout(Duration::ZERO, bench.turn()).await.is_err());
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(bench.script.calls(), ["prepare", "submit s1", "look up"]);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_task_that_died() {
        // The script has no answer to the send, so the rail panics.
        let script = Script::default().prepares("s1", FAR);
        let journal = MemoryJournal::new();
        let engine = engine(&script, &journal);
        let error = send(&engine, "250.00").await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Stopped, Effect::Unknown));
        engine.idle().await;
        let script = script.finds(LookUp::Found(completed()));
        let payment = send(&engine, "250.00").await.unwrap();
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
        assert_eq!(script.calls(), ["prepare", "submit s1", "look up"]);
    }

    #[tokio::test]
    async fn whoever_lost_the_lease_sends_nothing_more() {
        let script = Script::default().prepares("s1", 900);
        let journal = MemoryJournal::new();
        let (record, lost) = journal.intend(intent(), at(0)).await.unwrap();
        assert!(matches!(journal.claim(record.id).await.unwrap(), Claim::Ours(..)));
        let mut work = Work::new(lost.unwrap(), &record).unwrap();
        let turn = drive::advance(&script, &journal, &StoppedClock::default(), &mut work).await;
        let error = turn.unwrap_err();
        // Whoever has the lease may have sent it meanwhile.
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Stopped, Effect::Unknown));
        assert_eq!(script.calls(), ["prepare"]);
    }
}

mod rule_11_one_retry_loop {
    use super::*;

    #[tokio::test]
    async fn a_turn_makes_one_attempt_and_rests() {
        for (then, pause) in [
            (Then::Retry, Pause::Retry),
            (Then::RetryAfter(Duration::from_secs(7)), Pause::RetryAfter(Duration::from_secs(7))),
        ] {
            let script = Script::default().prepares("s1", 900).answers(Submission::NotSent(setback(then)));
            let bench = Bench::new(script);
            assert_eq!(bench.pause().await, pause);
            assert_eq!(bench.script.calls(), ["prepare", "submit s1"]);
        }
    }

    #[tokio::test]
    async fn where_only_a_person_can_help_it_stops_and_is_taken_up_by_name() {
        let forbidden = Setback { error: Error::new(ErrorKind::Forbidden, "not verified"), then: Then::Stop };
        let script = Script::default()
            .prepares("s1", FAR)
            .answers(Submission::NotSent(forbidden))
            .answers(Submission::Accepted(completed()));
        let engine = engine(&script, &MemoryJournal::new());
        let error = send(&engine, "250.00").await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Forbidden, Effect::None));
        engine.idle().await;
        let payment = send(&engine, "250.00").await.unwrap();
        assert!(matches!(payment.settled().await.unwrap(), Settlement::Completed(_)));
        assert_eq!(script.calls(), ["prepare", "submit s1", "submit s1"]);
    }
}

mod patience {
    use super::*;

    const WEEK: i64 = 7 * 24 * 3600;

    #[tokio::test]
    async fn a_payment_that_stays_pending_is_parked_after_a_last_look() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::Accepted(PENDING))
            .finds(LookUp::Found(PENDING))
            .finds(LookUp::Found(PENDING));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(WEEK - 1);
        assert_eq!(bench.pause().await, Pause::Poll);
        bench.clock.set(WEEK);
        assert_eq!(bench.end().await, Outcome::Parked(ParkReason::StillPending));
    }

    #[tokio::test]
    async fn a_payment_of_which_nothing_can_be_learnt_is_parked_with_that_reason() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(unknown())
            .finds(LookUp::Setback(setback(Then::Retry)))
            .finds(LookUp::Setback(setback(Then::Retry)));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(WEEK);
        assert_eq!(bench.end().await, Outcome::Parked(ParkReason::NoAnswer));
    }

    #[tokio::test]
    async fn a_payment_that_the_provider_never_took_is_parked_with_that_reason() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::NotSent(setback(Then::Retry)))
            .finds(LookUp::NotFound(None))
            .answers(Submission::NotSent(setback(Then::Retry)))
            .prepares("s2", WEEK + 900);
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(WEEK);
        assert_eq!(bench.end().await, Outcome::Parked(ParkReason::NeverTaken));
    }
}

mod pace {
    use super::*;

    /// Time passes only by waiting, and waiting takes no time. Whoever waits for a day waits for ever.
    #[derive(Clone, Debug, Default)]
    struct Waits(Arc<Mutex<Vec<Duration>>>);

    const DAY: Duration = Duration::from_secs(24 * 3600);

    impl Clock for Waits {
        fn now(&self) -> Timestamp {
            at(0) + self.0.lock().unwrap().iter().sum::<Duration>()
        }
        fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
            if duration >= DAY {
                return Box::pin(pending());
            }
            self.0.lock().unwrap().push(duration);
            Box::pin(tokio::task::yield_now())
        }
    }

    async fn waits(script: Script) -> Vec<Duration> {
        let clock = Waits::default();
        let settings = Settings { clock: Arc::new(clock.clone()), first_answer: DAY, ..Settings::default() };
        let namespace = Namespace::new("merchant-42").unwrap();
        let engine = Engine::new(script, Arc::new(MemoryJournal::new()), namespace, settings);
        let payment = send(&engine, "250.00").await.unwrap();
        payment.settled().await.unwrap();
        clock.0.lock().unwrap().clone()
    }

    #[tokio::test]
    async fn a_provider_that_keeps_failing_is_asked_less_and_less() {
        let mut script = Script::default().prepares("s1", 900);
        for _ in 0..7 {
            script = script.answers(unknown()).finds(LookUp::NotFound(None));
        }
        let waits = waits(script.answers(Submission::Accepted(completed()))).await;
        let (early, late) = waits.split_at(3);
        assert!(early.iter().sum::<Duration>() <= Duration::from_secs(1 + 2 + 4), "{waits:?}");
        assert!(late.iter().sum::<Duration>() > Duration::from_secs(20), "{waits:?}");
    }

    #[tokio::test]
    async fn a_pending_payment_is_first_polled_after_two_to_five_seconds() {
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::NotSent(setback(Then::Retry)))
            .answers(Submission::NotSent(setback(Then::Retry)))
            .answers(Submission::Accepted(PENDING))
            .finds(LookUp::Found(PENDING))
            .finds(LookUp::Found(completed()));
        let waits = waits(script).await;
        let polls: Vec<_> = waits[waits.len() - 2..].iter().map(Duration::as_millis).collect();
        assert!((2000..=5000).contains(&polls[0]) && (3000..=7500).contains(&polls[1]), "{waits:?}");
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_hears_why_and_the_payment_goes_on() {
        let mut script = Script::default().prepares("s1", FAR);
        for _ in 0..3 {
            script = script.answers(Submission::NotSent(setback(Then::Retry)));
        }
        let script = script.answers(Submission::Accepted(completed()));
        let slow = Duration::from_millis(20);
        let pace = Pace { first_retry: slow, slowest_retry: slow, ..Pace::default() };
        let settings = Settings { pace, first_answer: Duration::from_millis(1), ..Settings::default() };
        let namespace = Namespace::new("merchant-42").unwrap();
        let engine = Engine::new(script, Arc::new(MemoryJournal::new()), namespace, settings);
        let error = send(&engine, "250.00").await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Deadline, Effect::Unknown));
        assert!(error.message().contains("the connection broke"), "{error}");
        engine.idle().await;
        let payment = engine.find(&intent().name).await.unwrap().unwrap();
        assert!(matches!(payment.status().await.unwrap(), Status::Completed(_)));
    }

    #[tokio::test]
    async fn retry_after_is_waited_out() {
        let asked = Duration::from_secs(600);
        let script = Script::default()
            .prepares("s1", 900)
            .answers(Submission::NotSent(setback(Then::RetryAfter(asked))))
            .answers(Submission::Accepted(completed()));
        assert!(waits(script).await.iter().sum::<Duration>() >= asked);
    }
}

/// What the engine does where a provider takes the next use of an old key for a new payment.
mod where_keys_are_forgotten {
    use super::*;

    const HOUR: i64 = 3600;
    const UNKNOWN_THERE: LookUp = LookUp::NotFound(None);

    fn script() -> Script {
        let script = Script::default();
        script.0.lock().unwrap().terms =
            Terms { margin: Duration::from_secs(600), forgets_keys: true, ..Terms::default() };
        script
    }

    #[tokio::test]
    async fn a_key_is_looked_for_before_its_first_use() {
        let script =
            script().finds(UNKNOWN_THERE).prepares("b", 23 * HOUR).answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        bench.end().await;
        assert_eq!(bench.script.calls(), ["look up", "prepare", "submit b"]);
    }

    #[tokio::test]
    async fn a_payment_whose_journal_was_lost_is_found_and_not_sent() {
        let bench = Bench::new(script().finds(LookUp::Found(completed())));
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(bench.script.calls(), ["look up"]);
    }

    /// Whoever would pay in another way now would pay a third time.
    #[tokio::test]
    async fn what_moved_before_the_journal_began_is_not_said_to_have_had_no_effect() {
        let error = Error::new(ErrorKind::Unreadable, "there are two of it").with_effect(Effect::Unknown);
        let script = script().finds(LookUp::Setback(Setback { error, then: Then::Stop }));
        let error = send(&engine(&script, &MemoryJournal::new()), "250.00").await.unwrap_err();
        assert_eq!((error.effect(), error.reference_id()), (Effect::Unknown, Some(key(1))));
        assert_eq!(script.calls(), ["look up"]);
    }

    #[tokio::test]
    async fn what_was_made_ready_goes_again_while_it_lasts() {
        let script = script()
            .finds(UNKNOWN_THERE)
            .prepares("b", 23 * HOUR)
            .answers(unknown())
            .finds(UNKNOWN_THERE)
            .answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        assert_eq!(bench.pause().await, Pause::Retry);
        bench.clock.set(23 * HOUR - 1);
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(bench.script.calls(), ["look up", "prepare", "submit b", "look up", "submit b"]);
    }

    #[tokio::test]
    async fn found_nowhere_twice_after_that_it_is_parked() {
        let script = script()
            .finds(UNKNOWN_THERE)
            .prepares("b", 23 * HOUR)
            .answers(unknown())
            .finds(UNKNOWN_THERE)
            .finds(UNKNOWN_THERE)
            .finds(UNKNOWN_THERE);
        let bench = Bench::new(script);
        bench.pause().await;
        bench.script.calls();
        let long_after = 40 * HOUR;
        bench.clock.set(long_after);
        assert_eq!(bench.pause().await, Pause::Until(at(long_after + 600)));
        assert_eq!(bench.script.calls(), ["look up"]);
        bench.clock.set(long_after + 600);
        assert_eq!(bench.end().await, Outcome::Parked(ParkReason::WindowClosed));
        assert_eq!(bench.script.calls(), ["look up"]);
    }

    /// Our clock stands still, and the provider's says that a day has gone by.
    #[tokio::test]
    async fn the_providers_clock_ends_the_repeats_too() {
        let script = script().finds(UNKNOWN_THERE);
        script.0.lock().unwrap().preparations.push_back(Preparation::Ready(Prepared {
            body: "b".to_owned(),
            expires_at: at(23 * HOUR),
            provider_at: Some(at(0)),
        }));
        let bench = Bench::new(script.answers(unknown()).finds(LookUp::NotFound(Some(at(24 * HOUR)))));
        assert_eq!(bench.pause().await, Pause::Until(at(23 * HOUR + 600)));
        assert_eq!(bench.script.calls(), ["look up", "prepare", "submit b", "look up"]);
    }

    /// The process that took the payment over may have moved the money.
    #[tokio::test]
    async fn an_overtaken_process_does_not_say_that_no_money_moved() {
        let error = Error::new(ErrorKind::Unauthorized, "the provider refused the credentials");
        let script = script().finds(LookUp::Setback(Setback { error, then: Then::Stop }));
        let (journal, clock) = (MemoryJournal::new(), StoppedClock::default());
        let (record, lease) = journal.intend(intent(), clock.now()).await.unwrap();
        let mut work = Work::new(lease.unwrap(), &record).unwrap();
        let other = journal.another();
        drop(journal);
        assert!(matches!(other.claim(record.id).await.unwrap(), Claim::Ours(..)));
        let overtaken = other.another();
        let error = drive::advance(&script, &overtaken, &clock, &mut work).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::Stopped, Effect::Unknown));
    }

    /// A journal whose first write takes so many seconds.
    #[derive(Debug)]
    struct Sleeps(MemoryJournal, StoppedClock, Mutex<Option<i64>>);

    impl Journal for Sleeps {
        fn append(
            &self,
            lease: Lease,
            entries: Vec<Entry>,
            standing: Standing,
        ) -> BoxFuture<'_, Result<Lease, Error>> {
            if let Some(seconds) = self.2.lock().unwrap().take() {
                self.1.set(seconds);
            }
            self.0.append(lease, entries, standing)
        }
        fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<(), Error>> {
            self.0.bind(rail, namespace)
        }
        fn intend(
            &self,
            intent: Intent,
            at: Timestamp,
        ) -> BoxFuture<'_, Result<(Record, Option<Lease>), Error>> {
            self.0.intend(intent, at)
        }
        fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim, Error>> {
            self.0.claim(id)
        }
        fn claim_free<'a>(
            &'a self,
            rail: &'a str,
            limit: usize,
        ) -> BoxFuture<'a, Result<Vec<(Lease, Record)>, Error>> {
            self.0.claim_free(rail, limit)
        }
        fn release(&self, lease: Lease) -> BoxFuture<'_, Result<(), Error>> {
            self.0.release(lease)
        }
        fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease, Error>> {
            self.0.reopen(record, again)
        }
        fn resolve<'a>(
            &'a self,
            record: &'a Record,
            resolved: Entry,
            standing: Standing,
        ) -> BoxFuture<'a, Result<(), Error>> {
            self.0.resolve(record, resolved, standing)
        }
        fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
            self.0.find(rail, key)
        }
        fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>, Error>> {
            self.0.list(rail, filter)
        }
    }

    /// The process stood still between the decision and the send, and whoever took the payment over may have sent it.
    #[tokio::test]
    async fn what_was_decided_a_day_ago_is_decided_again_and_not_sent() {
        let script = script()
            .finds(UNKNOWN_THERE)
            .prepares("b", 23 * HOUR)
            .finds(UNKNOWN_THERE)
            .prepares("c", 48 * HOUR)
            .answers(Submission::Accepted(completed()));
        let (calls, held_back) = driven(script, 25 * HOUR).await;
        assert_eq!(calls, ["look up", "prepare", "look up", "prepare", "submit c"]);
        assert_eq!(held_back, 1);
    }

    #[tokio::test]
    async fn what_was_decided_within_the_margin_is_sent() {
        let script = script().finds(UNKNOWN_THERE).prepares("b", 23 * HOUR);
        let script = script.answers(Submission::Accepted(completed()));
        let (calls, held_back) = driven(script, 600).await;
        assert_eq!(calls, ["look up", "prepare", "submit b"]);
        assert_eq!(held_back, 0);
    }

    /// A clock that was set back meanwhile does not tell how long it was.
    #[tokio::test]
    async fn what_was_decided_before_the_clock_was_set_back_is_decided_again() {
        let script = script().finds(UNKNOWN_THERE).prepares("b", 23 * HOUR);
        let script = script.answers(Submission::Accepted(completed()));
        let (calls, held_back) = driven(script, -1).await;
        assert_eq!(calls, ["look up", "prepare", "submit b"]);
        assert_eq!(held_back, 1);
    }

    /// The calls of a payment that is completed although the first write takes so many seconds, and how often it was held
    /// back.
    async fn driven(script: Script, seconds: i64) -> (Vec<String>, usize) {
        let (journal, clock) = (MemoryJournal::new(), StoppedClock::default());
        let (record, lease) = journal.intend(intent(), clock.now()).await.unwrap();
        let mut work = Work::new(lease.unwrap(), &record).unwrap();
        let sleeps = Sleeps(journal, clock.clone(), Mutex::new(Some(seconds)));
        let turn = drive::advance(&script, &sleeps, &clock, &mut work).await.unwrap();
        assert!(matches!(turn, Turn::Ended(Outcome::Completed(_))), "{turn:?}");
        let record = sleeps.find("script", Key::Name(intent().name)).await.unwrap().unwrap();
        let held_back = record.entries.iter().filter(|entry| matches!(entry.event, Event::NotSent { .. }));
        (script.calls(), held_back.count())
    }

    #[tokio::test]
    async fn what_was_never_acted_upon_is_made_ready_once_more() {
        let script = script()
            .finds(UNKNOWN_THERE)
            .prepares("b", 23 * HOUR)
            .answers(Submission::NotSent(setback(Then::Retry)))
            .finds(UNKNOWN_THERE)
            .prepares("c", 48 * HOUR)
            .answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(25 * HOUR);
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert_eq!(
            bench.script.calls(),
            ["look up", "prepare", "submit b", "look up", "prepare", "submit c"]
        );
    }

    #[tokio::test]
    async fn tried_again_after_a_refusal_the_same_goes_out_under_the_same_key() {
        let script = script()
            .finds(UNKNOWN_THERE)
            .prepares("b", 23 * HOUR)
            .answers(Submission::Refused(Refused::Payment, refusal()))
            .finds(UNKNOWN_THERE)
            .finds(UNKNOWN_THERE)
            .finds(UNKNOWN_THERE)
            .answers(Submission::Accepted(completed()));
        let bench = Bench::new(script);
        bench.pause().await;
        bench.clock.set(11);
        failed(&bench.end().await);
        let record = bench.journal.find("script", Key::Name(intent().name)).await.unwrap().unwrap();
        let event = Event::Again { attempt: 1, reference_id: key(1) };
        let lease = bench.journal.reopen(&record, Entry { at: bench.clock.now(), event }).await.unwrap();
        bench.journal.release(lease).await.unwrap();
        assert_eq!(bench.pause().await, Pause::Retry);
        assert!(matches!(bench.end().await, Outcome::Completed(_)));
        assert!(bench.script.keys().iter().all(|used| *used == key(1)));
        let calls = bench.script.calls();
        assert_eq!(calls, ["look up", "prepare", "submit b", "look up", "look up", "look up", "submit b"]);
    }
}
