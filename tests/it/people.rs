//! Parties, counterparties and payment accounts: what is made is found again as it was made.

use dollr::{Effect, ErrorKind, PartyId, Phone};

use crate::world::World;

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
