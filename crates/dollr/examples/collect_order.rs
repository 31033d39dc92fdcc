//! Collects for an order, step by step: the customer, her account, the order, what it will cost her, the payment.
//!
//! It ends with `the order is PAID`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use dollr::{Currency, Dollr, FeeBearer, OperationType, Phone, Relationship, lrd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    // The customer, once. Keep the ids: each time that this is run, it makes another customer.
    let phone = Phone::new("+231 777 555 123")?;
    let musu = dollr.parties().create("Musu Flomo", phone.clone()).country_code("LR").await?;
    let customer = dollr.counterparties().create(musu.id, Relationship::Customer).await?;
    let account =
        dollr.accounts().mobile_money(OperationType::Collection, musu.id, "Musu Flomo", phone).await?;
    println!("she pays with {}", account.method);

    // The order. While it is a draft nobody can pay it, and only a published one can be collected: the types see to it.
    let draft = dollr
        .orders()
        .create(customer.id, Currency::LRD)
        .note("Rice for the shop")
        .fee_bearer(FeeBearer::Payee)
        .item("Rice, 25 kg", 2, lrd("4500.00")?)
        .await?;
    let order = draft.publish().await?;

    // The payment. Its name is the order's number, because there is to be one payment for it.
    let name = &order.document.number;
    let collection = dollr.collection(name.as_str(), &order, account.id, Currency::LRD);
    println!("{name} will cost her {}", collection.preview(&account).await?.payer_amount);
    println!("{}", collection.send().await?.settled().await?);

    println!("the order is {}", dollr.source_status(&order).await?.status);
    Ok(())
}
