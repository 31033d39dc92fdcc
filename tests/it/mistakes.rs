//! Mistakes that the API invites and the facade does not let anybody make. Each test is a row of
//! `what_you_no_longer_have_to_know.md` in the crate.

use std::time::Duration;

use dollr::{Currency, Effect, ErrorKind, Money, Payee, Phone, usd};
use rust_decimal::Decimal;

use crate::world::{AMA, DECLINES, World, completed, failed, pay_ama};

const OPEN_SESSION: &str = "POST /v1/sessions/payout";

#[tokio::test]
async fn every_attempt_has_a_session_of_its_own() {
    let world = World::start().await;
    let dollr = world.dollr();
    let payout = dollr.payout("supplier/9", DECLINES, usd("10.00").unwrap()).send().await.unwrap();
    failed(&payout).await;
    failed(&payout.again().await.unwrap()).await;
    completed(&pay_ama(&dollr).await.unwrap()).await;
    completed(&pay_ama(&dollr).await.unwrap()).await;
    assert_eq!(world.asked(OPEN_SESSION), 3, "two attempts at one name, one at the other");
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn a_session_that_expired_before_it_was_used_is_replaced_under_the_same_key() {
    let world = World::start().await;
    let dollr = world.dollr();
    let held = world.sandbox.on(OPEN_SESSION).nth(1).after_effect().hold();
    let paying = tokio::spawn(async move { completed(&pay_ama(&dollr).await.unwrap()).await });
    held.wait_until_held().await;
    world.sandbox.clock().advance(Duration::from_secs(3600));
    held.release();
    let receipt = paying.await.unwrap();
    assert!(world.asked(OPEN_SESSION) > 1, "the first session was good for nothing");
    assert_eq!((world.paid(receipt.reference_id), world.movements()), (1, 1));
}

#[tokio::test]
async fn decimal_amounts_arrive_to_the_last_cent() {
    let world = World::start().await;
    let dollr = world.dollr();
    let amounts = ["0.01", "0.10", "0.20", "0.29", "1.10", "4.35", "100.00", "90071992547.93"];
    let mut total = Decimal::ZERO;
    for amount in amounts {
        let money = usd(amount).unwrap();
        let payout = dollr.payout(format!("exact/{amount}"), AMA, money).send().await.unwrap();
        assert_eq!(completed(&payout).await.payee_amount, money);
        total += money.amount();
    }
    let received = world.sandbox.ledger().movements().iter().map(|movement| movement.amount).sum::<Decimal>();
    assert_eq!((received, world.movements()), (total, amounts.len()));
}

#[tokio::test]
async fn an_amount_or_a_phone_number_that_would_be_misread_is_sent_nowhere() {
    let world = World::start().await;
    for amount in ["1,000.00", "1e3", "0.001", "10.00 ", "-1.00", "0"] {
        assert_eq!(usd(amount).unwrap_err().kind(), ErrorKind::Invalid, "{amount}");
    }
    assert!(Money::new("10.50", Currency::RWF).is_err(), "there is no half franc");
    for phone in ["0770 000 000", "+231 (0) 770 000 000", "770-00", "call me"] {
        assert_eq!(Phone::new(phone).unwrap_err().kind(), ErrorKind::Invalid, "{phone}");
    }
    assert_eq!(world.sandbox.request_count(), 0);
}

#[tokio::test]
async fn a_phone_number_is_taken_as_people_write_it_and_sent_as_the_provider_reads_it() {
    let world = World::start().await;
    let dollr = world.dollr();
    for (n, phone) in ["+231 771-234-567", "00231771234567", "231 771 234 567"].into_iter().enumerate() {
        let ama = Payee::new("Amara Kamara", Phone::new(phone).unwrap());
        let payout = dollr.payout_to(format!("ama/{n}"), ama, usd("1.00").unwrap()).send().await.unwrap();
        completed(&payout).await;
    }
    assert_eq!(world.asked("POST /v1/payment-accounts/create"), 1, "all three are one number");
    assert_eq!(world.movements(), 3);
}

#[tokio::test]
async fn a_token_that_lives_for_minutes_is_not_taken_to_live_for_seconds() {
    let world = World::start().await;
    let dollr = world.dollr();
    completed(&pay_ama(&dollr).await.unwrap()).await;
    // An hour in minutes is an hour; read as seconds it would be over by now.
    world.sandbox.clock().advance(Duration::from_secs(10 * 60));
    dollr.parties().list().await.unwrap();
    assert_eq!(world.asked("POST /v1/jwt/client/obtain/token"), 1);
    world.sandbox.clock().advance(Duration::from_secs(50 * 60));
    dollr.parties().list().await.unwrap();
    assert_eq!(world.asked("POST /v1/jwt/client/obtain/token"), 2);
    let refused = world.sandbox.requests().iter().filter(|request| request.status == Some(401)).count();
    assert_eq!((refused, world.movements()), (0, 1), "it was renewed in time");
}

#[tokio::test]
async fn a_card_account_that_was_used_up_elsewhere_is_refused_and_charges_nobody() {
    let world = World::start().await;
    let dollr = world.dollr();
    let card = dollr.accounts().card(dollr::PartyId::new(42), "Amara's card").await.unwrap();
    // Only who takes the id out can use it twice.
    let id = dollr::AccountId::from(card);
    let [first, second] = [101, 103].map(|id| dollr::Source::Invoice(dollr::InvoiceId::new(id)));
    let used = dollr.collection("INV-101", first, id, Currency::USD).send().await.unwrap();
    assert!(world.sandbox.confirm_card(used.reference_id().as_uuid()));
    completed(&used).await;
    let again = dollr.collection("INV-103", second, id, Currency::USD).send().await.unwrap();
    assert!(!failed(&again).await.recorded);
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn an_id_that_no_id_can_be_is_sent_nowhere() {
    let world = World::start().await;
    let dollr = world.dollr();
    for id in [0, -1] {
        let errors = [
            dollr.payout("a", id.into(), usd("1.00").unwrap()).send().await.unwrap_err(),
            dollr.parties().retrieve(id.into()).await.unwrap_err(),
            dollr.counterparties().retrieve(id.into()).await.unwrap_err(),
            dollr.counterparties().update(id.into()).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
        }
    }
    assert_eq!((world.sandbox.request_count(), world.movements()), (0, 0));
}
