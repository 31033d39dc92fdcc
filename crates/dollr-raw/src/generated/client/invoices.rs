// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Cancel Invoice
    ///
    /// Sends a `DELETE` request to `/v1/invoices/cancel/{id}`
    pub async fn cancel_invoice<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::InvoiceResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/invoices/cancel/{}", encode_path(& id.to_string())))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .delete(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "cancel_invoice",
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

    /// Create Invoice
    ///
    /// Sends a `POST` request to `/v1/invoices/create`
    pub async fn create_invoice<'a>(
        &'a self,
        body: &'a types::CreateInvoicePayload,
    ) -> Result<ResponseValue<types::InvoiceResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/invoices/create"))?;
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
            operation_id: "create_invoice",
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

    /// List Invoice
    ///
    /// Sends a `GET` request to `/v1/invoices/list`
    ///
    /// Arguments:
    /// - `currency`: A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    /// - `status`
    pub async fn list_invoice<'a>(
        &'a self,
        currency: Option<&'a str>,
        status: Option<&'a crate::enums::SourceStatus>,
    ) -> Result<ResponseValue<::std::vec::Vec<types::InvoiceResponse>>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/invoices/list"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("currency", &currency))
            .query(&progenitor_client::QueryParam::new("status", &status))
            .build()?;
        let info = OperationInfo {
            operation_id: "list_invoice",
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

    /// Publish Invoice
    ///
    /// Sends a `PUT` request to `/v1/invoices/publish/{id}`
    pub async fn publish_invoice<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::InvoiceResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/invoices/publish/{}", encode_path(& id.to_string())))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "publish_invoice",
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

    /// Retrieve Invoice Receipt By Number
    ///
    /// Sends a `GET` request to `/v1/invoices/receipt/number/{invoice_number}`
    pub async fn retrieve_invoice_receipt_by_number<'a>(
        &'a self,
        invoice_number: &'a str,
    ) -> Result<ResponseValue<types::InvoiceReceiptResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/invoices/receipt/number/{}", encode_path(& invoice_number
                    .to_string())
                ),
            )?;
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
            operation_id: "retrieve_invoice_receipt_by_number",
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

    /// Retrieve Invoice Receipt By Id
    ///
    /// Sends a `GET` request to `/v1/invoices/receipt/{id}`
    pub async fn retrieve_invoice_receipt_by_id<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::InvoiceReceiptResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/invoices/receipt/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_invoice_receipt_by_id",
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

    /// Retrieve Invoice By Number
    ///
    /// Sends a `GET` request to `/v1/invoices/retrieve/number/{invoice_number}`
    pub async fn retrieve_invoice_by_number<'a>(
        &'a self,
        invoice_number: &'a str,
    ) -> Result<ResponseValue<types::InvoiceDetailResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/invoices/retrieve/number/{}", encode_path(& invoice_number
                    .to_string())
                ),
            )?;
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
            operation_id: "retrieve_invoice_by_number",
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

    /// Retrieve Invoice By Id
    ///
    /// Sends a `GET` request to `/v1/invoices/retrieve/{id}`
    pub async fn retrieve_invoice_by_id<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::InvoiceDetailResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/invoices/retrieve/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_invoice_by_id",
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

    /// Update Invoice
    ///
    /// Sends a `PUT` request to `/v1/invoices/update/{id}`
    pub async fn update_invoice<'a>(
        &'a self,
        id: &'a str,
        body: &'a types::UpdateInvoicePayload,
    ) -> Result<ResponseValue<types::InvoiceResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/invoices/update/{}", encode_path(& id.to_string())))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_invoice",
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

    /// Add Invoice Item
    ///
    /// Sends a `POST` request to `/v1/invoices/{invoice_id}/items/add`
    pub async fn add_invoice_item<'a>(
        &'a self,
        invoice_id: &'a str,
        body: &'a types::AddInvoiceItemPayload,
    ) -> Result<ResponseValue<types::InvoiceItemResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/invoices/{}/items/add", encode_path(& invoice_id.to_string())
                ),
            )?;
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
            operation_id: "add_invoice_item",
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

    /// Remove Invoice Item
    ///
    /// Sends a `DELETE` request to `/v1/invoices/{invoice_id}/items/{id}/remove`
    pub async fn remove_invoice_item<'a>(
        &'a self,
        invoice_id: &'a str,
        id: &'a str,
    ) -> Result<ResponseValue<()>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/invoices/{}/items/{}/remove", encode_path(& invoice_id
                    .to_string()), encode_path(& id.to_string())
                ),
            )?;
        #[allow(unused_mut)]
        let mut request = self.client.delete(url).build()?;
        let info = OperationInfo {
            operation_id: "remove_invoice_item",
        };
        self.pre(&mut request, &info).await?;
        let result = self.exec(request, &info).await;
        self.post(&result, &info).await?;
        let response = result?;
        match response.status().as_u16() {
            200u16 => Ok(ResponseValue::empty(response)),
            _ => Err(Error::UnexpectedResponse(response)),
        }
    }

    /// Update Invoice Item
    ///
    /// Sends a `PUT` request to `/v1/invoices/{invoice_id}/items/{id}/update`
    pub async fn update_invoice_item<'a>(
        &'a self,
        invoice_id: &'a str,
        id: &'a str,
        body: &'a types::UpdateInvoiceItemPayload,
    ) -> Result<ResponseValue<types::InvoiceItemResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/invoices/{}/items/{}/update", encode_path(& invoice_id
                    .to_string()), encode_path(& id.to_string())
                ),
            )?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .put(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .json(&body)
            .build()?;
        let info = OperationInfo {
            operation_id: "update_invoice_item",
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
