//! Hears of a settlement over the provider's realtime channel, sooner than the next poll would. The channel is a hint only:
//! it has the status read, and the status read decides.
//!
//! Its feature is off by default: `cargo run -p dollr --example realtime --features realtime`.
//!
//! It ends with `heard of it before the first poll`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use std::time::{Duration, Instant};

use dollr::{AccountId, Builder, CounterpartyId, Currency, Pace, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    // DOLLR_REALTIME_URL and DOLLR_REALTIME_ANON_KEY say where the channel is. Without it, the payment would be polled at
    // its usual pace; so slow a one shows here that it is not needed.
    let first_poll = Duration::from_secs(60);
    let pace = Pace { first_poll: (first_poll, first_poll), ..Pace::default() };
    let dollr = Builder::from_env()?.pace(pace).build()?;
    dollr.resume().await?;

    let (amara, her_phone) = (CounterpartyId::new(15), AccountId::new(18));
    let tea = dollr.collect("INV-8", amara, her_phone, Currency::USD).item("Tea", 1, usd("3.50")?);
    let collection = tea.send().await?;

    let began = Instant::now();
    let mut states = collection.watch();
    while let Some(state) = states.next().await {
        println!("after {:.1} s: {}", began.elapsed().as_secs_f64(), state?);
    }
    if began.elapsed() < first_poll {
        println!("heard of it before the first poll");
    }
    Ok(())
}
