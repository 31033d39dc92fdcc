//! Tag `sessions`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::enums::SessionStatus;
use dollr_raw::types::{
    CheckoutSessionResponse, CreateCheckoutSessionPayload, CreatePayoutSessionPayload,
    CreateRefundSessionPayload, CreateTransferSessionPayload, PayoutSessionResponse, RefundSessionResponse,
    TransferSessionResponse,
};

use super::{Caller, Payload, Serve, Verified, cents, source_kind};
use crate::app::App;
use crate::problem::Problem;
use crate::sessions;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("POST /v1/sessions/checkout", checkout)
        .serve("POST /v1/sessions/payout", payout)
        .serve("POST /v1/sessions/transfer", transfer)
        .serve("POST /v1/sessions/refund", refund)
}

async fn checkout(
    caller: Caller,
    Payload(asked): Payload<CreateCheckoutSessionPayload>,
) -> Result<Json<CheckoutSessionResponse>, Problem> {
    let source_type = asked.source_type.clone();
    let kind = source_kind(&asked.source_type, "source_type")?;
    let session = caller.run(move |books| sessions::checkout(books, kind, asked.source_id)).await?;
    Ok(Json(CheckoutSessionResponse {
        id: session.id,
        payment_account_id: None,
        source_id: asked.source_id,
        source_type,
        status: SessionStatus::Active,
        expires_at: session.expires_at.into(),
        created_at: session.created_at.into(),
        updated_at: session.created_at.into(),
    }))
}

async fn payout(
    Verified(caller): Verified,
    Payload(asked): Payload<CreatePayoutSessionPayload>,
) -> Result<Json<PayoutSessionResponse>, Problem> {
    let amount = cents(asked.amount)?;
    let account = asked.payout_account_id;
    let session = caller.run(move |books| sessions::payout(books, account, amount, asked.currency)).await?;
    Ok(Json(PayoutSessionResponse {
        id: session.id,
        wallet_id: session.wallet_id.expect("a payout session has a wallet"),
        payout_account_id: account,
        amount: asked.amount,
        currency: session.currency,
        status: SessionStatus::Active,
        expires_at: session.expires_at.into(),
        created_at: session.created_at.into(),
        updated_at: session.created_at.into(),
    }))
}

async fn transfer(
    Verified(caller): Verified,
    Payload(asked): Payload<CreateTransferSessionPayload>,
) -> Result<Json<TransferSessionResponse>, Problem> {
    let amount = cents(asked.amount)?;
    let (wallet, counterparty, expires_at) =
        (asked.from_wallet_id, asked.to_counterparty_id, asked.expires_at.utc());
    let session = caller
        .run(move |books| sessions::transfer(books, wallet, counterparty, amount, asked.currency, expires_at))
        .await?;
    Ok(Json(TransferSessionResponse {
        id: session.id,
        from_wallet_id: wallet,
        to_counterparty_id: counterparty,
        amount: asked.amount,
        currency: session.currency,
        status: SessionStatus::Active,
        expires_at: session.expires_at.into(),
        created_at: session.created_at.into(),
        updated_at: session.created_at.into(),
    }))
}

async fn refund(
    Verified(caller): Verified,
    Payload(asked): Payload<CreateRefundSessionPayload>,
) -> Result<Json<RefundSessionResponse>, Problem> {
    let amount = cents(asked.amount)?;
    let (intent, expires_at) = (asked.original_payment_intent_id, asked.expires_at.utc());
    let session =
        caller.run(move |books| sessions::refund(books, intent, amount, asked.reason, expires_at)).await?;
    Ok(Json(RefundSessionResponse {
        id: session.id,
        original_payment_intent_id: intent,
        amount: asked.amount,
        reason: session.reason,
        status: SessionStatus::Active,
        expires_at: session.expires_at.into(),
        created_at: session.created_at.into(),
        updated_at: session.created_at.into(),
    }))
}
