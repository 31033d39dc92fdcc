//! Has a customer who is paid bear two fees, notes what the payment is for, and asks for the money on the same day.
//!
//! It ends with `2 fees came with the transfer of 225.00 USD`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dwolla::{CustomerId, Dwolla, FundingSourceId, usd};

/// The application's bank account, and a customer; the sandbox knows both.
const BANK: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";
const JANE: &str = "07d59716-ef22-4fe6-98e8-f3190233dfb8";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dwolla = Dwolla::from_env()?;
    dwolla.resume().await?;

    let (bank, jane) = (FundingSourceId::new(BANK), CustomerId::new(JANE));
    let payment = dwolla
        .transfer("invoice/4711", bank, jane.clone(), usd("225.00")?)
        .metadata("note", "completed work")
        .fee(jane.clone(), usd("4.00")?)
        .fee(jane, usd("2.50")?)
        .clearing_next_available()
        .send()
        .await?;

    // Each fee is a transfer of its own, which names the one that it came with. It is charged when that is processed.
    let transfer = dwolla.transfer_of(&payment).await?.ok_or("the provider has taken it")?;
    let fees = dwolla.transfers().fees(transfer.id.clone()).await?;
    for fee in &fees {
        assert_eq!(fee.created_from_transfer.as_ref(), Some(&transfer.id));
        println!("{}: {}", fee.amount, fee.status);
    }
    println!("{} fees came with the transfer of {}", fees.len(), transfer.amount);
    Ok(())
}
