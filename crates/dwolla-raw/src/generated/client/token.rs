// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Obtain an access token
    ///
    /// OAuth client credentials: the key and the secret of the application as HTTP Basic. A new token leaves earlier ones alone; each ends at its own age. There is none to refresh it with: ask again.
    ///
    /// Sends a `POST` request to `/token`
    pub async fn obtain_token<'a>(
        &'a self,
        body: &'a types::TokenRequest,
    ) -> Result<ResponseValue<types::Token>, Error<()>> {
        let url = self.baseurl.join(&format!("/token"))?;
        #[allow(unused_mut)]
        let mut request = self
            .client
            .post(url)
            .header(
                ::reqwest::header::ACCEPT,
                ::reqwest::header::HeaderValue::from_static("application/json"),
            )
            .form_urlencoded(&body)?
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
