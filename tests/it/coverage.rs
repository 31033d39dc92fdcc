//! Every operation of the API has a call of the facade that makes exactly that request.
//!
//! The facade is driven past everything it offers, and the sandbox's log is held against the table of operations. A new
//! operation in the API document fails this test by name until the facade has a call for it. A resource that is added to
//! the facade adds its calls to the walk of its tag here.

use std::collections::BTreeSet;

use dollr::raw::OPERATIONS;
use dollr::{
    CounterpartyId, Currency, DocumentId, Documents, Dollr, InvoiceId, MerchantId, MerchantType,
    OperationType, PartyId, Payee, PaymentIntentId, PaymentMethod, Phone, Realtime, Relationship, Secret,
    Source, SourceNumber, WalletId, usd,
};
use payonce_sandbox::REALTIME_ANON_KEY;

use crate::realtime::{CARD, KEYS, until};
use crate::world::{AMA, World, completed};

const PARTY: PartyId = PartyId::new(42);
const MERCHANT: MerchantId = MerchantId::new(42);

fn phone() -> Phone {
    Phone::new("+231 886-123-456").unwrap()
}

/// `parties`, `counterparties`, `payment-accounts` and `merchants`.
async fn people(dollr: &Dollr) {
    let party = dollr.parties().create("Hawa Johnson", phone()).await.unwrap();
    dollr.parties().list().fullname("Hawa").await.unwrap();
    dollr.parties().retrieve(party.id).await.unwrap();
    let made = dollr.counterparties().create(party.id, Relationship::Employee).await.unwrap();
    dollr.counterparties().list().relationship(Relationship::Employee).await.unwrap();
    dollr.counterparties().update(made.id).relationship(Relationship::Partner).await.unwrap();
    dollr.counterparties().retrieve(made.id).await.unwrap();
    dollr.accounts().mobile_money(OperationType::Collection, party.id, "Hawa", phone()).await.unwrap();
    let _ = dollr.accounts().card(PARTY, "Amara's card").await.unwrap();
    dollr.merchant().info(MerchantType::Organization, MERCHANT).await.unwrap();
}

/// `fees`, `predictions` and `links`.
async fn prices(dollr: &Dollr) {
    let momo = || PaymentMethod::MtnMomoLbr;
    dollr.fees().gateway(OperationType::Payout, momo()).await.unwrap();
    dollr.fees().platform(OperationType::Payout, "default").await.unwrap();
    dollr.fees().merchant_tier(MerchantType::Organization, MERCHANT).await.unwrap();
    dollr.fees().tiers().await.unwrap();
    dollr.predictions().amount(OperationType::Payout, momo(), usd("1.00").unwrap()).await.unwrap();
    dollr.predictions().source(Source::Invoice(InvoiceId::new(101)), momo(), Currency::LRD).await.unwrap();
    dollr.predictions().mobile_money(OperationType::Payout, &phone()).await.unwrap();
    dollr.predictions().card(OperationType::Collection, "pm_card_visa").await.unwrap();
    dollr.links().pay(SourceNumber::Invoice("INV-2025-00042".to_owned())).await.unwrap();
    dollr.links().receipt(SourceNumber::Invoice("INV-2024-09001".to_owned())).await.unwrap();
}

/// `sessions`, `executions` and `status`.
async fn money(dollr: &Dollr) {
    let one = || usd("1.00").unwrap();
    let invoice = Source::Invoice(InvoiceId::new(102));
    let ama = Payee::new("Amara Kamara", Phone::new("231771234567").unwrap());
    for payment in [
        dollr.payout_to("payout", ama, one()).send().await,
        dollr.transfer("transfer", WalletId::new(3), CounterpartyId::new(15), one()).send().await,
        dollr.refund("refund", PaymentIntentId::new(9001), one()).send().await,
        dollr.collection("collection", invoice, AMA, Currency::LRD).send().await,
    ] {
        let payment = payment.unwrap();
        completed(&payment).await;
        dollr.execution(payment.operation(), payment.reference_id()).await.unwrap();
    }
    dollr.source_status(invoice).await.unwrap();
}

/// `invoices` or `orders`: the twelve calls of either.
async fn documents<Id: DocumentId>(dollr: &Dollr, documents: Documents<Id>) {
    let rice =
        || documents.create(CounterpartyId::new(15), Currency::USD).item("Rice", 1, usd("9.50").unwrap());
    let draft = rice().await.unwrap().document;
    let item = draft.items.unwrap()[0].id;
    documents.update(draft.id).note("Rice").await.unwrap();
    documents.update_item(draft.id, item).quantity(2).await.unwrap();
    documents.remove_item(draft.id, item).await.unwrap();
    documents.cancel(draft.id).await.unwrap();
    let paid = rice().publish().await.unwrap();
    let (id, number) = (paid.document.id, &paid.document.number);
    let name = format!("collection/{number}");
    completed(&dollr.collection(name, &paid, AMA, Currency::USD).send().await.unwrap()).await;
    documents.list().await.unwrap();
    documents.retrieve(id).await.unwrap();
    documents.retrieve_by_number(number).await.unwrap();
    documents.receipt(id).await.unwrap();
    documents.receipt_by_number(number).await.unwrap();
}

/// `realtime-keys`: a card payment waits for its holder, and is followed meanwhile.
async fn followed(world: &World, dollr: &Dollr) {
    let invoice = Source::Invoice(InvoiceId::new(103));
    dollr.collection("card", invoice, CARD, Currency::USD).send().await.unwrap();
    let given = || {
        let mut requests = world.sandbox.requests().into_iter();
        requests.any(|request| request.operation.contains(KEYS) && request.status == Some(200))
    };
    until("a key is given", given).await;
}

#[tokio::test]
async fn every_operation_of_the_api_has_a_call_of_the_facade() {
    let world = World::start().await;
    let realtime = Realtime::new(world.sandbox.url(), Secret::new(REALTIME_ANON_KEY));
    let dollr = world.client().realtime(realtime).journal(world.journal()).build().unwrap();
    people(&dollr).await;
    prices(&dollr).await;
    money(&dollr).await;
    documents(&dollr, dollr.invoices()).await;
    documents(&dollr, dollr.orders()).await;
    dollr.checkout(phone(), Currency::USD).item("Rice", usd("9.50").unwrap()).await.unwrap();
    followed(&world, &dollr).await;
    let requests = world.sandbox.requests();
    let answered = requests.into_iter().filter(|request| request.status == Some(200));
    let seen: BTreeSet<_> = answered.map(|request| request.operation).collect();
    let table: BTreeSet<_> =
        OPERATIONS.iter().map(|known| format!("{} {}", known.method, known.path)).collect();
    let missing: Vec<_> = table.difference(&seen).collect();
    assert!(missing.is_empty(), "the facade has no call for {missing:#?}");
    let strange: Vec<_> = seen.difference(&table).collect();
    assert!(strange.is_empty(), "the facade asks for what the API does not have: {strange:#?}");
    assert_eq!(world.movements(), 6);
}
