//! How the client behaves in other people's programs: plain threads, metrics, JSON.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dollr::{ErrorKind, Filter, Instruction, Settlement, Status, blocking, usd};

use futures_util::StreamExt;

use crate::world::{AMA, DECLINES, World, completed, pay_ama};

/// A runtime for the sandbox's own start; the test is a plain thread.
fn world() -> World {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(World::start())
}

#[test]
fn a_plain_thread_pays_watches_finds_and_lists() {
    let world = world();
    let dollr = blocking::Dollr::new(world.dollr()).unwrap();
    let payout = dollr.payout("salary/2026-11/ama", AMA, usd("250.00").unwrap()).send().unwrap();
    let states: Vec<_> = payout.watch().map(|state| state.unwrap()).collect();
    assert!(matches!(states.as_slice(), [.., Status::Completed(_)]), "{states:?}");
    let limit = Duration::from_secs(3600);
    assert!(matches!(payout.settled_within(limit).unwrap(), Settlement::Completed(_)));
    let declined = dollr.payout("supplier/9", DECLINES, usd("10.00").unwrap()).send().unwrap();
    assert!(matches!(declined.settled().unwrap(), Settlement::Failed(_)));
    let again = declined.again().unwrap();
    assert!(matches!(again.settled().unwrap(), Settlement::Failed(_)));
    let found = dollr.find("salary/2026-11/ama").unwrap().unwrap();
    assert_eq!((found.reference_id(), dollr.resume().unwrap()), (payout.reference_id(), 0));
    let all = Filter { standing: None, unfinished: false, after: None, limit: 10 };
    assert_eq!(dollr.list(all).unwrap().len(), 2);
    let execution = dollr.client().execution(payout.operation(), payout.reference_id());
    assert_eq!(dollr.wait(execution).unwrap().unwrap().payee_amount, usd("250.00").unwrap());
    dollr.idle().unwrap();
    assert_eq!((world.paid(payout.reference_id()), world.movements()), (1, 1));
}

#[tokio::test]
async fn the_blocking_client_inside_a_runtime_is_an_error_and_never_a_panic() {
    let world = World::start().await;
    let client = world.dollr();
    let outside = std::thread::spawn({
        let client = client.clone();
        move || blocking::Dollr::new(client).unwrap()
    });
    let dollr = outside.join().unwrap();
    let refused = |error: dollr::Error| {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("inside a Tokio runtime"), "{error}");
    };
    refused(blocking::Dollr::new(client.clone()).unwrap_err());
    refused(dollr.payout("salary/2026-11/ama", AMA, usd("250.00").unwrap()).send().unwrap_err());
    refused(dollr.resume().unwrap_err());
    refused(dollr.find("salary/2026-11/ama").unwrap_err());
    // To drop it here is no panic either.
    drop(dollr);
    assert_eq!((world.sandbox.request_count(), world.movements()), (0, 0));
}

/// Counts what is counted, by name and labels, and how often anything was timed.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<BTreeMap<String, u64>>>);

#[derive(Debug)]
struct One(String, Arc<Mutex<BTreeMap<String, u64>>>);

impl One {
    fn add(&self, number: u64) {
        *self.1.lock().unwrap().entry(self.0.clone()).or_default() += number;
    }
}

impl metrics::CounterFn for One {
    fn increment(&self, value: u64) {
        self.add(value);
    }
    fn absolute(&self, _: u64) {}
}

impl metrics::HistogramFn for One {
    fn record(&self, _: f64) {
        self.add(1);
    }
}

impl Counted {
    fn one(&self, key: &metrics::Key) -> Arc<One> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(One(
            format!("{} {}", key.name(), labels.join(" ")).trim_end().to_owned(),
            Arc::clone(&self.0),
        ))
    }
}

impl metrics::Recorder for Counted {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        metrics::Counter::from_arc(self.one(key))
    }
    fn register_gauge(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::noop()
    }
    fn register_histogram(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        metrics::Histogram::from_arc(self.one(key))
    }
}

#[test]
fn payments_sends_look_ups_and_set_backs_are_counted_and_nothing_personal_is_a_label() {
    let counted = Counted::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&counted, || {
        runtime.block_on(async {
            let world = World::start().await;
            let _ = world.sandbox.on("POST /v1/executions/payout").nth(1).before_effect().status(503);
            completed(&pay_ama(&world.dollr()).await.unwrap()).await;
            assert_eq!(world.movements(), 1);
        });
    });
    let counted = counted.0.lock().unwrap().clone();
    let of = |name: &str| counted.get(name).copied().unwrap_or_default();
    assert_eq!(of("payonce_payments_total rail=dollr operation=payout outcome=completed"), 1, "{counted:?}");
    assert_eq!(of("payonce_sends_total operation=payout"), 2, "{counted:?}");
    assert_eq!(of("payonce_look_ups_total operation=payout answer=not_found"), 1, "{counted:?}");
    assert!(of("payonce_look_ups_total operation=payout answer=found") >= 1, "{counted:?}");
    assert!(of("payonce_journal_write_seconds") >= 3, "{counted:?}");
    assert_eq!(of("dollr_request_seconds operation=execute_payout status=503"), 1, "{counted:?}");
    assert_eq!(of("dollr_request_seconds operation=execute_payout status=200"), 1, "{counted:?}");
    assert!(counted.keys().all(|name| !name.contains("ama") && !name.contains("250")), "{counted:?}");
}

#[tokio::test]
async fn a_written_instruction_is_the_same_payment_as_the_call() {
    let world = World::start().await;
    let dollr = world.dollr();
    let called = pay_ama(&dollr).await.unwrap();
    let written = r#"{ "operation": "payout", "name": "salary/2026-11/ama", "account": 18,
        "amount": { "amount": "250.00", "currency": "USD" } }"#;
    let instruction: Instruction = serde_json::from_str(written).unwrap();
    let ordered = dollr.order(instruction).send().await.unwrap();
    assert_eq!(ordered.reference_id(), called.reference_id());
    completed(&ordered).await;
    assert!(serde_json::from_str::<Instruction>(&written.replace("account", "acount")).is_err());
    let transfer = r#"{ "operation": "transfer", "name": "float/1", "wallet": 3, "counterparty": 15,
        "amount": { "amount": "1.00", "currency": "USD" } }"#;
    completed(&dollr.order(serde_json::from_str(transfer).unwrap()).send().await.unwrap()).await;
    let refund = r#"{ "operation": "refund", "name": "refund/1", "payment_intent": 9001,
        "amount": { "amount": "1.00", "currency": "USD" }, "reason": "damaged" }"#;
    completed(&dollr.order(serde_json::from_str(refund).unwrap()).send().await.unwrap()).await;
    let collection = r#"{ "operation": "collection", "name": "INV-101", "source": { "invoice": 101 },
        "account": 18, "currency": "USD" }"#;
    completed(&dollr.order(serde_json::from_str(collection).unwrap()).send().await.unwrap()).await;
    assert_eq!(world.movements(), 4);
}

#[test]
fn settings_and_instructions_have_schemas_without_a_place_for_secrets() {
    let config = serde_json::to_value(schemars::schema_for!(dollr::Config)).unwrap();
    assert_eq!(config["additionalProperties"], false);
    let names: Vec<_> = config["properties"].as_object().unwrap().keys().cloned().collect();
    assert!(names.iter().all(|name| !name.contains("secret") && !name.contains("passcode")), "{names:?}");
    let instruction = serde_json::to_value(schemars::schema_for!(Instruction)).unwrap();
    let payout = &instruction["oneOf"][0]["properties"];
    assert_eq!(payout["operation"]["const"], "payout", "{instruction}");
    assert_eq!(payout["amount"]["$ref"], "#/$defs/Money");
    assert_eq!(instruction["$defs"]["AccountId"]["minimum"], 1, "{instruction}");
}

#[tokio::test]
async fn what_a_payment_is_and_how_it_ended_is_json_both_ways() {
    let world = World::start().await;
    let dollr = world.dollr();
    let payment = pay_ama(&dollr).await.unwrap();
    let states: Vec<_> = StreamExt::collect(payment.watch()).await;
    assert!(matches!(states.as_slice(), [.., Ok(Status::Completed(_))]), "{states:?}");
    let settlement = payment.settled().await.unwrap();
    let record = dollr.find("salary/2026-11/ama").await.unwrap().unwrap().record().clone();
    let listed = dollr.list(Filter::default()).await.unwrap();
    let summaries: Vec<_> = listed.into_iter().map(Result::unwrap).collect();
    macro_rules! both_ways {
        ($($value:expr),+) => { $(
            let json = serde_json::to_string(&$value).unwrap();
            let [written, read] = [Some($value.clone()), serde_json::from_str(&json).ok()];
            assert!(written == read, "{json}");
        )+ };
    }
    both_ways!(settlement, record, summaries, Filter::default());
    let execution = dollr.execution(payment.operation(), payment.reference_id()).await.unwrap();
    assert_eq!(serde_json::to_value(&execution).unwrap()["status"], "COMPLETED");
    assert!(serde_json::to_value(&execution).unwrap().get("action").is_none());
    assert!(serde_json::to_value(payment.status().await.unwrap()).unwrap()["completed"].is_object());
    assert_eq!(world.movements(), 1);
}
