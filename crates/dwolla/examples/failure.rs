//! Debits a bank account that has not enough in it, and reads why the bank sent that back.
//!
//! It ends with `R01: There was not enough money in the account; the bank account stays`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dwolla::{BankAfterReturn, Dwolla, FundingSourceId, Settlement, usd};

/// A bank account that the sandbox has every debit returned from, and a customer's.
const SHORT: &str = "00000000-0000-4000-8000-000000000a01";
const JANES_BANK: &str = "00000000-0000-4000-8000-00000000c0b1";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dwolla = Dwolla::from_env()?;
    dwolla.resume().await?;

    let (from, to) = (FundingSourceId::new(SHORT), FundingSourceId::new(JANES_BANK));
    let payment = dwolla.transfer("deposit/2026-11", from, to, usd("80.00")?).send().await?;
    support::banks_settle(&dwolla).await?;

    // That a bank sends the money back is no error, but one of the two ways in which a payment ends.
    let Settlement::Failed(failure) = payment.settled().await? else { return Err("it was paid".into()) };
    println!("{failure}");

    // The code says what it means, and what the provider's documents say of the bank account after it. Of a payment that
    // was completed, this is also the question whether it was returned since.
    let returned = dwolla.returned(&payment).await?.ok_or("it was returned")?;
    let code = returned.failure.ok_or("the provider says why")?.code;
    let bank = match code.bank() {
        BankAfterReturn::Kept => "the bank account stays",
        BankAfterReturn::Removed => "the bank account is removed",
        BankAfterReturn::Unsure => "read the funding source again",
    };
    println!("{code}: {}; {bank}", code.meaning().unwrap_or("not a code known here"));
    Ok(())
}
