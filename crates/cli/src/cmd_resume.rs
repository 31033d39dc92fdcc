//! Driving what an earlier run left unfinished.

use clap::Args;
use dollr::{Dollr, Name, Settlement};
use payonce::ErrorKind;
use payonce::journal::Filter;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::print;

/// How many payments are read from the journal at a time.
const PAGE: usize = 500;

/// Drive every unfinished payment until each has ended.
///
/// Safe at any time. A payment that another living process drives is waited for. One that the provider does not end
/// keeps the command waiting; interrupting it does no harm.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Resume {
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
}

impl Resume {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let dollr = self.client.open()?;
        let mut payments = take_up(&dollr).await?;
        let mut result = TakenUp { taken_up: payments.len(), ..TakenUp::default() };
        let mut worst = Exit::Done;
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
            let TakenUp { taken_up, completed, failed, parked, under_way } = result;
            print::line(format!(
                "{taken_up} taken up: {completed} completed, {failed} failed, {parked} parked, {under_way} under way"
            ));
        }
        Ok(worst)
    }
}

/// Has every unfinished payment driven, and waits for the end of each.
async fn take_up(dollr: &Dollr) -> Result<JoinSet<(Name, Result<Settlement, payonce::Error>)>, Error> {
    let mut filter = Filter { standing: None, unfinished: true, after: None, limit: PAGE };
    let mut payments = JoinSet::new();
    loop {
        let page = dollr.list(filter.clone()).await?;
        let Some(last) = page.last() else { return Ok(payments) };
        filter.after = Some(last.id);
        for summary in page {
            if let Some(payment) = dollr.find(&summary.name).await? {
                payments.spawn(async move { (summary.name, payment.settled().await) });
            }
        }
    }
}
