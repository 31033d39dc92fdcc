//! Which movement, by which method, through which provider: what accounts, fees and predictions are asked by.

use serde::{Deserialize, Serialize};

use super::accounts::{CardAccount, PaymentAccount};
use super::predictions::{Card, MobileMoney};
use super::words::{PaymentMethod, PaymentProvider};

payonce_rest::open_enum! {
    /// Which movement of money.
    OperationType from crate::raw::enums::OperationType {
        /// From a customer to the merchant.
        Collection = "COLLECTION",
        /// From the merchant to a payment account.
        Payout = "PAYOUT",
        /// From a wallet of the merchant to a counterparty's.
        Transfer = "TRANSFER",
        /// From the merchant back to a customer.
        Refund = "REFUND",
    }
}

impl PaymentMethod {
    /// Who carries this method out, unless a prediction says otherwise. A method that this version does not know is
    /// taken to be mobile money.
    pub fn provider(&self) -> PaymentProvider {
        match self {
            Self::MtnMomoLbr => PaymentProvider::MtnMomoLbr,
            Self::OrangeMoneyLbr => PaymentProvider::OrangeMoneyLbr,
            Self::AirtelRwa | Self::MtnMomoRwa | Self::OrangeMoneyRwa | Self::Other(_) => {
                PaymentProvider::Pawapay
            }
            Self::CreditCard => PaymentProvider::Stripe,
            Self::Wallet => PaymentProvider::Platform,
        }
    }
}

/// A method and who carries it out: what a price depends on. It is made of a method, an account or a prediction, by
/// `into()`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Means {
    /// How money moves.
    pub method: PaymentMethod,
    /// Who carries that out.
    pub provider: PaymentProvider,
}

impl Means {
    /// A method by that provider. They must fit, or the provider refuses them.
    pub fn new(method: PaymentMethod, provider: PaymentProvider) -> Self {
        Self { method, provider }
    }
}

impl From<PaymentMethod> for Means {
    fn from(method: PaymentMethod) -> Self {
        Self { provider: method.provider(), method }
    }
}

impl From<&PaymentAccount> for Means {
    fn from(account: &PaymentAccount) -> Self {
        Self { method: account.method.clone(), provider: account.provider.clone() }
    }
}

impl From<&CardAccount> for Means {
    fn from(card: &CardAccount) -> Self {
        card.means()
    }
}

impl From<&MobileMoney> for Means {
    fn from(found: &MobileMoney) -> Self {
        Self { method: found.payment_method.clone(), provider: found.gateway_provider.clone() }
    }
}

impl From<&Card> for Means {
    fn from(card: &Card) -> Self {
        Self { method: card.payment_method.clone(), provider: card.gateway_provider.clone() }
    }
}
