// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Cancel Order
    ///
    /// Sends a `DELETE` request to `/v1/orders/cancel/{id}`
    pub async fn cancel_order<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::OrderResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/orders/cancel/{}", encode_path(& id.to_string())))?;
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
            operation_id: "cancel_order",
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

    /// Create Order
    ///
    /// Sends a `POST` request to `/v1/orders/create`
    pub async fn create_order<'a>(
        &'a self,
        body: &'a types::CreateOrderPayload,
    ) -> Result<ResponseValue<types::OrderResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/orders/create"))?;
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
            operation_id: "create_order",
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

    /// List Order
    ///
    /// Sends a `GET` request to `/v1/orders/list`
    ///
    /// Arguments:
    /// - `currency`: A three-letter ISO-4217 currency code, for example USD, LRD or NGN.
    /// - `status`
    pub async fn list_order<'a>(
        &'a self,
        currency: Option<&'a str>,
        status: Option<&'a crate::enums::SourceStatus>,
    ) -> Result<ResponseValue<::std::vec::Vec<types::OrderResponse>>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/orders/list"))?;
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
            operation_id: "list_order",
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

    /// Publish Order
    ///
    /// Sends a `PUT` request to `/v1/orders/publish/{id}`
    pub async fn publish_order<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::OrderResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/orders/publish/{}", encode_path(& id.to_string())))?;
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
            operation_id: "publish_order",
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

    /// Retrieve Order Receipt By Number
    ///
    /// Sends a `GET` request to `/v1/orders/receipt/number/{order_number}`
    pub async fn retrieve_order_receipt_by_number<'a>(
        &'a self,
        order_number: &'a str,
    ) -> Result<ResponseValue<types::OrderReceiptResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/orders/receipt/number/{}", encode_path(& order_number
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
            operation_id: "retrieve_order_receipt_by_number",
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

    /// Retrieve Order Receipt By Id
    ///
    /// Sends a `GET` request to `/v1/orders/receipt/{id}`
    pub async fn retrieve_order_receipt_by_id<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::OrderReceiptResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/orders/receipt/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_order_receipt_by_id",
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

    /// Retrieve Order By Number
    ///
    /// Sends a `GET` request to `/v1/orders/retrieve/number/{order_number}`
    pub async fn retrieve_order_by_number<'a>(
        &'a self,
        order_number: &'a str,
    ) -> Result<ResponseValue<types::OrderDetailResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/orders/retrieve/number/{}", encode_path(& order_number
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
            operation_id: "retrieve_order_by_number",
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

    /// Retrieve Order By Id
    ///
    /// Sends a `GET` request to `/v1/orders/retrieve/{id}`
    pub async fn retrieve_order_by_id<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::OrderDetailResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/orders/retrieve/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_order_by_id",
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

    /// Update Order
    ///
    /// Sends a `PUT` request to `/v1/orders/update/{id}`
    pub async fn update_order<'a>(
        &'a self,
        id: &'a str,
        body: &'a types::UpdateOrderPayload,
    ) -> Result<ResponseValue<types::OrderResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/orders/update/{}", encode_path(& id.to_string())))?;
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
            operation_id: "update_order",
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

    /// Add Order Item
    ///
    /// Sends a `POST` request to `/v1/orders/{order_id}/items/add`
    pub async fn add_order_item<'a>(
        &'a self,
        order_id: &'a str,
        body: &'a types::AddOrderItemPayload,
    ) -> Result<ResponseValue<types::OrderItemResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/v1/orders/{}/items/add", encode_path(& order_id.to_string())),
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
            operation_id: "add_order_item",
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

    /// Remove Order Item
    ///
    /// Sends a `DELETE` request to `/v1/orders/{order_id}/items/{id}/remove`
    pub async fn remove_order_item<'a>(
        &'a self,
        order_id: &'a str,
        id: &'a str,
    ) -> Result<ResponseValue<()>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/orders/{}/items/{}/remove", encode_path(& order_id.to_string()),
                    encode_path(& id.to_string())
                ),
            )?;
        #[allow(unused_mut)]
        let mut request = self.client.delete(url).build()?;
        let info = OperationInfo {
            operation_id: "remove_order_item",
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

    /// Update Order Item
    ///
    /// Sends a `PUT` request to `/v1/orders/{order_id}/items/{id}/update`
    pub async fn update_order_item<'a>(
        &'a self,
        order_id: &'a str,
        id: &'a str,
        body: &'a types::UpdateOrderItemPayload,
    ) -> Result<ResponseValue<types::OrderItemResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!(
                    "/v1/orders/{}/items/{}/update", encode_path(& order_id.to_string()),
                    encode_path(& id.to_string())
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
            operation_id: "update_order_item",
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
