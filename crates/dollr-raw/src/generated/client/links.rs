// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Get Payment Link
    ///
    /// Sends a `GET` request to `/v1/links/pay`
    pub async fn get_payment_link<'a>(
        &'a self,
        source_number: &'a str,
        source_type: &'a crate::enums::SourceType,
    ) -> Result<ResponseValue<types::LinkResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/links/pay"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("source_number", &source_number))
            .query(&progenitor_client::QueryParam::new("source_type", &source_type))
            .build()?;
        let info = OperationInfo {
            operation_id: "get_payment_link",
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

    /// Get Receipt Link
    ///
    /// Sends a `GET` request to `/v1/links/receipt`
    pub async fn get_receipt_link<'a>(
        &'a self,
        source_number: &'a str,
        source_type: &'a crate::enums::SourceType,
    ) -> Result<ResponseValue<types::LinkResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/links/receipt"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("source_number", &source_number))
            .query(&progenitor_client::QueryParam::new("source_type", &source_type))
            .build()?;
        let info = OperationInfo {
            operation_id: "get_receipt_link",
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
