//! Pays back parts of a collection. Each refund is a payment with a name of its own.
//!
//! It ends with `the third was declined`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{Dollr, PaymentIntentId, Settlement, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    // A collection of 250.00 USD that is completed.
    let collection = PaymentIntentId::new(9001);
    for (name, amount) in [("refund/INV-7/lamp", "40.00"), ("refund/INV-7/shade", "10.00")] {
        let refund = dollr.refund(name, collection, usd(amount)?).reason("damaged").send().await?;
        println!("{name}: {}", refund.settled().await?);
    }

    // More than is left of it is not paid back.
    let refund = dollr.refund("refund/INV-7/rest", collection, usd("200.01")?).send().await?;
    match refund.settled().await? {
        Settlement::Completed(_) => println!("the third was paid"),
        Settlement::Failed(failure) => {
            println!("{failure}");
            println!("the third was declined");
        }
    }
    Ok(())
}
