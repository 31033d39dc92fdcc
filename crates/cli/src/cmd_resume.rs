//! Driving what an earlier run left unfinished.

use clap::Args;
use dollr::Dollr;
use payonce::journal::{Filter, Standing};
use serde::Serialize;

use crate::config::Client;
use crate::exit::{Error, Exit};
use crate::print;

/// How many payments are read from the journal at a time.
const PAGE: usize = 500;

/// Drive every unfinished payment until each has ended.
///
/// Safe at any time. A payment that another living process drives is waited for. One that the provider does not end
/// keeps the command waiting; interrupting it does no harm.
#[derive(Debug, Args)]
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
    /// The engine stopped with these, or they wait for a person elsewhere; standard error says why.
    under_way: usize,
}

impl Resume {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let dollr = self.client.open()?;
        let names = unfinished(&dollr).await?;
        dollr.resume().await?;
        dollr.idle().await;
        let mut result = TakenUp { taken_up: names.len(), ..TakenUp::default() };
        let mut worst = Exit::Done;
        for name in &names {
            let Some(payment) = dollr.find(name).await? else { continue };
            let standing = Standing::of(&payment.record().state()?);
            match standing {
                Standing::Completed => result.completed += 1,
                Standing::Failed => result.failed += 1,
                Standing::Parked => result.parked += 1,
                _ => {
                    result.under_way += 1;
                    // Asked for its end, a payment that the engine has stopped with says why.
                    if let Err(error) = payment.settled().await {
                        print::note(format!("payonce: {name}: {error}"));
                    }
                }
            }
            worst = worst.max(Exit::of(standing));
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

async fn unfinished(dollr: &Dollr) -> Result<Vec<dollr::Name>, Error> {
    let mut filter = Filter { standing: None, unfinished: true, after: None, limit: PAGE };
    let mut names = Vec::new();
    loop {
        let page = dollr.list(filter.clone()).await?;
        let Some(last) = page.last() else { return Ok(names) };
        filter.after = Some(last.id);
        names.extend(page.into_iter().map(|payment| payment.name));
    }
}
