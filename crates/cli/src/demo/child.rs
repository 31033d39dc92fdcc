//! The process that pays and is killed for it. It is an ordinary client: it resumes, sends what has not ended, and
//! waits. It knows nothing of the kills, and nothing in it is there for their sake.

use std::collections::HashSet;
use std::future::Future;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use dollr::{AccountId, Dollr};
use dwolla::{CustomerId, Destination, Dwolla, FundingSourceId};
use payonce::journal::Filter;
use payonce::{Error, ErrorKind, Name, Pace, Payment};
use payonce_sandbox::Clock;
use payonce_sandbox::dwolla::{BANK, CUSTOMER, CUSTOMER_BANK, SHORT_BANK, VERIFIED_CUSTOMER};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::plan::{PAYEES, Planned, plan};
use crate::exit::Exit;
use crate::facade::Facade;
use crate::rail::Rail;

/// Much faster than a real provider would like, because this one settles in a moment.
const PACE: Pace = Pace {
    first_poll: (Duration::from_millis(50), Duration::from_millis(150)),
    slowest_poll: Duration::from_millis(400),
    first_retry: Duration::from_millis(40),
    slowest_retry: Duration::from_millis(400),
};

/// How much time each byte lets pass that the parent writes.
pub(crate) const STEP: Duration = Duration::from_secs(3600);

/// How long to leave a payment alone that the engine has stopped with.
const BREATH: Duration = Duration::from_millis(100);

/// Pays a plan. Started by `payonce demo`, with the credentials in the environment.
#[derive(Debug, Args)]
pub(crate) struct Child {
    #[arg(long)]
    rail: Rail,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    payments: usize,
    /// How many payments are under way at a time.
    #[arg(long)]
    window: usize,
    /// What time it is for the provider, if it is not the present.
    #[arg(long)]
    at: Option<DateTime<Utc>>,
}

impl Child {
    pub(crate) async fn run(self) -> Result<Exit, crate::Error> {
        let clock = Arc::new(Clock::starting_at(self.at.unwrap_or_else(Utc::now)));
        listen_to_the_parent(Arc::clone(&clock));
        match self.rail {
            Rail::Dollr => {
                let dollr =
                    dollr::Builder::from_env()?.pace(PACE).clock(clock).concurrency(self.window).build()?;
                dollr.resume().await?;
                self.pay_all(dollr).await
            }
            Rail::Dwolla => {
                let dwolla =
                    dwolla::Builder::from_env()?.pace(PACE).clock(clock).concurrency(self.window).build()?;
                dwolla.resume().await?;
                self.pay_all(dwolla).await
            }
        }
    }

    async fn pay_all<F: Pays>(&self, client: F) -> Result<Exit, crate::Error> {
        let everything = Filter { standing: None, unfinished: false, after: None, limit: self.payments };
        let known: Vec<_> = client
            .list_payments(everything)
            .await?
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(payonce::Error::from)?;
        let ended: HashSet<Name> = known
            .into_iter()
            .filter(|payment| payment.standing.is_ended())
            .map(|payment| payment.name)
            .collect();
        let window = Arc::new(Semaphore::new(self.window));
        let mut payments = JoinSet::new();
        for planned in plan(self.rail, self.seed, self.payments) {
            if ended.contains(&planned.name) {
                continue;
            }
            let place = Arc::clone(&window).acquire_owned().await.expect("the window is never closed");
            let client = client.clone();
            payments.spawn(async move {
                let paid = pay(&client, &planned).await;
                drop(place);
                paid
            });
            while let Some(paid) = payments.try_join_next() {
                paid.expect("paying does not panic")?;
            }
        }
        while let Some(paid) = payments.join_next().await {
            paid.expect("paying does not panic")?;
        }
        Ok(Exit::Done)
    }
}

/// A client that pays what is planned. The sandbox has three payees on either rail, and one way to fail.
trait Pays: Facade {
    fn send(&self, planned: &Planned) -> impl Future<Output = Result<Payment<Self::Over>, Error>> + Send;
}

impl Pays for Dollr {
    async fn send(&self, planned: &Planned) -> Result<Payment<Self::Over>, Error> {
        const ACCOUNTS: [i64; PAYEES] = [18, 19, 20];
        const DECLINES: i64 = 21;
        let account = planned.payee.map_or(DECLINES, |payee| ACCOUNTS[payee]);
        self.payout(&planned.name, AccountId::from(account), planned.money).send().await
    }
}

impl Pays for Dwolla {
    async fn send(&self, planned: &Planned) -> Result<Payment<Self::Over>, Error> {
        let bank = |id: Uuid| FundingSourceId::new(id.to_string());
        let customer = |id: Uuid| Destination::from(CustomerId::new(id.to_string()));
        let payees: [Destination; PAYEES] =
            [bank(CUSTOMER_BANK).into(), customer(CUSTOMER), customer(VERIFIED_CUSTOMER)];
        let (from, to) = match planned.payee {
            Some(payee) => (BANK, payees[payee].clone()),
            None => (SHORT_BANK, customer(CUSTOMER)),
        };
        self.transfer(&planned.name, bank(from), to, planned.money).send().await
    }
}

/// Pays once, and sends the same name again as long as the engine says that this may help.
async fn pay(client: &impl Pays, planned: &Planned) -> Result<(), Error> {
    loop {
        let end = match client.send(planned).await {
            Ok(payment) => payment.settled().await.map(drop),
            Err(error) => Err(error),
        };
        let Err(error) = end else { return Ok(()) };
        match error.kind() {
            ErrorKind::Parked => return Ok(()),
            ErrorKind::Invalid
            | ErrorKind::NameTaken
            | ErrorKind::Configuration
            | ErrorKind::Journal
            | ErrorKind::Record => {
                return Err(error);
            }
            _ => tokio::time::sleep(BREATH).await,
        }
    }
}

/// Standard input is a pipe that the parent holds: each byte in it lets time pass here, as it has passed for the
/// provider. When it ends, so has the parent, and nobody wants the payments.
fn listen_to_the_parent(clock: Arc<Clock>) {
    std::thread::spawn(move || {
        let mut step = [0];
        while let Ok(1..) = std::io::stdin().read(&mut step) {
            clock.advance(STEP);
        }
        std::process::exit(Exit::Error as i32);
    });
}
