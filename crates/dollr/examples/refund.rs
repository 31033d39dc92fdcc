//! Pays back parts of a collection. Each refund is a payment with a name of its own.
//!
//! It ends with `the rest: failed: body.amount: exceeds what is left of the original amount`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{AccountId, CounterpartyId, Currency, Dollr, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    let (amara, her_phone) = (CounterpartyId::new(15), AccountId::new(18));
    let lamp = dollr.collect("INV-7", amara, her_phone, Currency::USD).item("Lamp", 2, usd("25.00")?);
    println!("the lamps: {}", lamp.send().await?.settled().await?);

    // One came broken. The collection is named; its payment intent is found by that.
    let broken = dollr.refund_of("refund/INV-7/broken", "INV-7", usd("25.00")?).reason("came broken");
    println!("the broken one: {}", broken.send().await?.settled().await?);

    // More than is left is not paid back: the provider declines.
    let rest = dollr.refund_of("refund/INV-7/rest", "INV-7", usd("25.01")?);
    println!("the rest: {}", rest.send().await?.settled().await?);
    Ok(())
}
