//! What a reconciliation found: data, and a table for people.

use std::fmt;

use payonce::{Error, Money, Name, Operation, ParkReason, Receipt, ReferenceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::orders::Source;
use crate::status::ExecutionStatus;

/// The outcome of a reconciliation. Its `Display` is a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reconciliation {
    /// From when on, this moment included.
    pub from: Timestamp,
    /// Until when, this moment not included.
    pub to: Timestamp,
    /// How many attempts at payments were asked about.
    pub payments: usize,
    /// How many invoices and orders were paid in the period.
    pub documents: usize,
    /// What does not agree, or has not ended: payments in the order in which they were recorded, then documents.
    pub differences: Vec<Difference>,
}

/// The attempt at a payment that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Compared {
    /// The payment's permanent name.
    pub name: Name,
    /// Which movement.
    pub operation: Operation,
    /// The key of the attempt.
    pub reference_id: ReferenceId,
}

/// What moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Moved {
    /// What the payer was charged.
    pub payer_amount: Money,
    /// What the payee received.
    pub payee_amount: Money,
}

impl From<&Receipt> for Moved {
    fn from(receipt: &Receipt) -> Self {
        Self { payer_amount: receipt.payer_amount, payee_amount: receipt.payee_amount }
    }
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.payer_amount == self.payee_amount {
            return write!(f, "{}", self.payer_amount);
        }
        write!(f, "{} charged, {} received", self.payer_amount, self.payee_amount)
    }
}

/// One thing that does not agree, or has not ended. `there: None` means that the provider knows no such key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference {
    /// Both have it completed, with other amounts.
    AmountDiffers {
        /// Which.
        payment: Compared,
        /// By the journal.
        here: Moved,
        /// By the provider.
        there: Moved,
    },
    /// Completed by the journal alone.
    CompletedHereOnly {
        /// Which.
        payment: Compared,
        /// By the journal.
        here: Moved,
        /// How it stands with the provider.
        there: Option<ExecutionStatus>,
    },
    /// Completed by the provider alone: the journal has it open, failed, or does not know it. Resume an open one; and
    /// do not pay one that is unknown again.
    CompletedThereOnly {
        /// Which.
        payment: Compared,
        /// By the provider.
        there: Moved,
    },
    /// The collection did not complete, and its invoice or order is paid.
    PaidByOtherMeans {
        /// Which.
        payment: Compared,
        /// What it was for.
        source: Source,
        /// The number the provider gave it.
        number: String,
        /// What it comes to.
        total: Money,
        /// When it was paid.
        paid_at: Option<Timestamp>,
    },
    /// An invoice or order that was paid, and by no collection of the journal.
    PaidThereOnly {
        /// Which.
        source: Source,
        /// The number the provider gave it.
        number: String,
        /// What it comes to.
        total: Money,
        /// When it was paid.
        paid_at: Timestamp,
    },
    /// Neither has ended it.
    StillOpen {
        /// Which.
        payment: Compared,
        /// How it stands with the provider.
        there: Option<ExecutionStatus>,
    },
    /// A person must decide.
    Parked {
        /// Which.
        payment: Compared,
        /// Why.
        reason: ParkReason,
        /// How it stands with the provider.
        there: Option<ExecutionStatus>,
        /// What the provider has moved, if it completed it.
        moved: Option<Moved>,
    },
    /// Expected by name, and paid by neither.
    NotPaid {
        /// Which.
        payment: Compared,
        /// How it stands with the provider.
        there: Option<ExecutionStatus>,
    },
    /// The provider could not be asked about it. Reconcile again.
    Unanswered {
        /// Which.
        payment: Compared,
        /// Why.
        error: String,
    },
}

impl Difference {
    pub(super) fn unanswered(payment: Compared, error: &Error) -> Self {
        Self::Unanswered { payment, error: error.message().to_owned() }
    }

    /// The payment it is about, if it is about one of ours.
    pub fn payment(&self) -> Option<&Compared> {
        match self {
            Self::AmountDiffers { payment, .. }
            | Self::CompletedHereOnly { payment, .. }
            | Self::CompletedThereOnly { payment, .. }
            | Self::PaidByOtherMeans { payment, .. }
            | Self::StillOpen { payment, .. }
            | Self::Parked { payment, .. }
            | Self::NotPaid { payment, .. }
            | Self::Unanswered { payment, .. } => Some(payment),
            Self::PaidThereOnly { .. } => None,
        }
    }

    /// What, here and there, in a few words each.
    fn words(&self) -> [String; 3] {
        let stands = |there: &Option<ExecutionStatus>| match there {
            Some(status) => status.to_string(),
            None => "unknown".to_owned(),
        };
        match self {
            Self::AmountDiffers { here, there, .. } => {
                ["amount differs".to_owned(), here.to_string(), there.to_string()]
            }
            Self::CompletedHereOnly { here, there, .. } => {
                ["completed here only".to_owned(), here.to_string(), stands(there)]
            }
            Self::CompletedThereOnly { there, .. } => {
                ["completed there only".to_owned(), "-".to_owned(), there.to_string()]
            }
            Self::PaidByOtherMeans { number, total, .. } => {
                ["paid by other means".to_owned(), "-".to_owned(), format!("{number} over {total} is paid")]
            }
            Self::PaidThereOnly { total, .. } => {
                ["paid there only".to_owned(), "unknown".to_owned(), format!("{total} is paid")]
            }
            Self::StillOpen { there, .. } => ["still open".to_owned(), "open".to_owned(), stands(there)],
            Self::Parked { reason, there, moved, .. } => {
                let there = moved.as_ref().map_or_else(|| stands(there), ToString::to_string);
                ["parked".to_owned(), reason.to_string(), there]
            }
            Self::NotPaid { there, .. } => ["not paid".to_owned(), "unknown".to_owned(), stands(there)],
            Self::Unanswered { error, .. } => ["unanswered".to_owned(), "-".to_owned(), error.clone()],
        }
    }

    fn row(&self) -> [String; 4] {
        let which = match self {
            Self::PaidThereOnly { source, number, .. } => format!("{source} ({number})"),
            _ => self
                .payment()
                .map(|payment| format!("{} {}", payment.operation, payment.name))
                .unwrap_or_default(),
        };
        let [what, here, there] = self.words();
        [what, which, here, there]
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [what, which, here, there] = self.row();
        write!(f, "{which}: {what}: here {here}, there {there}")
    }
}

impl fmt::Display for Reconciliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, payments, documents, differences } = self;
        let count = differences.len();
        let [from, to] = [from, to].map(|at| at.format("%F %T"));
        writeln!(f, "{from} to {to} UTC: {payments} payments and {documents} paid documents compared")?;
        if count == 0 {
            return write!(f, "everything agrees");
        }
        let head = ["difference", "which", "here", "there"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head).chain(differences.iter().map(Difference::row)).collect();
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let [what, which, here] = [width(0), width(1), width(2)];
        for row in &rows {
            writeln!(f, "{:what$}  {:which$}  {:here$}  {}", row[0], row[1], row[2], row[3])?;
        }
        write!(f, "{count} {}", if count == 1 { "difference" } else { "differences" })
    }
}
