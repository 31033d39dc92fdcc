//! Moves money from the application's balance to a customer, and watches it go.
//!
//! It ends with `completed: 900.00 USD charged, 900.00 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dwolla::{CustomerId, Dwolla, FundingSourceId, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let client = Dwolla::from_env()?;
    client.resume().await?;

    let from = FundingSourceId::new("00000000-0000-4000-8000-00000000ba10");
    let to = CustomerId::new("d795f696-2cac-4662-8f16-95f1db9bddd8");
    let transfer = client.transfer("float/2026-11-20", from, to, usd("900.00")?).send().await?;

    // How it stands, then each change, until it has ended.
    let mut states = transfer.watch();
    while let Some(state) = states.next().await {
        println!("{}", state?);
    }
    Ok(())
}
