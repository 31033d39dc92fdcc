//! What a reconciliation found: data, and a table for people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::money::Money;
use crate::name::{Name, Operation, ReferenceId};
use crate::step::{Failure, ParkReason, Receipt, Timestamp};

/// The outcome of a reconciliation. Its `Display` is a table. `D` is what the rail pays documents by, such as invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "facades add what their provider can list")]
pub struct Reconciliation<D = NoDocument> {
    /// From when on, this moment included.
    pub from: Timestamp,
    /// Until when, this moment not included.
    pub to: Timestamp,
    /// How many attempts at payments were asked about.
    pub payments: usize,
    /// How many documents were paid in the period.
    pub documents: usize,
    /// What does not agree, or has not ended: names that were expected, payments in the order in which they were recorded,
    /// then what was paid by other means, then documents.
    pub differences: Vec<Difference<D>>,
}

/// A rail on which no documents are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_enums, reason = "there are none")]
pub enum NoDocument {}

impl fmt::Display for NoDocument {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// The attempt at a payment that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::exhaustive_structs, reason = "facades ask about keys of their own accord")]
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
#[allow(clippy::exhaustive_structs, reason = "facades build it from what their provider shows")]
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

/// How the journal says that an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a comparison must treat each")]
pub enum Here {
    /// It does not know the key.
    Unknown,
    /// It has not ended.
    Open,
    /// The money moved.
    Completed(Moved),
    /// It did not.
    Failed,
    /// A person must decide.
    Parked(ParkReason),
}

/// How an attempt stands with the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::exhaustive_enums, reason = "a comparison must treat each")]
pub enum There {
    /// The provider knows no such key.
    Unknown,
    /// It has it and has not ended it.
    Pending,
    /// The money moved.
    Completed(Moved),
    /// It did not and will not.
    Failed(Failure),
}

impl fmt::Display for There {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Pending => f.write_str("pending"),
            Self::Completed(moved) => moved.fmt(f),
            Self::Failed(failure) => write!(f, "failed: {}", failure.reason),
        }
    }
}

/// One thing that does not agree, or has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Difference<D = NoDocument> {
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
        there: There,
    },
    /// Completed by the provider alone: the journal has it open, failed, or does not know it. Resume an open one; and
    /// do not pay one that is unknown again.
    CompletedThereOnly {
        /// Which.
        payment: Compared,
        /// By the provider.
        there: Moved,
    },
    /// The payment did not complete, and its document is paid.
    PaidByOtherMeans {
        /// Which.
        payment: Compared,
        /// What it was for.
        source: D,
        /// The number the provider gave it.
        number: String,
        /// What it comes to.
        total: Money,
        /// When it was paid.
        paid_at: Option<Timestamp>,
    },
    /// A document that was paid, and by no payment of the journal.
    PaidThereOnly {
        /// Which.
        source: D,
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
        there: There,
    },
    /// The journal's record of a payment cannot be read: it is damaged, or in a month of the archive that is not there. So
    /// it was not compared. Mend the journal and reconcile again; do not pay it by another name.
    Unreadable {
        /// Which, if that can be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<Compared>,
        /// What is wrong with its record, and what to do, in the journal's words.
        error: String,
        /// How its first attempt stands with the provider, where that can be asked by its key alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        there: Option<There>,
    },
    /// Records of payments that documents are paid by cannot be read, of whatever period: a document that is said here to be
    /// paid by none of the journal's payments may have been paid by one of them.
    DocumentsInDoubt {
        /// How many payments.
        payments: usize,
        /// What is wrong with the record of one of them, and what to do, in the journal's words.
        error: String,
    },
    /// A person must decide.
    Parked {
        /// Which.
        payment: Compared,
        /// Why.
        reason: ParkReason,
        /// How it stands with the provider.
        there: There,
    },
    /// Expected by name, and paid by neither.
    NotPaid {
        /// Which.
        payment: Compared,
        /// How it stands with the provider.
        there: There,
    },
    /// The provider could not be asked about it. Reconcile again.
    Unanswered {
        /// Which.
        payment: Compared,
        /// Why.
        error: String,
    },
}

impl<D> Difference<D> {
    /// What differs between the two words on one attempt, if anything does.
    pub fn between(payment: Compared, here: Here, there: Result<There, Error>) -> Option<Self> {
        let there = match there {
            Ok(there) => there,
            Err(error) => return Some(Self::unanswered(payment, &error)),
        };
        match (here, there) {
            (Here::Parked(reason), there) => Some(Self::Parked { payment, reason, there }),
            (Here::Completed(here), There::Completed(there)) => {
                (here != there).then_some(Self::AmountDiffers { payment, here, there })
            }
            (Here::Completed(here), there) => Some(Self::CompletedHereOnly { payment, here, there }),
            (_, There::Completed(there)) => Some(Self::CompletedThereOnly { payment, there }),
            (Here::Unknown, there) => Some(Self::NotPaid { payment, there }),
            (Here::Open, there) => Some(Self::StillOpen { payment, there }),
            (Here::Failed, _) => None,
        }
    }

    /// That it could not be asked about.
    pub fn unanswered(payment: Compared, error: &Error) -> Self {
        Self::Unanswered { payment, error: error.message().to_owned() }
    }

    /// That the journal's record of a payment cannot be read.
    pub fn unreadable(payment: Compared, error: &Error) -> Self {
        Self::Unreadable { payment: Some(payment), error: error.message().to_owned(), there: None }
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
            Self::Unreadable { payment, .. } => payment.as_ref(),
            Self::PaidThereOnly { .. } | Self::DocumentsInDoubt { .. } => None,
        }
    }

    /// A rank: the lower, the more it concerns money that went where it should not, or twice.
    pub fn rank(&self) -> u8 {
        match self {
            Self::CompletedThereOnly { .. } => 0,
            Self::AmountDiffers { .. } => 1,
            Self::CompletedHereOnly { .. } => 2,
            Self::PaidByOtherMeans { .. } => 3,
            Self::PaidThereOnly { .. } => 4,
            Self::DocumentsInDoubt { .. } => 5,
            Self::Unreadable { .. } => 6,
            Self::Parked { .. } => 7,
            Self::NotPaid { .. } => 8,
            Self::Unanswered { .. } => 9,
            Self::StillOpen { .. } => 10,
        }
    }
}

impl<D: fmt::Display> Difference<D> {
    /// What, here and there, in a few words each.
    fn words(&self) -> [String; 3] {
        let words = |what: &str, here: String, there: String| [what.to_owned(), here, there];
        match self {
            Self::AmountDiffers { here, there, .. } => {
                words("amount differs", here.to_string(), there.to_string())
            }
            Self::CompletedHereOnly { here, there, .. } => {
                words("completed here only", here.to_string(), there.to_string())
            }
            Self::CompletedThereOnly { there, .. } => {
                words("completed there only", "-".to_owned(), there.to_string())
            }
            Self::PaidByOtherMeans { number, total, .. } => {
                words("paid by other means", "-".to_owned(), format!("{number} over {total} is paid"))
            }
            Self::PaidThereOnly { total, .. } => {
                words("paid there only", "unknown".to_owned(), format!("{total} is paid"))
            }
            // What the journal says is long, and stands where it makes no column wide.
            Self::Unreadable { error, there, .. } => {
                let there = there.as_ref().map_or_else(|| "not asked".to_owned(), ToString::to_string);
                words("unreadable", "-".to_owned(), format!("{there} ({error})"))
            }
            Self::DocumentsInDoubt { error, .. } => {
                words("documents in doubt", "-".to_owned(), error.clone())
            }
            Self::StillOpen { there, .. } => words("still open", "open".to_owned(), there.to_string()),
            Self::Parked { reason, there, .. } => words("parked", reason.to_string(), there.to_string()),
            Self::NotPaid { there, .. } => words("not paid", "unknown".to_owned(), there.to_string()),
            Self::Unanswered { error, .. } => words("unanswered", "-".to_owned(), error.clone()),
        }
    }

    fn row(&self) -> [String; 4] {
        let which = match (self, self.payment()) {
            (Self::PaidThereOnly { source, number, .. }, _) => format!("{source} ({number})"),
            (Self::DocumentsInDoubt { payments, .. }, _) => format!("{payments} payments"),
            (_, None) => "a payment".to_owned(),
            (_, Some(payment)) => format!("{} {}", payment.operation, payment.name),
        };
        let [what, here, there] = self.words();
        [what, which, here, there]
    }
}

impl<D: fmt::Display> fmt::Display for Difference<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [what, which, here, there] = self.row();
        write!(f, "{which}: {what}: here {here}, there {there}")
    }
}

impl<D: fmt::Display> fmt::Display for Reconciliation<D> {
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
