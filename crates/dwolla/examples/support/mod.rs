//! What surrounds an example, so that its own file reads exactly like a program of yours: a provider to talk to, and the
//! banks, which take days elsewhere.

#![allow(dead_code, reason = "not every example has banks")]

use std::error::Error;
use std::process::Command;

use dwolla::Dwolla;
use payonce_sandbox::DwollaSandbox;

/// Leaves the environment as it is if `DWOLLA_BASE_URL` says where the provider is. Otherwise starts a sandbox, runs this
/// program again in the environment in which a client finds it, and ends as that ended.
pub(crate) async fn sandbox() -> Result<(), Box<dyn Error>> {
    if std::env::var_os("DWOLLA_BASE_URL").is_some() {
        return Ok(());
    }
    let sandbox = DwollaSandbox::start().await?;
    let journal = tempfile::tempdir()?;
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .envs(sandbox.env())
        .env_remove("DWOLLA_NAMESPACE")
        .env("PAYONCE_JOURNAL", journal.path().join("payonce.db"))
        .status()?;
    journal.close()?;
    sandbox.stop().await;
    std::process::exit(status.code().unwrap_or(1));
}

/// The banks at both ends deal with what waits for them. In a sandbox they wait to be told.
pub(crate) async fn banks_settle(dwolla: &Dwolla) -> Result<(), dwolla::Error> {
    dwolla.simulations().run().await?;
    dwolla.simulations().run().await?;
    Ok(())
}
