// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Get Collection Status
    ///
    /// Sends a `GET` request to `/v1/status/collection/{reference_id}`
    pub async fn get_collection_status<'a>(
        &'a self,
        reference_id: &'a ::uuid::Uuid,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/status/collection/{}", reference_id))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "get_collection_status",
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

    /// Get Payout Status
    ///
    /// Sends a `GET` request to `/v1/status/payout/{reference_id}`
    pub async fn get_payout_status<'a>(
        &'a self,
        reference_id: &'a ::uuid::Uuid,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/status/payout/{}", reference_id))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "get_payout_status",
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

    /// Get Refund Status
    ///
    /// Sends a `GET` request to `/v1/status/refund/{reference_id}`
    pub async fn get_refund_status<'a>(
        &'a self,
        reference_id: &'a ::uuid::Uuid,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/status/refund/{}", reference_id))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "get_refund_status",
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

    /// Get Payment Source Status
    ///
    /// Sends a `GET` request to `/v1/status/source`
    pub async fn get_payment_source_status<'a>(
        &'a self,
        source_id: i64,
        source_type: &'a crate::enums::SourceType,
    ) -> Result<ResponseValue<types::PaymentSourceStatusResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/status/source"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("source_id", &source_id))
            .query(&progenitor_client::QueryParam::new("source_type", &source_type))
            .build()?;
        let info = OperationInfo {
            operation_id: "get_payment_source_status",
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

    /// Get Transfer Status
    ///
    /// Sends a `GET` request to `/v1/status/transfer/{reference_id}`
    pub async fn get_transfer_status<'a>(
        &'a self,
        reference_id: &'a ::uuid::Uuid,
    ) -> Result<ResponseValue<types::ExecutionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/status/transfer/{}", reference_id))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "get_transfer_status",
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
