//! Collects an invoice in one expression, which can be run again at any time: the name stands for the document and for
//! the payment.
//!
//! It ends with `Amara's receipt: 256.25 USD paid, 250.00 USD of it ours`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{AccountId, CounterpartyId, Currency, Dollr, Settlement, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    // Who pays, and from which mobile money account: from your own records. (`collect_order` makes such records.)
    let (amara, her_phone) = (CounterpartyId::new(15), AccountId::new(18));
    let collection = dollr
        .collect("INV-7", amara, her_phone, Currency::USD)
        .note("Work in November")
        .item("Consulting", 2, usd("100.00")?)
        .item("Travel", 1, usd("50.00")?)
        .send()
        .await?;

    // Amara approves the payment on her phone, or does not.
    if let Settlement::Failed(failure) = collection.settled().await? {
        println!("not paid: {failure}");
        return Ok(());
    }
    let receipt = dollr.receipt(dollr.source_of(&collection)?).await?;
    println!("{} is paid; its receipt for her: {}", receipt.number, dollr.links().receipt(&receipt).await?);
    let (paid, ours) = (receipt.payer_amount.ok_or("no amount")?, receipt.payee_amount.ok_or("no amount")?);
    println!("Amara's receipt: {paid} paid, {ours} of it ours");
    Ok(())
}
