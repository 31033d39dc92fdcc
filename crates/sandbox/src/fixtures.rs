//! Fixtures of one's own: a JSON file whose merchants, wallets, parties, accounts, invoices and orders are there when a
//! sandbox begins and again after a reset, on top of the built-in ones or instead of them. [`Builder::seed_file`] shows
//! the format.
//!
//! A file is checked whole before anything of it is used, and what is wrong is said with where it is.
//!
//! [`Builder::seed_file`]: crate::Builder::seed_file

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use dollr_raw::Amount;
use rusqlite::{Connection, params};
use serde::Deserialize;

use crate::ledger::{Kind, post};
use crate::methods::method;
use crate::money::Cents;
use crate::seed::{CLIENT_SECRET, MERCHANT};

/// What a file holds. Every list may be left out; `merchant_id` is 42 where it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixtures {
    #[serde(default = "yes")]
    pub(crate) builtin: bool,
    #[serde(default)]
    merchants: Vec<MerchantFixture>,
    #[serde(default)]
    wallets: Vec<Wallet>,
    #[serde(default)]
    parties: Vec<Party>,
    #[serde(default)]
    counterparties: Vec<Counterparty>,
    #[serde(default)]
    payment_accounts: Vec<Account>,
    #[serde(default)]
    invoices: Vec<Source>,
    #[serde(default)]
    orders: Vec<Source>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MerchantFixture {
    id: i64,
    #[serde(default = "organization")]
    kind: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    client_id: String,
    #[serde(default = "secret")]
    client_secret: String,
    #[serde(default = "yes")]
    verified: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wallet {
    id: i64,
    #[serde(default = "merchant")]
    merchant_id: i64,
    currency: String,
    balance: Amount,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Party {
    id: i64,
    #[serde(default = "merchant")]
    merchant_id: i64,
    fullname: String,
    phone: Option<String>,
    email: Option<String>,
    country_code: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counterparty {
    id: i64,
    #[serde(default = "merchant")]
    merchant_id: i64,
    party_id: i64,
    #[serde(default = "customer")]
    relationship_type: String,
    #[serde(default = "active")]
    wallet_status: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    id: i64,
    #[serde(default = "merchant")]
    merchant_id: i64,
    party_id: i64,
    account_name: String,
    method: String,
    provider: String,
    country_code: Option<String>,
    number: Option<String>,
    #[serde(default = "yes")]
    is_active: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    id: i64,
    #[serde(default = "merchant")]
    merchant_id: i64,
    number: String,
    counterparty_id: i64,
    currency: String,
    note: String,
    #[serde(default = "active")]
    status: String,
    #[serde(default = "payer")]
    fee_bearer: String,
    #[serde(default)]
    as_payment_link: bool,
    items: Vec<Item>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: String,
    #[serde(default = "one")]
    qty: i64,
    amount: Amount,
}

fn yes() -> bool {
    true
}

fn one() -> i64 {
    1
}

fn merchant() -> i64 {
    MERCHANT.id
}

fn organization() -> String {
    "ORGANIZATION".to_owned()
}

fn secret() -> String {
    CLIENT_SECRET.to_owned()
}

fn customer() -> String {
    "CUSTOMER".to_owned()
}

fn active() -> String {
    "ACTIVE".to_owned()
}

fn payer() -> String {
    "PAYER".to_owned()
}

impl Default for Fixtures {
    fn default() -> Self {
        Self {
            builtin: true,
            merchants: Vec::new(),
            wallets: Vec::new(),
            parties: Vec::new(),
            counterparties: Vec::new(),
            payment_accounts: Vec::new(),
            invoices: Vec::new(),
            orders: Vec::new(),
        }
    }
}

impl Fixtures {
    /// Reads and checks a file's text; the error says what is wrong and where.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let fixtures: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut wrong = Vec::new();
        fixtures.check(&mut wrong);
        if wrong.is_empty() { Ok(fixtures) } else { Err(wrong.join("; ")) }
    }

    fn check(&self, wrong: &mut Vec<String>) {
        if !self.builtin && self.merchants.is_empty() {
            wrong.push("merchants: without the built-in one there has to be another".to_owned());
        }
        for (at, merchant) in self.merchants.iter().enumerate() {
            one_of(
                wrong,
                &format!("merchants[{at}].kind"),
                &merchant.kind,
                &["MICRO_ORGANIZATION", "ORGANIZATION"],
            );
            for (field, value) in
                [("client_id", &merchant.client_id), ("client_secret", &merchant.client_secret)]
            {
                // Never the value: it may be a real secret.
                if !value.starts_with("sandbox") {
                    wrong.push(format!(
                        "merchants[{at}].{field}: has to begin with \"sandbox\", so that nobody puts a real one here"
                    ));
                }
            }
        }
        for (at, wallet) in self.wallets.iter().enumerate() {
            currency(wrong, &format!("wallets[{at}].currency"), &wallet.currency);
            if Cents::exactly(wallet.balance.decimal()).is_none_or(|balance| balance.0 < 0) {
                wrong.push(format!("wallets[{at}].balance: is not an amount of 0 or more with two decimals"));
            }
        }
        for (at, counterparty) in self.counterparties.iter().enumerate() {
            let statuses = ["ACTIVE", "RESTRICTED", "FROZEN", "CLOSED"];
            one_of(
                wrong,
                &format!("counterparties[{at}].wallet_status"),
                &counterparty.wallet_status,
                &statuses,
            );
        }
        for (at, account) in self.payment_accounts.iter().enumerate() {
            match method(&account.method) {
                None => wrong.push(format!("payment_accounts[{at}].method: there is no such method")),
                Some(method) if !method.offered_by(&account.provider) => {
                    wrong.push(format!("payment_accounts[{at}].provider: does not offer {}", method.name));
                }
                Some(_) => {}
            }
        }
        for (list, sources) in [("invoices", &self.invoices), ("orders", &self.orders)] {
            for (at, source) in sources.iter().enumerate() {
                source.check(wrong, &format!("{list}[{at}]"));
            }
        }
        unique(wrong, "merchants", self.merchants.iter().map(|row| row.id));
        unique(wrong, "wallets", self.wallets.iter().map(|row| row.id));
        unique(wrong, "parties", self.parties.iter().map(|row| row.id));
        unique(wrong, "counterparties", self.counterparties.iter().map(|row| row.id));
        unique(wrong, "payment_accounts", self.payment_accounts.iter().map(|row| row.id));
        unique(wrong, "invoices", self.invoices.iter().map(|row| row.id));
        unique(wrong, "orders", self.orders.iter().map(|row| row.id));
    }

    /// Adds everything to a database that may hold the built-in fixtures. What points nowhere, or takes an id or a
    /// number that is taken, is an error of the database's.
    pub(crate) fn insert(&self, db: &Connection, now: DateTime<Utc>) -> Result<(), rusqlite::Error> {
        let at = now.timestamp_micros();
        for (index, row) in self.merchants.iter().enumerate() {
            db.execute(
                "INSERT INTO merchants (id, kind, name, email, phone, client_id, client_secret, verified, tier_id,
                 created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    row.id,
                    row.kind,
                    row.name,
                    row.email,
                    row.phone,
                    row.client_id,
                    row.client_secret,
                    row.verified,
                    MERCHANT.tier_id,
                    at
                ],
            )
            .map_err(|error| placed("merchants", index, error))?;
        }
        for (index, row) in self.wallets.iter().enumerate() {
            db.execute(
                "INSERT INTO wallets (id, merchant_id, currency) VALUES (?1, ?2, ?3)",
                params![row.id, row.merchant_id, row.currency],
            )
            .map_err(|error| placed("wallets", index, error))?;
            let opening = Cents::exactly(row.balance.decimal()).expect("the balance was checked");
            let wallet = format!("wallet:{}", row.id);
            let entries = [("equity:opening", -opening), (wallet.as_str(), opening)];
            post(db, at, Kind::Opening, None, &row.currency, opening, &entries)?;
        }
        for (index, row) in self.parties.iter().enumerate() {
            db.execute(
                "INSERT INTO parties (id, merchant_id, fullname, phone, email, country_code, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
                params![row.id, row.merchant_id, row.fullname, row.phone, row.email, row.country_code, at],
            )
            .map_err(|error| placed("parties", index, error))?;
        }
        for (index, row) in self.counterparties.iter().enumerate() {
            db.execute(
                "INSERT INTO counterparties (id, merchant_id, party_id, relationship_type, wallet_status, created_at,
                 updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                params![row.id, row.merchant_id, row.party_id, row.relationship_type, row.wallet_status, at],
            )
            .map_err(|error| placed("counterparties", index, error))?;
        }
        for (index, row) in self.payment_accounts.iter().enumerate() {
            db.execute(
                "INSERT INTO payment_accounts (id, merchant_id, party_id, account_name, provider, method, country_code,
                 number, is_active, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
                params![
                    row.id,
                    row.merchant_id,
                    row.party_id,
                    row.account_name,
                    row.provider,
                    row.method,
                    row.country_code,
                    row.number,
                    row.is_active,
                    at
                ],
            )
            .map_err(|error| placed("payment_accounts", index, error))?;
        }
        for (kind, sources) in [("INVOICE", &self.invoices), ("ORDER", &self.orders)] {
            let list = if kind == "ORDER" { "orders" } else { "invoices" };
            for (index, row) in sources.iter().enumerate() {
                row.insert(db, kind, at).map_err(|error| placed(list, index, error))?;
            }
        }
        Ok(())
    }
}

impl Source {
    fn check(&self, wrong: &mut Vec<String>, place: &str) {
        currency(wrong, &format!("{place}.currency"), &self.currency);
        // The other states are reached by paying.
        one_of(wrong, &format!("{place}.status"), &self.status, &["IDLE", "ACTIVE", "CANCELED"]);
        one_of(wrong, &format!("{place}.fee_bearer"), &self.fee_bearer, &["PAYER", "PAYEE"]);
        if self.items.is_empty() {
            wrong.push(format!("{place}.items: there is nothing to pay for"));
        }
        for (at, item) in self.items.iter().enumerate() {
            if item.qty < 1 {
                wrong.push(format!("{place}.items[{at}].qty: is less than 1"));
            }
            if Cents::exactly(item.amount.decimal()).is_none_or(|amount| amount.0 < 1) {
                wrong.push(format!(
                    "{place}.items[{at}].amount: is not an amount of 0.01 or more with two decimals"
                ));
            }
        }
    }

    fn insert(&self, db: &Connection, kind: &str, at: i64) -> Result<(), rusqlite::Error> {
        let amount = |item: &Item| Cents::exactly(item.amount.decimal()).expect("the amount was checked").0;
        let total = self
            .items
            .iter()
            .fold(0_i64, |sum, item| sum.saturating_add(amount(item).saturating_mul(item.qty)));
        db.execute(
            "INSERT INTO sources (kind, id, number, merchant_id, counterparty_id, currency, total_amount, status, note,
             fee_bearer, as_payment_link, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
            params![
                kind,
                self.id,
                self.number,
                self.merchant_id,
                self.counterparty_id,
                self.currency,
                total,
                self.status,
                self.note,
                self.fee_bearer,
                self.as_payment_link,
                at
            ],
        )?;
        for item in &self.items {
            db.execute(
                "INSERT INTO items (source_kind, source_id, name, qty, amount, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
                params![kind, self.id, item.name, item.qty, amount(item), at],
            )?;
        }
        Ok(())
    }
}

fn one_of(wrong: &mut Vec<String>, place: &str, value: &str, allowed: &[&str]) {
    if !allowed.contains(&value) {
        wrong.push(format!("{place}: is none of {}", allowed.join(", ")));
    }
}

fn currency(wrong: &mut Vec<String>, place: &str, value: &str) {
    if value.len() != 3 || !value.bytes().all(|letter| letter.is_ascii_uppercase()) {
        wrong.push(format!("{place}: is no ISO 4217 code"));
    }
}

fn unique(wrong: &mut Vec<String>, list: &str, ids: impl Iterator<Item = i64>) {
    let mut seen = HashSet::new();
    for id in ids {
        if id < 1 || !seen.insert(id) {
            wrong.push(format!("{list}: the id {id} is not positive or there twice"));
        }
    }
}

/// An error of the database's in words of the file.
fn placed(list: &str, index: usize, error: rusqlite::Error) -> rusqlite::Error {
    let rusqlite::Error::SqliteFailure(code, said) = error else { return error };
    let why = match code.extended_code {
        rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => "names something that is not there".to_owned(),
        rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE => {
            "its id, number or client is taken".to_owned()
        }
        _ => said.unwrap_or_default(),
    };
    rusqlite::Error::SqliteFailure(code, Some(format!("{list}[{index}]: {why}")))
}
