//! Pays a salary, once, however often it is run.
//!
//! It ends with `Amara received 250.00 USD`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{AccountId, Dollr, PaymentMethod, Settlement, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    // Go on with whatever an earlier run left unfinished. Safe at every start.
    dollr.resume().await?;

    // The name is yours and permanent: the same name is the same payment, in every process and every run.
    let amara = AccountId::new(18);
    let salary = dollr.payout("salary/2026-11/amara", amara, usd("250.00")?);

    // What it will come to, to the cent.
    let preview = salary.preview(PaymentMethod::MtnMomoLbr).await?;
    println!("the wallet will pay {}", preview.payer_amount);

    let payout = salary.send().await?;
    println!("{} has the key {}", payout.name(), payout.reference_id());

    // An error here would mean that we stopped watching, never that the payment failed.
    match payout.settled().await? {
        Settlement::Completed(receipt) => {
            assert_eq!(receipt.payer_amount, preview.payer_amount);
            println!("Amara received {}", receipt.payee_amount);
        }
        Settlement::Failed(failure) => println!("declined: {failure}"),
    }
    Ok(())
}
