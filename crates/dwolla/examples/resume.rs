//! A process is killed while its payment is under way, and the next one goes on with it.
//!
//! It ends with `completed: 12.00 USD charged, 12.00 USD received`.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

mod support;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use dwolla::{CustomerId, Dwolla, FundingSourceId, usd};

/// The application's balance, and a customer; the sandbox knows both.
const BALANCE: &str = "00000000-0000-4000-8000-00000000ba10";
const JANE: &str = "d795f696-2cac-4662-8f16-95f1db9bddd8";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    support::sandbox().await?;

    if std::env::args().nth(1).as_deref() == Some("first") {
        return first_process().await;
    }

    // The first process says that it has sent the payment, and does not live to hear the answer.
    let mut first = Command::new(std::env::current_exe()?).arg("first").stdout(Stdio::piped()).spawn()?;
    let mut said = String::new();
    BufReader::new(first.stdout.take().ok_or("it has a standard output")?).read_line(&mut said)?;
    first.kill()?;
    println!("the first process said {:?}, and was killed: {}", said.trim_end(), first.wait()?);

    // The second one finds the payment in the journal, and drives it on. It knows nothing of the first.
    let dwolla = Dwolla::from_env()?;
    println!("{} taken up", dwolla.resume().await?);
    let payment = dwolla.find("expenses/2026-11/jane").await?.ok_or("the journal has it")?;
    println!("{}", payment.settled().await?);
    Ok(())
}

async fn first_process() -> Result<(), Box<dyn std::error::Error>> {
    let dwolla = Dwolla::from_env()?;
    let (from, to) = (FundingSourceId::new(BALANCE), CustomerId::new(JANE));
    dwolla.transfer("expenses/2026-11/jane", from, to, usd("12.00")?).send().await?;
    println!("it is on its way");
    std::future::pending().await
}
