//! What no document says about the provider, both ways: whatever it does, a payment whose request or reply is lost is
//! in the ledger exactly once.

use std::time::Duration;

use dollr::Settlement;
use payonce_sandbox::{
    DeadSession, ErrorText, FirstStatus, Guards, OpenSessions, SameOrder, Switches, TakenKey, Transfers,
    WrongPasscode,
};

use crate::faults::{OPERATIONS, send};
use crate::world::{World, completed};

/// What happens to the first execution of each payment.
#[derive(Clone, Copy, Debug)]
enum Loss {
    Request,
    Reply,
    /// The first request arrives behind the end of its session, after its replacement.
    LateRequest,
    /// It is delivered twice and its reply is lost.
    DoubledAndReply,
}

const LOSSES: [Loss; 4] = [Loss::Request, Loss::Reply, Loss::LateRequest, Loss::DoubledAndReply];

fn settings() -> Vec<(&'static str, Switches)> {
    let assumed = Switches::default();
    vec![
        ("as assumed", assumed),
        ("processing first", Switches { first_status: FirstStatus::Processing, ..assumed }),
        ("slow transfers", Switches { transfers: Transfers::AfterAWhile, ..assumed }),
        ("settled at once", Switches { settle_after_millis: 0, ..assumed }),
        ("settled after twenty minutes", Switches { settle_after_millis: 1_200_000, ..assumed }),
        ("the same order is refused", Switches { same_order: SameOrder::Refused, ..assumed }),
        (
            "the same order is a conflict",
            Switches { same_order: SameOrder::Refused, taken_key: TakenKey::Conflict, ..assumed },
        ),
        ("a taken key is a conflict", Switches { taken_key: TakenKey::Conflict, ..assumed }),
        ("a dead session is not found", Switches { dead_session: DeadSession::NotFound, ..assumed }),
        ("one session for a source", Switches { open_sessions: OpenSessions::OnePerSource, ..assumed }),
        ("errors in the words of pydantic 2", Switches { error_text: ErrorText::PydanticV2, ..assumed }),
        (
            "short sessions",
            Switches { checkout_session_millis: 60_000, payout_session_millis: 60_000, ..assumed },
        ),
        (
            "all at once",
            Switches {
                first_status: FirstStatus::Processing,
                transfers: Transfers::AfterAWhile,
                same_order: SameOrder::Refused,
                taken_key: TakenKey::Conflict,
                dead_session: DeadSession::NotFound,
                open_sessions: OpenSessions::OnePerSource,
                error_text: ErrorText::PydanticV2,
                ..assumed
            },
        ),
    ]
}

const GUARDS: [Guards; 3] = [
    Guards { key_once: true, session_once: true },
    Guards { key_once: true, session_once: false },
    Guards { key_once: false, session_once: true },
];

/// How many worlds live side by side. Their clocks run fast, and a client that has no turn for the life of one session after
/// another is right to park.
const WORLDS: usize = 16;

#[tokio::test]
async fn a_payment_is_made_once_however_the_provider_behaves() {
    let mut worlds = tokio::task::JoinSet::new();
    for (setting, switches) in settings() {
        // One guard alone is enough however much else is different; in between, the usual two.
        let extreme = matches!(setting, "as assumed" | "all at once");
        for guards in GUARDS.into_iter().take(if extreme { GUARDS.len() } else { 1 }) {
            for loss in LOSSES {
                for operation in OPERATIONS {
                    worlds.spawn(pays_once(setting, switches, guards, loss, operation));
                    if worlds.len() == WORLDS {
                        worlds.join_next().await.unwrap().unwrap();
                    }
                }
            }
        }
    }
    while let Some(world) = worlds.join_next().await {
        world.unwrap();
    }
}

async fn pays_once(
    setting: &'static str,
    switches: Switches,
    guards: Guards,
    loss: Loss,
    operation: &'static str,
) {
    let world = World::start().await;
    world.sandbox.switches(switches);
    world.sandbox.guards(guards);
    let first = || world.sandbox.on(&format!("POST /v1/executions/{operation}")).nth(1);
    match loss {
        Loss::Request => drop(first().before_effect().drop_reply()),
        Loss::Reply => drop(first().after_effect().drop_reply()),
        Loss::LateRequest => drop(first().before_effect().deliver_late(Duration::from_secs(3_000))),
        Loss::DoubledAndReply => {
            first().before_effect().duplicate_delivery();
            first().after_effect().drop_reply();
        }
    }
    let case = format!("{operation} with {loss:?} lost, {setting}, {guards:?}");
    let paying = async {
        let payment = send(&world.dollr(), operation).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        completed(&payment).await;
        payment
    };
    let payment = tokio::time::timeout(Duration::from_secs(60), paying).await;
    let payment = payment.unwrap_or_else(|_| panic!("{case}: hangs"));
    world.sandbox.clock().advance(Duration::from_secs(48 * 3600));
    assert_eq!((world.paid(payment.reference_id()), world.movements()), (1, 1), "{case}");
    assert!(world.sandbox.faults_fired() > 0, "{case}: nothing was lost");
}

/// A wrong passcode is a refusal, in whatever form, and never a payment.
#[tokio::test]
async fn a_wrong_passcode_pays_nothing_however_it_is_refused() {
    use dollr::{Passcode, Secret};
    use payonce_sandbox::PASSCODE_PHONE;

    for wrong_passcode in [WrongPasscode::Forbidden, WrongPasscode::Unprocessable, WrongPasscode::Failed] {
        for lost in [false, true] {
            let world = World::start().await;
            world.sandbox.switches(Switches { wrong_passcode, ..Switches::default() });
            if lost {
                world.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().drop_reply();
            }
            let dollr = world
                .client()
                .passcode(Passcode::of_phone(Secret::new("000000"), PASSCODE_PHONE))
                .journal(world.journal())
                .build()
                .unwrap();
            let paying = async {
                // It may be refused at once, or turn out to have failed.
                let Ok(payment) = send(&dollr, "payout").await else { return };
                let settled = payment.settled().await;
                assert!(!matches!(settled, Ok(Settlement::Completed(_))), "{wrong_passcode:?}: completed");
            };
            tokio::time::timeout(Duration::from_secs(30), paying)
                .await
                .unwrap_or_else(|_| panic!("{wrong_passcode:?}, lost: {lost}: hangs"));
            world.sandbox.clock().advance(Duration::from_secs(48 * 3600));
            assert_eq!(world.movements(), 0, "{wrong_passcode:?}, lost: {lost}");
        }
    }
}
