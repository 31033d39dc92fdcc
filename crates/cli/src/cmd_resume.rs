//! Driving what an earlier run left unfinished, on every rail that it was left on, once or for as long as the command stays.
//!
//! What must stay true: a signal lets the calls in flight end and says what remains; and whatever ends this command harms no
//! payment.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::journal::{Filter, Journal, PaymentId, Standing, Unread};
use payonce::{ErrorKind, Name, Settlement};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Place, Variables};
use crate::print;
use crate::rail::{Rail, Rails};
use crate::selection::PAGE;
use crate::stop::Stop;

/// How often a command that stays looks for what others have recorded.
const LOOK: Duration = Duration::from_secs(2);

/// How long a payment rests that the engine has stopped with, and a rail that cannot be used, before it is tried anew.
const REST: Duration = Duration::from_secs(60);

/// Drive every unfinished payment until each has ended.
///
/// Safe at any time. A payment that another living process drives is waited for. One that the provider does not end
/// keeps the command waiting; interrupting it does no harm: the calls in flight are brought to their end, and it says what
/// remains. A rail needs its credentials only if it has unfinished payments; without them those are left alone, and standard
/// error says so.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Resume {
    /// Stay, and take up whatever others record or leave behind, until SIGINT or SIGTERM. Says how each payment ends, with
    /// --json an object a line, and last what the command came to.
    #[arg(long)]
    watch: bool,
    /// Say what would be taken up, and take up nothing.
    #[arg(long, conflicts_with = "watch")]
    dry_run: bool,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

/// What became of the payments that were taken up.
#[derive(Debug, Default, Serialize)]
struct TakenUp {
    taken_up: usize,
    completed: usize,
    failed: usize,
    parked: usize,
    /// The engine stopped with these; standard error says why.
    under_way: usize,
    /// Unfinished, and not taken up, because their rail cannot be used or their record not be read; standard error says why.
    left_alone: usize,
}

/// The end of one payment, as a command that stays tells it.
#[derive(Serialize)]
struct Ended<'n> {
    name: &'n Name,
    rail: Rail,
    standing: Standing,
}

/// A payment that was taken up.
type Taken = (Rail, PaymentId);

/// The payments that are waited for, each with its end.
type Ends = JoinSet<(Taken, Name, Result<Settlement, payonce::Error>)>;

const UNFINISHED: Filter = Filter { standing: None, unfinished: true, after: None, limit: PAGE };

impl Resume {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        // Once, because standard input can be read once.
        let variables = self.client.variables(self.rails.each())?;
        if self.dry_run {
            return self.would_take_up(json).await;
        }
        let mut signals = Stop::listen().map_err(Error::Signals)?;
        let mut stop = pin!(signals.asked());
        let mut work = Work::new(variables, json, self.watch);
        loop {
            if let Some(journal) = work.journal(&self.client)? {
                for rail in self.rails.each() {
                    match rail {
                        Rail::Dollr => work.take_up::<Dollr>(&journal).await?,
                        Rail::Dwolla => work.take_up::<Dwolla>(&journal).await?,
                    }
                }
            }
            let look = tokio::time::sleep(LOOK);
            let mut look = pin!(look);
            let stopped = loop {
                if work.ends.is_empty() && !self.watch {
                    break true;
                }
                tokio::select! {
                    biased;
                    () = &mut stop => break true,
                    ended = work.ends.join_next(), if !work.ends.is_empty() => {
                        work.ended(ended.expect("there is one to wait for"));
                    }
                    () = &mut look, if self.watch => break false,
                }
            };
            if stopped {
                return Ok(work.finish().await);
            }
        }
    }

    async fn would_take_up(&self, json: bool) -> Result<Exit, Error> {
        let (mut result, mut unread) = (TakenUp::default(), BTreeMap::new());
        if let Some(journal) = self.client.journal.open_if_there()? {
            for rail in self.rails.each() {
                let (found, illegible) = unfinished(&*journal, *rail).await?;
                result.left_alone += found.len();
                unread.extend(illegible.into_iter().map(|unread| (unread.id, unread.what)));
            }
        }
        unread.values().for_each(|what| print::error(format!("payonce: {what}")));
        if json {
            print::json(&result);
        } else {
            print::line(format!("{} would be taken up; nothing was done", result.left_alone));
        }
        Ok(if unread.is_empty() { Exit::Done } else { Exit::UnderWay })
    }
}

/// What the command has in hand.
struct Work {
    variables: Variables,
    json: bool,
    /// Whether the end of each payment is told when it comes.
    tells: bool,
    journal: Option<Arc<dyn Journal>>,
    dollr: Option<Dollr>,
    dwolla: Option<Dwolla>,
    ends: Ends,
    /// What is waited for, or was stopped with at that moment.
    taken: HashMap<Taken, Option<Instant>>,
    /// The rails that cannot be used, since when, and how many payments they leave alone.
    unusable: HashMap<&'static str, (Instant, usize)>,
    /// The payments that cannot be read. Each is told of once.
    unread: HashSet<PaymentId>,
    result: TakenUp,
    worst: Exit,
}

/// The place of one rail's client.
trait Slot: Facade {
    fn slot(work: &mut Work) -> &mut Option<Self>;
}

impl Slot for Dollr {
    fn slot(work: &mut Work) -> &mut Option<Self> {
        &mut work.dollr
    }
}

impl Slot for Dwolla {
    fn slot(work: &mut Work) -> &mut Option<Self> {
        &mut work.dwolla
    }
}

impl Work {
    fn new(variables: Variables, json: bool, tells: bool) -> Self {
        Self {
            variables,
            json,
            tells,
            journal: None,
            dollr: None,
            dwolla: None,
            ends: Ends::new(),
            taken: HashMap::new(),
            unusable: HashMap::new(),
            unread: HashSet::new(),
            result: TakenUp::default(),
            worst: Exit::Done,
        }
    }

    /// The journal, once there is one.
    fn journal(&mut self, client: &Client) -> Result<Option<Arc<dyn Journal>>, Error> {
        if self.journal.is_none() {
            self.journal = client.journal.open_if_there()?;
        }
        Ok(self.journal.clone())
    }

    /// Has every unfinished payment of a rail driven that is not driven yet, and waits for the end of each.
    async fn take_up<F: Slot>(&mut self, journal: &Arc<dyn Journal>) -> Result<(), Error> {
        let rail = F::RAIL;
        let (mut found, unread) = unfinished(&**journal, rail).await?;
        for Unread { id, what, .. } in unread {
            self.leave(id, &what);
        }
        found.retain(|(id, _)| match self.taken.get(&(rail, *id)) {
            None => !self.unread.contains(id),
            Some(stopped) => stopped.is_some_and(|at| at.elapsed() >= REST),
        });
        let resting = self.unusable.get(rail.name()).is_some_and(|(since, _)| since.elapsed() < REST);
        if found.is_empty() || resting {
            return Ok(());
        }
        let count = found.len();
        if let Err(error) = self.take::<F>(journal, found).await {
            let taken = self.taken.keys().filter(|(of, _)| *of == rail).count();
            let left_alone = count.saturating_sub(taken);
            print::error(format!("payonce: {rail}: {left_alone} unfinished and left alone: {error}"));
            self.unusable.insert(rail.name(), (Instant::now(), left_alone));
        } else {
            self.unusable.remove(rail.name());
        }
        Ok(())
    }

    async fn take<F: Slot>(
        &mut self,
        journal: &Arc<dyn Journal>,
        found: Vec<(PaymentId, Name)>,
    ) -> Result<(), payonce::Error> {
        let facade = match F::slot(self) {
            Some(facade) => facade.clone(),
            None => {
                let facade = F::open(self.variables.clone(), Place::Open(Arc::clone(journal)))?;
                F::slot(self).insert(facade).clone()
            }
        };
        for (id, name) in found {
            let taken = (F::RAIL, id);
            match facade.find_payment(&name).await {
                Ok(Some(payment)) => {
                    self.taken.insert(taken, None);
                    self.result.taken_up += 1;
                    self.ends.spawn(async move { (taken, name, payment.settled().await) });
                }
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::Record => self.leave(id, error.message()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Leaves a payment alone whose record cannot be read, which keeps no other from being taken up.
    fn leave(&mut self, id: PaymentId, what: &str) {
        if self.unread.insert(id) {
            print::error(format!("payonce: {what}"));
        }
    }

    /// Counts the end of a payment, and tells it if that was asked for.
    fn ended(
        &mut self,
        ended: Result<(Taken, Name, Result<Settlement, payonce::Error>), tokio::task::JoinError>,
    ) {
        let (taken, name, end) = ended.expect("waiting for a payment does not panic");
        let (count, exit, standing) = match &end {
            Ok(Settlement::Completed(_)) => {
                (&mut self.result.completed, Exit::Done, Some(Standing::Completed))
            }
            Ok(Settlement::Failed(_)) => (&mut self.result.failed, Exit::Failed, Some(Standing::Failed)),
            Err(error) if error.kind() == ErrorKind::Parked => {
                (&mut self.result.parked, Exit::Parked, Some(Standing::Parked))
            }
            Err(_) => (&mut self.result.under_way, Exit::UnderWay, None),
        };
        *count += 1;
        self.worst = self.worst.max(exit);
        match standing {
            Some(_) => self.taken.remove(&taken),
            None => self.taken.insert(taken, Some(Instant::now())),
        };
        if let Err(error) = &end {
            print::error(format!("payonce: {name}: {error}"));
        }
        if let Some(standing) = standing.filter(|_| self.tells) {
            if self.json {
                print::json(&Ended { name: &name, rail: taken.0, standing });
            } else {
                print::line(format!("{name}: {standing}"));
            }
        }
    }

    /// Lets the calls in flight end, and says what the command came to and what remains.
    async fn finish(mut self) -> Exit {
        if let Some(dollr) = &self.dollr {
            dollr.stop_driving().await;
        }
        if let Some(dwolla) = &self.dwolla {
            dwolla.stop_driving().await;
        }
        let mut remain = 0;
        while let Some(ended) = self.ends.join_next().await {
            match ended {
                Ok((_, _, Err(error))) if error.kind() == ErrorKind::Stopped => remain += 1,
                ended => self.ended(ended),
            }
        }
        self.result.under_way += remain;
        self.result.left_alone =
            self.unread.len() + self.unusable.values().map(|(_, left_alone)| left_alone).sum::<usize>();
        if self.result.under_way + self.result.left_alone > 0 {
            self.worst = self.worst.max(Exit::UnderWay);
        }
        if remain > 0 {
            print::note(format!(
                "payonce: stopped; {remain} remain, and `payonce resume` takes them up again"
            ));
        }
        if self.json {
            print::json(&self.result);
            return self.worst;
        }
        let TakenUp { taken_up, completed, failed, parked, under_way, left_alone } = self.result;
        let mut line = format!(
            "{taken_up} taken up: {completed} completed, {failed} failed, {parked} parked, {under_way} under way"
        );
        if left_alone > 0 {
            line.push_str(&format!("; {left_alone} left alone"));
        }
        print::line(line);
        self.worst
    }
}

/// The unfinished payments of a rail, and those that cannot be read.
async fn unfinished(
    journal: &dyn Journal,
    rail: Rail,
) -> Result<(Vec<(PaymentId, Name)>, Vec<Unread>), payonce::Error> {
    let (mut filter, mut all, mut unread) = (UNFINISHED, Vec::new(), Vec::new());
    loop {
        let page = journal.list(rail.name(), filter.clone()).await?;
        if !filter.turn(&page) {
            return Ok((all, unread));
        }
        for listed in page {
            match listed {
                Ok(payment) => all.push((payment.id, payment.name)),
                Err(illegible) => unread.push(illegible),
            }
        }
    }
}
