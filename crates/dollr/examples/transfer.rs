//! Moves money from a wallet of the merchant to a counterparty's, and watches it go.
//!
//! It ends with `completed: 900.00 USD charged, 900.00 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{CounterpartyId, Dollr, WalletId, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let client = Dollr::from_env()?;
    client.resume().await?;

    let from = WalletId::new(3);
    let to = CounterpartyId::new(15);
    let transfer = client.transfer("float/2026-11-20", from, to, usd("900.00")?).send().await?;

    // How it stands, then each change, until it has ended.
    let mut states = transfer.watch();
    while let Some(state) = states.next().await {
        println!("{}", state?);
    }
    Ok(())
}
