//! What a line of a file asks for: its cells, read and checked.
//!
//! What must stay true: a cell that the payment has no use for is wrong, and never passed over in silence; nothing is guessed,
//! rounded or trimmed; and every cell of a line that is wrong is told at once.

use std::ops::{Index, IndexMut};
use std::str::FromStr;

use dollr::{Payee, PaymentMethod, Phone};
use dwolla::{CustomerId, Destination, FundingSourceId};
use payonce::{Currency, Money, Name};

use super::Bad;
use super::orders::Order;
use crate::rail::Rail;

macro_rules! columns {
    ($(#[doc = $doc:literal] $column:ident = $name:literal,)+) => {
        /// A column of a file, or a member of an object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Column {
            $(#[doc = $doc] $column,)+
        }

        impl Column {
            const ALL: &[Self] = &[$(Self::$column,)+];

            /// Its name.
            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$column => $name,)+
                }
            }

            /// What it holds.
            fn in_words(self) -> &'static str {
                match self {
                    $(Self::$column => $doc,)+
                }
            }
        }
    };
}

columns! {
    /// The payment's permanent name.
    Name = "name",
    /// Which rail it goes over.
    Rail = "rail",
    /// Which movement it is.
    Operation = "operation",
    /// The payment account of a payout; the account a transfer on dwolla goes to.
    Account = "account",
    /// The phone of a payout to a person.
    Phone = "phone",
    /// Whose phone it is.
    Fullname = "fullname",
    /// How money reaches the phone, or the account, for the preview of fees.
    Method = "method",
    /// The wallet a transfer on dollr is taken from.
    Wallet = "wallet",
    /// Whom a transfer on dollr goes to.
    Counterparty = "counterparty",
    /// What is refunded.
    Intent = "intent",
    /// The bank account or balance a transfer on dwolla is taken from.
    From = "from",
    /// The bank account or balance it goes to.
    FundingSource = "funding_source",
    /// The customer it goes to.
    Customer = "customer",
    /// The address it goes to.
    Email = "email",
    /// How much.
    Amount = "amount",
    /// Of what.
    Currency = "currency",
    /// The file's own remark; a refund's reason, and metadata of a transfer on dwolla.
    Note = "note",
}

impl Column {
    /// The column of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.as_str() == name)
    }

    /// What is expected instead of a column that is none.
    pub(crate) fn expected(name: &str) -> String {
        if let Some(meant) = Self::of(&name.trim().to_lowercase().replace([' ', '-'], "_")) {
            return format!("{}, written like this", meant.as_str());
        }
        let all: Vec<_> = Self::ALL.iter().map(|column| column.as_str()).collect();
        format!("one of {}", all.join(", "))
    }
}

/// The form of a line, as JSON Schema. What a movement wants of the columns that it has is for `batch check` to say.
pub(crate) fn schema() -> serde_json::Value {
    let properties = Column::ALL.iter().map(|column| {
        let mut schema = serde_json::json!({ "description": column.in_words().trim() });
        match column {
            Column::Rail => schema["enum"] = serde_json::json!(["dollr", "dwolla", null]),
            Column::Operation => schema["enum"] = serde_json::json!(["payout", "transfer", "refund", null]),
            _ => schema["type"] = serde_json::json!(["string", "number", "null"]),
        }
        (column.as_str().to_owned(), schema)
    });
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A payment in a file for payonce batch",
        "type": "object",
        "properties": properties.collect::<serde_json::Map<_, _>>(),
        "required": [Column::Name.as_str(), Column::Amount.as_str()],
        "additionalProperties": false,
    })
}

/// The cells of one record. One that is not there is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cells([String; Column::ALL.len()]);

impl Index<Column> for Cells {
    type Output = String;
    fn index(&self, column: Column) -> &String {
        &self.0[column as usize]
    }
}

impl IndexMut<Column> for Cells {
    fn index_mut(&mut self, column: Column) -> &mut String {
        &mut self.0[column as usize]
    }
}

/// A line that is in order by itself.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) line: u64,
    pub(crate) name: Name,
    pub(crate) order: Order,
    pub(crate) amount: Money,
    /// How the money goes, as far as the file says.
    pub(crate) method: Option<PaymentMethod>,
    pub(crate) note: String,
}

/// What is known to be wrong with a line so far, and which of its cells have been read.
struct Reading<'c> {
    line: u64,
    cells: &'c Cells,
    used: Vec<Column>,
    bad: Vec<Bad>,
}

impl Row {
    /// Reads a line. A rail that it does not name is this one.
    pub(crate) fn read(line: u64, cells: &Cells, usual: Rail) -> Result<Self, Vec<Bad>> {
        let mut reading = Reading { line, cells, used: vec![Column::Note], bad: Vec::new() };
        reading.check_text();
        let row = reading.row(usual);
        match row {
            Some(row) if reading.bad.is_empty() => Ok(row),
            _ => Err(reading.bad),
        }
    }
}

impl Reading<'_> {
    fn tell(&mut self, column: Column, expected: impl Into<String>) {
        self.bad.push(Bad::new(self.line, column.as_str(), &self.cells[column], expected));
    }

    /// What no cell may be.
    fn check_text(&mut self) {
        for &column in Column::ALL {
            let cell = &self.cells[column];
            let trimmed = cell.trim();
            if cell.chars().any(char::is_control) {
                self.tell(
                    column,
                    "one line of text; there is a line break or another control character in it",
                );
            } else if trimmed.len() != cell.len() {
                self.tell(column, format!("{trimmed:?}, without the space around it"));
            } else {
                continue;
            }
            // It is told once.
            self.used.push(column);
        }
    }

    /// The text of a cell, if there is any and it was not found wrong.
    fn text(&mut self, column: Column) -> Option<&str> {
        if self.used.contains(&column) && column != Column::Note {
            return None;
        }
        self.used.push(column);
        Some(self.cells[column].as_str()).filter(|text| !text.is_empty())
    }

    /// A cell that must be there, read.
    fn must<T>(&mut self, column: Column, what: &str) -> Option<T>
    where
        T: FromStr<Err = payonce::Error>,
    {
        let told = self.used.contains(&column);
        match self.text(column).map(str::parse) {
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => {
                self.tell(column, format!("{what}: {}", error.message()));
                None
            }
            None => {
                if !told {
                    self.tell(column, what);
                }
                None
            }
        }
    }

    fn row(&mut self, usual: Rail) -> Option<Row> {
        let name = self.must(Column::Name, "a permanent name such as salary/2026-11/ama");
        let rail = match self.text(Column::Rail) {
            None => Some(usual),
            Some("dollr") => Some(Rail::Dollr),
            Some("dwolla") => Some(Rail::Dwolla),
            Some(_) => {
                self.tell(Column::Rail, "dollr or dwolla");
                None
            }
        };
        let amount = self.amount(rail?);
        let is_payout =
            rail == Some(Rail::Dollr) && matches!(self.cells[Column::Operation].as_str(), "" | "payout");
        let method = if is_payout { self.method() } else { None };
        let order = match rail? {
            Rail::Dollr => self.on_dollr(method.clone()),
            Rail::Dwolla => self.on_dwolla(),
        };
        self.refuse_the_rest(order.as_ref());
        let (line, note) = (self.line, self.cells[Column::Note].clone());
        Some(Row { line, name: name?, order: order?, amount: amount?, method, note })
    }

    fn method(&mut self) -> Option<PaymentMethod> {
        let word = self.text(Column::Method)?;
        let method = serde_json::from_value(word.into()).expect("a payment method is any text");
        if let PaymentMethod::Other(_) = method {
            self.tell(Column::Method, "a payment method such as MTN_MOMO_LBR or ORANGE_MONEY_LBR");
            return None;
        }
        Some(method)
    }

    fn amount(&mut self, rail: Rail) -> Option<Money> {
        let told = self.used.contains(&Column::Currency);
        let currency = match (self.text(Column::Currency), rail) {
            (Some(text), _) => Currency::new(text).ok().filter(|currency| currency.exponent().is_some()),
            (None, Rail::Dwolla) => Some(Currency::USD),
            (None, Rail::Dollr) => None,
        };
        if currency.is_none() && !told {
            self.tell(Column::Currency, "a currency of ISO 4217 in upper case, such as USD");
        }
        let told = self.used.contains(&Column::Amount);
        if rail == Rail::Dwolla && currency.is_some_and(|currency| currency != Currency::USD) {
            self.tell(Column::Currency, "USD, or nothing: dwolla moves no other");
        }
        let text = self.text(Column::Amount).unwrap_or_default().to_owned();
        // Without a currency, the digits can be judged all the same.
        match Money::new(&text, currency.unwrap_or(Currency::USD)) {
            Ok(money) => currency.map(|_| money),
            Err(error) => {
                if !told {
                    self.tell(Column::Amount, wanted(&text).unwrap_or_else(|| plain(error.message(), &text)));
                }
                None
            }
        }
    }

    fn on_dollr(&mut self, method: Option<PaymentMethod>) -> Option<Order> {
        match self.text(Column::Operation) {
            None | Some("payout") => {
                if !self.cells[Column::Account].is_empty() || self.cells[Column::Phone].is_empty() {
                    let account =
                        self.must(Column::Account, "the payment account to pay to, or else a phone")?;
                    return Some(Order::Payout { account });
                }
                let phone = self.text(Column::Phone).map(Phone::new);
                let fullname = self.text(Column::Fullname).map(str::to_owned);
                if fullname.is_none() {
                    self.tell(Column::Fullname, "whose phone it is");
                }
                let phone = match phone? {
                    Ok(phone) => phone,
                    Err(_) => {
                        self.tell(
                            Column::Phone,
                            "a number that begins with its country code, such as 231770000000",
                        );
                        return None;
                    }
                };
                let payee = Payee::new(fullname?, phone);
                Some(Order::PayoutTo {
                    payee: match method {
                        Some(method) => payee.method(method),
                        None => payee,
                    },
                })
            }
            Some("transfer") => {
                let wallet = self.must(Column::Wallet, "the wallet to take it from");
                let counterparty = self.must(Column::Counterparty, "the counterparty to give it to");
                Some(Order::Transfer { wallet: wallet?, counterparty: counterparty? })
            }
            Some("refund") => {
                let intent = self.must(Column::Intent, "the payment intent to refund")?;
                let reason = Some(self.cells[Column::Note].clone()).filter(|note| !note.is_empty());
                Some(Order::Refund { intent, reason })
            }
            Some(_) => {
                self.tell(Column::Operation, "payout, transfer or refund, or nothing, which is a payout");
                None
            }
        }
    }

    fn on_dwolla(&mut self) -> Option<Order> {
        if let Some(other) = self.text(Column::Operation)
            && other != "transfer"
        {
            self.tell(Column::Operation, "transfer, the only movement on dwolla, or nothing");
        }
        let from: Option<FundingSourceId> =
            self.must(Column::From, "the bank account or balance to take it from");
        let ways = [Column::FundingSource, Column::Customer, Column::Account, Column::Email];
        let given: Vec<_> = ways.into_iter().filter(|&way| !self.cells[way].is_empty()).collect();
        let to = match given[..] {
            [Column::FundingSource] => {
                self.must(Column::FundingSource, "a funding source's id").map(Destination::FundingSource)
            }
            [Column::Customer] => {
                self.must::<CustomerId>(Column::Customer, "a customer's id").map(Destination::Customer)
            }
            [Column::Account] => self.must(Column::Account, "an account's id").map(Destination::Account),
            [Column::Email] => self.text(Column::Email).map(|address| Destination::Email(address.to_owned())),
            _ => {
                self.tell(
                    Column::FundingSource,
                    "one destination: a funding_source, a customer, an account or an email",
                );
                self.used.extend(given);
                None
            }
        };
        let note = Some(self.cells[Column::Note].clone()).filter(|note| !note.is_empty());
        Some(Order::Bank { from: from?, to: to?, note })
    }

    /// What no part of the payment has asked for is for another.
    fn refuse_the_rest(&mut self, order: Option<&Order>) {
        let Some(order) = order else { return };
        for &column in Column::ALL {
            if !self.used.contains(&column) && !self.cells[column].is_empty() {
                self.tell(column, format!("nothing here: {} has no use for it", order.in_words()));
            }
        }
    }
}

/// What is wanted instead of an amount that was written in another way, where that can be told.
fn wanted(text: &str) -> Option<String> {
    let example = "digits with a point, such as 250.00";
    if text.is_empty() {
        return Some(format!("an amount: {example}"));
    }
    if text.contains(['e', 'E']) {
        return Some(
            "all digits, such as 100.00: a spreadsheet has shortened it, perhaps not exactly".to_owned(),
        );
    }
    if text.contains([',', '\'', '_', ' ', '\u{a0}', '\u{202f}']) {
        return Some(format!("{example}, without separators between thousands and without a decimal comma"));
    }
    if text.starts_with('-') {
        return Some("a positive amount".to_owned());
    }
    if text.chars().any(|c| !c.is_ascii_digit() && c != '.') {
        return Some(format!("{example}, and nothing else; the currency has a column of its own"));
    }
    None
}

/// The engine's words without the amount, which is shown already.
fn plain(message: &str, text: &str) -> String {
    let rest = message.strip_prefix(&format!("the amount {text:?} ")).unwrap_or(message);
    format!("an amount that {}", rest.replacen("is ", "is not ", 1).replacen("is not not ", "is ", 1))
}
