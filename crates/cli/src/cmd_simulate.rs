//! `payonce simulate`: what the banks do by themselves elsewhere, and in a sandbox of Dwolla's only when they are told.

use clap::Args;
use serde::Serialize;

use crate::config::Client;
use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::Rail;

/// Have the banks of a Dwolla sandbox deal with what waits for them: one step of up to 500 transfers.
///
/// A transfer from a bank to a bank takes two. The sandbox is the one that DWOLLA_BASE_URL names, with DWOLLA_KEY and
/// DWOLLA_SECRET: `payonce sandbox --rail dwolla`, or the provider's own. In production there is nothing to simulate, and
/// nothing is sent. No journal is read or written.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    client: Client,
}

#[derive(Serialize)]
struct Simulated {
    transfers: u64,
}

impl Simulate {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let variables = self.client.variables(&[Rail::Dwolla])?;
        let dwolla = dwolla::Builder::from_variables(variables)?.journal_in_memory().build()?;
        let transfers = dwolla.simulations().run().await?;
        if json {
            print::json(&Simulated { transfers });
        } else {
            print::line(format!("the banks dealt with {transfers} transfers"));
        }
        Ok(Exit::Done)
    }
}
