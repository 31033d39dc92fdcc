//! The provider of a field: what is paid there, what can be held there, and what its books say.

use std::path::Path;

use anyhow::Result;
use dollr::{Name, Namespace, Operation, ReferenceId};
use payonce_sandbox::dwolla::switches::Keys;
use payonce_sandbox::dwolla::{BALANCE, KEY, Switches, VERIFIED_BALANCE};
use payonce_sandbox::{CLIENT_ID, Call, DwollaSandbox, Guards, Sandbox};

use super::fields::{SETTLES_AFTER, Tally};
use crate::bed;
use crate::command::Rail;

/// The exit code of a command whose payment completed.
const COMPLETED: i32 = 0;

/// A provider in this process.
pub(super) enum Desk {
    Dollr(Sandbox),
    Dwolla(DwollaSandbox),
}

fn key(namespace: &str, operation: &str, name: &str) -> Result<ReferenceId> {
    Ok(ReferenceId::derive(&Namespace::new(namespace)?, &Operation::new(operation)?, &Name::new(name)?, 1))
}

impl Desk {
    /// Opens one, with its guards or without any.
    pub(super) fn open(rail: Rail, guarded: bool) -> Result<Self> {
        let runtime = bed::runtime()?;
        Ok(match rail {
            Rail::Dollr => {
                let sandbox = runtime.block_on(Sandbox::builder().settle_after(SETTLES_AFTER).start())?;
                sandbox.guards(Guards { key_once: guarded, session_once: guarded });
                Self::Dollr(sandbox)
            }
            Rail::Dwolla => {
                let keys = if guarded { Keys::Honoured } else { Keys::Ignored };
                let switches = Switches { keys, ..Switches::default() };
                Self::Dwolla(runtime.block_on(DwollaSandbox::builder().switches(switches).start())?)
            }
        })
    }

    /// Opens one on the books that another process has kept.
    pub(super) fn on_books(rail: Rail, books: &Path) -> Result<Self> {
        let runtime = bed::runtime()?;
        Ok(match rail {
            Rail::Dollr => Self::Dollr(runtime.block_on(Sandbox::builder().db(books).start())?),
            Rail::Dwolla => Self::Dwolla(runtime.block_on(DwollaSandbox::builder().db(books).start())?),
        })
    }

    pub(super) fn rail(&self) -> Rail {
        match self {
            Self::Dollr(_) => Rail::Dollr,
            Self::Dwolla(_) => Rail::Dwolla,
        }
    }

    pub(super) fn url(&self) -> &str {
        match self {
            Self::Dollr(sandbox) => sandbox.url(),
            Self::Dwolla(sandbox) => sandbox.url(),
        }
    }

    /// Begins a fault: 0 for the request that moves the money, 1 for what comes before it, 2 for what comes after.
    pub(super) fn on(&self, which: usize) -> Call {
        match self {
            Self::Dollr(sandbox) => {
                sandbox.on(["POST /v1/executions/*", "POST /v1/sessions/*", "GET /v1/status/*"][which])
            }
            Self::Dwolla(sandbox) => {
                sandbox.on(["POST /transfers", "GET /accounts/{id}/transfers", "GET /*"][which])
            }
        }
    }

    pub(super) fn clear_faults(&self) {
        match self {
            Self::Dollr(sandbox) => sandbox.clear_faults(),
            Self::Dwolla(sandbox) => sandbox.clear_faults(),
        }
    }

    /// The command line of a payment, by turns each of the movements that there are.
    pub(super) fn order(&self, number: usize, name: &str) -> (&'static str, Vec<String>) {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (movement, rest) = match (self, number % 4) {
            (Self::Dwolla(_), _) => {
                let [from, to] = [BALANCE, VERIFIED_BALANCE].map(|id| id.to_string());
                let of = ["--rail", "dwolla", "--from", &from, "--to", &to, "--amount", "1.00"];
                ("transfer", words(&of))
            }
            (_, 0) => ("payout", words(&["--account", "18", "--amount", "1.00"])),
            (_, 1) => {
                let to = ["--from-wallet", "3", "--to-counterparty", "15", "--amount", "1.00"];
                ("transfer", words(&to))
            }
            (_, 2) => {
                let intent = (9004 + number / 4 % 47).to_string();
                ("refund", words(&["--intent", &intent, "--amount", "0.01"]))
            }
            (Self::Dollr(sandbox), _) => {
                let invoice = sandbox.seed_invoice(rust_decimal::Decimal::from(7), "USD").to_string();
                ("collection", words(&["--invoice", &invoice, "--account", "18"]))
            }
        };
        let mut line = words(&[movement, name]);
        line.extend(rest);
        line.extend(words(&["--currency", "USD", "--wait"]));
        (movement, line)
    }

    /// How often money has moved under a key and was not brought back.
    pub(super) fn payments(&self, key: ReferenceId) -> u64 {
        match self {
            Self::Dollr(sandbox) => sandbox.ledger().payments(key.as_uuid()),
            Self::Dwolla(sandbox) => sandbox.ledger().payments(&key.to_string()),
        }
    }

    /// A payment that its command has ended was made once.
    pub(super) fn judge(&self, code: i32, movement: &str, name: &str, tally: &mut Tally) -> Result<()> {
        let merchant = match self {
            Self::Dollr(_) => CLIENT_ID,
            Self::Dwolla(_) => KEY,
        };
        let paid = self.payments(key(merchant, movement, name)?);
        if (code, paid) != (COMPLETED, 1) {
            tally.wrong(format!(
                "{name}: a {movement} ended with exit code {code}, and was paid {paid} times"
            ));
        }
        Ok(())
    }

    /// Nobody was paid twice, and the books balance.
    pub(super) fn check_books(&self, tally: &mut Tally) {
        let (twice, balanced, movements) = match self {
            Self::Dollr(sandbox) => {
                let ledger = sandbox.ledger();
                let twice: Vec<_> = ledger.paid_twice().iter().map(ToString::to_string).collect();
                (twice, ledger.is_balanced(), ledger.movements().len())
            }
            Self::Dwolla(sandbox) => {
                let ledger = sandbox.ledger();
                (ledger.paid_twice(), ledger.is_balanced(), ledger.movements().len())
            }
        };
        if !twice.is_empty() {
            tally.wrong(format!("money moved more than once under {twice:?}"));
        }
        if !balanced {
            tally.wrong("the ledger does not balance".to_owned());
        }
        if movements > tally.payments {
            tally.wrong(format!("{movements} movements of {} payments", tally.payments));
        }
    }
}
