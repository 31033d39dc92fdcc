//! The shortcut to a document that can be paid: one call finds or makes the customer by the phone number, and makes a
//! published invoice. You collect it yourself.
//!
//! It ends with `completed: 51.25 USD charged, 50.00 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{Currency, Dollr, OperationType, Phone, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    let phone = Phone::new("+231 771 234 567")?;
    let checkout = dollr
        .checkout(phone.clone(), Currency::USD)
        .direct()
        .name("Amara Kamara")
        .item("Lamp", usd("40.00")?)
        .item("Shade", usd("10.00")?)
        .await?;
    println!("{} over {}", checkout.number, checkout.total);

    let account = dollr
        .accounts()
        .mobile_money(OperationType::Collection, checkout.party, "Amara Kamara", phone)
        .await?;
    let collection = dollr.collection(&checkout.number, &checkout, account.id, Currency::USD).send().await?;
    println!("{}", collection.settled().await?);
    Ok(())
}
