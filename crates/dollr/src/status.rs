//! What the provider says at this moment, read and typed: executions and sources.
//!
//! Nothing here decides about a payment. A value that the provider adds later is kept as it came.

use payonce::{Currency, Error, ErrorKind, Money, Operation, ReferenceId, Secret, Timestamp};
use payonce_rest::Clean;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ids::PaymentIntentId;
use crate::orders::{Movement, Source};
use crate::raw::{self, types};

payonce_rest::open_enum! {
    /// How an execution stands with the provider.
    ExecutionStatus from crate::raw::enums::ExecutionStatus {
        /// Taken, not begun.
        Pending = "PENDING",
        /// Under way.
        Processing = "PROCESSING",
        /// The money moved.
        Completed = "COMPLETED",
        /// The money did not move.
        Failed = "FAILED",
    }
}

payonce_rest::open_enum! {
    /// How an invoice or order stands with the provider.
    SourceStatus from crate::raw::enums::SourceStatus {
        /// Being edited; it cannot be paid yet.
        Idle = "IDLE",
        /// Published; it can be paid.
        Active = "ACTIVE",
        /// A payment is under way.
        Processing = "PROCESSING",
        /// Paid.
        Paid = "PAID",
        /// Withdrawn for good.
        Canceled = "CANCELED",
    }
}

/// The provider's present word on one execution.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Execution {
    /// The key it was executed under.
    pub reference_id: ReferenceId,
    /// Which movement it is.
    pub operation: Operation,
    /// How it stands.
    pub status: ExecutionStatus,
    /// What the payer is charged, fees included where the payer bears them.
    pub payer_amount: Money,
    /// What the payee receives.
    pub payee_amount: Money,
    /// The gateway's own id of the movement.
    pub provider_transaction_id: Option<String>,
    /// What the gateway says.
    pub gateway_message: Option<String>,
    /// What the merchant's wallet says.
    pub wallet_message: Option<String>,
    /// What the customer's browser needs to authorise it, while that is asked for. It is not serialised.
    #[serde(skip_serializing)]
    pub action: Option<Secret>,
    /// What a refund of it names, where the provider says it.
    pub payment_intent: Option<PaymentIntentId>,
}

impl Execution {
    /// Reads a reply about the key and movement that were asked for.
    pub(crate) fn read(
        movement: Movement,
        reference_id: ReferenceId,
        reply: types::ExecutionResponse,
        clean: Clean<'_>,
    ) -> Result<Self, Error> {
        is_about(&reply, movement, reference_id)?;
        let [payer_amount, payee_amount] = amounts(&reply)?;
        let action = action(&reply);
        let words = |text: Option<String>| text.map(|text| clean(&text, reply.client_secret.as_ref()));
        Ok(Self {
            reference_id,
            operation: movement.operation(),
            status: ExecutionStatus::of(&clean(reply.status.as_str(), reply.client_secret.as_ref())),
            payer_amount,
            payee_amount,
            provider_transaction_id: words(reply.provider_transaction_id),
            gateway_message: words(reply.gateway_message),
            wallet_message: words(reply.wallet_message),
            action,
            payment_intent: reply.payment_intent_id.map(Into::into),
        })
    }
}

/// The provider's present word on an invoice or order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourceState {
    /// Which one.
    pub source: Source,
    /// The number the provider gave it, for people: `INV-2025-00042`.
    pub number: String,
    /// How it stands.
    pub status: SourceStatus,
    /// What it comes to.
    pub total: Money,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
}

impl SourceState {
    /// Whether it is paid. This is the provider's own word; a browser that comes back from a checkout is none.
    pub fn is_paid(&self) -> bool {
        self.status == SourceStatus::Paid
    }

    /// Reads a reply about the source that was asked for.
    pub(crate) fn read(
        source: Source,
        reply: types::PaymentSourceStatusResponse,
        clean: Clean<'_>,
    ) -> Result<Self, Error> {
        let (kind, id) = source.on_the_wire();
        if reply.source_id != id || reply.source_type != kind {
            return Err(Error::new(ErrorKind::Unreadable, "the provider answered about another source"));
        }
        let total = money(reply.total_amount.decimal(), &reply.currency)?;
        let number = clean(&reply.source_number, None);
        let paid_at = reply.paid_at.map(raw::Timestamp::utc);
        let status = SourceStatus::of(&clean(reply.status.as_str(), None));
        Ok(Self { source, number, status, total, paid_at })
    }
}

/// Refuses a reply about another payment.
pub(crate) fn is_about(
    reply: &types::ExecutionResponse,
    movement: Movement,
    reference_id: ReferenceId,
) -> Result<(), Error> {
    if reply.reference_id != reference_id.as_uuid() || reply.operation_type != movement.on_the_wire() {
        return Err(Error::new(ErrorKind::Unreadable, "the provider answered about another payment"));
    }
    Ok(())
}

/// What the payer is charged and what the payee receives.
pub(crate) fn amounts(reply: &types::ExecutionResponse) -> Result<[Money; 2], Error> {
    Ok([
        money(reply.payer_amount.decimal(), &reply.payer_currency)?,
        money(reply.payee_amount.decimal(), &reply.payee_currency)?,
    ])
}

/// What the customer must authorise with, while the provider asks for it.
pub(crate) fn action(reply: &types::ExecutionResponse) -> Option<Secret> {
    let asked = reply.requires_action == Some(true);
    reply.client_secret.as_ref().filter(|_| asked).map(|secret| Secret::new(secret.expose()))
}

fn money(amount: Decimal, currency: &str) -> Result<Money, Error> {
    let currency = Currency::new(currency)
        .map_err(|_| Error::new(ErrorKind::Unreadable, "the provider named something that is no currency"))?;
    Ok(Money::reported(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::raw::enums;

    #[test]
    fn a_status_that_holds_a_secret_is_not_kept_as_it_came() {
        let key = "550e8400-e29b-41d4-a716-446655440000";
        let reply = serde_json::json!({
            "reference_id": key, "status": "ON canary-secret", "payer_amount": 1, "payer_currency": "USD",
            "payee_amount": 1, "payee_currency": "USD", "operation_type": "PAYOUT",
        });
        let reply = serde_json::from_value(reply).unwrap();
        let clean = |text: &str, _: Option<&raw::Secret>| payonce_rest::redact(text, ["canary-secret"]);
        let execution = Execution::read(Movement::Payout, key.parse().unwrap(), reply, &clean).unwrap();
        assert_eq!(execution.status, ExecutionStatus::Other("ON [redacted]".to_owned()));

        let source = Source::Invoice(7.into());
        let (kind, _) = source.on_the_wire();
        let reply = serde_json::json!({
            "source_id": 7, "source_type": kind, "source_number": "canary-secret", "status": "canary-secret",
            "total_amount": 1, "currency": "USD", "paid_at": null,
        });
        let state = SourceState::read(source, serde_json::from_value(reply).unwrap(), &clean).unwrap();
        assert_eq!((state.number.as_str(), state.status.as_str()), ("[redacted]", "[redacted]"));
    }

    #[test]
    fn a_value_that_the_provider_adds_comes_and_goes_as_it_is() {
        let status: ExecutionStatus = serde_json::from_str("\"ON_HOLD\"").unwrap();
        assert_eq!(status, ExecutionStatus::Other("ON_HOLD".to_owned()));
        assert_eq!(serde_json::to_string(&status).unwrap(), "\"ON_HOLD\"");
        assert_eq!(
            enums::ExecutionStatus::from(status),
            enums::ExecutionStatus::Unknown("ON_HOLD".to_owned())
        );
    }

    #[test]
    fn a_known_value_is_its_variant_both_ways() {
        assert_eq!(ExecutionStatus::from(enums::ExecutionStatus::Failed), ExecutionStatus::Failed);
        assert_eq!(enums::ExecutionStatus::from(ExecutionStatus::Failed), enums::ExecutionStatus::Failed);
        assert_eq!(serde_json::to_string(&ExecutionStatus::Failed).unwrap(), "\"FAILED\"");
    }
}
