// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Collect
    ///
    /// Sends a `POST` request to `/v1/executions/collection`
    pub async fn execute_collection<'a>(
        &'a self,
        body: &'a types::CheckoutExecutionPayload,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/executions/collection"))?;
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
            operation_id: "execute_collection",
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

    /// Payout
    ///
    /// Sends a `POST` request to `/v1/executions/payout`
    pub async fn execute_payout<'a>(
        &'a self,
        body: &'a types::PayoutExecutionPayload,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/executions/payout"))?;
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
            operation_id: "execute_payout",
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

    /// Refund
    ///
    /// Sends a `POST` request to `/v1/executions/refund`
    pub async fn execute_refund<'a>(
        &'a self,
        body: &'a types::RefundExecutionPayload,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/executions/refund"))?;
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
            operation_id: "execute_refund",
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

    /// Transfer
    ///
    /// Sends a `POST` request to `/v1/executions/transfer`
    pub async fn execute_transfer<'a>(
        &'a self,
        body: &'a types::TransferExecutionPayload,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/executions/transfer"))?;
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
            operation_id: "execute_transfer",
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
