//! A server that is hostile or broken in every way we could think of, in the place of each reply: what must hold is
//! that a client puts up with it for a limited time and in limited memory, carries no credential anywhere else, says
//! of the payment what is true, and pays once when the server behaves again.

mod dwolla;
mod front;
mod gauges;
mod misdeeds;
mod tls;

use std::collections::BTreeSet;
use std::env;
use std::fmt::Debug;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dollr::{
    AccountId, Builder, Clock, Dollr, Effect, ErrorKind, Expect, Operation, ParkReason, Passcode,
    ReferenceId, Secret, Settlement, Status, Timestamp, usd,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use payonce::rail::{Order, Rail, Submission};
use payonce::{BoxFuture, Name, Payment};
use payonce_sandbox::{CLIENT_ID, CLIENT_SECRET, PASSCODE, PASSCODE_PHONE, Sandbox};

use self::front::{Ask, Elsewhere, Front, Plan, Tally, Target};
pub(super) use self::front::{header, read_request};
use self::misdeeds::{At, MISDEEDS, Means, Misdeed};
use crate::suite::{Figures, Run, Scale, Stop, Suite};

pub(super) const SUITE: Suite = Suite {
    name: "hostile",
    claim: "Whatever a server answers, in HTTP, below it or in TLS, a client gives up in time and in little memory, \
            sends no credential elsewhere, says truly whether money may have moved, and pays once when the server \
            behaves again.",
    run,
};

/// How many virtual seconds pass in one real second.
const SPEED: u32 = 600;

/// How long one request may take, in real time.
const LIMIT: Duration = Duration::from_millis(400);

/// How long a client that keeps to the limit may be held up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(4);

/// How much of a reply a client may swallow: the two MiB that it reads, and what lies in buffers on the way.
const SWALLOWED: u64 = 16 << 20;

const ACCOUNT: AccountId = AccountId::new(18);

/// Where a misdeed happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    Token,
    /// What comes before the send does not succeed.
    Before,
    /// The send never arrives, and look-ups are honest.
    Lost,
    /// The send arrives, its reply does not, and look-ups are honest.
    Unanswered,
    /// The send arrives, and neither its reply nor any look-up's does.
    Deaf,
}

impl Scene {
    const ALL: [Self; 5] = [Self::Token, Self::Before, Self::Lost, Self::Unanswered, Self::Deaf];

    fn has(self, misdeed: &Misdeed) -> bool {
        match misdeed.at {
            At::Token => self == Self::Token,
            At::Before => self == Self::Before,
            At::Unanswered => self == Self::Unanswered,
            At::Deaf => self == Self::Deaf,
            // Whoever turns a request away that he has acted upon is beyond help.
            At::Anywhere if misdeed.means == Means::TurnedAway => {
                matches!(self, Self::Token | Self::Before | Self::Lost)
            }
            At::Anywhere => true,
        }
    }

    fn plans(self, act: fn(&Ask) -> front::Act) -> Vec<Plan> {
        let plan = |target, after| Plan { target, after, act };
        match self {
            Self::Token => vec![plan(Target::Token, false)],
            Self::Before => vec![plan(Target::Before, false)],
            Self::Lost => vec![plan(Target::Execution, false)],
            Self::Unanswered => vec![plan(Target::Execution, true)],
            Self::Deaf => vec![plan(Target::Execution, true), plan(Target::Status, false)],
        }
    }
}

/// The sandbox's time.
#[derive(Debug)]
struct SandboxTime(payonce_sandbox::Clock);

impl Clock for SandboxTime {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(self.0.sleep(duration))
    }
}

struct World {
    sandbox: Sandbox,
    elsewhere: Elsewhere,
}

impl World {
    async fn start(speed: u32) -> anyhow::Result<Self> {
        let sandbox = Sandbox::builder().speed(speed).start().await?;
        Ok(Self { sandbox, elsewhere: Elsewhere::start().await? })
    }

    async fn front(&self, plans: Vec<Plan>) -> anyhow::Result<Front> {
        Ok(Front::start(self.sandbox.addr(), self.elsewhere.port, plans).await?)
    }

    fn client(&self, front: &Front) -> Builder {
        Dollr::builder()
            .client_id(CLIENT_ID)
            .client_secret(Secret::new(CLIENT_SECRET))
            .base_url(&front.url)
            .passcode(Passcode::of_phone(Secret::new(PASSCODE), PASSCODE_PHONE))
            .clock(Arc::new(SandboxTime(self.sandbox.clock())))
            .journal_in_memory()
            .request_timeout(LIMIT)
            // By the sandbox's clock.
            .first_answer(LIMIT * 3 * SPEED)
    }
}

fn run(run: &Run) -> Result<Figures, Stop> {
    let panics = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&panics);
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        counter.fetch_add(1, Ordering::SeqCst);
        eprintln!("{info}");
    }));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(attack(run)),
        Err(error) => Err(Stop::Failed(error.into())),
    };
    panic::set_hook(before);
    let figures = outcome?;
    match panics.load(Ordering::SeqCst) {
        0 => Ok(figures),
        count => Err(run.violation(format!("{count} panics; the first is above")).into()),
    }
}

async fn attack(run: &Run) -> Result<Figures, Stop> {
    let world = World::start(SPEED).await?;
    let mut figures = Figures::default();
    let naive = gauges::work(&world).await?;
    figures.measure("what a client without limits swallows of a gzip bomb", naive, "MiB");
    let grown = gauges::memory(run, &world).await?;
    figures.measure("most memory that one reply took", grown as f64 / f64::from(1 << 20), "MiB");

    let begin = Instant::now();
    let lives = lives_of(run, MISDEEDS, 2);
    let (world, seed) = (&world, run.seed);
    let told: Vec<Tally> = stream::iter(lives.iter().enumerate())
        .map(|(number, (misdeed, scene))| async move {
            let name = format!("hostile/{seed}/{number}");
            life(world, misdeed, *scene, &name)
                .await
                .map_err(|what| run.violation(format!("{} at {scene:?}: {what}", misdeed.name)))
        })
        .buffer_unordered(12)
        .try_collect()
        .await?;
    if world.elsewhere.calls() > 0 {
        return Err(run.violation("a client called a host that it was not configured for").into());
    }
    let ledger = world.sandbox.ledger();
    if !ledger.is_balanced() || !ledger.paid_twice().is_empty() {
        return Err(run.violation(format!("paid twice: {:?}", ledger.paid_twice())).into());
    }
    report(&mut figures, "dollr", &lives, &told, begin.elapsed());

    dwolla::attack(run, &mut figures).await?;
    beyond_the_calendar(run).await?;
    let tls = tls::attack(run).await?;
    figures.count("TLS servers", tls, "");
    Ok(figures)
}

fn report(figures: &mut Figures, rail: &str, lives: &[(&Misdeed, Scene)], told: &[Tally], took: Duration) {
    let longest = told.iter().map(|tally| tally.longest).max().unwrap_or_default();
    let rows: BTreeSet<_> = lives.iter().map(|(misdeed, _)| misdeed.name).collect();
    let swallowed = told.iter().map(|tally| tally.swallowed).max().unwrap_or(0);
    figures.count(&format!("{rail}: misdeeds"), rows.len(), "rows");
    figures.count(&format!("{rail}: payment lives"), told.len(), "");
    let suffered = told.iter().map(|tally| tally.misdeeds).sum::<u64>();
    figures.count(&format!("{rail}: misdeeds suffered"), suffered, "");
    figures.measure(&format!("{rail}: longest that a request was held up"), longest.as_secs_f64(), "s");
    figures.count(&format!("{rail}: most of a reply that was taken"), swallowed, "bytes");
    figures.measure(&format!("{rail}: took"), took.as_secs_f64(), "s");
}

/// Every row at each place where it makes sense; where time is short, at a few that the seed decides.
fn lives_of<'a>(
    run: &Run,
    misdeeds: impl IntoIterator<Item = &'a Misdeed>,
    few: usize,
) -> Vec<(&'a Misdeed, Scene)> {
    let mut lives = Vec::new();
    for (row, misdeed) in misdeeds.into_iter().enumerate() {
        let scenes: Vec<_> = Scene::ALL.into_iter().filter(|scene| scene.has(misdeed)).collect();
        let taken = if run.scale == Scale::Quick { few.min(scenes.len()) } else { scenes.len() };
        let first = (run.seed as usize).wrapping_add(row * few);
        lives.extend((0..taken).map(|n| (misdeed, scenes[first.wrapping_add(n) % scenes.len()])));
    }
    lives
}

/// One payment under one misdeed, from its first send to its end.
async fn life(world: &World, misdeed: &Misdeed, scene: Scene, name: &str) -> Result<Tally, String> {
    let front = world.front(scene.plans(misdeed.act)).await.map_err(|error| error.to_string())?;
    let dollr = world.client(&front).build().map_err(|error| error.to_string())?;
    if scene == Scene::Lost {
        let order = order();
        let body = format!(
            r#"{{"payout_account_id":"18","reference_id":"{}","session_id":"88"}}"#,
            order.reference_id.as_uuid()
        );
        judge_send(misdeed, &front, dollr.rail(), &order, &body).await?;
    }
    let send =
        async || dollr.payout(name, ACCOUNT, usd("1.00").expect("one dollar is an amount")).send().await;
    let paid = |key: ReferenceId| world.sandbox.ledger().payments(key.as_uuid());
    outlive(misdeed, scene, &front, send, paid).await
}

/// Sends a payment by that name until it has ended, and judges what was said of it on the way.
async fn outlive<R: Rail + Debug>(
    misdeed: &Misdeed,
    scene: Scene,
    front: &Front,
    send: impl AsyncFn() -> Result<Payment<R>, dollr::Error>,
    paid: impl Fn(ReferenceId) -> u64,
) -> Result<Tally, String> {
    let first = send().await;
    judge_first(misdeed, scene, &first)?;
    // On a busy machine the caller may have been told to wait no longer before it came to that.
    let met = tokio::time::timeout(Duration::from_secs(20), async {
        while front.tally().misdeeds == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    met.await.map_err(|_| "the misdeed was never met".to_owned())?;
    let tally = front.tally();
    if tally.longest > LIMIT + PATIENCE {
        return Err(format!("a request was held up for {:?}", tally.longest));
    }
    if tally.swallowed > SWALLOWED && !misdeed.fleeting {
        return Err(format!("{} bytes of a reply were taken", tally.swallowed));
    }
    front.behave();
    let end = tokio::time::timeout(Duration::from_secs(60), async {
        let payment = loop {
            if let Ok(payment) = send().await {
                break payment;
            }
        };
        (payment.reference_id(), payment.settled().await)
    });
    let (key, end) = end.await.map_err(|_| "it hangs, although the server behaves".to_owned())?;
    let paid = paid(key);
    match end {
        Ok(Settlement::Completed(_)) if paid == 1 => Ok(tally),
        Ok(Settlement::Failed(_)) if paid == 0 && misdeed.means == Means::Refusal => Ok(tally),
        end => Err(format!("it ended as {end:?}, and the ledger says {paid} payments")),
    }
}

/// What the engine is told of a single send.
async fn judge_send(
    misdeed: &Misdeed,
    front: &Front,
    rail: &impl Rail,
    order: &Order,
    body: &str,
) -> Result<(), String> {
    let mut submission = rail.submit(order, body).await;
    // On a busy machine the token may take too long, and the send does not even begin.
    while front.tally().misdeeds == 0 && matches!(submission, Submission::NotSent(_)) {
        submission = rail.submit(order, body).await;
    }
    match (misdeed.means, submission) {
        // Doubt is right when time was too short for a reply that could have been read.
        (_, Submission::Unknown(_))
        | (Means::TurnedAway, Submission::NotSent(_))
        | (Means::Refusal, Submission::Refused(..)) => Ok(()),
        (means, submission) => Err(format!("{means:?} is right, and a send came to {submission:?}")),
    }
}

/// An order that no journal knows.
fn order() -> Order {
    Order {
        operation: Operation::new("payout").expect("a payout is an operation"),
        name: Name::new("memory").expect("memory is a name"),
        reference_id: "550e8400-e29b-41d4-a716-446655440000".parse().expect("this is a key"),
        contents: String::new(),
        expect: Expect::Amount(usd("1.00").expect("one dollar is an amount")),
    }
}

/// What the caller is told while the server misbehaves.
fn judge_first(
    misdeed: &Misdeed,
    scene: Scene,
    first: &Result<impl Debug, dollr::Error>,
) -> Result<(), String> {
    let sent = matches!(scene, Scene::Lost | Scene::Unanswered | Scene::Deaf);
    let wanted = if sent && misdeed.means != Means::TurnedAway { Effect::Unknown } else { Effect::None };
    match first {
        // It goes on behind the caller's back.
        Err(error) if error.kind() == ErrorKind::Deadline && error.effect() == Effect::Unknown => Ok(()),
        Err(error) if error.effect() == wanted => Ok(()),
        Err(error) => Err(format!("{wanted:?} is true, and told was {:?}: {error:?}", error.effect())),
        // A look-up found it, or said that there is nothing behind a refusal.
        Ok(_) if scene == Scene::Unanswered || misdeed.at == At::Deaf => Ok(()),
        Ok(_) if matches!(scene, Scene::Lost | Scene::Before) && misdeed.means == Means::Refusal => Ok(()),
        Ok(payment) => Err(format!("{payment:?} was called under way")),
    }
}

/// A session that ends with the calendar neither brings the engine down nor holds the payment for ever.
async fn beyond_the_calendar(run: &Run) -> Result<(), Stop> {
    let world = World::start(SPEED).await?;
    let act = misdeeds::session_until_the_end_of_time;
    let front = world.front(vec![Plan { target: Target::Before, after: false, act }]).await?;
    let dollr = world.client(&front).build().map_err(anyhow::Error::from)?;
    let order = || dollr.payout("beyond", ACCOUNT, usd("1.00").expect("one dollar is an amount"));
    // The sandbox knows no such session, so the payment can only wait for its end.
    let first = order().send().await;
    world.sandbox.clock().advance(Duration::from_secs(8 * 24 * 3600));
    let end = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            let found = dollr.find("beyond").await;
            if let Ok(Some(payment)) = found
                && let Ok(Status::Parked(reason)) = payment.status().await
            {
                return reason;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    match end.await {
        Ok(ParkReason::NoAnswer | ParkReason::NeverTaken) => Ok(()),
        Ok(reason) => Err(run.violation(format!("a session without end parked for {reason:?}")).into()),
        Err(_) => Err(run.violation(format!("a session without end holds the payment: {first:?}")).into()),
    }
}

/// Whether the machine's settings would lead a client of this machine through a proxy.
fn has_proxy() -> bool {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].iter().any(|name| env::var_os(name).is_some())
}
