//! Money as the books keep it: whole hundredths, so that sums are exact and SQLite can add them up; and the fees
//! the sandbox charges. What is quoted here is what the ledger posts, there is no second calculation.

use rust_decimal::Decimal;

use crate::executions::Operation;

/// An amount in hundredths of the currency's unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cents(pub(crate) i64);

impl Cents {
    /// The amount in hundredths, or nothing when it has more than two decimals or does not fit.
    pub(crate) fn exactly(amount: Decimal) -> Option<Self> {
        let hundredths = amount.checked_mul(Decimal::ONE_HUNDRED)?;
        if !hundredths.is_integer() {
            return None;
        }
        // A quarter of the range is left so that sums of a few amounts can never overflow.
        i64::try_from(hundredths).ok().filter(|cents| cents.unsigned_abs() < (1 << 61)).map(Self)
    }

    /// The amount in major units, with two decimals.
    pub(crate) fn decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    fn share(self, basis_points: i128) -> Self {
        let exact = i128::from(self.0) * basis_points;
        Self(i64::try_from((exact + 5_000) / 10_000).unwrap_or(i64::MAX / 4))
    }
}

impl std::ops::Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl std::ops::Neg for Cents {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// Who pays the fees of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeeBearer {
    Payer,
    Payee,
}

/// What each side pays and gets. Always `payer == payee + platform_fee + gateway_fee`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) payer: Cents,
    pub(crate) payee: Cents,
    pub(crate) platform_fee: Cents,
    pub(crate) gateway_fee: Cents,
}

/// Prices a movement of `amount`: 1 % platform fee on collections, 0.5 % on payouts; for the gateway 1.5 % on mobile
/// money collected, 1 % on mobile money paid out and 2.9 % + 0.30 on cards. Transfers and refunds are free.
pub(crate) fn quote(operation: Operation, method: &str, amount: Cents, bearer: FeeBearer) -> Quote {
    let card = method == "CREDIT_CARD";
    let (platform, gateway, fixed) = match operation {
        Operation::Collection if card => (100, 290, 30),
        Operation::Collection => (100, 150, 0),
        Operation::Payout if card => (50, 290, 30),
        Operation::Payout => (50, 100, 0),
        Operation::Transfer | Operation::Refund => (0, 0, 0),
    };
    let platform_fee = amount.share(platform);
    let gateway_fee = amount.share(gateway) + Cents(fixed);
    match bearer {
        FeeBearer::Payer => {
            Quote { payer: amount + platform_fee + gateway_fee, payee: amount, platform_fee, gateway_fee }
        }
        FeeBearer::Payee => {
            // A fixed fee can exceed a tiny amount; the payee then gets nothing, but never owes.
            let platform_fee = platform_fee.min(amount);
            let gateway_fee = gateway_fee.min(amount - platform_fee);
            Quote { payer: amount, payee: amount - platform_fee - gateway_fee, platform_fee, gateway_fee }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_whole_hundredths_are_money() {
        assert_eq!(Cents::exactly("12.50".parse().unwrap()), Some(Cents(1250)));
        assert_eq!(Cents::exactly("12345678901234.56".parse().unwrap()), Some(Cents(1_234_567_890_123_456)));
        assert_eq!(Cents::exactly("0.015".parse().unwrap()), None);
        assert_eq!(Cents::exactly(Decimal::MAX), None);
    }

    proptest! {
        #[test]
        fn a_quote_always_adds_up(cents in 1_i64..1 << 55, operation in 0..4_usize, card: bool, payee: bool) {
            let operation = Operation::ALL[operation];
            let bearer = if payee { FeeBearer::Payee } else { FeeBearer::Payer };
            let quote = quote(operation, if card { "CREDIT_CARD" } else { "MTN_MOMO_LBR" }, Cents(cents), bearer);
            prop_assert_eq!(quote.payer, quote.payee + quote.platform_fee + quote.gateway_fee);
            prop_assert!(quote.payee >= Cents(0) && quote.gateway_fee >= Cents(0));
        }
    }
}
