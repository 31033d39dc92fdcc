//! Parties, counterparties and payment accounts: what is made is found again as it was made.

use dollr::{
    Currency, Effect, ErrorKind, InvoiceId, Means, OperationType, PartyId, PaymentMethod, PaymentProvider,
    Phone, Relationship, Source, Status, usd,
};

use crate::world::{World, completed};

const COMFORT: PartyId = PartyId::new(44);

#[tokio::test]
async fn a_party_is_created_found_by_a_part_of_its_name_and_retrieved() {
    let world = World::start().await;
    let parties = world.dollr().parties();
    let phone = Phone::new("+231 886-123-456").unwrap();
    let made = parties
        .create("Hawa Johnson", phone.clone())
        .email("hawa@example.com")
        .country_code("LR")
        .await
        .unwrap();
    assert_eq!((made.fullname.as_str(), made.phone.as_ref()), ("Hawa Johnson", Some(&phone)));
    assert_eq!(made.email.as_deref(), Some("hawa@example.com"));
    assert_eq!(parties.list().fullname("johnson").await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(parties.retrieve(made.id).await.unwrap(), made);
    assert!(parties.list().await.unwrap().len() > 3);
    assert!(!format!("{made:?}").contains("886123"), "{made:?}");
    let json = serde_json::to_string(&made).unwrap();
    assert_eq!(serde_json::from_str::<dollr::Party>(&json).unwrap(), made);
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn a_party_that_does_not_exist_is_not_found_and_a_nameless_one_is_not_sent() {
    let world = World::start().await;
    let parties = world.dollr().parties();
    let error = parties.retrieve(PartyId::new(4711)).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NotFound, Effect::None));
    let requests = world.sandbox.request_count();
    let phone = Phone::new("231886123456").unwrap();
    assert_eq!(parties.create(" ", phone).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(parties.retrieve(PartyId::new(0)).await.unwrap_err().kind(), ErrorKind::Invalid);
    assert_eq!(world.sandbox.request_count(), requests);
}

#[tokio::test]
async fn a_creation_whose_reply_is_lost_says_that_the_party_may_exist() {
    let world = World::start().await;
    let parties = world.dollr().parties();
    world.sandbox.on("POST /v1/parties/create").nth(1).after_effect().drop_reply();
    let phone = Phone::new("231886123456").unwrap();
    let error = parties.create("Hawa Johnson", phone).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(error.to_string().contains("may have been created"), "{error}");
    assert_eq!(parties.list().fullname("Hawa Johnson").await.unwrap().len(), 1, "it was sent once");
}

#[tokio::test]
async fn a_counterparty_gets_a_role_and_another_one() {
    let world = World::start().await;
    let counterparties = world.dollr().counterparties();
    let made = counterparties.create(COMFORT, Relationship::Employee).await.unwrap();
    assert_eq!((made.party_id, &made.relationship_type), (Some(COMFORT), &Relationship::Employee));
    let employees = counterparties.list().relationship(Relationship::Employee).await.unwrap();
    assert_eq!(employees.iter().map(|found| found.id).collect::<Vec<_>>(), [made.id]);
    assert_eq!(counterparties.list().fullname("comfort").await.unwrap().len(), 2);
    counterparties.update(made.id).relationship(Relationship::Partner).party(PartyId::new(43)).await.unwrap();
    let found = counterparties.retrieve(made.id).await.unwrap();
    assert_eq!((found.party_id, found.relationship_type), (Some(PartyId::new(43)), Relationship::Partner));
    assert_eq!(found.party.unwrap().fullname, "Blessing Cooper");
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn an_account_of_mobile_money_is_made_by_its_phone_number_and_paid() {
    let world = World::start().await;
    let dollr = world.dollr();
    let phone = Phone::new("+231 772-333-444").unwrap();
    let account =
        dollr.accounts().mobile_money(OperationType::Payout, COMFORT, "Comfort", phone).await.unwrap();
    assert_eq!(account.method, PaymentMethod::OrangeMoneyLbr, "the prefix is Orange's");
    assert_eq!((account.provider.as_str(), account.is_active), ("ORANGE_MONEY_LBR", true));
    let payout = dollr.payout("first", account.id, usd("5.00").unwrap()).send().await.unwrap();
    completed(&payout).await;
    assert_eq!((world.paid(payout.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn the_method_of_an_account_can_be_named_with_its_provider() {
    let world = World::start().await;
    let accounts = world.dollr().accounts();
    let phone = Phone::new("231771333444").unwrap();
    let ask = accounts.mobile_money(OperationType::Collection, COMFORT, "Comfort", phone).country_code("LR");
    assert!(!format!("{ask:?}").contains("1333444"), "{ask:?}");
    let means = Means::new(PaymentMethod::MtnMomoLbr, PaymentProvider::Pawapay);
    let account = ask.clone().method(means).await.unwrap();
    assert_eq!((&account.provider, account.country_code.as_deref()), (&PaymentProvider::Pawapay, Some("LR")));
    let card = ask.method(PaymentMethod::CreditCard).await.unwrap_err();
    assert_eq!(card.kind(), ErrorKind::Invalid, "a card's account is of another type");
    let wallet = accounts.wallet(COMFORT, "Comfort's wallet").await.unwrap();
    assert_eq!(wallet.method, PaymentMethod::Wallet);
    let asked =
        world.sandbox.requests().iter().filter(|asked| asked.operation.contains("mmo-provider")).count();
    assert_eq!(asked, 0, "who names the method asks nobody");
}

#[tokio::test]
async fn a_card_account_is_used_up_by_the_collection_it_is_given_to() {
    let world = World::start().await;
    let dollr = world.dollr();
    let invoice = Source::Invoice(InvoiceId::new(103));
    let card = dollr.accounts().card(COMFORT, "Comfort's card").await.unwrap();
    assert!(card.is_active() && card.party_id() == COMFORT);
    let collection = dollr.collection("card/1", invoice, card, Currency::USD).send().await.unwrap();
    assert!(matches!(collection.status().await.unwrap(), Status::NeedsAction { .. }));
    assert!(world.sandbox.confirm_card(collection.reference_id().as_uuid()));
    completed(&collection).await;
    assert_eq!((world.paid(collection.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn what_belongs_to_a_phone_or_card_is_asked_and_an_unknown_number_is_refused() {
    let world = World::start().await;
    let predictions = world.dollr().predictions();
    let phone = Phone::new("+250 788 123 456").unwrap();
    let found = predictions.mobile_money(OperationType::Payout, &phone).await.unwrap();
    assert_eq!((found.payment_method, found.currencies), (PaymentMethod::MtnMomoRwa, vec![Currency::RWF]));
    let foreign = Phone::new("+49 1511 2345678").unwrap();
    let error = predictions.mobile_money(OperationType::Payout, &foreign).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Refused, Effect::None));
    assert!(!error.to_string().contains("2345678"), "{error}");
    let card = predictions.card(OperationType::Collection, "pm_card_mastercard").await.unwrap();
    assert_eq!((card.brand.as_str(), card.payment_method), ("mastercard", PaymentMethod::CreditCard));
}
