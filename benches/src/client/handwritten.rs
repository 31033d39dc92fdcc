//! What a person who needs this one call would write with `reqwest`: typed, exact, and no more.

use anyhow::Result;
use rust_decimal::Decimal;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The reply to a status call.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "they are read from the wire, as a program that uses them would have them")]
pub(super) struct Execution {
    pub(super) reference_id: Uuid,
    status: ExecutionStatus,
    #[serde(deserialize_with = "exact")]
    payer_amount: Decimal,
    payer_currency: String,
    #[serde(deserialize_with = "exact")]
    payee_amount: Decimal,
    payee_currency: String,
    operation_type: OperationType,
    provider_transaction_id: Option<String>,
    gateway_message: Option<String>,
    wallet_message: Option<String>,
    requires_action: Option<bool>,
    client_secret: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum ExecutionStatus {
    Pending,
    Processing,
    Completed,
    Failed,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum OperationType {
    Collection,
    Payout,
    Transfer,
    Refund,
}

/// Reads a number, or a string that holds one, without a float in between.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Decimal::from_str_exact(raw.get().trim_matches('"')).map_err(D::Error::custom)
}

/// Makes the call.
pub(super) async fn status(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    reference: &Uuid,
) -> Result<Execution> {
    let reply = http
        .get(format!("{url}/v1/status/payout/{reference}"))
        .bearer_auth(token)
        .send()
        .await?
        .error_for_status()?;
    Ok(reply.json().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_reply_is_read_exactly() {
        let execution: Execution = serde_json::from_str(super::super::server::EXECUTION).unwrap();
        assert_eq!(execution.payer_amount.to_string(), "255.00");
        assert_eq!(execution.payee_amount.to_string(), "250.00");
    }
}
