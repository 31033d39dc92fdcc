//! Payment methods: who provides them, for which movements and in which currencies, and which operator a phone number
//! belongs to.

use crate::executions::Operation;

/// The currencies money can be changed between; the first three have markets.
const LIBERIA: &[&str] = &["USD", "LRD"];
const RWANDA: &[&str] = &["RWF"];

/// One payment method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) providers: &'static [&'static str],
    /// What a payer can pay in. A wallet holds any currency.
    pub(crate) currencies: &'static [&'static str],
}

/// Every method, in the order of the API document.
pub(crate) const METHODS: [Method; 7] = [
    Method { name: "MTN_MOMO_LBR", providers: &["MTN_MOMO_LBR", "PAWAPAY"], currencies: LIBERIA },
    Method { name: "ORANGE_MONEY_LBR", providers: &["ORANGE_MONEY_LBR", "PAWAPAY"], currencies: LIBERIA },
    Method { name: "AIRTEL_RWA", providers: &["PAWAPAY"], currencies: RWANDA },
    Method { name: "MTN_MOMO_RWA", providers: &["PAWAPAY"], currencies: RWANDA },
    Method { name: "ORANGE_MONEY_RWA", providers: &["PAWAPAY"], currencies: RWANDA },
    Method { name: CARD, providers: &["STRIPE"], currencies: LIBERIA },
    Method { name: WALLET, providers: &["PLATFORM"], currencies: &["USD", "LRD", "RWF"] },
];

pub(crate) const CARD: &str = "CREDIT_CARD";
pub(crate) const WALLET: &str = "WALLET";

/// The method with this name.
pub(crate) fn method(name: &str) -> Option<Method> {
    METHODS.into_iter().find(|method| method.name == name)
}

impl Method {
    /// Whether money moves this way by this method. A refund follows its collection.
    pub(crate) fn serves(self, operation: Operation) -> bool {
        match operation {
            Operation::Collection | Operation::Refund => self.name != WALLET,
            Operation::Payout => true,
            Operation::Transfer => self.name == WALLET,
        }
    }

    pub(crate) fn is_card(self) -> bool {
        self.name == CARD
    }

    /// Whether an account of this method is a phone number.
    pub(crate) fn has_number(self) -> bool {
        self.name != CARD && self.name != WALLET
    }

    /// Whether this provider offers the method.
    pub(crate) fn offered_by(self, provider: &str) -> bool {
        self.providers.contains(&provider)
    }
}

/// A mobile money operator, as a phone number tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operator {
    pub(crate) carrier: &'static str,
    pub(crate) country: &'static str,
    pub(crate) method: Method,
}

/// Prefixes as (prefix, carrier, country, index of the method); the first that fits counts.
const PREFIXES: [(&str, &str, &str, usize); 11] = [
    ("231770", "MTN", "LR", 0),
    ("231771", "MTN", "LR", 0),
    ("231773", "MTN", "LR", 0),
    ("23188", "MTN", "LR", 0),
    ("23155", "MTN", "LR", 0),
    ("23177", "Orange", "LR", 1),
    ("25072", "Airtel", "RW", 2),
    ("25073", "Airtel", "RW", 2),
    ("25078", "MTN", "RW", 3),
    ("25079", "MTN", "RW", 3),
    ("25075", "Orange", "RW", 4),
];

/// The operator of a phone number.
pub(crate) fn operator(phone: &str) -> Option<Operator> {
    PREFIXES
        .into_iter()
        .find(|(prefix, ..)| phone.starts_with(prefix))
        .map(|(_, carrier, country, method)| Operator { carrier, country, method: METHODS[method] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_tells_its_operator() {
        let method = |phone| operator(phone).map(|operator| operator.method.name);
        assert_eq!(method("231771234567"), Some("MTN_MOMO_LBR"));
        assert_eq!(method("231772345678"), Some("ORANGE_MONEY_LBR"));
        assert_eq!(method("250788123456"), Some("MTN_MOMO_RWA"));
        assert_eq!(method("250728123456"), Some("AIRTEL_RWA"));
        assert_eq!(method("250758123456"), Some("ORANGE_MONEY_RWA"));
        assert_eq!(method("4915112345678"), None);
    }
}
