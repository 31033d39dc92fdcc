// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Initiate a transfer
    ///
    /// Moves money. With an `Idempotency-Key`, the same key and exactly the same body within 24 hours of the first request answer with the first `Location` and move nothing again.
    ///
    /// 409 means that the first request is still under way, or that it ended in 500: then for 24 hours. Which of the two, and whether a transfer exists, is found out by its `Location` or by listing with `correlationId`, never by another key.
    ///
    /// Sends a `POST` request to `/transfers`
    ///
    /// Arguments:
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    /// - `body`
    pub async fn initiate_transfer<'a>(
        &'a self,
        idempotency_key: Option<&'a str>,
        body: &'a types::InitiateTransfer,
    ) -> Result<ResponseValue<()>, Error<()>> {
        let url = self.baseurl.join(&format!("/transfers"))?;
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
            operation_id: "initiate_transfer",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            201u16 => Ok(ResponseValue::empty(response)),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }

    /// Retrieve a transfer
    ///
    /// Sends a `GET` request to `/transfers/{id}`
    ///
    /// Arguments:
    /// - `id`: The id of the transfer.
    pub async fn retrieve_transfer<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::Transfer>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/transfers/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_transfer",
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

    /// Cancel a transfer
    ///
    /// Possible while the transfer has a `cancel` link and is pending; the link is the authority. Where it is too late, 400 with `NotAllowed` at `/status`, or 403 with `InvalidResourceState`.
    ///
    /// Sends a `POST` request to `/transfers/{id}`
    ///
    /// Arguments:
    /// - `id`: The id of the transfer.
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    /// - `body`
    pub async fn cancel_transfer<'a>(
        &'a self,
        id: &'a str,
        idempotency_key: Option<&'a str>,
        body: &'a types::CancelTransfer,
    ) -> Result<ResponseValue<types::Transfer>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/transfers/{}", encode_path(& id.to_string())))?;
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
            operation_id: "cancel_transfer",
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

    /// Retrieve why a transfer failed
    ///
    /// Sends a `GET` request to `/transfers/{id}/failure`
    ///
    /// Arguments:
    /// - `id`: The id of the transfer.
    pub async fn retrieve_transfer_failure<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::TransferFailure>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/transfers/{}/failure", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_transfer_failure",
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

    /// List fees for a transfer
    ///
    /// Each fee is a transfer of its own. The list has no HAL envelope and no pages.
    ///
    /// Sends a `GET` request to `/transfers/{id}/fees`
    ///
    /// Arguments:
    /// - `id`: The id of the transfer.
    pub async fn list_transfer_fees<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::FeeList>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/transfers/{}/fees", encode_path(& id.to_string())))?;
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
            operation_id: "list_transfer_fees",
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
