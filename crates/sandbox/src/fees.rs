//! What a movement costs. [`quote`] is the only calculation there is: predictions show it, executions record it, the
//! ledger posts it and receipts repeat it.
//!
//! Fees are shares of the amount in its own currency, each rounded half up to a hundredth. Where a collection is paid in
//! another currency than its source, the source's currency is what everything is reckoned in; what the payer pays is
//! the sum changed at the [rate](crate::fx), rounded up.

use crate::executions::Operation;
use crate::fx::{self, Rate};
use crate::methods::Method;
use crate::money::{Cents, FeeBearer};

/// A plan of platform fees. Shares are in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) id: i64,
    pub(crate) name: &'static str,
    pub(crate) is_default: bool,
    collection: i64,
    payout: i64,
    pub(crate) fx: i64,
}

/// Every plan; the first is the default.
pub(crate) const TIERS: [Tier; 2] = [
    Tier { id: 1, name: "default", is_default: true, collection: 100, payout: 50, fx: 100 },
    Tier { id: 2, name: "growth", is_default: false, collection: 75, payout: 40, fx: 50 },
];

/// The plan with this id, or the default one.
pub(crate) fn tier(id: i64) -> &'static Tier {
    TIERS.iter().find(|tier| tier.id == id).unwrap_or(&TIERS[0])
}

impl Tier {
    /// The platform's share of a movement.
    pub(crate) fn share(&self, operation: Operation) -> i64 {
        match operation {
            Operation::Collection => self.collection,
            Operation::Payout => self.payout,
            Operation::Transfer | Operation::Refund => 0,
        }
    }
}

/// What the gateway charges: a share in hundredths of a percent, and a fixed fee in the currency of the movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GatewayFee {
    pub(crate) share: i64,
    pub(crate) fixed: Cents,
}

/// What the gateway charges for a movement by this method.
pub(crate) fn gateway(operation: Operation, method: Method) -> GatewayFee {
    let (share, fixed) = match operation {
        Operation::Transfer | Operation::Refund => (0, 0),
        Operation::Collection | Operation::Payout if method.is_card() => (290, 30),
        Operation::Payout if !method.has_number() => (0, 0),
        Operation::Collection => (150, 0),
        Operation::Payout => (100, 0),
    };
    GatewayFee { share, fixed: Cents(fixed) }
}

/// A movement to be priced.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) operation: Operation,
    pub(crate) method: Method,
    pub(crate) amount: Cents,
    /// The currency of the amount.
    pub(crate) currency: &'a str,
    /// What the customer pays a collection in, or gets a refund in. The same currency for everything else.
    pub(crate) customer_currency: &'a str,
    /// Counts for collections; the merchant bears the fees of everything else.
    pub(crate) bearer: FeeBearer,
    pub(crate) tier: &'static Tier,
}

/// What each side pays and gets. What the merchant's side moves is always the other side's part, before any exchange,
/// plus or minus the three fees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) payer: Cents,
    pub(crate) payer_currency: String,
    pub(crate) payee: Cents,
    pub(crate) payee_currency: String,
    /// The currency of the fees, which is that of the amount.
    pub(crate) currency: String,
    pub(crate) platform_fee: Cents,
    pub(crate) gateway_fee: Cents,
    pub(crate) fx_fee: Cents,
    /// From `currency` to the customer's, when they differ.
    pub(crate) rate: Option<Rate>,
}

/// Why a movement has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpriced {
    /// The method does not serve the movement.
    Method,
    /// The customer's currency is not one of the method, or is not traded against the other.
    Currency,
    /// The amount is larger than the books can hold.
    Amount,
}

/// Prices a movement.
pub(crate) fn quote(asked: Asked<'_>) -> Result<Quote, Unpriced> {
    let Asked { operation, method, amount, currency, customer_currency, bearer, tier } = asked;
    if !method.serves(operation) {
        return Err(Unpriced::Method);
    }
    if operation == Operation::Collection && !method.currencies.contains(&customer_currency) {
        return Err(Unpriced::Currency);
    }
    let exchanged = currency != customer_currency;
    if exchanged && !matches!(operation, Operation::Collection | Operation::Refund) {
        return Err(Unpriced::Currency);
    }
    let rate = match exchanged {
        true => Some(fx::rate(currency, customer_currency).ok_or(Unpriced::Currency)?),
        false => None,
    };
    let gateway = gateway(operation, method);
    let fx_share = if exchanged && operation == Operation::Collection { tier.fx } else { 0 };
    let fees = [
        amount.share(tier.share(operation)),
        amount.share(gateway.share) + gateway.fixed,
        amount.share(fx_share),
    ];
    let payee_bears = operation == Operation::Collection && bearer == FeeBearer::Payee;
    let fees = if payee_bears { capped(fees, amount) } else { fees };
    let [platform_fee, gateway_fee, fx_fee] = fees;
    let all = platform_fee + gateway_fee + fx_fee;
    let (payer, payee) = if payee_bears { (amount, amount - all) } else { (amount + all, amount) };
    let collection = operation == Operation::Collection;
    let changed = |amount| match rate {
        Some(rate) if collection => rate.price(amount),
        Some(rate) => rate.proceeds(amount),
        None => Cents::fitting(i128::from(amount.0)),
    };
    let (payer, payee) = match collection {
        true => (changed(payer).ok_or(Unpriced::Amount)?, payee),
        false => (payer, changed(payee).ok_or(Unpriced::Amount)?),
    };
    let of = |customers: bool| if customers { customer_currency } else { currency }.to_owned();
    Ok(Quote {
        payer,
        payer_currency: of(collection),
        payee,
        payee_currency: of(!collection),
        currency: currency.to_owned(),
        platform_fee,
        gateway_fee,
        fx_fee,
        rate,
    })
}

/// Fees can exceed a tiny amount; who bears them then gets nothing, but never owes.
fn capped(fees: [Cents; 3], amount: Cents) -> [Cents; 3] {
    let mut left = amount;
    fees.map(|fee| {
        let fee = fee.min(left);
        left = left - fee;
        fee
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::methods::METHODS;

    const CURRENCIES: [&str; 3] = ["USD", "LRD", "RWF"];

    proptest! {
        #[test]
        fn a_quote_always_adds_up(
            cents in 1_i64..1 << 40, operation in 0..4_usize, method in 0..METHODS.len(), from in 0..3_usize,
            to in 0..3_usize, payee: bool, growth: bool,
        ) {
            let asked = Asked {
                operation: Operation::ALL[operation],
                method: METHODS[method],
                amount: Cents(cents),
                currency: CURRENCIES[from],
                customer_currency: CURRENCIES[to],
                bearer: if payee { FeeBearer::Payee } else { FeeBearer::Payer },
                tier: &TIERS[usize::from(growth)],
            };
            let Ok(quote) = quote(asked) else { return Ok(()) };
            let fees = quote.platform_fee + quote.gateway_fee + quote.fx_fee;
            prop_assert!(quote.payee >= Cents(0) && quote.fx_fee >= Cents(0) && quote.payer > Cents(0));
            prop_assert_eq!(quote.rate.is_some(), from != to);
            match (asked.operation, quote.rate) {
                (Operation::Collection, Some(rate)) => {
                    prop_assert_eq!(Some(quote.payer), rate.price(quote.payee + fees));
                }
                (_, Some(rate)) => prop_assert_eq!(Some(quote.payee), rate.proceeds(quote.payer)),
                (_, None) => prop_assert_eq!(quote.payer, quote.payee + fees),
            }
        }
    }
}
