//! Payments as data: a line of a pay run, a message of a queue.

use payonce::{Currency, Money, Name};
use serde::{Deserialize, Serialize};

use crate::client::Dollr;
use crate::ids::{AccountId, CounterpartyId, PaymentIntentId, WalletId};
use crate::orders::{Contents, Order, Source};

/// A payment that is asked for in writing. With the feature `schemars` it has a JSON schema.
///
/// ```no_run
/// # async fn pay(dollr: dollr::Dollr) -> Result<(), Box<dyn std::error::Error>> {
/// let run: Vec<dollr::Instruction> = serde_json::from_str(
///     r#"[{ "operation": "payout", "name": "salary/2026-11/ama", "account": 18,
///           "amount": { "amount": "250.00", "currency": "USD" } }]"#,
/// )?;
/// for instruction in run {
///     dollr.order(instruction).send().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Instruction {
    /// As [`Dollr::payout`].
    Payout {
        /// The payment's permanent name.
        name: Name,
        /// Where it goes.
        account: AccountId,
        /// How much.
        amount: Money,
    },
    /// As [`Dollr::transfer`].
    Transfer {
        /// The payment's permanent name.
        name: Name,
        /// From where.
        wallet: WalletId,
        /// To whom.
        counterparty: CounterpartyId,
        /// How much.
        amount: Money,
    },
    /// As [`Dollr::refund`].
    Refund {
        /// The payment's permanent name.
        name: Name,
        /// Of what.
        payment_intent: PaymentIntentId,
        /// How much.
        amount: Money,
        /// Why, on one line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// As [`Dollr::collection`].
    Collection {
        /// The payment's permanent name.
        name: Name,
        /// What it is for.
        source: Source,
        /// From where.
        account: AccountId,
        /// In which currency the payer is charged.
        currency: Currency,
    },
}

impl Dollr {
    /// The order for a payment that is asked for in writing. It is the same payment as one asked for by the call of
    /// that operation, under the same name.
    pub fn order(&self, instruction: Instruction) -> Order {
        let (name, contents) = match instruction {
            Instruction::Payout { name, account, amount } => {
                (name, Contents::Payout { account, amount, payee: None })
            }
            Instruction::Transfer { name, wallet, counterparty, amount } => {
                (name, Contents::Transfer { wallet, counterparty, amount })
            }
            Instruction::Refund { name, payment_intent, amount, reason } => {
                (name, Contents::Refund { payment_intent, amount, reason })
            }
            Instruction::Collection { name, source, account, currency } => {
                (name, Contents::Collection { source, account, currency, document: None })
            }
        };
        Order::new(self, name, contents)
    }
}
