//! The provider of a demonstration: the sandbox of one rail, as far as the run and the proof need not know which.

use std::time::Duration;

use chrono::{DateTime, Utc};
use payonce::Money;
use payonce_sandbox::dwolla::Movement;
use payonce_sandbox::{DwollaSandbox, Sandbox, StartError, Storm};
use uuid::Uuid;

use crate::demo::plan::NAMESPACE;
use crate::rail::Rail;

/// How long mobile money takes to settle: longer than a kill takes, so that each meets work in flight.
const SETTLES_AFTER: Duration = Duration::from_millis(250);

/// How often the banks deal with what waits for them. A transfer from bank to bank takes them two turns.
const BANKS_TURN: Duration = Duration::from_millis(150);

/// A sandbox.
pub(crate) enum Provider {
    Dollr(Sandbox),
    Dwolla(DwollaSandbox),
}

/// Money that moved, by the sandbox's ledger.
#[derive(Clone, Debug)]
pub(crate) struct Moved {
    /// The key it moved under. One that no payment has stands for a transfer whose two names are not the same key.
    pub(crate) key: Uuid,
    pub(crate) money: Money,
    pub(crate) at: DateTime<Utc>,
}

impl Provider {
    /// Starts a sandbox in which that storm rages.
    pub(crate) async fn start(rail: Rail, storm: Storm) -> Result<Self, StartError> {
        Ok(match rail {
            Rail::Dollr => {
                let sandbox = Sandbox::builder().settle_after(SETTLES_AFTER).start().await?;
                sandbox.storm(storm);
                Self::Dollr(sandbox)
            }
            Rail::Dwolla => {
                let sandbox = DwollaSandbox::start().await?;
                sandbox.storm(storm);
                Self::Dwolla(sandbox)
            }
        })
    }

    /// The environment in which a client finds it, as the merchant of the demonstration.
    pub(crate) fn env(&self) -> Vec<(&'static str, String)> {
        let (mut env, namespace) = match self {
            Self::Dollr(sandbox) => (sandbox.env(), "DOLLR_NAMESPACE"),
            Self::Dwolla(sandbox) => (sandbox.env(), "DWOLLA_NAMESPACE"),
        };
        env.push((namespace, NAMESPACE.to_owned()));
        env
    }

    /// Everything that moved and was not brought back, oldest first.
    pub(crate) fn moved(&self) -> Vec<Moved> {
        match self {
            Self::Dollr(sandbox) => {
                let movements = sandbox.ledger().movements().into_iter();
                let moved = movements.map(|movement| {
                    let currency = movement.currency.parse().expect("the sandbox has real currencies");
                    let money = Money::reported(movement.amount, currency);
                    Moved { key: movement.reference_id, money, at: movement.posted_at }
                });
                moved.collect()
            }
            Self::Dwolla(sandbox) => sandbox.ledger().movements().iter().map(Moved::from).collect(),
        }
    }

    /// Whether the books balance, and no name has more than one movement.
    pub(crate) fn is_in_order(&self) -> bool {
        match self {
            Self::Dollr(sandbox) => {
                sandbox.ledger().is_balanced() && sandbox.ledger().paid_twice().is_empty()
            }
            Self::Dwolla(sandbox) => {
                sandbox.ledger().is_balanced() && sandbox.ledger().paid_twice().is_empty()
            }
        }
    }

    /// How often [`turn`](Self::turn) is due.
    pub(crate) fn turns(&self) -> Duration {
        BANKS_TURN
    }

    /// Has the banks deal with what waits for them, and says whether anything did. Mobile money settles by itself.
    pub(crate) fn turn(&self) -> bool {
        match self {
            Self::Dollr(_) => true,
            Self::Dwolla(sandbox) => sandbox.simulate() > 0,
        }
    }

    /// Lets time pass for the provider.
    pub(crate) fn pass(&self, time: Duration) {
        match self {
            Self::Dollr(sandbox) => sandbox.clock().advance(time),
            Self::Dwolla(sandbox) => sandbox.clock().advance(time),
        }
    }

    /// The provider's present time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        match self {
            Self::Dollr(sandbox) => sandbox.clock().now(),
            Self::Dwolla(sandbox) => sandbox.clock().now(),
        }
    }

    pub(crate) fn request_count(&self) -> u64 {
        match self {
            Self::Dollr(sandbox) => sandbox.request_count(),
            Self::Dwolla(sandbox) => sandbox.request_count(),
        }
    }

    pub(crate) fn faults_fired(&self) -> u64 {
        match self {
            Self::Dollr(sandbox) => sandbox.faults_fired(),
            Self::Dwolla(sandbox) => sandbox.faults_fired(),
        }
    }
}

impl From<&Movement> for Moved {
    fn from(movement: &Movement) -> Self {
        let key = |name: &Option<String>| name.as_deref().and_then(|name| Uuid::parse_str(name).ok());
        let key =
            key(&movement.idempotency_key).filter(|known| key(&movement.correlation_id) == Some(*known));
        let money = Money::reported(movement.amount, payonce::Currency::USD);
        Self { key: key.unwrap_or_default(), money, at: movement.created }
    }
}
