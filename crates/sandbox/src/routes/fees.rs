//! Tag `fees`: the same numbers that price predictions and executions, one by one.

use std::sync::Arc;

use axum::{Json, Router};
use chrono::{DateTime, Utc};
use dollr_raw::types::{
    FeeTier, FeeTierRateResponse, FeeTierResponse, FeeWithProviderResponse, MerchantFeeResponse,
};
use rust_decimal::Decimal;

use super::{Caller, Parameters, Serve, known};
use crate::app::App;
use crate::executions::Operation;
use crate::fees::{self, Tier};
use crate::merchants;
use crate::methods::{self, METHODS};
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("GET /v1/fees/gateway", gateway)
        .serve("GET /v1/fees/platform", platform)
        .serve("GET /v1/fees/merchant-tier", merchant_tier)
        .serve("GET /v1/fees/tiers", tiers)
}

/// Since when every fee has been what it is.
fn since() -> DateTime<Utc> {
    DateTime::from_timestamp(1_735_689_600, 0).expect("the first second of 2025 is an instant")
}

/// Hundredths of a percent as percent.
fn percent(share: i64) -> Decimal {
    Decimal::new(share, 2)
}

/// The place of an operation among the operations, for ids that are always the same.
fn index(operation: Operation) -> i64 {
    let place = Operation::ALL.into_iter().position(|known| known == operation);
    i64::try_from(place.unwrap_or_default()).unwrap_or_default()
}

fn operation(parameters: &Parameters) -> Operation {
    Operation::named(parameters.required("operation_type"))
        .expect("the document has the operations there are")
}

async fn gateway(_caller: Caller, parameters: Parameters) -> Result<Json<FeeWithProviderResponse>, Problem> {
    let name = parameters.required("payment_method");
    let place = METHODS.iter().position(|method| method.name == name).unwrap_or_default();
    let method = methods::method(name).expect("the document has the methods there are");
    let operation = operation(&parameters);
    if !method.serves(operation) {
        return Err(Problem::not_found("Fee not found"));
    }
    let fee = fees::gateway(operation, method);
    let provider = 1 + i64::try_from(place).unwrap_or_default();
    Ok(Json(FeeWithProviderResponse {
        id: 10 * provider + index(operation),
        provider_id: provider,
        operation_type: known(operation.name()),
        payment_method: known(method.name),
        percentage: percent(fee.share).into(),
        // Without a currency: it is charged in the currency of the movement.
        fixed_fee: Some(fee.fixed.decimal().into()),
        fixed_fee_currency: None,
        effective_from: Some(since().into()),
        effective_to: None,
        created_at: since().into(),
        updated_at: since().into(),
    }))
}

async fn platform(_caller: Caller, parameters: Parameters) -> Result<Json<FeeTierRateResponse>, Problem> {
    let name = parameters.required("fee_tier_name");
    let tier = fees::TIERS.iter().find(|tier| tier.name == name);
    let tier = tier.ok_or_else(|| Problem::not_found("Fee tier not found"))?;
    let operation = operation(&parameters);
    let exchanged = operation == Operation::Collection;
    Ok(Json(FeeTierRateResponse {
        id: 10 * tier.id + index(operation),
        operation_type: known(operation.name()),
        payment_method: None,
        percentage: percent(tier.share(operation)).into(),
        fx_percentage: percent(if exchanged { tier.fx } else { 0 }).into(),
        fixed_fee: None,
        fixed_fee_currency: None,
        effective_from: since().into(),
        effective_to: None,
        created_at: since().into(),
        tier: Some(nested(tier)),
    }))
}

/// A merchant sees its own plan and nobody else's.
async fn merchant_tier(caller: Caller, parameters: Parameters) -> Result<Json<MerchantFeeResponse>, Problem> {
    let id = parameters.integer("owner_id")?.unwrap_or_default();
    if !caller.merchant.is(parameters.required("owner_type"), id) {
        return Err(Problem::not_found("Merchant not found"));
    }
    let info = caller.run(merchants::info).await?;
    Ok(Json(MerchantFeeResponse {
        id,
        owner_type: known(caller.merchant.kind.name()),
        owner_id: id,
        assigned_at: info.created_at.into(),
        assigned_by: None,
        tier: Some(nested(fees::tier(caller.merchant.tier_id))),
    }))
}

async fn tiers(_caller: Caller) -> Json<Vec<FeeTierResponse>> {
    let reply = |tier: &Tier| FeeTierResponse {
        id: tier.id,
        name: tier.name.to_owned(),
        is_default: tier.is_default,
        created_at: since().into(),
        updated_at: since().into(),
    };
    Json(fees::TIERS.iter().map(reply).collect())
}

fn nested(tier: &Tier) -> FeeTier {
    FeeTier {
        id: tier.id,
        name: tier.name.to_owned(),
        is_default: tier.is_default,
        created_at: since().into(),
        updated_at: since().into(),
    }
}
