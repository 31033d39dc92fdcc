//! One world from beginning to end: processes that start, crash, freeze and start again, the callers in them, and
//! the judgement on what the provider's ledger says.

use std::sync::Arc;

use dollr::journal::{Journal, Key, MemoryJournal};
use dollr::{Dollr, Name};
use dwolla::Dwolla;
use payonce::step::Outcome;
use tokio::runtime::Runtime;

use super::callers::{Place, SharedDesk, Told, main, name};
use super::clients::Client;
use super::journal::{Disk, at_once};
use super::network::Network;
use super::provider::{Provider, Terrain};
use super::world::{HOUR, Inner, MINUTE, Millis, SECOND, World};

/// How many payments share a world.
pub(crate) const PAYMENTS: usize = 16;

/// After the last mishap, everything must have ended within this.
const PATIENCE: Millis = 36 * HOUR;
/// The same where a process may be away for a day, and a window is open for another.
const LONG_PATIENCE: Millis = 90 * HOUR;

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

/// Lives one world. At least one guard of the provider must be on, or the world is one that must break.
pub(crate) fn live(seed: u64, terrain: Terrain, told: bool) -> Lived {
    let processes = 1 + (seed % 3) as usize;
    let provider = Provider::new(seed, terrain, PAYMENTS);
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
            it.away_until = None;
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
        let (world, desk) = (self.world.clone(), Arc::clone(&self.desk));
        let network = Network { world: world.clone(), process };
        let terrain = world.lock().provider.terrain;
        match terrain {
            Terrain::Dollr(_) => {
                let client = <Dollr as Client>::open(network, &disk);
                runtime.spawn(main(Place { world, desk, process, client }));
            }
            Terrain::Dwolla { .. } => {
                let client = <Dwolla as Client>::open(network, &disk);
                runtime.spawn(main(Place { world, desk, process, client }));
            }
        }
        self.processes[process] = Some(Running { runtime, disk });
    }

    fn crash(&mut self, process: usize) {
        self.processes[process] = None;
        let mut world = self.world.lock();
        world.processes[process].alive = false;
        world.note("crash", process as u64, 0);
        let mut wait = world.rng.i64(0..5 * MINUTE);
        if world.provider.terrain.takes_days() && world.rng.u8(0..6) == 0 {
            wait = world.rng.i64(20 * HOUR..30 * HOUR);
            world.processes[process].away_until = Some(world.now + wait);
        }
        drop(world);
        self.world.after(wait, |_| {});
        self.desk.lock().expect("nothing panics at the desk").tally.crashes += 1;
    }

    /// Steps through the world until every caller knows how every payment ended.
    fn run(&mut self) {
        let limit = {
            let world = self.world.lock();
            let patience = if world.provider.terrain.takes_days() { LONG_PATIENCE } else { PATIENCE };
            world.calm_at + patience
        };
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
                // What a frozen process still has in hand is seen to the end.
                let frozen = world.processes.iter().any(|it| it.alive && it.frozen_until > world.now);
                open == 0 && !frozen || world.violation.is_some()
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
                let what = (touched && world.rare_mishap(6)).then(|| world.rng.u8(0..8));
                // Where a day has to pass for something to go wrong, there is more standing still.
                let freezes = if world.provider.terrain.takes_days() { 2..=5 } else { 5..=5 };
                what.map(|what| if freezes.contains(&what) { 5 } else { what })
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
            let away = world.processes[process].away_until;
            let again = match away {
                Some(until) => world.now >= until,
                None => world.now >= world.calm_at || world.rng.u8(0..24) == 0,
            };
            let key_once = world.provider.terrain.key_once();
            let alone = world.processes.iter().all(|process| !process.alive);
            // Without a journal only the key guard is left; and it knows nothing of further attempts.
            let loses = |world: &mut Inner| match away {
                Some(_) => world.rng.u8(0..3) == 0,
                None => world.rare_mishap(8),
            };
            (again, again && alone && key_once && loses(&mut world))
        };
        if lost && self.desk.lock().expect("nothing panics at the desk").tally.again == 0 {
            let mut desk = self.desk.lock().expect("nothing panics at the desk");
            desk.agains = [0; PAYMENTS];
            desk.tally.lost_journals += 1;
            drop(desk);
            self.store = MemoryJournal::new();
            let mut world = self.world.lock();
            let now = world.now;
            world.provider.lose_journal(now);
            world.note("journal lost", process as u64, 0);
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
        let mut wait = world.rng.i64(SECOND..40 * MINUTE);
        if world.provider.terrain.takes_days() && world.rng.u8(0..3) == 0 {
            wait = world.rng.i64(20 * HOUR..30 * HOUR);
        }
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
        let rail = world.provider.terrain.rail();
        for payment in 0..PAYMENTS {
            let name = Name::new(name(payment)).expect("that is a name");
            let record = at_once(self.store.find(rail, Key::Name(name))).expect("it can be read");
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
