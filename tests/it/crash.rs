//! Crashes: a runtime that is torn down in the middle, a journal that is lost, a process that another one follows.
//! (Processes that are really killed are the command's tests.)

use std::time::Duration;

use dollr::{Dollr, Error, Filter, Payment, Standing};
use payonce_sandbox::Guards;

use crate::world::{World, completed, pay_ama};

/// Sends in a runtime of its own, and tears that down while the provider holds the request.
pub(crate) fn crash_while_held<S>(dollr: Dollr, held: &payonce_sandbox::Held, send: S)
where
    S: AsyncFn(&Dollr) -> Result<Payment, Error> + Send,
{
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let sending = send(&dollr);
                tokio::select! {
                    sent = sending => panic!("the provider should have held it: {sent:?}"),
                    () = held.wait_until_held() => {}
                }
            });
            drop(dollr);
            runtime.shutdown_background();
        });
    });
}

async fn standing(dollr: &Dollr) -> Standing {
    let all = Filter { standing: None, unfinished: false, after: None, limit: 10 };
    dollr.list(all).await.unwrap()[0].as_ref().unwrap().standing
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_or_after_the_effect_is_taken_up_and_pays_once() {
    for guards in [
        Guards { key_once: true, session_once: true },
        Guards { key_once: true, session_once: false },
        Guards { key_once: false, session_once: true },
    ] {
        for after in [false, true] {
            let world = World::start().await;
            world.sandbox.guards(guards);
            let call = world.sandbox.on("POST /v1/executions/payout").nth(1);
            let held = if after { call.after_effect().hold() } else { call.before_effect().hold() };
            tokio::task::block_in_place(|| crash_while_held(world.dollr(), &held, pay_ama));
            let dollr = world.dollr();
            assert_eq!(standing(&dollr).await, Standing::Sending);
            assert_eq!(dollr.resume().await.unwrap(), 1);
            held.release();
            dollr.idle().await;
            assert_eq!(standing(&dollr).await, Standing::Completed);
            world.sandbox.clock().advance(Duration::from_secs(24 * 3600));
            assert_eq!(world.movements(), 1, "after the effect: {after}, {guards:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_journal_meets_the_providers_own_record() {
    let world = World::start().await;
    let first = pay_ama(&world.dollr()).await.unwrap();
    world.lose_journal();
    let second = pay_ama(&world.dollr()).await.unwrap();
    assert_eq!(first.reference_id(), second.reference_id());
    completed(&second).await;
    assert_eq!(world.movements(), 1);
}

#[tokio::test]
async fn a_second_process_leaves_the_payment_to_the_first_and_still_hears_its_end() {
    let world = World::start().await;
    let held = world.sandbox.on("POST /v1/executions/payout").nth(1).after_effect().hold();
    let (first, second) = (world.dollr(), world.dollr());
    let sending = tokio::spawn(async move { pay_ama(&first).await });
    held.wait_until_held().await;
    assert_eq!(second.resume().await.unwrap(), 1);
    let watching = second.find("salary/2026-11/ama").await.unwrap().unwrap();
    let requests = world.sandbox.request_count();
    let watched = tokio::spawn(async move { completed(&watching).await });
    // Several looks of the second process pass by the sandbox's fast clock.
    world.sandbox.clock().sleep(Duration::from_secs(60)).await;
    assert_eq!(world.sandbox.request_count(), requests, "the second process asked the provider");
    held.release();
    completed(&sending.await.unwrap().unwrap()).await;
    watched.await.unwrap();
    assert_eq!(world.movements(), 1);
}
