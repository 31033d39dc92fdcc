//! The storm: blow after blow falls on five workers and their database, while payments are recorded; and then the calm, in
//! which all of them have to end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::plan::{Blow, LEASE, Plan, SOON, WORKERS, merchant_of_slot};
use super::worker::{Ground, Life, Worker};

/// How often it is looked at what is due.
const TICK: Duration = Duration::from_millis(20);

/// How long it is waited for a worker to be about to send something.
const CATCH: Duration = Duration::from_secs(2);

/// For how long it is watched what a worker does that woke up.
const WATCHED: Duration = Duration::from_millis(1500);

/// How long the calm may take. Payments are taken over within a lease; a few then wait for clocks that are apart.
const CALM: Duration = Duration::from_secs(240);

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) workers: usize,
    pub(super) kills: usize,
    pub(super) pauses: usize,
    pub(super) sleeps: usize,
    pub(super) caught: usize,
    pub(super) parts: usize,
    pub(super) cuts: usize,
    pub(super) stalls: usize,
    pub(super) terminations: usize,
    pub(super) crashes: usize,
    pub(super) drained: usize,
}

/// What is due to a worker in a slot, if it still is the same.
#[derive(Clone, Copy)]
enum Due {
    GoOn,
    Hear,
}

/// A worker that is away, while another has its slot.
struct Aside {
    worker: Worker,
    phase: Phase,
}

#[derive(Clone, Copy)]
enum Phase {
    /// It falls asleep when it is about to send, and then at the latest.
    Listened { until: Instant },
    /// It stands still or is parted, at most until then, and at least until its payments are in other hands.
    Away { until: Instant },
    /// It goes on, and is asked to end then.
    Back { until: Instant },
}

type Ending = JoinHandle<Result<(Arc<str>, Life, i32)>>;

/// A fleet under fire.
pub(super) struct Storm<'g> {
    ground: &'g Ground,
    draw: fastrand::Rng,
    /// How many seconds clocks may be off, either way.
    skew: i32,
    slots: Vec<Worker>,
    due: Vec<(Instant, Arc<str>, Due)>,
    aside: Vec<Aside>,
    ending: Vec<Ending>,
    crash: Option<JoinHandle<Result<()>>>,
    pub(super) lives: HashMap<Arc<str>, Life>,
    pub(super) tally: Tally,
    /// When each calm began.
    pub(super) calms: Vec<SystemTime>,
    pub(super) wrong: Option<String>,
}

impl<'g> Storm<'g> {
    /// Starts the fleet.
    pub(super) async fn begin(ground: &'g Ground, seed: u64, skew: i32) -> Result<Self> {
        let mut storm = Self {
            ground,
            draw: fastrand::Rng::with_seed(seed),
            skew,
            slots: Vec::new(),
            due: Vec::new(),
            aside: Vec::new(),
            ending: Vec::new(),
            crash: None,
            lives: HashMap::new(),
            tally: Tally::default(),
            calms: Vec::new(),
            wrong: None,
        };
        for slot in 0..WORKERS {
            let worker = storm.start(slot).await?;
            storm.slots.push(worker);
        }
        Ok(storm)
    }

    async fn start(&mut self, slot: usize) -> Result<Worker> {
        self.tally.workers += 1;
        let skew = f64::from(self.draw.i32(-self.skew..=self.skew));
        Worker::start(self.ground, merchant_of_slot(slot), self.tally.workers, skew).await
    }

    /// Takes a worker out of its slot and starts another.
    async fn replace(&mut self, slot: usize) -> Result<Worker> {
        let new = self.start(slot).await?;
        Ok(std::mem::replace(&mut self.slots[slot], new))
    }

    /// Lets it all fall, and returns when it has.
    pub(super) async fn rage(&mut self, plan: &Plan) -> Result<()> {
        let began = Instant::now();
        for (at, blow) in &plan.blows {
            while began.elapsed() < *at {
                self.tick().await?;
            }
            self.strike(*blow).await?;
        }
        while began.elapsed() < plan.length {
            self.tick().await?;
        }
        Ok(())
    }

    /// Waits until nobody is away any more and all that was recorded has ended.
    pub(super) async fn subside(&mut self) -> Result<()> {
        self.calms.push(SystemTime::now());
        let began = Instant::now();
        loop {
            self.tick().await?;
            if self.aside.is_empty() && self.ending.is_empty() && self.due.is_empty() && self.crash.is_none()
            {
                let left = self.ground.base.unfinished().await?;
                if left == 0 {
                    return Ok(());
                }
                if began.elapsed() > CALM {
                    self.wrong(format!("{left} payments have not ended {CALM:?} after the storm"));
                    return Ok(());
                }
                sleep(Duration::from_millis(200)).await;
            }
        }
    }

    /// Asks every worker to end.
    pub(super) async fn end(&mut self) -> Result<()> {
        for worker in std::mem::take(&mut self.slots) {
            self.ask_to_end(worker);
        }
        while !self.ending.is_empty() {
            self.tick().await?;
        }
        Ok(())
    }

    fn wrong(&mut self, what: String) {
        self.wrong.get_or_insert(what);
    }

    async fn strike(&mut self, blow: Blow) -> Result<()> {
        let now = Instant::now();
        let tally = &mut self.tally;
        match blow {
            Blow::Kill(slot) => {
                tally.kills += 1;
                let (name, life) = self.replace(slot).await?.kill()?;
                self.lives.insert(name, life);
            }
            Blow::Pause(slot, time) => {
                tally.pauses += 1;
                let worker = &mut self.slots[slot];
                worker.stop()?;
                self.due.push((now + time, Arc::clone(&worker.name), Due::GoOn));
            }
            Blow::Sleep(slot) => {
                tally.sleeps += 1;
                let mut worker = self.replace(slot).await?;
                worker.sleep()?;
                self.aside.push(Aside { worker, phase: away() });
            }
            Blow::SleepBeforeSend(slot) => {
                tally.sleeps += 1;
                let worker = self.replace(slot).await?;
                worker.listen_for_a_send();
                self.aside.push(Aside { worker, phase: Phase::Listened { until: now + CATCH } });
            }
            Blow::Part(slot) => {
                tally.parts += 1;
                let mut worker = self.replace(slot).await?;
                worker.part();
                self.aside.push(Aside { worker, phase: away() });
            }
            Blow::Cut(slot) => {
                tally.cuts += 1;
                self.slots[slot].cut();
            }
            Blow::Stall(slot, time) => {
                tally.stalls += 1;
                let worker = &self.slots[slot];
                worker.stall();
                self.due.push((now + time, Arc::clone(&worker.name), Due::Hear));
            }
            Blow::Terminate => {
                tally.terminations += 1;
                self.ground.base.terminate().await?;
            }
            Blow::Crash(time) => {
                tally.crashes += 1;
                // One at a time.
                if let Some(crash) = self.crash.take() {
                    crash.await??;
                }
                let base = self.ground.base.clone();
                self.crash = Some(tokio::task::spawn_blocking(move || base.crash(time)));
            }
        }
        Ok(())
    }

    /// Does what is due by now, and lets a little time pass.
    async fn tick(&mut self) -> Result<()> {
        let now = Instant::now();
        let due = std::mem::take(&mut self.due);
        for (at, name, what) in due {
            if at > now {
                self.due.push((at, name, what));
                continue;
            }
            // One that was killed meanwhile needs nothing, and one that fell asleep is not to be woken.
            match (self.slots.iter().find(|worker| worker.name == name), what) {
                (Some(worker), Due::GoOn) => worker.go_on()?,
                (Some(worker), Due::Hear) => worker.hear(),
                (None, _) => {}
            }
        }
        for aside in std::mem::take(&mut self.aside) {
            self.look_after(aside, now).await?;
        }
        if let Some(crash) = self.crash.take_if(|crash| crash.is_finished()) {
            crash.await??;
        }
        for ending in std::mem::take(&mut self.ending) {
            if !ending.is_finished() {
                self.ending.push(ending);
                continue;
            }
            let (name, life, code) = ending.await??;
            self.tally.drained += 1;
            if code != 0 {
                self.wrong(format!("{name} was asked to end, and did so with exit code {code}"));
            }
            self.lives.insert(name, life);
        }
        for worker in &mut self.slots {
            if let Some(status) = worker.ended()? {
                let name = &worker.name;
                self.wrong.get_or_insert_with(|| format!("{name} has ended by itself, with {status}"));
            }
        }
        sleep(TICK).await;
        Ok(())
    }

    async fn look_after(&mut self, Aside { mut worker, phase }: Aside, now: Instant) -> Result<()> {
        let base = &self.ground.base;
        let phase = match phase {
            Phase::Listened { until } => {
                let noted = match worker.about_to_send() {
                    // A database that is away says nothing of the kind.
                    Some(since) => base.has_noted_a_send(&worker.name, since).await.unwrap_or(false),
                    None => false,
                };
                if noted && let Some(since) = worker.about_to_send() {
                    self.tally.caught += 1;
                    worker.sleep_unheard(since)?;
                    away()
                } else if now > until {
                    worker.sleep()?;
                    away()
                } else {
                    phase
                }
            }
            Phase::Away { until } if now > until || base.is_dead(&worker.name).await.unwrap_or(false) => {
                worker.wake().await?;
                Phase::Back { until: now + WATCHED }
            }
            Phase::Back { until } if now > until => {
                self.ask_to_end(worker);
                return Ok(());
            }
            waiting => waiting,
        };
        self.aside.push(Aside { worker, phase });
        Ok(())
    }

    fn ask_to_end(&mut self, worker: Worker) {
        self.ending.push(tokio::task::spawn_blocking(|| worker.end()));
    }
}

fn away() -> Phase {
    Phase::Away { until: Instant::now() + LEASE + 3 * SOON }
}
