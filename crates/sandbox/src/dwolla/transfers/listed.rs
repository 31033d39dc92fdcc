//! Lists of transfers: whose, which of them, and which page.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Form;
use crate::dwolla::books::Books;
use crate::dwolla::hal::{Answer, links};
use crate::dwolla::problem::{Refusal, Wrong};
use crate::dwolla::seed;
use crate::dwolla::switches::{DateBounds, ListOrder};
use crate::dwolla::things::{Owner, Transfer};
use crate::money::Cents;

/// How far into a list one can reach.
const REACH: usize = 10_000;
/// The length of a page when nothing is said.
const PAGE: usize = 25;

/// What a list is asked for.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// What is in the query, without empty words to look for.
    query: HashMap<String, String>,
    start_amount: Option<Decimal>,
    end_amount: Option<Decimal>,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    limit: Option<usize>,
    offset: usize,
}

fn parsed<T: std::str::FromStr>(
    query: &HashMap<String, String>,
    name: &str,
    path: &'static str,
) -> Result<Option<T>, Wrong> {
    let parse =
        |text: &String| text.parse().map_err(|_| Wrong::at("InvalidFormat", path, "Invalid parameter."));
    query.get(name).map(parse).transpose()
}

impl Asked {
    /// Reads a query, and says what is wrong with it, if anything.
    pub(crate) fn read(mut query: HashMap<String, String>) -> Result<Self, Refusal> {
        query.retain(|name, value| {
            !(value.is_empty() && ["search", "correlationId"].contains(&name.as_str()))
        });
        let asked = Self {
            start_amount: parsed(&query, "startAmount", "/startAmount")?,
            end_amount: parsed(&query, "endAmount", "/endAmount")?,
            start_date: parsed(&query, "startDate", "/startDate")?,
            end_date: parsed(&query, "endDate", "/endDate")?,
            limit: parsed(&query, "limit", "/limit")?,
            offset: parsed(&query, "offset", "/offset")?.unwrap_or(0),
            query,
        };
        if asked.limit == Some(0) {
            return Err(Wrong::at("Invalid", "/limit", "Limit must be positive.").into());
        }
        let known = ["pending", "processed", "failed", "cancelled"];
        match asked.query.get("status") {
            Some(status) if !known.contains(&status.as_str()) => {
                Err(Wrong::at("Invalid", "/status", "Invalid status.").into())
            }
            _ => Ok(asked),
        }
    }

    fn fits(&self, books: &Books, transfer: &Transfer, at: DateTime<Utc>) -> bool {
        let Some(status) = transfer.status_at(at) else { return false };
        let amount = Cents(transfer.cents).decimal();
        let day = transfer.created.date_naive();
        let inclusive = books.switches.date_bounds == DateBounds::Inclusive;
        let within = |bound: NaiveDate, beyond: bool| beyond || inclusive && day == bound;
        let says = |name: &str| self.query.get(name).map(String::as_str);
        says("status").is_none_or(|wanted| wanted == status.name())
            && says("correlationId").is_none_or(|wanted| transfer.correlation_id.as_deref() == Some(wanted))
            && self.start_amount.is_none_or(|start| amount >= start)
            && self.end_amount.is_none_or(|end| amount <= end)
            && self.start_date.is_none_or(|start| within(start, day > start))
            && self.end_date.is_none_or(|end| within(end, day < end))
            && says("search").is_none_or(|wanted| books.is_about(transfer, wanted))
    }

    /// The query of another page.
    fn page(&self, limit: usize, offset: usize) -> String {
        let mut query: Vec<(&str, String)> =
            self.query.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
        query.retain(|(key, _)| !["limit", "offset"].contains(key));
        query.sort_unstable();
        query.push(("limit", limit.to_string()));
        query.push(("offset", offset.to_string()));
        let pairs = query.iter().map(|(key, value)| format!("{key}={}", escaped(value)));
        pairs.collect::<Vec<_>>().join("&")
    }
}

fn escaped(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

impl Books {
    /// A page of somebody's transfers, as they were at this instant.
    pub(crate) fn list(&self, owner: Owner, asked: &Asked, at: DateTime<Utc>) -> Result<Answer, Refusal> {
        let longest = usize::try_from(self.switches.longest_page).unwrap_or(usize::MAX).max(1);
        let limit = asked.limit.unwrap_or(PAGE).min(longest);
        if asked.offset.saturating_add(limit) > REACH {
            return Err(Refusal::bad_request(
                "Only the first 10,000 transfers can be listed: narrow the dates.",
            ));
        }
        let all = self.candidates(owner, asked);
        let mut fitting: Vec<&Transfer> =
            all.into_iter().filter(|transfer| asked.fits(self, transfer, at)).collect();
        if self.switches.list_order == ListOrder::NewestFirst {
            fitting.reverse();
        }
        let total = fitting.len();
        let page = fitting.iter().skip(asked.offset).take(limit);
        let page: Vec<Value> = page.filter_map(|transfer| self.show(transfer, at, Form::Usual)).collect();
        let path = match owner {
            Owner::Account => format!("/accounts/{}/transfers", self.pen().id(seed::ACCOUNT)),
            Owner::Customer(id) => format!("/customers/{}/transfers", self.pen().id(id)),
        };
        let link = |offset: usize| {
            Some(self.pen().link(&format!("{path}?{}", asked.page(limit, offset)), "transfer"))
        };
        let next = asked.offset + limit;
        Ok(Answer::ok(json!({
            "_links": links([
                ("self", link(asked.offset)),
                ("first", link(0)),
                ("last", link(total.saturating_sub(1) / limit * limit)),
                ("next", link(next).filter(|_| next < total)),
                ("prev", link(asked.offset.saturating_sub(limit)).filter(|_| asked.offset > 0)),
            ]),
            "_embedded": { "transfers": page },
            "total": total,
        })))
    }

    /// The transfers of somebody that may be meant, oldest first.
    fn candidates(&self, owner: Owner, asked: &Asked) -> Vec<&Transfer> {
        let Some(name) = asked.query.get("correlationId") else { return self.transfers_of(owner).collect() };
        let named = self.named(name).iter().filter_map(|id| self.transfers.find(id));
        let takes_part = |transfer: &&Transfer| {
            let (from, to) = self.parties(transfer);
            [from, to].contains(&Some(owner))
        };
        named.filter(takes_part).collect()
    }

    /// Whether a search means a transfer: by the name, email, business or id of one who takes part in it.
    fn is_about(&self, transfer: &Transfer, wanted: &str) -> bool {
        let wanted = wanted.to_lowercase();
        let (from, to) = self.parties(transfer);
        [from, to].into_iter().flatten().any(|owner| match owner {
            Owner::Account => is_id(seed::ACCOUNT, &wanted),
            Owner::Customer(id) => self.customers.find(&id).is_some_and(|customer| {
                let names = [&customer.first_name, &customer.last_name, &customer.email];
                is_id(id, &wanted)
                    || names
                        .into_iter()
                        .chain(&customer.business_name)
                        .any(|name| name.to_lowercase().contains(&wanted))
            }),
        })
    }
}

fn is_id(id: Uuid, wanted: &str) -> bool {
    id.to_string() == wanted
}
