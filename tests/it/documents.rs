//! Invoices and orders: each of their calls, drafts that are left half-way, and what is refused before it is sent.

use dollr::{
    CounterpartyId, Currency, Document, DocumentId, Documents, Dollr, Error, ErrorKind, FeeBearer, Invoice,
    InvoiceId, Relationship, Source, SourceNumber, SourceStatus, Timestamp, Unfinished, lrd, usd,
};

use crate::world::{AMA, World, completed};

const AMARA: CounterpartyId = CounterpartyId::new(15);

/// How many documents of that kind the merchant has, in whatever state.
async fn count<Id: DocumentId>(documents: &Documents<Id>) -> usize {
    documents.list().await.unwrap().len()
}

/// Every call that both kinds have, on one life: drawn up, changed, published, canceled.
async fn lives<Id: DocumentId>(world: &World, documents: Documents<Id>) {
    let before = count(&documents).await;
    let create = documents.create(AMARA, Currency::USD).note("November").reference("2026-11");
    let create = create.fee_bearer(FeeBearer::Payee).item("Consulting", 2, usd("125.00").unwrap());
    let draft = create.item("Tea", 1, usd("2").unwrap()).await.unwrap().document;
    let id = draft.id;
    assert_eq!((draft.status, draft.total), (SourceStatus::Idle, usd("252.00").unwrap()));
    assert_eq!((draft.counterparty, &draft.fee_bearer), (AMARA, &FeeBearer::Payee));
    assert_eq!(draft.customer.unwrap().relationship_type, Relationship::Customer);
    let tea = draft.items.unwrap().remove(1);
    assert_eq!((tea.name.as_str(), tea.quantity, tea.price), ("Tea", 1, usd("2.00").unwrap()));

    let changed = documents.update_item(id, tea.id).name("Rum").quantity(3).price(usd("4.00").unwrap()).await;
    assert_eq!((changed.unwrap().quantity, count(&documents).await), (3, before + 1));
    let ice = documents.add_item(id, "Ice", 1, usd("1.00").unwrap()).await.unwrap();
    documents.remove_item(id, ice.id).await.unwrap();
    let update = documents.update(id).note("Work").reference("2026-11/b").fee_bearer(FeeBearer::Payer);
    let updated = update.await.unwrap();
    assert_eq!((updated.note.as_str(), updated.fee_bearer), ("Work", FeeBearer::Payer));

    let published = documents.publish(id).await.unwrap().document;
    assert_eq!((published.status, published.total), (SourceStatus::Active, usd("262.00").unwrap()));
    let error = documents.add_item(id, "Late", 1, usd("1.00").unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");

    let shown = documents.retrieve(id).await.unwrap();
    assert_eq!(documents.retrieve_by_number(&shown.number).await.unwrap(), shown);
    let json = serde_json::to_string(&shown).unwrap();
    assert_eq!(serde_json::from_str::<Document<Id>>(&json).unwrap(), shown);
    let list = documents.list().status(SourceStatus::Active).currency(Currency::USD);
    let list = list.reference("2026-11/b").await.unwrap();
    assert_eq!((list.len(), list[0].id, &list[0].items), (1, id, &None));

    assert_eq!(documents.receipt(id).await.unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(documents.cancel(id).await.unwrap().status, SourceStatus::Canceled);
    assert_eq!((documents.cancel(id).await.unwrap_err().kind(), world.movements()), (ErrorKind::Refused, 0));
}

#[tokio::test]
async fn an_invoice_is_drawn_up_changed_published_and_canceled() {
    let world = World::start().await;
    lives(&world, world.dollr().invoices()).await;
}

#[tokio::test]
async fn an_order_is_drawn_up_changed_published_and_canceled() {
    let world = World::start().await;
    lives(&world, world.dollr().orders()).await;
}

#[tokio::test]
async fn the_due_date_is_an_invoices_and_can_be_moved() {
    let world = World::start().await;
    let invoices = world.dollr().invoices();
    let due: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    let draft = invoices.create(AMARA, Currency::USD).due(due).await.unwrap();
    assert_eq!(draft.document.due, Some(due));
    let later: Timestamp = "2026-12-24T00:00:00Z".parse().unwrap();
    assert_eq!(invoices.update(draft.document.id).due(later).await.unwrap().due, Some(later));
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_found_before_anything_is_sent() {
    let world = World::start().await;
    let dollr = world.dollr();
    let invoices = dollr.invoices();
    let new = || invoices.create(AMARA, Currency::USD);
    let wrong: Vec<Result<(), Error>> = vec![
        new().item("Rice", 1, usd("1.00").unwrap()).item("Oil", 1, lrd("190.00").unwrap()).await.map(drop),
        new().item("Rice", 0, usd("1.00").unwrap()).await.map(drop),
        new().item(" ", 1, usd("1.00").unwrap()).await.map(drop),
        new().reference("a\nb").await.map(drop),
        new().publish().await.map(drop),
        invoices.create(CounterpartyId::new(0), Currency::USD).await.map(drop),
        invoices.create(AMARA, Currency::new("ZZZ").unwrap()).await.map(drop),
        invoices.update(InvoiceId::new(104)).await.map(drop),
        invoices.update_item(InvoiceId::new(104), 1.into()).quantity(0).await.map(drop),
        invoices.retrieve(InvoiceId::new(-1)).await.map(drop),
        invoices.retrieve_by_number("").await.map(drop),
    ];
    for (n, wrong) in wrong.into_iter().enumerate() {
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Invalid, "{n}");
    }
    assert_eq!(world.sandbox.request_count(), 0);
    // The price of an item is a bare number on the wire, so its currency is compared with the document's.
    let error = invoices.update_item(InvoiceId::new(104), 1.into()).price(lrd("5.00").unwrap()).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn the_amounts_of_a_document_are_exact() {
    let world = World::start().await;
    let invoices = world.dollr().invoices();
    for (quantity, price, total) in [
        (3, "0.29", "0.87"),
        (7, "1.10", "7.70"),
        (1, "0.01", "0.01"),
        (1, "12345678901234.56", "12345678901234.56"),
        (1000, "19.99", "19990.00"),
    ] {
        let draft = invoices.create(AMARA, Currency::USD).item("Rice", quantity, usd(price).unwrap());
        let shown = draft.await.unwrap().document;
        assert_eq!(shown.total, usd(total).unwrap(), "{quantity} x {price}");
        assert_eq!(shown.items.unwrap()[0].price, usd(price).unwrap());
    }
}

/// An invoice with three items, as one run of a program asks for it.
fn three(dollr: &Dollr) -> dollr::CreateDocument<InvoiceId> {
    let new = dollr.invoices().create(AMARA, Currency::USD).note("Groceries");
    let new = new.item("Rice", 2, usd("9.50").unwrap()).item("Oil", 1, usd("3.00").unwrap());
    new.item("Rice", 2, usd("9.50").unwrap())
}

/// What is left after the nth addition has failed in that way, and that it is gone on with.
async fn half_way(fault: fn(&World), added: usize) {
    let world = World::start().await;
    let dollr = world.dollr();
    let before = count(&dollr.invoices()).await;
    fault(&world);
    let error = three(&dollr).publish().await.unwrap_err();
    let left = Unfinished::of(&error).unwrap_or_else(|| panic!("{error}"));
    assert_eq!((left.added, left.of), (added, 3), "{error}");
    let Source::Invoice(id) = left.source else { panic!("{error}") };
    assert!(error.to_string().contains(&format!("invoice {id}")), "{error}");
    world.sandbox.clear_faults();
    let published = three(&dollr).go_on_with(id).publish().await.unwrap();
    assert_eq!((published.document.id, published.document.total), (id, usd("41.00").unwrap()));
    let items = dollr.invoices().retrieve(id).await.unwrap().items.unwrap();
    assert_eq!((items.len(), count(&dollr.invoices()).await), (3, before + 1));
    // Once more, after the end: what is published is taken as it is.
    assert_eq!(three(&dollr).go_on_with(id).publish().await.unwrap().document.id, id);
    let other = three(&dollr).item("Salt", 1, usd("1.00").unwrap()).go_on_with(id).publish().await;
    assert_eq!((other.unwrap_err().kind(), world.movements()), (ErrorKind::NameTaken, 0));
}

const ADD: &str = "POST /v1/invoices/{invoice_id}/items/add";

#[tokio::test]
async fn a_document_whose_item_did_not_arrive_is_gone_on_with() {
    half_way(|world| drop(world.sandbox.on(ADD).nth(3).before_effect().status(500)), 2).await;
}

#[tokio::test]
async fn an_item_whose_reply_was_lost_is_not_added_twice() {
    half_way(|world| drop(world.sandbox.on(ADD).nth(2).after_effect().drop_reply()), 1).await;
}

#[tokio::test]
async fn an_item_that_arrived_twice_is_removed_before_the_document_is_published() {
    half_way(|world| drop(world.sandbox.on(ADD).nth(2).before_effect().duplicate_delivery()), 3).await;
}

#[tokio::test]
async fn a_publication_whose_reply_was_lost_is_gone_on_with() {
    let publish = |world: &World| {
        drop(world.sandbox.on("PUT /v1/invoices/publish/{id}").nth(1).after_effect().drop_reply());
    };
    half_way(publish, 3).await;
}

#[tokio::test]
async fn a_creation_whose_reply_was_lost_says_that_the_invoice_may_exist() {
    let world = World::start().await;
    let dollr = world.dollr();
    let before = count(&dollr.invoices()).await;
    world.sandbox.on("POST /v1/invoices/create").nth(1).after_effect().drop_reply();
    let error = three(&dollr).await.unwrap_err();
    assert!(error.to_string().contains("may have been created"), "{error}");
    let drafts = dollr.invoices().list().status(SourceStatus::Idle).await.unwrap();
    let found: Vec<&Invoice> = drafts.iter().filter(|invoice| invoice.note == "Groceries").collect();
    assert_eq!((found.len(), count(&dollr.invoices()).await), (1, before + 1));
}

#[tokio::test]
async fn a_published_document_is_collected_and_its_receipt_says_what_was_settled() {
    let world = World::start().await;
    let dollr = world.dollr();
    let order = dollr.orders().create(AMARA, Currency::USD).item("Rice", 2, usd("50.00").unwrap());
    let order = order.as_payment_link().publish().await.unwrap();
    assert!(dollr.links().pay(&order.document).await.unwrap().starts_with("http"));
    let collection = dollr.collection("ORD-1", &order, AMA, Currency::LRD).send().await.unwrap();
    let paid = completed(&collection).await;
    assert_eq!(dollr.source_of(&collection).unwrap(), Source::from(&order));

    let receipt = dollr.receipt(&order).await.unwrap();
    assert_eq!(dollr.orders().receipt(order.document.id).await.unwrap(), receipt);
    assert_eq!(dollr.orders().receipt_by_number(&order.document.number).await.unwrap(), receipt);
    assert_eq!((receipt.source, receipt.total), (Source::from(&order), usd("100.00").unwrap()));
    assert_eq!(receipt.payer_amount, Some(paid.payer_amount));
    assert_eq!(receipt.payee_amount, Some(usd("100.00").unwrap()), "the payer bears the fees");
    assert_eq!(receipt.platform_fee, Some(usd("1.00").unwrap()));
    assert_eq!(receipt.gateway_fee, Some(usd("1.50").unwrap()));
    let exchange = receipt.exchange.clone().unwrap();
    assert_eq!(exchange.fee.unwrap().currency(), Currency::USD);
    assert_eq!(receipt.provider_transaction_id, paid.provider_transaction_id);
    assert!(dollr.links().receipt(SourceNumber::from(&receipt)).await.unwrap().contains("/receipt/"));
    let json = serde_json::to_string(&receipt).unwrap();
    assert_eq!(serde_json::from_str::<dollr::SourceReceipt>(&json).unwrap(), receipt);
    assert_eq!((world.paid(collection.reference_id()), world.movements()), (1, 1));
}

/// The type keeps a draft from being collected; an id does not. Then the provider refuses, and nothing is lost.
#[tokio::test]
async fn a_draft_that_is_collected_by_its_id_fails_readably_and_is_collected_once_published() {
    let world = World::start().await;
    let dollr = world.dollr();
    let id = three(&dollr).await.unwrap().document.id;
    let collection = dollr.collection("INV-7", id, AMA, Currency::USD).send().await.unwrap();
    let failure = crate::world::failed(&collection).await;
    assert!(!failure.recorded && failure.reason.contains("ACTIVE"), "{failure}");
    assert_eq!(world.movements(), 0);
    dollr.invoices().publish(id).await.unwrap();
    completed(&collection.again().await.unwrap()).await;
    assert_eq!(world.movements(), 1);
}
