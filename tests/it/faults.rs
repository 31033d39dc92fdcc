//! Each fault, for each operation, with either of the provider's guards switched off: whatever happens on the way,
//! the ledger has the payment exactly once.

use std::time::Duration;

use dollr::{
    CounterpartyId, Currency, Dollr, Error, InvoiceId, Payment, PaymentIntentId, Source, WalletId, usd,
};
use payonce_sandbox::{Guards, Spot};

use crate::world::{AMA, World, completed, pay_ama};

pub(crate) const OPERATIONS: [&str; 4] = ["payout", "transfer", "refund", "collection"];

pub(crate) async fn send(dollr: &Dollr, operation: &str) -> Result<Payment, Error> {
    match operation {
        "payout" => pay_ama(dollr).await,
        "transfer" => {
            dollr.transfer("float/1", WalletId::new(3), CounterpartyId::new(15), usd("900.00")?).send().await
        }
        "refund" => dollr.refund("refund/1", PaymentIntentId::new(9001), usd("10.00")?).send().await,
        _ => {
            let invoice = Source::Invoice(InvoiceId::new(101));
            dollr.collection("INV-2025-00042", invoice, AMA, Currency::USD).send().await
        }
    }
}

/// The three worlds in which the promise must hold.
const GUARDS: [Guards; 3] = [
    Guards { key_once: true, session_once: true },
    Guards { key_once: true, session_once: false },
    Guards { key_once: false, session_once: true },
];

/// Makes one payment in each world for each operation, with a fault on the first execution. The worlds live side by
/// side, because most of their time is spent waiting.
async fn survives(name: &'static str, fault: fn(&World, &str)) {
    let mut worlds = tokio::task::JoinSet::new();
    for guards in GUARDS {
        for operation in OPERATIONS {
            worlds.spawn(async move {
                let world = World::start().await;
                world.sandbox.guards(guards);
                fault(&world, &format!("POST /v1/executions/{operation}"));
                let payment = send(&world.dollr(), operation).await.unwrap();
                completed(&payment).await;
                // Whatever is still on its way arrives before the books are read.
                world.sandbox.clock().advance(Duration::from_secs(24 * 3600));
                let paid = world.paid(payment.reference_id());
                assert_eq!((paid, world.movements()), (1, 1), "{operation} with {name} and {guards:?}");
                assert!(world.sandbox.faults_fired() > 0, "{operation}: {name} did not strike");
            });
        }
    }
    while let Some(world) = worlds.join_next().await {
        world.unwrap();
    }
}

macro_rules! faults {
    ($($test:ident: $place:ident, $what:expr;)*) => {
        $(#[tokio::test] async fn $test() {
            survives(stringify!($test), |world, operation| {
                let what: fn(Spot) = $what;
                what(world.sandbox.on(operation).nth(1).$place());
            })
            .await;
        })*
    };
}

faults! {
    a_lost_request: before_effect, |spot| drop(spot.drop_reply());
    a_lost_reply: after_effect, |spot| drop(spot.drop_reply());
    a_reset_before_the_effect: before_effect, |spot| drop(spot.reset());
    a_reset_after_the_effect: after_effect, |spot| drop(spot.reset());
    a_500_before_the_effect: before_effect, |spot| drop(spot.status(500));
    a_500_after_the_effect: after_effect, |spot| drop(spot.status(500));
    a_503_after_the_effect: after_effect, |spot| drop(spot.status(503));
    a_409_after_the_effect: after_effect, |spot| drop(spot.status(409));
    a_400_after_the_effect: after_effect, |spot| drop(spot.status(400));
    a_404_after_the_effect: after_effect, |spot| drop(spot.status(404));
    a_429_with_advice: before_effect, |spot| drop(spot.too_many_requests(Some(3)));
    a_429_without_advice: before_effect, |spot| drop(spot.too_many_requests(None));
    a_truncated_reply: in_reply, |spot| drop(spot.truncate_body());
    a_garbage_reply: in_reply, |spot| drop(spot.garbage_body());
    a_reply_that_outlasts_the_clients_patience: after_effect, |spot| drop(spot.delay(Duration::from_secs(2)));
    a_duplicate_on_the_way: before_effect, |spot| drop(spot.duplicate_delivery());
    a_request_that_arrives_a_little_late: before_effect, |spot| drop(spot.deliver_late(Duration::from_secs(40)));
    a_request_that_arrives_at_the_sessions_end: before_effect,
        |spot| drop(spot.deliver_late(Duration::from_secs(899)));
    a_request_that_arrives_behind_the_fence: before_effect,
        |spot| drop(spot.deliver_late(Duration::from_secs(7200)));
    a_token_that_was_revoked: before_effect, |spot| drop(spot.revoke_token());
}

/// The reply is lost, and then the status reads are stale: "not found" for a payment that was made. (The fence's
/// margin allows for two minutes of that.)
#[tokio::test]
async fn a_lost_reply_and_a_stale_status() {
    survives("a lost reply and a stale status", |world, operation| {
        let status = format!(
            "GET {}/{{reference_id}}",
            operation.replace("POST ", "").replace("executions", "status")
        );
        world.sandbox.on(operation).nth(1).after_effect().drop_reply();
        world.sandbox.on(&status).in_reply().stale_status(Duration::from_secs(60));
    })
    .await;
}

/// Everything that comes before the execution fails, too: the token and the session.
#[tokio::test]
async fn trouble_before_the_execution() {
    survives("trouble before the execution", |world, operation| {
        let session = match operation.rsplit('/').next() {
            Some("collection") => "POST /v1/sessions/checkout".to_owned(),
            _ => operation.replace("executions", "sessions"),
        };
        world.sandbox.on("POST /v1/jwt/client/obtain/token").nth(1).before_effect().drop_reply();
        world.sandbox.on(&session).nth(1).after_effect().drop_reply();
        world.sandbox.on(&session).nth(2).before_effect().status(502);
        world.sandbox.on(&session).nth(3).before_effect().too_many_requests(Some(2));
    })
    .await;
}

/// No fault is set, but every one may strike at any time: a seeded storm, many payments, all of them once.
#[tokio::test]
async fn a_storm() {
    use payonce_sandbox::Storm;
    let world = World::start().await;
    world.sandbox.storm(
        Storm::new(42)
            .lost_requests(0.1)
            .lost_replies(0.1)
            .resets(0.05)
            .errors_before(0.1)
            .errors_after(0.1)
            .too_many(0.05)
            .garbage(0.05)
            .expired_tokens(0.05),
    );
    let dollr = world.dollr();
    let payers: Vec<_> = (0..60)
        .map(|n| {
            let dollr = dollr.clone();
            tokio::spawn(async move {
                let payout =
                    dollr.payout(format!("storm/{n}"), AMA, usd("1.00").unwrap()).send().await.unwrap();
                completed(&payout).await;
                payout.reference_id()
            })
        })
        .collect();
    for payer in payers {
        let reference_id = payer.await.unwrap();
        assert_eq!(world.paid(reference_id), 1);
    }
    assert_eq!(world.movements(), 60);
    assert!(world.sandbox.faults_fired() > 60);
}
