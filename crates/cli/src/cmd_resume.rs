//! Driving what an earlier run left unfinished, on every rail that it was left on.

use std::sync::Arc;

use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::journal::{Filter, Journal, SqliteJournal};
use payonce::{ErrorKind, Name, Settlement};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Place, Variables};
use crate::print;
use crate::rail::{Rail, Rails};

/// How many payments are read from the journal at a time.
const PAGE: usize = 500;

/// Drive every unfinished payment until each has ended.
///
/// Safe at any time. A payment that another living process drives is waited for. One that the provider does not end
/// keeps the command waiting; interrupting it does no harm. A rail needs its credentials only if it has unfinished
/// payments; without them those are left alone, and standard error says so.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Resume {
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
    /// Unfinished, and not taken up, because their rail cannot be used; standard error says why.
    left_alone: usize,
}

/// The payments that are waited for, each with its end.
type Ends = JoinSet<(Name, Result<Settlement, payonce::Error>)>;

impl Resume {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        // Once, because standard input can be read once.
        let variables = self.client.variables(self.rails.each())?;
        let mut payments = Ends::new();
        let mut result = TakenUp::default();
        let mut worst = Exit::Done;
        if let Some(journal) = self.client.journal.open_if_there()?.map(Arc::new) {
            for rail in self.rails.each() {
                let unfinished = unfinished(&journal, *rail).await?;
                let (variables, before) = (variables.clone(), payments.len());
                let taken_up = match rail {
                    _ if unfinished == 0 => continue,
                    Rail::Dollr => take_up::<Dollr>(variables, &journal, &mut payments).await,
                    Rail::Dwolla => take_up::<Dwolla>(variables, &journal, &mut payments).await,
                };
                if let Err(error) = taken_up {
                    let left_alone = unfinished.saturating_sub(payments.len() - before);
                    print::note(format!("payonce: {rail}: {left_alone} unfinished and left alone: {error}"));
                    result.left_alone += left_alone;
                    worst = Exit::UnderWay;
                }
            }
        }
        result.taken_up = payments.len();
        while let Some(ended) = payments.join_next().await {
            let (name, end) = ended.expect("waiting for a payment does not panic");
            let (count, exit) = match end {
                Ok(Settlement::Completed(_)) => (&mut result.completed, Exit::Done),
                Ok(Settlement::Failed(_)) => (&mut result.failed, Exit::Failed),
                Err(error) => {
                    print::note(format!("payonce: {name}: {error}"));
                    match error.kind() {
                        ErrorKind::Parked => (&mut result.parked, Exit::Parked),
                        _ => (&mut result.under_way, Exit::UnderWay),
                    }
                }
            };
            *count += 1;
            worst = worst.max(exit);
        }
        if json {
            print::json(&result);
        } else {
            let TakenUp { taken_up, completed, failed, parked, under_way, left_alone } = result;
            let mut line = format!(
                "{taken_up} taken up: {completed} completed, {failed} failed, {parked} parked, {under_way} under way"
            );
            if left_alone > 0 {
                line.push_str(&format!("; {left_alone} left alone"));
            }
            print::line(line);
        }
        Ok(worst)
    }
}

const UNFINISHED: Filter = Filter { standing: None, unfinished: true, after: None, limit: PAGE };

/// How many payments of a rail are unfinished.
async fn unfinished(journal: &SqliteJournal, rail: Rail) -> Result<usize, payonce::Error> {
    let (mut filter, mut count) = (UNFINISHED, 0);
    loop {
        let page = journal.list(rail.name(), filter.clone()).await?;
        let Some(last) = page.last() else { return Ok(count) };
        filter.after = Some(last.id);
        count += page.len();
    }
}

/// Has every unfinished payment of a rail driven, and waits for the end of each.
async fn take_up<F: Facade>(
    variables: Variables,
    journal: &Arc<SqliteJournal>,
    payments: &mut Ends,
) -> Result<(), payonce::Error> {
    let facade = F::open(variables, Place::Open(Arc::clone(journal)))?;
    let mut filter = UNFINISHED;
    loop {
        let page = facade.list_payments(filter.clone()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        filter.after = Some(last.id);
        for summary in page {
            if let Some(payment) = facade.find_payment(&summary.name).await? {
                payments.spawn(async move { (summary.name, payment.settled().await) });
            }
        }
    }
}
