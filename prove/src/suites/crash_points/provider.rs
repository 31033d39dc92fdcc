//! The providers that are played, and the clients of each: what a walk needs of either.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use dollr::{AccountId, Clock, Dollr, Journal, Name, Passcode, ReferenceId, Secret, Settlement, usd};
use dwolla::raw::types::CancelTransfer;
use dwolla::{Destination, Dwolla, FundingSourceId};
use payonce::rail::{LookUp, Order, Preparation, Rail, Submission};
use payonce::step::Terms;
use payonce_sandbox::dwolla::switches::{Keys, Output};
use payonce_sandbox::{
    Call as FaultyCall, Clock as SandboxClock, DwollaSandbox, Guards, PASSCODE_PHONE, Sandbox,
};
use payonce_sandbox::{Switches, WrongPasscode, dwolla as played};

use super::lives::{Operation, namespace};
use super::strike::Call;
use crate::bed;

/// What a provider has of its guards, and how it behaves else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Terrain {
    /// Dollr with these guards.
    Dollr(Guards),
    /// Dwolla, which has one guard: its keys, each for a day.
    Dwolla(played::Switches),
}

impl Terrain {
    /// Every way to move money by name there.
    pub(super) fn operations(self) -> &'static [Operation] {
        match self {
            Self::Dollr(_) => &[
                Operation::Collection,
                Operation::Payout,
                Operation::Transfer,
                Operation::Refund,
                Operation::Again,
            ],
            Self::Dwolla(_) => &[Operation::BankTransfer, Operation::BankTransferAgain],
        }
    }
}

/// Every terrain on which a payment has to be safe, and what it is called.
pub(crate) fn safe() -> [(&'static str, Terrain); 5] {
    let dollr = |key_once, session_once| Terrain::Dollr(Guards { key_once, session_once });
    let old = played::Switches { output: Output::SeedExact, ..played::Switches::default() };
    [
        ("dollr with both guards", dollr(true, true)),
        ("dollr without G2", dollr(true, false)),
        ("dollr without G1", dollr(false, true)),
        ("dwolla as of today", Terrain::Dwolla(played::Switches::default())),
        ("dwolla as of 2018", Terrain::Dwolla(old)),
    ]
}

/// The same without any guard: there a payment must be found to be made twice.
pub(super) fn unsafe_ones() -> [(&'static str, Terrain); 2] {
    let keyless = played::Switches { keys: Keys::Ignored, ..played::Switches::default() };
    [
        ("dollr without any guard", Terrain::Dollr(Guards { key_once: false, session_once: false })),
        ("dwolla without its keys", Terrain::Dwolla(keyless)),
    ]
}

/// A provider whose time stands still.
#[derive(Debug)]
pub(super) enum Provider {
    Dollr(Sandbox),
    Dwolla(DwollaSandbox),
}

impl Provider {
    pub(super) fn start(terrain: Terrain) -> Result<Self> {
        let runtime = bed::runtime()?;
        let provider = match terrain {
            Terrain::Dollr(guards) => {
                let sandbox = runtime.block_on(Sandbox::start()).context("starting a sandbox")?;
                sandbox.guards(guards);
                Self::Dollr(sandbox)
            }
            Terrain::Dwolla(switches) => {
                let start = DwollaSandbox::builder().switches(switches).start();
                Self::Dwolla(runtime.block_on(start).context("starting a sandbox")?)
            }
        };
        Ok(provider)
    }

    pub(super) fn clock(&self) -> SandboxClock {
        match self {
            Self::Dollr(sandbox) => sandbox.clock(),
            Self::Dwolla(sandbox) => sandbox.clock(),
        }
    }

    /// How many movements the books hold.
    pub(super) fn movements(&self) -> usize {
        match self {
            Self::Dollr(sandbox) => sandbox.ledger().movements().len(),
            Self::Dwolla(sandbox) => sandbox.ledger().movements().len(),
        }
    }

    pub(super) fn is_balanced(&self) -> bool {
        match self {
            Self::Dollr(sandbox) => sandbox.ledger().is_balanced(),
            Self::Dwolla(sandbox) => sandbox.ledger().is_balanced(),
        }
    }

    /// How often money moved under a key.
    pub(super) fn payments(&self, key: ReferenceId) -> u64 {
        match self {
            Self::Dollr(sandbox) => sandbox.ledger().payments(key.as_uuid()),
            Self::Dwolla(sandbox) => sandbox.ledger().payments(&key.to_string()),
        }
    }

    /// Lets the banks deal with what they have been handed.
    pub(super) fn settle(&self) {
        if let Self::Dwolla(sandbox) = self {
            sandbox.simulate();
        }
    }

    /// The requests that a call of the drive loop makes for an order.
    pub(super) fn on(&self, call: Call, order: &Order) -> FaultyCall {
        let key = order.reference_id.as_uuid();
        match (self, call) {
            (Self::Dollr(sandbox), Call::Prepare) => sandbox.on("POST /v1/sessions/*"),
            (Self::Dollr(sandbox), Call::Submit) => sandbox.on("POST /v1/executions/*").reference_id(key),
            (Self::Dollr(sandbox), _) => sandbox.on("GET /v1/status/*").reference_id(key),
            (Self::Dwolla(sandbox), Call::Submit) => sandbox.on("POST /transfers").reference_id(key),
            // The first of those that it takes to find out.
            (Self::Dwolla(sandbox), _) => sandbox.on("GET /*"),
        }
    }

    /// A client in a process of its own.
    pub(super) fn client(&self, clock: Arc<dyn Clock>, journal: Arc<dyn Journal>) -> Result<Client> {
        Ok(match self {
            Self::Dollr(sandbox) => {
                Client::Dollr(bed::client(sandbox).clock(clock).journal_with(journal).build()?)
            }
            Self::Dwolla(sandbox) => {
                let builder = bed::dwolla_client(sandbox).namespace(namespace().as_str());
                Client::Dwolla(builder.clock(clock).journal_with(journal).build()?)
            }
        })
    }

    /// Makes a first attempt that the provider records as failed.
    pub(super) async fn fail_first(
        &self,
        name: &Name,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Result<()> {
        let settlement = match self {
            Self::Dollr(sandbox) => {
                let wrong = Switches { wrong_passcode: WrongPasscode::Failed, ..Switches::default() };
                sandbox.switches(wrong);
                let dollr = bed::client(sandbox)
                    .passcode(Passcode::of_phone(Secret::new("000000"), PASSCODE_PHONE))
                    .clock(clock)
                    .journal_with(journal)
                    .build()?;
                dollr.payout(name, AccountId::new(18), usd("1.00")?).send().await?.settled().await?
            }
            Self::Dwolla(sandbox) => {
                let Client::Dwolla(dwolla) = self.client(clock, journal)? else {
                    return Err(anyhow!("a provider's client is its own"));
                };
                let [source, destination] = [played::BANK, played::VERIFIED_BALANCE].map(funding_source);
                let destination = Destination::FundingSource(destination);
                let sent = dwolla.transfer(name, source, destination, usd("1.00")?).send().await?;
                let made = sandbox.ledger().movements();
                let made = made.last().context("what was sent is in the books")?.transfer.to_string();
                let cancelled = dwolla.raw().cancel_transfer(&made, None, &cancel()).await;
                ensure!(cancelled.is_ok(), "a transfer that no bank has heard of could not be cancelled");
                sent.settled().await?
            }
        };
        match settlement {
            Settlement::Failed(failure) if failure.recorded => Ok(()),
            other => Err(anyhow!("a first attempt that was to fail came to {other:?}")),
        }
    }
}

fn cancel() -> CancelTransfer {
    CancelTransfer { status: dwolla::raw::enums::CancelStatus::Cancelled }
}

pub(super) fn funding_source(id: uuid::Uuid) -> FundingSourceId {
    FundingSourceId::new(id.to_string())
}

/// A provider's own rail, in the hand of one process.
#[derive(Clone, Debug)]
pub(super) enum Client {
    Dollr(Dollr),
    Dwolla(Dwolla),
}

impl Rail for Client {
    fn name(&self) -> &'static str {
        match self {
            Self::Dollr(dollr) => dollr.rail().name(),
            Self::Dwolla(dwolla) => dwolla.rail().name(),
        }
    }

    fn terms(&self) -> Terms {
        match self {
            Self::Dollr(dollr) => dollr.rail().terms(),
            Self::Dwolla(dwolla) => dwolla.rail().terms(),
        }
    }

    async fn prepare(&self, order: &Order) -> Preparation {
        match self {
            Self::Dollr(dollr) => dollr.rail().prepare(order).await,
            Self::Dwolla(dwolla) => dwolla.rail().prepare(order).await,
        }
    }

    async fn submit(&self, order: &Order, body: &str) -> Submission {
        match self {
            Self::Dollr(dollr) => dollr.rail().submit(order, body).await,
            Self::Dwolla(dwolla) => dwolla.rail().submit(order, body).await,
        }
    }

    async fn look_up(&self, order: &Order) -> LookUp {
        match self {
            Self::Dollr(dollr) => dollr.rail().look_up(order).await,
            Self::Dwolla(dwolla) => dwolla.rail().look_up(order).await,
        }
    }
}
