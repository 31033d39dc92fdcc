//! Holds the journal against the provider's own word: what was paid that this machine does not know of, what differs, and
//! what is still open.
//!
//! It ends with `2 were paid that this machine did not know of`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use chrono::{TimeDelta, Utc};
use dollr::{AccountId, Builder, Difference, Dollr, Operation, usd};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;
    let month = Utc::now()..Utc::now() + TimeDelta::days(30);

    // Another machine paid two salaries, and its journal is gone with it.
    let lost = Builder::from_env()?.journal_in_memory().build()?;
    for (who, account) in [("amara", 18), ("blessing", 19)] {
        pay(&lost, who, AccountId::new(account)).await?;
    }

    // This one pays a third, and compares. The provider answers for a key, which follows from the name; so the names that
    // were to be paid are what finds payments that no journal knows.
    let dollr = Dollr::from_env()?;
    dollr.resume().await?;
    pay(&dollr, "comfort", AccountId::new(20)).await?;
    let staff = ["amara", "blessing", "comfort", "esther"].map(name);
    let compared = dollr.reconcile(month).expecting(&Operation::new("payout")?, staff).await?;
    println!("{compared}");

    // The same as data, for a report or an alarm. What was paid there can be taken up here by sending the same again, which
    // pays nobody twice.
    let paid_there = |difference: &&Difference| matches!(difference, Difference::CompletedThereOnly { .. });
    let unknown = compared.differences.iter().filter(paid_there).count();
    println!("{unknown} were paid that this machine did not know of");
    Ok(())
}

fn name(who: &str) -> String {
    format!("salary/2026-11/{who}")
}

async fn pay(dollr: &Dollr, who: &str, account: AccountId) -> Result<(), dollr::Error> {
    let payout = dollr.payout(name(who), account, usd("250.00")?).send().await?;
    println!("{}: {}", payout.name(), payout.settled().await?);
    Ok(())
}
