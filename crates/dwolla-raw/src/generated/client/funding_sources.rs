// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Retrieve a funding source
    ///
    /// A removed one can still be read.
    ///
    /// Sends a `GET` request to `/funding-sources/{id}`
    ///
    /// Arguments:
    /// - `id`: The id of the funding source.
    pub async fn retrieve_funding_source<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::FundingSource>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/funding-sources/{}", encode_path(& id.to_string())))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static(
                    "application/vnd.dwolla.v1.hal+json",
                ),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "retrieve_funding_source",
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

    /// Rename or remove a funding source
    ///
    /// A removed one can no longer be changed.
    ///
    /// Sends a `POST` request to `/funding-sources/{id}`
    ///
    /// Arguments:
    /// - `id`: The id of the funding source.
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    /// - `body`
    pub async fn update_funding_source<'a>(
        &'a self,
        id: &'a str,
        idempotency_key: Option<&'a str>,
        body: &'a types::UpdateFundingSource,
    ) -> Result<ResponseValue<types::FundingSource>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/funding-sources/{}", encode_path(& id.to_string())))?;
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        if let Some(value) = idempotency_key {
            header_map.append("Idempotency-Key", value.to_string().try_into()?);
        }
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static(
                    "application/vnd.dwolla.v1.hal+json",
                ),
            )
            .header(
                ::reqwest::header::CONTENT_TYPE,
                ::reqwest::header::HeaderValue::from_static(
                    "application/vnd.dwolla.v1.hal+json",
                ),
            )
            .json(&body)
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_funding_source",
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

    /// Retrieve the balance of a funding source
    ///
    /// Sends a `GET` request to `/funding-sources/{id}/balance`
    ///
    /// Arguments:
    /// - `id`: The id of the funding source.
    pub async fn retrieve_funding_source_balance<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::FundingSourceBalance>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/funding-sources/{}/balance", encode_path(& id.to_string())),
            )?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static(
                    "application/vnd.dwolla.v1.hal+json",
                ),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "retrieve_funding_source_balance",
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
