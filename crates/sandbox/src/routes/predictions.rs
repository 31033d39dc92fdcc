//! Tag `predictions`. They ask the same function that prices executions.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::AmountText;
use dollr_raw::types::{
    AmountAndFeePredictionResponse, PredictCardPaymentInfoResponse, PredictPhonePaymentInfoResponse,
};

use super::{Caller, Parameters, Serve, known};
use crate::app::App;
use crate::executions::Operation;
use crate::fees::{self, Asked, Quote, Tier, Unpriced};
use crate::methods::{self, Method};
use crate::money::{Cents, FeeBearer};
use crate::problem::Problem;
use crate::sources;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .serve("GET /v1/predictions/amount-and-fees", amount_and_fees)
        .serve("GET /v1/predictions/payment-source/amount-and-fees", source_amount_and_fees)
        .serve("GET /v1/predictions/mmo-provider-info", mobile_money)
        .serve("GET /v1/predictions/card-provider-info", card)
}

async fn amount_and_fees(
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<AmountAndFeePredictionResponse>, Problem> {
    let amount = parameters
        .required("base_amount")
        .parse::<AmountText>()
        .ok()
        .and_then(|amount| Cents::exactly(amount.decimal()))
        .filter(|amount| amount.0 > 0)
        .ok_or_else(|| Problem::query("base_amount", "not a positive amount with two decimals"))?;
    let quote = fees::quote(Asked {
        operation: operation(&parameters),
        method: offered_method(&parameters)?,
        amount,
        currency: parameters.required("base_currency"),
        customer_currency: parameters.required("target_currency"),
        bearer: FeeBearer::named(parameters.required("fee_bearer")).expect("the document has both bearers"),
        tier: tier(&caller, &parameters)?,
    });
    quote.map(reply).map(Json).map_err(unpriced)
}

async fn source_amount_and_fees(
    caller: Caller,
    parameters: Parameters,
) -> Result<Json<AmountAndFeePredictionResponse>, Problem> {
    let kind = parameters.source_kind()?;
    let method = offered_method(&parameters)?;
    let unknown = || Problem::not_found("Source not found");
    let id = parameters.integer("source_id")?.ok_or_else(unknown)?;
    let source = caller.run(move |books| sources::by_id(books, kind, id)).await?.ok_or_else(unknown)?;
    if source.total_amount <= Cents(0) {
        return Err(Problem::query("source_id", "has no items"));
    }
    let quote = fees::quote(Asked {
        operation: Operation::Collection,
        method,
        amount: source.total_amount,
        currency: &source.currency,
        customer_currency: parameters.required("target_currency"),
        bearer: source.fee_bearer,
        tier: fees::tier(caller.merchant.tier_id),
    });
    quote.map(reply).map(Json).map_err(unpriced)
}

fn operation(parameters: &Parameters) -> Operation {
    Operation::named(parameters.required("operation_type"))
        .expect("the document has the operations there are")
}

/// The method of a query, which has to be one of its provider.
fn offered_method(parameters: &Parameters) -> Result<Method, Problem> {
    let method = methods::method(parameters.required("payment_method"));
    let method = method.expect("the document has the methods there are");
    if method.offered_by(parameters.required("provider")) {
        Ok(method)
    } else {
        Err(Problem::query("provider", "invalid combination"))
    }
}

/// The plan of the owner a query names; a merchant may only name itself.
fn tier(caller: &Caller, parameters: &Parameters) -> Result<&'static Tier, Problem> {
    let merchant = caller.merchant;
    let kind = parameters.get("owner_type").unwrap_or(merchant.kind.name());
    let id = parameters.integer("owner_id")?.unwrap_or(merchant.id);
    if merchant.is(kind, id) {
        Ok(fees::tier(merchant.tier_id))
    } else {
        Err(Problem::query("owner_id", "not found"))
    }
}

fn unpriced(why: Unpriced) -> Problem {
    match why {
        Unpriced::Method => Problem::query("payment_method", "invalid combination"),
        Unpriced::Currency => Problem::query("target_currency", "not a currency of the payment method"),
        Unpriced::Amount => Problem::query("target_currency", "the amount is too large"),
    }
}

fn reply(quote: Quote) -> AmountAndFeePredictionResponse {
    AmountAndFeePredictionResponse {
        payer_amount: quote.payer.decimal().into(),
        payer_currency: quote.payer_currency,
        payee_amount: quote.payee.decimal().into(),
        payee_currency: quote.payee_currency,
        platform_fee: quote.platform_fee.decimal().into(),
        platform_currency: quote.currency.clone(),
        gateway_fee: Some(quote.gateway_fee.decimal().into()),
        gateway_currency: Some(quote.currency),
        fx_fee: quote.rate.map(|_| quote.fx_fee.decimal().into()),
    }
}

async fn mobile_money(
    _caller: Caller,
    parameters: Parameters,
) -> Result<Json<PredictPhonePaymentInfoResponse>, Problem> {
    let phone = parameters.required("phone");
    let operator =
        methods::operator(phone).ok_or_else(|| Problem::query("phone", "not a mobile money number"))?;
    let operation = operation(&parameters);
    if !operator.method.serves(operation) {
        return Err(Problem::query("operation_type", "invalid combination"));
    }
    Ok(Json(PredictPhonePaymentInfoResponse {
        carrier: operator.carrier.to_owned(),
        country: operator.country.to_owned(),
        currencies: currencies(operator.method),
        phone: phone.to_owned(),
        payment_method: known(operator.method.name),
        gateway_provider: known(operator.method.providers[0]),
        operation_type: known(operation.name()),
    }))
}

async fn card(
    _caller: Caller,
    parameters: Parameters,
) -> Result<Json<PredictCardPaymentInfoResponse>, Problem> {
    let id = parameters.required("payment_method_id");
    let Some(rest) = id.strip_prefix("pm_").filter(|rest| !rest.is_empty()) else {
        return Err(Problem::query("payment_method_id", "not found"));
    };
    let method = methods::method(methods::CARD).expect("cards are a method");
    if parameters.get("provider").is_some_and(|provider| !method.offered_by(provider)) {
        return Err(Problem::query("provider", "invalid combination"));
    }
    let operation = operation(&parameters);
    if !method.serves(operation) {
        return Err(Problem::query("operation_type", "invalid combination"));
    }
    let brand = ["mastercard", "amex"].into_iter().find(|brand| rest.contains(brand)).unwrap_or("visa");
    Ok(Json(PredictCardPaymentInfoResponse {
        brand: brand.to_owned(),
        country: "US".to_owned(),
        currencies: currencies(method),
        gateway_provider: known(method.providers[0]),
        operation_type: known(operation.name()),
        payment_method: known(method.name),
        payment_method_id: id.to_owned(),
    }))
}

fn currencies(method: Method) -> Vec<String> {
    method.currencies.iter().map(|&currency| currency.to_owned()).collect()
}
