//! The merchants the sandbox knows. A token belongs to one of them, and so does every row: what another merchant has is
//! as good as not there.

use chrono::{DateTime, Utc};
use http::StatusCode;
use rusqlite::{OptionalExtension, Row, params};

use crate::ledger::instant;
use crate::problem::Problem;
use crate::store::Books;

/// What a merchant is registered as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MerchantKind {
    Organization,
    MicroOrganization,
}

impl MerchantKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Organization => "ORGANIZATION",
            Self::MicroOrganization => "MICRO_ORGANIZATION",
        }
    }
}

/// Who a piece of work is done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Merchant {
    pub(crate) id: i64,
    pub(crate) kind: MerchantKind,
    pub(crate) verified: bool,
    /// The plan of platform fees that is assigned to it.
    pub(crate) tier_id: i64,
}

/// What the public may know of a merchant.
#[derive(Clone, Debug)]
pub(crate) struct MerchantInfo {
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
}

impl Merchant {
    /// Refuses what only a verified merchant may do.
    pub(crate) fn must_be_verified(self) -> Result<(), Problem> {
        if self.verified { Ok(()) } else { Err(Problem::sentence(StatusCode::FORBIDDEN, "Forbidden")) }
    }

    /// Whether a request that names an owner means this merchant.
    pub(crate) fn is(self, kind: &str, id: i64) -> bool {
        self.kind.name() == kind && self.id == id
    }

    /// Reads a merchant from four columns, the first of which is at `at`: id, kind, verified and tier.
    pub(crate) fn from_columns(row: &Row<'_>, at: usize) -> Result<Self, rusqlite::Error> {
        let kind: String = row.get(at + 1)?;
        let micro = kind == MerchantKind::MicroOrganization.name();
        Ok(Self {
            id: row.get(at)?,
            kind: if micro { MerchantKind::MicroOrganization } else { MerchantKind::Organization },
            verified: row.get(at + 2)?,
            tier_id: row.get(at + 3)?,
        })
    }
}

/// The merchant with these credentials.
pub(crate) fn by_credentials(
    books: &Books<'_>,
    client_id: &str,
    client_secret: &str,
) -> Result<Option<Merchant>, Problem> {
    let merchant = books
        .db
        .prepare_cached(
            "SELECT id, kind, verified, tier_id FROM merchants WHERE client_id = ?1 AND client_secret = ?2",
        )?
        .query_row(params![client_id, client_secret], |row| Merchant::from_columns(row, 0))
        .optional()?;
    Ok(merchant)
}

/// The merchant with this id.
pub(crate) fn by_id(books: &Books<'_>, id: i64) -> Result<Option<Merchant>, Problem> {
    let merchant = books
        .db
        .prepare_cached("SELECT id, kind, verified, tier_id FROM merchants WHERE id = ?1")?
        .query_row([id], |row| Merchant::from_columns(row, 0))
        .optional()?;
    Ok(merchant)
}

/// What is known of the merchant the work is done for.
pub(crate) fn info(books: &Books<'_>) -> Result<MerchantInfo, Problem> {
    let info = books
        .db
        .prepare_cached("SELECT name, email, phone, created_at FROM merchants WHERE id = ?1")?
        .query_row([books.merchant.id], |row| {
            Ok(MerchantInfo {
                name: row.get(0)?,
                email: row.get(1)?,
                phone: row.get(2)?,
                created_at: instant(row.get(3)?),
            })
        })?;
    Ok(info)
}

/// The merchant's first wallet in a currency.
pub(crate) fn wallet_in(books: &Books<'_>, currency: &str) -> Result<Option<i64>, Problem> {
    let wallet = books
        .db
        .prepare_cached(
            "SELECT id FROM wallets WHERE merchant_id = ?1 AND currency = ?2 ORDER BY id LIMIT 1",
        )?
        .query_row(params![books.merchant.id, currency], |row| row.get(0))
        .optional()?;
    Ok(wallet)
}

/// The currency of one of the merchant's wallets.
pub(crate) fn wallet_currency(books: &Books<'_>, id: i64) -> Result<Option<String>, Problem> {
    let currency = books
        .db
        .prepare_cached("SELECT currency FROM wallets WHERE id = ?1 AND merchant_id = ?2")?
        .query_row(params![id, books.merchant.id], |row| row.get(0))
        .optional()?;
    Ok(currency)
}
