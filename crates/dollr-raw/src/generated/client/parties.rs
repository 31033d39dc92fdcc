// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Create Party
    ///
    /// Sends a `POST` request to `/v1/parties/create`
    pub async fn create_party<'a>(
        &'a self,
        body: &'a types::CreatePartyPayload,
    ) -> Result<ResponseValue<types::PartyResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/parties/create"))?;
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
            operation_id: "create_party",
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

    /// List Parties
    ///
    /// Sends a `GET` request to `/v1/parties/list`
    pub async fn list_parties<'a>(
        &'a self,
        fullname: Option<&'a str>,
    ) -> Result<ResponseValue<::std::vec::Vec<types::PartyResponse>>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/parties/list"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .get(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .query(&progenitor_client::QueryParam::new("fullname", &fullname))
            .build()?;
        let info = OperationInfo {
            operation_id: "list_parties",
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

    /// Retrieve Parties
    ///
    /// Sends a `GET` request to `/v1/parties/retrieve/{id}`
    pub async fn retrieve_parties<'a>(
        &'a self,
        id: &'a str,
    ) -> Result<ResponseValue<types::PartyResponse>, Error<()>> {
        let url = self
            .baseurl
            .join(&format!("/v1/parties/retrieve/{}", encode_path(& id.to_string())))?;
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
            operation_id: "retrieve_parties",
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
