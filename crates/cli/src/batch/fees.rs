//! What the lines that are still to be paid will cost, as the provider says beforehand.
//!
//! Lines that cost the same are one question, and there is a most of questions: a preview is no reason to send a provider a
//! million requests.

use std::collections::{BTreeMap, HashMap};

use dollr::{Payee, PaymentMethod};
use futures_util::{StreamExt, stream};
use payonce::Money;
use rust_decimal::Decimal;
use serde::Serialize;

use super::count;
use super::orders::{Clients, Order};
use super::rows::Row;

/// No more is asked.
const MOST: usize = 500;

/// So many questions are under way at a time.
const AT_ONCE: usize = 8;

/// What to ask: one line for all that cost the same, and how many they are.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    asked: HashMap<(&'static str, By, Money), (Row, u64)>,
    /// Lines whose price the provider does not tell by what the file says.
    untold: u64,
    /// Lines that were too many to ask about.
    beyond: u64,
}

/// What a price depends on besides the movement and the amount.
#[derive(Debug, PartialEq, Eq, Hash)]
enum By {
    Method(PaymentMethod),
    /// Whose phone says the method.
    Payee(Payee),
}

/// What was answered.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Fees {
    /// What they come to, by currency.
    pub(crate) fees: Vec<String>,
    /// For how many lines.
    pub(crate) lines: u64,
    /// For how many lines nothing is known, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) left_out: Vec<String>,
}

impl Questions {
    pub(super) fn add(&mut self, row: &Row) {
        let by = match (&row.order, &row.method) {
            (Order::Payout { .. }, None) | (Order::Refund { .. }, _) => {
                self.untold += 1;
                return;
            }
            // Dwolla takes no fee of a transfer but what the order says.
            (Order::Bank { .. }, _) => return,
            (Order::PayoutTo { payee }, None) => By::Payee(payee.clone()),
            (Order::Transfer { .. }, _) => By::Method(PaymentMethod::Wallet),
            (_, Some(method)) => By::Method(method.clone()),
        };
        let key = (row.order.operation(), by, row.amount);
        if self.asked.len() >= MOST && !self.asked.contains_key(&key) {
            self.beyond += 1;
            return;
        }
        self.asked.entry(key).or_insert_with(|| (row.clone(), 0)).1 += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Leaves the provider alone.
    pub(crate) fn unasked(&self, why: &str) -> Fees {
        let lines: u64 = self.asked.values().map(|(_, lines)| lines).sum();
        let mut fees = Fees::default();
        fees.leave_out(lines, why);
        self.leave_out(&mut fees);
        fees
    }

    fn leave_out(&self, fees: &mut Fees) {
        fees.leave_out(
            self.untold,
            "the provider does not tell the price by an account's number; a column `method` does",
        );
        fees.leave_out(self.beyond, "no more than 500 prices are asked");
    }

    /// Asks.
    pub(crate) async fn ask(self, clients: &Clients) -> Fees {
        let (mut fees, mut sums) = (Fees::default(), BTreeMap::<String, Decimal>::new());
        self.leave_out(&mut fees);
        let questions =
            self.asked.into_values().map(|(row, lines)| async move { (clients.preview(&row).await, lines) });
        let mut answers = stream::iter(questions).buffer_unordered(AT_ONCE);
        while let Some((answer, lines)) = answers.next().await {
            let preview = match answer {
                Ok(Some(preview)) => preview,
                Ok(None) => continue,
                Err(error) => {
                    fees.leave_out(lines, error.message());
                    continue;
                }
            };
            fees.lines += lines;
            let mut add = |fee: Money| {
                let sum = sums.entry(fee.currency().to_string()).or_default();
                let all = fee.amount().checked_mul(Decimal::from(lines));
                *sum = all.and_then(|all| sum.checked_add(all)).unwrap_or(Decimal::MAX);
            };
            add(preview.platform_fee);
            preview.gateway_fee.into_iter().chain(preview.fx_fee).for_each(&mut add);
        }
        fees.fees =
            sums.into_iter().map(|(currency, sum)| format!("{} {currency}", sum.normalize())).collect();
        fees
    }
}

impl Fees {
    fn leave_out(&mut self, lines: u64, why: &str) {
        if lines > 0 {
            self.left_out.push(format!("{}: {why}", count(lines, "line", "lines")));
        }
    }

    /// The preview as text, one line each.
    pub(crate) fn text(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.lines > 0 {
            lines.push(format!("  fees: {} on {}", self.fees.join(", "), count(self.lines, "line", "lines")));
        }
        lines.extend(self.left_out.iter().map(|why| format!("  fees unknown of {why}")));
        lines
    }
}
