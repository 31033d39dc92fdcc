//! The process that pays and is killed for it. It is an ordinary client: it resumes, sends what has not ended, and
//! waits. It knows nothing of the kills, and nothing in it is there for their sake.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dollr::{AccountId, Builder, Dollr, Name, Pace};
use payonce::journal::Filter;
use payonce::{Error, ErrorKind};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::plan::{Planned, plan};
use crate::exit::Exit;

/// Much faster than a real provider would like, because this one settles in a moment.
const PACE: Pace = Pace {
    first_poll: (Duration::from_millis(50), Duration::from_millis(150)),
    slowest_poll: Duration::from_millis(400),
    first_retry: Duration::from_millis(40),
    slowest_retry: Duration::from_millis(400),
};

/// How long to leave a payment alone that the engine has stopped with.
const BREATH: Duration = Duration::from_millis(100);

/// Pays a plan. Started by `payonce demo`, with the credentials in the environment.
#[derive(Debug, Args)]
pub(crate) struct Child {
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    payments: usize,
    /// How many payments are under way at a time.
    #[arg(long)]
    window: usize,
}

impl Child {
    pub(crate) async fn run(self) -> Result<Exit, crate::Error> {
        end_with_the_parent();
        let dollr = Builder::from_env()?.pace(PACE).concurrency(self.window).build()?;
        dollr.resume().await?;
        let everything = Filter { standing: None, unfinished: false, after: None, limit: self.payments };
        let ended: HashSet<Name> = dollr
            .list(everything)
            .await?
            .into_iter()
            .filter(|payment| payment.standing.is_ended())
            .map(|payment| payment.name)
            .collect();
        let window = Arc::new(Semaphore::new(self.window));
        let mut payments = JoinSet::new();
        for planned in plan(self.seed, self.payments) {
            if ended.contains(&planned.name) {
                continue;
            }
            let place = Arc::clone(&window).acquire_owned().await.expect("the window is never closed");
            let dollr = dollr.clone();
            payments.spawn(async move {
                let paid = pay(&dollr, &planned).await;
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

/// Pays once, and sends the same name again as long as the engine says that this may help.
async fn pay(dollr: &Dollr, planned: &Planned) -> Result<(), Error> {
    loop {
        let order = dollr.payout(&planned.name, AccountId::from(planned.account), planned.money);
        let end = match order.send().await {
            Ok(payment) => payment.settled().await.map(drop),
            Err(error) => Err(error),
        };
        let Err(error) = end else { return Ok(()) };
        match error.kind() {
            ErrorKind::Parked => return Ok(()),
            ErrorKind::Invalid | ErrorKind::NameTaken | ErrorKind::Configuration | ErrorKind::Journal => {
                return Err(error);
            }
            _ => tokio::time::sleep(BREATH).await,
        }
    }
}

/// Standard input is a pipe that the parent holds: when it ends, so has the parent, and nobody wants the payments.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        let mut nothing = [0];
        while let Ok(1..) = std::io::stdin().read(&mut nothing) {}
        std::process::exit(Exit::Error as i32);
    });
}
