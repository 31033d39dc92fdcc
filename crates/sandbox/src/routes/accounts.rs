//! Tag `payment-accounts`.

use std::sync::Arc;

use axum::{Json, Router};
use dollr_raw::types::{CreatePaymentAccountPayload, PaymentAccountResponse};

use super::{Caller, Parameters, Payload, Serve, known};
use crate::accounts::{self, NewAccount};
use crate::app::App;
use crate::executions::Operation;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().serve("POST /v1/payment-accounts/create", create)
}

async fn create(
    caller: Caller,
    parameters: Parameters,
    Payload(asked): Payload<CreatePaymentAccountPayload>,
) -> Result<Json<PaymentAccountResponse>, Problem> {
    let operation = Operation::named(parameters.required("operation_type"))
        .expect("the document has the operations there are");
    let new = NewAccount {
        account_name: asked.account_name,
        provider: asked.provider.as_str().to_owned(),
        method: asked.method.as_str().to_owned(),
        party_id: asked.party_id,
        country_code: asked.country_code,
        number: asked.insensitive_account_number,
    };
    let account = caller.run(move |books| accounts::create(books, operation, new)).await?;
    Ok(Json(PaymentAccountResponse {
        id: account.id,
        account_name: account.account_name,
        provider: known(&account.provider),
        method: known(account.method.name),
        party_id: account.party_id,
        country_code: account.country_code,
        is_active: account.is_active,
        created_at: account.created_at.into(),
        updated_at: account.updated_at.into(),
    }))
}
