//! The chain of transfers that a payment is made of, where that is [asked for](crate::dwolla::switches::Chains): from the
//! bank to its owner's balance, from there to the payee's balance, and on to the payee's bank.
//!
//! What must stay true: the money of a chain is in the books once, under the payment. A leg has no money of its own; it
//! shows how far the payment's has come.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::settle::rest;
use crate::dwolla::books::Books;
use crate::dwolla::ledger::{Kind, TRANSIT};
use crate::dwolla::switches::Chains;
use crate::dwolla::things::{Failure, Payee, Side, Status, Transfer};

impl Books {
    /// Adds the legs of a payment that was just made, if chains are asked for.
    pub(super) fn add_legs(&mut self, payment: Uuid) {
        if self.switches.chains == Chains::Single {
            return;
        }
        for side in [Side::Source, Side::Destination] {
            let Some(payment) = self.transfers.find(&payment).cloned() else { return };
            let Some((bank, balance)) = self.own_balance(&payment, side) else { continue };
            let (source, destination) = match side {
                Side::Source => (bank, balance),
                Side::Destination => (balance, bank),
            };
            let named = self.switches.chains == Chains::LinkedUnderOneId;
            let mut leg = Transfer {
                id: Uuid::new_v4(),
                source,
                destination: Payee::FundingSource(destination),
                metadata: Default::default(),
                clearing: None,
                correlation_id: payment.correlation_id.clone().filter(|_| named),
                key: None,
                fees: Vec::new(),
                leg_of: Some(payment.id),
                funded_by: None,
                funds: None,
                cancellable_until: None,
                next: None,
                due: None,
                ..payment.clone()
            };
            let id = leg.id;
            match side {
                Side::Source => leg.funds = Some(payment.id),
                Side::Destination => leg.funded_by = Some(payment.id),
            }
            self.add_transfer(leg);
            self.change_transfer(payment.id, |payment| match side {
                Side::Source => payment.funded_by = Some(id),
                Side::Destination => payment.funds = Some(id),
            });
        }
    }

    /// The bank on that side of a payment and the balance of its owner, if both are there and the payment is between two
    /// owners.
    fn own_balance(&self, payment: &Transfer, side: Side) -> Option<(Uuid, Uuid)> {
        let (from, to) = self.parties(payment);
        let bank = match (side, &payment.destination) {
            (Side::Source, _) => payment.source,
            (Side::Destination, Payee::FundingSource(id)) => *id,
            (Side::Destination, Payee::Email(_)) => return None,
        };
        let bank = self.sources.find(&bank).filter(|source| source.is_bank() && from != to)?;
        Some((bank.id, self.balance_of(bank.owner)?.id))
    }

    /// Brings the legs of a payment to where it is.
    pub(super) fn legs_follow(&mut self, payment: Uuid, at: DateTime<Utc>) {
        let Some(payment) = self.transfers.find(&payment).cloned() else { return };
        let came_from = |id: Uuid| payment.failure.as_ref().is_some_and(|failure| failure.bank == id);
        for id in [payment.funded_by, payment.funds].into_iter().flatten() {
            let Some(leg) = self.transfers.find(&id).filter(|leg| leg.leg_of == Some(payment.id)) else {
                continue;
            };
            let brings = payment.funded_by == Some(id);
            let status = match payment.status() {
                // What it fell short of, and what a bank has sent back, stays so.
                _ if leg.failure.is_some() => leg.status(),
                Status::Pending if brings && payment.begun => Status::Processed,
                Status::Failed if brings && !came_from(payment.source) => Status::Processed,
                Status::Failed if !brings && came_from(payment.source) => match leg.status() {
                    Status::Pending => Status::Cancelled,
                    brought => brought,
                },
                status => status,
            };
            if status == leg.status() {
                continue;
            }
            let failure = payment.failure.clone().filter(|_| status == Status::Failed);
            self.change_transfer(id, |leg| {
                leg.history.push((at, status));
                leg.failure = failure;
                leg.begun = true;
            });
        }
    }

    /// Leaves a payment's money in the payee's balance that a bank did not take, or sent back: the last leg fails, and the
    /// payment is processed. Says whether there is such a leg.
    pub(super) fn falls_short(&mut self, payment: &Transfer, failure: &Failure, at: DateTime<Utc>) -> bool {
        let is_leg = |leg: &&Transfer| leg.leg_of == Some(payment.id);
        let leg = payment.funds.and_then(|id| self.transfers.find(&id)).filter(is_leg).map(|leg| leg.id);
        let Some((leg, (bank, balance))) = leg.zip(self.own_balance(payment, Side::Destination)) else {
            return false;
        };
        let [bank, balance] = [bank, balance].map(|id| self.account(id));
        let settled = payment.status() == Status::Processed;
        let from = if settled { bank.as_str() } else { TRANSIT };
        self.journal.post(
            at,
            Kind::Settlement,
            Some(payment.id),
            &[(from, -payment.cents), (&balance, payment.cents)],
        );
        self.change_transfer(leg, |leg| {
            leg.failure = Some(failure.clone());
            leg.begun = true;
            leg.history.push((at, Status::Failed));
        });
        self.change_transfer(payment.id, |payment| {
            rest(payment);
            if !settled {
                payment.history.push((at, Status::Processed));
            }
        });
        true
    }
}
