//! What can go wrong, and the one question to ask of every error: can money have moved?
//!
//! It ends with `all in the journal: 1 failed, 1 open`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use std::time::Duration;

use dollr::{AccountId, Dollr, Effect, ErrorKind, Filter, Settlement, Standing, usd};

/// In the sandbox, the owner of the first declines, and the operator of the second never answers.
const DECLINES: AccountId = AccountId::new(21);
const STUCK: AccountId = AccountId::new(23);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    let dollr = Dollr::from_env()?;
    dollr.resume().await?;

    // What is wrong in itself is refused here: nothing is written, nothing is sent.
    let error = usd("250.001").expect_err("a cent has no tenths");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::Invalid, Effect::None));
    println!("refused: {error}");

    // That a payment was declined is no error, but one of the two ways in which it ends.
    let bill = dollr.payout("supplier/9/2026-11", DECLINES, usd("10.00")?).send().await?;
    let Settlement::Failed(failure) = bill.settled().await? else { return Err("it was paid".into()) };
    println!("declined: {failure}");
    // It stays declined until a person decides otherwise: `bill.again()` tries once more, under the same name.

    // One name is one payment. With other contents it is refused, before anything is sent.
    let other = dollr.payout("supplier/9/2026-11", DECLINES, usd("11.00")?).send().await;
    let error = other.expect_err("the name is taken");
    assert_eq!((error.kind(), error.effect()), (ErrorKind::NameTaken, Effect::None));
    println!("refused: {error}");

    // Nobody knows yet how this one ends. It is not paid in another way; it is left to go on.
    let late = dollr.payout("supplier/10/2026-11", STUCK, usd("10.00")?).send().await?;
    match late.settled_within(Duration::from_secs(2)).await {
        Ok(settlement) => println!("{settlement}"),
        Err(error) if error.effect() == Effect::None => println!("nothing was sent: {error}"),
        Err(error) => println!("leave it: {error}"),
    }

    // After a restart, `resume` takes it up. What is open is in the journal.
    let list = dollr.list(Filter::default()).await?;
    let failed = list.iter().flatten().filter(|payment| payment.standing == Standing::Failed).count();
    println!("all in the journal: {failed} failed, {} open", list.len() - failed);
    Ok(())
}
