//! A collection with a document of its own: one payment and one document, wherever the program stops and however often
//! it is run again.

use std::time::Duration;

use dollr::{
    CounterpartyId, Currency, Dollr, Effect, ErrorKind, Invoice, Payment, PaymentIntentId, Source,
    SourceStatus, Timestamp, lrd, usd,
};
use payonce_sandbox::Held;

use crate::world::{AMA, DECLINES, World, completed, failed};

const AMARA: CounterpartyId = CounterpartyId::new(15);

fn asked(dollr: &Dollr) -> dollr::Collect {
    let collect = dollr.collect("INV-7", AMARA, AMA, Currency::USD).note("Groceries");
    collect.item("Rice", 2, usd("9.50").unwrap()).item("Oil", 1, usd("3.00").unwrap())
}

/// The invoices that have the payment's name for their reference.
async fn invoices(dollr: &Dollr) -> Vec<Invoice> {
    dollr.invoices().list().reference("INV-7").await.unwrap()
}

/// A client that has lost the journal.
fn forgetful(world: &World) -> Dollr {
    world.client().journal(world.journal().with_file_name("another.db")).build().unwrap()
}

/// Runs the expression in a runtime of its own, and tears that down while the provider holds a request of it.
fn crash_while_held(dollr: Dollr, held: &Held) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    sent = asked(&dollr).send() => panic!("the provider should have held it: {sent:?}"),
                    () = held.wait_until_held() => {}
                }
            });
            drop(dollr);
            runtime.shutdown_background();
        });
    });
}

#[tokio::test]
async fn a_collection_draws_up_its_invoice_and_is_one_payment_however_often_it_is_run() {
    let world = World::start().await;
    let first = asked(&world.dollr()).send().await.unwrap();
    let receipt = completed(&first).await;
    assert_eq!(receipt.payee_amount, usd("22.00").unwrap());
    // Again in the same process, in another one, and with another due date, which moves no money.
    let due: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    let requests = world.sandbox.request_count();
    for again in [asked(&world.dollr()), asked(&world.dollr()).due(due)] {
        let payment = again.send().await.unwrap();
        assert_eq!(payment.reference_id(), first.reference_id());
        completed(&payment).await;
    }
    assert_eq!(world.sandbox.request_count(), requests, "a settled payment is not asked about");
    let dollr = world.dollr();
    let documents = invoices(&dollr).await;
    assert_eq!((documents.len(), documents[0].status.as_str()), (1, "PAID"));
    assert_eq!(dollr.source_of(&first).unwrap(), Source::Invoice(documents[0].id));
    assert_eq!((world.paid(first.reference_id()), world.movements()), (1, 1));
}

/// The calls of one run, in their order, and which of them of that name.
const STEPS: [(&str, u64); 10] = [
    ("POST /v1/jwt/client/obtain/token", 1),
    ("GET /v1/invoices/list", 1),
    ("POST /v1/invoices/create", 1),
    ("POST /v1/invoices/{invoice_id}/items/add", 1),
    ("POST /v1/invoices/{invoice_id}/items/add", 2),
    ("GET /v1/invoices/retrieve/{id}", 1),
    ("GET /v1/status/source", 1),
    ("PUT /v1/invoices/publish/{id}", 1),
    ("POST /v1/sessions/checkout", 1),
    ("POST /v1/executions/collection", 1),
];

/// Stops the program at a step, with its request under way, and runs the expression again. `late`: the request arrives
/// (or its reply is let go) only after the second run has settled. `lost`: the journal is gone.
async fn stop_and_run_again(step: (&'static str, u64), after: bool, late: bool, lost: bool) {
    let case = format!("{step:?}, after its effect: {after}, late: {late}, journal lost: {lost}");
    let world = World::start().await;
    let call = world.sandbox.on(step.0).nth(step.1);
    let held = if after { call.after_effect().hold() } else { call.before_effect().hold() };
    tokio::task::block_in_place(|| crash_while_held(world.dollr(), &held));
    if !late {
        held.release();
    }
    let dollr = if lost { forgetful(&world) } else { world.dollr() };
    let mut sent = asked(&dollr).send().await;
    for _ in 0..9 {
        // A request that arrived in the middle of the second run is cleared up by the third.
        if sent.is_err() {
            sent = asked(&dollr).send().await;
        }
    }
    let payment = sent.unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(completed(&payment).await.payee_amount, usd("22.00").unwrap(), "{case}");
    held.release();
    world.sandbox.clock().advance(Duration::from_secs(24 * 3600));
    let documents = invoices(&dollr).await;
    let (drafts, rest): (Vec<_>, Vec<_>) =
        documents.iter().partition(|invoice| invoice.status == SourceStatus::Idle);
    // A creation that arrives when another has been made leaves a draft, which nobody can pay.
    assert!(drafts.len() <= usize::from(step.0 == STEPS[2].0 && !after), "{case}: {documents:#?}");
    assert_eq!((rest.len(), rest[0].status.as_str()), (1, "PAID"), "{case}: {documents:#?}");
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (1, 1), "{case}");
}

async fn stop_at_each_step(late: bool, lost: bool) {
    let mut worlds = tokio::task::JoinSet::new();
    for step in STEPS {
        for after in [false, true] {
            worlds.spawn(stop_and_run_again(step, after, late, lost));
        }
    }
    while let Some(world) = worlds.join_next().await {
        world.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_stops_at_any_step_is_run_again_and_collects_once() {
    stop_at_each_step(false, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_stops_at_any_step_and_loses_its_journal_collects_once() {
    stop_at_each_step(false, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_the_stopped_program_that_arrives_after_the_second_run_changes_nothing() {
    stop_at_each_step(true, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_request_and_a_lost_journal_collect_once() {
    stop_at_each_step(true, true).await;
}

/// Where the provider has the payment and the journal has not, no error says that no money moved.
#[tokio::test]
async fn an_error_while_a_lost_payment_is_looked_for_leaves_its_money_in_doubt() {
    let world = World::start().await;
    let first = asked(&world.dollr()).send().await.unwrap();
    completed(&first).await;
    let dollr = forgetful(&world);
    let lists = world.sandbox.on("GET /v1/invoices/list").times(4).before_effect().status(500);
    for _ in 0..2 {
        let error = asked(&dollr).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
    lists.remove();
    let seen = |dollr: &Dollr| dollr.invoices().list().status(SourceStatus::Paid);
    let all = seen(&dollr).await.unwrap().len();
    world.sandbox.on("GET /v1/invoices/retrieve/{id}").nth(1).before_effect().status(500);
    let error = asked(&dollr).send().await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Unavailable, Effect::Unknown), "{error}");
    let again = asked(&dollr).send().await.unwrap();
    completed(&again).await;
    assert_eq!(again.reference_id(), first.reference_id());
    assert_eq!((seen(&dollr).await.unwrap().len(), invoices(&dollr).await.len()), (all, 1));
    assert_eq!((world.paid(first.reference_id()), world.movements()), (1, 1));
}

/// Every call may fail at any time, in every way, and each run is repeated until it has gone through.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_storm_every_name_is_one_payment_and_one_document() {
    use payonce_sandbox::Storm;
    let world = World::start().await;
    let storm = Storm::new(7).lost_requests(0.05).lost_replies(0.1).resets(0.05).errors_before(0.05);
    world.sandbox.storm(storm.errors_after(0.1).too_many(0.05).garbage(0.05).expired_tokens(0.05));
    let dollr = world.dollr();
    let runs: Vec<_> = (0..20)
        .map(|n| {
            let dollr = dollr.clone();
            tokio::spawn(async move {
                let name = format!("storm/{n}");
                for _ in 0..200 {
                    let collect = dollr.collect(name.as_str(), AMARA, AMA, Currency::USD);
                    let collect = collect.item("Rice", 1, usd("9.50").unwrap());
                    match collect.item("Oil", 2, usd("3.00").unwrap()).send().await {
                        Ok(payment) => return completed(&payment).await,
                        // Until it is journaled, the run itself is what is repeated.
                        Err(error) => assert_eq!(error.effect(), Effect::None, "{error}"),
                    }
                }
                panic!("{name} did not get through")
            })
        })
        .collect();
    for run in runs {
        assert_eq!(run.await.unwrap().payee_amount, usd("15.50").unwrap());
    }
    world.sandbox.clear_faults();
    let paid = dollr.invoices().list().status(SourceStatus::Paid).await.unwrap();
    for n in 0..20 {
        let name = format!("storm/{n}");
        let of_name = paid.iter().filter(|invoice| invoice.reference.as_ref() == Some(&name));
        assert_eq!(of_name.count(), 1, "{name}");
    }
    for invoice in dollr.invoices().list().await.unwrap() {
        let stray = invoice.reference.is_some_and(|name| name.starts_with("storm/"));
        let harmless = invoice.status == SourceStatus::Paid || invoice.status == SourceStatus::Idle;
        assert!(!stray || harmless, "{} is {}", invoice.number, invoice.status);
    }
    assert_eq!(world.movements(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_journal_on_resuming_is_enough() {
    for (operation, nth) in &STEPS[6..] {
        for after in [false, true] {
            let world = World::start().await;
            let call = world.sandbox.on(operation).nth(*nth);
            let held = if after { call.after_effect().hold() } else { call.before_effect().hold() };
            tokio::task::block_in_place(|| crash_while_held(world.dollr(), &held));
            held.release();
            let dollr = world.dollr();
            assert_eq!(dollr.resume().await.unwrap(), 1, "{operation}");
            dollr.idle().await;
            let payment = dollr.find("INV-7").await.unwrap().unwrap();
            completed(&payment).await;
            assert_eq!((invoices(&dollr).await.len(), world.movements()), (1, 1), "{operation}, {after}");
        }
    }
}

#[tokio::test]
async fn a_name_with_other_contents_is_refused_before_any_request() {
    let world = World::start().await;
    let dollr = world.dollr();
    completed(&asked(&dollr).send().await.unwrap()).await;
    let requests = world.sandbox.request_count();
    let new = |account| dollr.collect("INV-7", AMARA, account, Currency::USD).note("Groceries");
    let rice = || new(AMA).item("Rice", 2, usd("9.50").unwrap());
    let others = [
        rice(),
        rice().item("Oil", 1, usd("3.01").unwrap()),
        asked(&dollr).note("Something else"),
        asked(&dollr).as_order(),
        new(DECLINES).item("Rice", 2, usd("9.50").unwrap()).item("Oil", 1, usd("3.00").unwrap()),
    ];
    for other in others {
        let error = other.send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NameTaken, Effect::None), "{error}");
    }
    let plain = dollr.payout("INV-7", AMA, usd("22.00").unwrap()).send().await.unwrap_err();
    assert_eq!(plain.kind(), ErrorKind::NameTaken);
    assert_eq!((world.sandbox.request_count(), world.movements()), (requests, 1));
}

#[tokio::test]
async fn what_is_wrong_with_a_collection_is_found_before_anything_is_sent() {
    let world = World::start().await;
    let dollr = world.dollr();
    let new = |currency| dollr.collect("INV-8", AMARA, AMA, currency);
    let price = || usd("9.50").unwrap();
    let wrong = [
        new(Currency::USD),
        new(Currency::USD).item("Rice", 1, price()).item("Oil", 1, lrd("190.00").unwrap()),
        new(Currency::new("ZZZ").unwrap()).item("Rice", 1, price()),
        dollr.collect("INV-8", AMARA, dollr::AccountId::new(0), Currency::USD).item("Rice", 1, price()),
        dollr.collect("", AMARA, AMA, Currency::USD).item("Rice", 1, price()),
        new(Currency::USD).item("Rice", 1, price()).as_order().due(Timestamp::UNIX_EPOCH),
    ];
    for (n, wrong) in wrong.into_iter().enumerate() {
        assert_eq!(wrong.send().await.unwrap_err().kind(), ErrorKind::Invalid, "{n}");
    }
    assert_eq!((world.sandbox.request_count(), world.movements()), (0, 0));
}

#[tokio::test]
async fn a_document_with_that_reference_and_other_contents_is_left_alone() {
    for publish in [false, true] {
        let world = World::start().await;
        let dollr = world.dollr();
        let other = dollr.invoices().create(AMARA, Currency::USD).note("Groceries").reference("INV-7");
        let other = other.item("Salt", 1, usd("1.00").unwrap());
        let id = match publish {
            true => other.publish().await.unwrap().document.id,
            false => other.await.unwrap().document.id,
        };
        let error = asked(&dollr).send().await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (ErrorKind::NameTaken, Effect::None), "{error}");
        assert!(error.to_string().contains(&format!("invoice {id}")), "{error}");
        assert_eq!((invoices(&dollr).await.len(), world.movements()), (1, 0));
        // The way out that the error names.
        dollr.invoices().cancel(id).await.unwrap();
        completed(&asked(&dollr).send().await.unwrap()).await;
        assert_eq!(world.movements(), 1);
    }
}

#[tokio::test]
async fn an_invoice_that_was_drawn_up_by_hand_with_the_same_contents_is_taken() {
    let world = World::start().await;
    let dollr = world.dollr();
    let by_hand = dollr.invoices().create(AMARA, Currency::USD).note("Groceries").reference("INV-7");
    let by_hand = by_hand.item("Oil", 1, usd("3.00").unwrap()).item("Rice", 2, usd("9.5").unwrap());
    let id = by_hand.publish().await.unwrap().document.id;
    let collection = asked(&dollr).send().await.unwrap();
    completed(&collection).await;
    assert_eq!(dollr.source_of(&collection).unwrap(), Source::Invoice(id));
    assert_eq!((invoices(&dollr).await.len(), world.movements()), (1, 1));
}

/// Between the journal and the publication somebody adds an item: nothing is collected but what was asked for.
#[tokio::test]
async fn a_total_that_was_changed_meanwhile_is_not_collected() {
    for operation in ["GET /v1/status/source", "PUT /v1/invoices/publish/{id}"] {
        let world = World::start().await;
        let dollr = world.dollr();
        let held = world.sandbox.on(operation).nth(1).before_effect().hold();
        let sending = tokio::spawn(asked(&dollr).send());
        held.wait_until_held().await;
        let id = invoices(&dollr).await[0].id;
        dollr.invoices().add_item(id, "Gold", 1, usd("900.00").unwrap()).await.unwrap();
        held.release();
        let collection = sending.await.unwrap().unwrap();
        let failure = failed(&collection).await;
        assert!(failure.reason.contains("922.00 USD instead of 22.00 USD"), "{failure}");
        world.sandbox.clock().advance(Duration::from_secs(24 * 3600));
        assert_eq!(world.movements(), 0);
    }
}

#[tokio::test]
async fn all_who_run_it_at_once_make_one_payment() {
    let world = World::start().await;
    let processes: Vec<Dollr> = (0..3).map(|_| world.dollr()).collect();
    let runs: Vec<_> = (0..12)
        .map(|n| {
            let dollr = processes[n % 3].clone();
            tokio::spawn(async move {
                // Two processes that draw up one draft may get into each other's way: then nothing was collected, and
                // the same is sent again.
                let mut sent = asked(&dollr).send().await;
                for _ in 0..20 {
                    match sent {
                        Ok(payment) => return completed(&payment).await.reference_id,
                        Err(error) => assert_eq!(error.effect(), Effect::None, "{error}"),
                    }
                    sent = asked(&dollr).send().await;
                }
                panic!("{sent:?}")
            })
        })
        .collect();
    for run in runs {
        run.await.unwrap();
    }
    let documents = invoices(&world.dollr()).await;
    let paid = documents.iter().filter(|invoice| invoice.status == SourceStatus::Paid).count();
    let active = documents.iter().filter(|invoice| invoice.status == SourceStatus::Active).count();
    assert_eq!((paid, active, world.movements()), (1, 0, 1), "{documents:#?}");
}

#[tokio::test]
async fn an_order_is_collected_in_another_currency_than_its_own() {
    let world = World::start().await;
    let dollr = world.dollr();
    let collect = dollr.collect("ORD-7", AMARA, AMA, Currency::LRD).as_order();
    let collection = collect.item("Rice", 1, usd("10.00").unwrap()).send().await.unwrap();
    let receipt = completed(&collection).await;
    assert_eq!(
        (receipt.payer_amount.currency(), receipt.payee_amount),
        (Currency::LRD, usd("10.00").unwrap())
    );
    let Source::Order(id) = dollr.source_of(&collection).unwrap() else { panic!("it is no order") };
    assert_eq!(dollr.orders().retrieve(id).await.unwrap().reference.as_deref(), Some("ORD-7"));
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn a_declined_collection_is_tried_again_for_the_same_document() {
    let world = World::start().await;
    let dollr = world.dollr();
    let send =
        || dollr.collect("INV-9", AMARA, DECLINES, Currency::USD).item("Rice", 1, usd("9.50").unwrap());
    let collection = send().send().await.unwrap();
    assert!(failed(&collection).await.recorded);
    failed(&send().send().await.unwrap()).await;
    failed(&collection.again().await.unwrap()).await;
    let documents = dollr.invoices().list().reference("INV-9").await.unwrap();
    assert_eq!((documents.len(), documents[0].status.as_str(), world.movements()), (1, "ACTIVE", 0));
}

/// Declined, then paid by other means, and then the journal is lost: the paid invoice is found, and none made beside it.
#[tokio::test]
async fn a_declined_collection_whose_invoice_was_paid_otherwise_draws_up_no_second_one() {
    let world = World::start().await;
    let (dollr, later) = (world.dollr(), forgetful(&world));
    let send = |dollr: &Dollr| {
        let collect = dollr.collect("INV-7", AMARA, DECLINES, Currency::USD);
        collect.item("Rice", 1, usd("9.50").unwrap()).send()
    };
    let declined = send(&dollr).await.unwrap();
    assert!(failed(&declined).await.recorded);
    let source = dollr.source_of(&declined).unwrap();
    completed(&dollr.collection("by other means", source, AMA, Currency::USD).send().await.unwrap()).await;
    let again = send(&later).await.unwrap();
    assert!(failed(&again).await.recorded);
    assert_eq!((again.reference_id(), later.source_of(&again).unwrap()), (declined.reference_id(), source));
    assert_eq!((invoices(&later).await.len(), world.movements()), (1, 1));
}

async fn refund(dollr: &Dollr, name: &str, amount: &str) -> Payment {
    dollr.refund_of(name, "INV-7", usd(amount).unwrap()).reason("damaged").send().await.unwrap()
}

#[tokio::test]
async fn a_collection_is_given_back_in_parts_by_its_name_and_never_more_than_it_was() {
    let world = World::start().await;
    let dollr = world.dollr();
    let collection = asked(&dollr).send().await.unwrap();
    completed(&collection).await;
    let known = world.sandbox.ledger().movements()[0].payment_intent_id;
    assert_eq!(dollr.payment_intent("INV-7").await.unwrap(), PaymentIntentId::new(known));
    // By the key alone, too.
    assert_eq!(forgetful(&world).payment_intent("INV-7").await.unwrap(), PaymentIntentId::new(known));
    for (name, amount) in
        [("refund/INV-7/1", "10.00"), ("refund/INV-7/2", "7.00"), ("refund/INV-7/1", "10.00")]
    {
        completed(&refund(&dollr, name, amount).await).await;
    }
    let failure = failed(&refund(&dollr, "refund/INV-7/3", "5.01").await).await;
    assert!(!failure.recorded && failure.reason.contains("amount"), "{failure}");
    completed(&refund(&dollr, "refund/INV-7/4", "5.00").await).await;
    assert_eq!(world.movements(), 4);
}

#[tokio::test]
async fn a_collection_that_is_not_completed_is_not_given_back() {
    let world = World::start().await;
    let dollr = world.dollr();
    let unknown = dollr.refund_of("refund/1", "INV-7", usd("1.00").unwrap()).send().await.unwrap_err();
    assert_eq!((unknown.kind(), unknown.effect()), (ErrorKind::NotFound, Effect::None));
    let declined = dollr.collect("INV-7", AMARA, DECLINES, Currency::USD);
    failed(&declined.item("Rice", 1, usd("9.50").unwrap()).send().await.unwrap()).await;
    let error = dollr.refund_of("refund/1", "INV-7", usd("1.00").unwrap()).send().await.unwrap_err();
    assert_eq!((error.kind(), world.movements()), (ErrorKind::Invalid, 0), "{error}");
    completed(&dollr.payout("salary", AMA, usd("1.00").unwrap()).send().await.unwrap()).await;
    let error = dollr.payment_intent("salary").await.unwrap_err();
    assert!(error.message().contains("no collection"), "{error}");
}
