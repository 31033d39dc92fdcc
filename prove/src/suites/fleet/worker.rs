//! A worker: a process of `payonce work` with wires of its own and a clock of its own, and what is remembered of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};

use super::base::Base;
use super::providers::Providers;
use super::wire::{Far, Flow, Sends, Sent, Wire};
use crate::command::{Rail, Running, Signal};

/// Where workers are put to work.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) payonce: PathBuf,
    pub(super) base: Base,
    pub(super) providers: Arc<Providers>,
    /// What workers say goes to files in here.
    pub(super) scratch: PathBuf,
    /// What gives a process another clock, where it is installed.
    pub(super) faketime: Option<PathBuf>,
}

/// A running worker.
pub(super) struct Worker {
    pub(super) name: Arc<str>,
    merchant: &'static str,
    running: Running,
    /// By how much its clock is off, and the file that says so to it, where there can be one.
    clock: (f64, Option<PathBuf>),
    base: Wire,
    _providers: [Wire; 2],
    sends: Sends,
    stops: Vec<SystemTime>,
    /// Since when it can extend its lease no more.
    gone: Vec<SystemTime>,
    /// What it noted from when until when it was not told of.
    unheard: Option<(SystemTime, SystemTime)>,
}

/// What is remembered of a worker.
#[derive(Clone, Debug, Default)]
pub(super) struct Life {
    /// Whose payments it was to make.
    pub(super) merchant: &'static str,
    pub(super) sent: Vec<Sent>,
    /// When it was made to stand still.
    pub(super) stops: Vec<SystemTime>,
    /// When it was killed, fell asleep, or was parted from the database.
    pub(super) gone: Vec<SystemTime>,
    /// A sending that it noted in this time was never confirmed to it, so nothing may be sent by it.
    pub(super) unheard: Option<(SystemTime, SystemTime)>,
}

/// Where libfaketime is, if it is anywhere.
pub(super) fn faketime() -> Option<PathBuf> {
    let library = |place: PathBuf| Some(place.join("faketime/libfaketime.so.1")).filter(|path| path.exists());
    let within =
        |place: &str| std::fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
    ["/usr/lib", "/usr/lib64"]
        .iter()
        .find_map(|place| library(PathBuf::from(place)).or_else(|| within(place).find_map(library)))
}

impl Worker {
    /// Starts one that makes a merchant's payments, and whose clock is off by so many seconds.
    pub(super) async fn start(
        ground: &Ground,
        merchant: &'static str,
        number: usize,
        skew: f64,
    ) -> Result<Self> {
        let name: Arc<str> = format!("worker-{number}").into();
        let base = Wire::lay(Far::Base(ground.base.server.socket())).await?;
        let sends = Sends::default();
        let [dollr, dwolla] =
            ground.providers.addresses().map(|address| Far::Provider(address, Arc::clone(&sends)));
        let (dollr, dwolla) = (Wire::lay(dollr).await?, Wire::lay(dwolla).await?);
        let (address, database) = (base.address(), ground.base.name());
        let journal = format!("postgresql://payonce@{address}/{database}?application_name={name}");
        let log = File::options().create(true).append(true).open(log_of(&ground.scratch, &name))?;
        let mut command = Command::new(&ground.payonce);
        command
            .args(["work", "--concurrency", "16", "--hold", "32", "--grace", "20"])
            .env_clear()
            .envs(Rail::Dollr.environment(&format!("http://{}", dollr.address())))
            .envs(Rail::Dwolla.environment(&format!("http://{}", dwolla.address())))
            .env("PAYONCE_JOURNAL", journal)
            .env("PAYONCE_MERCHANT", merchant)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let file = ground.scratch.join(format!("{name}.clock"));
        let clock = (skew, ground.faketime.is_some().then_some(file));
        if let (Some(library), Some(file)) = (&ground.faketime, &clock.1) {
            set(&clock)?;
            command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", file);
        }
        let running = Running::start(&mut command).context("starting a worker")?;
        let (stops, gone, unheard) = (Vec::new(), Vec::new(), None);
        Ok(Self {
            name,
            merchant,
            running,
            clock,
            base,
            _providers: [dollr, dwolla],
            sends,
            stops,
            gone,
            unheard,
        })
    }

    /// How it has ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.running.ended()
    }

    /// Makes it stand still.
    pub(super) fn stop(&mut self) -> Result<()> {
        self.stops.push(SystemTime::now());
        self.running.signal(Signal::STOP)
    }

    /// The same, for longer than its lease lasts.
    pub(super) fn sleep(&mut self) -> Result<()> {
        self.gone.push(SystemTime::now());
        self.stop()
    }

    /// Lets it go on.
    pub(super) fn go_on(&self) -> Result<()> {
        self.running.signal(Signal::CONT)
    }

    /// The same, with whatever was kept from it at its door. One that was to be told of a note when it fell asleep wakes as
    /// on a machine that was suspended: the time in which it slept is none by the clocks that its patience goes by.
    pub(super) async fn wake(&mut self) -> Result<()> {
        if let Some((_, slept)) = self.unheard {
            self.clock.0 -= slept.elapsed().unwrap_or_default().as_secs_f64();
            set(&self.clock)?;
        }
        self.hear();
        tokio::time::sleep(Duration::from_millis(50)).await;
        self.go_on()
    }

    /// Once it notes that it is about to send a payment, it is told nothing any more.
    pub(super) fn listen_for_a_send(&self) {
        self.base.let_through(Flow::UntilItSends);
    }

    /// Since when it waits to be told that such a note is written.
    pub(super) fn about_to_send(&self) -> Option<SystemTime> {
        self.base.closed()
    }

    /// It is told again what the database has done, some of it late.
    pub(super) fn hear(&self) {
        self.base.let_through(Flow::Everything);
    }

    /// It falls asleep with notes unanswered that it made since then.
    pub(super) fn sleep_unheard(&mut self, since: SystemTime) -> Result<()> {
        self.sleep()?;
        self.unheard = Some((since, SystemTime::now()));
        Ok(())
    }

    /// It can reach the providers, and not the database.
    pub(super) fn part(&mut self) {
        self.gone.push(SystemTime::now());
        self.stall();
    }

    /// Nothing goes between it and the database for now.
    pub(super) fn stall(&self) {
        self.base.let_through(Flow::Nothing);
    }

    /// Resets its connections to the database.
    pub(super) fn cut(&self) {
        self.base.cut();
    }

    /// Kills it.
    pub(super) fn kill(mut self) -> Result<(Arc<str>, Life)> {
        self.gone.push(SystemTime::now());
        let Self { name, merchant, running, sends, stops, gone, unheard, .. } = self;
        let number = running.number();
        running.kill()?;
        sweep(number);
        Ok((name, Life { merchant, sent: taken(&sends), stops, gone, unheard }))
    }

    /// Asks it to end, and says with which code it did.
    pub(super) fn end(self) -> Result<(Arc<str>, Life, i32)> {
        let Self { name, merchant, running, sends, stops, gone, unheard, .. } = self;
        running.signal(Signal::TERM)?;
        let code = running.end()?;
        Ok((name, Life { merchant, sent: taken(&sends), stops, gone, unheard }, code))
    }
}

/// Where a worker's words are.
pub(super) fn log_of(scratch: &Path, name: &str) -> PathBuf {
    scratch.join(format!("{name}.log"))
}

/// Tells a worker how late it is. It asks again every ten seconds.
fn set((off, file): &(f64, Option<PathBuf>)) -> Result<()> {
    file.iter().try_for_each(|file| {
        std::fs::write(file, format!("{off:+.3}s\n")).context("setting a worker's clock")
    })
}

/// Removes what a killed process with another clock leaves in memory.
fn sweep(number: u32) {
    for left in [format!("faketime_shm_{number}"), format!("sem.faketime_sem_{number}")] {
        let _ = std::fs::remove_file(Path::new("/dev/shm").join(left));
    }
}

fn taken(sends: &Sends) -> Vec<Sent> {
    std::mem::take(&mut *sends.lock().unwrap_or_else(PoisonError::into_inner))
}
