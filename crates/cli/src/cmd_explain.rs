//! `payonce explain`: what happened to a payment and why, what comes next, and what to do.

use clap::Args;
use payonce::Name;

use crate::cmd_again::unknown;
use crate::config::Client;
use crate::exit::{Error, Exit};
use crate::print;
use crate::rail::Rails;
use crate::story::{Story, ask};

/// Explain a payment: what happened and by which rule, what the provider says of it now, whether money may have moved, what
/// happens next, and what to do.
///
/// The journal is read, and the provider is asked once, if its credentials are there; otherwise the provider's word is left
/// out, and the text says so. Changes nothing.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The payment's name, or the reference id of any of its attempts.
    #[arg(value_name = "NAME|REFERENCE_ID")]
    payment: Name,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

impl Explain {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.client.journal.open()?;
        let found = self.rails.find(&*journal, &self.payment).await?;
        let (rail, record) = found.ok_or_else(|| unknown(self.payment.as_str()))?;
        let asked = ask(&self.client.variables(&[rail]), &journal, rail, &record.intent.name).await?;
        let story = Story::of(rail, &record, asked, journal.is_held_elsewhere(record.id).await?)?;
        if json {
            print::json(&story);
        } else {
            story.lines().iter().for_each(print::line);
        }
        Ok(Exit::Done)
    }
}
