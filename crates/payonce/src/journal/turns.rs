//! Taking turns between operations, for the back ends whose store cannot do it.

use std::collections::BTreeMap;

use super::PaymentId;

/// Payments by their operation, each in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Turns(BTreeMap<String, Vec<PaymentId>>);

impl Turns {
    pub(super) fn add(&mut self, operation: &str, id: PaymentId) {
        match self.0.get_mut(operation) {
            Some(ids) => ids.push(id),
            None => drop(self.0.insert(operation.to_owned(), vec![id])),
        }
    }

    /// The first of each operation, then the second of each, up to so many; the earliest recorded first.
    pub(super) fn first(self, limit: usize) -> Vec<PaymentId> {
        let turns = self.0.into_values().flat_map(|ids| ids.into_iter().enumerate());
        let mut turns: Vec<(usize, PaymentId)> = turns.collect();
        turns.sort_unstable();
        let mut ids: Vec<PaymentId> = turns.into_iter().take(limit).map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids
    }
}
