//! What no document says about the provider, both ways: whatever it does, a payment whose request or reply is lost is in
//! the ledger once, or it is in there at most once and a person is asked.

use std::time::Duration;

use dwolla::{ParkReason, Status};
use payonce_sandbox::dwolla::Switches;
use payonce_sandbox::dwolla::switches::*;

use crate::world::*;

const SEND: &str = "POST /transfers";
const LIST: &str = "GET /accounts/{id}/transfers";
const NAME: &str = "invoice/4711";
const HOUR: Duration = Duration::from_secs(3600);

/// How many worlds live side by side.
const WORLDS: usize = 32;

/// What happens to the first request.
#[derive(Clone, Copy, Debug)]
enum Loss {
    None,
    Request,
    Reply,
    Doubled,
    LateRequest,
    Failure,
    FailureBeforeTheEffect,
    ReplyAndJournal,
    ReplyAndJournalAndADay,
    /// The list does not have it for a while.
    ReplyAndTheListIsBehind,
}

const LOSSES: [Loss; 10] = [
    Loss::None,
    Loss::Request,
    Loss::Reply,
    Loss::Doubled,
    Loss::LateRequest,
    Loss::Failure,
    Loss::FailureBeforeTheEffect,
    Loss::ReplyAndJournal,
    Loss::ReplyAndJournalAndADay,
    Loss::ReplyAndTheListIsBehind,
];

fn settings() -> Vec<(&'static str, Switches)> {
    let assumed = Switches::default();
    let strange = Switches {
        output: Output::SeedExact,
        other_body: OtherBody::Conflict,
        same_body: SameBody::Json,
        key_scope: KeyScope::Application,
        refusals: Refusals::Kept,
        in_progress: InProgress::Wait,
        after_500: After500::Open,
        late_replay: LateReplay::Replay,
        conflict_body: ConflictBody::Empty,
        correlation_id: CorrelationIds::Unique,
        list_order: ListOrder::OldestFirst,
        longest_page: 1,
        fees_link: FeesLink::Always,
        chains: Chains::Linked,
        most_a_minute: 20,
        ..assumed
    };
    vec![
        ("as assumed", assumed),
        ("replies of 2018", Switches { output: Output::SeedExact, ..assumed }),
        ("another body is a conflict", Switches { other_body: OtherBody::Conflict, ..assumed }),
        ("another body is answered as the first", Switches { other_body: OtherBody::Replay, ..assumed }),
        ("bodies are compared as JSON", Switches { same_body: SameBody::Json, ..assumed }),
        ("a key is the application's", Switches { key_scope: KeyScope::Application, ..assumed }),
        ("a key is no longer than ours", Switches { longest_key: 36, ..assumed }),
        ("refusals are kept", Switches { refusals: Refusals::Kept, ..assumed }),
        ("the second waits for the first", Switches { in_progress: InProgress::Wait, ..assumed }),
        ("a key is open after a 500", Switches { after_500: After500::Open, ..assumed }),
        ("a late replay is one", Switches { late_replay: LateReplay::Replay, ..assumed }),
        ("a conflict without a body", Switches { conflict_body: ConflictBody::Empty, ..assumed }),
        ("one transfer for a correlation id", Switches { correlation_id: CorrelationIds::Unique, ..assumed }),
        ("the oldest first", Switches { list_order: ListOrder::OldestFirst, ..assumed }),
        ("one transfer a page", Switches { longest_page: 1, ..assumed }),
        ("few requests a minute", Switches { most_a_minute: 3, ..assumed }),
        ("short tokens", Switches { token_seconds: 600, ..assumed }),
        ("all at once", strange),
    ]
}

/// Makes the payment in a world of its own, and says how it stands and how often it is in the ledger.
async fn pays(switches: Switches, loss: Loss) -> (Status, u64) {
    let world = World::with(switches).await;
    let first = || world.sandbox.on(SEND).nth(1);
    match loss {
        Loss::None => {}
        Loss::Request => drop(first().before_effect().drop_reply()),
        Loss::Doubled => drop(first().before_effect().duplicate_delivery()),
        Loss::LateRequest => drop(first().before_effect().deliver_late(HOUR)),
        Loss::Failure => drop(first().after_effect().status(500)),
        Loss::FailureBeforeTheEffect => drop(first().before_effect().status(500)),
        Loss::Reply | Loss::ReplyAndJournal | Loss::ReplyAndJournalAndADay => {
            drop(first().after_effect().drop_reply());
        }
        Loss::ReplyAndTheListIsBehind => {
            first().after_effect().drop_reply();
            world.sandbox.on(LIST).nth(2).times(4).before_effect().stale_status(HOUR);
        }
    }
    if matches!(loss, Loss::ReplyAndJournal | Loss::ReplyAndJournalAndADay) {
        let dwolla = world.dwolla();
        let sending = tokio::spawn(invoice(&dwolla, NAME).send());
        while world.paid(key(&dwolla, NAME)) == 0 {
            tokio::task::yield_now().await;
        }
        sending.abort();
        drop(dwolla);
        world.lose_journal();
    }
    if matches!(loss, Loss::ReplyAndJournalAndADay) {
        world.sandbox.clock().advance(25 * HOUR);
    }
    let dwolla = world.dwolla();
    let order = invoice(&dwolla, NAME);
    let sending = tokio::spawn({
        let dwolla = dwolla.clone();
        async move { sent_or_parked(&dwolla, order, NAME).await }
    });
    // Where the key stays open, time goes its own way: a client that had no turn for a day would be right to park.
    if matches!(loss, Loss::FailureBeforeTheEffect) && switches.after_500 == After500::Locked {
        while world.asked(SEND) == 0 {
            tokio::task::yield_now().await;
        }
        // It takes a day, and the client has to have its turn meanwhile.
        while !sending.is_finished() {
            world.sandbox.clock().advance(HOUR / 4);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let status = sending.await.unwrap().unwrap();
    world.sandbox.clock().advance(2 * HOUR);
    (status, world.paid(key(&dwolla, NAME)))
}

#[tokio::test]
async fn a_payment_is_made_once_however_the_provider_behaves() {
    let mut worlds = tokio::task::JoinSet::new();
    let mut judged = 0;
    let mut judge = |(setting, locks, loss, (status, paid)): (&str, bool, Loss, (Status, u64))| {
        judged += 1;
        match (&status, loss) {
            // Nobody can tell this from a payment, so a person has to.
            (Status::Parked(ParkReason::WindowClosed), Loss::FailureBeforeTheEffect) if locks => {
                assert_eq!(paid, 0, "{setting}");
            }
            (Status::Completed(_), _) => assert_eq!(paid, 1, "{setting}, {loss:?}"),
            _ => panic!("{setting}, {loss:?}: {status:?}, paid {paid} times"),
        }
    };
    for (setting, switches) in settings() {
        let locks = switches.after_500 == After500::Locked;
        for loss in LOSSES {
            if worlds.len() == WORLDS {
                judge(worlds.join_next().await.unwrap().unwrap());
            }
            worlds.spawn(async move { (setting, locks, loss, pays(switches, loss).await) });
        }
    }
    while let Some(world) = worlds.join_next().await {
        judge(world.unwrap());
    }
    assert_eq!(judged, settings().len() * LOSSES.len());
}

/// The key guards nothing at all. Looking first is then what there is, and it is enough unless two send at one time.
#[tokio::test]
async fn a_provider_that_ignores_keys_is_paid_once_where_its_list_is_true() {
    let switches = Switches { keys: Keys::Ignored, ..Switches::default() };
    for loss in [Loss::None, Loss::Request, Loss::Reply, Loss::Failure, Loss::ReplyAndJournalAndADay] {
        let (status, paid) = pays(switches, loss).await;
        assert!(matches!(status, Status::Completed(_)), "{loss:?}: {status:?}");
        assert_eq!(paid, 1, "{loss:?}");
    }
}
