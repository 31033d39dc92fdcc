//! Trying a failed payment again: a decision that only a person or a program makes, never the engine.

use clap::Args;
use dollr::Name;
use payonce::ErrorKind;

use crate::cmd_pay::tell;
use crate::config::Client;
use crate::exit::{self, Error, Exit};

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
    client: Client,
}

impl Again {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let dollr = self.client.open()?;
        let failed = dollr.find(&self.name).await?.ok_or_else(|| unknown(self.name.as_str()))?;
        let payment = failed.again().await?;
        tell(&dollr, &payment, self.wait, json).await
    }
}

/// The error for a payment that is not in the journal.
pub(crate) fn unknown(what: &str) -> Error {
    payonce::Error::new(ErrorKind::UnknownPayment, format!("the journal holds no payment {what:?}")).into()
}
