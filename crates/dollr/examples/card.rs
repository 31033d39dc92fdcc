//! Collects from a card whose bank asks the customer for a code (3-D Secure).
//!
//! It ends with `completed: 25.00 USD charged, 23.72 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{CounterpartyId, Currency, Dollr, FeeBearer, PartyId, Status, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    let (amara, her_party) = (CounterpartyId::new(15), PartyId::new(42));
    let invoice = dollr
        .invoices()
        .create(amara, Currency::USD)
        .note("A book")
        .fee_bearer(FeeBearer::Payee)
        .item("Book", 1, usd("25.00")?)
        .publish()
        .await?;

    // The card is entered in the browser, with the provider's card form. Its account is good for one payment, and is
    // used up by it: a second `collection` with it does not compile.
    let card = dollr.accounts().card(her_party, "Amara's card").await?;
    let collection = dollr.collection(&invoice.document.number, &invoice, card, Currency::USD).send().await?;

    let mut states = collection.watch();
    while let Some(state) = states.next().await {
        match state? {
            Status::NeedsAction { client_secret } => {
                // Give it to the card form, which shows the bank's page. It is no log's business: `Debug` hides it.
                assert!(client_secret.expose().contains("_secret_"));
                println!("Amara's bank asks for a code");
                support::customer_confirms(collection.reference_id()).await?;
            }
            state => println!("{state}"),
        }
    }
    Ok(())
}
