//! The merchant every sandbox begins with. Ids are fixed, so that examples and tests can name them; the table in the
//! crate's documentation lists them.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::executions::Operation;
use crate::fees::{self, Asked};
use crate::ledger::{Kind, post};
use crate::merchants::{Merchant, MerchantKind};
use crate::methods;
use crate::money::{Cents, FeeBearer};
use crate::outcomes::DECLINED_CARD;

/// The client of the merchant that has everything.
pub const CLIENT_ID: &str = "sandbox-client";
/// The client of a merchant that has not been verified: transfers, payouts, refunds, hosted checkouts and links are
/// forbidden to it. Its secret is the same.
pub const UNVERIFIED_CLIENT_ID: &str = "sandbox-unverified";
/// The secret of both clients: public, and good for nothing but a sandbox.
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// The passcode that approves payouts. A word, and not six digits, so that no time of day and no identifier in a log
/// can hold it by accident when a test looks for it there.
pub const PASSCODE: &str = "sandbox-passcode";
/// The phone number the passcode belongs to.
pub const PASSCODE_PHONE: &str = "231770000000";
/// A name for the device that sends payouts; any other does as well.
pub const DEVICE_NAME: &str = "payonce-sandbox";

/// The payee of ordinary payouts.
pub const PAYOUT_ACCOUNT: i64 = 18;
/// The merchant's wallet in USD.
pub const USD_WALLET: i64 = 3;
/// The merchant's wallet in LRD.
pub const LRD_WALLET: i64 = 4;
/// A counterparty whose wallet takes transfers.
pub const COUNTERPARTY: i64 = 15;
/// An invoice of 250.00 USD that can be collected.
pub const INVOICE: i64 = 101;
/// A collection of 250.00 USD that is completed and can be refunded.
pub const COMPLETED_INTENT: i64 = 9001;

/// The merchant that has everything.
pub(crate) const MERCHANT: Merchant =
    Merchant { id: 42, kind: MerchantKind::Organization, verified: true, tier_id: 1 };
/// The merchant that has not been verified.
const UNVERIFIED: Merchant =
    Merchant { id: 5, kind: MerchantKind::MicroOrganization, verified: false, tier_id: 2 };

/// Merchants with their client, name, email and phone.
const MERCHANTS: [(Merchant, &str, &str, &str, &str); 2] = [
    (MERCHANT, CLIENT_ID, "Kamara Trading", "hello@example.com", PASSCODE_PHONE),
    (UNVERIFIED, UNVERIFIED_CLIENT_ID, "Corner Kiosk", "kiosk@example.com", "231770000009"),
];

/// Wallets as (id, currency, opening balance in hundredths).
const WALLETS: [(i64, &str, i64); 4] = [
    (USD_WALLET, "USD", 100_000_000_000_000),
    (LRD_WALLET, "LRD", 100_000_000_000_000),
    (5, "USD", 100),
    (6, "RWF", 0),
];

/// Parties as (id, name, phone, email).
const PARTIES: [(i64, &str, &str, &str); 3] = [
    (42, "Amara Kamara", "231771234567", "amara@example.com"),
    (43, "Blessing Cooper", "231772345678", "blessing@example.com"),
    (44, "Comfort Doe", "231773456789", "comfort@example.com"),
];

/// Counterparties as (id, party, relationship, wallet status).
const COUNTERPARTIES: [(i64, i64, &str, &str); 3] = [
    (COUNTERPARTY, 42, "CUSTOMER", "ACTIVE"),
    (16, 43, "BENEFICIARY", "ACTIVE"),
    (17, 44, "SUPPLIER", "FROZEN"),
];

/// A payment account as (id, name, method, provider, number, active).
type Account = (i64, &'static str, &'static str, &'static str, Option<&'static str>, bool);

const ACCOUNTS: [Account; 11] = [
    (PAYOUT_ACCOUNT, "Amara Kamara", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231771234567"), true),
    (19, "Blessing Cooper", "ORANGE_MONEY_LBR", "ORANGE_MONEY_LBR", Some("231772345678"), true),
    (20, "Comfort Doe", "MTN_MOMO_LBR", "PAWAPAY", Some("231773456789"), true),
    (21, "Declines", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000001"), true),
    (22, "Short Of Funds", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000002"), true),
    (23, "Stuck", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000003"), true),
    (24, "Slow", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000004"), true),
    (25, "Inactive", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000005"), false),
    (26, "At Once", "MTN_MOMO_LBR", "MTN_MOMO_LBR", Some("231770000006"), true),
    (31, "Amara's Card", "CREDIT_CARD", "STRIPE", None, true),
    (32, DECLINED_CARD, "CREDIT_CARD", "STRIPE", None, true),
];

/// Sources as (kind, id, number, currency, total in hundredths, status, fee bearer).
const SOURCES: [(&str, i64, &str, &str, i64, &str, &str); 7] = [
    ("INVOICE", INVOICE, "INV-2025-00042", "USD", 25_000, "ACTIVE", "PAYER"),
    ("INVOICE", 102, "INV-2025-00043", "LRD", 500_000, "ACTIVE", "PAYER"),
    ("INVOICE", 103, "INV-2025-00044", "USD", 10_000, "ACTIVE", "PAYEE"),
    ("INVOICE", 104, "INV-2025-00045", "USD", 10_000, "IDLE", "PAYER"),
    ("INVOICE", 105, "INV-2025-00046", "USD", 10_000, "CANCELED", "PAYER"),
    ("ORDER", 88, "ORD-2025-00088", "LRD", 150_000, "ACTIVE", "PAYER"),
    ("ORDER", 201, "ORD-2025-00201", "USD", 7_550, "ACTIVE", "PAYER"),
];

/// Invoices of 25.00 USD each that can be collected, for whoever needs many.
const PLENTY: std::ops::RangeInclusive<i64> = 111..=160;

/// Collections that are completed and can be refunded, as (intent, account, currency, amount in hundredths).
/// Each has paid the invoice of the same id.
const COLLECTED: [(i64, i64, &str, i64); 4] = [
    (COMPLETED_INTENT, PAYOUT_ACCOUNT, "USD", 25_000),
    (9002, 19, "LRD", 500_000),
    (9003, 31, "USD", 10_000),
    (9004, 21, "USD", 10_000),
];

/// More completed collections of 100.00 USD each.
const COLLECTED_PLENTY: std::ops::RangeInclusive<i64> = 9005..=9050;

/// Fills an empty database.
pub(crate) fn merchant(db: &Connection, now: DateTime<Utc>) -> Result<(), rusqlite::Error> {
    let at = now.timestamp_micros();
    for (merchant, client, name, email, phone) in MERCHANTS {
        db.execute(
            "INSERT INTO merchants (id, kind, name, email, phone, client_id, client_secret, verified, tier_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                merchant.id,
                merchant.kind.name(),
                name,
                email,
                phone,
                client,
                CLIENT_SECRET,
                merchant.verified,
                merchant.tier_id,
                at
            ],
        )?;
    }
    unverified(db, at)?;
    for (id, currency, balance) in WALLETS {
        db.execute(
            "INSERT INTO wallets (id, merchant_id, currency) VALUES (?1, ?2, ?3)",
            params![id, MERCHANT.id, currency],
        )?;
        let wallet = format!("wallet:{id}");
        let opening = Cents(balance);
        post(
            db,
            at,
            Kind::Opening,
            None,
            currency,
            opening,
            &[("equity:opening", -opening), (&wallet, opening)],
        )?;
    }
    for (id, name, phone, email) in PARTIES {
        db.execute(
            "INSERT INTO parties (id, fullname, phone, email, country_code, created_at, updated_at, merchant_id)
             VALUES (?1, ?2, ?3, ?4, 'LR', ?5, ?5, ?6)",
            params![id, name, phone, email, at, MERCHANT.id],
        )?;
    }
    for (id, party, relationship, wallet) in COUNTERPARTIES {
        db.execute(
            "INSERT INTO counterparties (id, party_id, relationship_type, wallet_status, created_at, updated_at,
             merchant_id) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
            params![id, party, relationship, wallet, at, MERCHANT.id],
        )?;
    }
    for (id, name, method, provider, number, active) in ACCOUNTS {
        db.execute(
            "INSERT INTO payment_accounts (id, party_id, account_name, provider, method, country_code, number,
             is_active, created_at, updated_at, merchant_id) VALUES (?1, 42, ?2, ?3, ?4, 'LR', ?5, ?6, ?7, ?7, ?8)",
            params![id, name, provider, method, number, active, at, MERCHANT.id],
        )?;
    }
    for (kind, id, number, currency, total, status, bearer) in SOURCES {
        source(db, at, kind, id, number, currency, Cents(total), status, bearer)?;
    }
    for id in PLENTY {
        source(db, at, "INVOICE", id, &format!("INV-2025-{id:05}"), "USD", Cents(2_500), "ACTIVE", "PAYER")?;
    }
    let plenty = COLLECTED_PLENTY.map(|id| (id, PAYOUT_ACCOUNT, "USD", 10_000));
    for (id, account, currency, amount) in COLLECTED.into_iter().chain(plenty) {
        collected(db, at, id, account, currency, Cents(amount))?;
    }
    // The first session a client opens is number 55, the first payment intent 10001 and the first item 1001.
    db.execute("INSERT OR REPLACE INTO sqlite_sequence (name, seq) VALUES ('sessions', 54)", [])?;
    db.execute("UPDATE sqlite_sequence SET seq = 10000 WHERE name = 'executions'", [])?;
    db.execute("UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'items'", [])?;
    Ok(())
}

/// Adds an invoice or order of counterparty 15.
#[expect(clippy::too_many_arguments, reason = "a row of a table, named by its columns")]
fn source(
    db: &Connection,
    at: i64,
    kind: &str,
    id: i64,
    number: &str,
    currency: &str,
    total: Cents,
    status: &str,
    bearer: &str,
) -> Result<(), rusqlite::Error> {
    db.execute(
        "INSERT INTO sources (kind, id, number, counterparty_id, currency, total_amount, status, note, fee_bearer,
         as_payment_link, created_at, updated_at, merchant_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'Strategy Session', ?8, 1, ?9, ?9, ?10)",
        params![kind, id, number, COUNTERPARTY, currency, total.0, status, bearer, at, MERCHANT.id],
    )?;
    item(db, at, kind, id, total)
}

/// Adds the one item of a seeded source.
fn item(db: &Connection, at: i64, kind: &str, source: i64, amount: Cents) -> Result<(), rusqlite::Error> {
    db.execute(
        "INSERT INTO items (source_kind, source_id, name, qty, amount, created_at, updated_at)
         VALUES (?1, ?2, 'Strategy Session', 1, ?3, ?4, ?4)",
        params![kind, source, amount.0, at],
    )?;
    Ok(())
}

/// Adds what the unverified merchant has: one of each, with ids of their own.
fn unverified(db: &Connection, at: i64) -> Result<(), rusqlite::Error> {
    let merchant = UNVERIFIED.id;
    db.execute("INSERT INTO wallets (id, merchant_id, currency) VALUES (1, ?1, 'USD')", [merchant])?;
    let opening = Cents(100_000);
    let entries = [("equity:opening", -opening), ("wallet:1", opening)];
    post(db, at, Kind::Opening, None, "USD", opening, &entries)?;
    db.execute(
        "INSERT INTO parties (id, merchant_id, fullname, phone, country_code, created_at, updated_at)
         VALUES (11, ?1, 'Esther Flomo', '231771112222', 'LR', ?2, ?2)",
        params![merchant, at],
    )?;
    db.execute(
        "INSERT INTO counterparties (id, merchant_id, party_id, relationship_type, created_at, updated_at)
         VALUES (12, ?1, 11, 'CUSTOMER', ?2, ?2)",
        params![merchant, at],
    )?;
    db.execute(
        "INSERT INTO payment_accounts (id, merchant_id, party_id, account_name, provider, method, country_code, number,
         is_active, created_at, updated_at)
         VALUES (13, ?1, 11, 'Esther Flomo', 'MTN_MOMO_LBR', 'MTN_MOMO_LBR', 'LR', '231771112222', 1, ?2, ?2)",
        params![merchant, at],
    )?;
    db.execute(
        "INSERT INTO sources (kind, id, number, merchant_id, counterparty_id, currency, total_amount, status, note,
         fee_bearer, as_payment_link, created_at, updated_at)
         VALUES ('INVOICE', 14, 'INV-2025-00014', ?1, 12, 'USD', 5000, 'ACTIVE', 'Strategy Session', 'PAYER', 1, ?2, ?2)",
        params![merchant, at],
    )?;
    item(db, at, "INVOICE", 14, Cents(5_000))
}

/// Adds an ACTIVE invoice and returns its id.
pub(crate) fn invoice(
    db: &Connection,
    at: i64,
    total: Cents,
    currency: &str,
) -> Result<i64, rusqlite::Error> {
    let id: i64 =
        db.query_row("SELECT MAX(id) + 1 FROM sources WHERE kind = 'INVOICE'", [], |row| row.get(0))?;
    source(db, at, "INVOICE", id, &format!("INV-2025-{id:05}"), currency, total, "ACTIVE", "PAYER")?;
    Ok(id)
}

/// Adds an active mobile money account with this number, which decides its behaviour, and returns its id.
pub(crate) fn account(db: &Connection, at: i64, phone: &str) -> Result<i64, rusqlite::Error> {
    db.execute(
        "INSERT INTO payment_accounts (party_id, account_name, provider, method, country_code, number, is_active,
         created_at, updated_at, merchant_id)
         VALUES (42, 'Seeded', 'MTN_MOMO_LBR', 'MTN_MOMO_LBR', 'LR', ?1, 1, ?2, ?2, ?3)",
        params![phone, at, MERCHANT.id],
    )?;
    Ok(db.last_insert_rowid())
}

/// Adds a completed collection and the invoice it paid, with the entries a real one leaves.
fn collected(
    db: &Connection,
    at: i64,
    id: i64,
    account: i64,
    currency: &str,
    amount: Cents,
) -> Result<(), rusqlite::Error> {
    let wallet = if currency == "LRD" { LRD_WALLET } else { USD_WALLET };
    let method = if account == 31 { methods::CARD } else { "MTN_MOMO_LBR" };
    let quote = fees::quote(Asked {
        operation: Operation::Collection,
        method: methods::method(method).expect("the seeds use known methods"),
        amount,
        currency,
        customer_currency: currency,
        bearer: FeeBearer::Payer,
        tier: fees::tier(MERCHANT.tier_id),
    })
    .expect("the seeded collections have a price");
    let reference =
        Uuid::from_u128(0x5a4d_b0c5_0000_4000_8000_0000_0000_0000 | u128::from(id.unsigned_abs()));
    source(db, at, "INVOICE", id, &format!("INV-2024-{id:05}"), currency, amount, "PAID", "PAYER")?;
    db.execute(
        "UPDATE sources SET paid_at = ?2, paid_by = ?1 WHERE kind = 'INVOICE' AND id = ?1",
        params![id, at],
    )?;
    db.execute(
        "INSERT INTO executions (id, reference_id, operation, session_id, payment_account_id, wallet_id, source_kind,
         source_id, status, amount, payer_amount, payee_amount, platform_fee, gateway_fee, currency, completes,
         verdict_message, gateway_message, created_at, settled_at, merchant_id, fx_fee, payer_currency, payee_currency)
         VALUES (?1, ?2, 'COLLECTION', 0, ?3, ?4, 'INVOICE', ?1, 'COMPLETED', ?5, ?6, ?7, ?8, ?9, ?10, 1, 'approved',
         'approved', ?11, ?11, ?12, 0, ?10, ?10)",
        params![
            id,
            reference.into_bytes(),
            account,
            wallet,
            amount.0,
            quote.payer.0,
            quote.payee.0,
            quote.platform_fee.0,
            quote.gateway_fee.0,
            currency,
            at,
            MERCHANT.id
        ],
    )?;
    let (payer, wallet) = (format!("account:{account}"), format!("wallet:{wallet}"));
    let entries = [
        (payer.as_str(), -quote.payer),
        (&wallet, quote.payee),
        ("fees:platform", quote.platform_fee),
        ("fees:gateway", quote.gateway_fee),
    ];
    post(db, at, Kind::Opening, Some(id), currency, amount, &entries)
}
