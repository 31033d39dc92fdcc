//! Replies about people and prices, one by one: what is new is kept, what cannot be read is named, and what is secret is
//! not repeated.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use dollr::{
    Dollr, ErrorKind, MerchantId, MerchantType, OperationType, PartyId, PaymentMethod, PaymentProvider,
    Phone, SourceNumber, usd,
};
use httpmock::MockServer;
use support::*;

const TIMES: &str = r#""created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z""#;

/// A client of a server that answers everything but the question for a token with this.
async fn answering(body: String) -> (MockServer, Dollr) {
    let server = MockServer::start_async().await;
    gives_token(&server, TOKEN, 60).await;
    server
        .mock_async(|when, then| {
            when.path_excludes("/obtain/token");
            then.status(200).body(body);
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    (server, dollr)
}

#[tokio::test]
async fn a_word_that_the_provider_adds_is_kept_as_it_came() {
    let body = format!(
        r#"{{"id":7,"account_name":"Ama","provider":"NEW_ONE","method":"NEW_MOMO","party_id":42,"is_active":true,{TIMES}}}"#
    );
    let (_server, dollr) = answering(body).await;
    let phone = Phone::new("231770000000").unwrap();
    let means = PaymentMethod::Other("NEW_MOMO".to_owned());
    let asked =
        dollr.accounts().mobile_money(OperationType::Payout, PartyId::new(42), "Ama", phone).method(means);
    let account = asked.await.unwrap();
    assert_eq!(account.method, PaymentMethod::Other("NEW_MOMO".to_owned()));
    assert_eq!(account.provider, PaymentProvider::Other("NEW_ONE".to_owned()));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_that_names_the_field() {
    let party = format!(r#"{{"id":42,"fullname":"Ama","phone":"0770-123","country_code":null,{TIMES}}}"#);
    let (_server, dollr) = answering(party).await;
    let error = dollr.parties().retrieve(PartyId::new(42)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.message().contains("phone") && !error.message().contains("0770"), "{error}");

    let price = r#"{"payer_amount":"251.25","payer_currency":"US DOLLARS","payee_amount":"250.00",
        "payee_currency":"USD","platform_fee":"1.25","platform_currency":"USD"}"#;
    let (_server, dollr) = answering(price.to_owned()).await;
    let asked =
        dollr.predictions().amount(OperationType::Payout, PaymentMethod::MtnMomoLbr, usd("250").unwrap());
    let error = asked.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(error.message().contains("payer_currency"), "{error}");

    let (_server, dollr) = answering(r#"{"url":"javascript:alert(1)"}"#.to_owned()).await;
    let error = dollr.links().pay(SourceNumber::Invoice("INV-1".to_owned())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreadable);
}

/// The passcode's phone is a secret in the provider's words, and an ordinary number in a field of its own.
#[tokio::test]
async fn a_secret_is_not_repeated_and_the_merchants_own_number_is_still_its_number() {
    let merchant = format!(
        r#"{{"id":42,"name":"Kamara {PASSCODE} {TOKEN} 231771234567","type":"ORGANIZATION","phone":"231771234567"}}"#
    );
    let (_server, dollr) = answering(merchant).await;
    let merchant = dollr.merchant().info(MerchantType::Organization, MerchantId::new(42)).await.unwrap();
    assert_eq!(merchant.name, "Kamara [redacted] [redacted] [redacted]");
    assert_eq!(merchant.phone, Some(Phone::new("231771234567").unwrap()));
}

#[tokio::test]
async fn a_refusal_that_repeats_a_persons_number_does_not_carry_it_on() {
    let server = MockServer::start_async().await;
    gives_token(&server, TOKEN, 60).await;
    server
        .mock_async(|when, then| {
            when.path_excludes("/obtain/token");
            then.status(422).header("x-request-id", "req-9").body(r#"{"detail":"231886123456 is nobody's"}"#);
        })
        .await;
    let dollr = builder(&server.base_url()).build().unwrap();
    let phone = || Phone::new("+231 886-123-456").unwrap();
    let account = dollr.accounts().mobile_money(OperationType::Payout, PartyId::new(42), "Hawa", phone());
    for error in [
        dollr.predictions().mobile_money(OperationType::Payout, &phone()).await.unwrap_err(),
        dollr.parties().create("Hawa", phone()).await.unwrap_err(),
        account.method(PaymentMethod::MtnMomoLbr).await.unwrap_err(),
    ] {
        let text = format!("{error} {error:?}");
        assert!(text.contains("(...456) is nobody's") && !text.contains("886123"), "{text}");
        assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(422)));
        assert_eq!(error.request_id(), Some("req-9"));
    }
}
