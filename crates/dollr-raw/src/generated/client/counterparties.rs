// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Create Counterparty
    ///
    /// Sends a `POST` request to `/v1/counterparties/create`
    pub async fn create_counterparty<'a>(
        &'a self,
        body: &'a types::CreateCounterPartyPayload,
    ) -> Result<ResponseValue<types::CounterPartyResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/counterparties/create"))?;
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
            operation_id: "create_counterparty",
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

    /// List Counterparties
    ///
    /// Sends a `GET` request to `/v1/counterparties/list`
    pub async fn list_counterparties<'a>(
        &'a self,
        fullname: Option<&'a str>,
        relationship_type: Option<&'a crate::enums::RelationshipType>,
    ) -> Result<
        ResponseValue<::std::vec::Vec<types::CounterPartyWithPartyResponse>>,
        Error<()>,
    > {
        let url = self.baseurl.join(&format!("/v1/counterparties/list"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("fullname", &fullname))
            .query(
                &progenitor_client::QueryParam::new(
                    "relationship_type",
                    &relationship_type,
                ),
            )
            .build()?;
        let info = OperationInfo {
            operation_id: "list_counterparties",
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

    /// Retrieve Counterparties
    ///
    /// Sends a `GET` request to `/v1/counterparties/retrieve/{id}`
    pub async fn retrieve_counterparties<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::CounterPartyWithPartyResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/v1/counterparties/retrieve/{}", encode_path(& id.to_string())),
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
            operation_id: "retrieve_counterparties",
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

    /// Update Counterparty
    ///
    /// Sends a `PUT` request to `/v1/counterparties/update/{id}`
    pub async fn update_counterparty<'a>(
        &'a self,
        id: &'a str,
        body: &'a types::UpdateCounterPartyPayload,
    ) -> Result<ResponseValue<types::CounterPartyResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(
                &format!("/v1/counterparties/update/{}", encode_path(& id.to_string())),
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
            operation_id: "update_counterparty",
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
