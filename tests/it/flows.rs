//! The four operations as a user meets them, and what is refused.

use dollr::{
    AccountId, CounterpartyId, Currency, Dollr, Effect, ErrorKind, InvoiceId, Money, OrderId, Passcode,
    PaymentIntentId, Secret, Source, SourceStatus, Standing, Status, WalletId, lrd, usd,
};
use payonce_sandbox::{CLIENT_SECRET, PASSCODE_PHONE};

use crate::world::{AMA, DECLINES, World, completed, failed, pay_ama};

const USD_WALLET: WalletId = WalletId::new(3);
const CARD: AccountId = AccountId::new(31);

#[tokio::test]
async fn a_payout_is_made_once_and_its_receipt_is_exact() {
    let world = World::start().await;
    let payout = pay_ama(&world.dollr()).await.unwrap();
    let receipt = completed(&payout).await;
    assert_eq!(receipt.payee_amount, usd("250.00").unwrap());
    assert!(receipt.payer_amount.amount() > receipt.payee_amount.amount(), "the payer bears the fees");
    assert_eq!(receipt.reference_id, payout.reference_id());
    assert_eq!((world.paid(payout.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn a_transfer_moves_from_the_wallet_to_the_counterparty() {
    let world = World::start().await;
    let before = world.sandbox.ledger().balance("wallet:3", "USD");
    let transfer =
        world.dollr().transfer("float/1", USD_WALLET, CounterpartyId::new(15), usd("900.00").unwrap());
    completed(&transfer.send().await.unwrap()).await;
    let after = world.sandbox.ledger().balance("wallet:3", "USD");
    assert_eq!(before - after, usd("900.00").unwrap().amount());
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn refunds_add_up_to_the_original_and_never_above_it() {
    let world = World::start().await;
    let dollr = world.dollr();
    let original = PaymentIntentId::new(9001);
    for (name, amount) in [("refund/1", "100.00"), ("refund/2", "150.00")] {
        let refund =
            dollr.refund(name, original, usd(amount).unwrap()).reason("damaged").send().await.unwrap();
        completed(&refund).await;
    }
    let refund = dollr.refund("refund/3", original, usd("0.01").unwrap()).send().await.unwrap();
    assert!(!failed(&refund).await.recorded, "the provider refuses it outright");
    assert_eq!((world.paid(refund.reference_id()), world.movements()), (0, 2));
}

#[tokio::test]
async fn a_collection_pays_the_invoice() {
    let world = World::start().await;
    let dollr = world.dollr();
    let invoice = Source::Invoice(InvoiceId::new(101));
    let collection = dollr.collection("INV-2025-00042", invoice, AMA, Currency::USD).send().await.unwrap();
    completed(&collection).await;
    assert_eq!(dollr.source_status(invoice).await.unwrap().status, SourceStatus::Paid);
    assert_eq!((world.paid(collection.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn an_order_in_another_currency_is_collected_in_that_currency() {
    let world = World::start().await;
    let order = Source::Order(OrderId::new(88));
    let collection = world.dollr().collection("ORD-88", order, AMA, Currency::LRD).send().await.unwrap();
    assert_eq!(completed(&collection).await.payee_amount, lrd("1500.00").unwrap());
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn a_source_that_is_paid_already_is_not_collected_again() {
    let world = World::start().await;
    let dollr = world.dollr();
    let invoice = Source::Invoice(InvoiceId::new(101));
    completed(&dollr.collection("first", invoice, AMA, Currency::USD).send().await.unwrap()).await;
    let second = dollr.collection("second", invoice, AMA, Currency::USD).send().await.unwrap();
    assert!(!failed(&second).await.recorded);
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn a_card_shows_what_the_customer_must_authorise_with() {
    let world = World::start().await;
    let dollr = world.dollr();
    let invoice = Source::Invoice(InvoiceId::new(103));
    let collection = dollr.collection("card/1", invoice, CARD, Currency::USD).send().await.unwrap();
    let Status::NeedsAction { client_secret } = collection.status().await.unwrap() else {
        panic!("no action")
    };
    assert!(client_secret.expose().contains("_secret_"));
    assert_eq!(world.movements(), 0);
    assert!(world.sandbox.confirm_card(collection.reference_id().as_uuid()));
    completed(&collection).await;
    assert_eq!(world.movements(), 1);
    let journal = std::fs::read(world.journal()).unwrap();
    let needle = client_secret.expose().as_bytes();
    assert!(
        !journal.windows(needle.len()).any(|window| window == needle),
        "the journal holds the card's secret"
    );
}

#[tokio::test]
async fn a_declined_payment_is_tried_again_only_on_request_and_under_a_new_key() {
    let world = World::start().await;
    let dollr = world.dollr();
    let send = || dollr.payout("supplier/9", DECLINES, usd("10.00").unwrap()).send();
    let first = send().await.unwrap();
    assert!(failed(&first).await.recorded);
    let repeated = send().await.unwrap();
    assert_eq!((repeated.reference_id(), failed(&repeated).await.recorded), (first.reference_id(), true));
    let again = first.again().await.unwrap();
    assert_ne!(again.reference_id(), first.reference_id());
    failed(&again).await;
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn what_the_wallet_cannot_cover_fails_and_moves_nothing() {
    let world = World::start().await;
    let too_much = Money::new("1000000000001.00", Currency::USD).unwrap();
    let payout = world.dollr().payout("too/much", AMA, too_much).send().await.unwrap();
    let failure = failed(&payout).await;
    assert!(failure.recorded && !failure.reason.is_empty(), "{failure:?}");
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn an_inactive_account_is_refused_and_the_same_key_serves_when_it_is_tried_again() {
    let world = World::start().await;
    let dollr = world.dollr();
    let payout = dollr.payout("inactive", AccountId::new(25), usd("10.00").unwrap()).send().await.unwrap();
    assert!(!failed(&payout).await.recorded);
    let again = payout.again().await.unwrap();
    assert_eq!(again.reference_id(), payout.reference_id());
    failed(&again).await;
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn a_wrong_passcode_pays_nothing_and_says_so() {
    let world = World::start().await;
    let wrong = Passcode::of_phone(Secret::new("999999"), PASSCODE_PHONE);
    let dollr = world.client().passcode(wrong).journal(world.journal()).build().unwrap();
    let words = match pay_ama(&dollr).await {
        Ok(payout) => failed(&payout).await.reason,
        Err(error) => {
            assert_eq!((error.kind(), error.effect()), (ErrorKind::Forbidden, Effect::None));
            error.to_string()
        }
    };
    assert!(words.to_lowercase().contains("passcode") && !words.contains("999999"), "{words}");
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn wrong_credentials_pay_nothing_and_the_name_can_be_used_when_they_are_right() {
    let world = World::start().await;
    let wrong = Secret::new(format!("{CLIENT_SECRET}-old"));
    let dollr = world.client().client_secret(wrong).journal(world.journal()).build().unwrap();
    let error = pay_ama(&dollr).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unauthorized, Effect::None));
    assert!(!error.to_string().contains(CLIENT_SECRET));
    assert_eq!(world.movements(), 0);
    completed(&pay_ama(&world.dollr()).await.unwrap()).await;
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn one_name_is_one_payment_for_all_who_send_it() {
    let world = World::start().await;
    let processes: Vec<Dollr> = (0..3).map(|_| world.dollr()).collect();
    let senders: Vec<_> = (0..30)
        .map(|n| {
            let dollr = processes[n % 3].clone();
            tokio::spawn(async move { completed(&pay_ama(&dollr).await.unwrap()).await })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn a_name_with_other_contents_is_refused_before_any_request() {
    let world = World::start().await;
    let dollr = world.dollr();
    completed(&pay_ama(&dollr).await.unwrap()).await;
    let requests = world.sandbox.request_count();
    let name = "salary/2026-11/ama";
    let others = [
        dollr.payout(name, AMA, usd("250.01").unwrap()).send().await,
        dollr.payout(name, AMA, lrd("250.00").unwrap()).send().await,
        dollr.payout(name, AccountId::new(19), usd("250.00").unwrap()).send().await,
        dollr.transfer(name, USD_WALLET, CounterpartyId::new(15), usd("250.00").unwrap()).send().await,
    ];
    for other in others {
        let error = other.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NameTaken, Effect::None));
    }
    assert_eq!((world.sandbox.request_count(), world.movements()), (requests, 1));
}

#[tokio::test]
async fn a_journal_refuses_another_namespace() {
    let world = World::start().await;
    completed(&pay_ama(&world.dollr()).await.unwrap()).await;
    let rotated = world.client().namespace("rotated").journal(world.journal()).build().unwrap();
    let error = pay_ama(&rotated).await.unwrap_err();
    // The journal has a payment of that name, so nobody is told that no money moved.
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Configuration, Effect::Unknown));
    let another = rotated.payout("salary/2026-11/kofi", AMA, usd("250.00").unwrap());
    let error = another.send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Configuration, Effect::None));
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn payments_are_found_by_name_and_by_key_and_listed() {
    let world = World::start().await;
    let dollr = world.dollr();
    let payout = pay_ama(&dollr).await.unwrap();
    completed(&payout).await;
    let by_name = world.dollr().find("salary/2026-11/ama").await.unwrap().unwrap();
    let by_key = world.dollr().find_by_reference(payout.reference_id()).await.unwrap().unwrap();
    assert_eq!(by_name.reference_id(), by_key.reference_id());
    assert!(matches!(by_key.status().await.unwrap(), Status::Completed(_)));
    assert!(world.dollr().find("nobody").await.unwrap().is_none());
    let all = dollr::Filter { standing: None, unfinished: false, after: None, limit: 10 };
    let list = dollr.list(all).await.unwrap();
    assert_eq!((list.len(), list[0].as_ref().unwrap().standing), (1, Standing::Completed));
    let word = dollr.execution(payout.operation(), payout.reference_id()).await.unwrap();
    assert_eq!(word.reference_id, payout.reference_id());
    assert_eq!(world.movements(), 1);
}
