//! Sums over the lines of a file: how many stand how, and how much money that is, per rail and currency.

use std::collections::BTreeMap;

use payonce::Money;
use payonce::journal::Standing;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::exit::Exit;
use crate::rail::Rail;

/// How a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stands {
    /// No money moved, and nothing more will happen by itself.
    Failed,
    /// A person must decide.
    Parked,
    /// Recorded, and not ended.
    UnderWay,
    /// Nothing of it was sent.
    NotSent,
    /// The money moved.
    Paid,
}

impl Stands {
    /// All of them, those that want somebody first.
    pub(crate) const ALL: [Self; 5] = [Self::Failed, Self::Parked, Self::UnderWay, Self::NotSent, Self::Paid];

    pub(crate) fn of(standing: Option<Standing>) -> Self {
        match standing {
            None => Self::NotSent,
            Some(Standing::Completed) => Self::Paid,
            Some(Standing::Failed) => Self::Failed,
            Some(Standing::Parked) => Self::Parked,
            Some(_) => Self::UnderWay,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Parked => "parked",
            Self::UnderWay => "under way",
            Self::NotSent => "not sent",
            Self::Paid => "paid",
        }
    }

    /// The exit code of a run that left lines so.
    fn exit(self) -> Exit {
        match self {
            Self::Failed => Exit::Failed,
            Self::Parked => Exit::Parked,
            Self::UnderWay | Self::NotSent => Exit::UnderWay,
            Self::Paid => Exit::Done,
        }
    }
}

/// A number of lines and what they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) lines: u64,
    pub(crate) amount: Decimal,
}

/// One line of the sums, as `--json` shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    pub(crate) status: Stands,
    pub(crate) rail: Rail,
    pub(crate) currency: String,
    pub(crate) lines: u64,
    pub(crate) amount: String,
}

/// The sums.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(BTreeMap<(Stands, Rail, String), Sum>);

impl Tally {
    pub(crate) fn add(&mut self, stands: Stands, rail: Rail, amount: Money) {
        let sum = self.0.entry((stands, rail, amount.currency().to_string())).or_default();
        sum.lines += 1;
        // Amounts that cannot be added up are shown as the most there is, which nobody takes for a sum.
        sum.amount = sum.amount.checked_add(amount.amount()).unwrap_or(Decimal::MAX);
    }

    /// A line that was added stands so no more.
    pub(crate) fn take(&mut self, stands: Stands, rail: Rail, amount: Money) {
        let sum = self.0.entry((stands, rail, amount.currency().to_string())).or_default();
        sum.lines = sum.lines.saturating_sub(1);
        sum.amount = sum.amount.checked_sub(amount.amount()).unwrap_or_default();
    }

    /// How many lines stand so.
    pub(crate) fn lines(&self, stands: Stands) -> u64 {
        self.0.iter().filter(|((of, ..), _)| *of == stands).map(|(_, sum)| sum.lines).sum()
    }

    /// How many lines there are.
    pub(crate) fn all(&self) -> u64 {
        self.0.values().map(|sum| sum.lines).sum()
    }

    /// The rails that lines go over.
    pub(crate) fn rails(&self) -> Vec<Rail> {
        [Rail::Dollr, Rail::Dwolla].into_iter().filter(|rail| self.has(*rail)).collect()
    }

    /// Whether a line goes over that rail.
    pub(crate) fn has(&self, rail: Rail) -> bool {
        self.0.keys().any(|(_, on, _)| *on == rail)
    }

    /// What the lines that stand so come to: `1250.00 USD, 3000 RWF`.
    pub(crate) fn money(&self, stands: Stands) -> String {
        let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
        for ((of, _, currency), sum) in &self.0 {
            if *of == stands {
                let all = sums.entry(currency).or_default();
                *all = all.checked_add(sum.amount).unwrap_or(Decimal::MAX);
            }
        }
        let sums: Vec<_> =
            sums.into_iter().map(|(currency, amount)| format!("{amount} {currency}")).collect();
        if sums.is_empty() { "nothing".to_owned() } else { sums.join(", ") }
    }

    /// Everything, those that want somebody first.
    pub(crate) fn parts(&self) -> Vec<Part> {
        let part = |((status, rail, currency), sum): (&(Stands, Rail, String), &Sum)| Part {
            status: *status,
            rail: *rail,
            currency: currency.clone(),
            lines: sum.lines,
            amount: sum.amount.to_string(),
        };
        self.0.iter().map(part).collect()
    }

    /// Everything as text, one line each.
    pub(crate) fn text(&self) -> Vec<String> {
        let lines = |part: Part| {
            let Part { status, rail, currency, lines, amount } = part;
            format!("  {:<9}  {lines:>9}  {amount:>18} {currency} on {rail}", status.as_str())
        };
        self.parts().into_iter().map(lines).collect()
    }

    /// The exit code of a run that ended like this: the worst of 5, 4, 3 and 0.
    pub(crate) fn exit(&self) -> Exit {
        self.0.keys().map(|(stands, ..)| stands.exit()).max().unwrap_or(Exit::Done)
    }
}
