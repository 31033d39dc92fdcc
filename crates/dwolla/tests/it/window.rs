//! The day for which the provider remembers a key, and what is done after it.

use std::time::Duration;

use dwolla::{Dwolla, Effect, Entry, ErrorKind, Event, ParkReason, Status};
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::Switches;
use payonce_sandbox::dwolla::switches::LateReplay;

use crate::world::*;

const SEND: &str = "POST /transfers";
const LIST: &str = "GET /accounts/{id}/transfers";
const NAME: &str = "invoice/4711";
const HOUR: Duration = Duration::from_secs(3600);

/// Lets the time go by in pieces, until the payment has ended.
async fn live(sandbox: &DwollaSandbox, dwolla: &Dwolla) {
    for _ in 0..400 {
        let status = dwolla.find(NAME).await.unwrap().unwrap().status().await.unwrap();
        if status.is_final() {
            return;
        }
        sandbox.clock().advance(HOUR / 4);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never ends");
}

/// The provider failed before it did anything, and locked the key: nobody can tell that from having paid.
#[tokio::test]
async fn a_payment_that_is_nowhere_when_the_window_closes_is_parked_with_the_evidence() {
    let world = World::start().await;
    world.sandbox.on(SEND).nth(1).before_effect().status(500);
    let dwolla = world.dwolla();
    let order = invoice(&dwolla, NAME);
    let sending = tokio::spawn(async move { order.send().await });
    while world.asked(SEND) < 2 {
        tokio::task::yield_now().await;
    }
    live(&world.sandbox, &dwolla).await;
    let error = match sending.await.unwrap() {
        Ok(payment) => payment.settled().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Parked, Effect::Unknown));
    let payment = dwolla.find(NAME).await.unwrap().unwrap();
    assert!(matches!(payment.status().await.unwrap(), Status::Parked(ParkReason::WindowClosed)));
    let events: Vec<&Entry> = payment.record().entries.iter().collect();
    let sent = events.iter().filter(|entry| matches!(entry.event, Event::Sending)).count();
    let missing =
        events.iter().filter(|entry| matches!(entry.event, Event::NotFound { provider_at: Some(_) }));
    assert!(sent >= 2 && missing.count() >= 2, "{events:?}");
    assert!(
        events
            .iter()
            .any(|entry| matches!(&entry.event, Event::Unknown { reason } if reason.contains("409")))
    );
    // Nobody sends it after the window, however late.
    let asked = world.asked(SEND);
    world.sandbox.clock().advance(30 * HOUR);
    dwolla.resume().await.unwrap();
    dwolla.idle().await;
    assert_eq!((world.paid(payment.reference_id()), world.asked(SEND)), (0, asked));
}

#[tokio::test]
async fn a_payment_whose_key_is_locked_after_a_500_is_found_if_it_was_made() {
    let world = World::start().await;
    world.sandbox.on(SEND).nth(1).after_effect().status(500);
    // The list is an hour behind at first.
    world.sandbox.on(LIST).nth(2).times(3).before_effect().stale_status(HOUR);
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    assert_eq!(world.paid(payment.reference_id()), 1);
}

#[tokio::test]
async fn a_lost_journal_meets_the_providers_own_record_within_the_day_and_after_it() {
    for late_replay in [LateReplay::CreateNew, LateReplay::Replay] {
        for away in [Duration::ZERO, 23 * HOUR, 25 * HOUR, 100 * 24 * HOUR] {
            let world = World::with(Switches { late_replay, ..Switches::default() }).await;
            let dwolla = world.dwolla();
            let first = completed(&invoice(&dwolla, NAME).send().await.unwrap()).await;
            drop(dwolla);
            world.lose_journal();
            world.sandbox.clock().advance(away);
            let dwolla = world.dwolla();
            let payment = invoice(&dwolla, NAME).send().await.unwrap();
            assert_eq!(completed(&payment).await, first);
            assert_eq!((world.paid(payment.reference_id()), world.asked(SEND)), (1, 1), "{away:?}");
        }
    }
}

#[tokio::test]
async fn a_client_that_slept_for_two_days_does_not_send_again() {
    let world = World::start().await;
    world.sandbox.on(SEND).nth(1).after_effect().drop_reply();
    let blind = world.sandbox.on(LIST).nth(2).times(u64::MAX).before_effect().status(503);
    let dwolla =
        world.client().journal(world.journal()).first_answer(Duration::from_secs(30)).build().unwrap();
    invoice(&dwolla, NAME).send().await.unwrap_err();
    drop(dwolla);
    world.sandbox.clock().advance(48 * HOUR);
    blind.remove();
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    assert_eq!((world.paid(payment.reference_id()), world.asked(SEND)), (1, 1));
}

/// A request that the network kept for a day comes with a token that lived an hour. When it comes, the provider has
/// forgotten its key, so nothing else would keep it out.
#[tokio::test]
async fn a_request_that_arrives_a_day_late_is_turned_away_by_its_dead_token() {
    let world = World::start().await;
    world.sandbox.on(SEND).nth(1).before_effect().deliver_late(25 * HOUR);
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    let sent = world.sandbox.clock().now();
    world.sandbox.clock().advance(26 * HOUR);
    let late = loop {
        let late = world.sandbox.requests().into_iter().find_map(|asked| asked.late);
        match late {
            Some(late) => break late,
            None => tokio::task::yield_now().await,
        }
    };
    assert!(late.status == 401 && late.at > sent + 24 * HOUR, "{late:?}");
    assert_eq!(world.paid(payment.reference_id()), 1);
}

/// What keeps the late request out is its token and nothing else: with one that never dies it is paid again.
#[tokio::test]
async fn without_a_token_that_dies_a_request_that_arrives_a_day_late_pays_again() {
    let switches = Switches { token_seconds: u32::MAX, ..Switches::default() };
    let world = World::with(switches).await;
    world.sandbox.on(SEND).nth(1).before_effect().deliver_late(25 * HOUR);
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    world.sandbox.clock().advance(26 * HOUR);
    while world.sandbox.requests().iter().all(|asked| asked.late.is_none()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.sandbox.ledger().payments(&payment.reference_id().to_string()), 2);
}
