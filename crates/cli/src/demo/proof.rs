//! The proof: what was planned, against the provider's ledger and the journal. The ledger is the judge.

use std::collections::HashMap;

use payonce::Name;
use payonce::journal::{Filter, Journal, SqliteJournal, Standing};
use uuid::Uuid;

use super::plan::Planned;
use super::provider::{Moved, Provider};
use crate::rail::Rail;

/// What the books say.
#[derive(Debug, Default)]
pub(crate) struct Proof {
    pub(crate) completed: usize,
    pub(crate) failed: usize,
    pub(crate) parked: usize,
    /// How many of the parked ones moved their money all the same.
    pub(crate) parked_but_paid: usize,
    pub(crate) ledger_movements: usize,
    /// Movements beyond the one that each payment may have.
    pub(crate) paid_twice: usize,
    /// Payments that never ended, or whose end by the journal is not what the ledger says.
    pub(crate) lost: usize,
    pub(crate) balanced: bool,
    /// One line for each payment that something is wrong with.
    pub(crate) findings: Vec<String>,
}

impl Proof {
    /// Reads the ledger and the journal.
    pub(crate) async fn read(
        rail: Rail,
        plan: &[Planned],
        provider: &Provider,
        journal: &SqliteJournal,
    ) -> Result<Self, payonce::Error> {
        let everything = Filter { standing: None, unfinished: false, after: None, limit: plan.len() + 1 };
        let journaled = journal.list(rail.name(), everything).await?;
        let standings =
            journaled.into_iter().map(|payment| payment.map(|payment| (payment.name, payment.standing)));
        let standings = standings.collect::<Result<_, _>>()?;
        Ok(Self::judge(plan, &standings, provider.moved(), provider.is_in_order()))
    }

    fn judge(
        plan: &[Planned],
        standings: &HashMap<Name, Standing>,
        movements: Vec<Moved>,
        balanced: bool,
    ) -> Self {
        let mut proof = Self { ledger_movements: movements.len(), balanced, ..Self::default() };
        let mut by_key: HashMap<Uuid, Vec<Moved>> = HashMap::new();
        for movement in movements {
            by_key.entry(movement.key).or_default().push(movement);
        }
        for planned in plan {
            let moved = by_key.remove(&planned.reference_id.as_uuid()).unwrap_or_default();
            proof.payment(planned, standings.get(&planned.name).copied(), &moved);
        }
        for (key, moved) in by_key {
            proof.paid_twice += moved.len();
            proof.findings.push(format!("{key}: money moved under a key that no payment has"));
        }
        if !balanced {
            proof.findings.push(
                "the ledger is not in order: it does not balance, or a name has two movements".to_owned(),
            );
        }
        proof
    }

    fn payment(&mut self, planned: &Planned, standing: Option<Standing>, moved: &[Moved]) {
        match standing {
            Some(Standing::Completed) => self.completed += 1,
            Some(Standing::Failed) => self.failed += 1,
            Some(Standing::Parked) => self.parked += 1,
            _ => {}
        }
        let wrong = match (standing, moved) {
            (_, [_, _, ..]) => {
                self.paid_twice += moved.len() - 1;
                format!("paid {} times", moved.len())
            }
            (Some(Standing::Completed), [movement]) if movement.money == planned.money => return,
            (Some(Standing::Failed | Standing::Parked), []) => return,
            (Some(Standing::Parked), _) => {
                self.parked_but_paid += 1;
                return;
            }
            (standing, moved) => {
                self.lost += 1;
                let says = standing.map_or("nothing", Standing::as_str);
                match moved {
                    [movement] => format!("{} moved, but the journal says {says}", movement.money),
                    _ => format!("nothing moved, but the journal says {says}"),
                }
            }
        };
        let Planned { name, reference_id, money, .. } = planned;
        self.findings.push(format!("{name} ({reference_id}, {money}): {wrong}"));
    }

    /// Whether the promise was kept: nothing twice, nothing lost, everything ended, books that balance.
    pub(crate) fn is_good(&self) -> bool {
        self.paid_twice == 0 && self.lost == 0 && self.balanced && self.findings.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use payonce::ReferenceId;

    use super::super::plan::plan;
    use super::*;

    fn movement(planned: &Planned, reference_id: ReferenceId) -> Moved {
        Moved { key: reference_id.as_uuid(), money: planned.money, at: chrono::DateTime::UNIX_EPOCH }
    }

    /// Judges one payment that the journal says stands so, with so many movements.
    fn judge(standing: Option<Standing>, movements: usize) -> (usize, usize, bool) {
        let plan = plan(Rail::Dollr, 1, 1);
        let standings = standing.map(|standing| (plan[0].name.clone(), standing)).into_iter().collect();
        let movements = vec![movement(&plan[0], plan[0].reference_id); movements];
        let proof = Proof::judge(&plan, &standings, movements, true);
        (proof.paid_twice, proof.lost, proof.is_good())
    }

    #[test]
    fn only_what_the_ledger_and_the_journal_agree_on_is_good() {
        assert_eq!(judge(Some(Standing::Completed), 1), (0, 0, true));
        assert_eq!(judge(Some(Standing::Failed), 0), (0, 0, true));
        assert_eq!(judge(Some(Standing::Parked), 0), (0, 0, true));
        assert_eq!(judge(Some(Standing::Parked), 1), (0, 0, true));
        assert_eq!(judge(Some(Standing::Completed), 2), (1, 0, false));
        assert_eq!(judge(Some(Standing::Parked), 3), (2, 0, false));
        for (standing, movements) in [
            (Some(Standing::Completed), 0),
            (Some(Standing::Failed), 1),
            (Some(Standing::Pending), 1),
            (Some(Standing::Sending), 0),
            (None, 1),
            (None, 0),
        ] {
            assert_eq!(judge(standing, movements), (0, 1, false), "{standing:?} and {movements} movements");
        }
    }

    #[test]
    fn a_movement_under_another_key_or_of_another_amount_is_not_good() {
        let plan = plan(Rail::Dollr, 1, 2);
        let standings: HashMap<_, _> = plan.iter().map(|p| (p.name.clone(), Standing::Completed)).collect();
        let right = |p: &Planned| movement(p, p.reference_id);
        let good = Proof::judge(&plan, &standings, plan.iter().map(right).collect(), true);
        assert!(good.is_good(), "{good:?}");

        let stray = movement(&plan[0], Uuid::from_u128(7).into());
        let twice = Proof::judge(&plan, &standings, plan.iter().map(right).chain([stray]).collect(), true);
        assert_eq!((twice.paid_twice, twice.is_good()), (1, false));

        let other = movement(&plan[1], plan[0].reference_id);
        let wrong = Proof::judge(&plan, &standings, vec![other, right(&plan[1])], true);
        assert_eq!((wrong.lost, wrong.is_good()), (1, false));

        let unbalanced = Proof::judge(&plan, &standings, plan.iter().map(right).collect(), false);
        assert!(!unbalanced.is_good());
    }
}
