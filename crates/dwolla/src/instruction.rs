//! Payments as data: a line of a pay run, a message of a queue.

use std::collections::BTreeMap;

use payonce::{Money, Name};
use serde::{Deserialize, Serialize};

use crate::client::Dwolla;
use crate::contents::Fee;
use crate::ids::FundingSourceId;
use crate::orders::{Destination, Order};
use crate::status::ClearingSpeed;

/// A payment that is asked for in writing. With the feature `schemars` it has a JSON schema.
///
/// ```no_run
/// # async fn pay(dwolla: dwolla::Dwolla) -> Result<(), Box<dyn std::error::Error>> {
/// let run: Vec<dwolla::Instruction> = serde_json::from_str(
///     r#"[{ "operation": "transfer", "name": "invoice/4711", "source": "707177c3-bf15-4e7e-b37c-55c3898d9bf4",
///           "destination": { "customer": "07d59716-ef22-4fe6-98e8-f3190233dfb8" },
///           "amount": { "amount": "225.00", "currency": "USD" }, "metadata": { "note": "completed work" } }]"#,
/// )?;
/// for instruction in run {
///     dwolla.order(instruction).send().await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(tag = "operation", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Instruction {
    /// As [`Dwolla::transfer`].
    Transfer {
        /// The payment's permanent name.
        name: Name,
        /// From where.
        source: FundingSourceId,
        /// Where to.
        destination: Destination,
        /// How much.
        amount: Money,
        /// What to note with it: up to 10 pairs.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: BTreeMap<String, String>,
        /// What a side of it pays to the application.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fees: Vec<Fee>,
        /// How fast the source is debited, where that is not as usual: `standard` or `next-available`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
        source_clearing: Option<ClearingSpeed>,
        /// How fast the destination is credited, where that is not as usual: `next-available`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
        destination_clearing: Option<ClearingSpeed>,
    },
}

impl Dwolla {
    /// The order for a payment that is asked for in writing. It is the same payment as one asked for by
    /// [`transfer`](Self::transfer), under the same name.
    pub fn order(&self, instruction: Instruction) -> Order {
        let Instruction::Transfer {
            name,
            source,
            destination,
            amount,
            metadata,
            fees,
            source_clearing,
            destination_clearing,
        } = instruction;
        let order = self.transfer(name, source, destination, amount);
        order.adorned(metadata, fees, source_clearing, destination_clearing)
    }
}
