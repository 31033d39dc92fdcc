//! Checkouts: what is made in one call, how it is found out that it was paid, and that nothing else tells.

use std::time::Duration;

use dollr::{
    CounterpartyId, Currency, ErrorKind, InvoiceId, Phone, Relationship, Sale, Source, SourceStatus, lrd, usd,
};

use crate::world::{AMA, World, completed};

fn amara() -> Phone {
    Phone::new("+231 771 234 567").unwrap()
}

const AN_HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn a_hosted_checkout_makes_an_invoice_and_a_page_and_is_paid_when_the_provider_says_so() {
    let world = World::start().await;
    let dollr = world.dollr();
    let create = dollr.checkout(amara(), Currency::USD).name("Amara Kamara").email("amara@example.com");
    let create = create.counterparty(CounterpartyId::new(15)).relationship(Relationship::Customer);
    let create = create.item("Lamp", usd("40.00").unwrap()).item("Shade", usd("10").unwrap());
    let create = create.note("Basket 7").reference("basket/7").cancel_url("https://shop.example/left");
    let checkout = create.success_url("https://shop.example/thanks").await.unwrap();
    assert!(checkout.url.starts_with(world.sandbox.url()), "{}", checkout.url);
    assert!(!format!("{checkout:?}").contains("/pay/"), "{checkout:?}");
    assert_eq!((checkout.status.clone(), checkout.total), (SourceStatus::Active, usd("50.00").unwrap()));
    assert_eq!((checkout.counterparty, checkout.reference.as_deref()), (15.into(), Some("basket/7")));
    assert!(!checkout.verify().await.unwrap().is_paid());

    let waiting = tokio::spawn({
        let checkout = checkout.clone();
        async move { checkout.ended_within(AN_HOUR).await }
    });
    // The customer pays; by which means is nothing to the checkout.
    completed(&dollr.collection("basket/7", &checkout, AMA, Currency::USD).send().await.unwrap()).await;
    let Sale::Paid(state) = waiting.await.unwrap().unwrap() else { panic!("it is paid") };
    assert_eq!((state.source, state.total), (checkout.source, checkout.total));
    assert!(checkout.verify().await.unwrap().is_paid());
    assert_eq!(world.movements(), 1);
}

/// A browser can be sent to any address. What it brings along, the paid invoice of somebody else or a status, is nowhere
/// asked for: the checkout knows its own source.
#[tokio::test]
async fn a_forged_redirect_proves_nothing() {
    let world = World::start().await;
    let dollr = world.dollr();
    let create = dollr.checkout(amara(), Currency::USD).item("Lamp", usd("40.00").unwrap());
    let checkout = create.success_url("https://shop.example/thanks").await.unwrap();
    let forged = "https://shop.example/thanks?source_type=INVOICE&source_id=9001&status=PAID";
    assert!(dollr.source_status(InvoiceId::new(9001)).await.unwrap().is_paid(), "{forged} names a paid one");
    assert_eq!(checkout.verify().await.unwrap().status, SourceStatus::Active);
    let late = checkout.ended_within(Duration::from_secs(600)).await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Deadline);
    assert_eq!(world.movements(), 0);
}

#[tokio::test]
async fn a_checkout_that_is_canceled_or_runs_out_says_so() {
    let world = World::start().await;
    let dollr = world.dollr();
    let create = || dollr.checkout(amara(), Currency::USD).item("Lamp", usd("40.00").unwrap());
    let canceled = create().await.unwrap();
    let Source::Invoice(id) = canceled.source else { panic!("an invoice") };
    dollr.invoices().cancel(id).await.unwrap();
    assert!(matches!(canceled.ended_within(AN_HOUR).await.unwrap(), Sale::Canceled(_)));
    assert!(matches!(dollr.ended_within(id, AN_HOUR).await.unwrap(), Sale::Canceled(_)));

    let soon = world.sandbox.clock().now() + Duration::from_secs(900);
    let expiring = create().expires_at(soon).await.unwrap();
    assert_eq!(expiring.expires_at.map(|at| at.timestamp()), Some(soon.timestamp()));
    let Sale::Expired(state) = expiring.ended_within(AN_HOUR).await.unwrap() else { panic!("it ran out") };
    assert_eq!((state.status, world.movements()), (SourceStatus::Active, 0));
}

#[tokio::test]
async fn trouble_on_the_way_does_not_end_the_wait() {
    let world = World::start().await;
    let dollr = world.dollr();
    let checkout = dollr.checkout(amara(), Currency::USD).item("Lamp", usd("40.00").unwrap()).await.unwrap();
    let status = "GET /v1/status/source";
    world.sandbox.on(status).nth(1).before_effect().status(503);
    world.sandbox.on(status).nth(2).in_reply().garbage_body();
    world.sandbox.on(status).nth(3).before_effect().too_many_requests(Some(2));
    world.sandbox.on(status).nth(4).after_effect().drop_reply();
    completed(&dollr.collection("lamp", &checkout, AMA, Currency::USD).send().await.unwrap()).await;
    assert!(matches!(checkout.ended_within(AN_HOUR).await.unwrap(), Sale::Paid(_)));
    assert_eq!((world.sandbox.faults_fired(), world.movements()), (4, 1));
}

#[tokio::test]
async fn a_direct_checkout_is_an_order_that_is_collected_through_the_api() {
    let world = World::start().await;
    let dollr = world.dollr();
    let phone = Phone::new("+231 886 000 111").unwrap();
    let create = dollr.checkout(phone, Currency::LRD).name("Musu").as_order().direct();
    let checkout = create.item("Rice", lrd("1900.00").unwrap()).await.unwrap();
    assert!(matches!(checkout.source, Source::Order(_)), "{checkout:?}");
    assert_eq!(dollr.parties().retrieve(checkout.party).await.unwrap().fullname, "Musu");
    let collection = dollr.collection("rice", &checkout, AMA, Currency::LRD).send().await.unwrap();
    completed(&collection).await;
    assert!(checkout.verify().await.unwrap().is_paid());
    assert_eq!((world.paid(collection.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn what_is_wrong_with_a_checkout_is_found_before_anything_is_sent() {
    let world = World::start().await;
    let dollr = world.dollr();
    let new = || dollr.checkout(amara(), Currency::USD);
    for (n, wrong) in [
        new(),
        new().item("Rice", lrd("190.00").unwrap()),
        new().item("", usd("1.00").unwrap()),
        new().item("Rice", usd("1.00").unwrap()).reference("\n"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(wrong.await.unwrap_err().kind(), ErrorKind::Invalid, "{n}");
    }
    assert_eq!(world.sandbox.request_count(), 0);
    world.sandbox.on("POST /v1/checkouts/create").nth(1).after_effect().drop_reply();
    let error = new().item("Rice", usd("1.00").unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("may have been created"), "{error}");
}
