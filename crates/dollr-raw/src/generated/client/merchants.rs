// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Get Merchant Info
    ///
    /// Sends a `GET` request to `/v1/merchants/merchant-info`
    pub async fn get_merchant_info<'a>(
        &'a self,
        merchant_id: i64,
        merchant_type: &'a crate::enums::MerchantType,
    ) -> Result<ResponseValue<types::MerchantInfoResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/merchants/merchant-info"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("merchant_id", &merchant_id))
            .query(&progenitor_client::QueryParam::new("merchant_type", &merchant_type))
            .build()?;
        let info = OperationInfo {
            operation_id: "get_merchant_info",
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
