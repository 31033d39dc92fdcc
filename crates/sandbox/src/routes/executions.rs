//! Tag `executions`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::{
    CheckoutExecutionPayload, ExecutionResponse, PasscodePayload, PayoutExecutionPayload,
    RefundExecutionPayload, TransferExecutionPayload,
};
use http::StatusCode;

use super::{Caller, Payload, Serve, Verified, known, version_4};
use crate::app::App;
use crate::executions::{self, Execution, Operation, Order, PROCESSING};
use crate::problem::Problem;
use crate::seed::{PASSCODE, PASSCODE_PHONE};
use crate::switches::WrongPasscode;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("POST /v1/executions/collection", collection)
        .serve("POST /v1/executions/payout", payout)
        .serve("POST /v1/executions/transfer", transfer)
        .serve("POST /v1/executions/refund", refund)
}

async fn collection(
    caller: Caller,
    Payload(asked): Payload<CheckoutExecutionPayload>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let order = Order {
        operation: Operation::Collection,
        reference_id: version_4(asked.reference_id)?,
        session_id: asked.session_id,
        account: Some(("payment_account_id", asked.payment_account_id)),
        currency: Some(asked.currency),
        denied: false,
    };
    execute(caller, order).await
}

async fn payout(
    Verified(caller): Verified,
    Payload(asked): Payload<PayoutExecutionPayload>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let mut order = Order {
        operation: Operation::Payout,
        reference_id: version_4(asked.reference_id)?,
        session_id: asked.session_id,
        account: Some(("payout_account_id", asked.payout_account_id)),
        currency: None,
        denied: false,
    };
    if !is_approved(&asked.passcode) {
        order.denied = true;
        match caller.app.store.terms().switches.wrong_passcode {
            WrongPasscode::Forbidden => {
                return Err(Problem::sentence(StatusCode::FORBIDDEN, "Invalid passcode"));
            }
            WrongPasscode::Unprocessable => return Err(Problem::field("passcode", "invalid passcode")),
            WrongPasscode::Failed => {}
        }
    }
    execute(caller, order).await
}

async fn transfer(
    Verified(caller): Verified,
    Payload(asked): Payload<TransferExecutionPayload>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let order = Order {
        operation: Operation::Transfer,
        reference_id: version_4(asked.reference_id)?,
        session_id: asked.session_id,
        account: None,
        currency: None,
        denied: false,
    };
    execute(caller, order).await
}

async fn refund(
    Verified(caller): Verified,
    Payload(asked): Payload<RefundExecutionPayload>,
) -> Result<Json<ExecutionResponse>, Problem> {
    let order = Order {
        operation: Operation::Refund,
        reference_id: version_4(asked.reference_id)?,
        session_id: asked.session_id,
        account: None,
        currency: None,
        denied: false,
    };
    execute(caller, order).await
}

/// The passcode has to be the merchant's, and the phone, when one is sent, the one it is registered with.
fn is_approved(passcode: &PasscodePayload) -> bool {
    let phone_fits = passcode.token.phone.as_ref().is_none_or(|phone| phone.expose() == PASSCODE_PHONE);
    passcode.token.code.expose() == PASSCODE && phone_fits
}

async fn execute(caller: Caller, order: Order) -> Result<Json<ExecutionResponse>, Problem> {
    let execution = caller.run(move |books| executions::execute(books, &order)).await?;
    Ok(Json(reply(execution)))
}

/// An execution in the shape the provider shows it.
pub(super) fn reply(execution: Execution) -> ExecutionResponse {
    let waits_for_holder = execution.requires_action && execution.status == PROCESSING;
    let secret = || format!("pi_{}_secret_{}", execution.id, execution.reference_id.simple());
    ExecutionResponse {
        client_secret: waits_for_holder.then(|| secret().into()),
        requires_action: waits_for_holder.then_some(true),
        reference_id: execution.reference_id,
        provider_transaction_id: Some(execution.provider_transaction_id()),
        status: known(&execution.status),
        payer_amount: execution.quote.payer.decimal().into(),
        payer_currency: execution.quote.payer_currency,
        payee_amount: execution.quote.payee.decimal().into(),
        payee_currency: execution.quote.payee_currency,
        operation_type: known(execution.operation.name()),
        gateway_message: execution.gateway_message,
        wallet_message: execution.wallet_message,
        payment_intent_id: (execution.operation == Operation::Collection).then_some(execution.id),
    }
}
