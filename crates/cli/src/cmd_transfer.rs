//! `payonce transfer`: the movement that both rails make, each in its own terms.
//!
//! What must stay true: an option of one rail is never passed over in silence on the other.

use clap::Args;
use dollr::{CounterpartyId, Currency, Dollr, Money, WalletId};
use dwolla::{AccountId, CustomerId, Destination, Dwolla, FundingSourceId, Owner, usd};
use payonce::{Error, ErrorKind};

use crate::cmd_pay::{Common, tell};
use crate::exit::{self, Exit};
use crate::rail::Rail;

/// Move money: on dollr from a wallet of the merchant to a counterparty's, on dwolla from a bank account or a balance to
/// another, to a customer, an account or an e-mail address.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Transfer {
    #[command(flatten)]
    common: Common,
    /// What it goes over.
    #[arg(long, env = "PAYONCE_RAIL", default_value = "dollr", hide_env_values = true)]
    rail: Rail,
    /// How much, in major units: 250.00.
    #[arg(long)]
    amount: String,
    /// Of which currency: USD. On dwolla there is no other.
    #[arg(long)]
    currency: Option<Currency>,
    #[command(flatten)]
    on_dollr: OnDollr,
    #[command(flatten)]
    on_dwolla: OnDwolla,
}

/// What a transfer on Dollr has.
#[derive(Debug, Args)]
#[command(next_help_heading = "On dollr")]
struct OnDollr {
    /// The merchant's wallet to take it from.
    #[arg(long, value_name = "WALLET")]
    from_wallet: Option<WalletId>,
    /// The counterparty to give it to.
    #[arg(long, value_name = "COUNTERPARTY")]
    to_counterparty: Option<CounterpartyId>,
}

/// What a transfer on Dwolla has.
#[derive(Debug, Args)]
#[command(next_help_heading = "On dwolla")]
struct OnDwolla {
    /// The bank account or balance to take it from.
    #[arg(long, value_name = "FUNDING_SOURCE")]
    from: Option<FundingSourceId>,
    /// Where it goes: the id of a bank account or balance, customer:ID, account:ID, or an e-mail address.
    #[arg(long, value_name = "DESTINATION", value_parser = destination)]
    to: Option<Destination>,
    /// A note that the provider keeps with it. Can be given ten times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    metadata: Vec<(String, String)>,
    /// A fee for the application: who pays it (customer:ID or account:ID), and how much. The amount of the transfer stays
    /// as it is. Can be given more than once, for one payer.
    #[arg(long, value_name = "PAYER=AMOUNT", value_parser = fee)]
    fee: Vec<(Owner, Money)>,
    /// Credit the destination on the same day, where the application may.
    #[arg(long)]
    next_available: bool,
}

impl Transfer {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, crate::Error> {
        let Self { common, rail, amount, currency, on_dollr, on_dwolla } = self;
        match rail {
            Rail::Dollr => {
                refuse(&on_dwolla.given(), rail, "--from-wallet and --to-counterparty")?;
                let wallet = on_dollr.from_wallet.ok_or_else(|| missing(rail, "--from-wallet"))?;
                let counterparty =
                    on_dollr.to_counterparty.ok_or_else(|| missing(rail, "--to-counterparty"))?;
                let money = Money::new(&amount, currency.ok_or_else(|| missing(rail, "--currency"))?)?;
                let dollr: Dollr = common.client.open()?;
                let payment = dollr.transfer(&common.name, wallet, counterparty, money).send().await?;
                tell(&dollr, &payment, common.wait, json).await
            }
            Rail::Dwolla => {
                refuse(&on_dollr.given(), rail, "--from and --to")?;
                let OnDwolla { from, to, metadata, fee, next_available } = on_dwolla;
                let (from, to) =
                    (from.ok_or_else(|| missing(rail, "--from"))?, to.ok_or_else(|| missing(rail, "--to"))?);
                let money = Money::new(&amount, currency.unwrap_or(Currency::USD))?;
                let dwolla: Dwolla = common.client.open()?;
                let mut order = dwolla.transfer(&common.name, from, to, money);
                for (key, value) in metadata {
                    order = order.metadata(key, value);
                }
                for (payer, amount) in fee {
                    order = order.fee(payer, amount);
                }
                if next_available {
                    order = order.clearing_next_available();
                }
                tell(&dwolla, &order.send().await?, common.wait, json).await
            }
        }
    }
}

impl OnDollr {
    /// The options that were given.
    fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--from-wallet", self.from_wallet.is_some()),
            ("--to-counterparty", self.to_counterparty.is_some()),
        ];
        given.into_iter().filter_map(|(option, given)| given.then_some(option)).collect()
    }
}

impl OnDwolla {
    /// The options that were given.
    fn given(&self) -> Vec<&'static str> {
        let given = [
            ("--from", self.from.is_some()),
            ("--to", self.to.is_some()),
            ("--metadata", !self.metadata.is_empty()),
            ("--fee", !self.fee.is_empty()),
            ("--next-available", self.next_available),
        ];
        given.into_iter().filter_map(|(option, given)| given.then_some(option)).collect()
    }
}

/// Refuses the options of the other rail.
fn refuse(given: &[&str], rail: Rail, instead: &str) -> Result<(), Error> {
    if given.is_empty() {
        return Ok(());
    }
    let (other, given) = (rail.other(), given.join(", "));
    Err(invalid(format!(
        "nothing was sent: this transfer goes over {rail}, and {given} belongs to {other}; say {instead}, or \
         --rail {other}"
    )))
}

fn missing(rail: Rail, option: &str) -> Error {
    invalid(format!("nothing was sent: a transfer over {rail} needs {option}"))
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

/// Reads a destination.
pub(crate) fn destination(text: &str) -> Result<Destination, Error> {
    match text.split_once(':') {
        Some(("customer", id)) => Ok(id.parse::<CustomerId>()?.into()),
        Some(("account", id)) => Ok(id.parse::<AccountId>()?.into()),
        None if text.contains('@') => Ok(Destination::Email(text.to_owned())),
        None => Ok(text.parse::<FundingSourceId>()?.into()),
        Some(_) => {
            Err(invalid("it is neither an id, customer:ID, account:ID nor an e-mail address".to_owned()))
        }
    }
}

/// Reads who pays a fee, and how much.
fn fee(text: &str) -> Result<(Owner, Money), Error> {
    let (payer, amount) = pair(text)?;
    let payer = match payer.split_once(':') {
        Some(("customer", id)) => Owner::Customer(id.parse()?),
        Some(("account", id)) => Owner::Account(id.parse()?),
        _ => return Err(invalid("the payer is neither customer:ID nor account:ID".to_owned())),
    };
    Ok((payer, usd(&amount)?))
}

fn pair(text: &str) -> Result<(String, String), Error> {
    let (key, value) = text.split_once('=').ok_or_else(|| invalid("there is no = in it".to_owned()))?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "07d59716-ef22-4fe6-98e8-f3190233dfb8";

    #[test]
    fn a_destination_is_an_id_a_customer_an_account_or_an_address() {
        for (text, meant) in [
            (ID.to_uppercase(), Destination::FundingSource(ID.into())),
            (format!("customer:{ID}"), Destination::Customer(ID.into())),
            (format!("account:{ID}"), Destination::Account(ID.into())),
            ("ama@example.com".to_owned(), Destination::Email("ama@example.com".to_owned())),
        ] {
            assert_eq!(destination(&text).unwrap(), meant);
        }
        for bad in ["", "18", "customer:18", "bank:18", "mailto:ama@example.com", &format!("https://x/{ID}")]
        {
            assert_eq!(destination(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
    }

    #[test]
    fn a_fee_names_its_payer_and_an_amount_of_dollars() {
        let (payer, amount) = fee(&format!("customer:{ID}=4")).unwrap();
        assert_eq!((payer, amount), (Owner::Customer(ID.into()), usd("4.00").unwrap()));
        for bad in [ID, &format!("{ID}=4"), &format!("customer:{ID}=0"), "customer:1=4", "=4", "account:=4"] {
            assert_eq!(fee(bad).unwrap_err().kind(), ErrorKind::Invalid, "{bad}");
        }
    }
}
