//! A page on which the customer pays, and how to know that it happened: the provider says so, and nobody else.
//!
//! It ends with `50.00 USD paid, ship it`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use std::time::Duration;

use dollr::{Currency, Dollr, Phone, Sale, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;

    let checkout = dollr
        .checkout(Phone::new("+231 771 234 567")?, Currency::USD)
        .name("Amara Kamara")
        .item("Lamp", usd("40.00")?)
        .item("Shade", usd("10.00")?)
        .success_url("https://shop.example/thanks")
        .cancel_url("https://shop.example/basket")
        .await?;
    // Keep `checkout.source` beside the customer's basket, then send her browser to `checkout.url`.
    println!("{} at {}", checkout.number, checkout.url);

    // Somebody opens https://shop.example/thanks. An address can be typed, so it proves nothing: ask.
    let state = checkout.verify().await?;
    println!("back at the shop, and {}: nothing is shipped", state.status);

    support::customer_pays(&checkout.url, "+231 771 234 567").await?;

    // Wait for the provider's word; or ask with `verify`, whenever it suits.
    match checkout.ended_within(Duration::from_secs(900)).await? {
        Sale::Paid(state) => println!("{} paid, ship it", state.total),
        Sale::Canceled(state) | Sale::Expired(state) => println!("{} was not paid", state.number),
    }
    Ok(())
}
