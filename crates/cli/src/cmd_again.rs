//! Trying a failed payment again: a decision that only a person or a program makes, never the engine.

use std::sync::Arc;

use clap::Args;
use dollr::Dollr;
use dwolla::Dwolla;
use payonce::journal::Journal;
use payonce::{ErrorKind, Name};

use crate::cmd_pay::tell;
use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::{Facade, Place};
use crate::rail::{Rail, Rails};

/// Try a failed payment again, under the same name.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Again {
    /// The name of the failed payment.
    name: Name,
    /// Wait for the end, however long it takes; otherwise return when the provider has taken the payment.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    rails: Rails,
    #[command(flatten)]
    client: Client,
}

impl Again {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let journal = self.client.journal.open()?;
        let found = self.rails.find_by_name(&*journal, &self.name).await?;
        let (rail, _) = found.ok_or_else(|| unknown(self.name.as_str()))?;
        match rail {
            Rail::Dollr => self.on::<Dollr>(journal, json).await,
            Rail::Dwolla => self.on::<Dwolla>(journal, json).await,
        }
    }

    async fn on<F: Facade>(self, journal: Arc<dyn Journal>, json: bool) -> Result<Exit, Error> {
        let facade = F::open(self.client.variables(&[F::RAIL])?, Place::Open(journal))?;
        let found = facade.find_payment(&self.name).await?;
        let payment = found.ok_or_else(|| unknown(self.name.as_str()))?.again().await?;
        tell(&facade, &payment, self.wait, json).await
    }
}

/// The error for a payment that is not in the journal.
pub(crate) fn unknown(what: &str) -> Error {
    payonce::Error::new(ErrorKind::UnknownPayment, format!("the journal holds no payment {what:?}")).into()
}
