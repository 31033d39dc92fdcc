//! How transfers move on: by simulation or with the banking days, to their end and, where a bank says so, back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::dwolla::books::Books;
use crate::dwolla::ledger::{Kind, TRANSIT};
use crate::dwolla::returns::{Effect, Forced, Return, forced};
use crate::dwolla::things::{CustomerStatus, Failure, Owner, Payee, Side, Status, Step, Transfer};

/// How many transfers one simulation moves on.
const SIMULATED: usize = 500;

impl Books {
    /// Lets everything happen that fell due, in the order of time.
    pub(crate) fn settle_due(&mut self) {
        while let Some((due, id)) = self.first_due(self.now) {
            self.step(id, due);
        }
    }

    /// Has the banks deal with what waits for them: one step of up to 500 transfers. Says of how many.
    pub(crate) fn simulate(&mut self) -> usize {
        let waiting: Vec<Uuid> = self.waiting().take(SIMULATED).collect();
        for id in &waiting {
            self.step(*id, self.now);
        }
        waiting.len()
    }

    /// The next step of a transfer, and of those that bring its money.
    fn step(&mut self, id: Uuid, at: DateTime<Utc>) {
        self.step_alone(id, at);
        self.legs_follow(id, at);
    }

    fn step_alone(&mut self, id: Uuid, at: DateTime<Utc>) {
        let Some(transfer) = self.transfers.find(&id).cloned() else { return };
        match transfer.next {
            Some(Step::Debit) => match self.returned(&transfer, Side::Source) {
                Some(code) => self.fail(&transfer, Side::Source, code, at),
                None => self.debited(&transfer, at),
            },
            Some(Step::Credit) => match self.returned(&transfer, Side::Destination) {
                Some(code) => self.fail(&transfer, Side::Destination, code, at),
                None => self.settle(id, at),
            },
            Some(Step::LateReturn) => match self.late(&transfer) {
                Some((side, code)) => self.fail(&transfer, side, code, at),
                None => self.change_transfer(id, rest),
            },
            Some(Step::Reclaim) => self.give_back(&transfer, Status::Reclaimed, at),
            None => self.change_transfer(id, rest),
        }
    }

    /// The code with which a bank sends a transfer back at once.
    fn returned(&self, transfer: &Transfer, side: Side) -> Option<&'static Return> {
        let bank = self.side(transfer, side)?;
        let named = self.forced_by(bank).filter(|forced| !forced.late).map(|forced| forced.with);
        let short = || {
            let short = side == Side::Source && self.journal.balance(&self.account(bank)) < 0;
            Return::named("R01").filter(|_| short)
        };
        named.or_else(short)
    }

    /// The side and the code with which a bank sends a transfer back that was settled.
    fn late(&self, transfer: &Transfer) -> Option<(Side, &'static Return)> {
        [Side::Source, Side::Destination].into_iter().find_map(|side| {
            let forced = self.forced_by(self.side(transfer, side)?)?;
            forced.late.then_some((side, forced.with))
        })
    }

    /// What the name of a bank forces.
    fn forced_by(&self, bank: Uuid) -> Option<Forced> {
        self.sources.find(&bank).filter(|source| source.is_bank()).and_then(|source| forced(&source.name))
    }

    fn side(&self, transfer: &Transfer, side: Side) -> Option<Uuid> {
        match (side, &transfer.destination) {
            (Side::Source, _) => Some(transfer.source),
            (Side::Destination, Payee::FundingSource(id)) => Some(*id),
            (Side::Destination, Payee::Email(_)) => None,
        }
    }

    /// The bank has been debited: the other bank is next, if there is one.
    fn debited(&mut self, transfer: &Transfer, at: DateTime<Utc>) {
        let next = match &transfer.destination {
            Payee::Email(_) => Some(Step::Reclaim),
            Payee::FundingSource(id) => {
                self.sources.find(id).filter(|source| source.is_bank()).map(|_| Step::Credit)
            }
        };
        let Some(next) = next else { return self.settle(transfer.id, at) };
        let due = self.due(&Transfer { next: Some(next), ..transfer.clone() }, at);
        self.change_transfer(transfer.id, |transfer| {
            transfer.next = Some(next);
            transfer.due = due;
            transfer.begun = true;
        });
    }

    /// The money arrives, and the fees are charged.
    pub(super) fn settle(&mut self, id: Uuid, at: DateTime<Utc>) {
        let Some(transfer) = self.transfers.find(&id).cloned() else { return };
        self.hand_on(&transfer, at);
        for fee in &transfer.fees {
            let Some(fee) = self.transfers.find(fee).cloned() else { continue };
            if self.journal.moved(fee.id) == 0 {
                self.take(&fee, at);
            }
            self.hand_on(&fee, at);
            self.change_transfer(fee.id, |fee| fee.history.push((at, Status::Processed)));
        }
        let late = self.late(&transfer);
        let due = late.and_then(|(_, code)| self.due_back(code, at));
        self.change_transfer(id, |transfer| {
            transfer.begun = true;
            transfer.next = late.map(|_| Step::LateReturn);
            transfer.due = due;
            transfer.history.push((at, Status::Processed));
        });
    }

    fn hand_on(&mut self, transfer: &Transfer, at: DateTime<Utc>) {
        if let Payee::FundingSource(destination) = transfer.destination {
            let (account, cents) = (self.account(destination), transfer.cents);
            self.journal.post(
                at,
                Kind::Settlement,
                Some(transfer.id),
                &[(TRANSIT, -cents), (&account, cents)],
            );
        }
    }

    /// A bank sends it back, with whatever that means for the bank.
    fn fail(&mut self, transfer: &Transfer, side: Side, code: &'static Return, at: DateTime<Utc>) {
        let Some(bank) = self.side(transfer, side) else { return };
        let failure = Failure { code: code.code.to_owned(), bank };
        if side == Side::Source || !self.falls_short(transfer, &failure, at) {
            self.give_back(transfer, Status::Failed, at);
            self.change_transfer(transfer.id, |transfer| transfer.failure = Some(failure));
        }
        if code.unverifies {
            self.sources.change(&bank, |bank| bank.verified = false);
        }
        if code.removes(self.switches.bank_removal) {
            self.remove_bank(bank, at);
        }
        let owner = self.sources.find(&bank).map(|bank| bank.owner);
        let status = match code.customer {
            Effect::None => return,
            Effect::Suspended => CustomerStatus::Suspended,
            Effect::Deactivated => CustomerStatus::Deactivated,
        };
        if let Some(Owner::Customer(id)) = owner {
            self.customers.change(&id, |customer| customer.status = status);
        }
    }

    /// Removes a bank. What was to be credited to it is cancelled; what was to be debited goes on.
    pub(crate) fn remove_bank(&mut self, bank: Uuid, at: DateTime<Utc>) {
        self.sources.change(&bank, |bank| bank.removed = true);
        let to_bank = |transfer: &&Transfer| transfer.destination == Payee::FundingSource(bank);
        let waiting = self.waiting().filter_map(|id| self.transfers.find(&id)).filter(to_bank);
        let pending = waiting.filter(|transfer| transfer.status() == Status::Pending);
        let pending: Vec<Transfer> = pending.cloned().collect();
        for transfer in pending {
            self.give_back(&transfer, Status::Cancelled, at);
            self.legs_follow(transfer.id, at);
        }
    }

    /// The money goes back to where it came from, and nothing more happens. What was charged for a payment that had
    /// arrived stays charged.
    pub(super) fn give_back(&mut self, transfer: &Transfer, status: Status, at: DateTime<Utc>) {
        let (source, cents) = (self.account(transfer.source), transfer.cents);
        match (transfer.status(), &transfer.destination) {
            (Status::Processed, Payee::FundingSource(destination)) => {
                self.take_back(transfer, *destination, &source, at);
            }
            _ => self.journal.post(
                at,
                Kind::Reversal,
                Some(transfer.id),
                &[(TRANSIT, -cents), (&source, cents)],
            ),
        }
        self.change_transfer(transfer.id, |transfer| {
            rest(transfer);
            transfer.history.push((at, status));
        });
        for fee in &transfer.fees {
            let Some(fee) = self.transfers.find(fee).filter(|fee| fee.status() == Status::Pending).cloned()
            else {
                continue;
            };
            if self.journal.moved(fee.id) > 0 {
                let (source, cents) = (self.account(fee.source), fee.cents);
                self.journal.post(at, Kind::Reversal, Some(fee.id), &[(TRANSIT, -cents), (&source, cents)]);
            }
            self.change_transfer(fee.id, |fee| fee.history.push((at, Status::Cancelled)));
        }
    }

    /// Takes the money of a settled transfer back. What is not there any more is owed.
    fn take_back(&mut self, transfer: &Transfer, destination: Uuid, source: &str, at: DateTime<Utc>) {
        let cents = transfer.cents;
        let account = self.account(destination);
        let is_bank = self.sources.find(&destination).is_some_and(|destination| destination.is_bank());
        let there = if is_bank { cents } else { self.journal.balance(&account).min(cents) };
        let owed = format!("owed:{destination}");
        let entries = [(account.as_str(), -there), (owed.as_str(), there - cents), (source, cents)];
        self.journal.post(at, Kind::Reversal, Some(transfer.id), &entries);
    }
}

/// Nothing more happens to a transfer.
pub(super) fn rest(transfer: &mut Transfer) {
    transfer.begun = true;
    transfer.next = None;
    transfer.due = None;
}
