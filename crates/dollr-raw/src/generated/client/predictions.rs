// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Predict Amount And Fee
    ///
    /// Sends a `GET` request to `/v1/predictions/amount-and-fees`
    ///
    /// Arguments:
    /// - `base_amount`
    /// - `base_currency`: A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    /// - `fee_bearer`
    /// - `operation_type`
    /// - `owner_id`
    /// - `owner_type`
    /// - `payment_method`
    /// - `provider`
    /// - `target_currency`: A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub async fn predict_amount_and_fee<'a>(
        &'a self,
        base_amount: &'a crate::AmountText,
        base_currency: &'a str,
        fee_bearer: &'a crate::enums::FeeBearer,
        operation_type: &'a crate::enums::OperationType,
        owner_id: Option<i64>,
        owner_type: Option<&'a crate::enums::OwnerType>,
        payment_method: &'a crate::enums::PaymentMethod,
        provider: &'a crate::enums::PaymentProvider,
        target_currency: &'a str,
    ) -> Result<ResponseValue<types::AmountAndFeePredictionResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/predictions/amount-and-fees"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("base_amount", &base_amount))
            .query(&progenitor_client::QueryParam::new("base_currency", &base_currency))
            .query(&progenitor_client::QueryParam::new("fee_bearer", &fee_bearer))
            .query(
                &progenitor_client::QueryParam::new("operation_type", &operation_type),
            )
            .query(&progenitor_client::QueryParam::new("owner_id", &owner_id))
            .query(&progenitor_client::QueryParam::new("owner_type", &owner_type))
            .query(
                &progenitor_client::QueryParam::new("payment_method", &payment_method),
            )
            .query(&progenitor_client::QueryParam::new("provider", &provider))
            .query(
                &progenitor_client::QueryParam::new("target_currency", &target_currency),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "predict_amount_and_fee",
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

    /// Predict Card Provider Info
    ///
    /// Sends a `GET` request to `/v1/predictions/card-provider-info`
    pub async fn predict_card_provider_info<'a>(
        &'a self,
        operation_type: &'a crate::enums::OperationType,
        payment_method_id: &'a str,
        provider: Option<&'a crate::enums::PaymentProvider>,
    ) -> Result<ResponseValue<types::PredictCardPaymentInfoResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/predictions/card-provider-info"))?;
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
                &progenitor_client::QueryParam::new(
                    "payment_method_id",
                    &payment_method_id,
                ),
            )
            .query(&progenitor_client::QueryParam::new("provider", &provider))
            .build()?;
        let info = OperationInfo {
            operation_id: "predict_card_provider_info",
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

    /// Predict Mmo Provider Info
    ///
    /// Sends a `GET` request to `/v1/predictions/mmo-provider-info`
    ///
    /// Arguments:
    /// - `operation_type`
    /// - `phone`: A phone number in E.164 form, digits only and without the plus sign, for example 231771234567.
    pub async fn predict_mmo_provider_info<'a>(
        &'a self,
        operation_type: &'a crate::enums::OperationType,
        phone: &'a str,
    ) -> Result<ResponseValue<types::PredictPhonePaymentInfoResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/predictions/mmo-provider-info"))?;
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
            .query(&progenitor_client::QueryParam::new("phone", &phone))
            .build()?;
        let info = OperationInfo {
            operation_id: "predict_mmo_provider_info",
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

    /// Predict Payment Source Amount And Fee
    ///
    /// Sends a `GET` request to `/v1/predictions/payment-source/amount-and-fees`
    ///
    /// Arguments:
    /// - `payment_method`
    /// - `provider`
    /// - `source_id`
    /// - `source_type`
    /// - `target_currency`: A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    pub async fn predict_payment_source_amount_and_fee<'a>(
        &'a self,
        payment_method: &'a crate::enums::PaymentMethod,
        provider: &'a crate::enums::PaymentProvider,
        source_id: i64,
        source_type: &'a crate::enums::SourceType,
        target_currency: &'a str,
    ) -> Result<ResponseValue<types::AmountAndFeePredictionResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/predictions/payment-source/amount-and-fees"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(
                &progenitor_client::QueryParam::new("payment_method", &payment_method),
            )
            .query(&progenitor_client::QueryParam::new("provider", &provider))
            .query(&progenitor_client::QueryParam::new("source_id", &source_id))
            .query(&progenitor_client::QueryParam::new("source_type", &source_type))
            .query(
                &progenitor_client::QueryParam::new("target_currency", &target_currency),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "predict_payment_source_amount_and_fee",
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
