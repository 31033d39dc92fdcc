// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Create an on-demand authorization
    ///
    /// Goes along when a bank account is added, so that its owner can be debited without asking each time.
    ///
    /// Sends a `POST` request to `/on-demand-authorizations`
    ///
    /// Arguments:
    /// - `idempotency_key`: Names the request: with the same body, it is carried out once within 24 hours.
    pub async fn create_on_demand_authorization<'a>(
        &'a self,
        idempotency_key: Option<&'a str>,
    ) -> Result<ResponseValue<types::OnDemandAuthorization>, Error<()>> {
        let url = self.baseurl.join(&format!("/on-demand-authorizations"))?;
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
            .headers(header_map)
            .build()?;
        let info = OperationInfo {
            operation_id: "create_on_demand_authorization",
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
