//! One world from beginning to end: processes that start, crash, freeze and start again, the callers in them, and
//! the judgement on what the provider's ledger says.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dollr::journal::{Journal, Key, MemoryJournal};
use dollr::{
    AccountId, Clock, CounterpartyId, Currency, Dollr, Effect, Error, ErrorKind, InvoiceId, Name, Passcode,
    Payment, PaymentIntentId, Secret, Settlement, Source, WalletId, usd,
};
use payonce::step::Outcome;
use tokio::runtime::Runtime;

use super::journal::{Disk, at_once};
use super::network::Network;
use super::provider::{Guards, Provider, amount, id};
use super::world::{HOUR, MINUTE, Millis, ProcessClock, SECOND, World};

/// How many payments share a world.
pub(crate) const PAYMENTS: usize = 16;

/// After the last mishap, everything must have ended within this.
const PATIENCE: Millis = 36 * HOUR;

/// No world needs nearly as many.
const MOST_EVENTS: u64 = 3_000_000;

/// How a world ended.
pub(crate) struct Lived {
    pub(crate) trace: u64,
    pub(crate) words: Option<String>,
    pub(crate) violation: Option<String>,
    pub(crate) tally: Tally,
}

/// What happened in a world, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) parked: u64,
    pub(crate) again: u64,
    pub(crate) crashes: u64,
    pub(crate) freezes: u64,
    pub(crate) lost_journals: u64,
    pub(crate) requests: u64,
    pub(crate) events: u64,
    pub(crate) beyond_terms: u64,
}

/// What the callers do and were told, outside of any process: it survives their crashes.
#[derive(Debug, Default)]
struct Desk {
    told: [Option<Told>; PAYMENTS],
    /// How often each failed payment may be tried again.
    agains: [u32; PAYMENTS],
    tried_again: [bool; PAYMENTS],
    tally: Tally,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Completed,
    Failed,
    Parked,
}

type SharedDesk = Arc<Mutex<Desk>>;

/// A process that runs: its tasks end when this is dropped.
struct Running {
    runtime: Runtime,
    disk: Disk,
}

/// A world that is being lived.
struct Life {
    world: World,
    desk: SharedDesk,
    store: MemoryJournal,
    processes: Vec<Option<Running>>,
}

/// Lives one world. Of the two guards at least one must be on, or the world is one that must break.
pub(crate) fn live(seed: u64, guards: Guards, told: bool) -> Lived {
    let processes = 1 + (seed % 3) as usize;
    let provider = Provider::new(seed, guards, PAYMENTS);
    let world = World::new(seed, processes, provider, told);
    let desk = SharedDesk::default();
    {
        let mut world = world.lock();
        let mut desk = desk.lock().expect("nothing panics at the desk");
        for agains in &mut desk.agains {
            *agains = if world.rng.u8(0..3) == 0 { world.rng.u32(1..3) } else { 0 };
        }
    }
    let none = (0..processes).map(|_| None).collect();
    let mut life = Life { world, desk, store: MemoryJournal::new(), processes: none };
    for process in 0..processes {
        life.start(process);
    }
    life.run();
    life.end()
}

impl Life {
    fn start(&mut self, process: usize) {
        let skew = {
            let mut world = self.world.lock();
            let skew = if world.rng.bool() { 0 } else { world.rng.i64(-HOUR..HOUR) };
            let it = &mut world.processes[process];
            (it.life, it.alive, it.touched, it.frozen_until) = (it.life + 1, true, true, 0);
            world.provider.revoke(process);
            world.note("start", process as u64, 0);
            skew
        };
        self.world.lock().processes[process].skew = skew;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .event_interval(1 << 20)
            .build()
            .expect("a runtime without drivers can be built");
        let disk = Disk::new(&self.world, process, self.store.another());
        let dollr = client(&self.world, process, &disk);
        let (world, desk) = (self.world.clone(), Arc::clone(&self.desk));
        runtime.spawn(main(Place { world, desk, process, dollr }));
        self.processes[process] = Some(Running { runtime, disk });
    }

    fn crash(&mut self, process: usize) {
        self.processes[process] = None;
        let mut world = self.world.lock();
        world.processes[process].alive = false;
        world.note("crash", process as u64, 0);
        let wait = world.rng.i64(0..5 * MINUTE);
        drop(world);
        self.world.after(wait, |_| {});
        self.desk.lock().expect("nothing panics at the desk").tally.crashes += 1;
    }

    /// Steps through the world until every caller knows how every payment ended.
    fn run(&mut self) {
        let limit = self.world.lock().calm_at + PATIENCE;
        loop {
            for process in 0..self.processes.len() {
                self.let_run(process);
            }
            let over = {
                let mut world = self.world.lock();
                let desk = self.desk.lock().expect("nothing panics at the desk");
                let open = desk.told.iter().filter(|told| told.is_none()).count();
                if world.now > limit {
                    world.violated(|| format!("{open} payments hang"));
                }
                if world.events > MOST_EVENTS {
                    world.violated(|| format!("{open} payments are open, and the processes find no rest"));
                }
                open == 0 || world.violation.is_some()
            };
            if over {
                return;
            }
            if !self.world.step() && self.processes.iter().all(Option::is_some) {
                return self
                    .world
                    .lock()
                    .violated(|| "payments are open, and nothing is left to happen".to_owned());
            }
            self.mishaps();
        }
    }

    /// Runs the tasks of a process until all of them wait.
    fn let_run(&mut self, process: usize) {
        let runs = {
            let mut world = self.world.lock();
            let now = world.now;
            let it = &mut world.processes[process];
            it.frozen_until <= now && std::mem::take(&mut it.touched)
        };
        if let (true, Some(running)) = (runs, &self.processes[process]) {
            // Once for whatever was woken, and once for what used up its turn.
            running.runtime.block_on(async {
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            });
        }
    }

    /// What befalls processes: between any two events, which is at any await.
    fn mishaps(&mut self) {
        for process in 0..self.processes.len() {
            if self.processes[process].is_none() {
                self.revive(process);
                continue;
            }
            let what = {
                let mut world = self.world.lock();
                let touched = world.processes[process].touched;
                (touched && world.rare_mishap(6)).then(|| world.rng.u8(0..8))
            };
            match what {
                None => {}
                Some(0..=4) => self.crash(process),
                Some(5) => self.freeze(process),
                Some(what) => {
                    let mut world = self.world.lock();
                    let step = if what == 6 { HOUR } else { -HOUR };
                    world.processes[process].skew += step;
                    world.note("clock", process as u64, step as u64);
                }
            }
        }
    }

    /// Starts a dead process again, sooner or later; sometimes its journal is gone by then.
    fn revive(&mut self, process: usize) {
        let (again, lost) = {
            let mut world = self.world.lock();
            let again = world.now >= world.calm_at || world.rng.u8(0..24) == 0;
            let guards = world.provider.guards;
            let alone = world.processes.iter().all(|process| !process.alive);
            // Without a journal only the key guard is left; and it knows nothing of further attempts.
            (again, again && alone && guards.key_once && world.rare_mishap(8))
        };
        if lost && self.desk.lock().expect("nothing panics at the desk").tally.again == 0 {
            let mut desk = self.desk.lock().expect("nothing panics at the desk");
            desk.agains = [0; PAYMENTS];
            desk.tally.lost_journals += 1;
            drop(desk);
            self.store = MemoryJournal::new();
            // What it sent before, the next process cannot know.
            self.world.lock().provider.overtaken = true;
            self.world.lock().note("journal lost", process as u64, 0);
        }
        if again {
            self.start(process);
        }
    }

    /// Stops a process for a while, long enough for others to take its payments over.
    fn freeze(&mut self, process: usize) {
        if let Some(running) = &self.processes[process] {
            running.disk.lose_leases();
        }
        let mut world = self.world.lock();
        let wait = world.rng.i64(SECOND..40 * MINUTE);
        world.processes[process].frozen_until = world.now + wait;
        world.note("freeze", process as u64, wait as u64);
        drop(world);
        self.world.after(wait, move |world| world.touch(process));
        self.desk.lock().expect("nothing panics at the desk").tally.freezes += 1;
    }

    /// Lets everything that is still under way arrive, and judges.
    fn end(mut self) -> Lived {
        for process in 0..self.processes.len() {
            self.processes[process] = None;
            self.world.lock().processes[process].alive = false;
        }
        while self.world.step() {}
        let mut world = self.world.lock();
        let desk = self.desk.lock().expect("nothing panics at the desk");
        let mut tally = desk.tally;
        for payment in 0..PAYMENTS {
            let name = Name::new(name(payment)).expect("that is a name");
            let record = at_once(self.store.find("dollr", Key::Name(name))).expect("it can be read");
            let state = record.map(|record| record.state());
            let outcome = match &state {
                Some(Ok(state)) => state.outcome(),
                Some(Err(error)) => {
                    world.violated(|| format!("the journal cannot be believed: {error}"));
                    None
                }
                None => None,
            };
            tally.completed += u64::from(desk.told[payment] == Some(Told::Completed));
            tally.failed += u64::from(desk.told[payment] == Some(Told::Failed));
            tally.parked += u64::from(desk.told[payment] == Some(Told::Parked));
            let account = &world.provider.accounts[payment];
            tally.beyond_terms += u64::from(account.beyond_terms);
            let moved = account.moved;
            // What was tried again may have moved since a caller was told that it failed.
            let last = desk.told[payment].filter(|told| *told != Told::Failed || !desk.tried_again[payment]);
            let wrong = match (outcome, last) {
                _ if moved > 1 => true,
                _ if account.beyond_terms => false,
                (Some(Outcome::Completed(_)), _) | (None, Some(Told::Completed)) => moved != 1,
                (Some(Outcome::Failed(_)), _) | (None, Some(Told::Failed)) => moved != 0,
                _ => false,
            };
            if wrong {
                let told = desk.told[payment];
                world.violated(|| {
                    format!("payment {payment} moved {moved} times; the journal: {outcome:?}, the caller: {told:?}")
                });
            }
        }
        (tally.requests, tally.events) = (world.requests, world.events);
        let (trace, words) = (world.trace_hash(), world.take_words());
        Lived { trace, words, violation: world.violation.take(), tally }
    }
}

fn name(payment: usize) -> String {
    format!("salary/{payment}")
}

fn client(world: &World, process: usize, disk: &Disk) -> Dollr {
    Dollr::builder()
        .client_id("client")
        .client_secret(Secret::new("secret"))
        .base_url("http://127.0.0.1:9")
        .passcode(Passcode::of_phone(Secret::new("passcode"), "231771234567"))
        .journal_with(Arc::new(disk.clone()))
        .clock(Arc::new(ProcessClock { world: world.clone(), process }))
        .transport(Arc::new(Network { world: world.clone(), process }))
        .build()
        .expect("these settings are whole")
}

/// Where a caller stands: in a process of a world.
#[derive(Clone)]
struct Place {
    world: World,
    desk: SharedDesk,
    process: usize,
    dollr: Dollr,
}

impl Place {
    async fn sleep(&self, wait: Millis) {
        let clock = ProcessClock { world: self.world.clone(), process: self.process };
        clock.sleep(Duration::from_millis(wait as u64)).await;
    }

    fn draw(&self, range: std::ops::Range<Millis>) -> Millis {
        self.world.lock().rng.i64(range)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("nothing panics at the desk")
    }

    /// What the ledger says of a payment, if it was never tried again: then what callers are told must agree with it.
    fn moved(&self, payment: usize) -> Option<u32> {
        if self.desk().tried_again[payment] {
            return None;
        }
        let account = &self.world.lock().provider.accounts[payment];
        (!account.beyond_terms).then_some(account.moved)
    }

    fn tell(&self, payment: usize, told: Told) {
        self.world.lock().note(told.words(), self.process as u64, payment as u64);
        let wrong = match (told, self.moved(payment)) {
            (Told::Completed, Some(moved)) => moved != 1,
            (Told::Failed, Some(moved)) => moved != 0,
            _ => false,
        };
        let short = self.world.lock().provider.accounts[payment].is_short();
        if wrong || short && told == Told::Completed && !self.desk().tried_again[payment] {
            self.world
                .lock()
                .violated(|| format!("payment {payment} was called {told:?}; the ledger disagrees"));
        }
    }

    /// What moved is not tried again, and its name is not another payment's: some callers make these mistakes.
    async fn must_not_go_again(&self, sent: &Payment, payment: usize) {
        let (which, name) = (self.draw(0..12), sent.name().clone());
        let wrongly = match which {
            0 => sent.again().await.is_ok(),
            1 => {
                let order =
                    self.dollr.payout(name, AccountId::new(id(payment)), usd("7.00").expect("that is money"));
                order.send().await.is_ok()
            }
            _ => return,
        };
        if wrongly {
            self.world
                .lock()
                .violated(|| format!("payment {payment} had moved, and went again or under another's name"));
        }
    }

    fn try_again(&self, payment: usize) {
        let mut desk = self.desk();
        desk.agains[payment] -= 1;
        desk.tally.again += 1;
        desk.tried_again[payment] = true;
    }

    fn over(&self, payment: usize, told: Told) {
        self.desk().told[payment].get_or_insert(told);
    }
}

impl Told {
    fn words(self) -> &'static str {
        match self {
            Self::Completed => "told completed",
            Self::Failed => "told failed",
            Self::Parked => "told parked",
        }
    }
}

/// What a process does: takes up what is unfinished, now and every minute, while its callers send and wait.
async fn main(place: Place) {
    for payment in 0..PAYMENTS {
        if place.desk().told[payment].is_none() {
            tokio::spawn(caller(place.clone(), payment));
        }
    }
    loop {
        let _ = place.dollr.resume().await;
        place.sleep(MINUTE).await;
    }
}

/// One caller: sends by name until it is told how the payment ended, and tries again what failed if it may.
async fn caller(place: Place, payment: usize) {
    let first = place.draw(0..20 * SECOND);
    place.sleep(first).await;
    loop {
        let error = match send(&place.dollr, payment).await {
            Ok(sent) => match settle(&place, sent, payment).await {
                None => return,
                Some(error) => error,
            },
            Err(error) => {
                // Where not even the name could be looked for in the journal, the error is of that alone; and a disk
                // that fails does not tell a process that it was overtaken.
                let overtaken = place.world.lock().provider.overtaken;
                let unread =
                    error.kind() == ErrorKind::Journal && (overtaken || error.reference_id().is_none());
                // And without its journal it knows of nothing that was sent before.
                let forgotten = place.desk().tally.lost_journals > 0;
                let claims = error.effect() == Effect::None && !unread && !forgotten;
                if claims && place.moved(payment).is_some_and(|moved| moved > 0) {
                    let words = error.to_string();
                    place
                        .world
                        .lock()
                        .violated(|| format!("payment {payment} moved, and the error says: {words}"));
                }
                error
            }
        };
        if error.kind() == ErrorKind::Parked {
            place.tell(payment, Told::Parked);
            return place.over(payment, Told::Parked);
        }
        let wait = place.draw(SECOND..MINUTE);
        place.sleep(wait).await;
    }
}

/// Waits for the end. Returns why it is to be sent again, if it is.
async fn settle(place: &Place, mut sent: Payment, payment: usize) -> Option<Error> {
    loop {
        let limit = Duration::from_millis(place.draw(MINUTE..20 * MINUTE) as u64);
        match sent.settled_within(limit).await {
            Ok(Settlement::Completed(_)) => {
                place.tell(payment, Told::Completed);
                place.must_not_go_again(&sent, payment).await;
                place.over(payment, Told::Completed);
                return None;
            }
            Ok(Settlement::Failed(_)) => {
                place.tell(payment, Told::Failed);
                if place.desk().agains[payment] == 0 {
                    place.over(payment, Told::Failed);
                    return None;
                }
                place.try_again(payment);
                match sent.again().await {
                    Ok(again) => sent = again,
                    Err(error) => return Some(error),
                }
            }
            Err(error) if error.kind() == ErrorKind::Deadline => {}
            Err(error) => return Some(error),
        }
    }
}

/// Sends a payment: each fourth one is of the same movement.
async fn send(dollr: &Dollr, payment: usize) -> Result<Payment, Error> {
    let (name, id, amount) = (name(payment), id(payment), usd(&amount(payment))?);
    match payment % 4 {
        0 => dollr.payout(name, AccountId::new(id), amount).send().await,
        1 => dollr.transfer(name, WalletId::new(1), CounterpartyId::new(id), amount).send().await,
        2 => dollr.refund(name, PaymentIntentId::new(id), amount).send().await,
        _ => {
            let source = Source::Invoice(InvoiceId::new(id));
            dollr.collection(name, source, AccountId::new(1), Currency::USD).send().await
        }
    }
}
