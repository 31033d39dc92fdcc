//! Transfers: how one is made, moved on, cancelled and shown.

mod cancel;
mod check;
mod legs;
mod listed;
mod settle;
mod wire;

use chrono::{DateTime, Days, Utc};
use uuid::Uuid;

pub(crate) use listed::Asked;
pub(crate) use wire::{Form, instant};

use super::banking::{Calendar, Speed};
use super::books::Books;
use super::hal::Answer;
use super::ledger::{Kind, TRANSIT};
use super::problem::Refusal;
use super::returns::Return;
use super::seed;
use super::switches::{Output, Settlement};
use super::things::{Owner, Payee, Status, Step, Transfer};
use check::{Fee, Order};

/// How long money waits for somebody the provider does not know.
const UNCLAIMED: Days = Days::new(30);

impl Books {
    /// Makes a transfer, and the transfers of its fees. The money has left its source when this returns.
    pub(crate) fn initiate(&mut self, key: Option<&str>, body: &[u8]) -> Result<Answer, Refusal> {
        let order = check::order(self, body)?;
        let id = match self.switches.output {
            Output::SeedExact if self.transfers.find(&seed::FIRST_TRANSFER).is_none() => seed::FIRST_TRANSFER,
            _ => Uuid::new_v4(),
        };
        let mut transfer = self.ordered(id, &order);
        transfer.key = key.map(str::to_owned);
        let fees: Vec<Transfer> = order.fees.iter().map(|fee| self.fee(&transfer, fee)).collect();
        transfer.fees = fees.iter().map(|fee| fee.id).collect();
        let source = transfer.source;
        self.take(&transfer, self.now);
        self.add_transfer(transfer);
        for fee in fees {
            // What the payee is charged comes out of the payment, once that has arrived.
            if fee.source == source {
                self.take(&fee, self.now);
            }
            self.add_transfer(fee);
        }
        self.add_legs(id);
        if self.transfers.find(&id).is_some_and(|transfer| transfer.next.is_none()) {
            self.settle(id, self.now);
        }
        Ok(Answer::created(format!("/transfers/{id}")))
    }

    fn ordered(&self, id: Uuid, order: &Order) -> Transfer {
        let now = self.now;
        let from_bank = self.sources.find(&order.source).is_some_and(|source| source.is_bank());
        let to_bank = match &order.destination {
            Payee::FundingSource(id) => self.sources.find(id).is_some_and(|source| source.is_bank()),
            Payee::Email(_) => false,
        };
        let unclaimed = matches!(order.destination, Payee::Email(_));
        let next = match (from_bank, to_bank) {
            (true, _) => Some(Step::Debit),
            (false, true) => Some(Step::Credit),
            (false, false) if unclaimed => Some(Step::Reclaim),
            (false, false) => None,
        };
        let mut transfer = Transfer {
            id,
            number: 0,
            cents: order.cents,
            source: order.source,
            destination: order.destination.clone(),
            created: now,
            metadata: order.metadata.clone(),
            clearing: order.clearing.clone(),
            correlation_id: order.correlation_id.clone(),
            key: None,
            fee_of: None,
            fees: Vec::new(),
            leg_of: None,
            funded_by: None,
            funds: None,
            cancellable_until: None,
            next,
            due: None,
            begun: false,
            history: vec![(now, Status::Pending)],
            failure: None,
        };
        transfer.due = self.due(&transfer, now);
        transfer.cancellable_until = match next {
            Some(Step::Reclaim) => transfer.due,
            Some(_) => Some(self.calendar().export_after(now)),
            None => None,
        };
        transfer
    }

    fn fee(&self, payment: &Transfer, fee: &Fee) -> Transfer {
        let account = self.balance_of(Owner::Account).expect("the application's account has a balance").id;
        Transfer {
            id: Uuid::new_v4(),
            cents: fee.cents,
            source: fee.source,
            destination: Payee::FundingSource(account),
            metadata: Default::default(),
            clearing: None,
            correlation_id: None,
            key: None,
            fee_of: Some(payment.id),
            cancellable_until: None,
            next: None,
            due: None,
            ..payment.clone()
        }
    }

    /// When the next step of a transfer happens by itself, seen from this instant.
    fn due(&self, transfer: &Transfer, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let clearing = transfer.clearing.clone().unwrap_or_default();
        match transfer.next? {
            Step::Reclaim => Some(transfer.created + UNCLAIMED),
            _ if self.switches.settlement == Settlement::Simulated => None,
            Step::Debit => {
                Some(self.calendar().settled(from, speed_of(transfer, &clearing.source, Speed::NextDay)))
            }
            Step::Credit => {
                let standard = standard(transfer);
                Some(self.calendar().settled(from, speed_of(transfer, &clearing.destination, standard)))
            }
            Step::LateReturn => None,
        }
    }

    /// When a late return happens by itself.
    fn due_back(&self, code: &Return, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        (self.switches.settlement == Settlement::BankingDays)
            .then(|| self.calendar().returned(from, code.window))
    }

    fn calendar(&self) -> Calendar {
        Calendar { holidays: self.switches.bank_holidays }
    }

    /// Takes the money of a transfer from its source.
    fn take(&mut self, transfer: &Transfer, at: DateTime<Utc>) {
        let source = self.account(transfer.source);
        let (id, cents) = (Some(transfer.id), transfer.cents);
        self.journal.post(at, Kind::Principal, id, &[(&source, -cents), (TRANSIT, cents)]);
    }

    /// The account in the books of a funding source.
    fn account(&self, source: Uuid) -> String {
        self.sources.find(&source).expect("a transfer is between funding sources that there are").account()
    }
}

fn speed_of(transfer: &Transfer, asked: &Option<String>, usual: Speed) -> Speed {
    match asked.as_deref() {
        Some("next-available") => Speed::SameDay,
        Some("standard") => standard(transfer),
        _ => usual,
    }
}

/// Three or four banking days, as the transfer's id has it.
fn standard(transfer: &Transfer) -> Speed {
    Speed::Standard(if transfer.id.as_u128().is_multiple_of(2) { 3 } else { 4 })
}
