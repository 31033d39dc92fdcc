//! The commands that move money, but for `transfer`, which is in a file of its own. Each is safe to repeat: the same name with the same contents is the same payment.

use clap::Args;
use dollr::{AccountId, Currency, Dollr, InvoiceId, Money, OrderId, PaymentIntentId, Source};
use payonce::{Name, Payment, Status};

use crate::config::Client;
use crate::exit::{self, Error, Exit};
use crate::facade::Facade;
use crate::print;
use crate::report::Report;

/// What every order has.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The payment's permanent name, for example salary/2026-11/ama.
    pub(crate) name: Name,
    /// Wait for the end, however long it takes; otherwise return when the provider has taken the payment.
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) client: Client,
}

/// How much.
#[derive(Debug, Args)]
struct Sum {
    /// How much, in major units: 250.00.
    #[arg(long)]
    amount: String,
    /// Of which currency: USD.
    #[arg(long)]
    currency: Currency,
}

impl Sum {
    fn money(&self) -> Result<Money, Error> {
        Ok(Money::new(&self.amount, self.currency)?)
    }
}

/// Pay out of the merchant's wallet to a payment account.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Payout {
    #[command(flatten)]
    common: Common,
    /// The payment account to pay to.
    #[arg(long)]
    account: AccountId,
    #[command(flatten)]
    sum: Sum,
}

impl Payout {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let Self { common, account, sum } = self;
        let money = sum.money()?;
        let dollr: Dollr = common.client.open()?;
        let payment = dollr.payout(&common.name, account, money).send().await?;
        tell(&dollr, &payment, common.wait, json).await
    }
}

/// Pay back a completed collection, or a part of it.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Refund {
    #[command(flatten)]
    common: Common,
    /// The payment intent of the collection.
    #[arg(long)]
    intent: PaymentIntentId,
    /// Why, in one line. It is a part of the order.
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    sum: Sum,
}

impl Refund {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let Self { common, intent, reason, sum } = self;
        let money = sum.money()?;
        let dollr: Dollr = common.client.open()?;
        let mut order = dollr.refund(&common.name, intent, money);
        if let Some(reason) = reason {
            order = order.reason(reason);
        }
        let payment = order.send().await?;
        tell(&dollr, &payment, common.wait, json).await
    }
}

/// Collect what an invoice or order comes to from a payment account.
#[derive(Debug, Args)]
#[command(after_help = exit::HELP)]
pub(crate) struct Collection {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    source: PaidFor,
    /// The payment account to charge.
    #[arg(long)]
    account: AccountId,
    /// The currency to charge it in.
    #[arg(long)]
    currency: Currency,
}

/// What a collection is paid for.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct PaidFor {
    /// The invoice that is paid.
    #[arg(long)]
    invoice: Option<InvoiceId>,
    /// The order that is paid.
    #[arg(long)]
    order: Option<OrderId>,
}

impl PaidFor {
    fn source(&self) -> Source {
        match (self.invoice, self.order) {
            (Some(invoice), _) => Source::Invoice(invoice),
            (None, order) => Source::Order(order.expect("the command line holds exactly one of the two")),
        }
    }
}

impl Collection {
    pub(crate) async fn run(self, json: bool) -> Result<Exit, Error> {
        let Self { common, source, account, currency } = self;
        let dollr: Dollr = common.client.open()?;
        let payment = dollr.collection(&common.name, source.source(), account, currency).send().await?;
        tell(&dollr, &payment, common.wait, json).await
    }
}

/// Said of a payment by card. The secret that the browser needs for it is not shown.
const AUTHORISE: &str = "the card's holder must authorise it in the browser";

/// Waits if asked to, prints how the payment stands, and returns the exit code that says the same.
pub(crate) async fn tell<F: Facade>(
    facade: &F,
    payment: &Payment<F::Over>,
    wait: bool,
    json: bool,
) -> Result<Exit, Error> {
    if wait {
        if let Status::NeedsAction { .. } = payment.status().await? {
            print::note(format!("payonce: {}: waiting: {AUTHORISE}", payment.name()));
        }
        payment.settled().await?;
    }
    // The handle shows the payment as it was when it was sent.
    let now = facade.find_payment(payment.name()).await?;
    let mut report = Report::of(F::RAIL, now.as_ref().unwrap_or(payment).record())?;
    if let Status::NeedsAction { .. } = payment.status().await? {
        report.reason = Some(AUTHORISE.to_owned());
    }
    if json {
        print::json(&report);
    } else {
        print::line(report.line());
    }
    Ok(Exit::of(report.standing))
}
