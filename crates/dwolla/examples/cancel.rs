//! Cancels a transfer that no bank has heard of yet.
//!
//! It ends with `failed: cancelled`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dwolla::{Cancellation, Dwolla, FundingSourceId, usd};

/// The application's bank account, and a customer's; the sandbox knows both.
const BANK: &str = "707177c3-bf15-4e7e-b37c-55c3898d9bf4";
const JANES_BANK: &str = "00000000-0000-4000-8000-00000000c0b1";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dwolla = Dwolla::from_env()?;
    dwolla.resume().await?;

    let (from, to) = (FundingSourceId::new(BANK), FundingSourceId::new(JANES_BANK));
    let payment = dwolla.transfer("rent/2026-11", from, to, usd("800.00")?).send().await?;

    // Until 16:00 in Chicago on a banking day, as a rule; the provider's word is read before it is asked.
    let transfer = dwolla.transfer_of(&payment).await?.ok_or("the provider has taken it")?;
    match dwolla.transfers().cancel(transfer.id).await? {
        Cancellation::Cancelled(_) => println!("cancelled: its money does not move"),
        // Settlement may be faster than the wish to stop it.
        Cancellation::TooLate(transfer) => println!("too late: it is {}", transfer.status),
    }

    // To the engine, a cancelled transfer is a payment that failed. `payment.again()` would make it anew.
    println!("{}", payment.settled().await?);
    Ok(())
}
