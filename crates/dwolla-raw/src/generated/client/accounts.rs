// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Retrieve an account
    ///
    /// Sends a `GET` request to `/accounts/{id}`
    ///
    /// Arguments:
    /// - `id`: The id of the account.
    pub async fn retrieve_account<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::Account>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/accounts/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_account",
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

    /// List the funding sources of an account
    ///
    /// All of them at once.
    ///
    /// Sends a `GET` request to `/accounts/{id}/funding-sources`
    ///
    /// Arguments:
    /// - `id`: The id of the account.
    /// - `removed`: `false` leaves out what was removed.
    pub async fn list_account_funding_sources<'a>(
        &'a self,
        id: &'a str,
        removed: Option<bool>,
    ) -> Result<ResponseValue<types::FundingSourceList>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/accounts/{}/funding-sources", encode_path(& id.to_string())),
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
            operation_id: "list_account_funding_sources",
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

    /// List and search the transfers of an account
    ///
    /// With `correlationId`, this is how to find out whether a transfer was made. Fees appear in it, too.
    ///
    /// Sends a `GET` request to `/accounts/{id}/transfers`
    ///
    /// Arguments:
    /// - `id`: The id of the account.
    /// - `correlation_id`: Exactly this one.
    /// - `end_amount`: The largest amount.
    /// - `end_date`: Made before this day.
    /// - `limit`: How many on a page.
    /// - `offset`: How many to pass over. Together with the limit, no more than 10,000.
    /// - `search`: Part of a name or e-mail address, or the id of a customer or account.
    /// - `start_amount`: The least amount.
    /// - `start_date`: Made after this day.
    /// - `status`: Every status but `reclaimed`.
    pub async fn list_account_transfers<'a>(
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
            .join(&format!("/accounts/{}/transfers", encode_path(& id.to_string())))?;
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
            operation_id: "list_account_transfers",
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
