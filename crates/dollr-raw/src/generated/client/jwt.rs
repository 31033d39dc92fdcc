// @generated from openapi.json and xtask/specs/dollr.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Client Obtain Token
    ///
    /// Sends a `POST` request to `/v1/jwt/client/obtain/token`
    pub async fn obtain_token<'a>(
        &'a self,
        body: &'a types::ClientCredentialObtainTokenPayload,
    ) -> Result<ResponseValue<types::ObtainTokenResponse>, Error<()>> {
        let url = self.baseurl.join(&format!("/v1/jwt/client/obtain/token"))?;
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
            operation_id: "obtain_token",
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
