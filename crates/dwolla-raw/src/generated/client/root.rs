// @generated from openapi.dwolla.json and xtask/specs/dwolla.overlay.json by `cargo xtask generate`. Do not edit by hand.

use crate::generated::*;

impl Client {
    /// Where a token may begin
    ///
    /// The only place that tells the id of the application's own account.
    ///
    /// Sends a `GET` request to `/`
    pub async fn retrieve_root<'a>(
        &'a self,
    ) -> Result<ResponseValue<types::Root>, Error<()>> {
        let url = self.baseurl.join(&format!("/"))?;
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
            operation_id: "retrieve_root",
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
