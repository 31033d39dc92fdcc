//! Checkouts and links: pages of the sandbox on which a customer pays or reads a receipt. Whoever knows the token of a
//! page may see it, so a token is drawn at random and says nothing.
//!
//! [`create`] makes everything a payment needs in one call; [`find`] is how a page comes back to it, and [`pay`] is what
//! its button does: the same account, session and execution that a merchant would make by hand.

use chrono::{DateTime, Utc};
use dollr_raw::enums::RelationshipType;
use rusqlite::{OptionalExtension, Row, params};
use serde_json::json;
use uuid::Uuid;

use crate::accounts::{self, NewAccount};
use crate::counterparties::{self, Counterparty};
use crate::executions::{self, Execution, Operation, Order};
use crate::fees::{self, Asked, Quote, Unpriced};
use crate::ledger::instant;
use crate::merchants::{self, Merchant, MerchantInfo};
use crate::methods::Method;
use crate::money::FeeBearer;
use crate::parties::{self, NewParty, Party};
use crate::problem::Problem;
use crate::sessions;
use crate::sources::{self, ACTIVE, Draft, Item, Name, NewItem, PAID, PROCESSING, Source, SourceKind};
use crate::store::Books;

/// What a page is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To pay, as a merchant's checkout.
    Checkout,
    /// To pay, as a link to a source.
    Pay,
    /// To read the receipt.
    Receipt,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Checkout => "CHECKOUT",
            Self::Pay => "PAY",
            Self::Receipt => "RECEIPT",
        }
    }

    /// The path of a page, which follows the sandbox's URL.
    pub(crate) fn path(self, token: &str) -> String {
        match self {
            Self::Checkout | Self::Pay => format!("/pay/{token}"),
            Self::Receipt => format!("/receipt/{token}"),
        }
    }
}

/// A page as it was made.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: i64,
    pub(crate) token: String,
    pub(crate) purpose: Purpose,
    pub(crate) success_url: Option<String>,
    pub(crate) cancel_url: Option<String>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Everything a checkout is created from.
#[derive(Clone, Debug)]
pub(crate) struct NewCheckout {
    pub(crate) kind: SourceKind,
    pub(crate) hosted: bool,
    pub(crate) party_name: Option<String>,
    pub(crate) party_phone: String,
    pub(crate) party_email: Option<String>,
    pub(crate) relationship: Option<RelationshipType>,
    pub(crate) counterparty_id: Option<i64>,
    pub(crate) reference_id: Option<String>,
    pub(crate) currency: String,
    pub(crate) note: Option<String>,
    pub(crate) due_date: Option<DateTime<Utc>>,
    /// With the quantity 1 each.
    pub(crate) items: Vec<NewItem>,
    pub(crate) success_url: Option<String>,
    pub(crate) cancel_url: Option<String>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// What a checkout has made.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    pub(crate) link: Link,
    pub(crate) source: Source,
    pub(crate) party_id: i64,
}

/// A page with everything it shows.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) link: Link,
    /// Whose page it is: what is done on it is done for this merchant.
    pub(crate) merchant: Merchant,
    pub(crate) merchant_info: MerchantInfo,
    pub(crate) source: Source,
    pub(crate) items: Vec<Item>,
    pub(crate) counterparty: Counterparty,
}

/// Makes a source that is payable at once, and finds or makes the party and counterparty it is for.
pub(crate) fn create(books: &Books<'_>, new: NewCheckout) -> Result<Created, Problem> {
    if new.hosted {
        books.merchant.must_be_verified()?;
    }
    check(books, &new)?;
    let counterparty = match new.counterparty_id {
        Some(id) => known_counterparty(books, id, &new.party_phone)?,
        None => {
            let party = match parties::by_phone(books, &new.party_phone)? {
                Some(party) => party,
                None => new_party(books, &new)?,
            };
            let relationship = new.relationship.clone().unwrap_or(RelationshipType::Customer);
            counterparties::find_or_create(books, party.id, &relationship)?
        }
    };
    let draft = Draft {
        kind: new.kind,
        counterparty_id: counterparty.id,
        reference_id: new.reference_id,
        currency: new.currency,
        note: new.note.unwrap_or_default(),
        fee_bearer: FeeBearer::Payer,
        as_payment_link: new.hosted,
        due_date: new.due_date.filter(|_| new.kind == SourceKind::Invoice),
    };
    let source = sources::create(books, draft)?;
    for item in &new.items {
        sources::insert(books, &source, item)?;
    }
    let source =
        sources::by_id(books, source.kind, source.id)?.expect("a source that was just made is there");
    let source = sources::publish(books, &source)?;
    let link = insert(books, Purpose::Checkout, &source, new.success_url, new.cancel_url, new.expires_at)?;
    Ok(Created { link, source, party_id: counterparty.party.id })
}

fn check(books: &Books<'_>, new: &NewCheckout) -> Result<(), Problem> {
    sources::must_be_currency(&new.currency)?;
    if new.items.is_empty() {
        return Err(Problem::field("items", "ensure this value has at least 1 items"));
    }
    for (index, item) in new.items.iter().enumerate() {
        if item.currency != new.currency {
            let loc = [json!("body"), json!("items"), json!(index), json!("currency")];
            return Err(Problem::at(&loc, "not the currency of the checkout"));
        }
    }
    if new.relationship.as_ref().is_some_and(|relationship| !relationship.is_known()) {
        return Err(Problem::field("party_relationship", "invalid enum"));
    }
    for (field, url) in [("success_url", &new.success_url), ("cancel_url", &new.cancel_url)] {
        if url.as_deref().is_some_and(|url| !is_web_address(url)) {
            return Err(Problem::field(field, "invalid or missing URL scheme"));
        }
    }
    if new.expires_at.is_some_and(|expires_at| expires_at <= books.now) {
        return Err(Problem::field("expires_at", "must be in the future"));
    }
    Ok(())
}

/// A browser is sent to these addresses, so nothing but a page of the web will do.
fn is_web_address(url: &str) -> bool {
    url.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}

fn known_counterparty(books: &Books<'_>, id: i64, phone: &str) -> Result<Counterparty, Problem> {
    let known = counterparties::by_id(books, id)?;
    known
        .filter(|known| known.party.phone.as_deref() == Some(phone))
        .ok_or_else(|| Problem::field("counterparty_id", "not found or not the party with this phone"))
}

fn new_party(books: &Books<'_>, new: &NewCheckout) -> Result<Party, Problem> {
    let named = new.party_name.clone().filter(|name| !name.trim().is_empty());
    let party = NewParty {
        fullname: named.unwrap_or_else(|| new.party_phone.clone()),
        phone: new.party_phone.clone(),
        email: new.party_email.clone(),
        country_code: None,
    };
    parties::create(books, party)
}

/// The link on which a source is paid: it has to be published as one, and not canceled.
pub(crate) fn pay_link(books: &Books<'_>, kind: SourceKind, number: String) -> Result<Link, Problem> {
    let source = linked(books, kind, number)?;
    if !source.as_payment_link {
        return Err(Problem::query("source_number", "not a payment link"));
    }
    if !matches!(source.status.as_str(), ACTIVE | PROCESSING | PAID) {
        return Err(Problem::query("source_number", "not ACTIVE"));
    }
    find_or_insert(books, Purpose::Pay, &source)
}

/// The link to the receipt of a paid source.
pub(crate) fn receipt_link(books: &Books<'_>, kind: SourceKind, number: String) -> Result<Link, Problem> {
    let source = linked(books, kind, number)?;
    if source.status != PAID {
        return Err(Problem::query("source_number", "not PAID"));
    }
    find_or_insert(books, Purpose::Receipt, &source)
}

fn linked(books: &Books<'_>, kind: SourceKind, number: String) -> Result<Source, Problem> {
    books.merchant.must_be_verified()?;
    sources::find(books, kind, &Name::Number(number))?.ok_or_else(|| Problem::not_found("Source not found"))
}

/// The page with this token, if it is for one of these purposes, whoever's it is.
pub(crate) fn find(books: &Books<'_>, token: &str, purposes: &[Purpose]) -> Result<Option<Page>, Problem> {
    let found = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, merchant_id, source_kind, source_id FROM links WHERE token = ?1"
        ))?
        .query_row([token], |row| {
            Ok((
                Link::from_row(row)?,
                row.get::<_, i64>(6)?,
                row.get::<_, SourceKind>(7)?,
                row.get::<_, i64>(8)?,
            ))
        })
        .optional()?;
    let Some((link, merchant, kind, id)) = found.filter(|(link, ..)| purposes.contains(&link.purpose)) else {
        return Ok(None);
    };
    let merchant = merchants::by_id(books, merchant)?.expect("a link belongs to a merchant");
    let books = &books.of(merchant);
    let source = sources::by_id(books, kind, id)?.expect("a link leads to a source of its merchant");
    let counterparty = sources::counterparty(books, &source)?.expect("a source is for a counterparty");
    Ok(Some(Page {
        merchant_info: merchants::info(books)?,
        items: sources::items(books, &source)?,
        link,
        merchant,
        source,
        counterparty,
    }))
}

/// How a customer pays.
#[derive(Clone, Debug)]
pub(crate) struct Paying {
    pub(crate) method: Method,
    pub(crate) currency: String,
    pub(crate) account_name: String,
    /// The number of the wallet; none for a card.
    pub(crate) phone: Option<String>,
}

impl Page {
    /// Whether the page is past its time.
    pub(crate) fn is_expired(&self, now: DateTime<Utc>) -> bool {
        self.link.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// What the customer would pay by this method in this currency: exactly what [`pay`] settles.
    pub(crate) fn quote(&self, method: Method, currency: &str) -> Result<Quote, Unpriced> {
        fees::quote(Asked {
            operation: Operation::Collection,
            method,
            amount: self.source.total_amount,
            currency: &self.source.currency,
            customer_currency: currency,
            bearer: self.source.fee_bearer,
            tier: fees::tier(self.merchant.tier_id),
        })
    }
}

/// Pays the source of a page. The caller makes one `reference_id` for one press of the button, so that a repeated
/// request is one payment.
pub(crate) fn pay(
    books: &Books<'_>,
    page: &Page,
    reference_id: Uuid,
    paying: Paying,
) -> Result<Execution, Problem> {
    let books = &books.of(page.merchant);
    if let Some(known) = executions::find(books, Operation::Collection, reference_id)? {
        return Ok(known);
    }
    if page.is_expired(books.now) || page.link.purpose == Purpose::Receipt {
        return Err(Problem::sentence(http::StatusCode::GONE, "Checkout expired"));
    }
    let account = NewAccount {
        account_name: paying.account_name,
        provider: paying.method.providers[0].to_owned(),
        method: paying.method.name.to_owned(),
        party_id: page.counterparty.party.id,
        country_code: None,
        number: paying.phone,
    };
    let account = accounts::create(books, Operation::Collection, account)?;
    let session = sessions::checkout(books, page.source.kind, page.source.id)?;
    let order = Order {
        operation: Operation::Collection,
        reference_id,
        session_id: session.id.to_string(),
        account: Some(("payment_account_id", account.id.to_string())),
        currency: Some(paying.currency),
        denied: false,
    };
    executions::execute(books, &order)
}

/// The columns of a link, in the order in which they are read.
const COLUMNS: &str = "id, token, purpose, success_url, cancel_url, expires_at";

impl Link {
    fn from_row(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let purpose: String = row.get(2)?;
        let known = [Purpose::Checkout, Purpose::Pay, Purpose::Receipt];
        Ok(Self {
            id: row.get(0)?,
            token: row.get(1)?,
            purpose: known.into_iter().find(|known| known.name() == purpose).unwrap_or(Purpose::Receipt),
            success_url: row.get(3)?,
            cancel_url: row.get(4)?,
            expires_at: row.get::<_, Option<i64>>(5)?.map(instant),
        })
    }
}

fn find_or_insert(books: &Books<'_>, purpose: Purpose, source: &Source) -> Result<Link, Problem> {
    let known = books
        .db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM links WHERE source_kind = ?1 AND source_id = ?2 AND purpose = ?3 LIMIT 1"
        ))?
        .query_row(params![source.kind, source.id, purpose.name()], Link::from_row)
        .optional()?;
    match known {
        Some(known) => Ok(known),
        None => insert(books, purpose, source, None, None, None),
    }
}

fn insert(
    books: &Books<'_>,
    purpose: Purpose,
    source: &Source,
    success_url: Option<String>,
    cancel_url: Option<String>,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Link, Problem> {
    let token = Uuid::new_v4().simple().to_string();
    books
        .db
        .prepare_cached(
            "INSERT INTO links (token, purpose, merchant_id, source_kind, source_id, success_url, cancel_url, expires_at,
             created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            token,
            purpose.name(),
            books.merchant.id,
            source.kind,
            source.id,
            success_url,
            cancel_url,
            expires_at.map(|at| at.timestamp_micros()),
            books.micros(),
        ])?;
    Ok(Link { id: books.db.last_insert_rowid(), token, purpose, success_url, cancel_url, expires_at })
}
