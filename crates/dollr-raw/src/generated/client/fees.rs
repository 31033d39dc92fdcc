// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Get Gateway Fees
    ///
    /// Sends a `GET` request to `/v1/fees/gateway`
    pub async fn get_gateway_fees<'a>(
        &'a self,
        operation_type: &'a crate::enums::OperationType,
        payment_method: &'a crate::enums::PaymentMethod,
    ) -> Result<ResponseValue<types::FeeWithProviderResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/fees/gateway"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(
                &progenitor_client::QueryParam::new("operation_type", &operation_type),
            )
            .query(
                &progenitor_client::QueryParam::new("payment_method", &payment_method),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "get_gateway_fees",
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

    /// Get Merchant Fee Tier
    ///
    /// Sends a `GET` request to `/v1/fees/merchant-tier`
    pub async fn get_merchant_fee_tier<'a>(
        &'a self,
        owner_id: i64,
        owner_type: &'a crate::enums::OwnerType,
    ) -> Result<ResponseValue<types::MerchantFeeResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/fees/merchant-tier"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("owner_id", &owner_id))
            .query(&progenitor_client::QueryParam::new("owner_type", &owner_type))
            .build()?;
        let info = OperationInfo {
            operation_id: "get_merchant_fee_tier",
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

    /// Get Platform Fees
    ///
    /// Sends a `GET` request to `/v1/fees/platform`
    pub async fn get_platform_fees<'a>(
        &'a self,
        fee_tier_name: &'a str,
        operation_type: &'a crate::enums::OperationType,
    ) -> Result<ResponseValue<types::FeeTierRateResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/fees/platform"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("fee_tier_name", &fee_tier_name))
            .query(
                &progenitor_client::QueryParam::new("operation_type", &operation_type),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "get_platform_fees",
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

    /// List Fee Tier
    ///
    /// Sends a `GET` request to `/v1/fees/tiers`
    pub async fn list_fee_tier<'a>(
        &'a self,
    ) -> Result<ResponseValue<::std::vec::Vec<types::FeeTierResponse>>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/fees/tiers"))?;
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
            operation_id: "list_fee_tier",
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
