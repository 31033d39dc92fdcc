// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Create Payment Account
    ///
    /// Sends a `POST` request to `/v1/payment-accounts/create`
    pub async fn create_payment_account<'a>(
        &'a self,
        operation_type: &'a crate::enums::OperationType,
        body: &'a types::CreatePaymentAccountPayload,
    ) -> Result<ResponseValue<types::PaymentAccountResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/payment-accounts/create"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .query(
                &progenitor_client::QueryParam::new("operation_type", &operation_type),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "create_payment_account",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => ::payonce_wire::read(response).await,
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }
}
