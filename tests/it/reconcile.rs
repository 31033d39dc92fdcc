//! Reconciliation: what differs is found, and nothing is changed by looking.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use dollr::{
    AccountId, Currency, Difference, Dollr, Entry, Event, InvoiceId, Journal, Namespace, Operation, OrderId,
    ParkReason, Reconciliation, Source, Standing, Timestamp, usd,
};
use payonce::journal::{Intent, MemoryJournal, Record};
use payonce_sandbox::{CLIENT_ID, Sandbox};

use crate::world::{AMA, DECLINES, World, completed, failed, pay_ama};

const CARD: AccountId = AccountId::new(31);

/// All the time there is.
fn ever() -> Range<Timestamp> {
    "2000-01-01T00:00:00Z".parse().unwrap().."2100-01-01T00:00:00Z".parse().unwrap()
}

/// A day after the sandbox's first documents were paid.
fn later(world: &World) -> Timestamp {
    world.sandbox.clock().advance(Duration::from_secs(24 * 3600));
    world.sandbox.clock().now()
}

/// A client on a journal of its own.
fn on(world: &World, journal: &MemoryJournal) -> Dollr {
    world.client().journal_with(Arc::new(journal.another())).build().unwrap()
}

/// What was found, a word and a name each.
fn found(reconciliation: &Reconciliation) -> Vec<String> {
    let word = |difference: &Difference| {
        let data = serde_json::to_value(difference).unwrap();
        let which = data["payment"]["name"].as_str().map(str::to_owned);
        let which = which.unwrap_or_else(|| data["number"].as_str().unwrap().to_owned());
        format!("{} {which}", data["difference"].as_str().unwrap())
    };
    reconciliation.differences.iter().map(word).collect()
}

fn writes(sandbox: &Sandbox) -> usize {
    let token = "POST /v1/jwt/client/obtain/token";
    let requests = sandbox.requests();
    requests
        .iter()
        .filter(|request| !request.operation.starts_with("GET") && request.operation != token)
        .count()
}

#[tokio::test]
async fn a_period_in_which_everything_agrees_has_no_differences() {
    let world = World::start().await;
    let from = later(&world);
    let dollr = world.dollr();
    completed(&pay_ama(&dollr).await.unwrap()).await;
    failed(&dollr.payout("supplier/9", DECLINES, usd("10.00").unwrap()).send().await.unwrap()).await;
    let before = writes(&world.sandbox);
    let to = from + Duration::from_secs(3600 * 48);
    let agreed = dollr.reconcile(from..to).await.unwrap();
    assert_eq!((agreed.payments, found(&agreed)), (2, Vec::new()));
    assert!(agreed.to_string().ends_with("everything agrees"), "{agreed}");
    let earlier = dollr.reconcile(from - Duration::from_secs(3600)..from).await.unwrap();
    assert_eq!(earlier.payments, 0, "what was recorded later is of another period");
    assert_eq!((writes(&world.sandbox), world.movements()), (before, 1), "it only reads");
}

#[tokio::test]
async fn what_was_paid_in_another_way_and_what_is_still_open_is_found() {
    let world = World::start().await;
    let from = later(&world);
    let dollr = on(&world, &MemoryJournal::new());
    let (invoice, card, order) = (
        Source::Invoice(InvoiceId::new(101)),
        Source::Invoice(InvoiceId::new(103)),
        Source::Order(OrderId::new(88)),
    );
    failed(&dollr.collection("INV-101", invoice, DECLINES, Currency::USD).send().await.unwrap()).await;
    dollr.collection("INV-103", card, CARD, Currency::USD).send().await.unwrap();
    // The customer pays at another till, which keeps a journal of its own.
    let till = world.client().namespace("till-2").journal_in_memory().build().unwrap();
    completed(&till.collection("cash/1", invoice, AMA, Currency::USD).send().await.unwrap()).await;
    completed(&till.collection("cash/2", order, AMA, Currency::LRD).send().await.unwrap()).await;
    let month = dollr.reconcile(from..from + Duration::from_secs(3600 * 24 * 30)).await.unwrap();
    let [open, by_other_means, there_only] = &found(&month)[..] else { panic!("{month}") };
    assert_eq!(
        (by_other_means.as_str(), open.as_str()),
        ("paid_by_other_means INV-101", "still_open INV-103")
    );
    assert!(there_only.starts_with("paid_there_only ORD-"), "{month}");
    assert_eq!((month.payments, month.documents, world.movements()), (2, 2, 2));
    let written = serde_json::to_string(&month).unwrap();
    assert_eq!(serde_json::from_str::<Reconciliation>(&written).unwrap(), month);
    let table = month.to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 6, "{table}");
    assert!(lines[1].starts_with("difference ") && lines[5] == "3 differences", "{table}");
    let column = lines[1].find("which").unwrap();
    assert!(lines[2..5].iter().all(|line| line.as_bytes()[column - 1] == b' '), "{table}");
    assert!(lines[3][column..].starts_with("collection INV-101 "), "{table}");
}

/// Writes a payment into a journal as it never was.
async fn forge(journal: &MemoryJournal, intent: Intent, events: Vec<Event>, standing: Standing) {
    let journal = journal.another();
    journal.bind("dollr", &Namespace::new(CLIENT_ID).unwrap()).await.unwrap();
    let at = Timestamp::from_timestamp(1_795_000_000, 0).unwrap();
    let (_, lease) = journal.intend(intent, at).await.unwrap();
    let entries = events.into_iter().map(|event| Entry { at, event }).collect();
    journal.append(lease.unwrap(), entries, standing).await.unwrap();
}

fn events(record: &Record) -> Vec<Event> {
    record.entries.iter().map(|entry| entry.event.clone()).collect()
}

#[tokio::test]
async fn amounts_that_differ_and_ends_that_only_one_side_knows_are_found() {
    let world = World::start().await;
    let true_journal = MemoryJournal::new();
    let dollr = on(&world, &true_journal);
    let paid = pay_ama(&dollr).await.unwrap();
    completed(&paid).await;
    let open = dollr.payout("supplier/1", AMA, usd("5.00").unwrap()).send().await.unwrap();
    completed(&open).await;
    let record = dollr.find("salary/2026-11/ama").await.unwrap().unwrap().record().clone();
    let forged = MemoryJournal::new();
    let mut wrong = events(&record);
    for event in &mut wrong {
        if let Event::Completed { receipt } = event {
            receipt.payer_amount = usd("999.00").unwrap();
        }
    }
    forge(&forged, record.intent.clone(), wrong, Standing::Completed).await;
    let elsewhere = |name: &str| {
        let mut intent = record.intent.clone();
        intent.name = name.parse().unwrap();
        intent.reference_id = dollr.reference_id(&intent.operation, &intent.name);
        intent
    };
    forge(&forged, elsewhere("never"), events(&record), Standing::Completed).await;
    let mut failed: Vec<_> = events(&record);
    failed.retain(|event| !matches!(event, Event::Completed { .. } | Event::Pending));
    let failure = dollr::Failure { reason: "declined".to_owned(), recorded: true };
    failed.push(Event::Failed { failure });
    forge(&forged, elsewhere("supplier/1"), failed.clone(), Standing::Failed).await;
    failed.pop();
    failed.push(Event::Parked { reason: ParkReason::NoAnswer });
    forge(&forged, elsewhere("supplier/2"), failed, Standing::Parked).await;
    let all = on(&world, &forged).reconcile(ever()).await.unwrap();
    let expected = [
        "amount_differs salary/2026-11/ama",
        "completed_here_only never",
        "completed_there_only supplier/1",
        "parked supplier/2",
    ];
    assert_eq!(&found(&all)[..4], expected, "{all}");
    assert_eq!(world.movements(), 2);
}

/// A person called a payment not paid that the provider has made.
#[tokio::test]
async fn a_decision_that_was_wrong_is_found() {
    let world = World::start().await;
    let true_journal = MemoryJournal::new();
    let paid = pay_ama(&on(&world, &true_journal)).await.unwrap();
    completed(&paid).await;
    let record = paid.record().clone();
    let mut decided: Vec<_> = events(&record);
    decided.retain(|event| !matches!(event, Event::Completed { .. } | Event::Pending));
    decided.push(Event::Parked { reason: ParkReason::NoAnswer });
    let decision = dollr::Decision::NotPaid { recorded: false };
    decided.push(Event::Resolved { decision, by: "ama".to_owned(), reason: "I think so".to_owned() });
    let forged = MemoryJournal::new();
    forge(&forged, record.intent.clone(), decided, Standing::Failed).await;
    let all = on(&world, &forged).reconcile(ever()).await.unwrap();
    assert_eq!(found(&all)[0], "completed_there_only salary/2026-11/ama", "{all}");
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn after_a_lost_journal_names_that_are_expected_are_found_by_their_keys() {
    let world = World::start().await;
    completed(&pay_ama(&world.dollr()).await.unwrap()).await;
    let dollr = on(&world, &MemoryJournal::new());
    let payout = Operation::new("payout").unwrap();
    let names = ["salary/2026-11/ama", "salary/2026-11/kofi"];
    let now = world.sandbox.clock().now();
    let month = dollr.reconcile(now..now + Duration::from_secs(60)).expecting(&payout, names).await.unwrap();
    assert_eq!(found(&month), ["completed_there_only salary/2026-11/ama", "not_paid salary/2026-11/kofi"]);
    assert!(dollr.reconcile(now..now).expecting(&payout, [" bad"]).await.is_err());
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn what_could_not_be_asked_is_said_to_be_so() {
    let world = World::start().await;
    let dollr = world.dollr();
    completed(&pay_ama(&dollr).await.unwrap()).await;
    let _ = world.sandbox.on("GET /v1/status/*").before_effect().status(503);
    let all = dollr.reconcile(ever()).await.unwrap();
    assert_eq!(found(&all)[0], "unanswered salary/2026-11/ama");
    assert_eq!(world.movements(), 1);
}
