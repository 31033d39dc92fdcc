//! Pays a person by name and phone number: the operator, the party and the account are found or made on the way.
//!
//! It ends with `completed: 253.75 USD charged, 250.00 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{Dollr, Payee, Phone, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    let musu = Payee::new("Musu Flomo", Phone::new("+231 777 555 123")?);
    let salary = dollr.payout_to("salary/2026-11/musu", musu, usd("250.00")?);
    println!("it will cost {}", salary.preview().await?.payer_amount);

    println!("{}", salary.send().await?.settled().await?);
    Ok(())
}
