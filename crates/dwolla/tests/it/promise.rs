//! The promise, on the ledger: whatever becomes of requests, replies, processes and journals, a payment is made once.

use std::time::Duration;

use dwolla::{CustomerId, Destination, Dwolla, Effect, ErrorKind, Status, usd};
use payonce_sandbox::dwolla::{
    BALANCE, BUSINESS_BALANCE, CUSTOMER, CUSTOMER_BANK, SHORT_BANK, VERIFIED_CUSTOMER,
};

use crate::world::*;

const SEND: &str = "POST /transfers";
const LIST: &str = "GET /accounts/{id}/transfers";
const NAME: &str = "invoice/4711";

#[tokio::test]
async fn a_transfer_between_balances_is_completed() {
    let world = World::start().await;
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    let receipt = completed(&payment).await;
    assert_eq!((receipt.payer_amount, receipt.payee_amount), (usd("225").unwrap(), usd("225").unwrap()));
    assert_eq!(world.paid(payment.reference_id()), 1);
    let movement = &world.sandbox.ledger().movements()[0];
    assert_eq!(receipt.provider_transaction_id, Some(movement.transfer.to_string()));
    // The same name is the same payment.
    completed(&invoice(&dwolla, NAME).send().await.unwrap()).await;
    let other = dwolla.transfer(NAME, source(BALANCE), source(CUSTOMER_BANK), usd("225.00").unwrap());
    assert_eq!(other.send().await.unwrap_err().kind(), ErrorKind::NameTaken);
    assert_eq!((world.paid(payment.reference_id()), world.asked(SEND)), (1, 1));
}

#[tokio::test]
async fn a_transfer_with_all_that_can_be_asked_for_settles_with_the_banks() {
    let world = World::start().await;
    let dwolla = world.dwolla();
    let jane = CustomerId::new(VERIFIED_CUSTOMER.to_string());
    let order = dwolla
        .transfer(NAME, source(payonce_sandbox::dwolla::BANK), jane.clone(), usd("225.00").unwrap())
        .metadata("note", "completed work")
        .fee(jane.clone(), usd("4.00").unwrap())
        .fee(jane, usd("1.00").unwrap())
        .clearing_next_available()
        .source_clearing_standard();
    let payment = order.send().await.unwrap();
    assert!(matches!(payment.status().await.unwrap(), Status::Pending));
    while !payment.status().await.unwrap().is_final() {
        world.sandbox.simulate();
        tokio::task::yield_now().await;
    }
    completed(&payment).await;
    assert_eq!((world.paid(payment.reference_id()), world.asked(SEND)), (1, 1));
}

#[tokio::test]
async fn money_goes_to_whoever_reads_mail_at_an_address() {
    let world = World::start().await;
    let dwolla = world.dwolla();
    let to = Destination::Email("nobody@example.com".to_owned());
    let payment = dwolla.transfer(NAME, source(BALANCE), to, usd("1.00").unwrap()).send().await.unwrap();
    assert!(matches!(payment.status().await.unwrap(), Status::Pending));
    world.sandbox.clock().advance(Duration::from_secs(31 * 24 * 3600));
    // Nobody claimed it for longer than anyone waits, and the payment says so either way.
    match payment.settled().await {
        Ok(settlement) => assert!(format!("{settlement:?}").contains("reclaimed"), "{settlement:?}"),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Parked),
    }
    assert_eq!(world.paid(payment.reference_id()), 0);
}

#[tokio::test]
async fn whatever_becomes_of_the_first_request_or_its_reply_it_pays_once() {
    for fault in 0..14 {
        let world = World::start().await;
        let first = || world.sandbox.on(SEND).nth(1);
        match fault {
            0 => drop(first().before_effect().drop_reply()),
            1 => drop(first().after_effect().drop_reply()),
            2 => drop(first().before_effect().reset()),
            3 => drop(first().after_effect().reset()),
            4 => drop(first().after_effect().status(500)),
            5 => drop(first().before_effect().status(502)),
            6 => drop(first().after_effect().status(503)),
            7 => drop(first().before_effect().too_many_requests(Some(7))),
            8 => drop(first().after_effect().garbage_body()),
            9 => drop(first().before_effect().duplicate_delivery()),
            10 => drop(first().before_effect().deliver_late(Duration::from_secs(600))),
            11 => drop(first().before_effect().revoke_token()),
            12 => drop(first().before_effect().garbage_body()),
            _ => drop(first().after_effect().delay(Duration::from_secs(3))),
        }
        let dwolla = impatient(&world);
        let payment = invoice(&dwolla, NAME).send().await.unwrap();
        completed(&payment).await;
        assert_eq!(world.paid(payment.reference_id()), 1, "fault {fault}");
        world.sandbox.clock().advance(Duration::from_secs(3600));
        assert_eq!(world.paid(payment.reference_id()), 1, "fault {fault}, an hour later");
        assert_eq!(world.sandbox.faults_fired(), 1, "fault {fault}");
    }
}

#[tokio::test]
async fn two_replies_lost_in_a_row_pay_once() {
    let world = World::start().await;
    world.sandbox.on(SEND).times(2).after_effect().drop_reply();
    world.sandbox.on(LIST).times(3).before_effect().status(503);
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    assert_eq!(world.paid(payment.reference_id()), 1);
}

/// A refusal that is none, and a list that is as far behind as a list may be (`Terms::stale`).
#[tokio::test]
async fn a_refusal_is_not_believed_before_the_list_must_know_better() {
    let world = World::start().await;
    world.sandbox.on(SEND).nth(1).after_effect().status(400);
    world.sandbox.on(LIST).times(u64::MAX).before_effect().stale_status(Duration::from_secs(9));
    let dwolla = world.dwolla();
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    assert_eq!((world.paid(payment.reference_id()), world.asked(SEND)), (1, 1));
}

/// The first copy is in the provider's hands, the client gave up on it, and the list does not have it yet.
#[tokio::test]
async fn a_conflict_while_the_first_request_runs_pays_once() {
    let world = World::start().await;
    let held = world.sandbox.on(SEND).nth(1).after_effect().hold();
    world.sandbox.on(LIST).nth(2).times(3).before_effect().stale_status(Duration::from_secs(3600));
    let dwolla = impatient(&world);
    let payment = invoice(&dwolla, NAME).send().await.unwrap();
    completed(&payment).await;
    let answers: Vec<_> =
        world.sandbox.requests().into_iter().filter(|asked| asked.operation == SEND).collect();
    assert!(answers.iter().any(|sent| sent.status == Some(409)), "{answers:?}");
    held.release();
    assert_eq!(world.paid(payment.reference_id()), 1);
}

/// A client that does not wait long for a reply.
fn impatient(world: &World) -> Dwolla {
    world.client().journal(world.journal()).request_timeout(Duration::from_secs(1)).build().unwrap()
}

#[tokio::test]
async fn clients_that_know_nothing_of_each_other_pay_once() {
    let world = World::start().await;
    let clients: Vec<_> = (0..8).map(|_| world.client().journal_in_memory().build().unwrap()).collect();
    let mut sent = tokio::task::JoinSet::new();
    for dwolla in &clients {
        let order = invoice(dwolla, NAME);
        sent.spawn(async move { completed(&order.send().await.unwrap()).await });
    }
    let receipts = sent.join_all().await;
    assert!(receipts.windows(2).all(|pair| pair[0] == pair[1]), "{receipts:?}");
    assert_eq!(world.paid(key(&clients[0], NAME)), 1);
}

#[tokio::test]
async fn a_restart_goes_on_with_what_was_sent() {
    let world = World::start().await;
    world.sandbox.on(SEND).nth(1).after_effect().drop_reply();
    // The key is looked for before its first use; then nobody says anything any more.
    let blind = world.sandbox.on(LIST).nth(2).times(u64::MAX).before_effect().status(503);
    let dwolla =
        world.client().journal(world.journal()).first_answer(Duration::from_secs(30)).build().unwrap();
    let error = invoice(&dwolla, NAME).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Deadline, Effect::Unknown));
    drop(dwolla);
    let dwolla = world.dwolla();
    assert_eq!(dwolla.resume().await.unwrap(), 1);
    // Only now: a call of the first client's that is still under way must not bring the end.
    blind.remove();
    dwolla.idle().await;
    let payment = dwolla.find(NAME).await.unwrap().unwrap();
    completed(&payment).await;
    assert_eq!(world.paid(payment.reference_id()), 1);
}

#[tokio::test]
async fn a_payment_that_a_bank_returned_is_tried_again_under_a_key_of_its_own() {
    let world = World::start().await;
    let dwolla = world.dwolla();
    let order = dwolla.transfer(
        NAME,
        source(SHORT_BANK),
        CustomerId::new(CUSTOMER.to_string()),
        usd("5.00").unwrap(),
    );
    let payment = order.send().await.unwrap();
    let first = payment.reference_id();
    world.sandbox.simulate();
    let failure = failed(&payment).await;
    assert!(failure.recorded && failure.reason.contains("R01"), "{failure}");
    let again = payment.again().await.unwrap();
    assert_ne!(again.reference_id(), first);
    world.sandbox.simulate();
    assert!(failed(&again).await.reason.contains("R01"));
    assert_eq!((world.paid(first), world.paid(again.reference_id()), world.asked(SEND)), (0, 0, 2));
}

#[tokio::test]
async fn a_refused_payment_is_tried_again_under_the_same_key() {
    let world = World::start().await;
    let dwolla = world.dwolla();
    let order = dwolla.transfer(NAME, source(BUSINESS_BALANCE), source(BALANCE), usd("5.00").unwrap());
    let payment = order.send().await.unwrap();
    let failure = failed(&payment).await;
    assert!(!failure.recorded && failure.reason.contains("InsufficientFunds"), "{failure}");
    assert_eq!(world.paid(payment.reference_id()), 0);
    let funds = dwolla.transfer("float/1", source(BALANCE), source(BUSINESS_BALANCE), usd("10.00").unwrap());
    completed(&funds.send().await.unwrap()).await;
    let again = payment.again().await.unwrap();
    assert_eq!(again.reference_id(), payment.reference_id());
    completed(&again).await;
    assert_eq!(world.paid(payment.reference_id()), 1);
}

#[tokio::test]
async fn a_cancelled_transfer_is_a_failed_payment() {
    use dwolla::raw::{enums::CancelStatus, types::CancelTransfer};
    let world = World::start().await;
    let dwolla = world.dwolla();
    let bank = source(payonce_sandbox::dwolla::BANK);
    let to = CustomerId::new(VERIFIED_CUSTOMER.to_string());
    let payment = dwolla.transfer(NAME, bank, to, usd("5.00").unwrap()).send().await.unwrap();
    let transfer = world.sandbox.ledger().movements()[0].transfer.to_string();
    let cancel = CancelTransfer { status: CancelStatus::Cancelled };
    dwolla.raw().cancel_transfer(&transfer, None, &cancel).await.unwrap();
    assert_eq!(failed(&payment).await.reason, "cancelled");
    assert_eq!(world.paid(payment.reference_id()), 0);
}
