//! Money as the books keep it: whole hundredths, so that sums are exact and SQLite can add them up.

use rust_decimal::Decimal;

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
        i128::try_from(hundredths).ok().and_then(Self::fitting)
    }

    /// So many hundredths, unless there are more than sixteen digits: sums of hundreds of amounts never overflow.
    pub(crate) fn fitting(hundredths: i128) -> Option<Self> {
        i64::try_from(hundredths).ok().filter(|cents| cents.unsigned_abs() < 10_u64.pow(16)).map(Self)
    }

    /// The amount in major units, with two decimals.
    pub(crate) fn decimal(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// So many hundredths of a percent of the amount, rounded half up.
    pub(crate) fn share(self, basis_points: i64) -> Self {
        let exact = i128::from(self.0) * i128::from(basis_points);
        Self(
            i64::try_from((exact + 5_000) / 10_000)
                .expect("less than the whole of a sum fits where the sum does"),
        )
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

impl FeeBearer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Payer => "PAYER",
            Self::Payee => "PAYEE",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Payer, Self::Payee].into_iter().find(|bearer| bearer.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hundredths_are_money() {
        assert_eq!(Cents::exactly("12.50".parse().unwrap()), Some(Cents(1250)));
        assert_eq!(Cents::exactly("12345678901234.56".parse().unwrap()), Some(Cents(1_234_567_890_123_456)));
        assert_eq!(Cents::exactly("0.015".parse().unwrap()), None);
        assert_eq!(Cents::exactly(Decimal::MAX), None);
    }
}
