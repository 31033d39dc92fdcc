//! Exchange between the currencies of the sandbox, at rates that never change: 1 USD is 190 LRD or 1450 RWF.
//!
//! A rate is a decimal with eight places, rounded half up once; every conversion uses the rate as it is shown, so that
//! anybody can do the sum again from a receipt.

use rust_decimal::Decimal;

use crate::money::Cents;

/// What one unit of a currency costs in another, in hundred-millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) i64);

const ONE: i128 = 100_000_000;

/// Currencies with what one USD costs in them.
const PER_DOLLAR: [(&str, i128); 3] = [("USD", 1), ("LRD", 190), ("RWF", 1450)];

/// The rate at which one unit of `from` is changed into `to`; none when either is not traded.
pub(crate) fn rate(from: &str, to: &str) -> Option<Rate> {
    let per_dollar =
        |currency| PER_DOLLAR.iter().find(|(name, _)| *name == currency).map(|(_, price)| *price);
    let (from, to) = (per_dollar(from)?, per_dollar(to)?);
    i64::try_from((2 * to * ONE + from) / (2 * from)).ok().map(Rate)
}

impl Rate {
    pub(crate) fn decimal(self) -> Decimal {
        Decimal::new(self.0, 8)
    }

    /// What somebody pays for an amount: rounded up, so that nothing is had for nothing.
    pub(crate) fn price(self, amount: Cents) -> Option<Cents> {
        let exact = i128::from(amount.0) * i128::from(self.0);
        Cents::fitting((exact + ONE - 1) / ONE)
    }

    /// What somebody gets for an amount: rounded down, so that parts never add up to more than the whole.
    pub(crate) fn proceeds(self, amount: Cents) -> Option<Cents> {
        Cents::fitting(i128::from(amount.0) * i128::from(self.0) / ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shown_with_eight_places() {
        let shown = |from, to| rate(from, to).unwrap().decimal().to_string();
        assert_eq!(shown("USD", "LRD"), "190.00000000");
        assert_eq!(shown("LRD", "USD"), "0.00526316");
        assert_eq!(shown("LRD", "RWF"), "7.63157895");
        assert_eq!(rate("USD", "EUR"), None);
    }

    #[test]
    fn nothing_is_had_for_nothing_and_parts_are_never_more_than_the_whole() {
        let rate = rate("LRD", "USD").unwrap();
        assert_eq!(rate.price(Cents(1)), Some(Cents(1)));
        assert_eq!(rate.proceeds(Cents(1)), Some(Cents(0)));
        assert_eq!(rate.proceeds(Cents(19_000)), Some(Cents(100)));
    }
}
