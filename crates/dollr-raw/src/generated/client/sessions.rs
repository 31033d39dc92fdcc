// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Create Checkout Session
    ///
    /// Sends a `POST` request to `/v1/sessions/checkout`
    pub async fn create_checkout_session<'a>(
        &'a self,
        body: &'a types::CreateCheckoutSessionPayload,
    ) -> Result<ResponseValue<types::CheckoutSessionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/sessions/checkout"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_checkout_session",
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

    /// Create Payout Session
    ///
    /// Sends a `POST` request to `/v1/sessions/payout`
    pub async fn create_payout_session<'a>(
        &'a self,
        body: &'a types::CreatePayoutSessionPayload,
    ) -> Result<ResponseValue<types::PayoutSessionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/sessions/payout"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_payout_session",
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

    /// Create Refund Session
    ///
    /// Sends a `POST` request to `/v1/sessions/refund`
    pub async fn create_refund_session<'a>(
        &'a self,
        body: &'a types::CreateRefundSessionPayload,
    ) -> Result<ResponseValue<types::RefundSessionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/sessions/refund"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_refund_session",
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

    /// Create Transfer Session
    ///
    /// Sends a `POST` request to `/v1/sessions/transfer`
    pub async fn create_transfer_session<'a>(
        &'a self,
        body: &'a types::CreateTransferSessionPayload,
    ) -> Result<ResponseValue<types::TransferSessionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/sessions/transfer"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_transfer_session",
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
