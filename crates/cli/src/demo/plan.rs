//! What is paid: drawn from the seed, so that every process of a run, and every run of a seed, has the same plan.

use payonce::{Currency, Money, Name, Namespace, Operation, ReferenceId};

use crate::rail::Rail;

/// The merchant of the demonstration, in the derivation of keys.
pub(crate) const NAMESPACE: &str = "payonce-demo";

/// How many payees there are.
pub(crate) const PAYEES: usize = 3;

/// One payment that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) name: Name,
    /// Which of the payees it goes to; none for a payment that fails.
    pub(crate) payee: Option<usize>,
    pub(crate) money: Money,
    /// The key it must move under, derived without any journal.
    pub(crate) reference_id: ReferenceId,
}

/// The payments of a seed. About one in ten fails.
pub(crate) fn plan(rail: Rail, seed: u64, payments: usize) -> Vec<Planned> {
    let namespace = Namespace::new(NAMESPACE).expect("a short word is a namespace");
    let operation = match rail {
        Rail::Dollr => "payout",
        Rail::Dwolla => "transfer",
    };
    let operation = Operation::new(operation).expect("a short word is an operation");
    let mut draw = fastrand::Rng::with_seed(seed);
    (1..=payments)
        .map(|number| {
            let name = Name::new(format!("demo/{seed}/{number:04}")).expect("short ASCII text is a name");
            let payee = (draw.u8(..10) != 0).then(|| draw.usize(..PAYEES));
            let amount = format!("{}.{:02}", draw.u32(1..500), draw.u32(..100));
            let money =
                Money::new(&amount, Currency::USD).expect("two decimal places are an amount of dollars");
            let reference_id = ReferenceId::derive(&namespace, &operation, &name, 1);
            Planned { name, payee, money, reference_id }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan() {
        let facts = |rail, seed| {
            plan(rail, seed, 50).into_iter().map(|p| (p.reference_id, p.payee, p.money)).collect::<Vec<_>>()
        };
        for rail in [Rail::Dollr, Rail::Dwolla] {
            assert_eq!(facts(rail, 7), facts(rail, 7));
            assert_ne!(facts(rail, 7), facts(rail, 8));
        }
        let fail = plan(Rail::Dollr, 7, 1000).iter().filter(|p| p.payee.is_none()).count();
        assert!((50..200).contains(&fail), "{fail} of 1000 fail");
    }
}
