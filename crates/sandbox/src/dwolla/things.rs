//! What the provider knows about: whom money belongs to, where it is kept, and how it moves.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::table::Row;

/// Who money belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Owner {
    /// The application's own account.
    Account,
    Customer(Uuid),
}

/// What a customer may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CustomerType {
    Unverified,
    ReceiveOnly,
    Personal,
    Business,
}

/// How a customer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CustomerStatus {
    Unverified,
    Verified,
    Suspended,
    Deactivated,
}

/// A customer of the application.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) id: Uuid,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
    pub(crate) business_name: Option<String>,
    pub(crate) kind: CustomerType,
    pub(crate) status: CustomerStatus,
    pub(crate) created: DateTime<Utc>,
}

impl CustomerType {
    /// Whether the provider has checked who it is, which is what a balance takes.
    pub(crate) fn is_verified(self) -> bool {
        matches!(self, Self::Personal | Self::Business)
    }
}

impl Customer {
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.status, CustomerStatus::Unverified | CustomerStatus::Verified)
    }
}

/// Where money is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// With the provider.
    Balance,
    Bank {
        routing_number: String,
        account_number: String,
        /// `checking`, `savings`, `general-ledger` or `loan`.
        account_type: String,
    },
}

/// A funding source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FundingSource {
    pub(crate) id: Uuid,
    /// Counts in the order in which they were made.
    pub(crate) number: u64,
    pub(crate) owner: Owner,
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) verified: bool,
    pub(crate) removed: bool,
    pub(crate) created: DateTime<Utc>,
}

impl FundingSource {
    pub(crate) fn is_bank(&self) -> bool {
        self.place != Place::Balance
    }

    /// Its account in the books.
    pub(crate) fn account(&self) -> String {
        format!("{}:{}", if self.is_bank() { "bank" } else { "balance" }, self.id)
    }
}

/// Where a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Payee {
    FundingSource(Uuid),
    /// Somebody the provider does not know, who may claim it.
    Email(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Pending,
    Processed,
    Failed,
    Cancelled,
    Reclaimed,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processed => "processed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Reclaimed => "reclaimed",
        }
    }
}

/// What happens to a transfer next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    /// The bank it comes from is debited.
    Debit,
    /// The bank it goes to is credited.
    Credit,
    /// A bank sends it back although it was settled.
    LateReturn,
    /// Nobody has claimed it, and it goes back.
    Reclaim,
}

/// Which side of a transfer something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Source,
    Destination,
}

/// Why a transfer failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    /// The bank that sent it back.
    pub(crate) bank: Uuid,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clearing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) destination: Option<String>,
}

/// A transfer: of a payment, of a fee for one, or of a step of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) id: Uuid,
    /// Counts in the order in which they were made.
    pub(crate) number: u64,
    pub(crate) cents: i64,
    pub(crate) source: Uuid,
    pub(crate) destination: Payee,
    pub(crate) created: DateTime<Utc>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) clearing: Option<Clearing>,
    pub(crate) correlation_id: Option<String>,
    /// The `Idempotency-Key` it was made under.
    pub(crate) key: Option<String>,
    /// The payment that this is a fee for.
    pub(crate) fee_of: Option<Uuid>,
    pub(crate) fees: Vec<Uuid>,
    /// The payment that this brings from a bank, or to one.
    #[serde(default)]
    pub(crate) leg_of: Option<Uuid>,
    /// The transfer that brought the money to where this one takes it from.
    pub(crate) funded_by: Option<Uuid>,
    /// The transfer that takes the money on.
    pub(crate) funds: Option<Uuid>,
    /// Until when it can be cancelled, if it ever could be.
    pub(crate) cancellable_until: Option<DateTime<Utc>>,
    pub(crate) next: Option<Step>,
    /// When that happens by itself.
    pub(crate) due: Option<DateTime<Utc>>,
    /// Whether a bank has heard of it.
    pub(crate) begun: bool,
    /// Each status and when it was reached, the oldest first. Never empty.
    pub(crate) history: Vec<(DateTime<Utc>, Status)>,
    pub(crate) failure: Option<Failure>,
}

impl Transfer {
    /// Whether it is what somebody asked for, and not what came of that.
    pub(crate) fn is_payment(&self) -> bool {
        self.fee_of.is_none() && self.leg_of.is_none()
    }

    pub(crate) fn status(&self) -> Status {
        self.history.last().map_or(Status::Pending, |(_, status)| *status)
    }

    /// The status as somebody saw it who looked at this instant; nothing when it did not exist.
    pub(crate) fn status_at(&self, at: DateTime<Utc>) -> Option<Status> {
        self.history.iter().rev().find(|(since, _)| *since <= at).map(|(_, status)| *status)
    }

    /// Whether it can be cancelled at this instant.
    pub(crate) fn is_cancellable(&self, at: DateTime<Utc>) -> bool {
        self.status() == Status::Pending
            && !self.begun
            && self.cancellable_until.is_some_and(|until| at < until)
    }
}

/// A bearer token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) token: String,
    pub(crate) expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

macro_rules! row {
    ($($thing:ty, $kind:literal, $key:ty, $member:ident;)*) => {
        $(impl Row for $thing {
            const KIND: &'static str = $kind;
            type Key = $key;

            fn key(&self) -> $key {
                self.$member.clone()
            }
        })*
    };
}

row! {
    Customer, "customer", Uuid, id;
    FundingSource, "funding-source", Uuid, id;
    Transfer, "transfer", Uuid, id;
    Token, "token", String, token;
}
