//! Moves money from a wallet of the merchant to a counterparty's, and watches it go.
//!
//! It ends with `completed: 900.00 USD charged, 900.00 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{CounterpartyId, Dollr, WalletId, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    let (float, branch) = (WalletId::new(3), CounterpartyId::new(15));
    let transfer = dollr.transfer("float/2026-11-20", float, branch, usd("900.00")?).send().await?;

    // How it stands, then each change, until it has ended.
    let mut states = transfer.watch();
    while let Some(state) = states.next().await {
        println!("{}", state?);
    }
    Ok(())
}
