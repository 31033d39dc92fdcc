//! `payonce work`: one worker of a fleet, or the only one.
//!
//! What must stay true: a signal lets the calls in flight end and gives back what waits, a second one ends the command at
//! once, and neither harms a payment. The loop itself is the engine's.

use std::net::SocketAddr;
use std::num::{NonZeroU16, NonZeroU32};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::Limits;
use payonce::journal::Journal;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::config::{Client, Problem, Settings};
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Variables};
use crate::print;
use crate::rail::{Rail, Rails};
use crate::stop::Stop;
use crate::worker::health::{Loopback, Workers};

/// What a worker writes to standard error without being asked: that the database is lost, and why a payment is put off.
pub(crate) const LOGGED: &str = "warn";

/// Work on the journal: take up every payment that no living process drives, as it comes, and drive it, until SIGTERM or
/// SIGINT.
///
/// Any number of workers may share a journal in a database, and those of one machine a journal in a file. A rail is worked on
/// if its credentials are set. Told to end, it takes nothing new, lets the calls in flight end, gives back what waits so that
/// others take it up at once, and exits with 0; with 4 if a call has not ended within the grace period. A second signal ends
/// it at once, which harms no payment. A database that cannot be reached is waited for.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Work {
    /// So many payments on each rail are in the middle of a call at any time, and no more than so many wait for their first.
    #[arg(long, value_name = "N", default_value = "32")]
    concurrency: NonZeroU16,
    /// So many payments on each rail are in hand at any time, those included that only wait for the provider's word.
    #[arg(long, value_name = "N", default_value_t = Limits::default().hold)]
    hold: usize,
    /// So many payments taken up in a second on each rail, by all workers of the merchant together; on a journal in a file by
    /// this one. What the provider already has is polled at its own pace.
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<NonZeroU32>,
    /// Answer /health and /metrics at this address, which has to be a loopback address: 127.0.0.1:9464.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Loopback>,
    /// How long the calls in flight may take to end, once a signal has come.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    grace: u32,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

/// What a worker tells when it begins, and when it has ended.
#[derive(Serialize)]
#[serde(tag = "worker", rename_all = "snake_case")]
enum Told<'t> {
    Began {
        rails: &'t [Rail],
        journal: String,
        /// Where it answers /health and /metrics.
        #[serde(skip_serializing_if = "Option::is_none")]
        listening: Option<SocketAddr>,
    },
    Ended {
        /// Whether every call had ended.
        orderly: bool,
    },
}

impl Work {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let mut signals = Stop::listen().map_err(Error::Signals)?;
        let settings = self.client.settings(self.rails.each())?;
        let journal = self.client.journal.open_or_make()?;
        let mut fleet = Fleet::default();
        // Before the first payment is counted.
        let workers = self.listen.map(|_| Workers::counting());
        let rails = self.usable(&settings)?;
        for rail in &rails {
            let variables = settings.variables.clone();
            match rail {
                Rail::Dollr => {
                    fleet.dollr = Some(self.begin::<Dollr>(variables, &journal, &mut fleet.working)?)
                }
                Rail::Dwolla => {
                    fleet.dwolla = Some(self.begin::<Dwolla>(variables, &journal, &mut fleet.working)?)
                }
            }
        }
        let place = self.client.journal.place()?.told()?;
        let listening = match self.listen.zip(workers) {
            Some((at, workers)) => Some(fleet.listen(workers, at).await?),
            None => None,
        };
        tell(&Told::Began { rails: &rails, journal: place, listening }, json);
        let failed = tokio::select! {
            () = signals.asked() => None,
            Some(ended) = fleet.working.join_next() => ended.expect("a worker does not panic").err(),
        };
        let orderly = tokio::select! {
            orderly = fleet.stop(Duration::from_secs(self.grace.into())) => orderly,
            () = signals.asked() => false,
        };
        tell(&Told::Ended { orderly }, json);
        match failed {
            Some(error) => Err(error.into()),
            None if orderly => Ok(Exit::Done),
            None => Ok(Exit::UnderWay),
        }
    }

    /// The rails that were asked for, or else those that have credentials.
    fn usable(&self, settings: &Settings) -> Result<Vec<Rail>, Problem> {
        let rails = self.rails.each();
        let is_set = |rail: &Rail| {
            let names = rail.setting_names();
            [names.client_id, names.client_secret].iter().any(|name| settings.variables.contains_key(*name))
        };
        let usable: Vec<Rail> =
            rails.iter().copied().filter(|rail| rails.len() == 1 || is_set(rail)).collect();
        if usable.is_empty() { Err(Problem::NoCredentials) } else { Ok(usable) }
    }

    fn begin<F: Facade>(
        &self,
        variables: Variables,
        journal: &Arc<dyn Journal>,
        working: &mut JoinSet<Result<(), payonce::Error>>,
    ) -> Result<F, Error> {
        let facade = F::worker(variables, Arc::clone(journal), usize::from(self.concurrency.get()))?;
        let (worker, limits) = (facade.clone(), Limits { hold: self.hold, per_second: self.rate });
        working.spawn(async move { worker.work(limits).await });
        Ok(facade)
    }
}

/// A worker on each rail.
#[derive(Default)]
struct Fleet {
    dollr: Option<Dollr>,
    dwolla: Option<Dwolla>,
    working: JoinSet<Result<(), payonce::Error>>,
}

impl Fleet {
    /// Tells about the workers at that address.
    async fn listen(&self, mut workers: Workers, at: Loopback) -> Result<SocketAddr, Problem> {
        self.dollr.iter().for_each(|dollr| workers.add(dollr.clone()));
        self.dwolla.iter().for_each(|dwolla| workers.add(dwolla.clone()));
        workers.listen(at).await.map_err(Problem::NotListening)
    }

    /// Lets the calls in flight end, and gives back what waits. Says whether all have ended.
    async fn stop(&mut self, grace: Duration) -> bool {
        let (dollr, dwolla) =
            tokio::join!(stop(self.dollr.as_ref(), grace), stop(self.dwolla.as_ref(), grace));
        // What one of them was taking when it was told to stop, it gives back itself.
        while self.working.join_next().await.is_some() {}
        dollr && dwolla
    }
}

async fn stop<F: Facade>(facade: Option<&F>, grace: Duration) -> bool {
    match facade {
        Some(facade) => facade.stop_within(grace).await,
        None => true,
    }
}

fn tell(told: &Told<'_>, json: bool) {
    if json {
        return print::json(told);
    }
    match told {
        Told::Began { rails, journal, listening } => {
            let rails: Vec<_> = rails.iter().map(|rail| rail.name()).collect();
            let told = listening.map(|at| format!("; http://{at}/health and /metrics")).unwrap_or_default();
            print::line(format!("working on {} from {journal}{told}", rails.join(" and ")));
        }
        Told::Ended { orderly: true } => print::line("stopped; what waited is given back"),
        Told::Ended { orderly: false } => print::line(
            "stopped with calls in flight; what they came to is looked up by whoever takes the payments up",
        ),
    }
}
