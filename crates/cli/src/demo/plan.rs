//! What is paid: drawn from the seed, so that every process of a run, and every run of a seed, has the same plan.

use payonce::{Currency, Money, Name, Namespace, Operation, ReferenceId};

/// The merchant of the demonstration, in the derivation of keys.
pub(crate) const NAMESPACE: &str = "payonce-demo";

/// The sandbox's accounts that take payouts, and the one that declines them.
const PAYEES: [i64; 3] = [18, 19, 20];
const DECLINES: i64 = 21;

/// One payment that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) name: Name,
    pub(crate) account: i64,
    pub(crate) money: Money,
    /// The key it must move under, derived without any journal.
    pub(crate) reference_id: ReferenceId,
}

/// The payments of a seed. About one in ten goes to an account that declines it.
pub(crate) fn plan(seed: u64, payments: usize) -> Vec<Planned> {
    let namespace = Namespace::new(NAMESPACE).expect("a short word is a namespace");
    let operation = Operation::new("payout").expect("a short word is an operation");
    let mut draw = fastrand::Rng::with_seed(seed);
    (1..=payments)
        .map(|number| {
            let name = Name::new(format!("demo/{seed}/{number:04}")).expect("short ASCII text is a name");
            let account = if draw.u8(..10) == 0 { DECLINES } else { PAYEES[draw.usize(..PAYEES.len())] };
            let amount = format!("{}.{:02}", draw.u32(1..500), draw.u32(..100));
            let money =
                Money::new(&amount, Currency::USD).expect("two decimal places are an amount of dollars");
            let reference_id = ReferenceId::derive(&namespace, &operation, &name, 1);
            Planned { name, account, money, reference_id }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_plan() {
        let facts = |seed| {
            plan(seed, 50).into_iter().map(|p| (p.reference_id, p.account, p.money)).collect::<Vec<_>>()
        };
        assert_eq!(facts(7), facts(7));
        assert_ne!(facts(7), facts(8));
        let declined = plan(7, 1000).iter().filter(|p| p.account == DECLINES).count();
        assert!((50..200).contains(&declined), "{declined} of 1000 are declined");
    }
}
