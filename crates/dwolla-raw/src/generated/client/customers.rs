// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Create a customer
    ///
    /// Sends a `POST` request to `/customers`
    ///
    /// Arguments:
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    /// - `body`
    pub async fn create_customer<'a>(
        &'a self,
        idempotency_key: Option<&'a str>,
        body: &'a types::CreateCustomer,
    ) -> Result<ResponseValue<()>, Error<()>> {
        let url = self.baseurl.join(&format!("/customers"))?;
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
            operation_id: "create_customer",
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

    /// Retrieve a customer
    ///
    /// Sends a `GET` request to `/customers/{id}`
    ///
    /// Arguments:
    /// - `id`: The id of the customer.
    pub async fn retrieve_customer<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::Customer>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/customers/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_customer",
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

    /// List the funding sources of a customer
    ///
    /// All of them at once.
    ///
    /// Sends a `GET` request to `/customers/{id}/funding-sources`
    ///
    /// Arguments:
    /// - `id`: The id of the customer.
    /// - `removed`: `false` leaves out what was removed.
    pub async fn list_customer_funding_sources<'a>(
        &'a self,
        id: &'a str,
        removed: Option<bool>,
    ) -> Result<ResponseValue<types::FundingSourceList>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/customers/{}/funding-sources", encode_path(& id.to_string())),
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
            .query(&progenitor_client::QueryParam::new("removed", &removed))
            .build()?;
        let info = OperationInfo {
            operation_id: "list_customer_funding_sources",
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

    /// Add a bank account to a customer
    ///
    /// The same bank account twice is refused: 400 with `DuplicateResource` and a link to the first.
    ///
    /// Sends a `POST` request to `/customers/{id}/funding-sources`
    ///
    /// Arguments:
    /// - `id`: The id of the customer.
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    /// - `body`
    pub async fn create_customer_funding_source<'a>(
        &'a self,
        id: &'a str,
        idempotency_key: Option<&'a str>,
        body: &'a types::CreateFundingSource,
    ) -> Result<ResponseValue<()>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/customers/{}/funding-sources", encode_path(& id.to_string())),
            )?;
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
            operation_id: "create_customer_funding_source",
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

    /// List and search the transfers of a customer
    ///
    /// With `correlationId`, this is how to find out whether a transfer was made. Fees appear in it, too.
    ///
    /// Sends a `GET` request to `/customers/{id}/transfers`
    ///
    /// Arguments:
    /// - `id`: The id of the customer.
    /// - `correlation_id`: Exactly this one.
    /// - `end_amount`: The largest amount.
    /// - `end_date`: Made before this day.
    /// - `limit`: How many on a page.
    /// - `offset`: How many to pass over. Together with the limit, no more than 10,000.
    /// - `search`: Part of a name or e-mail address, or the id of a customer or account.
    /// - `start_amount`: The least amount.
    /// - `start_date`: Made after this day.
    /// - `status`: Every status but `reclaimed`.
    pub async fn list_customer_transfers<'a>(
        &'a self,
        id: &'a str,
        correlation_id: Option<&'a str>,
        end_amount: Option<&'a str>,
        end_date: Option<&'a str>,
        limit: Option<i64>,
        offset: Option<i64>,
        search: Option<&'a str>,
        start_amount: Option<&'a str>,
        start_date: Option<&'a str>,
        status: Option<&'a crate::enums::TransferStatus>,
    ) -> Result<ResponseValue<types::TransferList>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/customers/{}/transfers", encode_path(& id.to_string())))?;
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
            .query(&progenitor_client::QueryParam::new("correlationId", &correlation_id))
            .query(&progenitor_client::QueryParam::new("endAmount", &end_amount))
            .query(&progenitor_client::QueryParam::new("endDate", &end_date))
            .query(&progenitor_client::QueryParam::new("limit", &limit))
            .query(&progenitor_client::QueryParam::new("offset", &offset))
            .query(&progenitor_client::QueryParam::new("search", &search))
            .query(&progenitor_client::QueryParam::new("startAmount", &start_amount))
            .query(&progenitor_client::QueryParam::new("startDate", &start_date))
            .query(&progenitor_client::QueryParam::new("status", &status))
            .build()?;
        let info = OperationInfo {
            operation_id: "list_customer_transfers",
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
